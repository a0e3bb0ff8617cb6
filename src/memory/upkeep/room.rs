//! Whether the search index has the room that it may have, and what is to be done where it has not. Pure.

use crate::memory::index::Weight;

/// One more of so many goes: what comes until the next look has room then.
const AHEAD: u64 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexRoom {
    Fits,
    /// It fits when what was deleted is merged away.
    Merge,
    /// It does not fit even then: so many records and sums must go.
    Over(u64),
}

/// What is to be done for an index to take at most so many bytes; 0: it may take any. What each record takes is reckoned from all of them.
#[must_use]
pub fn index_room(most_bytes: u64, weight: Weight) -> IndexRoom {
    let Weight { bytes, records, deleted } = weight;
    if most_bytes == 0 || bytes <= most_bytes {
        return IndexRoom::Fits;
    }
    let share = |whole: u64, part: u64, of: u64| {
        let share = u128::from(whole) * u128::from(part) / u128::from(of.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    };
    let alive = share(bytes, records, records.saturating_add(deleted));
    if alive <= most_bytes {
        return if deleted > 0 { IndexRoom::Merge } else { IndexRoom::Fits };
    }
    let over = share(records, alive - most_bytes, alive);
    IndexRoom::Over(over.saturating_add(over / AHEAD).saturating_add(1).min(records))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(bytes: u64, records: u64, deleted: u64) -> Weight {
        Weight { bytes, records, deleted }
    }

    #[test]
    fn what_was_deleted_goes_first_and_then_as_many_records_as_are_too_many() {
        assert_eq!(index_room(0, weight(u64::MAX, 1, 0)), IndexRoom::Fits, "without a limit");
        assert_eq!(index_room(1_000, weight(1_000, 10, 90)), IndexRoom::Fits);
        assert_eq!(index_room(1_000, weight(1_001, 50, 50)), IndexRoom::Merge);
        assert_eq!(index_room(1_000, weight(2_000, 100, 0)), IndexRoom::Over(54), "half of them, and a little");
        assert_eq!(index_room(1_000, weight(4_000, 100, 100)), IndexRoom::Over(54), "of what is left after a merge");
        assert_eq!(index_room(1, weight(1_000, 3, 0)), IndexRoom::Over(3), "no more than there are");
        assert_eq!(index_room(1, weight(u64::MAX, u64::MAX, u64::MAX)), IndexRoom::Over(u64::MAX));
        assert_eq!(index_room(10, weight(1_000, 0, 0)), IndexRoom::Fits, "an empty one takes what it takes");
    }
}
