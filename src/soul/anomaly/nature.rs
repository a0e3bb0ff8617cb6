//! What a field's name tells of its values: whether they are readings at all, what they can be, and how they move.

/// How a quantity lives in a house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// Air and soil: it changes in minutes, and has shown its ordinary range within a day.
    Slow,
    /// What people and machines switch: it leaps, and shows its ordinary range within a week.
    Brisk,
}

/// What is known of a quantity before the first reading.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Nature {
    pub pace: Pace,
    /// What it can be, in any unit that is in use for it.
    pub low: f64,
    pub high: f64,
    /// Being out of the ordinary range by less than this is no news, in the quantity's unit.
    pub least: f64,
    pub is_temperature: bool,
    /// How closely it is looked at now, in [0, 1]; none by nature.
    pub attention: f64,
    /// Named in the table: when places are scarce, it goes before fields that nobody knows.
    pub is_known: bool,
}

impl Nature {
    #[must_use]
    pub fn can_be(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }

    /// Seconds until its ordinary range has been seen: a day of the air, a week of the people.
    #[must_use]
    pub fn mature_seconds(&self) -> f64 {
        match self.pace {
            Pace::Slow => 86_400.0,
            Pace::Brisk => 7.0 * 86_400.0,
        }
    }
}

/// Beyond it no quantity of a house is told: ids and times in nanoseconds are.
pub const GREATEST: f64 = 1e12;

const OTHER: Nature =
    Nature { pace: Pace::Brisk, low: -GREATEST, high: GREATEST, least: 0.0, is_temperature: false, attention: 0.0, is_known: false };
/// By what a name contains; the first that fits counts. The bounds leave room for every unit in use and for ovens and freezers: what is
/// beyond them is a broken wire (−127 °C), not weather. `least`: what opening a window does.
const KNOWN: [(&str, Nature); 16] = [
    ("temp", slow(-100.0, 800.0, 2.0)),
    ("dew", slow(-100.0, 800.0, 2.0)),
    ("soil", slow(-1.0, 101.0, 10.0)),
    ("moisture", slow(-1.0, 101.0, 10.0)),
    ("humid", slow(-1.0, 101.0, 5.0)),
    ("pressure", slow(0.0, 1e6, 5.0)),
    ("co2", slow(0.0, 1e5, 400.0)),
    ("carbon_dioxide", slow(0.0, 1e5, 400.0)),
    ("illumin", brisk(0.0, 1e6)),
    ("lux", brisk(0.0, 1e6)),
    ("power", brisk(-1e6, 1e6)),
    ("current", brisk(-1e6, 1e6)),
    ("voltage", brisk(-1e6, 1e6)),
    ("voc", brisk(0.0, 1e6)),
    ("pm2", brisk(0.0, 1e5)),
    ("pm10", brisk(0.0, 1e5)),
];
/// Two-state fields by the names that families give them.
const KNOWN_STATES: [&str; 14] = [
    "contact",
    "occupancy",
    "presence",
    "motion",
    "state",
    "water_leak",
    "leak",
    "smoke",
    "tamper",
    "vibration",
    "lock_state",
    "open",
    "door",
    "window",
];
/// What an alarm is there to say: it is rare by nature, and saying it is no oddity of the sensor.
const ALARMS: [&str; 9] = ["leak", "smoke", "gas", "alarm", "tamper", "carbon_monoxide", "sos", "intru", "fault"];
/// No readings: counters, clocks and names; what `life` hears; what people set; and secrets, which must not come to be told of.
const NO_READING: &[&str] = &[
    "linkquality",
    "lqi",
    "rssi",
    "signal",
    "battery",
    "last_seen",
    "lastseen",
    "time",
    "date",
    "epoch",
    "uptime",
    "heap",
    "sketch",
    "loadavg",
    "mqttcount",
    "restart",
    "reboot",
    "energy",
    "total",
    "yesterday",
    "today",
    "period",
    "kwh",
    "count",
    "counter",
    "sequence",
    "update",
    "version",
    "serial",
    "mac",
    "ip",
    "ssid",
    "bssid",
    "channel",
    "vcc",
    "setpoint",
    "target",
    "calibration",
    "precision",
    "threshold",
    "sensitivity",
    "interval",
    "brightness",
    "color",
    "position",
    "transition",
    "offset",
    "schedule",
    "speed",
    "code",
    "pin",
    "pincode",
    "password",
    "passwd",
    "token",
    "secret",
    "key",
    "apikey",
];
/// The same where the whole name must fit.
const NO_READING_WHOLE: [&str; 16] = [
    "id",
    "v",
    "ts",
    "seq",
    "n",
    "msg",
    "message",
    "text",
    "say",
    "name",
    "units",
    "unit",
    "tempunit",
    "tamb_unit",
    "effect",
    "availability",
];

