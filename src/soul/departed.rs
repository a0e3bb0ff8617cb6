//! Entities for whom there was no room any more: who goes first, and what is kept of them. A flood of new ids washes nobody clean.

use super::{
    known::{Past, Use},
    relations::Relations,
};
use crate::domain::{Change, EntityId, limits};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How many are found expendable in one look at all: a look costs half a millisecond, so that each costs some microseconds.
const AT_ONCE: usize = 256;

/// What stood against those who left, by a digest of their ids.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Departed {
    pasts: BTreeMap<u128, Past>,
    /// The same by how grave it is: bits of a number that is not negative are in its order.
    by_gravity: BTreeSet<(u64, u128)>,
    /// Those whom the last look found expendable, the most so last, as they were then.
    expendable: Vec<(EntityId, Use)>,
    /// Rows that are to be written.
    changed: BTreeSet<u128>,
}

impl Departed {
    /// The next to go: `all` are those who may, as they are now. None: nobody may.
    pub fn next<'e>(
        &mut self,
        now: impl Fn(&EntityId) -> Option<Use>,
        all: impl Iterator<Item = (&'e EntityId, Use)>,
        relations: &Relations,
    ) -> Option<EntityId> {
        let still = |(id, was): &(EntityId, Use)| now(id).as_ref() == Some(was) && !relations.is_owners(id);
        while let Some(one) = self.expendable.pop() {
            if still(&one) {
                return Some(one.0);
            }
        }
        let mut all: Vec<(&EntityId, Use)> = all.filter(|(id, _)| !relations.is_owners(id)).collect();
        let order = |x: &(&EntityId, Use), y: &(&EntityId, Use)| x.1.cmp(&y.1).then_with(|| x.0.cmp(y.0));
        if all.len() > AT_ONCE {
            all.select_nth_unstable_by(AT_ONCE, order);
            all.truncate(AT_ONCE);
        }
        all.sort_unstable_by(|x, y| order(y, x));
        self.expendable = all.into_iter().map(|(id, usefulness)| (id.clone(), usefulness)).collect();
        self.expendable.pop().map(|(id, _)| id)
    }

    /// Keeps what stands against one who leaves; of too many the least grave goes.
    pub fn keep(&mut self, entity: &EntityId, past: Past) {
        let id = digest(entity);
        self.drop_past(id);
        if self.pasts.len() >= limits::DEPARTED {
            let Some(&(least, who)) = self.by_gravity.first() else { return };
            if bits(&past) <= least {
                return;
            }
            self.drop_past(who);
        }
        self.by_gravity.insert((bits(&past), id));
        self.pasts.insert(id, past);
        self.changed.insert(id);
    }

    #[must_use]
    pub fn has(&self, entity: &EntityId) -> bool {
        self.pasts.contains_key(&digest(entity))
    }

    /// What stood against one who comes back.
    pub fn take(&mut self, entity: &EntityId) -> Option<Past> {
        if self.pasts.is_empty() {
            return None;
        }
        self.drop_past(digest(entity))
    }

    /// Takes it back from the store.
    pub fn restore(&mut self, id: u128, past: Past) {
        self.by_gravity.insert((bits(&past), id));
        self.pasts.insert(id, past);
    }

    /// Rows that are to be written; None: to be deleted.
    pub fn take_changes(&mut self, write: impl Fn(&Past) -> Option<Vec<u8>>) -> Vec<Change> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|id| Change::Departed { id: id.to_be_bytes(), state: self.pasts.get(&id).and_then(&write) }).collect()
    }

    fn drop_past(&mut self, id: u128) -> Option<Past> {
        let past = self.pasts.remove(&id)?;
        self.by_gravity.remove(&(bits(&past), id));
        self.changed.insert(id);
        Some(past)
    }
}

fn bits(past: &Past) -> u64 {
    past.gravity().max(0.0).to_bits()
}

