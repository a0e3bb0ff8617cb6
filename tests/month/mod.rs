//! A month of an ordinary home, made from a seed: who commands what, and what is told, with the times at which it happens.
//!
//! A family of four and its guests: a hub (Home Assistant), automations beside it (Node-RED), a panel on the wall, telephones, a bridge.
//! People get up early and come home late, go away for some days, drag sliders, change their minds; sensors fall silent.

pub mod things;

use std::cell::Cell;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    Hub,
    NodeRed,
    Panel,
    Anna,
    Child,
    Guest,
    Zigbee,
    Sensor(&'static str),
}

#[derive(Debug, Clone)]
pub struct Event {
    /// Seconds since the first midnight, in the house's time.
    pub at: i64,
    pub voice: Voice,
    pub topic: String,
    pub payload: String,
    pub retained: bool,
}

/// A sensor that says nothing for a while.
#[derive(Debug, Clone, Copy)]
pub struct Silence {
    pub signal: &'static str,
    pub from: i64,
    pub until: i64,
}

pub struct Month {
    pub events: Vec<Event>,
    pub silences: Vec<Silence>,
    pub winter: bool,
}

pub const DAYS: i64 = 30;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// After so long without a word a battery sensor of the month counts as gone; the config says the same.
pub const STALE: i64 = 26 * HOUR;

/// SplitMix64.
struct Chance(Cell<u64>);

impl Chance {
    fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % u64::try_from(high - low).unwrap()).unwrap()
    }

    fn of(&self, percent: i64) -> bool {
        self.between(0, 100) < percent
    }

    fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.between(0, i64::try_from(of.len()).unwrap())).unwrap()]
    }
}

struct Writer {
    chance: Chance,
    events: Vec<Event>,
    winter: bool,
}

const LAMPS: [&str; 6] = ["living_room_lamp", "kitchen_lamp", "bedroom_lamp", "Hall Lamp", "bathroom_lamp", "desk_lamp"];
const BLINDS: [&str; 4] = ["living_room_blind", "bedroom_blind", "kitchen_blind", "child_blind"];
const VALVES: [&str; 4] = ["bathroom_thermostat", "living_room_thermostat", "bedroom_thermostat", "child_thermostat"];

impl Month {
    pub fn from_seed(seed: u64) -> Self {
        let chance = Chance(Cell::new(seed));
        let winter = chance.of(50);
        let away = chance.between(12, 20);
        let away = away..away + chance.between(3, 8);
        let guests = chance.between(4, 9);
        let mut w = Writer { chance, events: Vec::new(), winter };
        w.describe();
        for day in 0..DAYS {
            let left = away.contains(&day) && day > away.start;
            if left {
                w.empty_day(day);
            } else {
                w.day(day, day == away.start, day == away.end, (guests..guests + 3).contains(&day));
            }
        }
        let silences = w.silences();
        w.tell(&silences);
        let mut events = w.events;
        events.sort_by_key(|e| e.at);
        Self { events, silences, winter }
    }
}

impl Writer {
    fn say(&mut self, at: i64, voice: Voice, topic: &str, payload: &str) {
        self.events.push(Event { at, voice, topic: topic.into(), payload: payload.into(), retained: false });
    }

    fn set(&mut self, at: i64, voice: Voice, name: &str, payload: &str) {
        self.say(at, voice, &format!("zigbee2mqtt/{name}/set"), payload);
    }

    fn describe(&mut self) {
        self.events.push(Event {
            at: 0,
            voice: Voice::Zigbee,
            topic: "zigbee2mqtt/bridge/devices".into(),
            payload: things::inventory().to_string(),
            retained: true,
        });
        for (topic, document) in things::documents() {
            self.events.push(Event { at: 1, voice: Voice::Zigbee, topic, payload: document.to_string(), retained: true });
        }
        for (signal, value) in [("presence", "home"), ("asleep", "true")] {
            self.signal(2, signal, value);
        }
    }

    /// Home Assistant publishes what it knows: presence of the family, the bed's sensor, the alarm.
    fn signal(&mut self, at: i64, kind: &str, value: &str) {
        let voice = if kind == "maintenance" { Voice::Anna } else { Voice::Hub };
        self.say(at, voice, &format!("jamey/in/family/{kind}"), value);
    }

