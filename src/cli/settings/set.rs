//! `jamey config set` and `unset`: one or more options in the config file, with all that its owner wrote around them; checked whole before
//! anything is written.

use super::{file, written};
use crate::{
    app,
    cli::{Common, paint::plain},
    config::{Loaded, at_once, others},
};
use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table, Value};

pub(super) fn set(common: &Common, values: &[String], dry_run: bool) -> Result<()> {
    let pairs = values.iter().map(|pair| pair.split_once('=').map(|(path, value)| (path.trim(), Some(value.trim()))));
    let pairs = pairs.collect::<Option<Vec<_>>>().context("write PATH=VALUE, such as broker.guard=enforce")?;
    change(common, &pairs, dry_run)
}

pub(super) fn unset(common: &Common, paths: &[String], dry_run: bool) -> Result<()> {
    change(common, &paths.iter().map(|path| (path.as_str(), None)).collect::<Vec<_>>(), dry_run)
}

/// Without a value an option is taken out.
fn change(common: &Common, changes: &[(&str, Option<&str>)], dry_run: bool) -> Result<()> {
    let file = file(common)?;
    let old = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut document: DocumentMut = old.parse().map_err(|error| anyhow!("{} is not TOML: {error}", file.display()))?;
    for (path, value) in changes {
        match value {
            Some(value) => put(&mut document, path, value)?,
            None => take(&mut document, path)?,
        }
    }
    let text = document.to_string();
    // What the file said before may be wrong already, and this may be what mends it.
    let before = common.load_over(file, &old).ok().map(|loaded| loaded.config);
    let fresh = checked(common, file, &text)?;
    let names: Vec<String> = before.as_ref().map_or_else(Vec::new, |before| others(before, &fresh.config));
    let over: Vec<(&str, String)> = changes.iter().filter_map(|(path, _)| Some((*path, fresh.places.over(path)?))).collect();
    if !dry_run && text != old {
        written::write(file, &text)?;
    }
    tell(common, file, &Told { text: &text, changed: text != old, names: &names, over: &over, dry_run, data: &fresh.config.store.data })
}

/// All that a start would refuse is refused.
fn checked(common: &Common, file: &Path, text: &str) -> Result<Loaded> {
    let fresh = common.load_over(file, text).context("nothing was written")?;
    let config = &fresh.config;
    let counts = app::orders::found(&config.store.data).0.over(config);
    app::would_start(config, &counts).context("nothing was written")?;
    Ok(fresh)
}

struct Told<'t> {
    text: &'t str,
    changed: bool,
    /// Options that are others now.
    names: &'t [String],
    /// Those that were named and that the environment or a flag lies over, and which.
    over: &'t [(&'t str, String)],
    dry_run: bool,
    data: &'t Path,
}

fn tell(common: &Common, file: &Path, told: &Told) -> Result<()> {
    let running = app::is_running(told.data);
    if common.json {
        let one = |name: &String| json!({"option": name, "at_once": at_once(name)});
        let names: Vec<_> = told.names.iter().map(one).collect();
        let over: Vec<_> = told.over.iter().map(|(path, by)| json!({"option": path, "by": by})).collect();
        let written = told.changed && !told.dry_run;
        crate::cli::line!("{}", json!({"v": 1, "file": file, "written": written, "changed": names, "over": over, "running": running}));
        return Ok(());
    }
    if told.dry_run {
        crate::cli::put(told.text);
        return Ok(());
    }
    if !told.changed {
        crate::cli::line!("{} says so already", file.display());
        return Ok(());
    }
    crate::cli::line!("{} is written", file.display());
    for name in told.names {
        let when = match (running, at_once(name)) {
            (false, _) => "counts from the next start on",
            (true, true) => "is taken by the running Jamey now",
            (true, false) => "waits for a restart of the running Jamey",
        };
        crate::cli::line!("{} {when}", plain(name));
    }
    for (path, by) in told.over {
        crate::cli::line!("{} holds as before: {} lies over it", plain(path), plain(by));
    }
    Ok(())
}

/// One step of a path: a name, and the number of an element where it is a list of sections.
fn step(part: &str) -> Result<(&str, Option<usize>)> {
    let Some((name, rest)) = part.split_once('[') else { return Ok((part, None)) };
    let number = rest.strip_suffix(']').and_then(|number| number.parse().ok());
    Ok((name, Some(number.with_context(|| format!("`{}` is no place in a list: write device[0]", part.escape_debug()))?)))
}

fn put(document: &mut DocumentMut, path: &str, written: &str) -> Result<()> {
    let (sections, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = document.as_item_mut();
    for part in sections.split('.').filter(|part| !part.is_empty()) {
        let (name, number) = step(part)?;
        let table = at.as_table_like_mut().with_context(|| format!("`{path}` lies below what is no section"))?;
        let inner = table.entry(name).or_insert_with(|| Item::Table(Table::new()));
        at = match number {
            None => inner,
            Some(number) => element(inner, number).with_context(|| format!("there is no `{part}`: write its section into the file"))?,
        };
    }
    let table = at.as_table_like_mut().with_context(|| format!("`{path}` lies below what is no section"))?;
    let mut value = read(written);
    match table.get_mut(last) {
        Some(Item::Value(old)) => {
            // What stands around it stays, also a comment behind it.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(Item::None) | None => drop(table.insert(last, Item::Value(value))),
        Some(_) => bail!("`{path}` is a section: set one of its options"),
    }
    Ok(())
}

fn take(document: &mut DocumentMut, path: &str) -> Result<()> {
    let (sections, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = document.as_item_mut();
    for part in sections.split('.').filter(|part| !part.is_empty()) {
        let (name, number) = step(part)?;
        let inner = at.as_table_like_mut().and_then(|table| table.get_mut(name));
        let inner = match number {
            None => inner,
            Some(number) => inner.and_then(|inner| element(inner, number)),
        };
        at = inner.with_context(|| format!("`{path}` does not stand in the file"))?;
    }
    let table = at.as_table_like_mut();
    table.and_then(|table| table.remove(last)).with_context(|| format!("`{path}` does not stand in the file"))?;
    Ok(())
}

/// One section of a list of them.
fn element(list: &mut Item, number: usize) -> Option<&mut Item> {
    // A place of its own is only met as an item.
    list.as_array_of_tables()?.get(number)?;
    list.get_mut(number)
}

/// A value of TOML where it is one, else the text itself; as the environment is read.
fn read(written: &str) -> Value {
    written.parse().unwrap_or_else(|_| Value::from(written))
}
