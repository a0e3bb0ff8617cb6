//! What fails in sensors, put into the readings of an ordinary house from one moment on.

use crate::quiet::{DAY, Dice, Life};
use jamey::domain::Body;

fn number(body: &Body) -> f64 {
    let Body::Number(x) = body else { panic!("{body:?}") };
    *x
}

fn round(x: f64, places: usize) -> Body {
    Body::Number(format!("{x:.places$}").parse().unwrap())
}

/// From `from` on for `last` seconds each reading is what the fault makes of it, by the seconds since.
pub fn with(life: &Life, from: f64, last: f64, mut fault: impl FnMut(f64, f64) -> Body) -> Life {
    let change = |(t, body): &(f64, Body)| {
        let inside = (from..from + last).contains(t);
        (*t, if inside { fault(number(body), t - from) } else { body.clone() })
    };
    life.iter().map(change).collect()
}

/// One reading of a sensor that was just switched on.
pub fn spike(life: &Life, from: f64, to: f64) -> Life {
    let mut done = false;
    with(life, from, DAY, |x, _| if std::mem::replace(&mut done, true) { Body::Number(x) } else { Body::Number(to) })
}

pub fn step(life: &Life, from: f64, last: f64, by: f64) -> Life {
    with(life, from, last, |x, _| round(x + by, 1))
}

pub fn stuck(life: &Life, from: f64, last: f64) -> Life {
    let mut at = None;
    with(life, from, last, |x, _| Body::Number(*at.get_or_insert(x)))
}

pub fn noise(life: &Life, from: f64, last: f64, size: f64, dice: &mut Dice) -> Life {
    with(life, from, last, |x, _| round(x + size * dice.normal(), 1))
}

/// So much a day, and for ever.
pub fn drift(life: &Life, from: f64, a_day: f64) -> Life {
    with(life, from, f64::INFINITY, |x, since| round(x + a_day * since / DAY, 1))
}

pub fn fahrenheit(life: &Life, from: f64) -> Life {
    with(life, from, f64::INFINITY, |x, _| round(1.8 * x + 32.0, 1))
}

pub fn factor(life: &Life, from: f64, factor: f64) -> Life {
    with(life, from, f64::INFINITY, |x, _| round(factor * x, 4))
}

/// Another sensor in another corner: it writes two decimals, is not as calm, and reads otherwise.
pub fn swap(life: &Life, from: f64, by: f64, dice: &mut Dice) -> Life {
    with(life, from, f64::INFINITY, |x, _| round(x + by + 0.15 * dice.normal(), 2))
}

/// A loose contact: forty changes, a quarter of a second apart.
pub fn chatter(life: &Life, from: f64) -> Life {
    let (mut before, after): (Life, Life) = life.iter().cloned().partition(|(t, _)| *t < from);
    let last = after.first().map_or(f64::INFINITY, |(t, _)| *t);
    let loose = (0..40).map(|n| (from + 0.25 * f64::from(n), Body::Text(if n % 2 == 0 { "open" } else { "closed" }.to_owned())));
    before.extend(loose.filter(|(t, _)| *t < last));
    before.extend(after);
    before
}
