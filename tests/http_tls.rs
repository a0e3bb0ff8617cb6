//! Promise: where HTTP speaks TLS it speaks nothing else; a client certificate signs in as it does over MQTT, and where one is required
//! nobody asks without; renewed files are taken while it is open; pages of other origins read only what the config lets them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "http_security/people.rs"]
mod people;
mod support;
use people::{Peopled, ask, is_problem};
use rustls::{
    pki_types::{CertificateDer, pem::PemObject},
    version::TLS12,
};
use sha2::{Digest, Sha256};
use std::{
    io::{Read, Write},
    net::SocketAddr,
    process::Command,
};
use support::{
    authority::{Authority, NOW, Pair},
    carrier::to,
    listener::{Events, Listener},
    porch::{Porch, porch},
    web::{get, say},
    *,
};

const PATH: &str = "/v1/audit";

fn config(porch: &Porch, client: &str) -> String {
    let client = if client.is_empty() {
        String::new()
    } else {
        format!("client_ca = {:?}\nclient_certificate = {client:?}\n", porch.authority.ca())
    };
    format!("[http.tls]\n{}{client}", porch.tls())
}

fn through(porch: &Porch, peopled: &Peopled, shows: Option<&Pair>) -> SocketAddr {
    to(peopled.at()).tls(&porch.authority.ca(), shows).carry(&porch.runtime)
}

