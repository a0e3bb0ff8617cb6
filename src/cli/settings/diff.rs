//! `jamey config diff`: what is other than by default; and what is other in the config than in the running house.

use super::toml;
use crate::{
    app,
    cli::{Common, paint::plain},
    config::{Config, at_once, flat, shown},
};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Options = BTreeMap<String, Value>;

/// One option: what it is here, and what it is there.
struct Other {
    path: String,
    here: Value,
    there: Value,
}

impl Other {
    /// The two are not the same, and look alike as they may be shown.
    fn is_hidden(&self) -> bool {
        self.here == self.there
    }
}

pub(super) fn from_defaults(common: &Common) -> Result<()> {
    let found = others(&options(&common.load()?)?, &options(&Config::default())?);
    if common.json {
        let one = |other: &Other| json!({"option": other.path, "value": other.here, "default": other.there});
        return put(json!({"v": 1, "differs": found.iter().map(one).collect::<Vec<_>>()}));
    }
    if found.is_empty() {
        crate::cli::line!("every option is at its default");
    }
    for Other { path, here, there } in &found {
        crate::cli::line!("{path} = {}  # default {}", plain(&toml(here)), plain(&toml(there)));
    }
    Ok(())
}

pub(super) fn from_running(common: &Common) -> Result<()> {
    let config = common.load()?;
    let data = &config.store.data;
    if !app::is_running(data) {
        bail!(
            "no Jamey runs with the data folder {}: name that of the running one with --data; `jamey config diff` compares with the defaults",
            data.display()
        );
    }
    let running = app::in_effect(data).context("the running Jamey has not said by which config it runs")?;
    let (here, there) = (options(&config)?, flat(&running.options).into_iter().collect::<Options>());
    let mut found = others(&here, &there);
    // What stands there otherwise, and looks alike as it may be shown.
    let alike = running.hidden_others(&config)?.into_iter().filter_map(|path| {
        let shown = here.get(&path).filter(|shown| there.get(&path) == Some(*shown))?;
        Some(Other { here: shown.clone(), there: shown.clone(), path })
    });
    found.extend(alike);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    if common.json {
        let one = |other: &Other| json!({"option": other.path, "value": other.here, "running": other.there, "shown": !other.is_hidden(), "at_once": at_once(&other.path)});
        return put(json!({"v": 1, "differs": found.iter().map(one).collect::<Vec<_>>()}));
    }
    if found.is_empty() {
        crate::cli::line!("the running Jamey goes by this config");
    }
    for other in &found {
        let Other { path, here, there } = other;
        let when = if at_once(path) { "taken when the file changes, or on SIGHUP" } else { "waits for a restart" };
        if other.is_hidden() {
            crate::cli::line!("{path} is another one, which is not shown  # {when}");
        } else {
            crate::cli::line!("{path} = {}  # runs with {}; {when}", plain(&toml(here)), plain(&toml(there)));
        }
    }
    Ok(())
}

fn options(config: &Config) -> Result<Options> {
    Ok(flat(&shown(config)?).into_iter().collect())
}

fn others(here: &Options, there: &Options) -> Vec<Other> {
    let paths: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    // An empty list that is none on the other side is told of by its elements.
    let is_list =
        |path: &String| paths.range::<String, _>(format!("{path}[")..).next().is_some_and(|next| next.starts_with(&format!("{path}[")));
    let of = |options: &Options, path: &String| options.get(path).cloned().unwrap_or_default();
    let one = |path: &String| Other { path: path.clone(), here: of(here, path), there: of(there, path) };
    paths.iter().filter(|path| !is_list(path)).map(|path| one(path)).filter(|other| other.here != other.there).collect()
}

fn put(told: Value) -> Result<()> {
    crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
    Ok(())
}
