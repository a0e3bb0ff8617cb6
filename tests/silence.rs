//! Promise: who falls silent is missed, within three of its usual gaps where it has a rhythm, and hardly ever wrongly; a bridge that goes is
//! one cause; what is old is no sign of life; and silence ends nothing but itself.
//!
//! Rhythms take hours and months, so they are lived through the whole mind with their own time; what the broker adds is shown through it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds and small numbers")]

mod alive;
mod rhythms;
mod support;
use alive::{Alive, Who};
use jamey::{
    app,
    domain::{Change, EntityId, Facet, Liveness, LivenessView, Outcome, Registry, Silence, Timestamp},
    mind::{Mind, State},
    soul::Soul,
};
use rhythms::{Chance, MANNERS, words};
use std::{collections::BTreeMap, time::Duration};
use support::*;

const BIRTH: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
const BRIDGE: &str = "zigbee2mqtt.bridge";

/// A house in which time passes second by second, with all that was told of silence.
struct Quiet {
    house: Alive,
    told: Vec<(Timestamp, Silence)>,
}

impl Quiet {
    fn new(config: &str) -> Self {
        Self { house: Alive::new(config, BIRTH), told: Vec::new() }
    }

    fn note(&mut self, outcome: Outcome) {
        let now = self.house.now;
        self.told.extend(outcome.silences.into_iter().map(|silence| (now, silence)));
    }