#[test]
fn over_tls_a_token_a_password_or_a_certificate_signs_in() {
    let porch = porch();
    let peopled = Peopled::start(&config(&porch, "optional"));
    let without = through(&porch, &peopled, None);
    let answer = get(without, PATH, &[("Authorization", &peopled.bearer("rita"))]);
    // What is said of a name holds for all its ports, and Home Assistant may speak plainly at the next.
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, None));
    is_problem(&get(without, PATH, &[]), 401, "unauthorized");
    let tls12 = to(peopled.at()).tls_of(&porch.authority.ca(), None, &[&TLS12]).carry(&porch.runtime);
    assert_eq!(get(tls12, "/health/live", &[]).status, 200);

    // The porch's client is anna's, by its name.
    let annas = through(&porch, &peopled, Some(&porch.client));
    assert_eq!((get(annas, PATH, &[]).status, get(annas, "/v1/config", &[]).status), (200, 200));
    assert_eq!(get(annas, PATH, &[("Authorization", &people::basic("anna"))]).status, 200);
    // Nobody is two people.
    is_problem(&get(annas, PATH, &[("Authorization", &people::basic("rita"))]), 401, "unauthorized");
    is_problem(&get(annas, PATH, &[("Authorization", &peopled.bearer("rita"))]), 401, "unauthorized");
    // One that is nobody's proves nothing, and denies nothing.
    let stranger = porch.authority.client("nobody", NOW);
    let strange = through(&porch, &peopled, Some(&stranger));
    is_problem(&get(strange, PATH, &[]), 401, "unauthorized");
    assert_eq!(get(strange, PATH, &[("Authorization", &peopled.bearer("rita"))]).status, 200);
    // One of another authority opens not even the door.
    let foreign = Authority::new(porch.folder(), "foreign").client("anna", NOW);
    let foreign = through(&porch, &peopled, Some(&foreign));
    assert!(say(foreign, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_none());
    // A certificate without its user is nobody's.
    people::jamey(peopled.data.path(), &["user", "remove", "anna"], "");
    wait_until("the user is gone", PATIENCE, || get(annas, PATH, &[]).status == 401);

    // Plain HTTP is not spoken.
    assert!(say(peopled.at(), b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").is_none());
}

#[test]
fn where_a_certificate_is_required_nobody_asks_without_and_health_is_told_on_this_host() {
    let porch = porch();
    let peopled = Peopled::start(&config(&porch, "required"));
    let without = through(&porch, &peopled, None);
    for key in [peopled.bearer("anna"), people::basic("anna")] {
        is_problem(&get(without, PATH, &[("Authorization", &key)]), 401, "certificate");
    }
    assert_eq!(get(without, "/health/ready", &[]).status, 200);
    assert_eq!(get(through(&porch, &peopled, Some(&porch.client)), PATH, &[]).status, 200);
    // A ticket opens nothing either, and what it was given on ends with the certificate.
    let panel = porch.authority.client("panel", NOW);
    let der = CertificateDer::from_pem_file(&panel.certificate).unwrap();
    let print: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    people::jamey(peopled.data.path(), &["user", "certificate", "anna", &print], "");
    let shows = through(&porch, &peopled, Some(&panel));
    wait_until("the panel's certificate is anna's", PATIENCE, || get(shows, PATH, &[]).status == 200);
    let post = b"POST /v1/stream/ticket HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let ticket = || say(shows, post).unwrap().json()["ticket"].as_str().unwrap().to_owned();
    is_problem(&get(without, &format!("/v1/events?ticket={}", ticket()), &[]), 401, "certificate");
    let mut stream = std::net::TcpStream::connect(shows).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("GET /v1/events?ticket={} HTTP/1.1\r\nHost: x\r\n\r\n", ticket()).as_bytes()).unwrap();
    let mut some = [0; 15];
    stream.read_exact(&mut some).unwrap();
    assert_eq!(&some, b"HTTP/1.1 200 OK");
    people::jamey(peopled.data.path(), &["user", "certificate", "anna", &print, "--remove"], "");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("it ends when its certificate is nobody's");
    // The watchdog of containers knows the house by its own certificate.
    let health = |config: &std::path::Path| {
        let at = peopled.at().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
        command.args(["health", "--config"]).arg(config).env("JAMEY__HTTP__LISTEN", at).output().unwrap()
    };
    let good = health(&peopled.house.folder().join("jamey.toml"));
    assert!(good.status.success() && good.stdout == b"ready\n", "{good:?}");
    let other = porch.authority.server("other", NOW);
    let wrong = porch.folder().join("wrong.toml");
    std::fs::write(&wrong, format!("[http.tls]\ncertificate = {:?}\nkey = {:?}\n", other.certificate, other.key)).unwrap();
    assert!(!health(&wrong).status.success(), "somebody else answers there");
}

#[test]
fn a_certificate_that_is_taken_back_ends_what_it_opened() {
    let porch = porch();
    let crl = porch.authority.revoke("revoked.pem", &[]);
    let peopled = Peopled::start(&format!("{}client_crl = {crl:?}\n", config(&porch, "optional")));
    let other = porch.authority.client("rita", NOW);
    let (annas, ritas) = (through(&porch, &peopled, Some(&porch.client)), through(&porch, &peopled, Some(&other)));
    let (mut socket, _) = Listener::open(annas, "/v1/stream?kinds=verdict", &[]);
    let mut events = Events::open(annas, "/v1/events?kinds=verdict", &[]).unwrap();
    let (mut stays, _) = Listener::open(ritas, "/v1/stream?kinds=verdict", &[]);
    // One that is kept open between two requests.
    let mut kept = std::net::TcpStream::connect(annas).unwrap();
    kept.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut ask = || {
        kept.write_all(b"HEAD /v1/broker HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut one = [0];
            kept.read_exact(&mut one).unwrap();
            head.extend(one);
        }
        String::from_utf8(head).unwrap()
    };
    assert!(ask().starts_with("HTTP/1.1 200"));
    porch.authority.revoke("revoked.pem", &[porch.client.serial]);
    assert_eq!(socket.closed().0, 1008);
    events.ended();
    let after = ask();
    assert!(after.starts_with("HTTP/1.1 401"), "{after}");
    assert!(say(annas, b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_none(), "nor does it open anything anew");
    // Another of the same authority is as good as before.
    assert_eq!(get(ritas, PATH, &[]).status, 200);
    assert_eq!(stays.subscribe(serde_json::json!({"kinds": ["alert"]}))["type"], "subscribed");
}

#[test]
fn over_tls_the_cookie_is_secure_and_what_a_certificate_let_in_goes_with_it() {
    let porch = porch();
    let peopled = Peopled::start(&config(&porch, "optional"));
    let (without, annas) = (through(&porch, &peopled, None), through(&porch, &peopled, Some(&porch.client)));
    let said = serde_json::json!({"user": "anna", "password": people::PASSWORD}).to_string();
    let log_in = |way, more: &[(&str, &str)]| ask(way, "POST", "/session", more, &said);
    let begun = log_in(without, &[]);
    let set = begun.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-jamey=") && set.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure"), "{set}");
    let cookie = set.split(';').next().unwrap();
    assert_eq!(get(without, PATH, &[("Cookie", cookie)]).status, 200);
    is_problem(&get(without, PATH, &[("Cookie", cookie.strip_prefix("__Host-").unwrap())]), 401, "unauthorized");
    // Only what came by TLS as well is of this host.
    let post = |origin: &str| ask(without, "POST", "/v1/stream/ticket", &[("Cookie", cookie), ("X-Jamey", "1"), ("Origin", origin)], "");
    assert_eq!(post(&format!("https://{without}")).status, 201);
    is_problem(&post(&format!("http://{without}")), 403, "csrf");
    is_problem(&log_in(without, &[("Origin", &format!("http://{without}"))]), 403, "csrf");
    // Another's certificate makes it nobody's, the same one's goes with it.
    let ritas = through(&porch, &peopled, Some(&porch.authority.client("rita", NOW)));
    assert_eq!(get(annas, "/session", &[("Cookie", cookie)]).json()["user"], "anna");
    assert_eq!(get(ritas, "/session", &[("Cookie", cookie)]).json()["user"], "rita", "as if it were not there");
    is_problem(&log_in(ritas, &[]), 401, "unauthorized");
    // What was begun by certificate is none without it.
    let begun = log_in(annas, &[]);
    let with_it = begun.header("set-cookie").unwrap().split(';').next().unwrap();
    assert_eq!(get(annas, PATH, &[("Cookie", with_it)]).status, 200);
    is_problem(&get(without, PATH, &[("Cookie", with_it)]), 401, "unauthorized");

    // Where one is required neither a login nor a cookie takes its place, and the pages tell nothing.
    let strict = Peopled::start(&config(&porch, "required"));
    let (without, annas) = (through(&porch, &strict, None), through(&porch, &strict, Some(&porch.client)));
    is_problem(&log_in(without, &[]), 401, "certificate");
    let begun = log_in(annas, &[]);
    let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap();
    assert_eq!(get(annas, PATH, &[("Cookie", cookie)]).status, 200);
    is_problem(&get(without, PATH, &[("Cookie", cookie)]), 401, "certificate");
    is_problem(&get(without, "/session", &[("Cookie", cookie)]), 401, "certificate");
    is_problem(&get(without, "/v1/events", &[("Cookie", cookie)]), 401, "certificate");
}

