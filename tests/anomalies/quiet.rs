//! Readings of an ordinary house, from a seed: nothing in them is wrong, though much of it is sudden.

use jamey::domain::Body;

pub const DAY: f64 = 86_400.0;

/// The same numbers for the same seed, anywhere (SplitMix64, Steele et al. 2014).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit().max(1e-12), self.unit());
        (-2.0 * libm::log(u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// A sensor's life: when it tells what.
pub type Life = Vec<(f64, Body)>;

/// Sun, from −1 at night to 1 at noon.
fn sun(t: f64) -> f64 {
    -libm::cos(std::f64::consts::TAU * t / DAY)
}

fn round(x: f64, step: f64) -> f64 {
    // As a device would write it.
    let places = if step >= 1.0 {
        0
    } else if step >= 0.1 {
        1
    } else {
        2
    };
    format!("{:.places$}", (x / step).round() * step).parse().unwrap()
}

/// Every so often, with a little jitter.
fn periodic(dice: &mut Dice, days: f64, every: f64, mut value: impl FnMut(f64, f64, &mut Dice) -> f64) -> Vec<(f64, f64)> {
    let (mut t, mut out) = (dice.between(0.0, every), Vec::new());
    while t < days * DAY {
        out.push((t, value(t, every, dice)));
        t += every * dice.between(0.97, 1.03);
    }
    out
}

/// As Zigbee devices do: when it moved by so much, and once an hour.
fn on_change(of: &[(f64, f64)], by: f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    for &(t, x) in of {
        if out.last().is_none_or(|&(at, last)| (x - last).abs() >= by || t - at >= 3_600.0) {
            out.push((t, x));
        }
    }
    out
}

fn numbers(of: Vec<(f64, f64)>, step: f64) -> Life {
    of.into_iter().map(|(t, x)| (t, Body::Number(round(x, step)))).collect()
}

/// What comes and goes by itself: pulls a value up or down, and lets go.
struct Pulls {
    per_second: f64,
    hold: (f64, f64),
    size: (f64, f64),
    rise: f64,
    fall: f64,
    until: f64,
    target: f64,
    now: f64,
}

impl Pulls {
    fn new(a_day: f64, hold: (f64, f64), size: (f64, f64), rise: f64, fall: f64) -> Self {
        Self { per_second: a_day / DAY, hold, size, rise, fall, until: 0.0, target: 0.0, now: 0.0 }
    }

    fn at(&mut self, t: f64, dt: f64, dice: &mut Dice) -> f64 {
        if t > self.until {
            self.target = 0.0;
            if dice.chance(self.per_second * dt) {
                self.until = t + dice.between(self.hold.0, self.hold.1);
                self.target = dice.between(self.size.0, self.size.1);
            }
        }
        let slow = if self.target.abs() > self.now.abs() { self.rise } else { self.fall };
        self.now += (self.target - self.now) * (1.0 - libm::exp(-dt / slow));
        self.now
    }
}

/// What the weather does from hour to hour: an Ornstein–Uhlenbeck walk.
struct Weather {
    hold: f64,
    size: f64,
    now: f64,
}

impl Weather {
    fn new(hold: f64, size: f64) -> Self {
        Self { hold, size, now: 0.0 }
    }

    fn at(&mut self, dt: f64, dice: &mut Dice) -> f64 {
        let keep = libm::exp(-dt / self.hold);
        self.now = self.now * keep + self.size * (1.0 - keep * keep).sqrt() * dice.normal();
        self.now
    }
}

fn room(dice: &mut Dice, days: f64, every: f64) -> Vec<(f64, f64)> {
    let (mut window, mut oven) = (
        Pulls::new(1.5, (300.0, 1_800.0), (-3.5, -1.0), 600.0, 2_400.0),
        Pulls::new(0.5, (1_200.0, 4_800.0), (0.8, 2.0), 1_500.0, 3_600.0),
    );
    let mut weather = Weather::new(3.0 * DAY, 0.5);
    periodic(dice, days, every, |t, dt, d| {
        let heating = 0.25 * libm::sin(std::f64::consts::TAU * t / 2_700.0);
        let night = if (t / DAY).fract() < 0.25 { -1.0 } else { 0.0 };
        21.0 + night + 0.7 * sun(t) + heating + weather.at(dt, d) + window.at(t, dt, d) + oven.at(t, dt, d) + 0.03 * d.normal()
    })
}

pub fn room_temperature(dice: &mut Dice, days: f64) -> Life {
    numbers(room(dice, days, 300.0), 0.1)
}

pub fn room_temperature_on_change(dice: &mut Dice, days: f64) -> Life {
    numbers(on_change(&room(dice, days, 60.0), 0.2), 0.01)
}

pub fn cellar_temperature_every_ten_seconds(dice: &mut Dice, days: f64) -> Life {
    let mut weather = Weather::new(DAY, 0.8);
    numbers(periodic(dice, days.min(4.0), 10.0, |t, dt, d| 15.0 + 0.4 * sun(t) + weather.at(dt, d) + 0.02 * d.normal()), 0.01)
}

pub fn bath_humidity(dice: &mut Dice, days: f64) -> Life {
    let mut shower = Pulls::new(2.5, (300.0, 900.0), (12.0, 40.0), 240.0, 2_400.0);
    let mut weather = Weather::new(2.0 * DAY, 5.0);
    numbers(
        periodic(dice, days, 120.0, |t, dt, d| {
            (52.0 - 2.0 * sun(t) + weather.at(dt, d) + shower.at(t, dt, d) + 0.2 * d.normal()).clamp(5.0, 99.0)
        }),
        0.1,
    )
}

pub fn outdoor_temperature(dice: &mut Dice, days: f64) -> Life {
    let mut weather = Weather::new(3.0 * DAY, 3.0);
    let mut clouds = Weather::new(1_800.0, 0.4);
    // The sun on the sensor for half an hour, on some days.
    let mut glare = Pulls::new(0.6, (600.0, 2_400.0), (2.0, 8.0), 900.0, 1_200.0);
    let season = dice.between(-0.15, 0.15);
    numbers(
        periodic(dice, days, 300.0, |t, dt, d| {
            let light = if sun(t) > 0.0 { 1.0 } else { 0.0 };
            9.0 + season * t / DAY + 4.5 * sun(t) + weather.at(dt, d) + clouds.at(dt, d) + light * glare.at(t, dt, d) + 0.05 * d.normal()
        }),
        0.1,
    )
}

/// The same through the seasons, in a day of which the sun's glare is left out.
pub fn outdoor_year(dice: &mut Dice) -> Life {
    let mut weather = Weather::new(3.0 * DAY, 3.0);
    let begins = dice.between(0.0, 365.0);
    numbers(
        periodic(dice, 365.0, 1_800.0, |t, dt, d| {
            let season = 9.0 * libm::sin(std::f64::consts::TAU * (t / DAY + begins) / 365.0);
            9.0 + season + 4.5 * sun(t) + weather.at(dt, d) + 0.1 * d.normal()
        }),
        0.1,
    )
}

pub fn pressure(dice: &mut Dice, days: f64) -> Life {
    let mut weather = Weather::new(2.0 * DAY, 8.0);
    numbers(periodic(dice, days, 600.0, |_, dt, d| 1_013.0 + weather.at(dt, d) + 0.05 * d.normal()), 0.1)
}

pub fn co2(dice: &mut Dice, days: f64) -> Life {
    let mut people = Pulls::new(4.0, (1_800.0, 4.0 * 3_600.0), (200.0, 1_100.0), 3_600.0, 5_400.0);
    numbers(periodic(dice, days, 120.0, |t, dt, d| 440.0 + people.at(t, dt, d) + 6.0 * d.normal()), 1.0)
}

pub fn fridge_power(dice: &mut Dice, days: f64) -> Life {
    let (mut on, mut until) = (false, 0.0);
    numbers(
        periodic(dice, days, 60.0, |t, _, d| {
            let mut surge = 0.0;
            if t > until {
                on = !on;
                until = t + if on { d.between(600.0, 1_500.0) } else { d.between(1_200.0, 2_700.0) };
                // The compressor starts within the second that is told, now and then.
                surge = if on && d.chance(0.1) { d.between(100.0, 700.0) } else { 0.0 };
            }
            if on { 82.0 + surge + 2.0 * d.normal() } else { (1.2 + 0.1 * d.normal()).max(0.0) }
        }),
        0.1,
    )
}

pub fn washer_power(dice: &mut Dice, days: f64) -> Life {
    let (mut until, mut heats) = (0.0, 0.0);
    let readings = periodic(dice, days, 30.0, |t, dt, d| {
        if t > until && d.chance(3.0 / 7.0 / DAY * dt) {
            (until, heats) = (t + d.between(3_600.0, 7_200.0), t + d.between(600.0, 1_500.0));
        }
        match () {
            () if t < heats => 2_050.0 + 15.0 * d.normal(),
            () if t < until => d.between(20.0, 350.0),
            () => 0.6,
        }
    });
    numbers(on_change(&readings, 1.0), 0.1)
}

pub fn illuminance(dice: &mut Dice, days: f64) -> Life {
    let mut clouds = Weather::new(3_600.0, 0.8);
    let mut lamp = Pulls::new(2.0, (1_800.0, 3.0 * 3_600.0), (60.0, 220.0), 1.0, 1.0);
    let readings = periodic(dice, days, 60.0, |t, dt, d| {
        let day = 4_000.0 * sun(t).max(0.0) * libm::exp(clouds.at(dt, d) - 0.3);
        day + lamp.at(t, dt, d)
    });
    numbers(on_change(&readings, 10.0), 1.0)
}

pub fn battery_voltage_of_mains(dice: &mut Dice, days: f64) -> Life {
    let mut grid = Weather::new(1_800.0, 1.5);
    numbers(periodic(dice, days, 60.0, |t, dt, d| 231.0 - sun(t) + grid.at(dt, d) + 0.3 * d.normal()), 0.1)
}

fn words(times: Vec<f64>, a: &str, b: &str) -> Life {
    let said = |n: usize| if n.is_multiple_of(2) { a } else { b };
    times.into_iter().enumerate().map(|(n, t)| (t, Body::Text(said(n).to_owned()))).collect()
}

pub fn door(dice: &mut Dice, days: f64) -> Life {
    let (mut t, mut out) = (0.0, Vec::new());
    while t < days * DAY {
        let awake = sun(t) > -0.5;
        t += if awake { dice.between(120.0, 9_000.0) } else { dice.between(9_000.0, 30_000.0) };
        out.push(t);
        // Children in and out, now and then.
        for _ in 0..(if dice.chance(0.05) { 6 } else { 1 }) {
            t += dice.between(3.0, 60.0);
            out.push(t);
            t += dice.between(2.0, 20.0);
            out.push(t);
        }
        t += dice.between(3.0, 60.0);
        out.push(t);
    }
    words(out, "open", "closed")
}

pub fn motion(dice: &mut Dice, days: f64) -> Life {
    let (mut t, mut out) = (0.0, Vec::new());
    while t < days * DAY {
        t += dice.between(60.0, 5_400.0);
        for _ in 0..(dice.between(1.0, 12.0) as usize) {
            t += dice.between(5.0, 90.0);
            out.push(t);
            t += dice.between(10.0, 60.0);
            out.push(t);
        }
    }
    words(out, "true", "false")
}

pub fn thermostat_mode(dice: &mut Dice, days: f64) -> Life {
    let modes = ["auto", "heat", "off", "eco"];
    periodic(dice, days, 3_600.0, |_, _, d| d.unit())
        .into_iter()
        .map(|(t, u)| {
            (
                t,
                Body::Text(
                    modes[if u < 0.8 {
                        0
                    } else if u < 0.93 {
                        1
                    } else if u < 0.98 {
                        2
                    } else {
                        3
                    }]
                    .to_owned(),
                ),
            )
        })
        .collect()
}

/// Makes a life of so many days.
pub type Make = fn(&mut Dice, f64) -> Life;

/// Every kind with the name of its field.
pub const ALL: [(&str, &str, Make); 14] = [
    ("room temperature", "temperature", room_temperature),
    ("room temperature, told on change", "temperature", room_temperature_on_change),
    ("cellar temperature, every 10 s", "temperature", cellar_temperature_every_ten_seconds),
    ("bath humidity", "humidity", bath_humidity),
    ("outdoor temperature", "temperature", outdoor_temperature),
    ("air pressure", "pressure", pressure),
    ("carbon dioxide", "co2", co2),
    ("fridge power", "power", fridge_power),
    ("washer power, told on change", "power", washer_power),
    ("illuminance, told on change", "illuminance", illuminance),
    ("mains voltage", "voltage", battery_voltage_of_mains),
    ("door contact", "contact", door),
    ("motion", "occupancy", motion),
    ("thermostat mode", "mode", thermostat_mode),
];
