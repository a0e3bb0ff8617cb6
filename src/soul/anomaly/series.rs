//! One series: a field with the detector of its kind.

use super::{
    discrete::Discrete,
    episode::What,
    fields::Told,
    nature,
    numeric::Numeric,
    settings::Settings,
    words::{self, Finding},
};
use crate::domain::{AnomalyView, Timestamp, limits};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Series {
    #[serde(rename = "f")]
    field: Box<str>,
    #[serde(rename = "k")]
    kind: Kind,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
enum Kind {
    #[serde(rename = "n")]
    Numeric(Box<Numeric>),
    #[serde(rename = "s")]
    Discrete(Box<Discrete>),
}

/// Who keeps its place when there are too many: quantities and states by known names before the others.
#[must_use]
pub fn precedence(field: &str) -> u8 {
    u8::from(nature::of(field).is_known || nature::is_known_state(field))
}

impl Series {
    /// None: what was told first cannot be a reading of this field.
    #[must_use]
    pub fn new(field: &str, told: Told<'_>, at: Timestamp) -> Option<Self> {
        let kind = match told {
            Told::Number(x) if nature::of(field).can_be(x) => Kind::Numeric(Box::new(Numeric::new(x, at))),
            Told::Number(_) => return None,
            Told::Word(word) => Kind::Discrete(Box::new(Discrete::new(word, at))),
        };
        Some(Self { field: field.into(), kind })
    }

    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    #[must_use]
    pub fn at(&self) -> Timestamp {
        match &self.kind {
            Kind::Numeric(n) => n.at(),
            Kind::Discrete(d) => d.at(),
        }
    }

    /// Takes one reading. None: it is of another kind than the series (`unavailable` among numbers), and tells nothing.
    pub fn hear(&mut self, told: Told<'_>, at: Timestamp, attention: f64, by: &Settings) -> Option<Option<Finding>> {
        let field = &self.field;
        match (&mut self.kind, told) {
            (Kind::Numeric(series), Told::Number(x)) => {
                let news = series.hear(x, at, &nature::Nature { attention, ..nature::of(field) }, by);
                Some(news.map(|news| Finding::of(field, news, words::of_number(field, news, x, series), at)))
            }
            (Kind::Discrete(series), Told::Word(word)) => {
                let news = series.hear(word, at, nature::is_alarm(field));
                Some(news.map(|news| Finding::of(field, news, words::of_word(field, news, word, series), at)))
            }
            _ => None,
        }
    }

    #[must_use]
    pub fn is_odd(&self) -> bool {
        match &self.kind {
            Kind::Numeric(n) => n.episode().is_some() || n.days().since.is_some(),
            Kind::Discrete(d) => d.episode().is_some(),
        }
    }

    pub fn corroborate(&mut self) {
        match &mut self.kind {
            Kind::Numeric(n) => {
                if let Some(episode) = n.episode_mut() {
                    episode.near = true;
                }
                let days = n.days_mut();
                days.near = days.since.is_some();
            }
            Kind::Discrete(d) => {
                if let Some(odd) = d.episode_mut() {
                    odd.near = true;
                }
            }
        }
    }

    /// The episodes that last, each with its weight among others.
    pub fn views(&self) -> impl Iterator<Item = (f64, AnomalyView)> {
        let view = |z: f64, text: String, since: Timestamp, corroborated: bool| {
            (z, AnomalyView { field: self.field.to_string(), text, since, corroborated })
        };
        let (now, drift) = match &self.kind {
            Kind::Numeric(n) => (
                n.episode().map(|e| view(e.z.into(), words::of_episode(&self.field, e, n), e.since, e.near)),
                n.days().since.map(|since| view(8.0, words::of_drift(&self.field, n), since, n.days().near)),
            ),
            Kind::Discrete(d) => (
                d.episode().map(|odd| {
                    view(if odd.what == What::Chatter { 12.0 } else { 8.0 }, words::of_oddity(&self.field, odd, d), odd.since, odd.near)
                }),
                None,
            ),
        };
        now.into_iter().chain(drift)
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.field.len() <= limits::FIELD_BYTES
            && match &self.kind {
                Kind::Numeric(n) => n.is_sound(),
                Kind::Discrete(d) => d.is_sound(),
            }
    }
}
