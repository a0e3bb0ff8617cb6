//! Promise: when a part of the house does not answer the others any more, that is found and named; what is well raises no alarm; and a broadcast
//! changes what the others do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
mod support;
use alive::{Alive, Who};
use jamey::{
    app,
    domain::{EntityId, Input, Part, Report, Severed, Timestamp, Unit01},
    mind::{Mind, Settings, State, Subject},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use support::{Chance, Plan, wait_until};

const ALERT: &str = "critical-consciousness-state";
const CONFIG: &str = "[[guard]]\ntopic = \"bolt/+/set\"\ndevice = \"bolt\"\nclass = \"lock\"\npayloads = { UNLOCK = \"unlock\" }\n";

/// A household's day goes on around the house, and memory and phoenix answer it.
struct Lived {
    house: Alive,
    chance: Chance,
    phi: Value,
}

impl Lived {
    fn new(seed: u64, severed: Option<Severed>) -> Self {
        let now = Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(i64::try_from(seed).unwrap() * 977);
        let mut house = Alive::new(CONFIG, now);
        let sets = app::rules::sets(&house.config).unwrap();
        let settings = Settings { severed, ..app::settings(&house.config).unwrap() };
        house.mind = Mind::new(settings, sets.live, State::new(now));
        Self { house, chance: Chance::of(seed), phi: Value::Null }
    }

    fn second(&mut self) {
        let outcome = self.house.tick(1);
        if let Some(asks) = outcome.asks {
            for (of, did) in [(Part::Memory, asks.recall), (Part::Phoenix, asks.prove)] {
                let report = Report { at: self.house.now, of, did, found: did, weight: Unit01::clamped(0.4) };
                self.house.mind.step(&Input::Reported(report));
            }
        }
        for _ in 0..self.chance.between(0, 3) {
            let sensor = format!("sensor_{}", self.chance.between(0, 20));
            let value = format!("{}.{}", 20 + self.chance.between(0, 3), self.chance.between(0, 10));
            self.house.tell(&sensor, "temperature", &value);
        }
        if self.chance.between(0, 90) == 0 {
            let who = Who::client(&format!("client_{}", self.chance.between(0, 4)));
            self.house.publish(&who, "bolt/1/set", b"UNLOCK", false);
        }
        for (subject, view) in self.house.mind.told() {
            if subject == Subject::Phi {
                self.phi = view;
            }
        }
        self.house.mind.take_changes();
    }

    /// What is wrong, in words.
    fn alarm(&self) -> Option<String> {
        self.house.mind.alarms().get(ALERT).map(|alarm| alarm.text.clone())
    }
}

/// What is lost, and what must be said of it.
const FAULTS: [(Part, &str); 5] = [
    (Part::Memory, "memory no longer answers recall"),
    (Part::Workspace, "the broadcast is not heard"),
    (Part::Soul, "the conscience does not hear the soul"),
    (Part::Phoenix, "phoenix does not say what is safe"),
    (Part::Perception, "what is perceived is not attended to"),
];

/// Seconds before the link is cut, and within which it must be found.
const BEFORE: u64 = 500;
const WITHIN: u64 = 600;

#[test]
fn each_lost_link_is_found_within_600_samples_and_named() {
    let runs = 100;
    for (part, words) in FAULTS {
        let (mut found, mut named, mut waited) = (0, 0, Vec::new());
        std::thread::scope(|scope| {
            let half = |from: u64| {
                move || {
                    (from..runs)
                        .step_by(2)
                        .map(move |seed| {
                            let mut lived = Lived::new(seed, Some(Severed { part, after_seconds: BEFORE }));
                            (0..BEFORE).for_each(|_| lived.second());
                            assert_eq!(lived.alarm(), None, "{part:?} {seed}: {}", lived.phi);
                            let after = (0..WITHIN).find(|_| {
                                lived.second();
                                lived.alarm().is_some()
                            });
                            if after.is_none() {
                                eprintln!("{part:?} {seed}: {}", lived.phi);
                            }
                            (after, lived.alarm())
                        })
                        .collect::<Vec<_>>()
                }
            };
            let others = scope.spawn(half(1));
            for (after, alarm) in half(0)().into_iter().chain(others.join().unwrap()) {
                found += u64::from(after.is_some());
                named += u64::from(alarm.is_some_and(|text| text.starts_with(&format!("internal link lost: {words} ("))));
                waited.extend(after);
            }
        });
        waited.sort_unstable();
        eprintln!(
            "{part:?}: found {found}, named {named} of {runs}; after {:?} in the middle, {:?} at most",
            waited.get(waited.len() / 2),
            waited.last()
        );
        assert_eq!(found, runs, "{part:?}");
        assert!(named * 100 >= runs * 95, "{part:?}: {named}");
    }
}

#[test]
fn a_house_that_is_well_raises_no_alarm_in_100000_samples() {
    let alarms: usize = std::thread::scope(|scope| {
        let run = |seed: u64| {
            move || {
                let mut lived = Lived::new(seed, None);
                let mut alarms = 0;
                let mut was = false;
                for _ in 0..50_000 {
                    lived.second();
                    let is = lived.alarm().is_some();
                    alarms += usize::from(is && !was);
                    was = is;
                }
                assert_eq!(lived.phi["powered"], true, "{}", lived.phi);
                alarms
            }
        };
        let other = scope.spawn(run(2_000));
        run(1_000)() + other.join().unwrap()
    });
    assert!(alarms <= 1, "{alarms}");
}

#[test]
fn with_the_broadcast_off_the_others_do_otherwise() {
    let live = |severed| {
        let mut lived = Lived::new(5, severed);
        for n in 0..3_000 {
            lived.house.tell("freezer", "temperature", &format!("-18.{}", [2, 1, 3, 2, 4, 1, 2, 3][n % 8]));
            lived.house.tick(60);
        }
        // Words that stir put the freezer into focus.
        lived.house.tell("freezer", "say", "this is a horrible terrible disaster, help!!!");
        let mut asked = Vec::new();
        for _ in 0..12 {
            let outcome = lived.house.tick(1);
            asked.extend(outcome.asks.map(|asks| asks.of));
            for of in [Part::Memory, Part::Phoenix] {
                lived.house.mind.step(&Input::Reported(Report { at: lived.house.now, of, did: 1, found: 1, weight: Unit01::clamped(0.0) }));
            }
        }
        let freezer = EntityId::new("freezer").unwrap();
        let importance = {
            let outcome = lived.house.publish(&Who::client("freezer"), "jamey/in/freezer/note", b"hm", false);
            outcome.record.unwrap().importance
        };
        // The least leap, in tenths of a degree, that is noticed.
        let leap = (1..100).find(|tenths| {
            let mut mind = Mind::new(
                Settings { severed, ..app::settings(&lived.house.config).unwrap() },
                app::rules::sets(&lived.house.config).unwrap().live,
                lived.house.mind.state().clone(),
            );
            std::mem::swap(&mut mind, &mut lived.house.mind);
            lived.house.tell("freezer", "temperature", &format!("{:.1}", -18.0 + 0.1 * f64::from(*tenths)));
            let odd = lived.house.mind.soul().is_odd(&freezer);
            lived.house.mind = mind;
            odd
        });
        (asked, importance, leap.expect("some leap is noticed"))
    };
    let on = live(None);
    let off = live(Some(Severed { part: Part::Workspace, after_seconds: 0 }));
    let freezer = EntityId::new("freezer").ok();
    assert!(on.0.contains(&freezer) && !off.0.contains(&freezer), "memory is asked of whom it is about: {:?} {:?}", on.0, off.0);
    assert!(on.1 > off.1, "what has attention is kept as more important: {} {}", on.1, off.1);
    assert!(on.2 < off.2, "it is looked at more closely: a leap of {} and of {} tenths", on.2, off.2);
}

/// Runs of the real thing, with ticks that come faster.
fn house(millis: u64, severed: Option<&str>) -> support::House {
    let plan = Plan::default().config(CONFIG).env("JAMEY_TRIAL_TICK_MS", &millis.to_string());
    match severed {
        Some(severed) => plan.env("JAMEY_TRIAL_SEVER", severed).start(),
        None => plan.start(),
    }
}

/// Takes the newest of what is told of Φ.
fn newest(ear: &mut support::Mqtt, phi: &mut Value, alarms: &mut BTreeMap<String, String>) {
    while let Some(message) = ear.message_within(Duration::from_millis(10)) {
        if message.topic == "jamey/consciousness/phi" {
            *phi = serde_json::from_slice(&message.payload).unwrap();
        } else {
            alarms.insert(message.topic.clone(), message.text());
        }
    }
}

#[test]
fn a_running_house_tells_which_link_it_lost() {
    std::thread::scope(|scope| {
        for (part, words) in FAULTS {
            scope.spawn(move || loses(part, words));
        }
    });
}

/// One house is one, until what goes out from a part of it is lost.
fn loses(part: Part, words: &str) {
    let house = house(40, Some(&format!("{}@{BEFORE}", part.as_str())));
    let mut ear = house.client("ear").listen("jamey/consciousness/phi", 1).listen("jamey/alert/critical-consciousness-state", 1);
    let (mut phi, mut alarms) = (Value::Null, BTreeMap::new());
    wait_until("it works as one", Duration::from_secs(90), || {
        newest(&mut ear, &mut phi, &mut alarms);
        phi["powered"] == true && phi["value"].as_f64().unwrap() > 0.05
    });
    assert!(alarms.is_empty(), "{alarms:?}");
    wait_until("the alert", Duration::from_secs(90), || {
        newest(&mut ear, &mut phi, &mut alarms);
        !alarms.is_empty()
    });
    // What is told may be a look or two behind.
    assert!(phi["samples"].as_u64().unwrap() <= BEFORE + WITHIN + 50, "{phi}");
    let alert: Value = serde_json::from_str(alarms.values().next().unwrap()).unwrap();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().starts_with(&format!("internal link lost: {words} (")), "{alert}");
}

#[test]
fn a_busy_host_raises_neither_phi_nor_an_alarm() {
    let house = house(50, None);
    let mut ear = house.client("ear").listen("jamey/consciousness/phi", 1).listen("jamey/alert/critical-consciousness-state", 1);
    let (mut phi, mut alarms) = (Value::Null, BTreeMap::new());
    let mut until = |samples: u64, phi: &mut Value| {
        let mut values = Vec::new();
        wait_until("samples", Duration::from_secs(120), || {
            newest(&mut ear, phi, &mut alarms);
            values.extend(phi["value"].as_f64());
            phi["samples"].as_u64().is_some_and(|n| n >= samples)
        });
        assert!(alarms.is_empty(), "{alarms:?}");
        values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
    };
    let quiet = until(450, &mut phi);
    let over = AtomicBool::new(false);
    let busy = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut n = 0u64;
                while !over.load(Ordering::Relaxed) {
                    n = std::hint::black_box(n.wrapping_mul(31).wrapping_add(7));
                }
            });
        }
        let busy = until(900, &mut phi);
        over.store(true, Ordering::Relaxed);
        busy
    });
    assert!(busy < quiet * 1.5, "{busy} {quiet}");
}
