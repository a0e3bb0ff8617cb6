//! A reason is one plain sentence: what each kind of verdict says, kept in `reasons.txt`, and what no sender can make of it.

use super::laws::{self, any_facts};
use super::*;
use crate::conscience::explain::REASON_CHARS;
use proptest::prelude::*;

fn at(facts: &mut Facts, hour: u16, minute: u16) {
    facts.ctx.make_mut().insert("hour".into(), (SignalValue::Number(f64::from(hour)), true));
    facts.req.minute = Some(hour * 60 + minute);
}

fn signal(facts: &mut Facts, name: &str, value: impl Into<Option<bool>>) {
    let (value, known) = match value.into() {
        Some(value) => (SignalValue::Bool(value), true),
        None => (facts.ctx.0[name].0, false),
    };
    facts.ctx.make_mut().insert(name.into(), (value, known));
}

fn from(facts: &mut Facts, who: &str, trust: f64, events: u64) {
    facts.req.client = EntityId::escaped(who);
    facts.req.entity = facts.req.client.clone();
    (facts.req.trust, facts.req.events) = (Unit01::clamped(trust), Some(events));
}

/// A request by `hub`, known for long, at 14:05.
fn ask(class: DeviceClass, verb: &str, name: &str, change: impl Fn(&mut Facts)) -> Facts {
    let mut f = facts(class, verb);
    from(&mut f, "hub", 0.93, 400);
    at(&mut f, 14, 5);
    f.dev.name = Some(name.to_owned());
    change(&mut f);
    f
}

fn tag(f: &mut Facts, tag: &str) {
    f.dev.tags.insert(tag.to_owned());
}

fn cases() -> Vec<Facts> {
    use DeviceClass::*;
    vec![
        ask(Light, "on", "Kitchen lamp", |_| ()),
        ask(Lock, "unlock", "Front door", |_| ()),
        ask(Lock, "unlock", "Front door", |f| {
            from(f, "sensor_7", 0.05, 2);
            at(f, 3, 12);
            signal(f, "asleep", true);
        }),
        ask(Lock, "unlock", "Front door", |f| from(f, "thermostat_1", 0.2, 40)),
        ask(Lock, "unlock", "Front door", |f| from(f, "thermostat_1", 0.12, 1)),
        ask(Lock, "unlock", "Front door", |f| {
            from(f, "thermostat_1", 0.2, 40);
            for name in ["home", "asleep", "smoke", "co"] {
                signal(f, name, None);
            }
        }),
        ask(Lock, "unlock", "Front door", |f| {
            (f.req.human, f.req.role) = (true, "owner".into());
            signal(f, "home", false);
        }),
        ask(Lock, "unlock", "Front door", |f| at(f, 23, 50)),
        ask(Lock, "unlock", "Front door", |f| {
            at(f, 3, 12);
            signal(f, "smoke", true);
        }),
        ask(Lock, "lock", "Front door", |f| signal(f, "smoke", true)),
        ask(Lock, "lock", "Front door", |f| signal(f, "smoke", None)),
        ask(Lock, "unlock", "Front door", |f| f.act.retained = true),
        ask(Lock, "unknown", "Front door", |_| ()),
        ask(Garage, "open", "Garage", |f| {
            from(f, "dev_7f3a", 0.5, 12);
            at(f, 3, 0);
        }),
        ask(Climate, "set", "Bathroom", |f| f.act.value = Some(35.0)),
        ask(Climate, "off", "Heating", |f| {
            tag(f, "heater");
            f.ctx.make_mut().insert("in_c".into(), (SignalValue::Number(12.0), true));
            f.ctx.make_mut().insert("out_c".into(), (SignalValue::Number(-10.25), true));
        }),
        ask(Switch, "on", "Oven", |f| {
            tag(f, "heat_source");
            signal(f, "home", false);
        }),
        ask(Switch, "off", "Freezer", |f| tag(f, "refrigeration")),
        ask(Switch, "off", "Freezer", |f| {
            tag(f, "refrigeration");
            f.req.human = true;
        }),
        ask(Switch, "on", "Pump", |f| f.dev.cmds_60s = 40),
        ask(Switch, "off", "Pump", |f| f.dev.opposite_5s = 1),
        ask(Siren, "on", "Siren", |_| ()),
        ask(Siren, "off", "Siren", |f| signal(f, "co", true)),
        ask(SmokeAlarm, "mute", "Smoke alarm hall", |_| ()),
        ask(Valve, "close", "Main water", |f| signal(f, "leak", true)),
        ask(Valve, "open", "Main water", |f| {
            signal(f, "leak", true);
            f.stress = Unit01::clamped(0.6);
        }),
        ask(Camera, "off", "Porch camera", |f| {
            tag(f, "security");
            signal(f, "home", false);
        }),
        ask(Media, "play", "Radio", |f| {
            at(f, 2, 40);
            signal(f, "asleep", true);
        }),
        ask(Light, "on", "Lamp", |f| f.req.entity = EntityId::escaped("owner_max")),
        ask(Switch, "on", "Table saw", |f| tag(f, "machine")),
        ask(Gateway, "extension_save", "Zigbee2MQTT", |_| ()),
        ask(Light, "set", "evil\u{202e}\nname\u{7} that goes on and on and on until nobody reads it any more", |f| {
            f.act.value = Some(-0.0)
        }),
    ]
}

#[test]
fn each_reason_reads_as_it_is_kept() {
    let mut set = shipped(true);
    let told: String = cases().iter().map(|f| set.judge(f).reason + "\n").collect();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conscience/tests/reasons.txt");
    // Written anew on demand, so that a change of words is read as a change of that file.
    if std::env::var_os("JAMEY_KEEP").is_some() {
        std::fs::write(kept, &told).unwrap();
    }
    assert!(cases().len() >= 20);
    assert_eq!(told, std::fs::read_to_string(kept).unwrap(), "JAMEY_KEEP=1 keeps the new ones");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_names_a_sender_invents_a_reason_is_one_bounded_line(
        f in any_facts(true), name in proptest::option::of("\\PC{0,80}|[\u{0}-\u{ffff}]{0,300}"), verb in "[\u{0}-\u{ffff}]{0,300}",
        who in "[\u{0}-\u{ffff}]{0,80}", events in proptest::option::of(any::<u64>()), minute in 0..1440u16, value in any::<f64>(), odd in any::<bool>(),
    ) {
        let mut f = f;
        f.dev.name = name;
        f.act.target = EntityId::escaped(&who);
        (f.req.client, f.req.events, f.req.minute) = (EntityId::escaped(&who), events, Some(minute));
        if odd {
            (f.act.verb, f.act.value) = (verb, Some(value));
        }
        let reason = laws::set().judge(&f).reason;
        prop_assert!(reason.chars().count() > 10 && reason.chars().count() <= REASON_CHARS + 1, "{}", reason);
        let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        prop_assert!(!reason.chars().any(hidden), "{:?}", reason);
    }
}
