//! The laws of judging, on random requests to the shipped rules and on random rules.

use super::*;
use crate::conscience::thresholds;
use crate::domain::Decision;
use proptest::prelude::*;
use std::sync::OnceLock;

pub(super) const VERBS: [&str; 16] = [
    "on", "off", "open", "close", "lock", "unlock", "set", "mode", "arm", "disarm", "mute", "disable", "update", "export", "unknown",
    "press",
];
const TAGS: [&str; 10] = [
    "life_safety",
    "medical",
    "fire_suppression",
    "heat_source",
    "heater",
    "security",
    "private_area",
    "personal_data",
    "refrigeration",
    "firmware",
];

fn unit() -> impl Strategy<Value = Unit01> {
    (0.0..=1.0f64).prop_map(Unit01::clamped)
}

/// Any request; signals missing now and then when `missing`.
pub(super) fn any_facts(missing: bool) -> impl Strategy<Value = Facts> {
    let class = proptest::sample::select(crate::conscience::names::CLASSES.to_vec());
    let target = (class, proptest::sample::select(VERBS.to_vec()), proptest::sample::subsequence(TAGS.to_vec(), 0..3), any::<bool>());
    let rates = (prop_oneof![Just(0u32), 0..400u32], 0..2u32);
    let asker = (unit(), any::<bool>(), 0..3u8, any::<bool>(), prop_oneof![Just("owner"), Just("")]);
    let asked = (proptest::option::of(-10.0..40.0f64), 0..3u8, proptest::bool::weighted(0.1), any::<bool>());
    let known = proptest::bool::weighted(if missing { 0.7 } else { 1.0 });
    let house = (proptest::collection::vec((any::<bool>(), known), 7), -20.0..40.0f64, -20.0..40.0f64, 0..24u8);
    (target, rates, asker, asked, house, unit()).prop_map(|(target, rates, asker, asked, house, stress)| {
        let mut f = facts(target.0, target.1);
        f.dev.tags = target.2.iter().map(|t| (*t).to_owned()).collect();
        f.dev.area = if target.3 { "bedroom" } else { "hall" }.into();
        (f.dev.cmds_60s, f.dev.opposite_5s) = rates;
        (f.req.trust, f.req.human) = (asker.0, asker.1);
        if asker.2 == 0 {
            f.req.entity = EntityId::escaped("somebody_else");
        }
        f.req.delegated = asker.3;
        f.req.role = asker.4.into();
        f.act.value = asked.0;
        match asked.1 {
            0 => f.act.args.insert("mode".into(), "home".into()),
            1 => f.act.args.insert("reason".into(), "toast".into()),
            _ => None,
        };
        (f.act.retained, f.act.signed) = (asked.2, asked.3);
        let truths = BOOLS.iter().zip(house.0).map(|(n, (value, known))| ((*n).to_owned(), (SignalValue::Bool(value), known)));
        let numbers = [("in_c", house.1), ("out_c", house.2), ("hour", f64::from(house.3))];
        f.ctx = truths.chain(numbers.map(|(n, v)| (n.to_owned(), (SignalValue::Number(v), true)))).collect();
        f.stress = stress;
        f
    })
}

pub(super) fn set() -> RuleSet {
    static SET: OnceLock<RuleSet> = OnceLock::new();
    SET.get_or_init(|| shipped(true)).clone()
}

/// Rules that fire by the word in `act.args`, so that a request chooses which.
fn random_rules() -> impl Strategy<Value = Vec<(String, i64, f64, f64)>> {
    let kind = prop_oneof![4 => Just("weigh"), 1 => Just("escalate"), 1 => Just("veto")];
    let rule = (kind, any::<bool>(), 0.1..10.0f64, 0.0..=1.0f64);
    proptest::collection::vec(rule, 1..6)
        .prop_map(|rules| rules.into_iter().map(|(k, good, w, s)| (k.to_owned(), if good && k != "veto" { 1 } else { -1 }, w, s)).collect())
}

fn written(rules: &[(String, i64, f64, f64)]) -> RuleSet {
    let text: String = rules
        .iter()
        .enumerate()
        .map(|(i, (kind, polarity, weight, severity))| {
            format!("[[rule]]\nid='R{i}'\nduty='security'\nkind='{kind}'\npolarity={polarity}\nweight={weight:?}\nseverity={severity:?}\nwhen=\"'r{i}' in act.args\"\n")
        })
        .collect();
    load(&[("r.toml".into(), text)]).unwrap_or_else(|e| panic!("{}", told(&e)))
}

