//! When the devices of a house speak, made from a seed: motion with nights and weekends, doors, plugs, batteries that report now and then.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "seconds of some months, and days of them")]

/// SplitMix64.
pub struct Chance(u64);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn wait(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }
}

pub const HOUR: f64 = 3_600.0;
pub const DAY: f64 = 24.0 * HOUR;
/// Of the words of battery devices so many are lost.
const LOST: f64 = 0.05;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Motion in a hall: bursts by day, nothing at night, nothing when the family is away.
    Motion,
    /// A door: some ten times a day.
    Door,
    /// A window that is opened in the morning and closed in the evening, some days not at all.
    Window,
    /// A letter box: once a day, not on Sundays.
    Letters,
    /// A plug that tells when the power changes: a washing machine, some times a week.
    Washing,
    /// A plug at a refrigerator.
    Fridge,
    /// Temperature from a battery, each 50 to 60 minutes, with losses.
    Battery,
    /// The same each 10 to 12 minutes.
    Quick,
    /// A contact that also reports each 50 to 60 minutes, with losses.
    Contact,
    /// Temperature on change of .5 °C, each hour at least, with losses.
    Change,
    /// A lamp: commanded some times in the evening, often several times at once.
    Lamp,
    /// Each minute, with losses.
    Minute,
}

pub const MANNERS: [Manner; 12] = [
    Manner::Motion,
    Manner::Door,
    Manner::Window,
    Manner::Letters,
    Manner::Washing,
    Manner::Fridge,
    Manner::Battery,
    Manner::Quick,
    Manner::Contact,
    Manner::Change,
    Manner::Lamp,
    Manner::Minute,
];

/// Days on which the family is away, from a Monday on: a weekend, and a week.
fn is_away(day: i64, trip: i64) -> bool {
    (day == trip || day == trip + 1) || (trip + 9..trip + 16).contains(&day)
}

/// The seconds at which a device speaks in so many days, from a midnight on.
pub fn words(manner: Manner, days: i64, chance: &mut Chance) -> Vec<f64> {
    let end = days as f64 * DAY;
    let trip = 5 + 7 * (chance.between(0.0, 2.0) as i64);
    let mut out = Vec::new();
    let at_home = |t: f64| !is_away((t / DAY) as i64, trip);
    match manner {
        Manner::Motion => by_day(&mut out, end, 240.0, chance, at_home),
        Manner::Door => by_day(&mut out, end, 5_400.0, chance, at_home),
        Manner::Window => {
            for day in (0..days).filter(|d| !is_away(*d, trip)) {
                let base = day as f64 * DAY;
                if chance.unit() < 0.85 {
                    out.push(base + 7.0 * HOUR + chance.between(0.0, 1.5) * HOUR);
                    out.push(base + 20.0 * HOUR + chance.between(0.0, 3.0) * HOUR);
                }
            }
        }
        Manner::Letters => {
            for day in (0..days).filter(|d| d % 7 != 6) {
                out.push(day as f64 * DAY + 10.0 * HOUR + chance.between(0.0, 3.0) * HOUR);
            }
        }
        Manner::Washing => {
            let mut t = 0.0;
            while t < end {
                t += chance.between(0.6, 3.5) * DAY;
                let until = t + chance.between(1.0, 2.5) * HOUR;
                while t < until.min(end) {
                    out.push(t);
                    t += chance.between(9.0, 11.0);
                }
            }
        }
        Manner::Fridge => {
            let mut t = 0.0;
            while t < end {
                t += chance.between(15.0, 45.0) * 60.0;
                out.push(t);
            }
        }
        Manner::Battery => lossy(&mut out, end, 50.0 * 60.0, 60.0 * 60.0, chance),
        Manner::Quick => lossy(&mut out, end, 600.0, 720.0, chance),
        Manner::Contact => {
            lossy(&mut out, end, 50.0 * 60.0, 60.0 * 60.0, chance);
            by_day(&mut out, end, 5_400.0, chance, at_home);
        }
        Manner::Change => {
            let mut t = 0.0;
            while t < end {
                let hour = (t % DAY) / HOUR;
                let mean = if (6.0..22.0).contains(&hour) { 900.0 } else { 5_000.0 };
                t += chance.wait(mean).clamp(10.0, HOUR);
                if chance.unit() >= LOST {
                    out.push(t);
                }
            }
        }
        Manner::Lamp => {
            for day in (0..days).filter(|d| !is_away(*d, trip)) {
                let base = day as f64 * DAY;
                for _ in 0..3 {
                    let mut t = base + 17.0 * HOUR + chance.between(0.0, 6.0) * HOUR;
                    for _ in 0..1 + (chance.unit() * 8.0) as i32 {
                        out.push(t);
                        t += chance.between(2.0, 15.0);
                    }
                }
            }
        }
        Manner::Minute => lossy(&mut out, end, 59.0, 61.0, chance),
    }
    out.sort_by(f64::total_cmp);
    out.retain(|t| *t < end);
    out
}

/// What people set off between seven and eleven in the evening, with some minutes between two in a row.
fn by_day(out: &mut Vec<f64>, end: f64, mean: f64, chance: &mut Chance, is_home: impl Fn(f64) -> bool) {
    let mut t = 0.0;
    while t < end {
        let (day, hour) = ((t / DAY) as i64, (t % DAY) / HOUR);
        let works = day % 7 < 5 && (8.5..16.5).contains(&hour);
        let asleep = !(6.5..23.0).contains(&hour);
        let slower = if asleep {
            60.0
        } else if works {
            12.0
        } else {
            1.0
        };
        t += chance.wait(mean * slower).min(2.0 * HOUR * (0.5 + slower / 20.0));
        if is_home(t) && (!asleep || chance.unit() < 0.2) {
            out.push(t);
        }
    }
}

fn lossy(out: &mut Vec<f64>, end: f64, low: f64, high: f64, chance: &mut Chance) {
    let mut t = chance.between(0.0, high);
    while t < end {
        if chance.unit() >= LOST {
            out.push(t);
        }
        t += chance.between(low, high);
    }
}