    fn day(&mut self, day: i64, leaves: bool, returns: bool, guests: bool) {
        // The first day is a Saturday: who has time to set up a house.
        let weekend = day % 7 < 2;
        let base = day * DAY;
        let at = |h: i64, m: i64| base + h * HOUR + m * MINUTE;
        let c = |w: &Self, low: i64, high: i64| w.chance.between(low, high);

        // The night: motion lights, and somebody who cannot sleep.
        for _ in 0..c(self, 0, 4) {
            let t = at(c(self, 1, 5), c(self, 0, 60));
            self.set(t, Voice::NodeRed, "Hall Lamp", r#"{"state":"ON","brightness":20}"#);
            let off = t + c(self, 2, 120);
            let who = self.chance.pick(&[Voice::NodeRed, Voice::Hub]);
            self.set(off, who, "Hall Lamp", r#"{"state":"OFF","transition":2}"#);
        }
        if returns {
            // Back in the night, and to bed.
            self.come_home(at(0, 20));
            self.signal(at(1, 10), "asleep", "true");
        }
        self.heating(at(5, 30), "21.0");
        // Up: an early shift now and then, late at the weekend.
        let early = !weekend && day > 5 && self.chance.of(15);
        let up = if early {
            at(4, 50)
        } else if weekend {
            at(8, c(self, 0, 90))
        } else {
            at(6, c(self, 10, 50))
        };
        if self.chance.of(70) {
            // The radio wakes the house while it still sleeps.
            self.say(up - 60, Voice::Hub, "amp/power/set", "ON");
            self.say(up - 55, Voice::Hub, "amp/source/set", "radio");
        }
        self.signal(up, "asleep", "false");
        if early {
            self.set(up + 30 * MINUTE, Voice::Panel, "front_door", r#"{"state":"UNLOCK"}"#);
            self.set(up + 33 * MINUTE, Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
        }
        for name in BLINDS {
            let t = up + c(self, 0, 1_800);
            self.set(t, Voice::Hub, name, if self.chance.of(60) { "OPEN" } else { r#"{ "position": 70 }"# });
        }
        self.set(up + c(self, 60, 900), Voice::Hub, "coffee_plug", "ON");
        self.set(up + c(self, 1_000, 3_000), Voice::Hub, "coffee_plug", "OFF");
        self.set(up + 5, Voice::NodeRed, "circulation_pump", "ON");
        self.set(up + 2 * HOUR, Voice::NodeRed, "circulation_pump", "OFF");
        self.say(up + 300, Voice::Hub, "fan-esp/fan/bath/command", "ON");
        self.say(up + 320, Voice::Hub, "fan-esp/fan/bath/speed/command", "60");
        self.say(up + 2_400, Voice::Hub, "fan-esp/fan/bath/command", "OFF");
        self.say(up + 400, Voice::Hub, "amp/power/set", "OFF");
        self.say(up + 10, Voice::Hub, "boiler/temp/set", if self.chance.of(20) { "60" } else { "48" });
        self.say(up + 12, Voice::Hub, "boiler/mode/set", "eco");
        self.lamps(up + 60, up + 2 * HOUR, 6);
        if !weekend {
            // Out of the house. The alarm is armed, the door locked; a robot cleans.
            let out = at(8, c(self, 0, 20));
            self.set(out - 120, Voice::Panel, "front_door", r#"{"state":"UNLOCK"}"#);
            self.signal(out, "presence", "not_home");
            self.set(out + c(self, 1, 20), Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
            self.say(out + 30, Voice::Hub, "alarmo/command", "ARM_AWAY");
            self.heating(out + 60, "18");
            for lamp in LAMPS {
                self.set(out + c(self, 10, 60), Voice::Hub, lamp, r#"{"state":"OFF"}"#);
            }
            self.robot(out + HOUR);
            let home = at(c(self, 15, 18), c(self, 0, 60));
            self.come_home(home);
        } else {
            self.robot(at(11, c(self, 0, 60)));
            self.outings(at(12, 0));
        }
        if self.winter {
            self.set(at(16, c(self, 20, 59)), Voice::Hub, "christmas_tree", "ON");
            self.set(at(22, c(self, 30, 59)), Voice::Hub, "christmas_tree", "OFF");
        } else if self.chance.of(50) {
            self.set(at(20, 30), Voice::NodeRed, "garden_pump", "ON");
            self.set(at(20, 50), Voice::NodeRed, "garden_pump", "OFF");
        }
        self.evening(at(18, 0), guests);
        self.sometimes(day, at(19, c(self, 0, 50)));
        if leaves {
            let out = at(19, 55);
            self.set(out - 60, Voice::Panel, "front_door", r#"{"state":"UNLOCK"}"#);
            self.signal(out, "presence", "not_home");
            self.set(out + 15, Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
            self.say(out + 40, Voice::Hub, "alarmo/command", "ARM_VACATION");
            self.heating(out + 60, if self.winter { "15" } else { "5" });
            self.say(out + 70, Voice::Hub, "water-esp/valve/main/command", "CLOSE");
            self.say(out + 80, Voice::Hub, "boiler/mode/set", "off");
            return;
        }
        if returns {
            self.say(at(15, 0), Voice::Hub, "water-esp/valve/main/command", "OPEN");
        }
        // Late returns, and bed.
        if day % 7 == 6 || self.chance.of(8) {
            let late = at(22, c(self, 40, 59));
            self.signal(late - 3 * HOUR, "presence", "not_home");
            self.set(late - 3 * HOUR + 10, Voice::Hub, "front_door", "LOCK");
            let home = late + c(self, 20, 150) * MINUTE;
            self.signal(home, "presence", "home");
            self.set(home + c(self, 1, 10), Voice::Hub, "front_door", r#"{"state":"UNLOCK"}"#);
            self.set(home + 300, Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
            self.say(home + 12, Voice::Hub, "alarmo/command", "DISARM");
            self.bed(home + c(self, 20, 60) * MINUTE);
        } else {
            self.bed(at(22, c(self, 30, 59)) + c(self, 0, 40) * MINUTE);
        }
    }

    fn bed(&mut self, at: i64) {
        for lamp in LAMPS {
            let t = at + self.chance.between(0, 300);
            self.set(t, Voice::Hub, lamp, r#"{"state":"OFF"}"#);
        }
        for name in BLINDS {
            let t = at + self.chance.between(0, 60);
            self.set(t, Voice::Hub, name, "CLOSE");
        }
        self.heating(at + 10, "17.5");
        self.set(at + 20, Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
        self.say(at + 25, Voice::Hub, "garage-esp/cover/garage_door/command", "CLOSE");
        self.say(at + 30, Voice::Hub, "alarmo/command", "ARM_NIGHT");
        self.say(at + 35, Voice::Hub, "amp/power/set", "OFF");
        self.say(at + 36, Voice::Hub, "air/humidity/set", "40");
        self.set(at + 40, Voice::Hub, "tv_plug", "OFF");
        self.signal(at + 600, "asleep", "true");
        // An automation that wants to be sure.
        self.set(at + 1_200, Voice::NodeRed, "front_door", "LOCK");
    }

    fn come_home(&mut self, at: i64) {
        self.signal(at, "presence", "home");
        if self.chance.of(50) {
            self.say(at + 4, Voice::Hub, "garage-esp/cover/garage_door/command", "OPEN");
            self.say(at + 240, Voice::Hub, "garage-esp/cover/garage_door/command", "CLOSE");
        } else {
            self.set(at + 3, Voice::Hub, "front_door", r#"{"state":"UNLOCK"}"#);
            self.set(at + 200, Voice::NodeRed, "front_door", r#"{"state":"LOCK"}"#);
        }
        self.say(at + 6, Voice::Hub, "alarmo/command", "DISARM");
        self.heating(at + 20, "21.5");
        self.set(at + 8, Voice::NodeRed, "Hall Lamp", r#"{"state":"ON","brightness":254}"#);
        self.set(at + 10, Voice::Panel, "Hall Lamp", r#"{"state":"OFF"}"#);
        self.set(at + 14, Voice::Panel, "kitchen_lamp", r#"{"state":"ON","brightness":200,"color_temp":370}"#);
    }

    fn outings(&mut self, noon: i64) {
        if self.chance.of(60) {
            let out = noon + self.chance.between(0, 2 * HOUR);
            self.set(out, Voice::Panel, "front_door", r#"{"state":"UNLOCK"}"#);
            self.signal(out + 60, "presence", "not_home");
            self.set(out + 65, Voice::Hub, "front_door", r#"{"state":"LOCK"}"#);
            self.say(out + 90, Voice::Hub, "alarmo/command", "ARM_AWAY");
            let home = out + self.chance.between(HOUR, 3 * HOUR);
            self.come_home(home);
        }
    }

    fn robot(&mut self, at: i64) {
        let topic = "valetudo/robot/BasicControlCapability/operation/set";
        self.say(at, Voice::Hub, "valetudo/robot/FanSpeedControlCapability/preset/set", "max");
        self.say(at + 2, Voice::Hub, topic, "START");
        if self.chance.of(30) {
            for n in 0..self.chance.between(1, 4) {
                self.say(at + 300 + n * 20, Voice::Hub, topic, "PAUSE");
                self.say(at + 310 + n * 20, Voice::Hub, topic, "START");
            }
        }
        self.say(at + 2_700, Voice::Hub, topic, "HOME");
    }

    fn heating(&mut self, at: i64, degrees: &str) {
        for (n, name) in (0..).zip(VALVES) {
            self.say(at + n, Voice::Hub, &format!("zigbee2mqtt/{name}/set/occupied_heating_setpoint"), degrees);
        }
    }

    fn lamps(&mut self, from: i64, until: i64, count: i64) {
        for _ in 0..count {
            let (t, lamp) = (self.chance.between(from, until), self.chance.pick(&LAMPS));
            let who = self.chance.pick(&[Voice::Hub, Voice::Hub, Voice::Panel, Voice::NodeRed]);
            let on = format!(r#"{{"state":"ON","brightness":{},"transition":1}}"#, self.chance.between(10, 255));
            self.set(t, who, lamp, &on);
            // Someone changes their mind, or somebody else does.
            if self.chance.of(40) {
                let (who, later) = (self.chance.pick(&[Voice::Hub, Voice::Panel, Voice::NodeRed]), self.chance.between(1, 30));
                self.set(t + later, who, lamp, r#"{"state":"OFF"}"#);
            }
        }
    }

    fn evening(&mut self, at: i64, guests: bool) {
        self.lamps(at, at + 4 * HOUR, 14);
        self.set(at + 40 * MINUTE, Voice::Hub, "tv_plug", "ON");
        // Dragged sliders: a colour, a brightness, the bass; for as long as a hand finds it amusing.
        for _ in 0..self.chance.between(1, 5) {
            let (start, lamp) = (at + self.chance.between(0, 3 * HOUR), self.chance.pick(&LAMPS));
            let (steps, voice) = (self.chance.between(20, 400), self.chance.pick(&[Voice::Hub, Voice::Panel, Voice::Child]));
            for step in 0..steps {
                self.set(start + step / 20, voice, lamp, &format!(r#"{{"brightness":{}}}"#, 4 + step % 250));
            }
        }
        for step in 0..self.chance.between(0, 25) {
            self.say(at + HOUR + step, Voice::Hub, "amp/bass/set", &(step % 10 - 5).to_string());
        }
        for n in 0..self.chance.between(0, 30) {
            self.say(at + 2 * HOUR + n, Voice::Hub, "ir/living/volume_up", "PRESS");
        }
        self.say(at + 60, Voice::Hub, "amp/power/set", "ON");
        self.say(at + 70, Voice::Hub, "scenes/movie/set", "ON");
        self.say(at + 75, Voice::Hub, "cmnd/shelf/POWER", "ON");
        self.say(at + 80, Voice::Hub, "cmnd/shelf/Dimmer", "35");
        for n in 0..self.chance.between(0, 9) {
            self.set(at + HOUR + n * 2, Voice::Child, "child_lamp", if n % 2 == 0 { r#"{"state":"ON"}"# } else { r#"{"state":"OFF"}"# });
        }
        let (t, name) = (at + self.chance.between(0, 3_000), self.chance.pick(&BLINDS));
        self.set(t, Voice::Panel, name, "CLOSE");
        self.set(t + 3, Voice::Panel, name, "STOP");
        self.set(t + 5, Voice::Panel, name, r#"{"position":35}"#);
        if guests {
            for n in 0..self.chance.between(2, 8) {
                let lamp = self.chance.pick(&LAMPS);
                self.set(at + HOUR + n * 300, Voice::Guest, lamp, r#"{"state":"TOGGLE"}"#);
            }
            self.say(at + 5_000, Voice::Guest, "amp/source/set", "radio");
        }
    }

    /// What happens once or twice a month.
    fn sometimes(&mut self, day: i64, at: i64) {
        match day {
            6 | 20 => self.say(at, Voice::Hub, "shelf/update/set", "install"),
            8 => {
                self.say(at, Voice::Hub, "zigbee2mqtt/bridge/request/permit_join", r#"{"time":254}"#);
                self.say(at + 200, Voice::Hub, "zigbee2mqtt/bridge/request/permit_join", r#"{"time":0}"#);
            }
            9 => self.say(at, Voice::Hub, "zigbee2mqtt/bridge/request/networkmap", r#"{"type":"raw","routes":false}"#),
            10 => {
                // The siren is tried.
                self.signal(at, "maintenance", "true");
                self.set(at + 60, Voice::Hub, "siren_hall", r#"{"warning":{"mode":"emergency","duration":1}}"#);
                self.signal(at + 120, "maintenance", "false");
            }
            11 => {
                self.say(at, Voice::Hub, "zigbee2mqtt/bathroom_thermostat/set/local_temperature_calibration", "-1.5");
                self.say(at + 5, Voice::Hub, "zigbee2mqtt/bathroom_thermostat/set", r#"{"child_lock":"LOCK"}"#);
                self.say(at + 9, Voice::Hub, "zigbee2mqtt/bathroom_thermostat/set/system_mode", "auto");
            }
            5 | 22 => self.set(at, Voice::Anna, "front_door", r#"{"state":"UNLOCK"}"#),
            _ => {}
        }
    }

    /// Nobody is there: lamps pretend, blinds move, the heating keeps the frost out.
    fn empty_day(&mut self, day: i64) {
        let base = day * DAY;
        for name in BLINDS {
            let t = self.chance.between(0, 900);
            self.set(base + 8 * HOUR + t, Voice::NodeRed, name, "OPEN");
            self.set(base + 20 * HOUR + t, Voice::NodeRed, name, "CLOSE");
        }
        for _ in 0..8 {
            let (t, lamp) = (base + 18 * HOUR + self.chance.between(0, 4 * HOUR), self.chance.pick(&LAMPS));
            self.set(t, Voice::NodeRed, lamp, r#"{"state":"ON","brightness":120}"#);
            self.set(t + self.chance_minutes(), Voice::NodeRed, lamp, r#"{"state":"OFF"}"#);
        }
        self.robot(base + 11 * HOUR);
        if day % 3 == 0 {
            self.set(base + 9 * HOUR, Voice::Hub, "front_door", "LOCK");
        }
    }

    fn chance_minutes(&self) -> i64 {
        self.chance.between(5, 90) * MINUTE
    }

    /// Batteries die, radios fail: two or three times a month something is not heard for a while.
    fn silences(&self) -> Vec<Silence> {
        let signals = ["smoke", "co", "leak", "in_c", "out_c"];
        (0..self.chance.between(2, 4))
            .map(|_| {
                let from = self.chance.between(3, DAYS - 4) * DAY + self.chance.between(0, DAY);
                Silence { signal: self.chance.pick(&signals), from, until: from + self.chance.between(6, 40) * HOUR }
            })
            .collect()
    }

    fn tell(&mut self, silences: &[Silence]) {
        for at in (0..DAYS * DAY).step_by(usize::try_from(30 * MINUTE).unwrap()) {
            let hour = at % DAY / HOUR;
            let warm = 20 + i64::from((8..22).contains(&hour));
            let outside = if self.winter { -4 + hour / 4 } else { 14 + hour / 2 };
            let late = self.chance.between(0, 900);
            for (signal, voice, value, every) in [
                ("smoke", Voice::Sensor("smoke_hall"), "false".to_owned(), 4),
                ("co", Voice::Sensor("co_cellar"), "false".to_owned(), 6),
                ("leak", Voice::Sensor("sink_leak"), "false".to_owned(), 6),
                ("in_c", Voice::Sensor("living_sensor"), warm.to_string(), 1),
                ("out_c", Voice::Sensor("outside"), outside.to_string(), 1),
            ] {
                let silent = silences.iter().any(|s| s.signal == signal && (s.from..s.until).contains(&at));
                let Voice::Sensor(name) = voice else { continue };
                if !silent && at / (30 * MINUTE) % every == 0 {
                    self.say(at + late, voice, &format!("jamey/in/{name}/{signal}"), &value);
                }
            }
            for room in ["kitchen", "bathroom", "window_contact", "hall_motion", "washing_machine"] {
                let body = format!(r#"{{"temperature":{warm}.5,"battery":91,"linkquality":{}}}"#, self.chance.between(40, 200));
                self.say(at + late + 7, Voice::Zigbee, &format!("zigbee2mqtt/{room}"), &body);
            }
        }
        for day in 0..DAYS {
            // The family's presence is told again each day, whether it changed or not; so is the rest of what the hub knows.
            for hour in [5, 13, 21] {
                let at = day * DAY + hour * HOUR + 17;
                let last = |kind: &str| {
                    let topic = format!("jamey/in/family/{kind}");
                    let before = self.events.iter().filter(|e| e.topic == topic && e.at < at);
                    before.max_by_key(|e| e.at).map(|e| e.payload.clone())
                };
                let known: Vec<(&str, Option<String>)> = ["presence", "asleep"].into_iter().map(|kind| (kind, last(kind))).collect();
                for (kind, value) in known {
                    self.signal(at, kind, &value.unwrap_or_else(|| "false".into()));
                }
                self.signal(at, "intruder", "false");
            }
        }
    }
}
