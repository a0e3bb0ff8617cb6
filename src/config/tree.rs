//! The options as they were written, whoever wrote them: file, environment and flags laid over each other in one tree, each value with its place.

use super::error::{shown, shown_key};
use std::{collections::BTreeMap, rc::Rc};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The environment variables that are options.
pub const ENV_PREFIX: &str = "JAMEY__";

/// The flags of `jamey run` that are options too: (flag, path).
pub const FLAGS: [(&str, &str); 4] =
    [("--data", "store.data"), ("--guard", "broker.guard"), ("--http", "http.listen"), ("--mqtt", "broker.mqtt")];

/// Sections within sections that are followed: the schema has two, a list's element one more.
/// What is nested deeper is no option of ours, and a tree without end would take the stack with it.
const DEPTH: usize = 8;

/// Where a value was written; in the order in which errors are told, which is also the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    File(Rc<str>, usize),
    Env(Rc<str>),
    Flag(Rc<str>),
}

impl Origin {
    pub(super) fn flag(path: &str) -> Self {
        match FLAGS.iter().find(|(_, p)| *p == path) {
            Some((flag, _)) => Self::Flag((*flag).into()),
            None => Self::Flag(format!("--{}", shown_key(path)).into()),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(name, line) => format!("{name}:{line}"),
            Self::Env(name) => format!("environment {}", shown_key(name)),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

pub(super) type Table = BTreeMap<String, Node>;

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where the value stands.
    pub at: Origin,
    /// Where its key stands, which is what an unknown key is blamed for.
    pub key_at: Origin,
    pub value: Value,
    /// What the environment or a flag said, letter by letter: `JAMEY__NODE=1` is the text `1` where text is wanted.
    pub raw: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    Integer(i64),
    Number(f64),
    /// What no option takes, in words.
    Other(String),
    List(Vec<Node>),
    Table(Table),
}

impl Node {
    /// What stands there, in the words of a message.
    pub(super) fn found(&self) -> String {
        if let (Some(raw), Value::Text(_) | Value::Bool(_) | Value::Integer(_) | Value::Number(_)) = (&self.raw, &self.value) {
            return shown(raw);
        }
        match &self.value {
            Value::Text(text) => shown(text),
            Value::Bool(b) => b.to_string(),
            Value::Integer(i) => i.to_string(),
            Value::Number(n) => format!("{n:?}"),
            Value::Other(words) => words.clone(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a section".to_owned(),
        }
    }

    /// The text of it; from environment and flags a number or a truth is text as well.
    pub(super) fn text(&self) -> Option<&str> {
        match (&self.value, &self.raw) {
            (Value::Text(text), _) => Some(text),
            (Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Other(_), Some(raw)) => Some(raw),
            _ => None,
        }
    }

    /// The elements of it; from environment and flags `a, b` is a list as well, and an empty text the empty one.
    pub(super) fn list(&self) -> Option<Vec<Node>> {
        match (&self.value, &self.raw) {
            (Value::List(items), _) => Some(items.clone()),
            (Value::Table(_), _) | (_, None) => None,
            (_, Some(_)) => Some(
                self.text()?
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| Node { value: Value::Text(part.to_owned()), raw: Some(part.to_owned()), ..self.clone() })
                    .collect(),
            ),
        }
    }
}

/// A file's text as a tree; else each place at which it is no TOML, with the reason.
pub(super) fn of_file(name: &str, text: &str) -> Result<Table, Vec<(Origin, String)>> {
    let name: Rc<str> = name.into();
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
    let place = |offset: usize| Origin::File(name.clone(), starts.partition_point(|start| *start <= offset).max(1));
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table_of(table.into_inner(), &place));
    }
    let told = |e: &toml::de::Error| (place(e.span().map_or(0, |s| s.start)), e.message().replace('\n', " "));
    Err(errors.iter().map(told).collect())
}

fn table_of(table: DeTable, place: &dyn Fn(usize) -> Origin) -> Table {
    let node = |(key, value): (Spanned<_>, Spanned<DeValue>)| {
        let key_at = place(key.span().start);
        let name: std::borrow::Cow<str> = key.into_inner();
        (name.into_owned(), node_of(value, &key_at, place))
    };
    table.into_iter().map(node).collect()
}

fn node_of(value: Spanned<DeValue>, key_at: &Origin, place: &dyn Fn(usize) -> Origin) -> Node {
    let at = place(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(b) => Value::Bool(b),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Integer(i),
            Err(_) => Value::Other("a number of more than 64 bits".to_owned()),
        },
        DeValue::Float(f) => match f.as_str().parse::<f64>() {
            Ok(n) if n.is_finite() => Value::Number(n),
            _ => Value::Other("a number that is not finite".to_owned()),
        },
        DeValue::Datetime(_) => Value::Other("a date or time".to_owned()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node_of(item, &at, place)).collect()),
        DeValue::Table(table) => Value::Table(table_of(table, place)),
    };
    Node { at, key_at: key_at.clone(), value, raw: None }
}

/// What the environment or a flag says: a TOML value where it is one, else the text itself.
pub(super) fn of_words(raw: &str, at: &Origin) -> Node {
    let place = |_| at.clone();
    let mut node = match DeValue::parse(raw) {
        Ok(value) => node_of(value, at, &place),
        Err(_) => Node { at: at.clone(), key_at: at.clone(), value: Value::Text(raw.to_owned()), raw: None },
    };
    node.raw = Some(raw.to_owned());
    node
}

/// The path that a variable names: `JAMEY__BROKER__MQTT` is `broker.mqtt`.
pub(super) fn env_path(name: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = name.strip_prefix(ENV_PREFIX)?.split("__").map(str::to_lowercase).collect();
    if parts.iter().any(String::is_empty) { None } else { Some(parts) }
}

/// Lays a value over the tree, making the sections on its way; what stands in its way and is no section stays, and the value is refused,
/// so that neither of the two goes unseen.
pub(super) fn lay(table: &mut Table, path: &[String], node: Node) -> Result<(), (String, String)> {
    let mut table = table;
    if path.len() > DEPTH {
        let start = path.iter().take(DEPTH).map(|key| shown_key(key)).collect::<Vec<_>>().join(".");
        return Err((format!("{start}.…"), format!("found a path of {} names; no option has more than {DEPTH}, so remove it", path.len())));
    }
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    for (i, key) in sections.iter().enumerate() {
        let empty = || Node { value: Value::Table(Table::new()), raw: None, ..node.clone() };
        let inner = table.entry(key.clone()).or_insert_with(empty);
        let list = matches!(inner.value, Value::List(_));
        let Value::Table(next) = &mut inner.value else {
            let all: Vec<String> = path.iter().map(|key| shown_key(key)).collect();
            let above = all.iter().take(i + 1).cloned().collect::<Vec<_>>().join(".");
            let message = if list {
                format!("found a name below `{above}`, a list, whose elements have none; give the whole list as one TOML value")
            } else {
                format!("found an option below `{above}`, which is no section ({}); remove one of the two", inner.at.shown())
            };
            return Err((all.join("."), message));
        };
        table = next;
    }
    merge(table, last.clone(), node);
    Ok(())
}

/// Sections are merged key by key; everything else is replaced.
fn merge(table: &mut Table, key: String, node: Node) {
    if let (Some(Node { value: Value::Table(old), .. }), Value::Table(_)) = (table.get_mut(&key), &node.value) {
        let Value::Table(new) = node.value else { return };
        for (key, node) in new {
            merge(old, key, node);
        }
        return;
    }
    table.insert(key, node);
}
