//! Whether memory is as it should be: the index holds what the database has, and nothing else; summaries could have come about.

mod sums;

pub use sums::{Sums, sums};

use super::index::{Index, IndexError};
use crate::store::{Reader, StoreError};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Records looked at one time, and transactions of the change log.
const PAGE: u32 = 2_000;
const TRANSACTIONS: u32 = 256;
/// How often it is looked again where the house was too busy.
const TRIES: u32 = 3;
/// Findings that are named; more are counted.
pub const NAMED: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What index and database are to each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Records of the database, and of those the ones that the index has still to take: recall finds them in the database.
    pub records: u64,
    pub waiting: u64,
    /// In the database, and not found by the index.
    pub missing: u64,
    /// Found by the index, and gone from the database; or found twice.
    pub too_many: u64,
    /// The first of both.
    pub named: Vec<String>,
}

impl Agreement {
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.too_many == 0
    }

    fn name(&mut self, id: Uuid, what: &str) {
        if self.named.len() < NAMED {
            self.named.push(format!("{id}: {what}"));
        }
    }
}

/// Compares them record by record; `progress` is told how many of the database are done. What changes meanwhile is no finding.
///
/// # Errors
/// When index or database cannot be read.
pub fn agreement(index: &Index, store: &Reader, mut progress: impl FnMut(u64)) -> Result<Agreement, VerifyError> {
    let mut tries = 0;
    loop {
        let (told, from) = compare(index, store, &mut progress)?;
        tries += 1;
        // The log may have been shortened meanwhile, so that it no longer tells of all that changed.
        let is_cut = store.change_log()?.is_some_and(|(first, _)| from.saturating_add(1) < first);
        if told.is_whole() || !is_cut || tries == TRIES {
            return Ok(told);
        }
    }
}

fn compare(index: &Index, store: &Reader, progress: &mut impl FnMut(u64)) -> Result<(Agreement, i64), VerifyError> {
    // In this order: what the index has taken since counts as waiting, and what comes later is in neither.
    let from = index.applied();
    index.refresh()?;
    let mut ids = index.ids()?;
    ids.sort_unstable();
    let mut told = Agreement::default();
    for pair in ids.windows(2) {
        if let [one, other] = pair
            && one == other
        {
            told.too_many += 1;
            told.name(*one, "the index has it twice");
        }
    }
    ids.dedup();
    let mut lacks: BTreeSet<Uuid> = BTreeSet::new();
    let (mut after, mut indexed) = (Uuid::nil(), ids.into_iter().peekable());
    let mut gone = BTreeSet::new();
    loop {
        let page = store.indexed_after(after, PAGE)?;
        for record in &page {
            while let Some(extra) = indexed.next_if(|id| *id < record.id) {
                gone.insert(extra);
            }
            if indexed.next_if(|id| *id == record.id).is_none() {
                lacks.insert(record.id);
            }
        }
        told.records += u64::try_from(page.len()).unwrap_or(0);
        progress(told.records);
        let Some(last) = page.last() else { break };
        after = last.id;
    }
    gone.extend(indexed);
    // What the log tells of since is on its way.
    let mut at = from;
    loop {
        let changes = store.changed_records(at, TRANSACTIONS)?;
        let Some((last, _)) = changes.last() else { break };
        at = *last;
        for id in changes.iter().flat_map(|(_, ids)| ids) {
            told.waiting += u64::from(lacks.remove(id));
            gone.remove(id);
        }
    }
    for id in lacks {
        told.missing += 1;
        told.name(id, "the database has it, and the index does not");
    }
    for id in gone {
        told.too_many += 1;
        told.name(id, "the index has it, and the database does not");
    }
    Ok((told, from))
}
