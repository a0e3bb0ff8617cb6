//! What a percept says of its sender's being there: of what kind it is, when it was made, whether it tells news, and how battery and radio are.

use crate::domain::{Body, Percept, Timestamp};
use serde_json::{Map, Value};

/// A percept as a sign of life.
#[derive(Clone, PartialEq, Debug)]
pub struct Word {
    /// Stands for the percept's kind.
    pub kind: u32,
    /// Stands for what it tells, without times and radio, which always change.
    pub value: u32,
    /// Stands for all of it; 0 without a time of its own.
    pub whole: u32,
    /// Stand for whom it is about, and for who said it.
    pub of: u32,
    pub by: u32,
    /// When it was made, by its own word.
    pub stamp: Option<Timestamp>,
    /// Another broker kept it and gave it on subscription: it may be of any age.
    pub stored: bool,
    /// Whether its subject says, or somebody says of it, that it is there.
    pub there: Option<bool>,
    pub power: Power,
}

/// How battery and radio are.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Power {
    /// In percent.
    pub battery: Option<f64>,
    pub battery_low: bool,
    /// In [0, 1].
    pub link: Option<f64>,
    pub link_weak: bool,
}

/// At and below it a battery is nearly empty: Zigbee coin cells fall fast from here.
const LOW_PERCENT: f64 = 10.0;
/// A coin cell of 3 V under load.
const LOW_MILLIVOLTS: f64 = 2_500.0;
/// An ESP of 3.3 V: below it, it restarts by itself.
const LOW_VCC: f64 = 2.8;
/// Of 255: below it messages are lost.
const WEAK_LQI: f64 = 30.0;
const WEAK_DBM: f64 = -85.0;
/// Tasmota: twice the dBm above −100.
const WEAK_PERCENT: f64 = 20.0;
/// 2020-01-01: a clock that was never set is no clock.
const CLOCK_IS_SET: i64 = 1_577_836_800_000_000;

/// What a field of a body tells, where it is not the device's news.
#[derive(Clone, Copy)]
enum Field {
    Stamp,
    Battery,
    BatteryLow,
    Millivolts,
    Vcc,
    Lqi,
    /// In dBm where it is negative, else in percent.
    Radio,
    /// An object with fields of the radio.
    Radios,
    /// Changes by itself.
    Restless,
}

/// Zigbee2MQTT's, Tasmota's, Shelly's and ESPHome's names, in lower case.
const FIELDS: [(&str, Field); 20] = [
    ("last_seen", Field::Stamp),
    ("timestamp", Field::Stamp),
    ("time", Field::Stamp),
    ("ts", Field::Stamp),
    ("battery", Field::Battery),
    ("bat", Field::Battery),
    ("battery_low", Field::BatteryLow),
    ("voltage", Field::Millivolts),
    ("vcc", Field::Vcc),
    ("linkquality", Field::Lqi),
    ("rssi", Field::Radio),
    ("signal", Field::Radio),
    ("wifi_signal", Field::Radio),
    ("wifi", Field::Radios),
    ("wifi_sta", Field::Radios),
    ("uptime", Field::Restless),
    ("uptimesec", Field::Restless),
    ("heap", Field::Restless),
    ("loadavg", Field::Restless),
    ("elapsed", Field::Restless),
];

impl Word {
    #[must_use]
    pub fn of(percept: &Percept) -> Self {
        let mut word = Self {
            kind: digest(FNV, percept.kind.as_bytes()).max(FIRST_KIND),
            value: FNV,
            whole: 0,
            of: digest_of(percept.entity.as_str()),
            by: digest_of(percept.source.requester.as_str()),
            stamp: None,
            stored: percept.stored,
            there: super::there::said(&percept.kind, &percept.body),
            power: Power::default(),
        };
        match percept.body.object() {
            Some(object) => word.read(object),
            None => {
                word.value = digest(word.value, &percept.payload);
                if let Some(field) = of_kind(&percept.kind) {
                    word.note(field, &scalar(&percept.body));
                }
            }
        }
        if word.stamp.is_some() {
            word.whole = digest(word.kind, &percept.payload);
        }
        word
    }

