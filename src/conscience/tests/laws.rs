//! The laws of judging: five of SCIENCE, each on a hundred thousand requests to the shipped rules and to random ones, and some more.
//!
//! `JAMEY_CASES` says how many cases, `JAMEY_SEED` from which seed. A case that fails names its own seed: `JAMEY_CASES=1 JAMEY_SEED=…` repeats it.

use super::dice::Dice;
use super::*;
use crate::conscience::thresholds;
use crate::domain::Decision;
use proptest::prelude::*;
use std::sync::OnceLock;

const CASES: u64 = 100_000;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: a whole number is needed")))
}

/// Tries a law on so many requests.
fn law(mut holds: impl FnMut(&mut Dice) -> Result<(), String>) {
    let first = from_environment("JAMEY_SEED").unwrap_or(4);
    for n in 0..from_environment("JAMEY_CASES").unwrap_or(CASES) {
        let seed = first.wrapping_add(n);
        if let Err(broken) = holds(&mut Dice(seed.wrapping_mul(0xd134_2543_de82_ef95))) {
            panic!("JAMEY_SEED={seed}: {broken}");
        }
    }
}

fn need(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

pub(super) fn any_facts(missing: bool) -> impl Strategy<Value = Facts> {
    any::<u64>().prop_map(move |seed| Dice(seed).facts(missing))
}

/// The shipped rules, loaded once.
pub(super) fn set() -> RuleSet {
    static SET: OnceLock<RuleSet> = OnceLock::new();
    SET.get_or_init(|| shipped(true)).clone()
}

/// Random sets, loaded once.
fn random_sets() -> Vec<(RuleSet, Vec<Kind>)> {
    static SETS: OnceLock<Vec<(RuleSet, Vec<Kind>)>> = OnceLock::new();
    SETS.get_or_init(|| Dice(11).sets(400)).clone()
}

#[test]
fn the_shares_sum_to_the_score() {
    let (mut shipped, mut random) = (set(), random_sets());
    law(|dice| {
        let f = dice.facts(true);
        let at = dice.below(random.len());
        let (rules, kinds) = &mut random[at];
        let chosen = Dice::fire(f.clone(), (0..kinds.len()).filter(|_| dice.chance(60)));
        for v in [shipped.judge(&f), rules.judge(&chosen)] {
            let sum: f64 = v.contributions.iter().map(|c| c.share).sum();
            need((sum - v.score).abs() < 1e-9 && v.score > -1.0 && v.score < 1.0, || format!("{sum} and {v:?}"))?;
            need(v.contributions.windows(2).all(|w| w[0].share.abs() >= w[1].share.abs()), || format!("not the greatest first: {v:?}"))?;
        }
        Ok(())
    });
}

#[test]
fn at_the_same_uncertainty_adding_harm_never_raises_the_verdict() {
    let harm = "[[rule]]\nid='HARM'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=4\nseverity=0.5\nwhen=\"'harm' in act.args\"\n";
    let mut shipped = RuleSet::shipped();
    // Without `overrides`, as the law has it.
    shipped[0].1 = shipped[0].1.lines().filter(|l| !l.starts_with("overrides")).map(|l| format!("{l}\n")).collect::<String>() + harm;
    let mut shipped = load(&shipped).unwrap_or_else(|e| panic!("{}", told(&e)));
    let mut random = random_sets();
    law(|dice| {
        let f = dice.facts(true);
        let mut harmed = f.clone();
        harmed.act.args.insert("harm".into(), true.into());
        let at = dice.below(random.len());
        let (rules, _) = &mut random[at];
        let all: Vec<Rule> = rules.rules().cloned().collect();
        let fires: Vec<usize> = (0..all.len()).filter(|_| dice.chance(50)).collect();
        let added = dice.below(all.len());
        let less: Vec<usize> = fires.iter().copied().filter(|i| *i != added).collect();
        let more: Vec<usize> = less.iter().copied().chain([added]).collect();
        let mut pairs = vec![(shipped.judge(&f), shipped.judge(&harmed))];
        if all[added].polarity == -1 {
            pairs.push((rules.judge(&Dice::fire(f.clone(), less)), rules.judge(&Dice::fire(f, more))));
        }
        for (before, after) in pairs {
            // An unread argument (size of `act.args`) may turn a rule on or off: then more than harm was added.
            if before.uncertainty != after.uncertainty || after.contributions.len() != before.contributions.len() + 1 {
                continue;
            }
            need(after.score <= before.score + 1e-12 && after.decision >= before.decision, || format!("{before:?} then {after:?}"))?;
        }
        Ok(())
    });
}

#[test]
fn stress_only_tightens() {
    let (mut shipped, mut random) = (set(), random_sets());
    law(|dice| {
        let mut f = dice.facts(true);
        let at = dice.below(random.len());
        let (rules, kinds) = &mut random[at];
        let chosen: Vec<usize> = (0..kinds.len()).filter(|_| dice.chance(50)).collect();
        let calm = (shipped.judge(&f).decision, rules.judge(&Dice::fire(f.clone(), chosen.clone())).decision);
        f.stress = Unit01::clamped(f.stress.get().max(dice.unit().get()));
        let tense = (shipped.judge(&f).decision, rules.judge(&Dice::fire(f.clone(), chosen)).decision);
        need(tense.0 >= calm.0 && tense.1 >= calm.1, || format!("{calm:?} then {tense:?} on {f:?}"))
    });
}

#[test]
fn no_trust_mood_or_sentiment_defeats_a_veto() {
    let (mut shipped, mut random) = (set(), random_sets());
    random.retain(|(_, kinds)| kinds.contains(&Kind::Veto));
    law(|dice| {
        let mut f = dice.facts(true);
        f.act.retained |= dice.chance(50);
        let at = dice.below(random.len());
        let (rules, kinds) = &mut random[at];
        let chosen: Vec<usize> = (0..kinds.len()).filter(|i| kinds[*i] == Kind::Veto || dice.chance(50)).collect();
        for _ in 0..2 {
            let v = shipped.judge(&f);
            let vetoed = f.act.retained || v.contributions.iter().any(|c| c.kind == "veto");
            need(!vetoed || v.decision == Decision::Deny, || format!("{v:?} on {f:?}"))?;
            let v = rules.judge(&Dice::fire(f.clone(), chosen.clone()));
            need(v.decision == Decision::Deny, || format!("{v:?} on {f:?}"))?;
            // The kindest that soul and mood could say of a sender.
            (f.req.trust, f.req.human, f.stress) = (Unit01::clamped(1.0), true, Unit01::clamped(0.0));
        }
        Ok(())
    });
}

#[test]
fn uncertainty_never_turns_deny_into_allow() {
    let mut shipped = set();
    law(|dice| {
        // The values stay what they were, so that only what is known of them changes.
        let f = dice.facts(false);
        let sure = shipped.judge(&f);
        let mut unsure = f;
        for name in BOOLS {
            if dice.chance(40) {
                unsure.ctx.make_mut().get_mut(name).unwrap().1 = false;
            }
        }
        let v = shipped.judge(&unsure);
        need(v.uncertainty.get() >= sure.uncertainty.get(), || format!("{sure:?} then {v:?}"))?;
        need(sure.decision != Decision::Deny || v.decision != Decision::Allow, || format!("{sure:?} then {v:?}"))?;
        need(sure.decision != Decision::Escalate || v.decision != Decision::Allow, || {
            format!("nor escalate into allow: {sure:?} then {v:?}")
        })
    });
}

proptest! {
    #[test]
    fn thresholds_stay_in_range(r in 0.0..=1.0f64, t in 0.0..=1.0f64, u in 0.0..=1.0f64, m in 0.0..=1.0f64) {
        let [r, t, u, m] = [r, t, u, m].map(Unit01::clamped);
        let bars = thresholds(r, t, u, m);
        prop_assert!((-0.4..=0.6).contains(&bars.allow));
        prop_assert!((-1.15..=0.35).contains(&bars.deny));
        prop_assert!(bars.deny <= bars.allow - 0.25 + 1e-12);
    }

    #[test]
    fn a_repeated_judgement_is_the_same_to_the_bit(f in any_facts(true)) {
        let mut set = set();
        let first = set.judge(&f);
        prop_assert_eq!(&first, &set.judge(&f));
        prop_assert_eq!(&first, &shipped(true).judge(&f));
    }
}
