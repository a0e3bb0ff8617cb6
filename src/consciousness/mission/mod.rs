//! What Jamey is for: how well each objective goes, counted occasion by occasion. An expression that speaks of an event (a request, a command, a
//! word) is looked at when that happens, and any other each ten seconds: so both are good and bad ones, and one arithmetic serves both.

mod standing;
#[cfg(test)]
mod tests;
mod words;

pub use standing::{Pursued, Standing, Turn};
pub use words::advice;

use crate::domain::{Figures, Timestamp, limits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Between two looks.
const LOOK_SECONDS: i64 = 10;

/// How each objective stands, by id, and the figures of the last look; at most `limits::MISSIONS`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Missions {
    of: BTreeMap<String, Standing>,
    figures: Figures,
    /// The last look, in tens of seconds since 1970: looks lie on a grid, so that it does not matter who asks when.
    looked: Option<i64>,
}

/// A stored state that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what was counted of the objective {id} cannot be read ({why})")]
pub struct Unreadable {
    id: String,
    why: String,
}

impl Missions {
    /// Takes back how an objective stood. One past `limits::MISSIONS` is left out.
    ///
    /// # Errors
    /// When that cannot be what was stored.
    pub fn restore(&mut self, id: &str, state: &[u8]) -> Result<(), Unreadable> {
        let unreadable = |why: String| Unreadable { id: id.to_owned(), why };
        let standing: Standing = ciborium::from_reader(state).map_err(|e| unreadable(e.to_string()))?;
        if standing.id() != id || !standing.is_sound() {
            return Err(unreadable("its values are impossible".to_owned()));
        }
        if self.of.len() < limits::MISSIONS || self.of.contains_key(id) {
            self.of.insert(id.to_owned(), standing.awake());
        }
        Ok(())
    }

    /// Takes the objectives that are pursued now. What counts the same goes on; what counts otherwise begins anew, and others are dropped.
    pub fn pursue<'a>(&mut self, all: impl IntoIterator<Item = Pursued<'a>>, at: Timestamp) {
        let mut old = std::mem::take(&mut self.of);
        for pursued in all {
            let standing = old.remove(pursued.id).and_then(|standing| standing.goes_on(&pursued));
            self.of.insert(pursued.id.to_owned(), standing.unwrap_or_else(|| Standing::new(&pursued, at)));
        }
    }

    /// Whether it is time to look; if so it is taken as done.
    pub fn take_look(&mut self, now: Timestamp) -> bool {
        let look = now.micros().div_euclid(1_000_000).div_euclid(LOOK_SECONDS);
        let due = self.looked.is_none_or(|looked| looked < look);
        if due {
            self.looked = Some(look);
        }
        due
    }

    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    pub fn figures_mut(&mut self) -> &mut Figures {
        &mut self.figures
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Standing> {
        self.of.get_mut(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Standing> {
        self.of.values()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Standing> {
        self.of.values_mut()
    }
}
