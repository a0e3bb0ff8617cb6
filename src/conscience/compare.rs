//! What two sets of rules make of the same request: whether they differ, and which rule it was.

use crate::domain::Contribution;

/// The rule that made the difference: a veto that only one of them has, else an escalation, else the greatest change of a share.
/// None: the same rules spoke alike, and something else differs (a bar, a doubt).
#[must_use]
pub fn turned_by<'v>(before: &'v [Contribution], after: &'v [Contribution]) -> Option<&'v str> {
    let share = |of: &[Contribution], rule: &str| of.iter().find(|c| c.rule == rule).map(|c| c.share);
    let rank = |kind: &str| match kind {
        "veto" => 2,
        "escalate" => 1,
        _ => 0,
    };
    let moved = before.iter().chain(after).filter_map(|c| {
        let (a, b) = (share(before, &c.rule), share(after, &c.rule));
        let by = (a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs();
        let only_one = a.is_none() != b.is_none();
        (only_one || by > 1e-9).then(|| (if only_one { rank(&c.kind) } else { 0 }, by, c.rule.as_str()))
    });
    moved.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then_with(|| b.2.cmp(a.2))).map(|(_, _, rule)| rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    fn c(rule: &str, kind: &str, share: f64) -> Contribution {
        Contribution { rule: rule.into(), kind: kind.into(), share, duty: "security".into() }
    }

    #[test]
    fn the_rule_that_made_the_difference_is_named() {
        let (weigh, veto) = (c("A", "weigh", -0.5), c("V", "veto", -0.1));
        assert_eq!(turned_by(from_ref(&weigh), &[c("A", "weigh", -0.1), veto.clone()]), Some("V"));
        assert_eq!(turned_by(&[weigh.clone(), veto], from_ref(&weigh)), Some("V"));
        assert_eq!(turned_by(&[weigh.clone(), c("B", "weigh", 0.2)], &[c("A", "weigh", -0.4), c("B", "weigh", 0.25)]), Some("A"));
        assert_eq!(turned_by(from_ref(&weigh), from_ref(&weigh)), None);
        assert_eq!(turned_by(&[], &[]), None);
    }
}
