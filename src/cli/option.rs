//! What can be chosen while Jamey runs (`guard mode`, `rules profile`, `rules strictness`): what holds and why, or another choice, whether Jamey
//! runs or not.

use super::Common;
use crate::{
    app::orders::{Asked, ask, bare},
    broker::About,
};
use serde_json::Value;

/// Shows what holds, or has something else hold.
///
/// # Errors
/// When the order is refused, cannot be written, or the running Jamey does not answer.
pub fn option(common: &Common, about: About, order: Option<Value>) -> anyhow::Result<()> {
    let config = common.load()?;
    let ordered = order.is_some();
    let Asked { mut holds, running, damaged } = ask(&config, about, order)?;
    if common.json {
        if let Some(map) = holds.as_object_mut() {
            map.insert("v".into(), 1.into());
            map.insert("running".into(), running.into());
            map.insert("damaged".into(), damaged.into());
        }
        crate::cli::line!("{holds}");
        return Ok(());
    }
    if let Some(damaged) = damaged {
        eprintln!("jamey: {damaged}");
    }
    crate::cli::line!("{} {}", name(about), words(&holds));
    if let Some(until) = holds.get("off_until").and_then(Value::as_str) {
        crate::cli::line!("break-glass: the guard is off until {until}, nothing is held");
    }
    if !running && ordered {
        crate::cli::line!("no Jamey runs with {}: it counts from the next start on", config.store.data.display());
    }
    Ok(())
}

fn name(about: About) -> &'static str {
    match about {
        About::GuardMode => "guard mode",
        other => other.verb(),
    }
}

/// What holds and why.
fn words(holds: &Value) -> String {
    let text = |path: &str| holds.pointer(path).map(bare).unwrap_or_default();
    let why = match holds.get("chosen") {
        Some(Value::Object(_)) => {
            let by = text("/chosen/by");
            format!("chosen by {} at {}; the config says {}", by.escape_debug(), text("/chosen/at"), text("/config"))
        }
        _ => "as the config says".to_owned(),
    };
    format!("{}, {why}", text("/holds"))
}
