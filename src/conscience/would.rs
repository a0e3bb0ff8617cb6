//! What would have changed a verdict: each single thing, tried.

use super::{Parts, RuleSet};
use crate::domain::{Decision, Facts, SignalValue, Unit01};

/// Every single thing that would have changed the decision, by the rules of today: more trust, another signal, one rule less.
#[must_use]
pub fn would_change(set: &mut RuleSet, facts: &Facts) -> Vec<String> {
    let verdict = set.judge(facts);
    let mut would = Vec::new();
    let mut tell = |decision: Decision, how: String| {
        if decision != verdict.decision {
            would.push(format!("{} {how}", decision.as_str()));
        }
    };
    let parts = Parts::of(&verdict, facts, set.tuning());
    for (rule, _, _) in &parts.added {
        tell(parts.without(rule), format!("without {rule}"));
    }
    let mut with = |change: &dyn Fn(&mut Facts)| {
        let mut other = facts.clone();
        change(&mut other);
        set.judge(&other).decision
    };
    // The least trust, in hundredths, that makes a difference.
    let trust = |t: u32| Unit01::clamped(f64::from(t) / 100.0);
    let more = (0..=100).find(|t| trust(*t).get() > facts.req.trust.get() && with(&|f| f.req.trust = trust(*t)) != verdict.decision);
    if let Some(t) = more {
        tell(with(&|f| f.req.trust = trust(t)), format!("with {} trusted to {:.2}", facts.req.client, trust(t).get()));
    }
    for (name, (value, heard)) in facts.ctx.0.iter() {
        match value {
            SignalValue::Bool(b) => {
                let set_to = |to: bool| {
                    move |f: &mut Facts| {
                        f.ctx.make_mut().insert(name.clone(), (SignalValue::Bool(to), true));
                    }
                };
                tell(with(&set_to(!b)), format!("with {name} {}", !b));
                if !heard {
                    tell(with(&set_to(*b)), format!("had {name} been heard to be {b}"));
                }
            }
            SignalValue::Number(now) if name == "hour" => {
                let at = |hour: u8| {
                    move |f: &mut Facts| {
                        f.ctx.make_mut().insert("hour".into(), (SignalValue::Number(f64::from(hour)), true));
                    }
                };
                let other = (0..24_u8).filter(|h| f64::from(*h) != *now);
                let hours: Vec<(u8, Decision)> = other.map(|h| (h, with(&at(h)))).filter(|(_, d)| *d != verdict.decision).collect();
                if let Some((_, decision)) = hours.first() {
                    let list: Vec<String> = hours.iter().filter(|(_, d)| d == decision).map(|(h, _)| h.to_string()).collect();
                    tell(*decision, format!("at the hours {}", list.join(", ")));
                }
            }
            SignalValue::Number(_) => {}
        }
    }
    tell(
        with(&|f| f.req.human = !f.req.human),
        format!("had {} {} a person", facts.req.client, if facts.req.human { "not been" } else { "been" }),
    );
    tell(with(&|f| f.act.retained = false), "had it not been retained".to_owned());
    would
}
