//! The room's own evaluator agrees with the crate `cel`, and its three values with all the values they stand for.

use super::laws::any_facts;
use super::*;
use crate::conscience::facts::{Known, View};
use crate::conscience::names;
use crate::conscience::source::{Ids, read};
use crate::conscience::term::Term;
use crate::conscience::ternary::{evaluate, open_signals};
use crate::conscience::value::Val;
use cel::{Context, Program, Value};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

fn json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::Float(n.as_f64().unwrap()),
        serde_json::Value::String(s) => Value::String(Arc::new(s.clone())),
        serde_json::Value::Array(items) => Value::List(Arc::new(items.iter().map(json).collect())),
        serde_json::Value::Object(map) => group(map.iter().map(|(k, v)| (k.as_str(), json(v)))),
    }
}

#[allow(clippy::disallowed_types)]
fn group<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Map(std::collections::HashMap::<cel::objects::Key, Value>::from_iter(fields.into_iter().map(|(k, v)| (k.into(), v))).into())
}

fn text(s: &str) -> Value {
    Value::String(Arc::new(s.to_owned()))
}

/// The facts as the crate takes them.
fn context(f: &Facts) -> Context<'static, 'static> {
    let mut context = Context::default();
    for (name, function) in [("min", cel::functions::min as fn(_) -> _), ("max", cel::functions::max as fn(_) -> _)] {
        context.add_function(name, function).unwrap();
    }
    let (req, act, dev) = (&f.req, &f.act, &f.dev);
    let groups = [
        (
            "req",
            vec![
                ("entity", text(req.entity.as_str())),
                ("client", text(req.client.as_str())),
                ("role", text(&req.role)),
                ("human", Value::Bool(req.human)),
                ("trust", Value::Float(req.trust.get())),
                ("delegated", Value::Bool(req.delegated)),
            ],
        ),
        (
            "act",
            vec![
                ("target", text(act.target.as_str())),
                ("verb", text(&act.verb)),
                ("value", act.value.map_or(Value::Null, Value::Float)),
                ("args", json(&serde_json::Value::Object(act.args.clone()))),
                ("retained", Value::Bool(act.retained)),
                ("signed", Value::Bool(act.signed)),
            ],
        ),
        (
            "dev",
            vec![
                ("class", text(dev.class.as_str())),
                ("area", text(&dev.area)),
                ("tags", Value::List(Arc::new(dev.tags.iter().map(|t| text(t)).collect()))),
                ("state", text(&dev.state)),
                ("risk", Value::Float(dev.risk.get())),
                ("cmds_60s", Value::Int(dev.cmds_60s.into())),
                ("opposite_5s", Value::Int(dev.opposite_5s.into())),
            ],
        ),
        ("agent", vec![("stress", Value::Float(f.stress.get()))]),
    ];
    for (name, fields) in groups {
        context.add_variable_from_value(name, group(fields));
    }
    let signals = f.ctx.0.iter().map(|(name, (value, _))| {
        let value = match value {
            SignalValue::Bool(b) => Value::Bool(*b),
            SignalValue::Number(n) => Value::Float(*n),
        };
        (name.as_str(), value)
    });
    context.add_variable_from_value("ctx", group(signals));
    context
}

/// Expressions beyond the shipped rules: each corner of the language that the checker lets through.
const CORNERS: [&str; 33] = [
    "dev.tags.exists(t, t.startsWith('heat')) && !dev.tags.all(t, t.endsWith('e'))",
    "size(dev.tags.filter(t, t.contains('r'))) >= 1 || size(dev.tags.map(t, t)) == 0",
    "['hall', 'bedroom'].exists_one(x, x == dev.area)",
    "[1, 2, 3].all(n, n > dev.cmds_60s) || 2 in [1, dev.opposite_5s]",
    "has(act.args.mode) ? act.args.mode == 'home' : act.args.reason == 'toast'",
    "act.args.mode == 'home' || ctx.home",
    "ctx.home || act.args.mode == 'home'",
    "act.args.mode == 'home' && ctx.home",
    "!(act.args['mode'] == 'home') && act.args.reason != 3.0",
    "act.args == act.args && 'mode' in act.args",
    "act.verb.matches('^(un)?lock$') || act.target.matches('[0-9]')",
    "int(ctx.hour) % 5 == 2 && int(ctx.in_c) / 3 > -2",
    "double(dev.cmds_60s) / 2.0 - ctx.in_c * 2.0 < -ctx.out_c + 1.5",
    "dev.cmds_60s * 3 - 7 >= -(dev.opposite_5s) + 12",
    "10 / dev.opposite_5s > 1",
    "10 % dev.cmds_60s > 1 && ctx.smoke",
    "max(dev.cmds_60s, 7, 100) == 100 || min(ctx.in_c, ctx.out_c, 0.0) < -5.0",
    "act.value == 3 || act.value != 4.0",
    "dev.cmds_60s == 0.0 && ctx.hour != 0",
    "act.verb < 'open' && dev.area >= 'b'",
    "dev.tags == ['heater'] || dev.tags != []",
    "(ctx.home ? dev.cmds_60s : 3) < 5 && (ctx.co ? ctx.smoke : !ctx.leak)",
    "dev.tags[0] == 'heater' || dev.area == 'hall'",
    "size(act.verb) == 2 && size(dev.area) > 3 && size(act.args) < 2",
    "9223372036854775807 + dev.cmds_60s > 0",
    "act.value != null && dev.state == ''",
    "'home' in ['home', act.args.mode]",
    "size([act.args.mode]) == 1",
    "[ctx.home, ctx.co].exists(x, x) != [ctx.smoke, ctx.leak].all(x, x)",
    "ctx.in_c in [ctx.out_c, 3.0] || [ctx.home] == [ctx.co]",
    "[ctx.in_c].map(x, x > 3.0)[0] == true",
    "dev.class == 'lock' ? ctx.smoke : dev.class == 'light' && ctx.leak",
    "double('1.5') > 1.0 && int('3') == dev.opposite_5s + 2",
];

