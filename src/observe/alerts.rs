//! What is wrong now, as people are told it: each cause once, since when, how grave, and who has seen it. Pure but for its lock.

use crate::domain::{Alarm, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// An alert that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    pub code: String,
    pub alarm: Alarm,
    /// Who has seen it, and when: it stands on, and is announced no more until it gets worse.
    pub acknowledged: Option<(String, Timestamp)>,
}

/// What became of one since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    Raised(Alert),
    Changed(Alert),
    Acknowledged(Alert),
    /// As it stood last.
    Cleared(Alert),
}

/// All that stand, the gravest and oldest first, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub alerts: Vec<Alert>,
    pub more: usize,
}

/// It does not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such alert stands now")]
pub struct Unknown;

/// The one list of alerts that everybody reads.
#[derive(Debug, Default)]
pub struct Alerts {
    book: Mutex<BTreeMap<String, Alert>>,
    page: Mutex<Arc<Page>>,
}

impl Alerts {
    /// Takes what is wrong now, by code; gives what turned.
    pub fn look(&self, _now: Timestamp, causes: &BTreeMap<String, Alarm>) -> Vec<Turn> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turns = Vec::new();
        book.retain(|code, alert| {
            let stays = causes.contains_key(code);
            if !stays {
                turns.push(Turn::Cleared(alert.clone()));
            }
            stays
        });
        for (code, alarm) in causes {
            match book.get_mut(code) {
                None => {
                    let alert = Alert { code: code.clone(), alarm: alarm.clone(), acknowledged: None };
                    turns.push(Turn::Raised(alert.clone()));
                    book.insert(code.clone(), alert);
                }
                Some(alert) if alert.alarm != *alarm => {
                    alert.alarm = alarm.clone();
                    turns.push(Turn::Changed(alert.clone()));
                }
                Some(_) => {}
            }
        }
        let page = Page { alerts: book.values().cloned().collect(), more: 0 };
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(page);
        turns
    }

    /// Somebody has seen it.
    ///
    /// # Errors
    /// When no such alert stands.
    pub fn acknowledge(&self, code: &str, by: &str, at: Timestamp) -> Result<Alert, Unknown> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let alert = book.get_mut(code).ok_or(Unknown)?;
        alert.acknowledged = Some((by.to_owned(), at));
        Ok(alert.clone())
    }

    #[must_use]
    pub fn page(&self) -> Arc<Page> {
        Arc::clone(&self.page.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
