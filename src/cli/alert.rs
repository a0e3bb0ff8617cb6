//! `jamey alert list|acknowledge`: what is wrong now, as the running Jamey has it, and that somebody has seen it.

use super::{Common, paint::plain};
use crate::{app::orders::ask, broker::About};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// What is wrong now, the gravest first, and what to do about it.
    List,
    /// You have seen it: it is announced no more until it gets worse, or ends and comes back.
    Acknowledge {
        /// As `jamey alert list` has it: the last part of its topic.
        code: String,
    },
}

/// # Errors
/// When no Jamey runs with the data folder, or no such alert stands.
pub fn alert(common: &Common, action: &Action) -> anyhow::Result<()> {
    let config = common.load()?;
    match action {
        Action::List => {
            let page = ask(&config, About::Alert, None)?.holds;
            if common.json {
                crate::cli::line!("{}", serde_json::to_string_pretty(&page)?);
            } else {
                list(&page);
            }
        }
        Action::Acknowledge { code } => {
            let done = ask(&config, About::Alert, Some(json!({"code": code})))?.holds;
            if common.json {
                crate::cli::line!("{done}");
            } else {
                crate::cli::line!("{}: seen; it stands until its cause is gone", plain(code));
            }
        }
    }
    Ok(())
}

fn list(page: &Value) {
    let alerts = page.get("alerts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for alert in alerts {
        let text = |key: &str| plain(alert.get(key).and_then(Value::as_str).unwrap_or_default());
        crate::cli::line!("{:8}  {}  since {}", text("severity"), text("code"), text("since"));
        crate::cli::line!("    {}", text("text"));
        crate::cli::line!("    to do: {}", text("what_to_do"));
        if let Some(by) = alert.pointer("/acknowledged/by").and_then(Value::as_str) {
            let at = alert.pointer("/acknowledged/at").and_then(Value::as_str).unwrap_or_default();
            crate::cli::line!("    seen by {} at {}", plain(by), plain(at));
        }
    }
    if alerts.is_empty() {
        crate::cli::line!("nothing is wrong");
    }
}
