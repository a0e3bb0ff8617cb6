//! The owner's lists: what a guard, a device, an input, a signal and an entity may say.

use super::{config, lines};
use crate::config::Config;
use crate::domain::{Combine, CommandShape, DeviceClass, Family, SignalValue, limits};
use std::collections::BTreeMap;

#[test]
fn a_device_becomes_the_owners_claim() {
    let c = config(
        "[[device]]\nid = \"door\"\nname = \"Door\"\nclass = \"lock\"\narea = \"hall\"\ntags = [\"egress\"]\nrisk = 0.9\ncommand_topic = \"d/set\"\n\
         payloads = { UNLOCK = \"unlock\" }\nstate_topic = \"d/state\"\n[[device]]\nid = \"siren\"",
    );
    let claim = c.devices[0].claim();
    assert_eq!(
        (claim.key.as_str(), claim.family, claim.class, claim.risk.unwrap().get()),
        ("config", Family::Owner, DeviceClass::Lock, 0.9)
    );
    assert_eq!((claim.area.as_deref(), claim.state_topic.as_deref()), (Some("hall"), Some("d/state")));
    let words = BTreeMap::from([("UNLOCK".to_owned(), "unlock".to_owned())]);
    assert_eq!((claim.commands[0].topic.as_str(), &claim.commands[0].shape), ("d/set", &CommandShape::Words { words }));
    assert_eq!((c.devices[1].claim().commands.len(), c.devices[1].class), (0, DeviceClass::Unknown));
}

#[test]
fn a_guard_reads_payloads_as_it_is_told() {
    let shape = |said: &str| config(&format!("[[guard]]\ntopic = \"a/+\"\n{said}")).guards[0].shape.clone();
    assert_eq!(shape(""), CommandShape::Attributes);
    assert_eq!(shape("reads = \"attributes\""), CommandShape::Attributes);
    assert_eq!(shape("reads = \"number\""), CommandShape::Number { verb: "set".into() });
    assert_eq!(shape("reads = \"press\""), CommandShape::Press { verb: "press".into() });
    assert_eq!(shape("reads = \"opaque\""), CommandShape::Opaque);
}