    /// Lets time pass, a tick each `step` seconds.
    fn pass_by(&mut self, seconds: i64, step: i64) {
        let until = self.house.now.plus_seconds(seconds);
        while self.house.now < until {
            let left = (until.micros() - self.house.now.micros()) / 1_000_000;
            let outcome = self.house.tick(step.min(left.max(1)));
            self.note(outcome);
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.pass_by(seconds, 1);
    }

    fn tell(&mut self, who: &Who, topic: &str, payload: &str) {
        let outcome = self.house.publish(who, topic, payload.as_bytes(), false);
        self.note(outcome);
    }

    fn is(&mut self, name: &str) -> LivenessView {
        let (id, now) = (EntityId::escaped(name), self.house.now);
        self.house.mind.soul().opinion(&id, now).unwrap().detail.liveness
    }

    fn state(&mut self, name: &str) -> Liveness {
        self.is(name).state
    }

    /// What speaks against somebody's being there.
    fn against(&mut self, name: &str) -> f64 {
        let (id, now) = (EntityId::escaped(name), self.house.now);
        let view = self.house.mind.soul().opinion(&id, now).unwrap();
        view.detail.facets.iter().find(|f| f.facet == Facet::Availability).map_or(0.0, |f| f.against_it)
    }

    fn begun(&self, name: &str) -> usize {
        self.told.iter().filter(|(_, s)| s.begins && s.entity.as_str() == name).count()
    }

    /// What was stored is all that the next run has.
    fn restart(&mut self, seconds: i64) {
        self.house.mind.soul().settle();
        let mut soul = Soul::new();
        for change in self.house.mind.take_changes() {
            if let Change::Entity { view, state, senses } = change {
                soul.restore(view.entity, &state, senses.as_deref()).unwrap();
            }
        }
        self.house.now = self.house.now.plus_seconds(seconds);
        let state = State::restored(self.house.now, Registry::default(), soul, BTreeMap::new(), [], BTreeMap::new());
        let sets = app::rules::sets(&self.house.config).unwrap();
        self.house.mind = Mind::new(app::settings(&self.house.config).unwrap(), sets.live, state);
    }
}

/// Speaks so many times, with so much between; gives how long after the last word it was missed.
fn dies_after(words: u32, gap: impl Fn(&mut Chance) -> f64) -> (f64, Option<f64>) {
    let mut quiet = Quiet::new("");
    let mut chance = Chance::of(7);
    for n in 0..words {
        quiet.house.tell("sensor", "temperature", &format!("{}", n % 40));
        quiet.pass(gap(&mut chance) as i64);
    }
    quiet.house.tell("sensor", "temperature", "1");
    let (died, every) = (quiet.house.now, quiet.is("sensor").every_seconds.unwrap());
    assert_eq!((quiet.state("sensor"), quiet.told.len()), (Liveness::Fresh, 0), "until it dies it is there");
    quiet.pass_by(every as i64 * 12, (every / 60.0).clamp(1.0, 60.0) as i64);
    let missed = quiet.told.iter().find(|(_, s)| s.begins).map(|(at, _)| at.seconds_since(died));
    (every, missed)
}

#[test]
fn a_dead_device_is_missed_within_three_of_its_gaps() {
    type Gap = Box<dyn Fn(&mut Chance) -> f64>;
    let manners: [(&str, u32, Gap); 6] = [
        ("each minute, to the second", 15, Box::new(|_| 60.0)),
        ("each minute, more or less", 60, Box::new(|c| c.between(55.0, 65.0))),
        ("each minute, give or take a fifth", 60, Box::new(|c| c.between(48.0, 72.0))),
        ("each five minutes", 40, Box::new(|c| c.between(298.0, 303.0))),
        ("each 50 to 60 minutes", 40, Box::new(|c| c.between(3_000.0, 3_600.0))),
        ("once a day", 12, Box::new(|c| c.between(86_000.0, 86_800.0))),
    ];
    for (name, words, gap) in manners {
        let (every, missed) = dies_after(words, gap);
        let gaps = missed.unwrap() / every;
        println!("{name}: every {every:.0} s, missed after {gaps:.2} gaps");
        assert!(gaps <= 3.0, "{name}: missed after {gaps:.2} gaps of {every:.0} s");
    }
}

#[test]
fn a_month_of_irregular_rhythms_has_at_most_one_false_alarm_a_device() {
    const DAYS: i64 = 30;
    let (mut devices, mut all) = (0, 0);
    for seed in 0..2u64 {
        let mut quiet = Quiet::new("timezone = \"Europe/Berlin\"\n");
        let mut events: Vec<(f64, String)> = Vec::new();
        let mut names = Vec::new();
        // 50 devices, four or five of each manner but the quickest.
        for n in 0..50u64 {
            let manner = MANNERS[n as usize % (MANNERS.len() - 1)];
            let name = format!("{}-{n}", format!("{manner:?}").to_lowercase());
            events.extend(words(manner, DAYS, &mut Chance::of(100_000 + seed * 1_000 + n)).into_iter().map(|t| (t, name.clone())));
            names.push((manner, name));
        }
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (n, (t, name)) in events.iter().enumerate() {
            let wait = (t - quiet.house.now.seconds_since(BIRTH)) as i64;
            quiet.pass_by(wait.max(0), 60);
            let outcome =
                quiet.house.publish(&Who::client(name), &format!("jamey/in/{name}/state"), format!("{}", n % 17).as_bytes(), false);
            quiet.note(outcome);
        }
        for manner in MANNERS {
            let of: Vec<&String> = names.iter().filter(|(m, _)| *m == manner).map(|(_, name)| name).collect();
            let flags: usize = of.iter().map(|name| quiet.begun(name)).sum();
            if !of.is_empty() {
                println!("seed {seed} {manner:?}: {flags} false alarms, {} devices", of.len());
            }
        }
        devices += names.len();
        all += quiet.told.iter().filter(|(_, s)| s.begins).count();
    }
    println!("{all} false alarms in {devices} device-months: {:.2} each", all as f64 / devices as f64);
    assert!(all <= devices);
}

fn zigbee(quiet: &mut Quiet, devices: usize, minutes: i64) {
    let bridge = Who::bridge("zigbee2mqtt");
    quiet.tell(&bridge, "zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    for minute in 0..minutes {
        for n in (0..devices).filter(|n| (minute as usize + n).is_multiple_of(5)) {
            quiet.tell(&bridge, &format!("zigbee2mqtt/d{n}"), &format!("{{\"temperature\":{minute},\"linkquality\":{}}}", 90 + n));
        }
        quiet.pass_by(60, 5);
    }
}

#[test]
fn a_bridge_that_says_it_goes_is_one_alert_and_no_devices_fault() {
    let mut quiet = Quiet::new("");
    zigbee(&mut quiet, 40, 120);
    let before = quiet.against("d7");
    assert_eq!(quiet.told, []);
    // Its last will.
    quiet.tell(&Who::bridge("zigbee2mqtt"), "zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#);
    let gone = quiet.is("d7");
    assert_eq!((gone.state, gone.because_of.unwrap().as_str()), (Liveness::Silent, BRIDGE), "at once");
    quiet.pass_by(6 * 3_600, 5);
    let begun: Vec<&str> = quiet.told.iter().filter(|(_, s)| s.begins).map(|(_, s)| s.entity.as_str()).collect();
    assert_eq!((begun, quiet.told[0].1.carries), (vec![BRIDGE], Some(40)));
    assert_eq!(quiet.against("d7"), before, "no device is blamed");
    // Back, and what it publishes first is what it knew.
    quiet.tell(&Who::bridge("zigbee2mqtt"), "zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    for n in 0..40 {
        let last = (0..120i64).rev().find(|m| (*m as usize + n).is_multiple_of(5)).unwrap();
        quiet.tell(
            &Who::bridge("zigbee2mqtt"),
            &format!("zigbee2mqtt/d{n}"),
            &format!("{{\"temperature\":{last},\"linkquality\":{}}}", 90 + n),
        );
    }
    assert!((0..40).all(|n| quiet.state(&format!("d{n}")) == Liveness::Silent), "its cache is nobody's sign of life");
    assert_eq!(quiet.begun(BRIDGE), 1);
    assert!(!quiet.told.last().unwrap().1.begins, "the alert is over");
    // Grace: they have their usual time; who speaks is there, who does not is missed by himself.
    quiet.tell(&Who::bridge("zigbee2mqtt"), "zigbee2mqtt/d7", r#"{"temperature":1,"linkquality":90}"#);
    assert_eq!(quiet.state("d7"), Liveness::Fresh);
    quiet.pass_by(240, 5);
    assert_eq!(quiet.told.iter().filter(|(_, s)| s.begins).count(), 1, "within their usual time");
    for _ in 0..3 {
        quiet.pass_by(290, 5);
        quiet.tell(&Who::bridge("zigbee2mqtt"), "zigbee2mqtt/d7", r#"{"temperature":2,"linkquality":91}"#);
    }
    assert_eq!((quiet.begun("d8"), quiet.begun("d7")), (1, 0));
    assert_eq!(quiet.is("d8").because_of, None);
}

#[test]
fn a_bridge_that_just_falls_silent_is_one_alert_too() {
    let mut quiet = Quiet::new("");
    zigbee(&mut quiet, 40, 120);
    let before = quiet.against("d7");
    quiet.pass_by(6 * 3_600, 5);
    let begun: Vec<&str> = quiet.told.iter().filter(|(_, s)| s.begins).map(|(_, s)| s.entity.as_str()).collect();
    assert_eq!(begun, [BRIDGE]);
    assert_eq!(quiet.is("d7").because_of.unwrap().as_str(), BRIDGE);
    assert_eq!(quiet.against("d7"), before);
    // And one device of forty that dies alone is missed alone.
    let mut quiet = Quiet::new("");
    zigbee(&mut quiet, 40, 120);
    let bridge = Who::bridge("zigbee2mqtt");
    for minute in 0..60i64 {
        for n in (1..40).filter(|n| (minute as usize + n).is_multiple_of(5)) {
            quiet.tell(&bridge, &format!("zigbee2mqtt/d{n}"), &format!("{{\"temperature\":{minute}}}"));
        }
        quiet.pass_by(60, 5);
    }
    let begun: Vec<&str> = quiet.told.iter().filter(|(_, s)| s.begins).map(|(_, s)| s.entity.as_str()).collect();
    assert_eq!(begun, ["d0"]);
    assert!(quiet.against("d0") > 0.9);
}

#[test]
fn a_farewell_is_one_silence_and_a_short_one_none() {
    let mut quiet = Quiet::new("");
    let plug = Who::client("plug");
    quiet.tell(&plug, "tele/plug/LWT", "Online");
    for n in 0..30 {
        quiet.tell(&plug, "tele/plug/SENSOR", &format!("{{\"ENERGY\":{{\"Power\":{n}}}}}"));
        quiet.pass_by(300, 5);
    }
    // A restart.
    quiet.tell(&plug, "tele/plug/LWT", "Offline");
    assert_eq!(quiet.state("plug"), Liveness::Offline);
    quiet.pass(20);
    quiet.tell(&plug, "tele/plug/LWT", "Online");
    quiet.tell(&plug, "tele/plug/SENSOR", "{\"ENERGY\":{\"Power\":7}}");
    assert_eq!((quiet.state("plug"), quiet.told.len()), (Liveness::Fresh, 0));
    let before = quiet.against("plug");
    quiet.tell(&plug, "tele/plug/LWT", "Offline");
    quiet.pass_by(86_400, 20);
    assert_eq!((quiet.begun("plug"), quiet.told[0].1.said_so), (1, true));
    assert!((quiet.against("plug") - before - 1.0).abs() < 0.1, "one silence, however long");
    quiet.tell(&plug, "tele/plug/LWT", "Online");
    assert!(!quiet.told.last().unwrap().1.begins);
}

#[test]
fn silence_is_three_at_most_and_ends_when_it_speaks() {
    let mut quiet = Quiet::new("");
    for n in 0..40 {
        quiet.house.tell("sensor", "temperature", &format!("{n}"));
        quiet.pass_by(60, 5);
    }
    let before = quiet.against("sensor");
    quiet.pass_by(3_600 * 12, 10);
    let lost = quiet.against("sensor") - before;
    assert!((2.9..3.1).contains(&lost), "{lost}");
    assert_eq!((quiet.state("sensor"), quiet.begun("sensor"), quiet.told.len()), (Liveness::Silent, 1, 1), "nothing ended it but its word");
    quiet.tell(&Who::client("sensor"), "jamey/in/sensor/temperature", "5");
    assert_eq!(quiet.state("sensor"), Liveness::Fresh);
    assert!(!quiet.told[1].1.begins);
    // One failure is not its rhythm: it is missed as soon as the first time.
    for n in 0..40 {
        quiet.house.tell("sensor", "temperature", &format!("{n}"));
        quiet.pass_by(60, 5);
    }
    assert!(quiet.is("sensor").silent_after_seconds.unwrap() < 180.0);
}

#[test]
fn a_restart_is_nobodys_silence_and_forgets_no_silence() {
    let mut quiet = Quiet::new("");
    for n in 0..40 {
        quiet.house.tell("lives", "temperature", &format!("{n}"));
        if n < 20 {
            quiet.house.tell("dead", "temperature", &format!("{n}"));
        }
        quiet.pass_by(60, 5);
    }
    assert_eq!((quiet.begun("dead"), quiet.begun("lives")), (1, 0));
    let before = quiet.against("lives");
    quiet.restart(5 * 3_600);
    quiet.told.clear();
    quiet.pass(1);
    assert_eq!(quiet.begun("dead"), 1, "it is still gone, and that is told again");
    quiet.pass(120);
    assert_eq!((quiet.begun("lives"), quiet.state("lives")), (0, Liveness::Fresh), "Jamey was away, not it");
    assert!(quiet.against("lives") <= before);
    quiet.pass(60);
    assert_eq!(quiet.begun("lives"), 1, "from the start on it had its usual time");
}

#[test]
fn what_is_old_is_no_sign_of_life_and_said_again_it_is_a_replay() {
    let mut quiet = Quiet::new("");
    let door = Who::client("door");
    let word = |n: i64| format!("{{\"contact\":{},\"last_seen\":{}}}", n % 2 == 0, 1_795_000_000_000i64 + n * 60_000);
    for n in 0..40 {
        quiet.tell(&door, "jamey/in/door/contact", &word(n));
        quiet.pass_by(60, 5);
    }
    let integrity = |quiet: &mut Quiet, name: &str| {
        let (id, now) = (EntityId::escaped(name), quiet.house.now);
        let view = quiet.house.mind.soul().opinion(&id, now).unwrap();
        view.detail.facets.iter().find(|f| f.facet == Facet::Integrity).map_or(0.0, |f| f.against_it)
    };
    // The newest again: old, and nothing bad.
    quiet.tell(&door, "jamey/in/door/contact", &word(39));
    assert_eq!((quiet.state("door"), integrity(&mut quiet, "door")), (Liveness::Replayed, 0.0));
    // Out of another broker's store: the same.
    quiet.house.stored = true;
    quiet.house.publish(&Who::bridge("attached"), "jamey/in/door/contact", word(50).as_bytes(), true);
    quiet.house.stored = false;
    assert_eq!((quiet.state("door"), integrity(&mut quiet, "door")), (Liveness::Replayed, 0.0));
    // An earlier one again, as if it were news.
    quiet.tell(&door, "jamey/in/door/contact", &word(35));
    assert!(integrity(&mut quiet, "door") >= 9.9, "{}", integrity(&mut quiet, "door"));
    // None of it counts as heard.
    quiet.pass_by(120, 5);
    assert_eq!(quiet.state("door"), Liveness::Silent);
    // Who repeats another's word is charged himself.
    quiet.tell(&Who::client("crook"), "jamey/in/door/contact", &word(36));
    assert!(integrity(&mut quiet, "crook") >= 9.9 && integrity(&mut quiet, "door") < 10.1);
    // A bridge that repeats what it knew is not blamed.
    let bridge = Who::bridge("zigbee2mqtt");
    for n in [0, 1, 2, 3, 1] {
        quiet.tell(&bridge, "zigbee2mqtt/window", &word(n * 10));
    }
    assert_eq!((integrity(&mut quiet, "window"), integrity(&mut quiet, "zigbee2mqtt")), (0.0, 0.0));
}

#[test]
fn nobody_makes_an_honest_word_look_like_a_replay() {
    let mut quiet = Quiet::new("");
    let integrity = |quiet: &mut Quiet, name: &str| {
        let (id, now) = (EntityId::escaped(name), quiet.house.now);
        let view = quiet.house.mind.soul().opinion(&id, now).unwrap();
        view.detail.facets.iter().find(|f| f.facet == Facet::Integrity).map_or(0.0, |f| f.against_it)
    };
    let word = |stamp: i64| format!("{{\"contact\":true,\"timestamp\":{}}}", 1_795_000_000 + stamp);
    // The door tells each minute when it was last opened; so does a script that speaks of the gate.
    for (who, topic, honest) in [("door", "jamey/in/door/contact", "door"), ("script", "jamey/in/gate/contact", "script")] {
        quiet.tell(&Who::client(who), topic, &word(0));
        quiet.pass_by(60, 5);
        quiet.tell(&Who::client("crook"), topic, &word(9_000));
        quiet.pass_by(60, 5);
        quiet.tell(&Who::client(who), topic, &word(0));
        assert_eq!(integrity(&mut quiet, honest), 0.0, "{honest}: a stamp of somebody else's outdates nothing");
        // Nor when the crook says the same words first, so that they are his.
        for n in 1..=8 {
            quiet.tell(&Who::client("crook"), topic, &word(n));
        }
        quiet.tell(&Who::client("crook"), topic, &word(0));
        quiet.tell(&Who::client("crook"), topic, &word(9_001));
        quiet.tell(&Who::client(who), topic, &word(0));
        assert_eq!(integrity(&mut quiet, honest), 0.0, "{honest}");
    }
}

#[test]
fn who_speaks_for_himself_is_not_covered_by_who_once_spoke_for_him() {
    let mut quiet = Quiet::new("");
    // A script sets the plugs' first values, and goes on about two things of its own.
    let script = Who::client("script");
    for plug in 0..4 {
        quiet.tell(&script, &format!("tele/plug{plug}/SENSOR"), r#"{"ENERGY":{"Power":0}}"#);
    }
    for n in 0..60 {
        for own in ["a", "b"] {
            quiet.tell(&script, &format!("jamey/in/{own}/load"), &format!("{n}"));
        }
        for plug in 0..4 {
            quiet.tell(
                &Who::client(&format!("plug{plug}")),
                &format!("tele/plug{plug}/SENSOR"),
                &format!("{{\"ENERGY\":{{\"Power\":{n}}}}}"),
            );
        }
        quiet.pass_by(60, 5);
    }
    // The script dies, and later a plug.
    for n in 0..60 {
        for plug in (0..4).filter(|plug| *plug != 2 || n < 30) {
            quiet.tell(
                &Who::client(&format!("plug{plug}")),
                &format!("tele/plug{plug}/SENSOR"),
                &format!("{{\"ENERGY\":{{\"Power\":{n}}}}}"),
            );
        }
        quiet.pass_by(60, 5);
    }
    assert_eq!((quiet.begun("plug2"), quiet.is("plug2").because_of), (1, None));
    assert!(quiet.against("plug2") > 0.9);
}

#[test]
fn two_that_speak_for_each_other_do_not_hide_each_other() {
    let mut quiet = Quiet::new("");
    let (hub, script) = (Who::bridge("hub"), Who::bridge("script"));
    for n in 0..60 {
        quiet.tell(&script, "jamey/in/hub/load", &format!("{n}"));
        quiet.tell(&hub, "jamey/in/script/load", &format!("{n}"));
        for _ in 0..6 {
            quiet.pass_by(10, 1);
            quiet.tell(&hub, "jamey/in/boiler/flame", &format!("{n}"));
        }
    }
    // The last that either says is of the other: each is looked for after the other.
    quiet.tell(&script, "jamey/in/hub/load", "1");
    quiet.tell(&hub, "jamey/in/script/load", "1");
    quiet.pass_by(3_600, 1);
    assert!(quiet.begun("hub") + quiet.begun("script") >= 1, "{:?} {:?}", quiet.is("hub"), quiet.is("script"));
}

#[test]
fn who_is_not_watched_is_not_told_of() {
    let mut quiet = Quiet::new("[[entity]]\nid = \"tv\"\nwatched = false\n");
    for n in 0..40 {
        quiet.house.tell("tv", "power", &format!("{n}"));
        quiet.pass_by(60, 5);
    }
    let before = quiet.against("tv");
    quiet.pass_by(3_600, 5);
    assert_eq!((quiet.state("tv"), quiet.told.len()), (Liveness::Silent, 0));
    assert!(quiet.against("tv") <= before);
}

#[test]
fn a_sensor_that_freezes_is_unchanged_and_batteries_and_radios_are_evidence() {
    let mut quiet = Quiet::new("");
    let bridge = Who::bridge("zigbee2mqtt");
    for n in 0..300i64 {
        let value = if n < 150 { n / 2 } else { 75 };
        quiet.tell(&bridge, "zigbee2mqtt/cellar", &format!("{{\"temperature\":{value},\"linkquality\":{},\"battery\":55}}", 60 + n % 9));
        quiet.pass_by(300, 60);
    }
    let view = quiet.is("cellar");
    assert_eq!((view.state, view.battery_percent), (Liveness::Unchanged, Some(55.0)));
    assert!(view.link.unwrap() < 0.3);
    let before = quiet.against("cellar");
    quiet.tell(&bridge, "zigbee2mqtt/cellar", r#"{"temperature":3,"linkquality":12,"battery":4}"#);
    assert!((quiet.against("cellar") - before - 2.0).abs() < 0.1, "battery and radio, once a day each");
    assert_eq!(quiet.state("cellar"), Liveness::Fresh);
    for (topic, payload) in [
        ("tele/plug/STATE", r#"{"Time":"2026-11-18T11:06:40","Wifi":{"RSSI":14,"Signal":-93}}"#),
        ("attic/sensor/wifi_signal/state", "-90"),
        ("attic/sensor/door_battery/state", "7"),
        ("shellies/shellyht-1/sensor/battery", "9"),
        ("shellies/shellyht-1/info", r#"{"bat":{"value":8,"voltage":2.5},"wifi_sta":{"rssi":-60}}"#),
        ("shellyplusht-1/status/devicepower:0", r#"{"battery":{"V":4.1,"percent":6}}"#),
        ("shellyplus1-1/status/wifi", r#"{"rssi":-88}"#),
        ("zigbee2mqtt/leak", r#"{"battery_low":true}"#),
    ] {
        let name = topic.split('/').find(|level| !["tele", "shellies", "zigbee2mqtt"].contains(level)).unwrap();
        let before = if quiet.house.mind.soul().events(&EntityId::escaped(name)).is_some() { quiet.against(name) } else { 0.0 };
        quiet.tell(&Who::client(name), topic, payload);
        let after = quiet.against(name);
        assert!(after > before + 0.9 || before > 0.9, "{topic} {payload}: {before} {after}");
    }
}

fn stands(house: &House, entity: &str) -> String {
    let read = "select coalesce(json_extract(detail, '$.liveness.state'), '') from soul_entities where entity = ?1";
    house.db().query_row(read, [entity], |row| row.get(0)).unwrap_or_default()
}

#[test]
fn last_wills_reach_the_mind_through_the_broker_and_are_told_as_one_outage() {
    let house = Plan::default().config("[broker]\nspeaks_for_many = [\"zigbee2mqtt\"]\n").start();
    let will = |topic: &str, payload: &str| packet::Message::new(topic, payload.as_bytes()).retained();
    let mut ear = house.client("ear").listen("jamey/alert/#", 1);
    let plug = house.dial("plug").will(will("tele/plug/LWT", "Offline")).open();
    let mut bridge = house.dial("zigbee2mqtt").will(will("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#)).open();
    bridge.tell("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    for n in 0..40 {
        bridge.tell(&format!("zigbee2mqtt/d{n}"), r#"{"contact":true}"#);
    }
    bridge.vanish();
    plug.vanish();
    wait_until("they are gone", PATIENCE, || stands(&house, "plug") == "offline" && stands(&house, BRIDGE) == "offline");
    wait_until("and so is what is heard through the bridge", PATIENCE, || (0..40).all(|n| stands(&house, &format!("d{n}")) == "silent"));
    let mut alerts = Vec::new();
    while let Some(message) = ear.message_within(Duration::from_secs(if alerts.len() < 2 { 60 } else { 3 })) {
        if !message.payload.is_empty() {
            alerts.push((message.topic.clone(), message.json()["text"].as_str().unwrap().to_owned()));
        }
    }
    alerts.sort();
    let topics: Vec<&str> = alerts.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(topics, [format!("jamey/alert/outage-{BRIDGE}").as_str(), "jamey/alert/silent-plug"], "{alerts:?}");
    assert!(alerts[0].1.contains("40 others"), "{alerts:?}");
    let mut bridge = house.client("zigbee2mqtt");
    bridge.tell("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    assert!(ear.message_on(&format!("jamey/alert/outage-{BRIDGE}")).payload.is_empty(), "over");
}

#[test]
fn what_a_broker_gives_out_of_its_store_is_no_sign_of_life() {
    let other = mosquitto("").start();
    let mut device = other.client("device");
    let keep = |topic: &str, payload: &str| packet::Message::new(topic, payload.as_bytes()).retained().qos(1);
    assert!(device.publish(keep("sensors/door/contact", "open")).taken());
    let text = format!(
        "[[input]]\ntopic = \"sensors/{{entity}}/{{kind}}\"\n[attached]\naddress = \"{}\"\nfilters = [\"sensors/#\"]\n",
        other.address()
    );
    let house = Plan::default().config(&text).start();
    wait_until("the stored value is known for old", PATIENCE, || stands(&house, "door") == "replayed");
    assert!(device.publish(keep("sensors/door/contact", "closed")).taken());
    wait_until("who speaks now is heard, retained or not", PATIENCE, || stands(&house, "door") == "learning");
}

#[test]
fn a_leak_is_not_over_because_its_sensor_died() {
    let config = "[[device]]\nid = \"main_valve\"\nclass = \"valve\"\ncommand_topic = \"water/main_valve/set\"\nstate_topic = \"water/main_valve/valve\"\n\
                  [[input]]\ntopic = \"water/{entity}/{kind}\"\n\
                  [[signal]]\nname = \"leak\"\nentity = \"cellar\"\nkind = \"leak\"\nstale_after_seconds = 600\n\
                  [[duty]]\nid = \"leak-valve-open\"\nafter_seconds = 1\n";
    let mut quiet = Quiet::new(config);
    quiet.tell(&Who::client("plumbing"), "water/main_valve/valve", "OPEN");
    quiet.tell(&Who::client("cellar"), "water/cellar/leak", "true");
    let mut due = Vec::new();
    for _ in 0..3 * 24 * 60 {
        due.extend(quiet.house.tick(60).duties);
    }
    assert_eq!(due.iter().map(|d| d.begins).collect::<Vec<_>>(), [true], "it is as wet as it was when the sensor died");
    quiet.tell(&Who::client("cellar"), "water/cellar/leak", "false");
    due.extend(quiet.house.tick(1).duties);
    assert_eq!(due.iter().map(|d| d.begins).collect::<Vec<_>>(), [true, false], "its word ends it");
}

/// Figures, not a promise: `cargo test --release --test silence -- --ignored --nocapture`.
#[test]
fn what_has_no_rhythm_is_not_silent_any_more_when_its_bridge_is_back() {
    let mut quiet = Quiet::new("");
    let bridge = Who::bridge("zigbee2mqtt");
    quiet.tell(&bridge, "zigbee2mqtt/door", r#"{"contact":true}"#);
    quiet.tell(&bridge, "zigbee2mqtt/bridge/state", "offline");
    assert_eq!(quiet.is("door").because_of.unwrap().as_str(), BRIDGE);
    quiet.pass(5);
    quiet.tell(&bridge, "zigbee2mqtt/bridge/state", "online");
    assert_eq!((quiet.state("door"), quiet.is("door").because_of), (Liveness::Learning, None));
    quiet.pass(120);
    assert_eq!(quiet.told, [], "a restart of the bridge is nothing to be told of");
}

#[test]
fn who_is_forgotten_is_not_missed() {
    let mut quiet = Quiet::new("");
    for n in 0..40 {
        quiet.house.tell("sensor", "temperature", &format!("{n}"));
        quiet.pass_by(60, 5);
    }
    quiet.pass_by(300, 5);
    assert_eq!(quiet.begun("sensor"), 1);
    quiet.house.mind.soul().forget(&EntityId::escaped("sensor"));
    quiet.pass(2);
    assert_eq!(quiet.told.last().map(|(_, s)| s.begins), Some(false));
}

#[test]
fn one_name_of_many_clients_is_no_bridge_and_one_client_that_carries_some_is() {
    for (clients, alerts) in [(4, 4), (1, 1)] {
        let mut quiet = Quiet::new("");
        for n in 0..40 {
            for device in 0..4 {
                let who = Who::client("mqtt").with(|s| s.client_id = format!("c{}", device % clients));
                quiet.tell(&who, &format!("tele/plug{device}/SENSOR"), &format!("{{\"Power\":{n}}}"));
            }
            quiet.pass_by(60, 5);
        }
        quiet.pass_by(3_600, 5);
        assert_eq!(quiet.told.iter().filter(|(_, s)| s.begins).count(), alerts, "{clients} clients: {:?}", quiet.told);
    }
}
