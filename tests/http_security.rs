//! Promise: by HTTP nobody gets what is not theirs, whatever they say and however they say it: each row of OWASP's API Security Top 10
//! (2023), each route without a key, with a wrong and with too narrow a one, and one past each limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "http_security/pages.rs"]
mod pages;
#[path = "http_security/people.rs"]
mod people;
#[path = "http_security/sessions.rs"]
mod sessions;
mod support;
use people::{Peopled, is_problem};
use support::{
    web::{get, say},
    *,
};

/// Every route that the house itself describes: method, template, and a path with something in the places of its names.
fn routes(peopled: &Peopled) -> Vec<(String, String, String)> {
    let document = get(peopled.at(), "/openapi.json", &[]).json();
    let methods = ["get", "put", "post", "delete", "patch"];
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let path: Vec<&str> = template.split('/').map(|part| if part.starts_with('{') { "x1" } else { part }).collect();
        for method in methods.iter().filter(|method| item.get(**method).is_some()) {
            all.push((method.to_uppercase(), template.clone(), path.join("/")));
        }
    }
    assert!(all.len() >= 6, "{all:?}");
    all
}

#[test]
fn every_route_is_closed_without_a_key_with_a_wrong_one_and_with_too_narrow_a_one() {
    let peopled = Peopled::start("");
    let mut all = routes(&peopled);
    // What never ends is described by no answer.
    all.extend(["/metrics", "/v1/stream", "/v1/events"].map(|path| ("GET".into(), path.to_owned(), path.to_owned())));
    for (method, template, path) in all {
        let ask = |authorization: Option<&str>| {
            let key = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
            let text = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{key}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
                peopled.at()
            );
            say(peopled.at(), text.as_bytes()).unwrap_or_else(|| panic!("{method} {template} was not answered"))
        };
        is_problem(&ask(None), 401, "unauthorized");
        is_problem(&ask(Some("Bearer jamey_0000000000000000000000000000000000000000000")), 401, "unauthorized");
        is_problem(&ask(Some(&peopled.bearer("lamp"))), 403, "forbidden");
        // A password that is right opens no more than the roles behind it.
        is_problem(&ask(Some(&people::basic("lamp"))), 403, "forbidden");
    }
}

#[test]
fn head_says_what_get_would_and_what_cannot_be_done_says_what_can() {
    let peopled = Peopled::start("");
    let key = peopled.bearer("anna");
    for path in ["/v1/audit", "/v1/broker", "/v1/config", "/metrics", "/openapi.json", "/health/live"] {
        let ask = |method: &str| {
            let text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {key}\r\n\r\n", peopled.at());
            say(peopled.at(), text.as_bytes()).unwrap()
        };
        let (whole, head) = (ask("GET"), ask("HEAD"));
        assert_eq!((whole.status, head.status, head.body.as_str()), (200, 200, ""), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{path}");
        for method in ["OPTIONS", "TRACE", "DELETE", "BREW"] {
            let answer = ask(method);
            is_problem(&answer, 405, "method");
            assert!(answer.header("allow").is_some_and(|allow| allow.contains("GET")), "{method} {path}: {answer:?}");
            assert!(!answer.body.contains(&key), "what was said is not said again");
        }
    }
}

#[test]
fn a_requests_id_is_told_again_only_where_it_is_one() {
    let peopled = Peopled::start("[log]\nfilter = \"info,jamey=debug\"\n");
    let of = |path: &str, said: &str| {
        let answer = get(peopled.at(), path, &[("X-Request-Id", said)]);
        (answer.header("x-request-id").unwrap().to_owned(), answer)
    };
    let most = "a".repeat(64);
    for good in ["abc", "0190.A_b-C", &most] {
        let (id, answer) = of("/v1/audit", good);
        assert_eq!((id.as_str(), answer.json()["request_id"].as_str()), (good, Some(good)));
    }
    for bad in ["a b", "a;b", "<script>", "ä", &"a".repeat(65)] {
        let (id, answer) = of("/nothing", bad);
        assert!(id != bad && id.len() == 36 && answer.json()["request_id"] == id.as_str(), "{bad}: {id}");
    }
    assert!(of("/health/live", "abc").0 == "abc" && get(peopled.at(), "/health/live", &[]).header("x-request-id").is_some());
    wait_until("it is in the log", PATIENCE, || peopled.house.said().contains("0190.A_b-C: GET /v1/audit"));
}

#[test]
fn keys_are_never_in_the_log_however_they_are_said() {
    let peopled = Peopled::start("[log]\nfilter = \"trace\"\n");
    let at = peopled.at();
    let (anna, lamp) = (peopled.token("anna"), peopled.token("lamp"));
    let wrong = "jamey_wrongwrongwrongwrongwrongwrongwrongwrongwro";
    for key in [anna, lamp, wrong] {
        for path in ["/v1/audit".to_owned(), format!("/v1/{key}"), format!("/v1/broker/retained/{key}"), format!("/v1/audit?token={key}")] {
            get(at, &path, &[("Authorization", &format!("Bearer {key}"))]);
            get(at, &path, &[]);
        }
        get(at, "/v1/audit", &[("Authorization", &format!("Basic {}", people::encoded(&format!("lamp:{key}"))))]);
        get(at, "/v1/audit", &[("Authorization", key)]);
        get(at, "/v1/audit", &[("X-Request-Id", &format!("id-{}", &key[6..12]))]);
    }
    get(at, "/v1/audit", &[("Authorization", &people::basic("anna"))]);
    wait_until("it logs at trace", PATIENCE, || peopled.house.said().contains("GET /v1/audit from HTTP is answered"));
    let said = peopled.house.said();
    let known: Vec<String> = [anna, lamp, wrong].map(|key| key[12..].to_owned()).to_vec();
    for secret in known.iter().map(String::as_str).chain([people::PASSWORD, &people::encoded(&format!("anna:{}", people::PASSWORD))]) {
        let line = said.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "the log holds a secret: {line:?}");
    }
    for secret in &known {
        let like = format!("%{secret}%");
        let count = peopled.house.count("SELECT count(*) FROM audit_log WHERE subject LIKE ?1 OR detail LIKE ?1 OR actor LIKE ?1", [&like]);
        assert_eq!(count, 0, "the audit trail holds a secret");
    }
}