#[test]
fn entries_that_say_too_little_or_too_much_are_refused() {
    for (text, told) in [
        ("[[device]]\nname = \"x\"", "device[0].id (j.toml:1): missing; write `id = \"front_door\"`"),
        (
            "[[device]]\nid = \"Front Door\"",
            "device[0].id (j.toml:2): found \"Front Door\"; write 1 to 64 of a-z, 0-9, `_`, `.` and `-`; Jamey knows that name as \"front_door\"",
        ),
        (
            "[[device]]\nid = \"x\"\nclass = \"lokc\"",
            "device[0].class (j.toml:3): found \"lokc\"; write \"interlock\", \"medical\", \"smoke_alarm\", \"co_alarm\", \"gas_alarm\", \"gateway\", \"lock\", \
             \"alarm_panel\", \"garage\", \"gate\", \"door\", \"valve\", \"siren\", \"camera\", \"microphone\", \"climate\", \"switch\", \"cover\", \"fan\", \
             \"light\", \"media\", \"chime\" or \"unknown\"",
        ),
        (
            "[[device]]\nid = \"x\"\ncommand_topic = \"a/+\"",
            "device[0].command_topic (j.toml:3): found \"a/+\"; write a topic without `+`, `#` and `{}`, such as \"door/set\"",
        ),
        (
            "[[device]]\nid = \"x\"\nreads = \"press\"",
            "device[0].reads (j.toml:3): found without a `command_topic` whose payloads it could read; add one, or remove it",
        ),
        (
            "[[device]]\nid = \"x\"\ncommand_topic = \"a\"\nstate_topic = \"a\"",
            "device[0].state_topic (j.toml:4): found the command topic again; write the topic on which the device tells its state, or remove it",
        ),
        (
            "[[device]]\nid = \"x\"\ncommand_topic = \"jamey/act/x\"",
            "device[0].command_topic (j.toml:3): found \"jamey/act/x\", which meets Jamey's own topics (`jamey/#`); write one that leaves them out, or change `root`",
        ),
        ("[[device]]\nid = \"x\"\n[[device]]\nid = \"x\"", "device[1].id (j.toml:4): found \"x\" a second time; keep one of the two"),
        ("[[device]]\nid = \"x\"\nclas = \"lock\"", "device[0].clas (j.toml:3): no such option; did you mean `class`?"),
        ("[[guard]]\ntopic = \"a\"\n[[guard]]\ntopic = \"a\"", "guard[1].topic (j.toml:4): found \"a\" a second time; keep one of the two"),
        (
            "[[guard]]\ntopic = \"a/#/b\"",
            "guard[0].topic (j.toml:2): found \"a/#/b\"; write a topic filter such as \"locks/+/set\": `a/#/b`: `#` stands alone and last, `+` stands alone in its level",
        ),
        (
            "[[guard]]\ntopic = \"$share/g/a\"",
            "guard[0].topic (j.toml:2): found \"$share/g/a\"; write a topic filter such as \"locks/+/set\": `$share/` belongs to subscriptions, so leave it out",
        ),
        (
            "[[guard]]\ntopic = \"#\"",
            "guard[0].topic (j.toml:2): found \"#\", which meets Jamey's own topics (`jamey/#`); write one that leaves them out, or change `root`",
        ),
        (
            "[[guard]]\ntopic = \"a/b\"\nexcept = [\"a/#\"]",
            "guard[0].except[0] (j.toml:3): found a filter that leaves nothing of `a/b` guarded; write a narrower one",
        ),
        (
            "[[guard]]\ntopic = \"a\"\npayloads = { X = \"on\" }\nreads = \"press\"",
            "guard[0].reads (j.toml:4): found together with `payloads`; keep one of the two",
        ),
        (
            "[[guard]]\ntopic = \"a\"\npayloads = {}",
            "guard[0].payloads (j.toml:3): found no payload; write at least one, such as `payloads = { UNLOCK = \"unlock\" }`, or remove it",
        ),
        (
            "[[guard]]\ntopic = \"a\"\npayloads = { \"a b\" = \"Un Lock\" }",
            "guard[0].payloads.\"a b\" (j.toml:3): found \"Un Lock\"; write a verb of 1 to 32 of a-z, 0-9 and `_`, such as \"unlock\"",
        ),
        (
            "[[input]]\ntopic = \"+/x\"",
            "input[0].topic (j.toml:2): found \"+/x\", which meets Jamey's own topics (`jamey/#`); write one that leaves them out, or change `root`",
        ),
        (
            "[[input]]\ntopic = \"a/{entitiy}\"",
            "input[0].topic (j.toml:2): found \"a/{entitiy}\"; write a pattern such as \"sensors/{entity}/{kind}\": {entity} and {kind} are the placeholders, each alone in its level",
        ),
        (
            "[[entity]]\nid = \"anonymous\"\nrole = \"operator\"",
            "entity[0].id (j.toml:2): found \"anonymous\", whom nobody can tell apart, with `owner` or a `role`; write the id of a user, or remove both",
        ),
        ("[[entity]]\nid = \"a\"\n[[entity]]\nid = \"a\"", "entity[1].id (j.toml:4): found \"a\" a second time; keep one of the two"),
    ] {
        assert_eq!(lines(text), [told]);
    }
}

#[test]
fn an_entry_keeps_its_number_when_one_before_it_is_refused() {
    assert_eq!(
        lines("[[guard]]\ntopic = 1\n[[guard]]\ntopic = \"jamey/x\""),
        [
            "guard[0].topic (j.toml:2): found 1; write a topic filter such as \"locks/+/set\": it is text in quotes",
            "guard[1].topic (j.toml:4): found \"jamey/x\", which meets Jamey's own topics (`jamey/#`); write one that leaves them out, or change `root`",
        ]
    );
}

