//! A month of that home: what is ordinary comes from a seed, and what is asked about later from `planted.tsv`.

use super::things;
use std::cell::Cell;

/// From a Monday in October to the evening of the last day, on the house's clock; no change of the clocks lies between.
pub const FIRST_DAY: &str = "2026-10-26";
const FIRST: (i64, i64) = (10, 26);
pub const DAYS: i64 = 30;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

pub struct Said {
    /// Seconds since the first midnight.
    pub at: i64,
    pub who: String,
    pub topic: String,
    pub payload: String,
    pub retained: bool,
    /// By which the judgements name it; empty: nobody asks about it.
    pub label: String,
}

/// Numbers from a seed, by SplitMix64.
pub struct Chance(Cell<u64>);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub fn between(&self, low: i64, high: i64) -> i64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + i64::try_from((z ^ (z >> 31)) % u64::try_from(high - low).unwrap()).unwrap()
    }

    pub fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.between(0, i64::try_from(of.len()).unwrap())).unwrap()]
    }
}

struct Writer {
    chance: Chance,
    said: Vec<Said>,
    /// Topics that somebody else tells for a while: from, until.
    muted: Vec<(i64, i64, String)>,
}

pub fn month(seed: u64, planted: &str) -> Vec<Said> {
    let mut w = Writer { chance: Chance::new(seed), said: Vec::new(), muted: Vec::new() };
    for (topic, document) in things::documents() {
        w.said.push(Said { at: 1, who: "zigbee".into(), topic, payload: document.to_string(), retained: true, label: String::new() });
    }
    w.plant(planted);
    for day in 0..DAYS {
        w.sensors(day);
        w.day(day);
    }
    w.said.sort_by_key(|s| s.at);
    w.said
}

/// `11-23T22:41`, in seconds since the first midnight.
fn seconds(when: &str) -> i64 {
    let (date, clock) = when.split_once('T').unwrap();
    let number = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("{when}"));
    let ((month, day), (hour, minute)) = (date.split_once('-').unwrap(), clock.split_once(':').unwrap());
    let days = number(day) - FIRST.1 + if number(month) == FIRST.0 { 0 } else { 31 };
    days * DAY + number(hour) * HOUR + number(minute) * MINUTE
}

/// `11-23` of a day.
fn date(day: i64) -> String {
    let date = FIRST.1 + day;
    if date > 31 { format!("11-{:02}", date - 31) } else { format!("10-{date}") }
}

impl Writer {
    fn say(&mut self, at: i64, who: &str, topic: &str, payload: &str, label: String) {
        if label.is_empty() && self.muted.iter().any(|(from, until, muted)| muted == topic && (*from..*until).contains(&at)) {
            return;
        }
        self.said.push(Said { at, who: who.into(), topic: topic.into(), payload: payload.into(), retained: false, label });
    }

    /// A command, and what the device tells two seconds later.
    fn set(&mut self, at: i64, who: &str, name: &str, state: &str, label: &str) {
        let payload = format!(r#"{{"state":"{state}"}}"#);
        self.say(at, who, &format!("zigbee2mqtt/{name}/set"), &payload, label.to_owned());
        let echo = if label.is_empty() { String::new() } else { format!("{label}+") };
        self.say(at + 2, "zigbee", &format!("zigbee2mqtt/{name}"), &payload, echo);
    }

    /// `label`, `when`, `who`, `topic`, `payload`, and what the device tells then. `=x` is the command topic of a Zigbee device, `~x` what it tells,
    /// `@x/kind` what x tells Jamey; `!who`: retained. A `mute` keeps the ordinary readings of a topic out of the way.
    fn plant(&mut self, planted: &str) {
        for line in planted.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            let [label, when, who, short, rest @ ..] = &parts[..] else { panic!("{line}") };
            let topic = match short.split_at(1) {
                ("=", name) => format!("zigbee2mqtt/{name}/set"),
                ("~", name) => format!("zigbee2mqtt/{name}"),
                ("@", of) => format!("jamey/in/{of}"),
                _ => (*short).to_owned(),
            };
            if *label == "mute" {
                let (from, until) = when.split_once("..").unwrap();
                self.muted.push((seconds(from), seconds(until), topic));
                continue;
            }
            let at = seconds(when) + 7;
            let retained = who.starts_with('!');
            self.say(at, who.trim_start_matches('!'), &topic, rest[0], (*label).to_owned());
            self.said.last_mut().unwrap().retained = retained;
            if let Some(told) = rest.get(1) {
                self.say(at + 2, "zigbee", topic.trim_end_matches("/set"), told, format!("{label}+"));
            }
        }
    }