fn with(mut facts: Facts, fires: &[bool]) -> Facts {
    for (i, _) in fires.iter().enumerate().filter(|f| *f.1) {
        facts.act.args.insert(format!("r{i}"), true.into());
    }
    facts
}

proptest! {
    #[test]
    fn the_explanation_is_the_score(f in any_facts(true)) {
        let v = set().judge(&f);
        let sum: f64 = v.contributions.iter().map(|c| c.share).sum();
        prop_assert!((sum - v.score).abs() < 1e-9);
        prop_assert!(v.score > -1.0 && v.score < 1.0);
        prop_assert!(v.contributions.windows(2).all(|w| w[0].share.abs() >= w[1].share.abs()));
        prop_assert!(v.reason.len() < 1_000 && !v.reason.is_empty());
    }

    #[test]
    fn thresholds_stay_in_range(r in unit(), t in unit(), u in unit(), m in unit()) {
        let bars = thresholds(r, t, u, m);
        prop_assert!((-0.4..=0.6).contains(&bars.allow));
        prop_assert!((-1.15..=0.35).contains(&bars.deny));
        prop_assert!(bars.deny <= bars.allow - 0.25 + 1e-12);
    }

    #[test]
    fn stress_only_tightens(f in any_facts(true), more in unit()) {
        let calm = set().judge(&f);
        let mut tense = f.clone();
        tense.stress = Unit01::clamped(f.stress.get().max(more.get()));
        prop_assert!(set().judge(&tense).decision >= calm.decision);
    }

    #[test]
    fn neither_trust_nor_calm_nor_an_owners_wish_defeats_a_veto(f in any_facts(true), trust in unit(), stress in unit(), human in any::<bool>()) {
        let mut f = f;
        f.act.retained = true;
        prop_assert_eq!(set().judge(&f).decision, Decision::Deny);
        (f.req.trust, f.req.human, f.stress) = (trust, human, stress);
        prop_assert_eq!(set().judge(&f).decision, Decision::Deny);
    }

    #[test]
    fn a_veto_denies_whatever_speaks_for_it(rules in random_rules(), f in any_facts(false)) {
        let mut all = vec![("veto".to_owned(), -1, 0.1, 0.0)];
        all.extend(rules.into_iter().map(|(k, _, w, s)| if k == "veto" { ("weigh".to_owned(), 1, w, s) } else { (k, 1, w, s) }));
        let fires = vec![true; all.len()];
        prop_assert_eq!(written(&all).judge(&with(f, &fires)).decision, Decision::Deny);
    }

    #[test]
    fn adding_harm_never_raises_the_verdict(rules in random_rules(), f in any_facts(false), fires in proptest::collection::vec(any::<bool>(), 6), at in 0..6usize) {
        let at = at % rules.len();
        let mut rules = rules;
        rules[at].1 = -1;
        let mut set = written(&rules);
        let mut fires: Vec<bool> = fires.into_iter().take(rules.len()).collect();
        fires[at] = false;
        let before = set.judge(&with(f.clone(), &fires));
        fires[at] = true;
        let after = set.judge(&with(f, &fires));
        prop_assert_eq!(before.uncertainty, after.uncertainty);
        prop_assert!(after.score <= before.score + 1e-12);
        prop_assert!(after.decision >= before.decision, "{:?} then {:?}", before, after);
    }

    #[test]
    fn uncertainty_never_turns_deny_into_allow(f in any_facts(false), gone in proptest::sample::subsequence(BOOLS.to_vec(), 1..7)) {
        // The value stays what it was, so that only what is known of it changes.
        let sure = set().judge(&f);
        let mut unsure = f.clone();
        for name in gone {
            if let Some(signal) = unsure.ctx.make_mut().get_mut(name) {
                signal.1 = false;
            }
        }
        let v = set().judge(&unsure);
        prop_assert!(v.uncertainty.get() >= sure.uncertainty.get());
        prop_assert!(sure.decision != Decision::Deny || v.decision != Decision::Allow);
        prop_assert!(sure.decision != Decision::Escalate || v.decision != Decision::Allow, "nor escalate into allow");
    }

    #[test]
    fn a_repeated_judgement_is_the_same_to_the_bit(f in any_facts(true)) {
        let mut set = set();
        let first = set.judge(&f);
        prop_assert_eq!(&first, &set.judge(&f));
        prop_assert_eq!(&first, &shipped(true).judge(&f));
    }
}
