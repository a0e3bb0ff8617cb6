//! Nobody gets more than he had there: what cannot be as it was is less, and is told.

use super::*;

const ANNAS: &str = "user anna\ntopic read home/#\n";

fn lost(plan: &crate::mosquitto::Plan) -> String {
    plan.notes.iter().filter(|note| note.fate == Fate::Lost).map(|note| format!("{}: {}\n", note.line, note.means)).collect()
}

#[test]
fn a_password_file_at_two_listeners_gives_no_more_than_the_narrower() {
    let files = |other: &'static str| [("p", "ANNA"), ("a", ANNAS), ("b", other)];
    let at = |first: &str, second: &str, other| {
        let text = format!("per_listener_settings true\nlistener 1883\npassword_file p\n{first}listener 1884\npassword_file p\n{second}");
        let anna = format!("anna:{HASH}\n");
        let files = files(other).map(|(name, text)| (name, if name == "p" { anna.as_str() } else { text }));
        planned(&text, &files)
    };
    for (first, second) in [("", "acl_file a\n"), ("acl_file a\n", "")] {
        let plan = at(first, second, "");
        let access = plan.access.clone().unwrap();
        assert!(access.contains("allow subscribe home/#") && !access.contains("allow all #"), "{access}");
        assert!(lost(&plan).contains("this file stands at several with other rights: what a says"), "{}", lost(&plan));
    }
    let plan = at("acl_file a\n", "acl_file b\n", "user anna\ntopic write #\n");
    assert!(!plan.access.clone().unwrap().contains("allow"), "{:?}", plan.access);
    assert!(lost(&plan).contains("nothing, until you say it"), "{}", lost(&plan));
    let plan = at("acl_file a\n", "acl_file a\n", "");
    assert!(!lost(&plan).contains("with other rights") && plan.access.unwrap().contains("home/#"));
    // The same line in another file.
    let text = "per_listener_settings true\nlistener 1883\npassword_file p\nacl_file a\nlistener 1884\npassword_file q\n";
    let anna = format!("anna:{HASH}\n");
    let plan = planned(text, &[("p", &anna), ("q", &anna), ("a", ANNAS)]);
    assert!(!plan.access.clone().unwrap().contains("allow all #") && lost(&plan).contains("`anna` may the same"), "{}", lost(&plan));
    // Who has no user.
    let text = "per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884\nallow_anonymous true\nacl_file a\n";
    let plan = planned(text, &[("a", "topic read open\n")]);
    assert!(!plan.access.clone().unwrap().contains("allow all #") && lost(&plan).contains("who has no user"), "{:?}", plan.access);
}

#[test]
fn what_is_said_of_a_listener_that_is_not_opened_is_said_of_no_other() {
    let text = "per_listener_settings true\nlistener 1883\nallow_anonymous false\npassword_file p\nlistener 0 /run/mosquitto.sock\nallow_anonymous true\n\
        max_connections 5\n";
    let plan = planned(text, &[("p", "")]);
    assert!(plan.config.contains("mqtt = [\"0.0.0.0:1883\"]") && plan.config.contains("anonymous = false"), "{}", plan.config);
    assert!(!plan.config.contains("max_connections") && lost(&plan).contains("not opened: a socket"), "{}", lost(&plan));
    for (line, why) in [("psk_hint home", "pre-shared key"), ("bind_interface br-iot", "one interface"), ("protocol http_api", "http_api")]
    {
        let plan = planned(&format!("listener 8883\n{line}\nallow_anonymous true\n"), &[]);
        assert!(!plan.config.contains("8883") && plan.config.contains("mqtt = []"), "{line}: {}", plan.config);
        assert!(lost(&plan).contains("8883 is not opened") && lost(&plan).contains(why) && plan.access.is_some(), "{}", lost(&plan));
    }
    assert!(planned("listener 8883 192.0.2.1\nbind_interface br-iot\n", &[]).config.contains("192.0.2.1:8883"));
}

#[test]
fn the_first_word_counts_as_it_does_there() {
    for truth in ["1", "true", "true # each its own"] {
        let text = format!(
            "per_listener_settings {truth}\nlistener 8883\nallow_anonymous false\npassword_file p\nlistener 1883 127.0.0.1\nallow_anonymous true\n"
        );
        let plan = planned(&text, &[("p", "")]);
        assert!(
            plan.config.contains("anonymous = true\n") && plan.config.contains("\"0.0.0.0:8883\"\nanonymous = false"),
            "{}",
            plan.config
        );
    }
    let text = "listener 8883\ncafile a\ncertfile c\nkeyfile k\nrequire_certificate true # mutual\nmax_connections 50 # few\n";
    let plan = planned(text, &[]);
    assert!(plan.config.contains("client_certificate = \"required\"") && plan.config.contains("max_connections = 50"), "{}", plan.config);
}

#[test]
fn a_plugin_leaves_no_open_house() {
    let plan = planned("listener 1883\nallow_anonymous true\nplugin /usr/lib/dynsec.so\n", &[]);
    let access = plan.access.clone().unwrap();
    assert!(!access.contains("allow") && plan.users.iter().any(|user| user.name == "owner"), "{access}");
}

#[test]
fn a_bridge_that_spoke_by_tls_does_so_or_is_not_started() {
    let text =
        |line: &str| format!("connection cloud\naddress x.example:8883\n{line}\nremote_username u\nremote_password p\ntopic # out\n");
    assert!(planned(&text("bridge_capath /etc/ssl/certs"), &[]).config.contains("\ntls = true\n"));
    let plan = planned(&text("bridge_psk 00ff"), &[]);
    assert!(plan.config.contains("\n#[[bridge]]\n") && !plan.config.contains("\n[[bridge]]"), "{}", plan.config);
}

#[test]
fn a_file_that_is_included_begins_anew_and_the_one_above_goes_on_where_it_was() {
    let of = |file: &str, text: &str| lines(file, text);
    let all = [
        of("main", "per_listener_settings true\nlistener 9001\nprotocol websockets\ninclude_dir d\n"),
        of("d/90.conf", "port 1883\nallow_anonymous true\nlistener 1884\nallow_anonymous false\n"),
        vec![Line { file: "main".into(), number: 5, key: "max_connections".into(), value: "7".into() }],
    ];
    let conf = conf::read(&all.concat());
    let doors: Vec<_> = conf.doors.iter().map(|door| (door.port, door.websocket, door.security.anonymous, door.max_connections)).collect();
    assert_eq!(doors, [(Some(1883), false, Some(true), None), (Some(9001), true, None, Some(7)), (Some(1884), false, Some(false), None)]);
    // `port` is the first listener's wherever it stands.
    let conf = conf::read(&of("main", "listener 9001\nport 1883\n"));
    assert_eq!(conf.doors.iter().map(|door| door.port).collect::<Vec<_>>(), [Some(1883), Some(9001)]);
}

#[test]
fn the_end_of_a_bridge_in_its_own_mosquitto_is_known() {
    let bridge = |more: &str| conf::read(&lines("c", &format!("connection cloud.1\n{more}\n"))).bridges.remove(0);
    let is = |bridge: &conf::Bridge| ["local.host.cloud.1", "local.me", "mine", "phone", "cloud.1"].map(|id| bridge.is_local(id));
    assert_eq!(is(&bridge("")), [true, false, false, false, false]);
    assert_eq!(is(&bridge("remote_clientid me")), [false, true, false, false, false]);
    assert_eq!(is(&bridge("local_clientid mine")), [false, false, true, false, false]);
}