#[test]
fn a_signal_takes_a_shipped_ones_place_or_joins_them() {
    let c = config("[[signal]]\nname = \"smoke\"\nentity = \"hall\"\nkind = \"smoke\"\n[[signal]]\nname = \"pool_c\"\ndefault = 18");
    let names: Vec<&str> = c.signals.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["home", "asleep", "smoke", "co", "leak", "intruder", "maintenance", "in_c", "out_c", "pool_c"]);
    assert_eq!((c.signals[2].default, c.signals[2].from[0].kind.as_str()), (SignalValue::Bool(false), "smoke"));
    assert_eq!(c.signals[9].default, SignalValue::Number(18.0));
    assert_eq!(Config::default().signals.len(), 9);
}

#[test]
fn a_signals_sources_are_entities_or_topics_with_a_mapping() {
    let c = config(
        "[[input]]\ntopic = \"mine/{entity}/{kind}\"\n[[signal]]\nname = \"leak\"\ncombine = \"all\"\n\
         [[signal.from]]\ntopic = \"zigbee2mqtt/cellar\"\nfield = \"water_leak\"\ntrue_when = [true, 1, \"WET\"]\n\
         [[signal.from]]\ntopic = \"mine/Bath Room/wet\"\n[[signal.from]]\ntopic = \"jamey/in/kitchen/leak\"\n\
         [[signal.from]]\ntopic = \"odd/topic\"\nabove = 3\n[[signal.from]]\nentity = \"tub\"\nkind = \"state\"\nfalse_when = [\"dry\"]",
    );
    let leak = c.signals.iter().find(|s| s.name == "leak").unwrap();
    let from: Vec<_> = leak.from.iter().map(|s| (s.entity.as_str(), s.kind.as_str())).collect();
    assert_eq!(from, [("cellar", "state"), ("bath_room", "wet"), ("kitchen", "leak"), ("odd.2ftopic", "state"), ("tub", "state")]);
    assert_eq!(leak.combine, Combine::All);
    assert_eq!(leak.from[0].true_when, [serde_json::json!(true), serde_json::json!(1.0), serde_json::json!("WET")]);
    assert_eq!((leak.from[0].field.as_deref(), leak.from[3].above), (Some("water_leak"), Some(3.0)));
    let own = c.inputs.sources().into_iter().find(|s| s.pattern.read("odd/topic").is_some()).unwrap();
    assert_eq!((own.entity.unwrap().as_str(), own.kind.as_deref()), ("odd.2ftopic", Some("state")));
    let one = config("[[signal]]\nname = \"smoke\"\ntopic = \"zigbee2mqtt/hall\"");
    assert_eq!((one.signals[2].combine, one.signals[2].from.len()), (Combine::Last, 1));
}

#[test]
fn sources_that_could_not_be_heard_are_refused() {
    let signal = |more: &str| format!("[[signal]]\nname = \"smoke\"\n{more}");
    for (text, wanted) in [
        (signal("topic = \"a/+\""), "signal[0].topic"),
        (signal("topic = \"jamey/status\""), "write `jamey/in/ENTITY/KIND`"),
        (signal("topic = \"x\"\nentity = \"y\"\nkind = \"z\""), "found together with `topic`"),
        (signal("field = \"x\""), "write `topic`, or `entity` and `kind`"),
        (signal("true_when = [[1]]\ntopic = \"x\""), "signal[0].true_when[0]"),
        (signal("topic = \"x\"\n[[signal.from]]\ntopic = \"y\""), "write all of them as `[[signal.from]]`"),
        (signal("[[signal.from]]"), "signal[0].from[0].entity"),
        (signal("combine = \"most\"\ntopic = \"x\""), "signal[0].combine"),
        ("[[signal]]\nname = \"in_c\"\ntopic = \"x\"\nabove = 1".into(), "found for a number"),
        ("[[signal]]\nname = \"in_c\"\ntopic = \"x\"\ncombine = \"any\"".into(), "found for a number"),
        ("[[input]]\ntopic = \"who/#\"\n[[signal]]\nname = \"smoke\"\ntopic = \"who/knows\"".into(), "names no entity"),
    ] {
        let said = lines(&text).join("\n");
        assert!(said.contains(wanted), "{text}\n{said}");
    }
    let sources = |n: usize| signal(&(0..n).map(|i| format!("[[signal.from]]\ntopic = \"t/{i}\"\n")).collect::<String>());
    assert_eq!(lines(&sources(limits::SIGNAL_SOURCES)), [""; 0]);
    assert!(lines(&sources(limits::SIGNAL_SOURCES + 1))[0].contains("at most 64"));
    let words = |n: usize| signal(&format!("topic = \"t\"\ntrue_when = [{}]", vec!["1"; n].join(",")));
    assert_eq!(lines(&words(limits::SIGNAL_WORDS)), [""; 0]);
    assert!(lines(&words(limits::SIGNAL_WORDS + 1))[0].contains("more than 16"));
}

