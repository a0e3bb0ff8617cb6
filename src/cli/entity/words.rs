//! The owner's word, given on the command line: told to the running Jamey, or to its store at rest.

use crate::{
    app,
    cli::Common,
    config::Config,
    domain::{EntityId, Says},
};
use anyhow::{Context, bail};
use serde_json::Value;
use std::io::{BufRead, IsTerminal, Write};

/// What forgetting cannot reach.
const NOT_REACHED: &str = "Not reached: backups, snapshots and exports made before (they may hold it until they are pruned), other hosts' logs and the system's journal, what devices keep retained \
on topics of their own, its user account (`jamey user remove`), the config, and what others told of it in their own words. A device that goes on \
speaking, or that others go on describing, is met again as a newcomer; until it is described again nothing guards it.";

pub(super) fn say(common: &Common, config: &Config, about: EntityId, says: Says) -> anyhow::Result<()> {
    let forgets = says == Says::Forget;
    let words = match says {
        Says::Trust => "you trust it".to_owned(),
        Says::Distrust => "you distrust it".to_owned(),
        _ => says.words(),
    };
    let told = app::give_word(config, about.clone(), says)?;
    if told.get("status").and_then(Value::as_str) != Some("ok") {
        bail!("{}", told.get("error").and_then(Value::as_str).unwrap_or("it did not count: look at Jamey's log"));
    }
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    let data = told.get("data").unwrap_or(&Value::Null);
    if forgets {
        forgotten(&about, data);
        return Ok(());
    }
    let number = |key: &str| data.get(key).and_then(Value::as_f64).unwrap_or(0.0);
    crate::cli::line!("{about}: {words}; P is {:.2} now, trusted to at least {:.2}", number("expectation"), number("lower_bound"));
    Ok(())
}

fn forgotten(about: &EntityId, data: &Value) {
    let counts = data.get("removed").and_then(Value::as_object);
    let some: Vec<(&String, u64)> =
        counts.into_iter().flatten().filter_map(|(what, n)| Some((what, n.as_u64()?))).filter(|(_, n)| *n > 0).collect();
    crate::cli::line!("{about} is forgotten{}", if some.is_empty() { ": nothing was kept of it" } else { ":" });
    for (what, count) in some {
        crate::cli::line!("  {count:>6}  {}", what.replace('_', " "));
    }
    if data.get("file_written_anew").and_then(Value::as_bool) == Some(true) {
        crate::cli::line!("The database was written anew: no free page of it holds what was deleted.");
    } else {
        crate::cli::line!(
            "The database could not be written anew yet, so its free pages may hold what was deleted: the next start tries again."
        );
    }
    crate::cli::line!("{NOT_REACHED}");
}

/// On a terminal a person is asked once more; without one `--yes` must say it.
pub(super) fn ask_before_forgetting(common: &Common, id: &EntityId, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if common.json || !std::io::stdin().is_terminal() {
        bail!("this deletes all that is kept of {id}, and cannot be taken back: say --yes");
    }
    once_more(&format!("This deletes all that is kept of {id}, and cannot be taken back. Write its name to go on: "), id.as_str())
}

/// # Errors
/// When anything else is written.
pub(super) fn once_more(question: &str, wanted: &str) -> anyhow::Result<()> {
    let mut out = std::io::stderr();
    write!(out, "{question}").context("the terminal is gone")?;
    out.flush().context("the terminal is gone")?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no answer could be read")?;
    if line.trim() != wanted {
        bail!("nothing was deleted");
    }
    Ok(())
}
