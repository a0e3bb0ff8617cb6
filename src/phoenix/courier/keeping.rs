//! What a receiver needs of its disk, and what it holds against an offer.

use super::{Kind, Listing, Object};
use crate::phoenix::{Id, PhoenixError, Sequence};
use std::collections::{BTreeMap, BTreeSet};

/// Where what comes is kept.
pub trait Keeping {
    /// # Errors
    /// When it cannot be read.
    fn here(&mut self) -> Result<Kept, PhoenixError>;

    /// The pieces that are here of a file that is not whole.
    ///
    /// # Errors
    /// When they cannot be read.
    fn begun(&mut self, object: &Object) -> Result<BTreeSet<u32>, PhoenixError>;

    /// # Errors
    /// When it cannot be written.
    fn put(&mut self, object: &Object, n: u32, content: &[u8]) -> Result<(), PhoenixError>;

    /// All its pieces are here: it is brought to disk under its name, or, if it is the list, handed over.
    ///
    /// # Errors
    /// `Damaged`: it is not what it should be; or it cannot be written.
    fn keep(&mut self, object: &Object) -> Result<Option<Vec<u8>>, PhoenixError>;

    /// Begins a file anew.
    fn forget(&mut self, object: &Object);

    /// Lets go of what was begun and is not wanted any more.
    fn tidy(&mut self, wanted: &BTreeSet<Id>);
}

/// The files that are here whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    pub keys: BTreeMap<String, Id>,
    pub packs: BTreeMap<Id, u64>,
    pub snapshots: BTreeMap<Sequence, Id>,
}

impl Kept {
    pub(super) fn has(&self, object: &Object) -> bool {
        match &object.kind {
            Kind::Listing => false,
            Kind::Key(name) => self.keys.get(name) == Some(&object.id),
            Kind::Pack => self.packs.contains_key(&object.id),
            Kind::Snapshot(sequence) => self.snapshots.get(sequence) == Some(&object.id),
        }
    }
}

/// Why what is offered cannot be what this is a copy of.
pub(super) fn contradiction(listing: &Listing, here: &Kept) -> Option<String> {
    for (sequence, id, _) in &listing.snapshots {
        if here.snapshots.get(sequence).is_some_and(|kept| kept != id) {
            return Some(format!(
                "another snapshot {sequence} is offered than the one that is here: nothing of it is taken; see who sends"
            ));
        }
    }
    for (name, id, _) in &listing.keys {
        if here.keys.get(name).is_some_and(|kept| kept != id) {
            return Some(format!("another wrapped key {name} is offered than the one that is here: nothing of it is taken; see who sends"));
        }
    }
    let (newest, offered) = (here.snapshots.last_key_value()?.0, listing.snapshots.last()?.0);
    if *newest > offered {
        return Some(format!("the newest snapshot offered is {offered}, and {newest} is here: an older state was put in its place there"));
    }
    let short = listing.packs.iter().find(|(id, bytes)| here.packs.get(id).is_some_and(|kept| kept != bytes));
    short.map(|(id, bytes)| {
        format!("the pack {id} here does not have the {bytes} bytes that it should: it is damaged; move it away, and it is fetched again")
    })
}
