//! `jamey check`: everything that `run` would refuse, without starting.

use super::Common;
use crate::app;
use serde_json::json;

/// # Errors
/// With all that is wrong.
pub fn check(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let rules = app::rules::sets(&config)?.live.rules().count();
    app::settings(&config)?;
    app::listeners(&config)?;
    super::run::log_filter(&config)?;
    if common.json {
        crate::cli::line!("{}", json!({"v": 1, "status": "ok", "rules": rules, "guard": config.broker.guard}));
    } else {
        let from = common.config.as_ref().map_or_else(|| "the embedded defaults".to_owned(), |p| p.display().to_string());
        crate::cli::line!("{from}: good; {rules} rules, their examples behave");
    }
    Ok(())
}
