//! What the conscience promises, and the tools to ask it.

mod agrees;
mod dice;
mod hostile;
mod impossible;
mod laws;
mod loading;
mod ordinary;
mod pictures;
mod profiles;
mod reasons;

use super::{Example, Kind, Rule, RuleError, RuleSet};
use crate::domain::{DeviceClass, EntityId, Facts, SignalSource, SignalSpec, SignalType, SignalValue, Unit01};
use std::collections::BTreeMap;

pub(super) const BOOLS: [&str; 7] = ["home", "asleep", "smoke", "co", "leak", "intruder", "maintenance"];
pub(super) const NUMBERS: [&str; 2] = ["in_c", "out_c"];

/// The signals of a shipped config, all told by someone, or none.
pub(super) fn signals(sourced: bool) -> Vec<SignalSpec> {
    let house = || SignalSource::of(EntityId::escaped("house"), "state");
    let spec = |name: &str, default| SignalSpec { from: sourced.then(house).into_iter().collect(), ..SignalSpec::unfed(name, default) };
    let truths = BOOLS.iter().map(|n| spec(n, SignalValue::Bool(*n == "home")));
    truths.chain(NUMBERS.iter().map(|n| spec(n, SignalValue::Number(20.0)))).collect()
}

pub(super) fn shipped(sourced: bool) -> RuleSet {
    RuleSet::load(&RuleSet::shipped(), &signals(sourced), &BTreeMap::new()).unwrap_or_else(|e| panic!("{}", told(&e)))
}

pub(super) fn told(errors: &[RuleError]) -> String {
    errors.iter().map(|e| format!("{e}\n")).collect()
}

/// The neutral request to a device of a class, everything known.
pub(super) fn facts(class: DeviceClass, verb: &str) -> Facts {
    let example: Example = toml::from_str("fires = true\nname = 'x'").unwrap();
    let specs = signals(true);
    let names = specs.iter().map(|s| (s.name.as_str(), s.type_of())).chain([("hour", SignalType::Number)]);
    let mut facts = example.facts(names);
    facts.dev.class = class;
    facts.act.verb = verb.into();
    facts.dev.risk = if class.is_safe(verb) { Unit01::clamped(class.risk().get().min(0.2)) } else { class.risk() };
    facts
}

/// Nobody told anything but the hour.
pub(super) fn unheard(mut facts: Facts) -> Facts {
    for (name, value) in facts.ctx.make_mut() {
        value.1 = name == "hour";
    }
    facts
}

/// A rule file with one rule of a given `when`.
pub(super) fn one(kind: &str, when: &str) -> Vec<(String, String)> {
    let when = serde_json::to_string(when).unwrap().replace("\\u007f", "\\u007F");
    let text =
        format!("[[rule]]\nid = 'A'\nduty = 'security'\nkind = '{kind}'\npolarity = -1\nweight = 5\nseverity = 0.5\nwhen = {when}\n");
    vec![("a.toml".into(), text)]
}

pub(super) fn load(sources: &[(String, String)]) -> Result<RuleSet, Vec<RuleError>> {
    RuleSet::load(sources, &signals(true), &BTreeMap::new())
}

pub(super) fn refusal(when: &str) -> String {
    told(&load(&one("weigh", when)).expect_err(when))
}

#[test]
fn every_shipped_rule_shows_both_its_sides() {
    let set = shipped(true);
    let rules: Vec<&Rule> = set.rules().collect();
    assert_eq!(rules.len(), 31);
    for rule in rules {
        assert!(rule.says.is_some() && rule.source.is_some(), "{}", rule.id);
        assert!(rule.examples.iter().any(|e| e.fires), "{}", rule.id);
        assert!(rule.examples.iter().any(|e| !e.fires), "{}", rule.id);
    }
}

#[test]
fn a_set_can_live_on_any_thread() {
    fn anywhere<T: Send + Sync + Clone + 'static>() {}
    anywhere::<RuleSet>();
}