const fn slow(low: f64, high: f64, least: f64) -> Nature {
    Nature { pace: Pace::Slow, low, high, least, is_temperature: false, attention: 0.0, is_known: true }
}

const fn brisk(low: f64, high: f64) -> Nature {
    Nature { pace: Pace::Brisk, low, high, least: 0.0, is_temperature: false, attention: 0.0, is_known: true }
}

/// The last part of `ENERGY.Power`, in lower case.
fn plain(field: &str) -> String {
    field.rsplit('.').next().unwrap_or(field).to_ascii_lowercase()
}

/// What a numeric field is.
#[must_use]
pub fn of(field: &str) -> Nature {
    let name = plain(field);
    // Shelly's `tC` and `tF`, and `rh`.
    let nature = match name.as_str() {
        "tc" | "tf" => Some(slow(-100.0, 800.0, 2.0)),
        "rh" => Some(slow(-1.0, 101.0, 5.0)),
        "apower" => Some(brisk(-1e6, 1e6)),
        _ => KNOWN.iter().find(|(part, _)| name.contains(part)).map(|(_, nature)| *nature),
    };
    nature.map_or(OTHER, |n| Nature { is_temperature: n.least == 2.0, ..n })
}

/// Whether a field of words is one that families name.
#[must_use]
pub fn is_known_state(field: &str) -> bool {
    let name = plain(field);
    KNOWN_STATES.iter().any(|known| name == *known)
}

/// Whether a field's rare states are alarms, which it is there to tell.
#[must_use]
pub fn is_alarm(field: &str) -> bool {
    let name = plain(field);
    ALARMS.iter().any(|part| name.contains(part))
}

/// Whether a field holds readings: not a counter, a clock, a name, a setting, nor what speaks of battery and radio.
#[must_use]
pub fn is_reading(field: &str) -> bool {
    let name = plain(field);
    let part = |word: &&str| {
        // Short words only as words of their own: `ip` is no part of `precipitation`.
        if word.len() <= 4 { name.split(['_', '-', ' ']).any(|w| w == *word) } else { name.contains(*word) }
    };
    !NO_READING.iter().any(part) && !NO_READING_WHOLE.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_families_are_understood() {
        for field in
            ["temperature", "DS18B20.Temperature", "tC", "tF", "humidity", "ENERGY.Power", "apower", "co2", "contact", "state", "pm25"]
        {
            assert!(is_reading(field), "{field}");
        }
        for field in [
            "linkquality",
            "battery",
            "battery_low",
            "last_seen",
            "update_available",
            "uptime",
            "ENERGY.Total",
            "ENERGY.Yesterday",
            "energy",
            "Wifi.RSSI",
            "Time",
            "UptimeSec",
            "id",
            "occupied_heating_setpoint",
            "local_temperature_calibration",
            "ip",
            "MqttCount",
        ] {
            assert!(!is_reading(field), "{field}");
        }
        assert!(of("device_temperature").is_temperature && of("tF").is_temperature && !of("humidity").is_temperature);
        assert!(!of("temperature").can_be(-127.0) && of("temperature").can_be(85.0));
        assert!(!of("humidity").can_be(655.35));
        assert!(is_alarm("water_leak") && !is_alarm("contact"));
    }
}
