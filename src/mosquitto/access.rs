//! mosquitto's access file: `user`, `topic` and `pattern` lines, as mosquitto 2 takes them: what is denied comes before what is allowed.

use super::note::{Fate, Line, Note, lines};
use crate::domain::TopicFilter;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    Deny,
    Read,
    Write,
    Both,
}

/// One `topic` or `pattern`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub access: Access,
    pub topic: String,
    pub line: usize,
}

/// Who may what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    pub name: String,
    /// By user; none: who has none.
    pub topics: BTreeMap<Option<String>, Vec<Entry>>,
    /// Everybody's, with `%u` and `%c`.
    pub patterns: Vec<Entry>,
}

/// Reads an access file. A line that mosquitto would refuse, and not start, is told and left out.
#[must_use]
pub fn read(name: &str, text: &str) -> (File, Vec<Note>) {
    let (mut file, mut notes, mut user) = (File { name: name.to_owned(), ..File::default() }, Vec::new(), None);
    for line in lines(name, text) {
        let kind = line.key.as_str();
        match kind {
            "user" if line.value.is_empty() => notes.push(line.note(Fate::Lost, "a user without a name; mosquitto does not start with it")),
            "user" => user = Some(line.value.clone()),
            "topic" | "pattern" => match entry(&line) {
                Ok(entry) if kind == "pattern" => file.patterns.push(entry),
                Ok(entry) => file.topics.entry(user.clone()).or_default().push(entry),
                Err(why) => notes.push(line.note(Fate::Lost, why)),
            },
            _ => notes.push(line.note(Fate::Lost, "neither `user` nor `topic` nor `pattern`; mosquitto does not start with it")),
        }
    }
    (file, notes)
}

fn entry(line: &Line) -> Result<Entry, String> {
    let (access, topic) = match line.value.split_once(' ') {
        None => (Access::Both, line.value.as_str()),
        Some((word, topic)) => {
            let access = match word {
                "read" => Access::Read,
                "write" => Access::Write,
                "readwrite" => Access::Both,
                "deny" => Access::Deny,
                _ => return Err(format!("`{word}` is none of read, write, readwrite and deny; mosquitto does not start with it")),
            };
            (access, topic.trim())
        }
    };
    TopicFilter::new(topic).map_err(|error| format!("{error}; mosquitto does not start with it"))?;
    Ok(Entry { access, topic: topic.to_owned(), line: line.number })
}

impl File {
    /// What counts for one user, in the order in which mosquitto asks: their own denials and permissions, then everybody's.
    pub fn of(&self, user: Option<&str>) -> impl Iterator<Item = (&Entry, bool)> {
        let own = self.topics.get(&user.map(str::to_owned)).map(Vec::as_slice).unwrap_or_default();
        denials_first(own).map(|entry| (entry, false)).chain(denials_first(&self.patterns).map(|entry| (entry, true)))
    }
}

fn denials_first(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    let denies = |entry: &&Entry| entry.access == Access::Deny;
    entries.iter().filter(denies).chain(entries.iter().filter(move |entry| !denies(entry)))
}
