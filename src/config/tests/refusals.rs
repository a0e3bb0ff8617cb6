//! Each class of error, word for word: its path, its place, what was wrong and what to write instead.

use super::{lines, lines_of};
use crate::config::Sources;
use crate::domain::limits;

#[test]
fn many_errors_are_told_at_once_in_the_order_of_the_file() {
    let text = r#"node = "Attic"
root = 7
timezone = "Europe/Berlinn"
[broker]
mqtt = ["127.0.0.1:1883", "localhost:1883"]
max_connections = "many"
anonymus = false
[brokr]
[store]
journal = "yes"
listen = "x"
colour = 1
"#;
    assert_eq!(
        lines(text),
        [
            "node (j.toml:1): found \"Attic\"; write 1 to 32 of a-z, 0-9, `_` and `-`, such as \"jamey\"",
            "root (j.toml:2): found 7; write a topic of 1 to 13 levels and 379 bytes, such as \"jamey\" or \"home/jamey\": no `+`, `#`, `{}` or `$` in front, no `/` at either end",
            "timezone (j.toml:3): found \"Europe/Berlinn\"; write a time zone by its IANA name, such as \"Europe/Berlin\" or \"UTC\"; did you mean \"Europe/Berlin\"?",
            "broker.mqtt[1] (j.toml:5): found \"localhost:1883\"; write an address and a port, such as \"127.0.0.1:1883\" or \"[::1]:1883\" (names are not looked up)",
            "broker.max_connections (j.toml:6): found \"many\"; write a whole number from 1 to 1000",
            "broker.anonymus (j.toml:7): no such option; did you mean `anonymous`?",
            "brokr (j.toml:8): no such option; did you mean `broker`?",
            "store.journal (j.toml:10): found \"yes\"; write true or false",
            "store.listen (j.toml:11): no such option here; did you mean `http.listen`?",
            "store.colour (j.toml:12): no such option; remove it. `store` has data, durability, guarded_when_unwritable, journal",
        ]
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_lines() {
    assert_eq!(
        lines("node = jamey\nroot = \"x\"\nroot = \"y\"\n[broker\n"),
        [
            "j.toml (j.toml:1): not TOML: string values must be quoted, expected literal string",
            "j.toml (j.toml:3): not TOML: duplicate key",
            "j.toml (j.toml:4): not TOML: unclosed table, expected `]`",
        ]
    );
}

#[test]
fn wrong_types_are_named() {
    assert_eq!(
        lines(
            "broker = 1\ndevice = 2\ninput = [3]\n[guard]\n[log]\nfilter = 1979-05-27\n[store]\ndurability = [\"strict\"]\n[inputs]\nzigbee2mqtt = \"z\"\ntasmota = inf\nfrigate = 99999999999999999999"
        ),
        [
            "broker (j.toml:1): found 1; write a section, `[broker]`, with the options below it",
            "device (j.toml:2): found 2; write each one as a section of its own, headed `[[device]]`",
            "input[0] (j.toml:3): found 3; write each one as a section of its own, headed `[[input]]`",
            "guard (j.toml:4): found a section; write each one as a section of its own, headed `[[guard]]`",
            "log.filter (j.toml:6): found a date or time; write a level or a list, such as \"info\" or \"info,jamey::broker=debug\"",
            "store.durability (j.toml:8): found a list; write \"strict\" or \"relaxed\"",
            "inputs.zigbee2mqtt (j.toml:10): found \"z\"; write a list, such as [\"zigbee2mqtt\"]",
            "inputs.tasmota (j.toml:11): found a number that is not finite; write true or false",
            "inputs.frigate (j.toml:12): found a number of more than 64 bits; write true or false",
        ]
    );
}

#[test]
fn one_past_each_range_is_refused() {
    let base = |levels: usize| vec!["a"; levels].join("/");
    for (good, bad) in [
        ("[broker]\nmax_connections = 1".to_owned(), "[broker]\nmax_connections = 0".to_owned()),
        (
            format!("[broker]\nmax_connections = {}", limits::CONNECTIONS),
            format!("[broker]\nmax_connections = {}", limits::CONNECTIONS + 1),
        ),
        ("[broker]\nmax_packet_bytes = 1024".into(), "[broker]\nmax_packet_bytes = 1023".into()),
        (
            format!("[broker]\nmax_packet_bytes = {}", limits::PACKET_BYTES),
            format!("[broker]\nmax_packet_bytes = {}", limits::PACKET_BYTES + 1),
        ),
        ("[broker]\nhandshake_seconds = 1".into(), "[broker]\nhandshake_seconds = 0".into()),
        ("[broker]\nhandshake_seconds = 60".into(), "[broker]\nhandshake_seconds = 61".into()),
        (
            "[[listener]]\naddress = \"[::1]:1\"\nmax_connections = 1000".into(),
            "[[listener]]\naddress = \"[::1]:1\"\nmax_connections = 1001".into(),
        ),
        ("[broker]\nmqtt_messages_per_second = 1000000".into(), "[broker]\nmqtt_messages_per_second = 1000001".into()),
        ("[broker]\nmqtt_bytes_per_second = 1000000000".into(), "[broker]\nmqtt_bytes_per_second = 1000000001".into()),
        (
            "[[listener]]\naddress = \"[::1]:1\"\nmessages_per_second = 1000000".into(),
            "[[listener]]\naddress = \"[::1]:1\"\nmessages_per_second = 1000001".into(),
        ),
        (
            "[[listener]]\naddress = \"[::1]:1\"\nbytes_per_second = 1000000000".into(),
            "[[listener]]\naddress = \"[::1]:1\"\nbytes_per_second = 1000000001".into(),
        ),
        ("[broker]\nkeep_sessions_seconds = 0".into(), "[broker]\nkeep_sessions_seconds = -1".into()),
        ("[broker]\nkeep_sessions_seconds = 31536000".into(), "[broker]\nkeep_sessions_seconds = 31536001".into()),
        ("[limits]\nmessages_per_second = 1000000".into(), "[limits]\nmessages_per_second = 1000001".into()),
        ("[limits]\nmessages_burst = 1".into(), "[limits]\nmessages_burst = 0".into()),
        ("[limits]\nbytes_per_second = 1000000000".into(), "[limits]\nbytes_per_second = 1000000001".into()),
        ("[limits]\nbytes_burst = 1024".into(), "[limits]\nbytes_burst = 1023".into()),
        ("[limits]\nconnections_per_address = 1000".into(), "[limits]\nconnections_per_address = 1001".into()),
        ("[limits]\nconnections_per_address_second = 0".into(), "[limits]\nconnections_per_address_second = -1".into()),
        ("[limits]\ntopic_bytes = 64".into(), "[limits]\ntopic_bytes = 63".into()),
        ("[limits]\ntopic_levels = 16".into(), "[limits]\ntopic_levels = 15".into()),
        ("[limits]\nsubscriptions = 1".into(), "[limits]\nsubscriptions = 0".into()),
        ("[limits]\nretained_messages = 200000".into(), "[limits]\nretained_messages = 200001".into()),
        (
            format!("[limits]\nretained_message_bytes = {}", limits::PACKET_BYTES),
            format!("[limits]\nretained_message_bytes = {}", limits::PACKET_BYTES + 1),
        ),
        ("[limits]\nretained_bytes = 524288".into(), "[limits]\nretained_bytes = 1073741825".into()),
        ("[limits]\nqueued_messages = 100000".into(), "[limits]\nqueued_messages = 100001".into()),
        ("[limits]\nqueued_bytes = 1024".into(), "[limits]\nqueued_bytes = 1023".into()),
        ("[limits]\nafloat_bytes = 2097152".into(), "[limits]\nafloat_bytes = 2097151".into()),
        ("[limits]\ndeaf_seconds = 3600".into(), "[limits]\ndeaf_seconds = 3601".into()),
        ("[limits]\nin_flight = 65535".into(), "[limits]\nin_flight = 0".into()),
        ("[limits]\nkeep_alive_max_seconds = 10".into(), "[limits]\nkeep_alive_max_seconds = 9".into()),
        ("[limits]\nfailed_logins = 1".into(), "[limits]\nfailed_logins = 0".into()),
        ("[limits]\nflapping_connects = 0".into(), "[limits]\nflapping_connects = 100001".into()),
        ("[limits]\nflapping_window_seconds = 86400".into(), "[limits]\nflapping_window_seconds = 86401".into()),
        ("[limits]\nban_seconds = 1".into(), "[limits]\nban_seconds = 0".into()),
        ("[conscience.weights]\na = 0".into(), "[conscience.weights]\na = -0.001".into()),
        ("[conscience.weights]\na = 10".into(), "[conscience.weights]\na = 10.001".into()),
        ("[conscience]\nstrictness = 0.3".into(), "[conscience]\nstrictness = 0.301".into()),
        ("[conscience]\nstrictness = 0".into(), "[conscience]\nstrictness = -0.001".into()),
        ("[[device]]\nid = \"x\"\nrisk = 1".into(), "[[device]]\nid = \"x\"\nrisk = 1.001".into()),
        ("[[device]]\nid = \"x\"\nrisk = 0".into(), "[[device]]\nid = \"x\"\nrisk = -0.001".into()),
        (format!("node = \"{}\"", "n".repeat(32)), format!("node = \"{}\"", "n".repeat(33))),
        (format!("root = \"{}\"", "r".repeat(379)), format!("root = \"{}\"", "r".repeat(380))),
        (format!("root = \"{}\"", base(13)), format!("root = \"{}\"", base(14))),
        (format!("[[entity]]\nid = \"{}\"", "e".repeat(64)), format!("[[entity]]\nid = \"{}\"", "e".repeat(65))),
        (
            format!("[[entity]]\nid = \"x\"\nrole = \"{}\"", "r".repeat(32)),
            format!("[[entity]]\nid = \"x\"\nrole = \"{}\"", "r".repeat(33)),
        ),
        (
            format!("[[device]]\nid = \"x\"\nname = \"{}\"", "ü".repeat(128)),
            format!("[[device]]\nid = \"x\"\nname = \"{}\"", "ü".repeat(129)),
        ),
        (
            format!("[[input]]\ntopic = \"x\"\nkind = \"{}\"", "k".repeat(64)),
            format!("[[input]]\ntopic = \"x\"\nkind = \"{}\"", "k".repeat(65)),
        ),
        (format!("[[input]]\ntopic = \"{}\"", base(16)), format!("[[input]]\ntopic = \"{}\"", base(17))),
        (
            "[[signal]]\nname = \"home\"\nentity = \"x\"\nkind = \"y\"\nstale_after_seconds = 1".into(),
            "[[signal]]\nname = \"home\"\nentity = \"x\"\nkind = \"y\"\nstale_after_seconds = 0".into(),
        ),
        (
            format!("[[signal]]\ndefault = true\nname = \"{}\"", "s".repeat(32)),
            format!("[[signal]]\ndefault = true\nname = \"{}\"", "s".repeat(33)),
        ),
    ] {
        assert_eq!(lines(&good), [""; 0], "{good}");
        let told = lines(&bad);
        assert!(told.len() == 1 && told[0].contains("; write "), "{bad}: {told:?}");
    }
    let devices = |n: usize| (0..n).map(|i| format!("[[device]]\nid = \"d{i}\"\n")).collect::<String>();
    assert_eq!(lines(&devices(limits::DEVICES)), [""; 0]);
    assert_eq!(lines(&devices(limits::DEVICES + 1)), ["device (j.toml:1): found 4097 devices; write 4096 at most"]);
    let listeners = |n: usize| (0..n).map(|i| format!("[[listener]]\naddress = \"127.0.0.1:{}\"\n", 2_000 + i)).collect::<String>();
    assert_eq!(lines(&listeners(limits::LISTENERS)), [""; 0]);
    assert_eq!(lines(&listeners(limits::LISTENERS + 1)), ["listener (j.toml:1): found 65 listeners; write 64 at most"]);
}

#[test]
fn impossible_combinations_are_refused() {
    for (text, told) in [
        (
            "[broker]\nmqtt = []",
            "broker.mqtt (j.toml:2): found an empty list and no `[[listener]]`, so nobody could connect; write at least one address, such as \"127.0.0.1:1883\"",
        ),
        (
            "[broker]\nmqtt = [\n\"127.0.0.1:1\",\n\"127.0.0.1:1\"]",
            "broker.mqtt[1] (j.toml:4): found \"127.0.0.1:1\", whose port an address before it takes; write another port, or remove it",
        ),
        (
            "[http]\nlisten = \"0.0.0.0:1883\"",
            "http.listen (j.toml:2): found \"0.0.0.0:1883\", whose port `broker.mqtt` takes; write another port",
        ),
        (
            "[conscience]\nshipped = false",
            "conscience.shipped (j.toml:2): found false while `conscience.rules` is empty, so nothing would be judged; name a rule file there, or write true",
        ),
        (
            "[limits]\nretained_bytes = 524287",
            "limits.retained_bytes (j.toml:2): found 524287, less than one value may have (`limits.retained_message_bytes = 524288`); write more here, or less there",
        ),
        (
            "[home_assistant]\nprefix = \"ha\"",
            "home_assistant.prefix (j.toml:2): found \"ha\", which `inputs.discovery_prefixes` has not: what others describe there would be guarded by nobody; add it there",
        ),
        ("[inputs]\nzigbee2mqtt = [\"z\", \"z\"]", "inputs.zigbee2mqtt[1] (j.toml:2): found \"z\" a second time; remove it"),
        (
            "root = \"tele\"",
            "root (j.toml:1): found \"tele\", below which `inputs.tasmota` listens (`tele/{entity}/{kind}`); write another root, or change `inputs.tasmota`",
        ),
        (
            "[inputs]\ndiscovery_prefixes = [\"jamey\"]",
            "inputs.discovery_prefixes (j.toml:2): found a place of Jamey's own (`jamey/#` meets `jamey/#`); write another, or change `root`",
        ),
    ] {
        assert_eq!(lines(text), [told]);
    }
    assert_eq!(lines("root = \"tele\"\n[inputs]\ntasmota = false"), [""; 0]);
    assert_eq!(lines("[broker]\nmqtt = [\"127.0.0.1:0\", \"127.0.0.1:0\"]\n[http]\nlisten = \"127.0.0.1:0\""), [""; 0]);
}

#[test]
fn roots_are_topics_that_others_can_stand_below() {
    for bad in ["", "/", "a/", "/a", "a//b", "a/+", "#", "$SYS", "a/{entity}", "a\\u0000", "a\\nb"] {
        let told = lines(&format!("root = \"{bad}\""));
        assert!(told.len() == 1 && told[0].contains("; write a topic of 1 to 13 levels"), "{bad}: {told:?}");
    }
    assert_eq!(lines("root = \"home/jamey\""), [""; 0]);
}

#[test]
fn a_family_in_the_roots_way_is_told_once() {
    assert_eq!(lines("root = \"shellies\"").len(), 1);
    assert_eq!(lines("root = \"home\"\n[inputs]\nzigbee2mqtt = [\"home\"]").len(), 1);
}

#[test]
fn names_nested_without_end_are_refused_and_break_nothing() {
    let deep = vec!["a"; 100_000].join(".");
    for text in
        [format!("{deep} = 1"), format!("[{deep}]"), format!("a = {}", "[".repeat(100_000)), format!("a = {}", "{a=".repeat(100_000))]
    {
        assert!(!lines(&text).is_empty());
    }
    let name = format!("JAMEY__{}", vec!["A"; 40_000].join("__"));
    let told = lines_of(&Sources { env: vec![(name, "1".into())], flags: vec![(deep, "1".into())], ..Sources::default() });
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|line| line.len() < 400), "{told:?}");
}
