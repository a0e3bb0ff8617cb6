//! mosquitto's password file: `USER:HASH` in each line.

use super::{
    names,
    note::{Fate, Note},
};
use crate::domain::ForeignHash;

/// One who may sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// As it stands there.
    pub hash: String,
}

/// Who stands in a password file, and what becomes of each line. Where a name stands twice, the first counts.
#[must_use]
pub fn read(file: &str, text: &str) -> (Vec<Entry>, Vec<Note>) {
    let (mut entries, mut notes) = (Vec::<Entry>::new(), Vec::new());
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        let (name, fate, means) = entry(line, &mut entries);
        notes.push(Note { file: file.to_owned(), line: at + 1, text: name, fate, means });
    }
    (entries, notes)
}

fn entry(line: &str, entries: &mut Vec<Entry>) -> (String, Fate, String) {
    let parts = line.split_once(':').map(|(name, rest)| (name.trim(), rest.split(':').next().unwrap_or_default().trim()));
    let Some((name, hash)) = parts.filter(|(name, _)| !name.is_empty()) else {
        return ("(not shown)".into(), Fate::Lost, "no `USER:HASH`: mosquitto passes over it as well".into());
    };
    let lost = |means: String| (name.to_owned(), Fate::Lost, means);
    if ForeignHash::parse(hash).is_none() {
        return lost(
            "its password is not hashed as mosquitto 2 does (`$7$` or `$6$`), so nobody signs in with it: `jamey user add` gives this one a password".into(),
        );
    }
    if let Err(why) = names::check(name) {
        return lost(why.into());
    }
    let same = |entry: &&Entry| names::entity(&entry.name) == names::entity(name);
    if let Some(taken) = entries.iter().find(same) {
        return lost(format!("`{}` stands here already, and is the same to Jamey: the first counts", taken.name));
    }
    entries.push(Entry { name: name.to_owned(), hash: hash.to_owned() });
    (name.to_owned(), Fate::Taken, "signs in with the same password; its hash stays as it is until `jamey user password`".into())
}
