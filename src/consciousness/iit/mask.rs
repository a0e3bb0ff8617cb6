//! Sets of up to eight nodes as bits: node k is in a set when its bit k is 1. States of nodes are written the same way.

/// A set of nodes, or the state of all of them.
pub type Mask = u16;

/// The nodes of a set, in their order.
pub fn nodes(set: Mask) -> impl Iterator<Item = usize> + Clone {
    bits(set).map(|bit| usize::try_from(bit.trailing_zeros()).unwrap_or(0))
}

/// The nodes of a set, each as a set of its own.
fn bits(set: Mask) -> impl Iterator<Item = Mask> + Clone {
    let mut left = set;
    std::iter::from_fn(move || {
        let lowest = left & left.wrapping_neg();
        left ^= lowest;
        (lowest != 0).then_some(lowest)
    })
}

pub fn has(set: Mask, node: usize) -> bool {
    one(node) & set != 0
}

pub fn one(node: usize) -> Mask {
    u32::try_from(node).ok().and_then(|bit| Mask::from(1u8).checked_shl(bit)).unwrap_or(0)
}

pub fn count(set: Mask) -> usize {
    usize::try_from(set.count_ones()).unwrap_or(0)
}

/// All of the first n nodes.
pub fn all(n: usize) -> Mask {
    one(n).wrapping_sub(1)
}

/// How many states a set of nodes has.
pub fn states(set: Mask) -> usize {
    usize::from(one(count(set)))
}

/// The low bits of `state` put where the bits of `set` are.
pub fn spread(state: Mask, set: Mask) -> Mask {
    let (mut spread, mut left) = (0, state);
    for bit in bits(set) {
        spread |= if left & 1 == 0 { 0 } else { bit };
        left >>= 1;
    }
    spread
}

/// The bits of `state` that stand in `set`, moved together at the low end.
pub fn gather(state: Mask, set: Mask) -> Mask {
    let (mut gathered, mut to): (Mask, Mask) = (0, 1);
    for bit in bits(set) {
        gathered |= if state & bit == 0 { 0 } else { to };
        to = to.wrapping_shl(1);
    }
    gathered
}

/// Which place a node has among those of a set.
pub fn place(node: usize, set: Mask) -> usize {
    count(set & all(node))
}

/// Each subset of a set, the set itself first and the empty one last.
pub fn subsets(set: Mask) -> impl Iterator<Item = Mask> {
    let mut next = Some(set);
    std::iter::from_fn(move || {
        let subset = next?;
        next = (subset != 0).then(|| subset.wrapping_sub(1) & set);
        Some(subset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_is_spread_again() {
        for set in [0b10110, 0, 0b1, 0b1111_1111] {
            for x in 0..states(set) {
                let x = Mask::try_from(x).unwrap();
                assert_eq!(gather(spread(x, set), set), x);
            }
            assert_eq!(subsets(set).count(), states(set));
        }
        assert_eq!((gather(0b10100, 0b10110), place(4, 0b10110)), (0b110, 2));
    }
}
