//! What an expression sees of the facts: all of it, only what names the target, or all but what nobody heard.

use super::names::{Field, Signal};
use super::value::Val;
use crate::domain::{Facts, Figure, Figures, SignalValue};

/// How much of the facts counts as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Everything; missing signals have their defaults.
    All,
    /// What is commanded and by which verb: `dev.class`, `dev.area`, `dev.tags`, `act.verb`, `act.target`.
    Target,
    /// Everything but the signals that have a source and are missing or stale now.
    Heard,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub facts: &'a Facts,
    pub signals: &'a [Signal],
    /// None: rules know of none.
    pub figures: Option<&'a Figures>,
    pub known: Known,
}

impl<'a> View<'a> {
    pub(super) fn field(&self, field: Field) -> Val<'a> {
        if self.known == Known::Target && !field.of_the_target() {
            return Val::Unknown;
        }
        let Facts { req, act, dev, stress, .. } = self.facts;
        match field {
            Field::Entity => Val::Str(req.entity.as_str()),
            Field::Client => Val::Str(req.client.as_str()),
            Field::Role => Val::Str(&req.role),
            Field::Human => Val::Bool(req.human),
            Field::Trust => Val::Double(req.trust.get()),
            Field::Delegated => Val::Bool(req.delegated),
            Field::Target => Val::Str(act.target.as_str()),
            Field::Verb => Val::Str(&act.verb),
            Field::Value => act.value.map_or(Val::Null, Val::Double),
            Field::Args => Val::Object(&act.args),
            Field::Retained => Val::Bool(act.retained),
            Field::Signed => Val::Bool(act.signed),
            Field::Class => Val::Str(dev.class.as_str()),
            Field::Area => Val::Str(&dev.area),
            Field::Tags => Val::Tags(&dev.tags),
            Field::State => Val::Str(&dev.state),
            Field::Risk => Val::Double(dev.risk.get()),
            Field::Cmds60s => Val::Int(i64::from(dev.cmds_60s)),
            Field::Opposite5s => Val::Int(i64::from(dev.opposite_5s)),
            Field::Stress => Val::Double(stress.get()),
        }
    }

    /// A figure's value; None while it is not known.
    pub(super) fn figure(&self, figure: Figure) -> Option<SignalValue> {
        self.figures.and_then(|figures| figures.get(figure))
    }

    /// A signal's value; None when it counts as unknown.
    pub(super) fn signal(&self, at: usize) -> Option<SignalValue> {
        if self.known == Known::Target {
            return None;
        }
        let signal = self.signals.get(at)?;
        let (value, heard) = self.facts.ctx.0.get(&signal.name).copied().unwrap_or((signal.default, false));
        if self.known == Known::Heard && signal.sourced && !heard { None } else { Some(value) }
    }

    /// Whether nothing, or nothing fresh, was heard of a signal.
    pub(super) fn missing(&self, signal: &Signal) -> bool {
        !self.facts.ctx.0.get(&signal.name).is_some_and(|(_, heard)| *heard)
    }
}