/// The first half of the id's SHA-256: two of some thousand never share it.
fn digest(entity: &EntityId) -> u128 {
    Sha256::digest(entity.as_str().as_bytes()).first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half))
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{EntityId, Standing, Timestamp, limits},
        soul::{Evidence, Soul},
    };

    fn id(name: &str) -> EntityId {
        EntityId::new(name).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
    }

    fn flood(soul: &mut Soul, name: &str, from: i64) {
        for n in 0..i64::try_from(limits::ENTITIES).unwrap() + 10 {
            soul.hear(&id(&format!("{name}{n}")), at(from + n / 1_000), None, Evidence::OnTime);
        }
    }

    #[test]
    fn a_flood_of_new_ids_pushes_out_the_flood_and_washes_nobody_clean() {
        let mut soul = Soul::new();
        soul.declare(&id("anna"), Standing::Owner, at(0));
        soul.declare(&id("lock"), Standing::Paired, at(0));
        for n in 0..50 {
            soul.hear(&id("thermometer"), at(n * 60), None, Evidence::OnTime);
        }
        soul.hear(&id("crook"), at(3_000), Some(&id("anna")), Evidence::Impersonation);
        soul.hear(&id("fool"), at(3_000), Some(&id("lock")), Evidence::Denied);
        let before = soul.opinion(&id("crook"), at(3_600)).unwrap();
        flood(&mut soul, "a", 3_600);
        flood(&mut soul, "b", 7_200);
        for stays in ["anna", "lock", "thermometer"] {
            assert!(soul.events(&id(stays)).is_some(), "{stays}");
        }
        assert_eq!(soul.untracked(), 0);
        assert_eq!(soul.opinions(at(9_000)).len(), limits::ENTITIES);
        soul.declare(&id("crook"), Standing::Newcomer, at(9_000));
        let after = soul.opinion(&id("crook"), at(9_000)).unwrap();
        // Until it was pushed out time passed for it as for all: a thousandth of a piece of evidence faded.
        assert!(after.expectation.get() <= before.expectation.get() + 1e-4, "{after:?} {before:?}");
        assert!(after.lower_bound.get() <= before.lower_bound.get() + 1e-6);
        assert_eq!(after.detail.facets[0].owed, before.detail.facets[0].owed, "probation goes on where it was");
    }

    #[test]
    fn who_leaves_with_something_against_them_has_it_again_when_they_come_back() {
        let mut soul = Soul::new();
        soul.hear(&id("crook"), at(0), Some(&id("anna")), Evidence::Denied);
        let before = soul.trust(&id("crook"), at(60));
        assert_eq!(soul.depart(&id("crook"), at(60)), Some(()));
        assert_eq!(soul.events(&id("crook")), None);
        let newcomer = soul.trust(&id("another"), at(60));
        soul.declare(&id("crook"), Standing::Newcomer, at(3_600));
        let after = soul.trust(&id("crook"), at(3_600));
        assert!(after <= before && after <= newcomer, "{after:?} {before:?} {newcomer:?}");
    }

    #[test]
    fn a_new_id_is_trusted_no_more_than_the_old_one_was_before_its_breach() {
        let mut soul = Soul::new();
        let newcomer = soul.trust(&id("another"), at(0));
        let mut least = f64::MAX;
        for n in 0..500 {
            soul.hear(&id("old"), at(n * 60), None, Evidence::Clean);
            least = least.min(soul.trust(&id("old"), at(n * 60)).get());
        }
        assert!(newcomer.get() <= least, "whoever throws an id away throws away what was earned under it");
    }

    #[test]
    fn one_past_the_limit_drops_the_least_grave() {
        let mut soul = Soul::new();
        let one = |soul: &mut Soul, name: &str, times: i64| {
            for n in 0..times {
                soul.hear(&id(name), at(n * 60), Some(&id("lock")), Evidence::Denied);
            }
            soul.depart(&id(name), at(7_200));
        };
        one(&mut soul, "grave", 5);
        for n in 0..limits::DEPARTED {
            one(&mut soul, &format!("light{n}"), 1);
        }
        assert_eq!(soul.departed.pasts.len(), limits::DEPARTED);
        assert_eq!(soul.departed.by_gravity.len(), limits::DEPARTED);
        assert!(soul.departed.take(&id("grave")).is_some());
    }

    #[test]
    fn what_stood_against_them_survives_a_restart() {
        let mut soul = Soul::new();
        soul.hear(&id("crook"), at(0), None, Evidence::Impersonation);
        soul.depart(&id("crook"), at(60));
        let changes = soul.take_changes(at(60));
        let mut again = Soul::new();
        let mut gone = 0;
        for change in changes {
            match change {
                crate::domain::Change::Departed { id, state: Some(state) } => again.restore_departed(id, &state).unwrap(),
                crate::domain::Change::EntityGone(_) => gone += 1,
                _ => {}
            }
        }
        assert_eq!((gone, &again.departed.pasts), (1, &soul.departed.pasts));
        assert_eq!(again.departed.by_gravity, soul.departed.by_gravity);
    }
}
