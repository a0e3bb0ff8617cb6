//! Promise: by HTTP nobody sees what they may not hear, whoever guesses is kept waiting with the guessers of MQTT, and nobody who is slow,
//! loud or many takes the house with him.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
};
use support::{
    web::{Answer, get, say},
    *,
};

const PASSWORD: &str = "correct horse battery";
const PATH: &str = "/metrics";
/// `anna:correct horse battery`, `reader:…` and `lamp:…` in base64.
const ANNA: &str = "Basic YW5uYTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=";
const READER: &str = "Basic cmVhZGVyOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==";
const LAMP: &str = "Basic bGFtcDpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=";
/// `anna:guess`.
const GUESS: &str = "Basic YW5uYTpndWVzcw==";

fn jamey(data: &Path, args: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jamey"))
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{args:?}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// A house with a person, a reader and a device.
fn peopled(config: &str) -> (House, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    for (name, role) in [("anna", "human"), ("reader", "reader"), ("lamp", "device")] {
        jamey(data.path(), &["user", "add", name, "--role", role], &format!("{PASSWORD}\n"));
    }
    (Plan::default().config(config).data(data.path()).start(), data)
}

fn with(at: SocketAddr, authorization: &str) -> Answer {
    get(at, PATH, &[("Authorization", authorization)])
}

/// It is a problem document of this status and code, with something to do.
#[track_caller]
fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")), "{answer:?}");
    let json = answer.json();
    assert_eq!(
        (json["status"].as_u64(), json["code"].as_str(), json["type"].as_str()),
        (Some(status.into()), Some(code), Some("about:blank"))
    );
    assert!(json["title"].is_string() && json["detail"].as_str().is_some_and(|d| d.len() > 20), "{json}");
}

#[test]
fn without_users_this_host_may_look_and_nobody_through_it() {
    let house = house();
    let at = house.http();
    assert_eq!(get(at, PATH, &[]).status, 200);
    assert_eq!(get(at, PATH, &[("Host", "localhost:8420")]).status, 200);
    // A page whose name was bent to 127.0.0.1 asks under its own name.
    is_problem(&get(at, PATH, &[("Host", "evil.example")]), 401, "unauthorized");
    for passed_on in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
        is_problem(&get(at, PATH, &[(passed_on, "10.1.2.3")]), 401, "unauthorized");
    }
    for open in ["/health/live", "/health/ready"] {
        assert_eq!(get(at, open, &[("Host", "evil.example")]).status, 200, "{open} tells of nobody");
    }
}

#[test]
fn without_anonymous_clients_nobody_may_look_either() {
    let house = Plan::default().config("[broker]\nanonymous = false\n").start();
    is_problem(&get(house.http(), PATH, &[]), 401, "unauthorized");
    assert_eq!(get(house.http(), "/health/ready", &[]).status, 200);
}

#[test]
fn with_users_it_takes_a_right_and_a_proof() {
    let (house, data) = peopled("");
    let at = house.http();
    let nothing = get(at, PATH, &[]);
    is_problem(&nothing, 401, "unauthorized");
    assert!(nothing.header("www-authenticate").is_some_and(|ways| ways.contains("Bearer") && ways.contains("Basic")));
    assert_eq!((with(at, ANNA).status, with(at, READER).status), (200, 200));
    is_problem(&with(at, LAMP), 403, "forbidden");
    is_problem(&with(at, GUESS), 401, "unauthorized");
    for wrong in ["Bearer", "Basic", "Basic %%%", "Digest username=anna", "Bearer "] {
        is_problem(&with(at, wrong), 400, "authorization");
    }
    let twice = get(at, PATH, &[("Authorization", ANNA), ("Authorization", READER)]);
    is_problem(&twice, 400, "authorization");

    let token = |args: &[&str]| jamey(data.path(), &[&["token", "create"], args].concat(), "");
    let (all, some) = (token(&["--user", "reader"]), token(&["--user", "lamp"]));
    wait_until("the token is known", PATIENCE, || with(at, &format!("Bearer {all}")).status == 200);
    assert_eq!(with(at, &format!("bearer {all}")).status, 200);
    is_problem(&with(at, &format!("Bearer {some}")), 403, "forbidden");
    is_problem(&with(at, &format!("Bearer {all}x")), 401, "unauthorized");
    is_problem(&with(at, "Bearer jamey_0000000000000000000000000000000000000000000"), 401, "unauthorized");

    // What is taken away is gone.
    let list: serde_json::Value = serde_json::from_str(&jamey(data.path(), &["token", "list", "--json"], "")).unwrap();
    for one in list["tokens"].as_array().unwrap() {
        jamey(data.path(), &["token", "revoke", one["id"].as_str().unwrap()], "");
    }
    wait_until("the token is revoked", PATIENCE, || with(at, &format!("Bearer {all}")).status == 401);
    jamey(data.path(), &["user", "remove", "reader"], "");
    wait_until("the user is gone", PATIENCE, || with(at, READER).status == 401);

    // On record by name and address, and never by what was said.
    wait_until("the refusals are on record", PATIENCE, || {
        house.count("SELECT count(*) FROM audit_log WHERE action = 'http.refused' AND actor = 'lamp'", []) >= 1
            && house.count("SELECT count(*) FROM audit_log WHERE action = 'connect.refused' AND detail LIKE 'by HTTP%'", []) >= 1
    });
    let said = house.said();
    for secret in [&all, &some, PASSWORD, "YW5uYTpndWVzcw", "guess"] {
        assert!(!said.contains(secret), "the log holds a secret");
    }
}