#[test]
fn signals_that_rules_could_not_read_are_refused() {
    for (text, told) in [
        (
            "[[signal]]\nname = \"hour\"\ndefault = 1",
            "signal[0].name (j.toml:2): found \"hour\"; write a letter a-z, then up to 31 of a-z, 0-9 and `_`, such as \"garden_watered\"; `hour`, `true`, `false`, `null` and `in` are taken",
        ),
        ("[[signal]]\nname = \"wet\"", "signal[0].default (j.toml:1): missing; write `default = false`"),
        (
            "[[signal]]\nname = \"wet\"\ndefault = \"no\"",
            "signal[0].default (j.toml:3): found \"no\"; write true, false or a number, such as `default = false`",
        ),
        (
            "[[signal]]\nname = \"home\"\ndefault = 1",
            "signal[0].default (j.toml:3): found a number, but the shipped rules read \"home\" as true or false; write true or false, or take another name",
        ),
        (
            "[[signal]]\nname = \"in_c\"\ndefault = true",
            "signal[0].default (j.toml:3): found a truth, but the shipped rules read \"in_c\" as a number; write a number, or take another name",
        ),
        (
            "[[signal]]\nname = \"home\"\nentity = \"x\"",
            "signal[0].entity (j.toml:3): found without `kind`; add the kind of its message that carries the signal, such as `kind = \"state\"`",
        ),
        (
            "[[signal]]\nname = \"home\"\nkind = \"x\"",
            "signal[0].kind (j.toml:3): found without `entity`; add the entity that says it, such as `entity = \"anna_phone\"`",
        ),
        (
            "[[signal]]\nname = \"home\"\nstale_after_seconds = 5",
            "signal[0].stale_after_seconds (j.toml:3): found without a source that could fall silent; add `entity` and `kind`, or remove it",
        ),
        (
            "[[signal]]\nname = \"home\"\n[[signal]]\nname = \"home\"",
            "signal[1].name (j.toml:4): found \"home\" a second time; keep one of the two",
        ),
    ] {
        assert_eq!(lines(text), [told]);
    }
}

