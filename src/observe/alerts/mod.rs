//! What is wrong now, as people are told it: each cause once, since when, how grave, and who has seen it. Pure but for its lock.

mod book;
mod page;
mod patience;
pub mod told;

#[cfg(test)]
mod tests;

pub use page::MORE;
pub use patience::Patience;

use crate::domain::{Alarm, Timestamp};
use book::Book;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// An alert that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub code: String,
    /// `since` is that of the first cause, however often its words changed.
    pub alarm: Alarm,
    /// Who has seen it, and when: it stands on, and is announced no more until it gets worse.
    pub acknowledged: Option<(String, Timestamp)>,
    /// How often its cause was gone and came back within an hour.
    pub times: u32,
}

/// What became of one since the last look, as it is on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It has come to the page.
    Raised(Alert),
    /// It was a warning, and is critical now; whoever had seen it has not seen this.
    Graver(Alert),
    /// Its words, or it is less grave.
    Changed(Alert),
    /// It stood before the start, and its cause is seen again.
    Stands(Alert),
    Acknowledged(Alert),
    /// It stands on, and is only counted in `more`.
    Folded(Alert),
    /// As it stood last.
    Cleared(Alert),
}

impl Turn {
    #[must_use]
    pub fn alert(&self) -> &Alert {
        match self {
            Self::Raised(alert)
            | Self::Graver(alert)
            | Self::Changed(alert)
            | Self::Stands(alert)
            | Self::Acknowledged(alert)
            | Self::Folded(alert)
            | Self::Cleared(alert) => alert,
        }
    }

    /// Whether it stands on the page after it.
    #[must_use]
    pub fn stands(&self) -> bool {
        !matches!(self, Self::Folded(_) | Self::Cleared(_))
    }
}

/// All that stand, the gravest and oldest first; where they are more than a page has, the last of them is `more`, which counts the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub alerts: Vec<Alert>,
    pub more: usize,
}

/// It does not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such alert stands now: `jamey alert list` shows those that do")]
pub struct Unknown;

/// The one list of alerts that everybody reads.
#[derive(Debug, Default)]
pub struct Alerts {
    book: Mutex<Book>,
    page: Mutex<Arc<Page>>,
}

impl Alerts {
    #[must_use]
    pub fn new(patience: Patience) -> Self {
        Self { book: Mutex::new(Book::new(patience)), page: Mutex::default() }
    }

    /// From now on what is measured from moment to moment waits for so long.
    pub fn wait(&self, patience: Patience) {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).wait(patience);
    }

    /// Takes over what stood on the page before the start: it stands on until its cause had time to be seen, as old as it is, and seen by
    /// whom it was seen.
    pub fn remember(&self, stood: impl IntoIterator<Item = Alert>) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.remember(stood);
        self.show(book.page());
    }

    /// Takes what is wrong now, by code; gives what turned. `up` counts on however the clock is set.
    pub fn look(&self, up: Duration, causes: &BTreeMap<String, Alarm>) -> Vec<Turn> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = book.look(up, causes);
        self.show(book.page());
        turns
    }

    /// Somebody has seen it: the alert, and whether nobody had before. What was seen already stays as it is, so that saying it again costs
    /// nobody anything.
    ///
    /// # Errors
    /// When no such alert stands.
    pub fn acknowledge(&self, code: &str, by: &str, at: Timestamp) -> Result<(Alert, bool), Unknown> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = book.acknowledge(code, by, at).ok_or(Unknown)?;
        self.show(book.page());
        Ok(seen)
    }

    #[must_use]
    pub fn page(&self) -> Arc<Page> {
        Arc::clone(&self.page.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn show(&self, page: Page) {
        let mut shown = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        if **shown != page {
            *shown = Arc::new(page);
        }
    }
}