#[test]
fn who_does_not_wait_for_his_answers_guesses_no_faster() {
    let (house, _data) = peopled("[limits]\nfailed_logins = 2\n");
    let at = house.http();
    assert_eq!(with(at, ANNA).status, 200);
    let refused = |kind: &str| {
        let count = |line: &str| line.strip_prefix(&format!("jamey_refusals_total{{kind=\"{kind}\"}} "))?.parse::<f64>().ok();
        with(at, ANNA).body.lines().find_map(count).unwrap_or_default()
    };
    wait_until("nothing more is verified", PATIENCE, || {
        let (before, mut stream) = (refused("login"), TcpStream::connect(at).unwrap());
        write!(stream, "GET {PATH} HTTP/1.1\r\nHost: {at}\r\nAuthorization: {GUESS}\r\n\r\n").unwrap();
        // Until what is right would have been answered, and then away.
        wait_until("it was looked at", PATIENCE, || refused("login") > before);
        drop(stream);
        refused("login-unverified") > 0.0
    });
    // Who was right before comes in at once; who was not is verified when the others' time is over.
    wait_until("the reader comes in", PATIENCE, || with(at, READER).status == 200);
}

#[test]
fn who_guesses_by_mqtt_waits_by_http_as_well() {
    let (house, _data) = peopled("[limits]\nfailed_logins = 3\n");
    for n in 0..3 {
        assert!(house.dial(&format!("guesser-{n}")).v5().user("anna", "guess").try_open().is_err());
    }
    assert!(!house.said().contains("fails again"), "so many are free");
    is_problem(&with(house.http(), GUESS), 401, "unauthorized");
    assert!(house.said().contains("`anna` from 127.0.0.1 fails again: its answer waits"), "the fourth");
    assert_eq!(with(house.http(), ANNA).status, 200, "the right one is answered at once");
}

#[test]
fn what_is_not_there_and_what_cannot_be_done_is_told_as_a_problem() {
    let house = house();
    let at = house.http();
    is_problem(&get(at, "/nothing", &[]), 404, "not-found");
    let post = |length: usize| format!("POST {PATH} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    is_problem(&say(at, post(0).as_bytes()).unwrap(), 405, "method");
    is_problem(&say(at, post(64 * 1_024 + 1).as_bytes()).unwrap(), 413, "too-large");
    let long = "x".repeat(20_000);
    let answer = say(at, format!("GET {PATH} HTTP/1.1\r\nHost: {at}\r\nX: {long}\r\n\r\n").as_bytes());
    assert_eq!(answer.map(|a| a.status), Some(431), "a head of more than 16 KiB");
    let many: String = (0..65).map(|n| format!("X-{n}: 1\r\n")).collect();
    let answer = say(at, format!("GET {PATH} HTTP/1.1\r\nHost: {at}\r\n{many}\r\n").as_bytes());
    assert_eq!(answer.map(|a| a.status), Some(431), "more than 64 headers");
    for rubbish in ["\r\n\r\nx", "GET", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let answer = TcpStream::connect(at).map(|mut stream| {
            let _ = stream.write_all(rubbish.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all);
            all
        });
        let answer = answer.unwrap();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{rubbish:?}: {}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(get(at, PATH, &[]).status, 200);
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_in_their_place() {
    let house = house();
    for path in [PATH, "/health/live", "/nothing"] {
        let answer = get(house.http(), path, &[]);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn who_is_slow_is_let_go_and_who_is_many_finds_no_place() {
    let house = Plan::default().config("[http]\npatience_seconds = 1\nmax_connections = 4\n").start();
    let at = house.http();
    // Nothing, half a head, a head that never ends, a body that never comes.
    let slow =
        ["", "GET /met", "GET /metrics HTTP/1.1\r\nHost: x\r\n", "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"];
    let mut held: Vec<TcpStream> = slow
        .iter()
        .map(|said| {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(said.as_bytes()).unwrap();
            stream
        })
        .collect();
    let answers = || say(at, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").map(|a| a.status);
    wait_until("the fifth finds no place", PATIENCE, || answers().is_none() || house.said().contains("http.max_connections is reached"));
    for (stream, said) in held.iter_mut().zip(slow) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let is_reset = ended.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset);
        assert!(ended.is_ok() || is_reset, "{said:?}: {ended:?}");
    }
    wait_until("there is a place again", PATIENCE, || answers() == Some(200));
    house_is_well(house);
}

fn house_is_well(mut house: House) {
    house.serves();
}

#[test]
fn what_is_retained_is_weighed_whole_after_a_restart_too() {
    let mut house = house();
    let mut lamp = house.client("lamp");
    for (topic, payload) in [("lamp/state", "on"), ("lamp/name", "over the table")] {
        assert!(lamp.publish(Message::new(topic, payload).qos(1).retained()).taken());
    }
    let is_weighed = |house: &House| {
        let told = |path: &str| get(house.http(), path, &[]).json();
        let (whole, figures) = (told("/v1/broker/retained?limit=200"), told("/v1/broker"));
        let values = whole["data"].as_array().unwrap();
        let bytes: u64 = values.iter().map(|value| value["bytes"].as_u64().unwrap()).sum();
        whole["next"].is_null()
            && bytes > 16
            && (figures["retained"].as_u64(), figures["retained_bytes"].as_u64()) == (u64::try_from(values.len()).ok(), Some(bytes))
    };
    // Jamey's own values change meanwhile.
    wait_until("each value counts", PATIENCE, || is_weighed(&house));
    house.stop();
    house.start();
    wait_until("each value counts again", PATIENCE, || is_weighed(&house));
}
