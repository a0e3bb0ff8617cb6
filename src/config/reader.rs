//! Reads the tree key by key and goes on past every error, so that all of them are told at once.

use super::{
    error::{ConfigError, nearest, shown_key},
    tree::{Node, Origin, Table, Value},
};
use std::collections::{BTreeMap, BTreeSet};

/// What was found while reading: errors, unknown keys, and where each option was set.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    errors: Vec<(Origin, ConfigError)>,
    unknown: Vec<(String, String, Origin)>,
    places: BTreeMap<String, Origin>,
    refused: BTreeSet<String>,
    /// Every key the schema has, without the numbers of list elements: `device.class`.
    pub known: BTreeSet<String>,
    /// What stands under a name of an older Jamey.
    pub older: Vec<Older>,
}

/// An option under the name that an older Jamey had for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    pub was: String,
    pub is: &'static str,
    /// Where it stands.
    pub at: String,
}

/// Where each option was set.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<String, Origin>);

impl Places {
    /// Where an option was set, as messages say it; None: nowhere.
    #[must_use]
    pub fn exactly(&self, path: &str) -> Option<String> {
        self.0.get(path).map(Origin::shown)
    }

    /// What of the environment or the command line lies over an option, or over the list that it stands in; None: nothing.
    #[must_use]
    pub fn over(&self, path: &str) -> Option<String> {
        let list = path.split('[').next().unwrap_or(path);
        let is_over = |at: &&Origin| matches!(at, Origin::Env(_) | Origin::Flag(_));
        [path, list].into_iter().find_map(|path| self.0.get(path).filter(is_over)).map(Origin::shown)
    }

    /// The same, else of what it stands in.
    #[must_use]
    pub fn within(&self, path: &str) -> Option<String> {
        self.exactly(path).or_else(|| self.within(path.get(..path.rfind(['.', '['])?)?))
    }
}

impl Ledger {
    pub(super) fn refuse(&mut self, path: &str, at: Origin, message: impl Into<String>) {
        self.refused.insert(path.to_owned());
        let error = ConfigError { path: path.to_owned(), at: at.shown(), message: message.into() };
        self.errors.push((at, error));
    }

    /// Refuses what stands at a path that was read.
    pub(super) fn refuse_path(&mut self, path: &str, message: impl Into<String>) {
        self.refuse(path, self.place(path), message);
    }

    /// Where an option, or the section it would stand in, was set.
    pub(super) fn place(&self, path: &str) -> Origin {
        let mut path = path;
        loop {
            if let Some(at) = self.places.get(path) {
                return at.clone();
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return Origin::Default,
            }
        }
    }

    /// Whether an option, and what stands in it, was read without an error: only then may it be compared with others.
    pub(super) fn sound(&self, path: &str) -> bool {
        !self.refused.iter().any(|r| r.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    }

    pub(super) fn places(&self) -> Places {
        Places(self.places.clone())
    }

    /// All errors, in the order of the file, then environment, then flags.
    pub(super) fn into_errors(mut self) -> Vec<ConfigError> {
        for (section, key, at) in std::mem::take(&mut self.unknown) {
            let message = self.unknown_message(&section, &key);
            let path = join(&section, &key);
            self.refuse(&path, at, message);
        }
        self.errors.sort_by(|a, b| a.0.cmp(&b.0));
        self.errors.into_iter().map(|(_, error)| error).collect()
    }

    fn unknown_message(&self, section: &str, key: &str) -> String {
        let section = without_numbers(section);
        let own: Vec<&str> = self.known.iter().filter_map(|k| below(k, &section)).filter(|k| !k.contains('.')).collect();
        if let Some(near) = nearest(key, own.iter().copied()) {
            return format!("no such option; did you mean `{near}`?");
        }
        let same = |k: &&String| k.rsplit('.').next() == Some(key);
        if let Some(elsewhere) = self.known.iter().find(same) {
            return format!("no such option here; did you mean `{elsewhere}`?");
        }
        let place = if section.is_empty() { "At the top stand".to_owned() } else { format!("`{section}` has") };
        format!("no such option; remove it. {place} {}", own.join(", "))
    }
}

fn below<'k>(key: &'k str, section: &str) -> Option<&'k str> {
    if section.is_empty() { Some(key) } else { key.strip_prefix(section)?.strip_prefix('.') }
}

fn without_numbers(path: &str) -> String {
    path.split('.').map(|part| part.split('[').next().unwrap_or_default()).collect::<Vec<_>>().join(".")
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { shown_key(key) } else { format!("{section}.{}", shown_key(key)) }
}

/// One section, or one element of a list of sections, while it is read. What is left when it ends is unknown.
pub(super) struct Reader<'l> {
    pub ledger: &'l mut Ledger,
    pub path: String,
    table: Table,
}

