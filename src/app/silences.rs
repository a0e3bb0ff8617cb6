//! Entities that fell silent, as alerts: one each, one for a bridge with all that is heard through it, and beyond a limit one for the rest.

use super::outlets::Due;
use crate::domain::{EntityId, Silence, Timestamp, limits};
use std::collections::BTreeMap;

/// Under which code those are counted that have no alert of their own.
pub const THE_REST: &str = "silences";

/// Who is gone now.
#[derive(Debug, Default)]
pub struct Absent(BTreeMap<EntityId, (Silence, Timestamp)>);

impl Absent {
    /// Takes what began or ended.
    pub fn turn(&mut self, silence: &Silence, now: Timestamp) {
        if silence.begins {
            self.0.insert(silence.entity.clone(), (silence.clone(), now));
        } else {
            self.0.remove(&silence.entity);
        }
    }

    /// The alerts that stand, by code. First come those who were declared or discovered, so that nobody hides the silence of a lock behind that
    /// of things he made up; of each the bridges, then who is gone longest.
    #[must_use]
    pub fn alerts(&self) -> Due {
        let mut all: Vec<&(Silence, Timestamp)> = self.0.values().collect();
        all.sort_by_key(|(silence, _)| (silence.is_newcomer, silence.carries.is_none(), silence.since));
        let told = all.iter().take(limits::SILENCES_TOLD);
        let mut alerts: BTreeMap<String, (Timestamp, String)> =
            told.map(|(silence, now)| (code(silence), (silence.heard.unwrap_or(silence.since), text(silence, *now)))).collect();
        let rest = all.len().saturating_sub(limits::SILENCES_TOLD);
        if let Some((silence, _)) = all.get(limits::SILENCES_TOLD) {
            let text = format!("{rest} more have fallen silent, {} among them", silence.entity);
            alerts.insert(THE_REST.to_owned(), (silence.since, text));
        }
        alerts.into()
    }
}

fn code(silence: &Silence) -> String {
    let what = if silence.carries.is_some() { "outage" } else { "silent" };
    format!("{what}-{}", silence.entity)
}

fn text(silence: &Silence, now: Timestamp) -> String {
    let who = &silence.entity;
    let what = match (silence.said_so, silence.heard) {
        (true, _) => format!("{who} said that it goes, or its last will did"),
        (false, Some(heard)) => format!("{who} has said nothing for {}", duration(now.seconds_since(heard))),
        (false, None) => format!("{who} says nothing"),
    };
    let rule = silence.every_seconds.filter(|_| !silence.said_so).map(|every| format!("; as a rule it speaks every {}", duration(every)));
    let others = silence.carries.map(|many| match many {
        1 => "; one other is heard through it, and its silence says nothing of it".to_owned(),
        many => format!("; {many} others are heard through it, and their silence says nothing of them"),
    });
    what + &rule.unwrap_or_default() + &others.unwrap_or_default()
}

/// To two units, as a person would say it: `3 h 10 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let place = UNITS.iter().position(|(unit, _)| seconds.round() >= *unit).unwrap_or(3);
    let mut pair = UNITS.iter().skip(place);
    let (Some((unit, name)), smaller) = (pair.next(), pair.next()) else { return String::new() };
    let Some((small, small_name)) = smaller else { return format!("{} {name}", seconds.round()) };
    let parts = (seconds / small).round();
    let many = (unit / small).round();
    let (whole, rest) = ((parts / many).floor(), parts % many);
    if rest == 0.0 { format!("{whole} {name}") } else { format!("{whole} {name} {rest} {small_name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
    }

    fn gone(name: &str, since: i64) -> Silence {
        Silence {
            entity: EntityId::new(name).unwrap(),
            begins: true,
            heard: Some(at(since - 100)),
            since: at(since),
            said_so: false,
            every_seconds: Some(3_300.0),
            carries: None,
            is_newcomer: true,
        }
    }

    #[test]
    fn durations_are_said_as_people_say_them() {
        for (seconds, said) in [
            (0.4, "0 s"),
            (59.0, "59 s"),
            (61.0, "1 min 1 s"),
            (3_300.0, "55 min"),
            (3_599.7, "1 h"),
            (11_400.0, "3 h 10 min"),
            (86_400.0 * 2.0 + 3_700.0, "2 d 1 h"),
        ] {
            assert_eq!(duration(seconds), said, "{seconds}");
        }
    }

    #[test]
    fn an_absence_is_told_in_plain_words_until_it_is_over() {
        let mut absent = Absent::default();
        absent.turn(&gone("door_sensor", 0), at(11_300));
        let alerts = absent.alerts();
        let (since, text) = &alerts["silent-door_sensor"];
        assert_eq!((*since, text.as_str()), (at(-100), "door_sensor has said nothing for 3 h 10 min; as a rule it speaks every 55 min"));
        absent.turn(&Silence { said_so: true, carries: Some(40), ..gone("zigbee2mqtt.bridge", 1) }, at(1));
        let alerts = absent.alerts();
        assert_eq!(
            alerts["outage-zigbee2mqtt.bridge"].1,
            "zigbee2mqtt.bridge said that it goes, or its last will did; 40 others are heard through it, and their silence says nothing of them"
        );
        absent.turn(&Silence { begins: false, ..gone("door_sensor", 0) }, at(2));
        assert_eq!(absent.alerts().len(), 1);
    }

    #[test]
    fn things_that_somebody_made_up_do_not_hide_the_silence_of_a_lock() {
        let mut absent = Absent::default();
        for n in 0..2 * limits::SILENCES_TOLD {
            absent.turn(&Silence { carries: Some(3), ..gone(&format!("made_up_{n}"), 0) }, at(1_000));
        }
        absent.turn(&Silence { is_newcomer: false, ..gone("front_lock", 500) }, at(1_000));
        assert!(absent.alerts().contains_key("silent-front_lock"), "{:?}", absent.alerts().keys());
    }

    #[test]
    fn one_absence_past_the_limit_is_counted_and_a_bridge_keeps_its_own() {
        let mut absent = Absent::default();
        for n in 0..limits::SILENCES_TOLD {
            absent.turn(&gone(&format!("d{n}"), i64::try_from(n).unwrap()), at(1_000));
        }
        assert!(!absent.alerts().contains_key(THE_REST));
        absent.turn(&Silence { carries: Some(3), ..gone("hub", 500) }, at(1_000));
        let alerts = absent.alerts();
        assert_eq!(alerts.len(), limits::SILENCES_TOLD + 1);
        assert_eq!(alerts[THE_REST].1, "1 more have fallen silent, d63 among them");
        assert!(alerts.contains_key("outage-hub"));
    }
}
