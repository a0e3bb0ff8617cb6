//! What the retained values take of the memory: how many, and how many bytes together. The engine knows the number and not the sum.

use crate::config;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Why a value is not retained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    Size,
    Number,
    Sum,
}

#[derive(Debug)]
pub struct Retained {
    most: usize,
    largest: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    values: BTreeMap<String, Value>,
    /// Of others' values; Jamey's own have limits elsewhere and take nobody's room.
    number: usize,
    bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    bytes: usize,
    own: bool,
}

impl Retained {
    pub fn new(config: &config::Limits) -> Self {
        Self {
            most: config.retained_messages,
            largest: config.retained_message_bytes,
            most_bytes: config.retained_bytes,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for this value in place of the one before it.
    ///
    /// # Errors
    /// When there is none.
    pub fn check(&self, topic: &str, bytes: usize) -> Result<(), NoRoom> {
        if bytes > self.largest {
            return Err(NoRoom::Size);
        }
        let kept = self.kept();
        let before = kept.values.get(topic).map(|value| value.bytes);
        if before.is_none() && kept.number >= self.most {
            return Err(NoRoom::Number);
        }
        // A smaller value in place of a larger one is always welcome, also where others filled the house before the config was changed.
        if before.is_none_or(|before| bytes > before) && (kept.bytes + bytes).saturating_sub(before.unwrap_or_default()) > self.most_bytes {
            return Err(NoRoom::Sum);
        }
        Ok(())
    }

    /// A value was retained; an empty one takes the place of none. `own`: Jamey's.
    pub fn set(&self, topic: &str, bytes: usize, own: bool) {
        self.kept().set(topic, Value { bytes, own });
    }

    /// All that is retained, as topic, bytes, and whether it is Jamey's own: values expire without a word.
    pub fn are<'v>(&self, values: impl Iterator<Item = (&'v str, usize, bool)>) {
        let mut kept = Kept::default();
        for (topic, bytes, own) in values {
            kept.set(topic, Value { bytes, own });
        }
        *self.kept() = kept;
    }

    /// All values, Jamey's own too.
    pub fn count(&self) -> usize {
        self.kept().values.len()
    }

    /// Of all values, in order.
    pub fn topics(&self) -> Vec<String> {
        self.kept().values.keys().cloned().collect()
    }

    /// Of all values, Jamey's own too.
    pub fn bytes(&self) -> usize {
        self.kept().values.values().map(|value| value.bytes).sum()
    }
}

impl Kept {
    fn set(&mut self, topic: &str, value: Value) {
        let before = if value.bytes == 0 { self.values.remove(topic) } else { self.values.insert(topic.to_owned(), value) };
        if let Some(before) = before.filter(|before| !before.own) {
            (self.number, self.bytes) = (self.number.saturating_sub(1), self.bytes.saturating_sub(before.bytes));
        }
        if value.bytes > 0 && !value.own {
            (self.number, self.bytes) = (self.number + 1, self.bytes + value.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retained() -> Retained {
        let config = config::Limits { retained_messages: 3, retained_message_bytes: 60, retained_bytes: 100, ..config::Limits::default() };
        Retained::new(&config)
    }

    #[test]
    fn each_limit_at_and_one_past() {
        let kept = retained();
        assert_eq!(kept.check("a", 60), Ok(()));
        assert_eq!(kept.check("a", 61), Err(NoRoom::Size));
        kept.set("a", 60, false);
        assert_eq!(kept.check("b", 40), Ok(()));
        assert_eq!(kept.check("b", 41), Err(NoRoom::Sum));
        assert_eq!(kept.check("a", 60), Ok(()), "in place of itself");
        kept.set("b", 1, false);
        kept.set("c", 1, false);
        assert_eq!(kept.check("d", 1), Err(NoRoom::Number));
        assert_eq!(kept.check("c", 2), Ok(()));
        kept.set("a", 0, false);
        assert_eq!((kept.check("d", 1), kept.bytes()), (Ok(()), 2));
        kept.are([("x", 60, false), ("y", 60, false), ("own", 9, true)].into_iter());
        assert_eq!((kept.bytes(), kept.check("y", 59), kept.check("z", 1)), (129, Ok(()), Err(NoRoom::Sum)));
    }

    proptest! {
        #[test]
        fn the_sum_is_that_of_the_values(sets in proptest::collection::vec(("[a-d]", 0_usize..70), 0..60)) {
            let (kept, mut model, mut own) = (retained(), BTreeMap::new(), 0);
            for (topic, bytes) in sets {
                if bytes == 0 || kept.check(&topic, bytes).is_ok() {
                    kept.set(&topic, bytes, false);
                    kept.set("own", bytes, true);
                    own = bytes;
                    model.insert(topic, bytes);
                }
                model.retain(|_, bytes| *bytes > 0);
                let others = model.values().sum::<usize>();
                let counted = kept.kept().bytes;
                prop_assert_eq!((counted, kept.bytes()), (others, others + own));
                prop_assert!(others <= 100 && model.len() <= 3);
            }
        }
    }
}