#[test]
fn other_brokers_are_named_and_their_passwords_are_not() {
    let c = config(
        "[[bridge]]\nname = \"attic\"\naddress = \"attic:1883\"\nuser = \"u\"\npassword_env = \"P\"\ntopics = [{ filter = \"a/#\", direction = \"both\" }]\n\
         [broker]\nmqtt = []\n[attached]\naddress = \"[::1]:1884\"",
    );
    assert_eq!((c.bridges[0].remote.keep_alive_seconds, c.bridges[0].topics[0].qos, c.broker.mqtt.len()), (60, 1, 0));
    assert_eq!(c.attached.unwrap().remote.address, "[::1]:1884");
    let topics = "topics = [{ filter = \"a\", direction = \"in\" }]";
    for (text, told) in [
        #[cfg(not(feature = "rumqttd"))]
        (
            "[attached]\naddress = \"127.0.0.1:1\"\nrumqttd = true",
            "attached.rumqttd (j.toml:3): found true, but this Jamey was built without it; build it with `--features rumqttd`, or write false",
        ),
        ("[attached]\nfilters = []", "attached.address (j.toml:1): missing; write `address = \"broker.lan:1883\"`"),
        (
            "[attached]\naddress = \"mqtt://a\"",
            "attached.address (j.toml:2): found \"mqtt://a\"; write a host and a port, such as \"broker.lan:1883\"",
        ),
        (
            "[[bridge]]\nname = \"a\"\naddress = \"a:1\"",
            "bridge[0].topics (j.toml:1): found none, so nothing would go over; write `topics = [{ filter = \"#\", direction = \"in\" }]`",
        ),
        (
            &format!("[[bridge]]\nname = \"attached\"\naddress = \"a:1\"\n{topics}"),
            "bridge[0].name (j.toml:2): found \"attached\", which is the name of what `[attached]` describes; write another one",
        ),
        (
            &format!("[[bridge]]\nname = \"a\"\naddress = \"a:1\"\n{topics}\n[[bridge]]\nname = \"a\"\naddress = \"b:1\"\n{topics}"),
            "bridge[1].name (j.toml:6): found \"a\" a second time; give each bridge a name of its own",
        ),
        (
            &format!("[[bridge]]\nname = \"a\"\naddress = \"a:1\"\npassword_file = \"p\"\n{topics}"),
            "bridge[0].user (j.toml:1): missing, though a password is named; write the user to whom it belongs",
        ),
        (
            &format!("[[bridge]]\nname = \"a\"\naddress = \"a:1\"\nca = \"c\"\n{topics}"),
            "bridge[0].tls (j.toml:1): found false, or nothing, while certificates are named; write `tls = true`, or remove them",
        ),
        (
            "[[bridge]]\nname = \"a\"\naddress = \"a:1\"\ntopics = [{ filter = \"#\", direction = \"in\", local_prefix = \"x\" }]",
            "bridge[0].topics[0].local_prefix (j.toml:4): makes no topic filter with `filter`: `x#`: `#` stands alone and last, `+` stands alone in its level; end it with a slash",
        ),
    ] {
        assert_eq!(lines(text), [told]);
    }
}

#[test]
fn a_duty_changes_a_shipped_one_stands_beside_it_or_is_off() {
    let (left, leak) = ("left-open", "leak-valve-open");
    let read = |text: &str| config(text).duties.iter().map(|d| (d.id.clone(), d.after_seconds, d.asks.clone())).collect::<Vec<_>>();
    assert_eq!(read(""), [(leak.into(), 30, None), (left.into(), 600, None)]);
    let changed = read("[[duty]]\nid = \"leak-valve-open\"\nafter_seconds = 5\nasks = \"close\"");
    assert_eq!(changed, [(left.into(), 600, None), (leak.into(), 5, Some("close".into()))]);
    assert_eq!(read("[[duty]]\nid = \"left-open\"\noff = true"), [(leak.into(), 30, None)]);
    let own = "[[duty]]\nid = \"oven\"\nwhen = \"!ctx.home && dev.state == 'on'\"\nsays = \"the oven is on\"";
    assert_eq!(read(own).last(), Some(&("oven".into(), 30, None)));
}