#[test]
fn no_header_comes_out_of_what_is_said() {
    let peopled = Peopled::start("");
    let (at, key) = (peopled.at(), peopled.bearer("anna"));
    let id = "lamp\"<script>alert(1)";
    let mut guest = peopled.house.dial(id).v5().user("lamp", people::PASSWORD).open();
    assert!(guest.publish(Message::new("lamp/<script>", "\r\nSet-Cookie: a=b\r\n\r\n").qos(1).retained()).taken());
    for path in [
        "/v1/broker/retained/x%0d%0aSet-Cookie:%20a=b",
        "/v1/x%0d%0aSet-Cookie:%20a=b",
        "/v1/audit?cursor=%0d%0aSet-Cookie:%20a=b",
        "/v1/broker/clients",
        "/v1/broker/retained",
        "/v1/broker/retained/lamp%2F%3Cscript%3E",
    ] {
        let answer = get(at, path, &[("Authorization", &key), ("X-Request-Id", "a%0d%0aSet-Cookie:b")]);
        assert!(answer.header("set-cookie").is_none() && !answer.head.contains("Set-Cookie"), "{path}: {answer:?}");
        assert!(!answer.body.contains("\r\nSet-Cookie"), "{path}: {answer:?}");
    }
    let clients = get(at, "/v1/broker/clients", &[("Authorization", &key)]).json();
    let ids: Vec<&str> = clients["data"].as_array().unwrap().iter().filter_map(|c| c["client_id"].as_str()).collect();
    assert_eq!(ids, [id], "told as what it is");
}

#[test]
fn no_second_request_hides_in_a_first() {
    let peopled = Peopled::start("");
    let hidden = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = hidden.len();
    let first = |headers: &str, body: &str| format!("POST /health/live HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}");
    for (what, said) in [
        ("both lengths", first(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), &format!("0\r\n\r\n{hidden}"))),
        ("two lengths", first(&format!("Content-Length: 0\r\nContent-Length: {length}\r\n"), hidden)),
        ("a list of lengths", first(&format!("Content-Length: 0, {length}\r\n"), hidden)),
        ("a length with a sign", first("Content-Length: +0\r\n", hidden)),
        ("an unknown coding", first("Transfer-Encoding: xchunked\r\n", &format!("0\r\n\r\n{hidden}"))),
        ("chunked is not last", first("Transfer-Encoding: chunked, identity\r\n", &format!("0\r\n\r\n{hidden}"))),
        ("a space before the colon", first("Content-Length : 0\r\n", hidden)),
        ("a folded line", first("X: a\r\n Content-Length: 0\r\n", hidden)),
        ("a chunk's size that is none", first("Transfer-Encoding: chunked\r\n", &format!("0x0\r\n\r\n{hidden}"))),
        ("a chunk's size beyond all", first("Transfer-Encoding: chunked\r\n", &format!("{}\r\n{hidden}", "f".repeat(17)))),
        ("NUL in a header", first("X: a\0b\r\n", hidden)),
        ("a bare CR in a header", first("X: a\rContent-Length: 0\r\n", hidden)),
    ] {
        let answers = people::whole(peopled.at(), said.as_bytes());
        let count = answers.matches("HTTP/1.1 ").count();
        assert!(count <= 1, "{what}: {answers}");
        assert!(!answers.contains("\"status\":\"live\""), "{what}: {answers}");
    }
    // Two in one breath, said plainly, are two.
    let both = format!("{hidden}{}", hidden.replace("Host: x", "Host: x\r\nConnection: close"));
    // The line stays open: with its end hyper ends what is not answered yet.
    let answers = support::web::say(peopled.at(), both.as_bytes()).unwrap();
    assert_eq!(answers.body.matches("\"status\":\"live\"").count(), 2, "{answers:?}");
}

