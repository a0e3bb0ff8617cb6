//! Whether a set of rules takes care away that another has: what speaks against requests is gone or weighs less, what speaks for them is new or weighs
//! more, or the bars are lower. Where that cannot be told, it does. Pure.

use super::{Kind, Rule, RuleSet};

/// What of it is milder, in words, each a part of a sentence; empty: nothing.
#[must_use]
pub fn milder(before: &RuleSet, after: &RuleSet) -> Vec<String> {
    let mut found = Vec::new();
    for old in before.rules() {
        match after.rules().find(|new| new.id == old.id) {
            None if is_good(old) => {}
            None => found.push(format!("{} is gone", old.id)),
            Some(new) if !is_same(old, new) => found.push(format!("{} is another rule", old.id)),
            Some(new) if weighs_milder(old, new) => found.push(format!("{} weighs {}, not {}", old.id, new.weight, old.weight)),
            Some(_) => {}
        }
    }
    for new in after.rules().filter(|new| before.rules().all(|old| old.id != new.id)) {
        if new.polarity > 0 && new.weight > 0.0 {
            found.push(format!("{} speaks for requests", new.id));
        } else if !new.overrides.is_empty() {
            found.push(format!("{} silences {}", new.id, new.overrides.join(" and ")));
        }
    }
    let (was, is) = (before.tuning(), after.tuning());
    if is.caution < was.caution {
        found.push(format!("the caution is {}, not {}", is.caution, was.caution));
    }
    if is.trust_from > was.trust_from {
        found.push(format!("trust is asked for from a risk of {} on, not {}", is.trust_from, was.trust_from));
    }
    found
}

/// It does nothing but speak for requests.
fn is_good(rule: &Rule) -> bool {
    rule.kind == Kind::Weigh && rule.polarity > 0 && rule.overrides.is_empty()
}

/// The same but for its weight, and for where it stands.
fn is_same(old: &Rule, new: &Rule) -> bool {
    let what = |r: &Rule| (r.kind, r.polarity, r.severity.to_bits(), r.at_expiry);
    what(old) == what(new) && (&old.when, &old.degree, &old.overrides) == (&new.when, &new.degree, &new.overrides)
}

fn weighs_milder(old: &Rule, new: &Rule) -> bool {
    let (speaks_for, less, more) = (old.polarity > 0, new.weight < old.weight, new.weight > old.weight);
    // What asks a person asks nobody when it weighs nothing.
    let asks_no_more = old.kind == Kind::Escalate && new.weight == 0.0 && less;
    asks_no_more || if speaks_for { more } else { less }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RuleText, Ruling};

    const BASE: &str = r#"
[[rule]]
id = "AGAINST"
duty = "security"
kind = "weigh"
polarity = -1
weight = 5
severity = 0.5
when = "act.verb == 'open'"
[[rule]]
id = "FOR"
duty = "stewardship"
kind = "weigh"
polarity = 1
weight = 5
severity = 0.5
when = "act.verb == 'close'"
[[rule]]
id = "ASK"
duty = "autonomy"
kind = "escalate"
polarity = 1
weight = 5
severity = 0.5
when = "act.verb == 'unlock'"
"#;

    fn rule(id: &str, polarity: i8, more: &str) -> String {
        format!(
            "[[rule]]\nid = \"{id}\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = {polarity}\nweight = 5\nseverity = 0.5\n{more}\n"
        )
    }

    fn set(own: Option<&str>) -> RuleSet {
        let text = |name: &str, text: &str| RuleText { name: name.into(), text: text.into() };
        let ruling = Ruling { sources: vec![text("base.toml", BASE)], ..Ruling::default() };
        let ruling = own.map_or_else(|| ruling.clone(), |own| ruling.with(text("own.toml", own)));
        RuleSet::of(&ruling, &[]).unwrap_or_else(|errors| panic!("{}", errors[0].picture()))
    }

    #[test]
    fn what_takes_care_away_is_milder_and_what_adds_some_is_not() {
        let base = set(None);
        let open = "when = \"act.verb == 'open'\"";
        for (own, says) in [
            ("without = [\"AGAINST\"]", "AGAINST is gone"),
            ("without = [\"ASK\"]", "ASK is gone"),
            ("[weights]\nAGAINST = 4.9", "AGAINST weighs 4.9, not 5"),
            ("[weights]\nFOR = 5.1", "FOR weighs 5.1, not 5"),
            ("[weights]\nASK = 0.0", "ASK weighs 0, not 5"),
            (&rule("AGAINST", -1, "when = \"act.verb == 'close'\""), "AGAINST is another rule"),
            (&rule("NEW", 1, open), "NEW speaks for requests"),
            (&rule("NEW", -1, &format!("{open}\noverrides = [\"AGAINST\"]")), "NEW silences AGAINST"),
        ] {
            let found = milder(&base, &set(Some(own)));
            assert!(found.iter().any(|one| one == says), "{own}: {found:?}");
        }
        for own in ["", "without = [\"FOR\"]", "[weights]\nAGAINST = 6.0\nFOR = 1.0\nASK = 4.0", &rule("NEW", -1, open)] {
            assert_eq!(milder(&base, &set(Some(own))), Vec::<String>::new(), "{own}");
        }
        assert!(milder(&base, &base).is_empty());
    }

    #[test]
    fn lower_bars_are_milder() {
        let with = |own: &str| set(Some(own));
        let (low, high) = (with("[thresholds]\ncaution = 0.05\n"), with("[thresholds]\ncaution = 0.1\n"));
        assert_eq!(milder(&high, &low), ["the caution is 0.05, not 0.1"]);
        assert!(milder(&low, &high).is_empty());
    }
}