    fn read(&mut self, object: &Map<String, Value>) {
        for (name, value) in object {
            match FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, field)) => self.note(*field, value),
                None => {
                    self.value = digest(self.value, name.as_bytes());
                    self.value = told(self.value, value);
                }
            }
        }
    }

    fn note(&mut self, field: Field, value: &Value) {
        let power = &mut self.power;
        let number = value.as_f64();
        match (field, number) {
            (Field::Stamp, _) => self.stamp = self.stamp.or_else(|| stamp(value)),
            (Field::Battery, Some(percent)) => power.battery(percent),
            (Field::Battery, None) => {
                let inner = ["percent", "value", "Percentage"].iter().find_map(|name| value.get(name)?.as_f64());
                inner.into_iter().for_each(|percent| power.battery(percent));
            }
            (Field::BatteryLow, _) => power.battery_low |= value == &Value::Bool(true) || value.as_str().is_some_and(|s| s == "ON"),
            // A mains voltage has the same name, and volts.
            (Field::Millivolts, Some(mv)) if (1_000.0..4_000.0).contains(&mv) => power.battery_low |= mv < LOW_MILLIVOLTS,
            (Field::Vcc, Some(volts)) if volts > 1.0 => power.battery_low |= volts < LOW_VCC,
            (Field::Lqi, Some(lqi)) => power.link(lqi / 255.0, lqi < WEAK_LQI),
            (Field::Radio, Some(dbm)) if dbm < 0.0 => power.link((dbm + 100.0) / 50.0, dbm <= WEAK_DBM),
            (Field::Radio, Some(percent)) => power.link(percent / 100.0, percent <= WEAK_PERCENT),
            (Field::Radios, None) => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    if name.eq_ignore_ascii_case("rssi") || name.eq_ignore_ascii_case("signal") {
                        self.note(Field::Radio, value);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Power {
    fn battery(&mut self, percent: f64) {
        if (0.0..=100.0).contains(&percent) {
            self.battery = Some(percent);
            self.battery_low |= percent <= LOW_PERCENT;
        }
    }

    fn link(&mut self, share: f64, weak: bool) {
        // Of two measures the one in dBm comes last, and is the finer one.
        self.link = Some(share.clamp(0.0, 1.0));
        self.link_weak |= weak;
    }
}

/// ESPHome and Shelly give battery and radio topics of their own.
fn of_kind(kind: &str) -> Option<Field> {
    if kind.ends_with("battery_low") {
        Some(Field::BatteryLow)
    } else if kind.ends_with("battery") || kind.ends_with("battery_level") {
        Some(Field::Battery)
    } else if kind.ends_with("wifi_signal") || kind == "rssi" {
        Some(Field::Radio)
    } else if kind == "linkquality" {
        Some(Field::Lqi)
    } else {
        None
    }
}

fn scalar(body: &Body) -> Value {
    match body {
        Body::Bool(truth) => Value::Bool(*truth),
        Body::Text(text) => Value::String(text.trim().to_owned()),
        body => body.number().map_or(Value::Null, Value::from),
    }
}

/// A time as a device writes it: seconds, milliseconds or microseconds since 1970, or a text.
fn stamp(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::Number(number) => {
            let n = number.as_f64()?;
            let micros = if n > 1e14 {
                n
            } else if n > 1e11 {
                n * 1e3
            } else {
                n * 1e6
            };
            #[allow(clippy::cast_possible_truncation, reason = "a time before the year 5000, in whole microseconds")]
            Timestamp::from_micros((micros < 1e17).then_some(micros as i64)?)
        }
        Value::String(text) => Timestamp::read(text)?,
        _ => return None,
    };
    (at.micros() >= CLOCK_IS_SET).then_some(at)
}

const FNV: u32 = 0x811c_9dc5;
/// Kinds below it have a meaning of their own.
pub const FIRST_KIND: u32 = 8;

/// Stands for a name among a handful of others.
#[must_use]
pub fn digest_of(name: &str) -> u32 {
    digest(FNV, name.as_bytes())
}

/// FNV-1a: stands for bytes among a handful of others. The same in every build: it is stored.
fn digest(from: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn told(from: u32, value: &Value) -> u32 {
    match value {
        Value::Null => digest(from, b"n"),
        Value::Bool(truth) => digest(from, &[u8::from(*truth)]),
        Value::Number(number) => digest(from, &number.as_f64().unwrap_or_default().to_bits().to_be_bytes()),
        Value::String(text) => digest(from, text.as_bytes()),
        Value::Array(items) => items.iter().fold(digest(from, b"["), told),
        Value::Object(map) => map.iter().fold(digest(from, b"{"), |hash, (name, value)| {
            if FIELDS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) { hash } else { told(digest(hash, name.as_bytes()), value) }
        }),
    }
}
