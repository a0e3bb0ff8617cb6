//! Figures: what Jamey knows of its own house and work, as objectives speak of it (`fig.…`). Each has a name, a unit, a range and an occasion.

use super::{SignalType, SignalValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When something of an objective is seen to be so or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Each ten seconds.
    Look,
    /// A request was judged, or one that waited is let on.
    Request,
    /// A device did what it was commanded to, or not in time.
    Command,
    /// Somebody said something good or bad in words.
    Word,
}

impl Occasion {
    /// Several of them, for people.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Look => "looks",
            Self::Request => "requests",
            Self::Command => "commands",
            Self::Word => "words",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Devices,
    DevicesSilent,
    CriticalSilent,
    Reachable,
    Hazards,
    Entities,
    Anomalies,
    Plausible,
    Held,
    StoreFailing,
    Damaged,
    SnapshotAgeHours,
    RequestRisk,
    RequestScore,
    RequestDenied,
    RequestAsked,
    RequestApproved,
    RequestWentOn,
    CommandObeyed,
    WordSentiment,
}

/// What an owner may know of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    pub figure: Figure,
    pub name: &'static str,
    pub occasion: Occasion,
    pub kind: SignalType,
    /// The least and the most that a number can be; None: without bound.
    pub range: (Option<f64>, Option<f64>),
    pub says: &'static str,
}

const fn number(figure: Figure, name: &'static str, occasion: Occasion, range: (Option<f64>, Option<f64>), says: &'static str) -> About {
    About { figure, name, occasion, kind: SignalType::Number, range, says }
}

const fn truth(figure: Figure, name: &'static str, occasion: Occasion, says: &'static str) -> About {
    About { figure, name, occasion, kind: SignalType::Bool, range: (None, None), says }
}

const COUNT: (Option<f64>, Option<f64>) = (Some(0.0), None);
const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));
const SIGNED: (Option<f64>, Option<f64>) = (Some(-1.0), Some(1.0));

/// Every figure, in the order of the names above. What is not known makes what is said of it unknown.
pub const FIGURES: [About; 20] = [
    number(Figure::Devices, "devices", Occasion::Look, COUNT, "guarded devices that ever spoke"),
    number(Figure::DevicesSilent, "devices_silent", Occasion::Look, COUNT, "those of them that are silent, or said that they go"),
    number(Figure::CriticalSilent, "critical_silent", Occasion::Look, COUNT, "those of the silent ones whose risk is 0.6 or more"),
    number(
        Figure::Reachable,
        "reachable",
        Occasion::Look,
        SHARE,
        "the share of guarded devices that are not silent; unknown while none ever spoke",
    ),
    number(
        Figure::Hazards,
        "hazards",
        Occasion::Look,
        COUNT,
        "how many of smoke, co, leak and intruder are true; unknown while none was ever heard",
    ),
    number(Figure::Entities, "entities", Occasion::Look, COUNT, "entities that speak, of all kinds"),
    number(Figure::Anomalies, "anomalies", Occasion::Look, COUNT, "those of them with a reading that is not as it should be"),
    number(
        Figure::Plausible,
        "plausible",
        Occasion::Look,
        SHARE,
        "the share without such a reading of the entities that were declared or described (of all, where none was); unknown while there is none",
    ),
    number(Figure::Held, "held", Occasion::Look, COUNT, "requests that wait for a person's word"),
    truth(Figure::StoreFailing, "store_failing", Occasion::Look, "the store cannot write"),
    truth(Figure::Damaged, "damaged", Occasion::Look, "a page of the database is damaged"),
    number(
        Figure::SnapshotAgeHours,
        "snapshot_age_hours",
        Occasion::Look,
        COUNT,
        "hours since the last snapshot; unknown without a snapshot repository",
    ),
    number(Figure::RequestRisk, "request_risk", Occasion::Request, SHARE, "the risk of what is asked for"),
    number(Figure::RequestScore, "request_score", Occasion::Request, SIGNED, "the verdict's score, below 0 against it"),
    truth(Figure::RequestDenied, "request_denied", Occasion::Request, "the verdict denies it"),
    truth(Figure::RequestAsked, "request_asked", Occasion::Request, "the verdict leaves it to a person"),
    truth(Figure::RequestApproved, "request_approved", Occasion::Request, "a person approved it"),
    truth(Figure::RequestWentOn, "request_went_on", Occasion::Request, "it reached the device, whatever the verdict"),
    truth(Figure::CommandObeyed, "command_obeyed", Occasion::Command, "the device did it in time"),
    number(Figure::WordSentiment, "word_sentiment", Occasion::Word, SIGNED, "how good what somebody said is, by VADER's rules"),
];

impl Figure {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static About> {
        FIGURES.iter().find(|about| about.name == name)
    }

    #[must_use]
    pub fn about(self) -> Option<&'static About> {
        FIGURES.iter().find(|about| about.figure == self)
    }
}

/// The figures that are known at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Figures(BTreeMap<Figure, SignalValue>);

impl Figures {
    pub fn set(&mut self, figure: Figure, value: impl Into<SignalValue>) {
        self.0.insert(figure, value.into());
    }

    #[must_use]
    pub fn get(&self, figure: Figure) -> Option<SignalValue> {
        self.0.get(&figure).copied()
    }

    /// Whether what was read from the store can be figures.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.iter().all(|(figure, value)| {
            figure.about().is_some_and(|about| about.kind == value.type_of())
                && if let SignalValue::Number(n) = value { n.is_finite() } else { true }
        })
    }
}

impl From<bool> for SignalValue {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for SignalValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_described_once_under_the_name_that_is_stored() {
        for about in FIGURES {
            assert_eq!(serde_json::to_value(about.figure).unwrap(), about.name);
            assert_eq!(Figure::named(about.name).map(|a| a.figure), Some(about.figure));
            assert_eq!(about.figure.about().map(|a| a.name), Some(about.name));
            assert!(!about.says.is_empty());
            let documented = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/consciousness.md"));
            assert!(documented.contains(&format!("| `fig.{}` |", about.name)), "{} is in no documentation", about.name);
        }
        let mut all: Vec<Figure> = FIGURES.iter().map(|a| a.figure).collect();
        all.dedup();
        assert_eq!(all.len(), FIGURES.len());
    }

    #[test]
    fn figures_of_another_kind_or_without_end_are_not_sound() {
        let mut figures = Figures::default();
        figures.set(Figure::Held, 3.0);
        figures.set(Figure::Damaged, false);
        assert!(figures.is_sound());
        figures.set(Figure::Held, true);
        assert!(!figures.is_sound());
        figures.set(Figure::Held, f64::NAN);
        assert!(!figures.is_sound());
    }
}
