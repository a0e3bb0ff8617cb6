//! What became other between two snapshots.

use super::{
    error::PhoenixError,
    id::Id,
    manifest::{Manifest, SavedItem},
    places::Places,
    repository::Repository,
    source::Component,
    walk::Ids,
};
use std::collections::{BTreeMap, BTreeSet};

/// One file that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub component: Component,
    pub path: String,
    pub standing: Standing,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Bytes of the later one that the earlier snapshot does not hold.
    pub new_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Added,
    Removed,
    Changed { from: Id, to: Id },
}

pub(super) fn diff(repository: &Repository, before: &Manifest, after: &Manifest) -> Result<Vec<Difference>, PhoenixError> {
    let places = Places::read(&repository.vault, repository.key())?;
    let mut ids = Ids::new(repository, &places)?;
    let mut held = BTreeSet::new();
    for item in before.parts.iter().flat_map(|part| &part.items) {
        ids.each(item, &mut |id| {
            held.insert(*id);
        })?;
    }
    let (old, new) = (items(before), items(after));
    let mut differences = Vec::new();
    for (at, item) in &new {
        let standing = match old.get(at) {
            Some(earlier) if (earlier.hash, earlier.mode) == (item.hash, item.mode) => continue,
            Some(earlier) => Standing::Changed { from: earlier.hash, to: item.hash },
            None => Standing::Added,
        };
        let mut new_bytes = 0;
        ids.each(item, &mut |id| {
            if !held.contains(id) {
                new_bytes += places.get(id).map_or(0, |(_, entry)| u64::from(entry.raw));
            }
        })?;
        differences.push(Difference {
            component: at.0,
            path: at.1.to_owned(),
            standing,
            bytes_before: old.get(at).map_or(0, |item| item.bytes),
            bytes_after: item.bytes,
            new_bytes,
        });
    }
    let gone = old.iter().filter(|(at, _)| !new.contains_key(*at));
    differences.extend(gone.map(|(at, item)| Difference {
        component: at.0,
        path: at.1.to_owned(),
        standing: Standing::Removed,
        bytes_before: item.bytes,
        bytes_after: 0,
        new_bytes: 0,
    }));
    differences.sort_by(|a, b| (a.component, &a.path).cmp(&(b.component, &b.path)));
    Ok(differences)
}

fn items(manifest: &Manifest) -> BTreeMap<(Component, &str), &SavedItem> {
    manifest.parts.iter().flat_map(|part| part.items.iter().map(|item| ((part.component, item.path.as_str()), item))).collect()
}
