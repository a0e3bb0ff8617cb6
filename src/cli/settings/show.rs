//! `jamey config show`: every option, its value, and where that comes from.

use super::toml;
use crate::{
    app::orders::{self, Holds},
    broker::About,
    cli::{
        Common,
        paint::{Screen, plain},
    },
    config::{Config, Loaded, flat, shown},
};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Lists in which the shipped ones stand beside the owner's, which takes their places out of order; by what each is known.
const SHIPPED: [(&str, &str); 3] = [("duty", "id"), ("mission", "id"), ("signal", "name")];

pub(super) fn show(common: &Common, begins: Option<&str>) -> Result<()> {
    let loaded = common.load_all()?;
    let (chosen, damaged) = orders::found(&loaded.config.store.data);
    let holds = chosen.over(&loaded.config);
    let chosen = chosen.holds(&loaded.config);
    let shown = shown(&holds)?;
    let shipped = self::shipped(&shown)?;
    let defaults: BTreeMap<String, Value> = flat(&crate::config::shown(&Config::default())?).into_iter().collect();
    let within = |path: &str| {
        begins.is_none_or(|begins| path.strip_prefix(begins).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    };
    let mut rows = Vec::new();
    for (path, value) in flat(&shown).into_iter().filter(|(path, _)| within(path)) {
        let from = chosen
            .iter()
            .find(|one| is(one, &path))
            .and_then(Holds::why)
            .unwrap_or_else(|| from(&loaded, &path, &value, &shipped, &defaults));
        rows.push((path, value, from));
    }
    if rows.is_empty() {
        bail!("no option begins with `{}`: `jamey config show` names them all", begins.unwrap_or_default().escape_debug());
    }
    if let Some(damaged) = damaged {
        eprintln!("jamey: {damaged}");
    }
    if common.json {
        let one = |(path, value, from): &(String, Value, String)| json!({"option": path, "value": value, "from": from, "default": defaults.get(path), "at_once": crate::config::at_once(path)});
        let told = json!({"v": 1, "file": common.config, "options": rows.iter().map(one).collect::<Vec<_>>()});
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    let screen = Screen::here();
    for (path, value, from) in &rows {
        let line = format!("{path} = {}", plain(&toml(value)));
        let from = plain(from);
        crate::cli::line!("{}  {}", if from == "default" { line } else { screen.bold(&line) }, screen.faint(&format!("# {from}")));
    }
    Ok(())
}

/// Whether an option is one that can be chosen while Jamey runs.
fn is(holds: &Holds, path: &str) -> bool {
    let of = match holds.about {
        About::GuardMode => "broker.guard",
        About::Profile => "conscience.profile",
        About::Strictness => "conscience.strictness",
        About::Alert => return false,
    };
    path == of
}

/// Elements of lists that are as they were shipped.
fn shipped(shown: &Value) -> Result<Vec<String>> {
    let defaults = crate::config::shown(&Config::default())?;
    let items = |of: &Value, list: &str| of.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all = Vec::new();
    for (list, key) in SHIPPED {
        let theirs = items(&defaults, list);
        let as_shipped = |one: &Value| theirs.iter().any(|other| other.get(key) == one.get(key) && other == one);
        all.extend(items(shown, list).iter().enumerate().filter(|(_, one)| as_shipped(one)).map(|(i, _)| format!("{list}[{i}]")));
    }
    Ok(all)
}

fn from(loaded: &Loaded, path: &str, value: &Value, shipped: &[String], defaults: &BTreeMap<String, Value>) -> String {
    let element = path.split_inclusive(']').next().unwrap_or(path);
    if let Some((list, _)) = SHIPPED.iter().find(|(list, _)| path.starts_with(&format!("{list}["))) {
        let own = || loaded.places.exactly(list).unwrap_or_else(|| "default".to_owned());
        return if shipped.iter().any(|one| one == element) { "default".to_owned() } else { own() };
    }
    // The owner's own inputs stand at the top of the file.
    let path_there = path.replacen("inputs.extra", "input", 1);
    loaded
        .places
        .exactly(&path_there)
        .or_else(|| if defaults.get(path) == Some(value) { None } else { loaded.places.within(&path_there) })
        .unwrap_or_else(|| "default".to_owned())
}
