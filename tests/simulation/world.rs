//! A seeded world as a list of what happens in it: devices with rhythms, sensors that drift, people, attackers, and faults. Each thing that
//! happens stands alone, so that any part of a run is a run.

use super::{faults::Fault, rhythms::Chance};

/// What happens next. Whom and what a number names is in the house's lists, taken modulo their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A sensor tells so many tenths, on a wire that may lose the acknowledgement.
    Tell {
        sensor: u8,
        tenths: i16,
        loses_ack: bool,
    },
    /// What the house goes by turns: presence, sleep, smoke, leak.
    Turn {
        signal: u8,
        on: bool,
    },
    /// Somebody asks something of a device.
    Ask {
        who: u8,
        what: u8,
        retained: bool,
        loses_ack: bool,
    },
    /// Many requests in one second, of one.
    Flood {
        who: u8,
        what: u8,
        times: u8,
    },
    /// Somebody describes a device, or another way to command one.
    Describe {
        who: u8,
        device: u8,
        topic: u8,
    },
    /// A client sends again all that it saw no acknowledgement of.
    Again {
        client: u8,
    },
    /// An attacker sends what another sent before, under a name of their own.
    Replay {
        nth: u8,
    },
    /// Somebody poses as somebody else.
    Forge {
        who: u8,
        posed_as: u8,
    },
    /// Somebody answers one of those that wait, or waited.
    Answer {
        by: u8,
        nth: u8,
        approves: bool,
        proof: Proof,
    },
    /// An owner says whom to trust, or not.
    Trust {
        sensor: u8,
        good: bool,
    },
    /// An owner has everything of one forgotten.
    Forget {
        whom: u8,
    },
    /// Memories are given back to somebody who asked.
    Recall {
        nth: u8,
    },
    /// Time passes, as a clock shows it.
    Pass {
        seconds: u16,
    },
    /// The host's clock is set, forth or back.
    Set {
        seconds: i32,
    },
    /// What was gathered is handed to the writer, where it has nothing in hand.
    Submit,
    /// The writer tries to store what it has in hand.
    Write,
    /// The index takes what changed.
    Follow,
    /// Memory is kept in order.
    Keep,
    Break(Fault),
    Mend,
    /// The power goes, and comes back: of what is being written that many 256ths of the log reach the disk. 0: nothing is being written.
    Crash {
        torn: u8,
    },
    /// The house is stopped in order, and started again.
    Restart,
}

/// What an answer proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// That it is of one who read what they answer.
    Right,
    /// It was meant for another request.
    Others,
    /// It has another nonce.
    Guessed,
    /// It is right, of one that was answered before.
    Old,
}

/// A number below this one.
pub fn below(chance: &mut Chance, n: u64) -> u64 {
    chance.between(0.0, n as f64) as u64
}

fn byte(chance: &mut Chance) -> u8 {
    below(chance, 256) as u8
}

fn is_drawn(chance: &mut Chance, percent: u64) -> bool {
    below(chance, 100) < percent
}

/// Each sensor tells at a pace of its own, around a value of its own, which drifts.
struct Sensor {
    every: u64,
    next: u64,
    tenths: f64,
    drift: f64,
}

/// A run of so many actions. A seed is a temper too: some worlds are calm, others are not.
pub fn run_of(seed: u64, actions: usize) -> Vec<Action> {
    let chance = &mut Chance::of(seed);
    let mut sensors: Vec<Sensor> = (0..12)
        .map(|n| Sensor {
            every: 10 + below(chance, 110),
            next: n,
            tenths: 150.0 + below(chance, 100) as f64,
            drift: (below(chance, 100) as f64 - 50.0) / 200.0,
        })
        .collect();
    let rough = 1 + below(chance, 4);
    let loss = below(chance, 25);
    let (mut now, mut all) = (0, Vec::with_capacity(actions + 2));
    while all.len() < actions {
        if is_drawn(chance, 40) {
            let (at, sensor) = sensors.iter_mut().enumerate().min_by_key(|(_, s)| s.next).unwrap();
            if sensor.next > now {
                all.push(Action::Pass { seconds: (sensor.next - now) as u16 });
                now = sensor.next;
            }
            sensor.next += sensor.every;
            sensor.tenths += sensor.drift + (below(chance, 11) as f64 - 5.0) / 4.0;
            // Now and then one tells something it cannot have measured.
            let tenths = if below(chance, 400) == 0 { 9_999 } else { sensor.tenths as i16 };
            all.push(Action::Tell { sensor: at as u8, tenths, loses_ack: is_drawn(chance, loss) });
        } else {
            all.push(happening(chance, rough, loss));
        }
    }
    all.truncate(actions);
    all
}

fn happening(chance: &mut Chance, rough: u64, loss: u64) -> Action {
    match below(chance, 1_000) {
        0..210 => Action::Ask { who: byte(chance), what: byte(chance), retained: is_drawn(chance, 4), loses_ack: is_drawn(chance, loss) },
        210..240 => Action::Turn { signal: byte(chance), on: is_drawn(chance, 35) },
        240..245 => Action::Flood { who: byte(chance), what: byte(chance), times: 10 + below(chance, 40) as u8 },
        245..255 => Action::Describe { who: byte(chance), device: byte(chance), topic: byte(chance) },
        255..310 => Action::Again { client: byte(chance) },
        310..330 => Action::Replay { nth: byte(chance) },
        330..338 => Action::Forge { who: byte(chance), posed_as: byte(chance) },
        338..420 => {
            let proof = match below(chance, 6) {
                0 => Proof::Others,
                1 => Proof::Guessed,
                2 => Proof::Old,
                _ => Proof::Right,
            };
            Action::Answer { by: byte(chance), nth: byte(chance), approves: is_drawn(chance, 70), proof }
        }
        420..426 => Action::Trust { sensor: byte(chance), good: is_drawn(chance, 50) },
        426..428 => Action::Forget { whom: byte(chance) },
        428..440 => Action::Recall { nth: byte(chance) },
        440..460 => Action::Pass { seconds: 60 + below(chance, 600) as u16 },
        460..463 => Action::Pass { seconds: 3_600 + below(chance, 30_000) as u16 },
        463..467 => Action::Set { seconds: below(chance, 7_200) as i32 - 3_600 },
        467..690 => Action::Submit,
        690..940 => Action::Write,
        940..943 => Action::Follow,
        943..947 => Action::Keep,
        947..980 if below(chance, 4) >= rough => Action::Write,
        947..961 => Action::Break(Fault::drawn(chance)),
        961..980 => Action::Mend,
        980..983 => Action::Crash { torn: byte(chance) },
        983..985 => Action::Crash { torn: 0 },
        985..986 => Action::Restart,
        _ => Action::Write,
    }
}
