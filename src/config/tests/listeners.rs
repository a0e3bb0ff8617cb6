//! `[[listener]]`: what one may say, and all that is wrong with one at once.

use super::{config, lines};
use crate::config::{ClientFiles, Protocol, TlsFiles};

#[test]
fn a_listener_is_what_it_says_and_plain_where_it_says_nothing() {
    let c = config(
        "[[listener]]\naddress = \"127.0.0.1:1\"\n[[listener]]\nname = \"doors\"\naddress = \"0.0.0.0:8883\"\ncertificate = \"c.pem\"\n\
         key = \"c.key\"\nclient_ca = \"ca.pem\"\n[[listener]]\naddress = \"[::1]:9\"\nprotocol = \"websocket\"\nanonymous = false",
    );
    let [plain, doors, web] = c.listeners.as_slice() else { panic!("three") };
    assert_eq!((plain.protocol, &plain.tls, plain.shown().as_str()), (Protocol::Mqtt, &None, "127.0.0.1:1"));
    let clients = Some(ClientFiles { ca: "ca.pem".into(), crl: None, required: true });
    assert_eq!(doors.tls, Some(TlsFiles { certificate: "c.pem".into(), key: "c.key".into(), clients }));
    assert_eq!((doors.shown().as_str(), doors.requires_certificate(), doors.lets_in_anybody(true, true)), ("doors", true, false));
    assert_eq!((web.protocol, web.path.as_str(), web.lets_in_anybody(true, true)), (Protocol::Websocket, "/mqtt", false));
    assert!(plain.lets_in_anybody(true, true) && !plain.lets_in_anybody(false, false));
}

#[test]
fn listeners_that_say_too_little_or_too_much_are_refused() {
    const AT: &str = "[[listener]]\naddress = \"127.0.0.1:1\"\n";
    for (said, told) in [
        (
            "path = \"/x\"",
            "listener[0].path (j.toml:3): found without `protocol = \"websocket\"`, which alone has one; add it, or remove this",
        ),
        (
            "protocol = \"websocket\"\npath = \"x\"",
            "listener[0].path (j.toml:4): found \"x\"; write a path that begins with `/`, such as \"/mqtt\", without `?` and `#`",
        ),
        (
            "protocol = \"websocket\"\norigins = [\"https://a.example/\"]",
            "listener[0].origins[0] (j.toml:4): found \"https://a.example/\"; write where a page comes from, such as \"https://panel.example\", or \"*\" for everywhere",
        ),
        ("protocol = \"mqtts\"", "listener[0].protocol (j.toml:3): found \"mqtts\"; write \"mqtt\" or \"websocket\""),
        (
            "certificate = \"c\"",
            "listener[0].certificate (j.toml:3): found without its key; add `key = \"certs/server.key\"`, or remove this",
        ),
        (
            "key = \"k\"",
            "listener[0].key (j.toml:3): found without its certificate; add `certificate = \"certs/server.pem\"`, or remove this",
        ),
        (
            "client_ca = \"ca\"",
            "listener[0].client_ca (j.toml:3): found without a certificate of our own, and clients show theirs in TLS only; add `certificate` and `key`, or remove this",
        ),
        (
            "client_certificate = \"optional\"",
            "listener[0].client_certificate (j.toml:3): found without the authority that signs clients' certificates; add `client_ca = \"certs/ca.pem\"`, or remove this",
        ),
        ("key = 1", "listener[0].key (j.toml:3): found 1; write a path in quotes, such as \"data\""),
        (
            "[[listener]]\naddress = \"0.0.0.0:2\"\nanonymous = true",
            "listener[1].address (j.toml:4): found \"0.0.0.0:2\", which others on the network reach, while `anonymous = true` lets in anybody; \
             remove that, or, if anybody may, write `broker.anonymous_beyond_loopback = true`",
        ),
        (
            "[[listener]]\naddress = \"127.0.0.1:1883\"",
            "listener[1].address (j.toml:4): found \"127.0.0.1:1883\", whose port an address before it takes; write another port, or remove it",
        ),
        (
            "[http]\nlisten = \"0.0.0.0:1\"",
            "http.listen (j.toml:4): found \"0.0.0.0:1\", whose port `listener[0]` takes; write another port",
        ),
        (
            "name = \"x\"\n[[listener]]\nname = \"x\"\naddress = \"127.0.0.1:2\"",
            "listener[1].name (j.toml:5): found \"x\" a second time, and logs could not tell the two apart; write another name",
        ),
    ] {
        assert_eq!(lines(&format!("{AT}{said}")), [told]);
    }
    let told = "listener[0].address (j.toml:1): missing; write `address = \"0.0.0.0:8883\"`";
    assert_eq!(lines("[[listener]]\nname = \"x\""), [told]);
}

#[test]
fn one_door_with_certificates_needs_no_other() {
    let door = "[[listener]]\naddress = \"0.0.0.0:8883\"\ncertificate = \"c\"\nkey = \"k\"\n";
    assert_eq!(lines(&format!("{door}client_ca = \"ca\"\n[broker]\nmqtt = []")), [""; 0]);
    assert_eq!(lines(&format!("{door}client_ca = \"ca\"\nclient_certificate = \"optional\"")), [""; 0], "who shows none needs a user");
    assert!(!config(door).listeners[0].lets_in_anybody(true, false));
    assert_eq!(lines(&format!("{door}anonymous = true\n[broker]\nanonymous = false")).len(), 1);
    assert_eq!(lines(&format!("{door}anonymous = true\n[broker]\nanonymous_beyond_loopback = true")), [""; 0]);
}