    fn sensors(&mut self, day: i64) {
        for half in 0..48 {
            let (base, hour) = (day * DAY + half * 30 * MINUTE, half / 2);
            let late = self.chance.between(0, 600);
            let warm = 19 + i64::from((7..22).contains(&hour));
            for (name, warmer, damp) in
                [("kitchen", 1, 45), ("bathroom", 2, 60), ("bedroom", -2, 50), ("child", 0, 48), ("greenhouse", -9, 70)]
            {
                let (tenth, humid) = (self.chance.between(0, 10), damp + self.chance.between(-3, 4));
                let (battery, link) = (97 - day / 4, self.chance.between(60, 180));
                let warm = warm + warmer;
                let told = format!(r#"{{"temperature":{warm}.{tenth},"humidity":{humid},"battery":{battery},"linkquality":{link}}}"#);
                self.say(base + late + 3, "zigbee", &format!("zigbee2mqtt/{name}_climate"), &told, String::new());
            }
            let tenth = self.chance.between(0, 10);
            self.say(base + late + 5, "zigbee", "zigbee2mqtt/fridge_probe", &format!(r#"{{"temperature":5.{tenth}}}"#), String::new());
            self.say(base + late + 6, "zigbee", "zigbee2mqtt/freezer_probe", &format!(r#"{{"temperature":-18.{tenth}}}"#), String::new());
            let air = 520 + self.chance.between(0, 60) + if (17..23).contains(&hour) { 200 } else { 0 };
            self.say(base + late + 8, "zigbee", "zigbee2mqtt/living_air", &format!(r#"{{"co2":{air}}}"#), String::new());
            let watts = if day % 3 == 0 && (9..11).contains(&hour) { 410 + self.chance.between(0, 90) } else { 2 };
            let used = 100 + day;
            self.say(
                base + late + 9,
                "zigbee",
                "zigbee2mqtt/washer_plug",
                &format!(r#"{{"power":{watts},"energy":{used}.{tenth}}}"#),
                String::new(),
            );
            let outside = 4 + if (10..17).contains(&hour) { 4 } else { 0 };
            self.say(base + late + 11, "outside", "jamey/in/outside/temperature", &format!("{outside}.{tenth}"), String::new());
        }
        for hour in [2, 8, 14, 20] {
            for (name, told) in [
                ("sink_leak", r#"{"water_leak":false,"battery":88}"#),
                ("laundry_leak", r#"{"water_leak":false,"battery":91}"#),
                ("smoke_kitchen", r#"{"smoke":false,"battery":76}"#),
                ("smoke_hall", r#"{"smoke":false,"battery":41}"#),
            ] {
                let late = self.chance.between(0, 900);
                self.say(day * DAY + hour * HOUR + late, "zigbee", &format!("zigbee2mqtt/{name}"), told, String::new());
            }
        }
    }

    fn day(&mut self, day: i64) {
        let (base, weekend, date) = (day * DAY, day % 7 > 4, date(day));
        let at = |hour: i64, minute: i64| base + hour * HOUR + minute * MINUTE;
        for _ in 0..18 {
            let t = at(self.chance.between(6, 23), self.chance.between(0, 60));
            for (later, seen) in [(0, true), (90, false)] {
                self.say(t + later, "zigbee", "zigbee2mqtt/hall_motion", &format!(r#"{{"occupancy":{seen}}}"#), String::new());
            }
        }
        for _ in 0..14 {
            let lamp = self.chance.pick(&["living_room_lamp", "kitchen_lamp", "bedroom_lamp", "hall_lamp"]);
            let who = self.chance.pick(&["hub", "hub", "panel", "nodered"]);
            let t = at(self.chance.between(16, 22), self.chance.between(0, 60));
            self.set(t, who, lamp, "ON", "");
            self.set(t + self.chance.between(600, 5_000), who, lamp, "OFF", "");
        }
        for (hour, degrees) in [(6, "21"), (22, "17.5")] {
            for name in ["bathroom_thermostat", "living_room_thermostat", "child_thermostat"] {
                self.say(at(hour, 5), "hub", &format!("zigbee2mqtt/{name}/set/occupied_heating_setpoint"), degrees, String::new());
            }
        }
        for name in ["living_room_blind", "bedroom_blind"] {
            self.set(at(7, self.chance.between(20, 50)), "hub", name, "OPEN", "");
            self.set(at(17, self.chance.between(10, 40)), "hub", name, "CLOSE", "");
        }
        self.set(at(6, 40), "nodered", "coffee_plug", "ON", "");
        self.set(at(7, 10), "nodered", "coffee_plug", "OFF", "");
        self.set(at(19, self.chance.between(0, 50)), "hub", "tv_plug", "ON", "");
        self.set(at(22, self.chance.between(10, 50)), "hub", "tv_plug", "OFF", "");
        self.say(at(6, 20), "hub", "alarmo/command", "DISARM", format!("disarm-{date}"));
        self.say(at(22, 55), "hub", "alarmo/command", "ARM_NIGHT", format!("arm-{date}"));
        self.say(at(10, 30), "hub", "valetudo/robot/operation/set", "START", format!("clean-{date}"));
        self.say(at(11, 25), "hub", "valetudo/robot/operation/set", "HOME", String::new());
        for (hour, presence) in [(7, "home"), (21, "home")] {
            self.say(at(hour, 1), "hub", "jamey/in/family/presence", presence, String::new());
        }
        if !weekend {
            self.set(at(7, self.chance.between(40, 58)), "panel", "front_door", "UNLOCK", &format!("leave-{date}"));
            self.set(at(8, self.chance.between(1, 9)), "hub", "front_door", "LOCK", &format!("left-{date}"));
            self.set(at(17, self.chance.between(2, 50)), "hub", "front_door", "UNLOCK", &format!("return-{date}"));
            self.set(at(18, 2), "hub", "front_door", "LOCK", &format!("returned-{date}"));
            let post = at(11, self.chance.between(0, 50));
            self.say(post, "zigbee", "zigbee2mqtt/mailbox_contact", r#"{"contact":false}"#, format!("post-{date}"));
            self.say(post + 20, "zigbee", "zigbee2mqtt/mailbox_contact", r#"{"contact":true}"#, String::new());
        }
        // From the last Friday on.
        if day >= 25 {
            self.set(at(16, 45), "hub", "fairy_lights", "ON", &format!("fairy-{date}"));
            self.set(at(22, 45), "hub", "fairy_lights", "OFF", "");
        }
    }
}