fn corners() -> Vec<(String, String)> {
    let rule = |(i, when): (usize, &&str)| {
        let when = serde_json::to_string(when).unwrap();
        format!("[[rule]]\nid='C{i}'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=1\nseverity=1\nwhen={when}\n")
    };
    vec![("corners.toml".into(), CORNERS.iter().enumerate().map(rule).collect())]
}

/// Every expression of the shipped rules and the corners, ours and the crate's.
fn expressions() -> Vec<(String, Term, Program)> {
    let signals = names::signals(&signals(true));
    let (mut ids, mut errors) = (Ids::new(), Vec::new());
    let mut all = Vec::new();
    for (name, text) in RuleSet::shipped().iter().chain(&corners()) {
        for r in read(name, text, &signals, &mut ids, &mut errors) {
            all.push((r.rule.when.clone(), r.when));
            all.extend(r.rule.degree.zip(r.degree));
        }
    }
    assert!(errors.is_empty(), "{}", told(&errors));
    all.into_iter().map(|(source, term)| (source.clone(), term, Program::compile(&source).unwrap())).collect()
}

fn all() -> &'static [(String, Term, Program)] {
    static ALL: OnceLock<Vec<(String, Term, Program)>> = OnceLock::new();
    ALL.get_or_init(expressions)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_agrees_with_the_crate(f in any_facts(false)) {
        let mut f = f;
        // Null compares false here and is an error there: the one difference, tested by itself.
        f.act.value.get_or_insert(4.0);
        let signals = names::signals(&signals(true));
        let view = View { facts: &f, signals: &signals, figures: None, known: Known::All };
        let context = context(&f);
            for (source, term, program) in all() {
                let agree = match (evaluate(term, &view), program.execute(&context)) {
                    (Val::Bool(a), Ok(Value::Bool(b))) => a == b,
                    (Val::Double(a), Ok(Value::Float(b))) => a == b,
                    (Val::Int(a), Ok(Value::Int(b))) => a == b,
                    (Val::Error(_), Err(_)) => true,
                    _ => false,
                };
                prop_assert!(agree, "{}: {:?} and {:?}", source, evaluate(term, &view), program.execute(&context));
            }
    }

    #[test]
    fn what_is_told_with_less_holds_with_more(f in any_facts(true)) {
        let signals = names::signals(&signals(true));
        let view = |known| View { facts: &f, signals: &signals, figures: None, known };
            for (source, term, _) in all() {
                for known in [Known::Target, Known::Heard] {
                    if let Val::Bool(told) = evaluate(term, &view(known)) {
                        let is = matches!(evaluate(term, &view(Known::All)), Val::Bool(b) if b == told);
                        prop_assert!(is, "{source} is {told} with {known:?} and not with all");
                    }
                }
            }
    }

    #[test]
    fn a_signal_that_does_not_count_does_not_matter(f in any_facts(false), g in any_facts(false)) {
        let signals = names::signals(&signals(true));
        for (source, term, _) in all() {
            let mut counts = BTreeSet::new();
            open_signals(term, &View { facts: &f, signals: &signals, figures: None, known: Known::Target }, &mut counts);
            let mut other = f.clone();
            for (_, signal) in signals.iter().enumerate().filter(|s| !counts.contains(&s.0)) {
                other.ctx.make_mut().insert(signal.name.clone(), g.ctx.0[&signal.name]);
            }
            let told = |facts| format!("{:?}", evaluate(term, &View { facts, signals: &signals, figures: None, known: Known::All }));
            prop_assert_eq!(told(&f), told(&other), "{}", source);
        }
    }

    #[test]
    fn unheard_covers_every_value_the_signals_could_have(f in any_facts(true), values in proptest::collection::vec(any::<bool>(), 7)) {
        let signals = names::signals(&signals(true));
        let mut other = f.clone();
        for (name, value) in BOOLS.iter().zip(values) {
            if let Some(signal) = other.ctx.make_mut().get_mut(*name).filter(|s| !s.1) {
                signal.0 = SignalValue::Bool(value);
            }
        }
            for (source, term, _) in all() {
                let heard = evaluate(term, &View { facts: &f, signals: &signals, figures: None, known: Known::Heard });
                let then = evaluate(term, &View { facts: &other, signals: &signals, figures: None, known: Known::All });
                if let (Val::Bool(a), Val::Bool(b)) = (heard, then) {
                    prop_assert_eq!(a, b, "{}", source);
                }
            }
    }
}

#[test]
fn null_compares_false_and_is_no_error() {
    let mut f = facts(DeviceClass::Climate, "set");
    f.act.value = None;
    for (when, fires) in [
        ("act.value > 30.0", false),
        ("act.value <= 30.0", false),
        ("!(act.value > 30.0)", true),
        ("act.value == null", true),
        ("act.value == 3.0", false),
        ("act.value - ctx.in_c > 5.0", false),
        ("act.value * 2.0 == null", true),
    ] {
        let verdict = load(&one("weigh", when)).unwrap_or_else(|e| panic!("{}", told(&e))).judge(&f);
        assert_eq!((verdict.contributions.len() == 1, verdict.uncertainty.get()), (fires, 0.0), "{when}");
    }
}
