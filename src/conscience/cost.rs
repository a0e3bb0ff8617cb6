//! What an expression can cost at most, so that no rule that loads makes a request wait.

use super::names::Field;
use super::term::{Fold, Op, Term};
use super::ternary::ITEMS;

/// The most that one expression may cost, in steps. A step is some 10 ns (`cargo bench --bench conscience`): a rule takes 30 µs at most.
pub(super) const STEPS: usize = 3_000;
/// A pattern on a text, in steps.
const PATTERN: usize = 40;
/// One list made longer by another: each element is moved.
const JOINED_LIST: usize = 16;

/// Steps in the worst case: every branch is taken, and what goes through a list goes through all of it.
pub(super) fn steps(term: &Term) -> usize {
    let below: usize = match term {
        Term::Fold(fold) => through(fold),
        term => term.children().into_iter().map(steps).fold(0, usize::saturating_add),
    };
    let own = match term {
        Term::Matches(..) => PATTERN,
        Term::Binary(Op::Add, pair) if is_list(&pair.0) || is_list(&pair.1) => JOINED_LIST,
        _ => 1,
    };
    below.saturating_add(own)
}

fn through(fold: &Fold) -> usize {
    let times = if let Term::List(items) = &fold.range { items.len() } else { ITEMS };
    let each = steps(&fold.go_on).saturating_add(steps(&fold.step));
    times.saturating_mul(each).saturating_add(steps(&fold.range)).saturating_add(steps(&fold.init)).saturating_add(steps(&fold.result))
}

fn is_list(term: &Term) -> bool {
    matches!(term, Term::List(_) | Term::Gathered | Term::Field(Field::Tags))
}
