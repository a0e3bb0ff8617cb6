//! Simulated sensors of the air that tell every five seconds: what is done to some of them, and what happens by itself to all.

use crate::{motes::Reading, quiet::Dice};

const READINGS: usize = 4_500;
const READINGS_A_DAY: f64 = 17_280.0;
pub const DAYS: f64 = READINGS as f64 / READINGS_A_DAY;
/// What is left of an excursion when it is said to be over.
const GONE: f64 = 0.1;

/// Six hours of a sensor that is new, and with which reading each event begins.
pub struct Air {
    pub readings: Vec<Reading>,
    pub begins: Vec<usize>,
}

/// What is done to a sensor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Nothing,
    /// Steam is let at it: up within a few seconds, and gone as air and sensor dry.
    Steam,
    /// The same from afar, so that it comes slowly.
    Gradual,
    /// One of its quantities, or both, is another for a while, and then as before.
    Offset,
}

pub const DEEDS: [Deed; 3] = [Deed::Steam, Deed::Gradual, Deed::Offset];

/// A bump of one quantity: nothing before it begins, up by `rise` and down by `fall`, each a time constant in readings.
#[derive(Clone, Copy)]
struct Bump {
    begins: f64,
    size: f64,
    rise: f64,
    fall: f64,
    /// Readings for which it stays before it falls.
    stays: f64,
}

impl Bump {
    fn at(&self, n: f64) -> f64 {
        let since = n - self.begins;
        if since < 0.0 { 0.0 } else { self.size * (1.0 - libm::exp(-(since + 1.0) / self.rise)) * self.left(since) }
    }

    fn left(&self, since: f64) -> f64 {
        if since < self.stays { 1.0 } else { libm::exp(-(since - self.stays) / self.fall) }
    }

    fn is_on(&self, n: f64) -> bool {
        let since = n - self.begins;
        since >= 0.0 && self.left(since) > GONE
    }
}

#[derive(Default)]
struct Bumps {
    degrees: Vec<Bump>,
    percent: Vec<Bump>,
}

/// Between 1 and the most, as often between 1 and 2 as between 2 and 4.
fn power(dice: &mut Dice, most: f64) -> f64 {
    libm::pow(most, dice.unit())
}

fn deed(dice: &mut Dice, deed: Deed, begins: f64, to: &mut Bumps) {
    // As sharp as a step: all of it within the first reading, and off within one.
    let sharp = 0.01;
    let sign = |dice: &mut Dice| if dice.chance(0.3) { -1.0 } else { 1.0 };
    match deed {
        Deed::Nothing => {}
        Deed::Steam | Deed::Gradual => {
            let slow = deed == Deed::Gradual;
            let mut rise = || if slow { dice.between(2.0, 12.0) } else { dice.between(0.3, 2.0) };
            let (rise_t, rise_h) = (rise(), rise());
            // Few are great.
            let (degrees, percent) = (2.0 * power(dice, 10.0), 8.0 * power(dice, 5.5));
            let (fall_t, fall_h) = (dice.between(5.0, 12.0), dice.between(10.0, 35.0));
            let stays = if slow { dice.between(5.0, 30.0) } else { 0.0 };
            to.degrees.push(Bump { begins, size: degrees, rise: rise_t, fall: fall_t, stays });
            to.percent.push(Bump { begins, size: percent, rise: rise_h, fall: fall_h, stays });
        }
        Deed::Offset => {
            let (which, stays) = (dice.unit(), dice.between(20.0, 120.0));
            let (degrees, percent) = (1.5 * power(dice, 6.0) * sign(dice), 6.0 * power(dice, 5.0) * sign(dice));
            if which < 0.67 {
                to.degrees.push(Bump { begins, size: degrees, rise: sharp, fall: sharp, stays });
            }
            if which > 0.33 {
                to.percent.push(Bump { begins, size: percent, rise: sharp, fall: sharp, stays });
            }
        }
    }
}

/// What nobody did: draughts and breath, a gust that the humidity alone sees, a pause after which all is a little elsewhere.
fn life(dice: &mut Dice, to: &mut Bumps) {
    let anywhen = |dice: &mut Dice| dice.between(0.0, READINGS as f64);
    for _ in 0..8 {
        let (begins, size, lasts) = (anywhen(dice), dice.between(-3.0, 3.0), dice.between(20.0, 200.0));
        to.percent.push(Bump { begins, size, rise: lasts, fall: lasts, stays: 0.0 });
        to.degrees.push(Bump { begins, size: -0.1 * size, rise: lasts, fall: lasts, stays: 0.0 });
    }
    if dice.chance(0.5) {
        let size = dice.between(3.0, 8.0) * if dice.chance(0.5) { -1.0 } else { 1.0 };
        let gust = Bump { begins: anywhen(dice), size, rise: dice.between(0.5, 3.0), fall: dice.between(2.0, 10.0), stays: 1.0 };
        to.percent.push(gust);
        to.degrees.push(Bump { size: dice.between(-0.02, 0.02) * size, ..gust });
    }
    let pause = Bump { begins: anywhen(dice), size: dice.between(-0.4, 0.4), rise: 0.01, fall: 1.0, stays: f64::INFINITY };
    to.degrees.push(pause);
    to.percent.push(Bump { size: dice.between(-0.6, 0.6), ..pause });
}

/// Something is done once or twice. The air of the room is never calm, and outdoors less so.
pub fn air(dice: &mut Dice, done: Deed) -> Air {
    let (noise_t, noise_h) = (dice.between(0.005, 0.04), dice.between(0.02, 0.15));
    let (base_t, base_h, slope) = (dice.between(18.0, 30.0), dice.between(35.0, 60.0), dice.between(-3.0, 3.0));
    let unrest = dice.between(0.3, 1.5);
    let (mut ordinary, mut deeds) = (Bumps::default(), Bumps::default());
    life(dice, &mut ordinary);
    let mut begins = Vec::new();
    if done != Deed::Nothing {
        begins.push(dice.between(800.0, 2_000.0).floor());
        if dice.chance(0.5) {
            begins.push(dice.between(2_600.0, 4_000.0).floor());
        }
    }
    for at in &begins {
        deed(dice, done, *at, &mut deeds);
    }
    let (mut wander_t, mut wander_h) = (0.0, 0.0);
    let two = |x: f64| format!("{x:.2}").parse().unwrap();
    let sum = |bumps: &[Bump], n: f64| bumps.iter().map(|b| b.at(n)).sum::<f64>();
    let readings = (0..READINGS)
        .map(|n| {
            let n = n as f64;
            wander_t = 0.999 * wander_t + 0.01 * unrest * dice.normal();
            wander_h = 0.998 * wander_h + 0.06 * unrest * dice.normal();
            let day = slope * libm::sin(std::f64::consts::TAU * n / READINGS_A_DAY);
            let (t, h) = (sum(&ordinary.degrees, n) + sum(&deeds.degrees, n), sum(&ordinary.percent, n) + sum(&deeds.percent, n));
            Reading {
                humidity: two((base_h - 2.0 * day + wander_h + h + noise_h * dice.normal()).clamp(1.0, 99.9)),
                temperature: two(base_t + day + wander_t + t + noise_t * dice.normal()),
                odd: deeds.degrees.iter().chain(&deeds.percent).any(|b| b.is_on(n)),
            }
        })
        .collect();
    Air { readings, begins: begins.into_iter().map(|n| n as usize).collect() }
}
