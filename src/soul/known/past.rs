//! What stood against an entity when there was no room for it any more: whoever comes back under the same id has it again.

use super::Known;
use crate::{
    domain::{Facet, Standing, Timestamp},
    soul::opinion::Opinion,
};
use serde::{Deserialize, Serialize};

/// The facets with something against them, without what spoke for them.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Past(Vec<(Facet, Opinion)>);

/// How little an entity would be missed, least first: clean before probation, then who said least, then who said it longest ago.
pub type Use = (bool, u64, Timestamp);

impl Known {
    /// None for those who always stay: owners, and what was declared or discovered.
    #[must_use]
    pub fn usefulness(&self) -> Option<Use> {
        let probation = self.facets.0.iter().any(|(_, o)| o.on_probation());
        (self.standing == Standing::Newcomer).then_some((probation, self.events, self.last_seen))
    }

    /// What stands against it now; None where nothing does.
    #[must_use]
    pub fn past(&self, at: Timestamp) -> Option<Past> {
        let now = self.moment(at);
        let against: Vec<_> = self.facets.0.iter().filter_map(|(facet, o)| Some((*facet, o.against(now)?))).collect();
        (!against.is_empty()).then_some(Past(against))
    }

    /// Takes back what stood against it before it was forgotten.
    pub fn recall(&mut self, past: Past, at: Timestamp) {
        let now = self.moment(at);
        for (facet, before) in past.0 {
            self.facets.change(facet, now, |opinion| *opinion = before.resumed(now));
        }
        self.settled = self.belief(now).expectation();
    }
}

impl Past {
    /// How grave it is: clean events owed, and pieces of evidence against; at least 0.
    #[must_use]
    pub fn gravity(&self) -> f64 {
        self.0.iter().map(|(_, o)| o.gravity()).sum()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|(_, o)| o.is_sound())
    }
}
