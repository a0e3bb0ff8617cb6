//! Faults planted into sensors of a house that learned for three weeks: what is found in its time, and let go in its time.

use crate::{
    at,
    quiet::{self, DAY, Dice, Make},
};
use jamey::{
    domain::{Body, Timestamp},
    soul::{SeriesSet, SeriesSettings},
};

const HOUR: f64 = 3_600.0;
const BEGINS: f64 = 21.4 * DAY;
/// What is over is let go within so long, and within so many readings at most.
const LET_GO: f64 = 2.0 * HOUR;

/// A sensor before its faults, and each of them with its readings.
pub struct Bed {
    field: &'static str,
    before: Vec<(Timestamp, Body)>,
    faults: Vec<Fault>,
}

struct Fault {
    readings: Vec<(f64, f64)>,
    /// The last moment at which it is found in time; and that at which it is over, where it ends.
    until: f64,
    over: Option<f64>,
}

/// Kinds with the size of what is news to a person.
const KINDS: [(&str, Make, f64); 5] = [
    ("temperature", quiet::room_temperature, 2.0),
    ("temperature", quiet::outdoor_temperature, 3.0),
    ("humidity", quiet::bath_humidity, 10.0),
    ("pressure", quiet::pressure, 5.0),
    ("co2", quiet::co2, 400.0),
];

pub fn beds(seed: u64) -> Vec<Bed> {
    KINDS.iter().map(|(field, make, size)| bed(field, *make, *size, seed)).collect()
}

fn bed(field: &'static str, make: Make, size: f64, seed: u64) -> Bed {
    let mut dice = Dice::new(seed + 500);
    let life: Vec<(f64, f64)> = make(&mut Dice::new(seed), 45.0)
        .into_iter()
        .filter_map(|(t, body)| if let Body::Number(x) = body { Some((t, x)) } else { None })
        .collect();
    let (before, after): (Vec<_>, Vec<_>) = life.into_iter().partition(|(t, _)| *t < BEGINS);
    let third = after[2].0;
    let first = after[0].0;
    let mut faults = Vec::new();
    let mut plant = |days: f64, until: f64, over: Option<f64>, change: &mut dyn FnMut(f64, f64) -> f64| {
        let readings = after.iter().take_while(|(t, _)| *t < BEGINS + days * DAY);
        let readings = readings.map(|(t, x)| (*t, format!("{:.1}", change(*x, *t - first)).parse().unwrap())).collect();
        faults.push(Fault { readings, until, over });
    };
    for times in [2.0, 4.0, 8.0] {
        plant(1.0, first, Some(first + 1.0), &mut |x, t| if t == 0.0 { x + times * size } else { x });
        plant(1.0, third, Some(first + 2.0 * HOUR), &mut |x, t| if t < 2.0 * HOUR { x + times * size } else { x });
        plant(1.0, third, Some(first + 3.0 * HOUR), &mut |x, t| x + times * size * libm::exp(-t / (0.75 * HOUR)));
        plant(1.0, first + 2.0 * HOUR, Some(first + 3.0 * HOUR), &mut |x, t| {
            if t < 3.0 * HOUR { x + 0.5 * times * size * dice.normal() } else { x }
        });
        plant(20.0, f64::INFINITY, None, &mut |x, t| x + 0.075 * times * size * t / DAY);
    }
    let stands = after[0].1;
    plant(3.0, first + 2.0 * DAY, Some(first + 2.0 * DAY), &mut |x, t| if t < 2.0 * DAY { stands } else { x });
    Bed { field, before: before.into_iter().map(|(t, x)| (at(t), Body::Number(x))).collect(), faults }
}

/// In [0, 1].
pub fn share(beds: &[Bed], by: &SeriesSettings) -> f64 {
    let (mut good, mut all) = (0.0, 0.0);
    for bed in beds {
        let mut learned = SeriesSet::default();
        for (t, body) in &bed.before {
            learned.hear_by(bed.field, body, *t, 0.0, by);
        }
        for fault in &bed.faults {
            let (found, let_go) = fault.judge(bed.field, learned.clone(), by);
            all += 1.0;
            good += match (found, let_go) {
                (true, true) => 1.0,
                (true, false) => 2.0 / 3.0,
                (false, _) => 0.0,
            };
        }
    }
    good / all
}

impl Fault {
    fn judge(&self, field: &str, mut set: SeriesSet, by: &SeriesSettings) -> (bool, bool) {
        let (mut found, mut let_go) = (false, self.over.is_none());
        for (t, x) in &self.readings {
            set.hear_by(field, &Body::Number(*x), at(*t), 0.0, by);
            let odd = set.is_odd();
            found |= odd && *t <= self.until;
            let_go |= !odd && self.over.is_some_and(|over| (over..=over + LET_GO).contains(t));
        }
        (found, let_go)
    }
}
