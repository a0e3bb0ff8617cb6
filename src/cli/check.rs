//! `jamey check`: everything that `run` would refuse, without starting.

use super::Common;
use crate::app::{self, orders};
use serde_json::json;

/// # Errors
/// With all that is wrong.
pub fn check(common: &Common) -> anyhow::Result<()> {
    let loaded = common.load_all()?;
    let older = super::older(&loaded, common.config.as_deref());
    let config = loaded.config;
    let (found, damaged) = orders::found(&config.store.data);
    let (chosen, ended) = found.without_ended(&config);
    let counts = chosen.over(&config);
    let rules = app::would_start(&config, &counts)?;
    let holds = chosen.holds(&config);
    if common.json {
        let options: Vec<_> = holds.iter().map(orders::Holds::json).collect();
        let told = json!({"v": 1, "status": "ok", "rules": rules, "guard": counts.broker.guard, "options": options, "damaged": damaged, "older": older, "overheard": app::overheard(&config)});
        crate::cli::line!("{told}");
        return Ok(());
    }
    let from = common.config.as_ref().map_or_else(|| "the embedded defaults".to_owned(), |p| p.display().to_string());
    crate::cli::line!("{from}: good; {rules} rules, their examples behave");
    for one in &holds {
        if let Some(why) = one.why() {
            crate::cli::line!("over it: {} {}, {why}", one.about.verb(), one.bare());
        }
    }
    for one in &ended {
        crate::cli::line!("{} ends at the next start, because the config says otherwise than when it was chosen", one.bare_and_who());
    }
    if let Some(older) = older {
        crate::cli::line!("ATTENTION: {older}");
    }
    if let Some(open) = app::overheard(&config) {
        crate::cli::line!("ATTENTION: {open}");
    }
    if let Some(damaged) = damaged {
        crate::cli::line!("ATTENTION: {damaged}");
    }
    Ok(())
}