impl<'l> Reader<'l> {
    pub(super) fn new(ledger: &'l mut Ledger, path: &str, table: Table) -> Self {
        Self { ledger, path: path.to_owned(), table }
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Refuses one option of this section.
    pub(super) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let path = self.path_of(key);
        self.ledger.refuse_path(&path, message);
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let path = self.path_of(key);
        self.ledger.known.insert(without_numbers(&path));
        let node = self.table.remove(key)?;
        self.ledger.places.insert(path, node.at.clone());
        Some(node)
    }

    fn read<T>(&mut self, path: &str, node: &Node, read: impl Fn(&Node) -> Result<T, String>) -> Option<T> {
        let refused = |wanted| self.ledger.refuse(path, node.at.clone(), format!("found {}; write {wanted}", node.found()));
        read(node).map_err(refused).ok()
    }

    /// An option that may be missing. `read` gives the value, or what to write instead.
    pub(super) fn optional<T>(&mut self, key: &str, read: impl Fn(&Node) -> Result<T, String>) -> Option<T> {
        let node = self.take(key)?;
        let path = self.path_of(key);
        self.read(&path, &node, read)
    }

    pub(super) fn or<T>(&mut self, key: &str, default: T, read: impl Fn(&Node) -> Result<T, String>) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// An option that must be there; `example` is shown where it is not.
    pub(super) fn required<T>(&mut self, key: &str, example: &str, read: impl Fn(&Node) -> Result<T, String>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.take(key);
            self.refuse(key, format!("missing; write `{key} = {example}`"));
            return None;
        }
        self.optional(key, read)
    }

    /// A list, each element with its place; None when it is not there or no list.
    pub(super) fn list<T>(&mut self, key: &str, wanted: &str, read: impl Fn(&Node) -> Result<T, String>) -> Option<Vec<T>> {
        let node = self.take(key)?;
        let path = self.path_of(key);
        let items = self.read(&path, &node, |n| n.list().ok_or_else(|| format!("a list, such as {wanted}")))?;
        let mut out = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let path = format!("{path}[{i}]");
            self.ledger.places.insert(path.clone(), item.at.clone());
            out.extend(self.read(&path, item, &read));
        }
        Some(out)
    }

    /// A map of any keys.
    pub(super) fn map<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&str, &Node) -> Result<T, String>,
    ) -> Option<BTreeMap<String, T>> {
        let node = self.take(key)?;
        let path = self.path_of(key);
        let table = self.read(&path, &node, |n| match &n.value {
            Value::Table(table) => Ok(table.clone()),
            _ => Err(wanted.to_owned()),
        })?;
        let mut out = BTreeMap::new();
        for (name, item) in table {
            let path = join(&path, &name);
            self.ledger.places.insert(path.clone(), item.at.clone());
            let value = self.read(&path, &item, |n| read(&name, n));
            out.extend(value.map(|v| (name, v)));
        }
        Some(out)
    }

    /// Whether anything is said of a key. It is known from now on.
    pub(super) fn has(&mut self, key: &str) -> bool {
        self.ledger.known.insert(without_numbers(&self.path_of(key)));
        self.table.contains_key(key)
    }

    /// A section; a missing one is read as an empty one.
    pub(super) fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Reader) -> T) -> T {
        let path = self.path_of(key);
        let node = self.take(key);
        let table = node.and_then(|node| {
            self.read(&path, &node, |n| match &n.value {
                Value::Table(table) => Ok(table.clone()),
                _ => Err(format!("a section, `[{path}]`, with the options below it")),
            })
        });
        let mut inner = Reader::new(self.ledger, &path, table.unwrap_or_default());
        let value = read(&mut inner);
        inner.end();
        value
    }

    /// Sections of which there may be many: `[[device]]`. Those that could not be read are left out; each has its number in the file.
    pub(super) fn sections<T>(&mut self, key: &str, read: impl Fn(&mut Reader) -> Option<T>) -> Vec<(usize, T)> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let path = self.path_of(key);
        let wanted = || format!("each one as a section of its own, headed `[[{path}]]`");
        let items = self.read(&path, &node, |n| match &n.value {
            Value::List(items) => Ok(items.clone()),
            _ => Err(wanted()),
        });
        let mut out = Vec::new();
        for (i, item) in items.unwrap_or_default().into_iter().enumerate() {
            let path = format!("{path}[{i}]");
            self.ledger.places.insert(path.clone(), item.at.clone());
            let Value::Table(table) = item.value else {
                self.ledger.refuse(&path, item.at.clone(), format!("found {}; write {}", item.found(), wanted()));
                continue;
            };
            let mut inner = Reader::new(self.ledger, &path, table);
            let value = read(&mut inner);
            inner.end();
            out.extend(value.map(|v| (i, v)));
        }
        out
    }

    pub(super) fn end(self) {
        for (key, node) in self.table {
            self.ledger.unknown.push((self.path.clone(), key, node.key_at));
        }
    }
}
