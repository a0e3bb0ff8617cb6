//! Looks at the chain row by row, in the order of their numbers, and names every row with which something is wrong. Holds one row at a time.

use super::{BROKEN, Head, Key, NOTHING, OWN_ACTION, Row, SealedHead, content_hash};
use serde::Serialize;
use std::fmt;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// Rows that stood here are gone.
    Missing,
    /// What the row says is not what its hash was made of.
    Changed,
    /// It does not hold the hash of the row before it.
    Unlinked,
    /// It was not sealed with this house's key.
    Forged,
    /// It stands where no row can stand: before the first, or after the head.
    Added,
    /// The head does not fit, is not Jamey's, or is gone.
    Head,
    /// Jamey itself found the trail broken here.
    Broken,
    /// What could show the rest is not there.
    Key,
    /// What the row is evidence of is not as it was.
    Evidence,
}

/// One row, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub seq: i64,
    pub wrong: Wrong,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.seq, self.text)
    }
}

/// The look at one chain.
#[derive(Debug)]
pub struct Check<'k> {
    key: Option<&'k Key>,
    sealed: Option<SealedHead>,
    /// The head, if it bears the key's seal; without a key, as it says.
    head: Option<Head>,
    last: (i64, Vec<u8>),
    rows: u64,
    /// Rows that no seal of this key proves.
    unproven: u64,
    seals_begun: bool,
}

impl<'k> Check<'k> {
    #[must_use]
    pub fn new(key: Option<&'k Key>, sealed: Option<SealedHead>) -> Self {
        let head = sealed.as_ref().and_then(|sealed| key.map_or_else(|| sealed.claimed(), |key| sealed.open(key)));
        Self { key, sealed, head, last: (0, NOTHING.to_vec()), rows: 0, unproven: 0, seals_begun: false }
    }

    /// The next row. `unreadable`: its words were taken out, and the trail vouches for that.
    pub fn row(&mut self, row: &Row, unreadable: bool, tell: &mut dyn FnMut(Finding)) {
        let seq = row.seq;
        let mut found = |wrong, text: String| tell(Finding { seq, wrong, text });
        self.rows += 1;
        let expected = self.last.0.saturating_add(1);
        if seq < expected {
            found(Wrong::Added, "it stands before the first row: it was put in".into());
        } else if seq > expected {
            found(Wrong::Missing, missing(expected, seq - 1));
        } else if row.previous != self.last.1 {
            found(Wrong::Unlinked, "it does not hold the hash of the row before it: that one was changed, taken out or put in".into());
        }
        if !unreadable && row.hash != content_hash(row) {
            found(Wrong::Changed, "it was changed or moved: its hash does not fit what it says".into());
        }
        let since = self.head.map_or(i64::MAX, |head| head.since);
        let sealed = self.key.is_some_and(|key| key.sealed(row));
        if row.seal.is_none() && (self.seals_begun || seq >= since) || (self.key.is_some() && !sealed && seq >= since) {
            found(Wrong::Forged, "it was not written by this Jamey: its seal does not fit".into());
        }
        self.unproven += u64::from(!sealed && seq < since);
        self.seals_begun |= row.seal.is_some();
        if sealed && row.event.action == OWN_ACTION && row.event.subject.as_deref() == Some(BROKEN) {
            found(Wrong::Broken, format!("at {} Jamey found: {}", row.event.at, row.event.detail));
        }
        match self.head {
            Some(head) if seq == head.seq && row.hash != head.hash => {
                found(Wrong::Head, "it is not the row that the head names: the trail was written anew".into());
            }
            Some(head) if seq > head.seq => found(Wrong::Added, format!("it was put in after the head, which is row {}", head.seq)),
            _ => {}
        }
        self.last = (seq, row.hash.clone());
    }

    /// After the last row: what is missing at the end, and what could not be shown. Gives how many rows were seen, and how many of them
    /// no seal of this key proves.
    pub fn end(self, tell: &mut dyn FnMut(Finding)) -> (u64, u64) {
        let seq = self.last.0;
        let mut found = |seq, wrong, text: String| tell(Finding { seq, wrong, text });
        match (&self.head, &self.sealed) {
            (Some(head), _) if head.seq > seq => {
                found(head.seq, Wrong::Missing, format!("the newest are cut off: {}", missing(seq + 1, head.seq)))
            }
            (Some(_), _) => {}
            (None, Some(_)) => found(seq, Wrong::Head, "the head is not Jamey's: its seal does not fit".into()),
            (None, None) => found(seq, Wrong::Head, "there is no head: whether rows after this one are missing cannot be told".into()),
        }
        if self.key.is_none() {
            let text = "there is no key: that each row follows the one before is shown; that nobody wrote all of them anew, or cut the newest off, is not";
            found(seq, Wrong::Key, text.into());
        }
        (self.rows, if self.key.is_some() { self.unproven } else { self.rows })
    }
}

fn missing(from: i64, to: i64) -> String {
    if from == to { format!("row {from} is missing") } else { format!("rows {from} to {to} are missing") }
}
