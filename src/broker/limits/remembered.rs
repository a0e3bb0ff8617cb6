//! A memory with an end: so many are remembered, and the one not met for longest is forgotten for a new one.

use std::collections::BTreeMap;

#[derive(Debug)]
pub struct Remembered<K, V> {
    most: usize,
    met: u64,
    by_key: BTreeMap<K, (u64, V)>,
    by_time: BTreeMap<u64, K>,
}

impl<K: Ord + Clone, V> Remembered<K, V> {
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), met: 0, by_key: BTreeMap::new(), by_time: BTreeMap::new() }
    }

    /// What is known of this one, from now on the last one met.
    pub fn meet(&mut self, key: &K, new: impl FnOnce() -> V) -> &mut V {
        self.met += 1;
        let met = self.met;
        if let Some((before, _)) = self.by_key.get(key) {
            self.by_time.remove(before);
        } else if self.by_key.len() >= self.most
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.by_key.remove(&oldest);
        }
        self.by_time.insert(met, key.clone());
        let (last, value) = self.by_key.entry(key.clone()).or_insert_with(|| (met, new()));
        *last = met;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_last_ones_met_are_known_and_nobody_else(most in 1_usize..8, met in proptest::collection::vec(0_u8..12, 0..60)) {
            let (mut memory, mut model) = (Remembered::new(most), Vec::<u8>::new());
            for key in met {
                let is_known = model.contains(&key);
                model.retain(|known| *known != key);
                model.push(key);
                if model.len() > most {
                    model.remove(0);
                }
                let mut is_new = false;
                memory.meet(&key, || is_new = true);
                prop_assert_eq!(is_new, !is_known);
                prop_assert_eq!(memory.by_time.values().copied().collect::<Vec<_>>(), model.clone());
                prop_assert_eq!(memory.by_key.len(), model.len());
            }
        }
    }
}
