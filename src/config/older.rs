//! Configs of an older Jamey: options that have another name now count under it, and a file is brought up to date with its comments kept.

use super::{
    kinds::Read,
    reader::{Ledger, Older},
    tree::{Node, Table, Value, lay},
};
use toml_edit::{DocumentMut, Item, TableLike, value};

/// The names of options as they are now.
pub const VERSION: u32 = 2;

/// An option that has another name from a version on. Both stand in the same section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renamed {
    pub since: u32,
    pub was: &'static str,
    pub is: &'static str,
}

/// 2: what is counted in MiB says so, since others count in MB.
pub(super) const RENAMED: &[Renamed] = &[
    Renamed { since: 2, was: "memory.database_mb", is: "memory.database_mib" },
    Renamed { since: 2, was: "memory.index_mb", is: "memory.index_mib" },
    Renamed { since: 2, was: "memory.cache_mb", is: "memory.cache_mib" },
];

/// What a file became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    pub text: String,
    /// What changed, in words; empty: nothing.
    pub changes: Vec<String>,
}

pub(super) fn version(node: &Node) -> Read<u32> {
    match node.value {
        Value::Integer(found) if found > i64::from(VERSION) => {
            Err(format!("{VERSION} at most: the file is of a newer Jamey than this one, so run that, or take out what only it has"))
        }
        Value::Integer(found) => u32::try_from(found).ok().filter(|found| *found > 0).ok_or_else(wanted),
        _ => Err(wanted()),
    }
}

fn wanted() -> String {
    format!("a whole number from 1 to {VERSION}")
}

/// Gives options under older names their new ones, wherever they were set. Where both stand, neither goes unseen.
pub(super) fn rename(table: &mut Table, renamed: &[Renamed], ledger: &mut Ledger) {
    for one in renamed {
        let (was, is): (Vec<&str>, Vec<&str>) = (one.was.split('.').collect(), one.is.split('.').collect());
        let Some(node) = take(table, &was) else { continue };
        let at = node.at.shown();
        if stands(table, &is) {
            ledger.refuse(one.was, node.at, format!("found beside `{}`, its newer name; remove one of the two", one.is));
            continue;
        }
        ledger.older.push(Older { was: one.was.to_owned(), is: one.is, at });
        let path: Vec<String> = is.iter().map(|part| (*part).to_owned()).collect();
        if let Err((path, message)) = lay(table, &path, node.clone()) {
            ledger.refuse(&path, node.at, message);
        }
    }
}

fn take(table: &mut Table, path: &[&str]) -> Option<Node> {
    match path {
        [last] => table.remove(*last),
        [first, rest @ ..] => match &mut table.get_mut(*first)?.value {
            Value::Table(inner) => take(inner, rest),
            _ => None,
        },
        [] => None,
    }
}

fn stands(table: &Table, path: &[&str]) -> bool {
    match path {
        [last] => table.contains_key(*last),
        [first, rest @ ..] => matches!(table.get(*first).map(|node| &node.value), Some(Value::Table(inner)) if stands(inner, rest)),
        [] => false,
    }
}

/// A file's text with the names of now, and all else as its owner wrote it.
///
/// # Errors
/// When it is not TOML, or an option stands under both names.
pub fn migrate(text: &str) -> Result<Migrated, String> {
    migrate_by(text, RENAMED, VERSION)
}

fn migrate_by(text: &str, renamed: &[Renamed], version: u32) -> Result<Migrated, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let mut changes = Vec::new();
    for one in renamed {
        let (section, was) = one.was.rsplit_once('.').unwrap_or(("", one.was));
        let is = one.is.rsplit_once('.').map_or(one.is, |(_, is)| is);
        let Some(table) = section_of(&mut document, section) else { continue };
        if !table.contains_key(was) {
            continue;
        }
        if table.contains_key(is) {
            return Err(format!("`{}` stands beside `{}`, its newer name: remove one of the two", one.was, one.is));
        }
        put_in_place(table, was, is);
        changes.push(format!("`{}` is called `{}` since version {}", one.was, one.is, one.since));
    }
    let older = |said: &&mut Item| said.as_integer().is_some_and(|said| said < i64::from(version));
    if let Some(said) = document.get_mut("config_version").filter(older) {
        *said = value(i64::from(version));
        changes.push(format!("`config_version` is {version}"));
    }
    let text = if changes.is_empty() { text.to_owned() } else { document.to_string() };
    Ok(Migrated { text, changes })
}

fn section_of<'d>(document: &'d mut DocumentMut, path: &str) -> Option<&'d mut dyn TableLike> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        table = table.get_mut(part)?.as_table_like_mut()?;
    }
    Some(table)
}

/// Another name for a key, with the comments before it and its place among the others: all are taken out and put back in their order.
fn put_in_place(table: &mut dyn TableLike, was: &str, is: &str) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let Some((key, item)) = table.get_key_value(&name).map(|(key, item)| (key.clone(), item.clone())) else { continue };
        table.remove(&name);
        let fresh = if name == was {
            toml_edit::Key::new(is).with_leaf_decor(key.leaf_decor().clone()).with_dotted_decor(key.dotted_decor().clone())
        } else {
            key
        };
        table.entry_format(&fresh).or_insert(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# mine\nconfig_version = 1\n\n[memory]\nhourly_days = 120 # as it was\n# room for\n# a year\ndatabase_mb = 500 # MiB\n\n[log]\nfilter = \"warn\"\n";

    #[test]
    fn a_file_keeps_all_but_the_names_that_changed() {
        let new = migrate(OLD).unwrap();
        assert_eq!(new.text, OLD.replace("database_mb", "database_mib").replace("config_version = 1", "config_version = 2"));
        assert_eq!(new.changes, ["`memory.database_mb` is called `memory.database_mib` since version 2", "`config_version` is 2"]);
        let again = migrate(&new.text).unwrap();
        assert_eq!((again.text, again.changes), (new.text, Vec::new()), "once is enough");
    }

    #[test]
    fn what_stands_under_both_names_is_refused_and_so_is_what_is_no_toml() {
        let both = "[memory]\ncache_mb = 1\ncache_mib = 2\n";
        assert!(migrate(both).unwrap_err().contains("remove one of the two"));
        assert!(migrate("= 1").is_err());
    }

    #[test]
    fn inline_sections_and_others_than_the_named_are_met_as_well() {
        let renamed = [Renamed { since: 3, was: "a.b.old", is: "a.b.new" }, Renamed { since: 3, was: "top", is: "peak" }];
        let new = migrate_by("top = 1\na.b = { x = 1, old = 2 }\n[memory]\ndatabase_mb = 5\n", &renamed, 3).unwrap();
        assert_eq!(new.text, "peak = 1\na.b = { x = 1, new = 2 }\n[memory]\ndatabase_mb = 5\n");
    }
}
