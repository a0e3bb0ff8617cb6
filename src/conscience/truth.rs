//! A truth that is looked at and not judged by: an expression in the rules' language over the owner's signals and Jamey's figures.

use super::{
    complaint::RuleError,
    expression,
    facts::{Known, View},
    names::{self, Signal},
    on_a_big_stack, places,
    term::Term,
    ternary,
    value::Val,
};
use crate::domain::{DeviceClass, DeviceFacts, EntityId, Facts, Figure, Figures, SignalSpec, Signals, Unit01};
use std::{collections::BTreeSet, sync::Arc};

/// What is to be read: where it stands, for complaints, the option's name (`good`, `valid`), and the text.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub place: &'a str,
    pub key: &'static str,
    pub text: &'a str,
}

/// One of them, checked.
#[derive(Debug, Clone)]
pub struct Truth {
    term: Arc<Term>,
    signals: Arc<[Signal]>,
}

impl Truth {
    /// Reads and checks all of them, in their order, by the limits of rules.
    ///
    /// # Errors
    /// Everything that is wrong in any of them: names, types, sizes, what is always so or never.
    pub fn read(asked: &[Asked<'_>], specs: &[SignalSpec]) -> Result<Vec<Self>, Vec<RuleError>> {
        // What nobody tells is not known here: a default is for judging, not for counting.
        let signals: Arc<[Signal]> = names::signals(specs).into_iter().map(|signal| Signal { sourced: true, ..signal }).collect();
        on_a_big_stack("mission", || {
            let (mut truths, mut errors) = (Vec::new(), Vec::new());
            for one in asked {
                match expression::read(one.key, one.text, &signals, &BTreeSet::new()) {
                    Ok(term) => truths.push(Self { term: Arc::new(term), signals: Arc::clone(&signals) }),
                    Err(wrong) => errors.extend(wrong.into_iter().map(|wrong| {
                        let error = RuleError::of(&format!("{}: {}", one.place, one.key), None, wrong.message);
                        match wrong.at {
                            Some(at) => error.at(&places::spot(one.text, at)),
                            None => error,
                        }
                    })),
                }
            }
            if errors.is_empty() { Ok(truths) } else { Err(errors) }
        })
    }

    /// Whether it is so; None where that depends on what is not known, or cannot be told.
    #[must_use]
    pub fn holds(&self, ctx: &Signals, figures: &Figures) -> Option<bool> {
        let nothing = DeviceFacts {
            class: DeviceClass::Unknown,
            area: String::new(),
            tags: BTreeSet::new(),
            state: String::new(),
            risk: Unit01::clamped(0.0),
            cmds_60s: 0,
            opposite_5s: 0,
            name: None,
        };
        let facts = Facts::unasked(EntityId::escaped(""), nothing, ctx.clone());
        let view = View { facts: &facts, signals: &self.signals, figures: Some(figures), known: Known::Heard };
        match ternary::evaluate(&self.term, &view) {
            Val::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// The figures that it speaks of.
    #[must_use]
    pub fn figures(&self) -> BTreeSet<Figure> {
        let mut found = BTreeSet::new();
        gather(&self.term, &mut found);
        found
    }
}

fn gather(term: &Term, into: &mut BTreeSet<Figure>) {
    if let Term::Figure(figure) = term {
        into.insert(*figure);
    }
    term.children().into_iter().for_each(|child| gather(child, into));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SignalValue, figure::FIGURES, limits};

    fn specs() -> Vec<SignalSpec> {
        vec![SignalSpec::unfed("warm", SignalValue::Bool(true)), SignalSpec::unfed("wind", SignalValue::Number(0.0))]
    }

    fn one(text: &str) -> Result<Truth, String> {
        let asked = Asked { place: "mission pool", key: "good", text };
        Truth::read(&[asked], &specs()).map(|mut all| all.remove(0)).map_err(|errors| errors[0].to_string())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, wanted) in [
            ("fig.devics > 0", "mission pool: good:1:4: `fig.devics` is not a figure; did you mean `devices`?"),
            ("ctx.wram", "mission pool: good:1:4: `ctx.wram` is not a declared signal; did you mean `warm`?"),
            ("ctx.warm &&\n  req.human", "mission pool: good:2:3: `req` is not known here; there are ctx, fig"),
            ("fig > 0", "`fig` is a group; name one of its fields"),
            ("fig.held", "`good` must be a bool and this is a double; compare it with something"),
            ("fig.reachable > 1.5", "this is never true; `fig.reachable` is from 0 to 1"),
            ("fig.held >= 0", "this is always true; `fig.held` is 0 or more"),
            ("fig.damaged == 1.0", "a bool and a double are never equal"),
            ("1 == 1", "true"),
            ("ctx.warm &&", "`good` is not CEL"),
        ] {
            let said = one(text).unwrap_err();
            assert!(said.contains(wanted), "{text}: {said}");
        }
        assert!(one(&format!("ctx.wind == {}1.0", " ".repeat(limits::RULE_SOURCE_BYTES))).unwrap_err().contains("may have 1024"));
        assert!(crate::conscience::RuleSet::load(
            &[("r.toml".into(), "[[rule]]\nid = \"a\"\nduty = \"privacy\"\nkind = \"weigh\"\npolarity = 1\nweight = 1\nseverity = 1.0\nwhen = \"fig.held > 0\"\n".into())],
            &specs(),
            &std::collections::BTreeMap::new()
        )
        .unwrap_err()[0]
            .to_string()
            .contains("`fig` is not known here"), "rules have no figures");
    }

    #[test]
    fn every_figure_can_be_asked_for_and_is_unknown_until_it_is_told() {
        for about in FIGURES {
            let text = if about.kind == crate::domain::SignalType::Bool {
                format!("fig.{}", about.name)
            } else {
                format!("fig.{} > 0.5", about.name)
            };
            let truth = one(&text).unwrap();
            assert_eq!(truth.holds(&Signals::default(), &Figures::default()), None);
            assert_eq!(truth.figures(), BTreeSet::from([about.figure]));
            let mut figures = Figures::default();
            match about.kind {
                crate::domain::SignalType::Bool => figures.set(about.figure, true),
                crate::domain::SignalType::Number => figures.set(about.figure, 1.0),
            }
            assert_eq!(truth.holds(&Signals::default(), &figures), Some(true), "{}", about.name);
        }
    }

    #[test]
    fn a_signals_default_is_no_knowledge() {
        let truth = one("ctx.warm").unwrap();
        let told = |heard| {
            let mut ctx = Signals::default();
            ctx.make_mut().insert("warm".into(), (SignalValue::Bool(true), heard));
            ctx
        };
        let none = Figures::default();
        assert_eq!([truth.holds(&told(false), &none), truth.holds(&told(true), &none)], [None, Some(true)]);
        assert_eq!(one("ctx.warm || fig.held > 0").unwrap().holds(&told(true), &none), Some(true), "decided without the other");
    }
}