#[test]
fn no_path_leads_out_of_the_routes() {
    let peopled = Peopled::start("");
    let key = peopled.bearer("anna");
    for path in [
        "/../../../../etc/passwd",
        "/v1/../../../etc/passwd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/v1/..%2f..%2f..%2fetc%2fpasswd",
        "/v1/broker/retained/..%2f..%2f..%2fetc%2fpasswd",
        "/v1/broker/retained/%2fetc%2fpasswd",
        "/v1/broker/retained/..%5c..%5cjamey.toml",
        "/v1/audit/../config",
        "/v1//config",
        "//v1/config",
        "/v1/config/",
        "/V1/CONFIG",
        "/v1/config%00",
        "/v1/config;x",
        "/jamey.db",
        "/data/jamey.db",
        "/.git/config",
    ] {
        let answer = get(peopled.at(), path, &[("Authorization", &key)]);
        is_problem(&answer, 404, "not-found");
        assert!(!answer.body.contains("root:"), "{path}");
    }
}

#[test]
fn another_name_for_this_host_opens_nothing() {
    // Without users this host alone may look: not through a name that was bent to it, however that is said.
    let house = house();
    let at = house.http();
    let ask = |head: &str| say(at, format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap().status;
    assert_eq!(ask("GET /v1/broker HTTP/1.1\r\nHost: localhost\r\n"), 200);
    for head in [
        "GET /v1/broker HTTP/1.1\r\nHost: evil.example\r\n",
        "GET /v1/broker HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        "GET /v1/broker HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n",
        "GET http://evil.example/v1/broker HTTP/1.1\r\nHost: localhost\r\n",
        "GET /v1/broker HTTP/1.1\r\nHost: localhost.evil.example\r\n",
        "GET /v1/broker HTTP/1.1\r\nHost: localhost@evil.example\r\n",
        "GET /v1/broker HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 127.0.0.1\r\n",
    ] {
        assert!(matches!(ask(head), 400 | 401), "{head}");
    }
    // An open house tells no administrator's things, and lets nobody change any.
    is_problem(&get(at, "/v1/config", &[]), 403, "forbidden");
}

#[test]
fn one_past_each_limit() {
    let peopled = Peopled::start("");
    let (at, key) = (peopled.at(), peopled.bearer("anna"));
    let ask = |said: String| say(at, said.as_bytes()).map(|answer| answer.status);
    let head =
        |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nAuthorization: {key}\r\n");
    // A body, said to be too large, and one that grows so.
    let body = 64 * 1_024;
    let with_length = |bytes: usize| format!("{}Content-Length: {bytes}\r\n\r\n{}", head("GET", "/v1/audit"), "x".repeat(bytes));
    assert_eq!((ask(with_length(body)), ask(with_length(body + 1))), (Some(200), Some(413)));
    // A page.
    let page = |query: &str| get(at, &format!("/v1/audit?{query}"), &[("Authorization", &key)]).status;
    assert_eq!((page("limit=200"), page("limit=201"), page("limit=1"), page("limit=0"), page("limit=-1")), (200, 400, 200, 400, 400));
    assert_eq!((page("limit=1&limit=2"), page("unheard_of=1"), page(&format!("cursor={}", "A".repeat(513)))), (400, 400, 400));
    // A filter, and a topic.
    let filter = |bytes: usize| get(at, &format!("/v1/broker/retained?filter={}", "x".repeat(bytes)), &[("Authorization", &key)]).status;
    assert_eq!((filter(1_024), filter(1_025)), (200, 400));
    // Headers: those that are there already, and as many more as may be.
    let headers =
        |more: usize| format!("{}{}\r\n", head("GET", "/v1/audit"), (0..more).map(|n| format!("x-{n}: 1\r\n")).collect::<String>());
    assert_eq!((ask(headers(61)), ask(headers(62))), (Some(200), Some(431)));
    let long = |bytes: usize| format!("{}x: {}\r\n\r\n", head("GET", "/v1/audit"), "x".repeat(bytes));
    assert_eq!((ask(long(12 * 1_024)), ask(long(17 * 1_024))), (Some(200), Some(431)));
}

#[test]
fn what_is_described_is_described_whole() {
    let peopled = Peopled::start("");
    let document = get(peopled.at(), "/openapi.json", &[]).json();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            for status in ["401", "403", "429"] {
                assert!(answers.iter().any(|answer| *answer == status), "{method} {path} says nothing of {status}");
            }
            assert!(operation["operationId"].is_string() && operation["tags"].is_array(), "{method} {path}");
            // Nothing is open that does not say so.
            assert_eq!(operation.get("security"), None, "{method} {path}");
        }
    }
    assert!(document["security"].as_array().is_some_and(|ways| ways.iter().all(|way| way.as_object().is_some_and(|way| !way.is_empty()))));
}
