//! The environment overrides the file, and flags override both; each error names the one that is to blame.

use super::super::{Config, FLAGS, GuardMode, Sources};
use super::lines_of;

fn with<'a>(file: &'a str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources<'a> {
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Sources { file: Some(("j.toml", file)), env: owned(env), flags: owned(flags) }
}

fn addresses(c: &Config) -> Vec<String> {
    c.broker.mqtt.iter().map(ToString::to_string).collect()
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let file = "node = \"file\"\n[broker]\nguard = \"observe\"\nmax_connections = 7\nmqtt = [\"127.0.0.1:1\"]";
    let env =
        [("JAMEY__NODE", "env"), ("JAMEY__BROKER__GUARD", "enforce"), ("JAMEY__BROKER__MQTT", "[\"127.0.0.1:2\"]"), ("HOME", "/root")];
    let c = Config::read(&with(file, &env, &[("broker.mqtt", "127.0.0.1:0")])).unwrap();
    assert_eq!((c.node.as_str(), c.broker.guard, c.broker.max_connections), ("env", GuardMode::Enforce, 7));
    assert_eq!(addresses(&c), ["127.0.0.1:0"]);
}

#[test]
fn a_list_may_be_toml_or_words_with_commas() {
    for words in ["[\"127.0.0.1:1\", \"[::1]:2\"]", "127.0.0.1:1,[::1]:2", " 127.0.0.1:1 , [::1]:2 "] {
        let c = Config::read(&with("", &[("JAMEY__BROKER__MQTT", words)], &[])).unwrap();
        assert_eq!(addresses(&c), ["127.0.0.1:1", "[::1]:2"], "{words}");
    }
    let c = Config::read(&with("[inputs]\nzigbee2mqtt = [\"a\"]", &[("JAMEY__INPUTS__ZIGBEE2MQTT", "")], &[])).unwrap();
    assert_eq!(c.inputs.zigbee2mqtt, [""; 0]);
}

#[test]
fn where_text_is_wanted_a_number_is_text() {
    let c = Config::read(&with("", &[("JAMEY__NODE", "007"), ("JAMEY__ROOT", "true"), ("JAMEY__STORE__DATA", "1979-05-27")], &[])).unwrap();
    assert_eq!((c.node.as_str(), c.root.as_str(), c.store.data.to_str()), ("007", "true", Some("1979-05-27")));
}

#[test]
fn a_section_is_merged_and_a_list_of_sections_replaced() {
    let file = "[conscience.weights]\na = 1.0\nb = 2.0\n[[device]]\nid = \"x\"";
    let env = [
        ("JAMEY__CONSCIENCE__WEIGHTS", "{ b = 3.0, SEC-1 = 4 }"),
        ("JAMEY__CONSCIENCE__WEIGHTS__A", "0.5"),
        ("JAMEY__DEVICE", "[{ id = \"y\", class = \"lock\" }]"),
    ];
    let c = Config::read(&with(file, &env, &[])).unwrap();
    let weights: Vec<(&str, f64)> = c.conscience.weights.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(weights, [("SEC-1", 4.0), ("a", 0.5), ("b", 3.0)]);
    assert_eq!(c.devices.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), ["y"]);
}

#[test]
fn each_error_names_its_variable_or_flag() {
    let env = [
        ("JAMEY__", "x"),
        ("JAMEY__BROKER__ANONYMOUS", "yes"),
        ("JAMEY__BROKER__MAX_CONNECTION", "7"),
        ("JAMEY__DEVICE__0__ID", "x"),
        ("JAMEY__NODE__X", "1"),
        ("JAMEY__STORE", "data"),
    ];
    let flags = [("broker.guard", "loud"), ("http.listen", "8420"), ("store.data", "")];
    assert_eq!(
        lines_of(&with("[[device]]\nid = \"d\"", &env, &flags)),
        [
            "JAMEY__ (environment JAMEY__): names no option; write JAMEY__SECTION__KEY, such as JAMEY__BROKER__GUARD",
            "broker.anonymous (environment JAMEY__BROKER__ANONYMOUS): found \"yes\"; write true or false",
            "broker.max_connection (environment JAMEY__BROKER__MAX_CONNECTION): no such option; did you mean `max_connections`?",
            "device.0.id (environment JAMEY__DEVICE__0__ID): found a name below `device`, a list, whose elements have none; give the whole list as one TOML value",
            "node (environment JAMEY__NODE__X): found a section; write 1 to 32 of a-z, 0-9, `_` and `-`, such as \"jamey\"",
            "store (environment JAMEY__STORE): found \"data\"; write a section, `[store]`, with the options below it",
            "store.data (--data): found an option below `store`, which is no section (environment JAMEY__STORE); remove one of the two",
            "broker.guard (--guard): found \"loud\"; write \"observe\" or \"enforce\"",
            "http.listen (--http): found \"8420\"; write an address and a port, such as \"127.0.0.1:1883\" or \"[::1]:1883\" (names are not looked up)",
        ]
    );
    assert_eq!(
        lines_of(&with("node = \"x\"", &[("JAMEY__NODE__X", "1")], &[])),
        ["node.x (environment JAMEY__NODE__X): found an option below `node`, which is no section (j.toml:1); remove one of the two"]
    );
}

#[test]
fn a_check_across_sources_blames_the_last_one() {
    let told = lines_of(&with("", &[("JAMEY__BROKER__MQTT", "127.0.0.1:1883,127.0.0.1:1883")], &[]));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("broker.mqtt[1] (environment JAMEY__BROKER__MQTT): found \"127.0.0.1:1883\""), "{told:?}");
}

#[test]
fn every_flag_names_an_option() {
    for (flag, path) in FLAGS {
        let told = lines_of(&with("", &[], &[(path, "{ x = 1 }")]));
        assert!(told[0].starts_with(&format!("{path} ({flag}): found a section; write ")), "{told:?}");
    }
}