#[test]
fn renewed_files_are_taken_while_it_is_open() {
    let porch = porch();
    let peopled = Peopled::start(&config(&porch, ""));
    let before = through(&porch, &peopled, None);
    assert_eq!(get(before, "/health/live", &[]).status, 200);
    // Of another authority, in the same files.
    let folder = tempfile::tempdir().unwrap();
    let next = Authority::new(folder.path(), "next");
    let renewed = next.server("server", NOW);
    std::fs::copy(&renewed.certificate, &porch.server.certificate).unwrap();
    std::fs::copy(&renewed.key, &porch.server.key).unwrap();
    let after = to(peopled.at()).tls(&next.ca(), None).carry(&porch.runtime);
    let live = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    wait_until("the new certificate is shown", PATIENCE, || say(after, live).is_some_and(|answer| answer.status == 200));
    assert!(say(before, live).is_none(), "the old authority did not sign it");
    assert!(peopled.house.said().contains("the listener http uses its new files"));
}

#[test]
fn files_that_cannot_be_used_are_refused_and_plain_http_on_a_network_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let config = folder.path().join("jamey.toml");
        std::fs::write(&config, text).unwrap();
        let out =
            Command::new(env!("CARGO_BIN_EXE_jamey")).args(["check", "--config"]).arg(&config).current_dir(folder.path()).output().unwrap();
        (out.status.success(), format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
    };
    let (good, said) = check("[http.tls]\ncertificate = \"none.pem\"\nkey = \"none.key\"\n");
    assert!(!good && said.contains("http.tls: none.pem cannot be read"), "{said}");
    let (good, said) = check("[http.tls]\ncertificate = \"none.pem\"\n");
    assert!(!good && said.contains("http.tls.certificate") && said.contains("without its key"), "{said}");
    let (good, said) = check("[http]\nlisten = \"0.0.0.0:8420\"\n");
    assert!(good && said.contains("ATTENTION: HTTP on 0.0.0.0:8420 is not encrypted"), "{said}");
    let (good, said) = check("");
    assert!(good && !said.contains("ATTENTION"), "{said}");
    for wrong in ["*", "null", "https://panel.example/", "https://Panel.example", "panel.example", "https://panel.example:443", "ftp://x"] {
        let (good, said) = check(&format!("[http]\nallow_origins = [{wrong:?}]\n"));
        assert!(!good && said.contains("http.allow_origins[0]"), "{wrong}: {said}");
    }
    let many: Vec<String> = (0..17).map(|n| format!("https://p{n}.example")).collect();
    assert!(check(&format!("[http]\nallow_origins = {:?}\n", &many[..16])).0);
    assert!(!check(&format!("[http]\nallow_origins = {many:?}\n")).0, "one past");
}

#[test]
fn pages_of_other_origins_read_only_what_the_config_lets_them() {
    let peopled = Peopled::start("[http]\nallow_origins = [\"https://panel.example\"]\n");
    let at = peopled.at();
    let preflight = |origin: &str| {
        let text = format!(
            "OPTIONS {PATH} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: GET\r\n\
             Access-Control-Request-Headers: authorization\r\n\r\n"
        );
        say(at, text.as_bytes()).unwrap()
    };
    let asked = preflight("https://panel.example");
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (204, Some("https://panel.example")));
    assert!(asked.header("access-control-allow-headers").is_some_and(|said| said.contains("authorization")));
    assert_eq!((asked.header("access-control-max-age"), asked.header("vary")), (Some("600"), Some("Origin")));
    let read = get(at, PATH, &[("Origin", "https://panel.example"), ("Authorization", &peopled.bearer("rita"))]);
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some("https://panel.example")));
    assert!(read.header("access-control-expose-headers").is_some_and(|seen| seen.contains("etag")));
    // A right key that is missing is told to it as well.
    assert_eq!(get(at, PATH, &[("Origin", "https://panel.example")]).header("access-control-allow-origin"), Some("https://panel.example"));
    for origin in
        ["https://evil.example", "http://panel.example", "https://panel.example:444", "null", "https://panel.example.evil.example"]
    {
        for answer in [preflight(origin), get(at, PATH, &[("Origin", origin), ("Authorization", &peopled.bearer("rita"))])] {
            assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, Some("Origin")), "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
    }
    assert_eq!(read.header("access-control-allow-credentials"), None, "a page shows a token that it was given");
}