#[test]
fn duties_that_are_no_duties_are_refused() {
    let many: String = (0..31).map(|n| format!("[[duty]]\nid = \"d{n}\"\nwhen = \"ctx.leak\"\nsays = \"x\"\n")).collect();
    for (text, wanted) in [
        ("[[duty]]\nid = \"own\"", "duty[0].when"),
        ("[[duty]]\nid = \"own\"\nwhen = \"ctx.leak\"", "duty[0].says"),
        ("[[duty]]\nid = \"Own\"", "duty[0].id"),
        ("[[duty]]\nid = \"left-open\"\noff = true\n[[duty]]\nid = \"left-open\"\noff = true", "a second time"),
        ("[[duty]]\nid = \"left-open\"\nafter_seconds = 86401", "duty[0].after_seconds"),
        (many.as_str(), "one more than 32"),
    ] {
        let said = lines(text).join("\n");
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn a_mission_changes_a_shipped_objective_stands_beside_them_or_is_off() {
    let read = |text: &str| config(text).missions;
    let ids = |text: &str| read(text).iter().map(|m| m.id.clone()).collect::<Vec<_>>();
    let all = [
        "safe_home",
        "no_unsafe_request",
        "devices_reachable",
        "readings_plausible",
        "commands_obeyed",
        "people_well",
        "memory_durable",
        "snapshots_fresh",
    ];
    assert_eq!(ids(""), all);
    let changed = read("[[mission]]\nid = \"people_well\"\nutility = 0.2\nrest = 0.9");
    let last = changed.last().unwrap();
    assert_eq!(last.aim, Config::default().missions[5].aim, "what is not said stays as it was");
    assert_eq!((last.utility.get(), last.rest.get(), last.maintained), (0.2, 0.9, true));
    assert_eq!(ids("[[mission]]\nid = \"safe_home\"\noff = true"), all[1..]);
    let aimed = read("[[mission]]\nid = \"safe_home\"\ngood = \"!ctx.smoke\"\ntarget = 0.99\nwindow = 90\npriority = 0.1\nleast = 10000");
    let aim = aimed.last().and_then(|m| m.aim.clone()).unwrap();
    assert_eq!((aim.good.as_str(), aim.target, aim.window_days, aim.priority.get(), aim.least), ("!ctx.smoke", 0.99, 90, 0.1, 10_000));
    let counted = read("[[mission]]\nid = \"calm\"\nutility = 0.2\nsays = \"calm\"\ngood = \"ctx.home\"");
    assert_eq!(counted.last().map(|m| (m.signal.clone(), m.aim.is_some())), Some((None, true)), "it needs no signal of its own");
    let own = read("[[mission]]\nid = \"warm_pool\"\nutility = -0.3\nmaintained = false\nsays = \"warm\"\nsignal = \"home\"");
    assert_eq!(own.last().map(|m| (m.rest.get(), m.maintained, m.signal.clone())), Some((0.5, false, Some("home".into()))));
}

#[test]
fn missions_that_are_no_missions_are_refused() {
    let own = "utility = 0.5\nsays = \"x\"\nsignal = \"home\"\n";
    let many: String = (0..9).map(|n| format!("[[mission]]\nid = \"m{n}\"\n{own}")).collect();
    for (text, wanted) in [
        ("[[mission]]\nid = \"own\"", "mission[0].utility"),
        ("[[mission]]\nid = \"own\"\nutility = 0.5", "mission[0].says"),
        ("[[mission]]\nid = \"own\"\nutility = 0.5\nsays = \"x\"", "mission[0].signal"),
        ("[[mission]]\nid = \"safe_home\"\nutility = 1.1", "mission[0].utility"),
        ("[[mission]]\nid = \"safe_home\"\nrest = -0.1", "mission[0].rest"),
        ("[[mission]]\nid = \"safe_home\"\n[[mission]]\nid = \"safe_home\"", "a second time"),
        ("[[mission]]\nid = \"own\"\nutility = 0.5\nsays = \"x\"\nsignal = \"no_such\"", "mission[0].signal"),
        ("[[mission]]\nid = \"own\"\nutility = 0.5\nsays = \"x\"\nsignal = \"in_c\"", "mission[0].signal"),
        (many.as_str(), "one more than 16"),
        ("[[mission]]\nid = \"safe_home\"\ntarget = 0.49", "found 0.49; write a number from 0.5 to 0.99999"),
        ("[[mission]]\nid = \"safe_home\"\ntarget = 1", "mission[0].target"),
        ("[[mission]]\nid = \"safe_home\"\nwindow = 91", "found 91; write a whole number from 1 to 90"),
        ("[[mission]]\nid = \"safe_home\"\nwindow = 0", "mission[0].window"),
        ("[[mission]]\nid = \"safe_home\"\npriority = 1.1", "mission[0].priority"),
        ("[[mission]]\nid = \"safe_home\"\nleast = 10001", "found 10001; write a whole number from 1 to 10000"),
        ("[[mission]]\nid = \"safe_home\"\nleast = 0", "mission[0].least"),
        ("[[mission]]\nid = \"safe_home\"\ngood = true", "mission[0].good"),
        ("[[mission]]\nid = \"own\"\nutility = 0.5\nsays = \"x\"\nsignal = \"home\"\ntarget = 0.9", "write `good` too"),
    ] {
        let said = lines(text).join("\n");
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
