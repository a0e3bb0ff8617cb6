//! Readings that are not as they should be: one detector a series, O(1) memory, latched, with recovery.

mod days;
mod discrete;
mod episode;
mod fields;
mod habit;
mod nature;
mod nearby;
mod news;
mod numeric;
mod run;
mod series;
mod settings;
mod spread;
#[cfg(test)]
mod tests;
mod units;
mod walk;
mod words;

pub use episode::What;
pub use nearby::Sightings;
pub use news::News;
pub use settings::Settings;
pub use words::Finding;

use crate::domain::{AnomalyView, Body, Timestamp, limits};
use fields::Told;
use serde::{Deserialize, Serialize};
use series::{Series, precedence};

/// A series that was not told for so long gives its place to one that is.
const FORGOTTEN_SECONDS: f64 = 30.0 * 86_400.0;

/// The series of one entity, bounded: those that were told first, well-known quantities before others.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct SeriesSet(Vec<Series>);

/// What all the readings of one percept tell.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Heard {
    /// Readings that belong to a series.
    pub readings: usize,
    /// Those whose series is abnormal now.
    pub odd: usize,
    pub findings: Vec<Finding>,
}

impl SeriesSet {
    /// Takes the readings in a body of one who has so much attention, in [0, 1].
    pub fn hear(&mut self, kind: &str, body: &Body, at: Timestamp, attention: f64) -> Heard {
        self.hear_by(kind, body, at, attention, &Settings::CHOSEN)
    }

    /// The same, judged by other settings: for who looks for better ones.
    pub fn hear_by(&mut self, kind: &str, body: &Body, at: Timestamp, attention: f64, by: &Settings) -> Heard {
        let mut heard = Heard::default();
        fields::each(kind, body, |field, told| self.take(field, told, at, (attention, by), &mut heard));
        heard
    }

    fn take(&mut self, field: &str, told: Told<'_>, at: Timestamp, (attention, by): (f64, &Settings), heard: &mut Heard) {
        let Some(series) = self.0.iter_mut().find(|s| s.field() == field) else {
            heard.readings += usize::from(self.meet(field, told, at));
            return;
        };
        let Some(finding) = series.hear(told, at, attention, by) else { return };
        heard.readings += 1;
        heard.odd += usize::from(series.is_odd());
        heard.findings.extend(finding);
    }

    /// A field that was not told before; false: there is no place for it, or it is none.
    fn meet(&mut self, field: &str, told: Told<'_>, at: Timestamp) -> bool {
        let Some(new) = Series::new(field, told, at) else { return false };
        if self.0.len() >= limits::SERIES {
            let rank = precedence(field);
            let gives_way = |s: &Series| at.seconds_since(s.at()) > FORGOTTEN_SECONDS || precedence(s.field()) < rank;
            let Some(place) = self.0.iter().position(gives_way) else { return false };
            self.0.remove(place);
        }
        // One at a time: there are few of them, and many who have them.
        self.0.reserve_exact(1);
        self.0.push(new);
        true
    }

    /// Marks an episode of a field as seen by another one nearby too.
    pub fn corroborate(&mut self, field: &str) {
        for series in self.0.iter_mut().filter(|s| s.field() == field) {
            series.corroborate();
        }
    }

    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.0.iter().any(Series::is_odd)
    }

    /// The episodes that last, worst first.
    #[must_use]
    pub fn view(&self) -> Vec<AnomalyView> {
        let mut views: Vec<(f64, AnomalyView)> = self.0.iter().flat_map(Series::views).collect();
        views.sort_by(|(x, _), (y, _)| y.total_cmp(x));
        views.into_iter().map(|(_, view)| view).collect()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= limits::SERIES && self.0.iter().all(Series::is_sound)
    }
}

/// What is stored of a scale has 24 bits: it is known no better, and there are thousands of them. Finite stays finite.
#[allow(clippy::cast_possible_truncation, reason = "that is what it is for")]
fn narrow(x: f64) -> f32 {
    if x.is_nan() { 0.0 } else { x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32 }
}

/// 2^x.
fn pow2(x: f64) -> f64 {
    libm::exp2(x)
}
