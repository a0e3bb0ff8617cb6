//! Promise: what OWASP's API Security Top 10 (2023) warns of is not so here, row by row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "http_security/people.rs"]
mod people;
mod support;
use people::{Peopled, is_problem, jamey};
use support::{
    web::{get, say},
    *,
};

#[test]
fn api1_what_may_not_be_heard_over_mqtt_is_not_there_by_http() {
    let peopled = Peopled::start("");
    // Jamey tells it to receivers and admins alone.
    let hidden = "jamey/phoenix/snapshot/x/offer";
    let mut anna = peopled.house.dial("anna-1").v5().user("anna", people::PASSWORD).open();
    assert!(!anna.publish(Message::new(hidden, "1").qos(1).retained()).taken(), "nobody else may put it there");
    let mut lamp = peopled.house.dial("lamp-1").v5().user("lamp", people::PASSWORD).open();
    assert!(lamp.publish(Message::new("lamp/state", "on").qos(1).retained()).taken());
    for (name, sees) in [("anna", true), ("rita", true), ("lamp", false)] {
        let one = peopled.get("/v1/broker/retained/lamp%2Fstate", name);
        assert_eq!(one.status, if sees { 200 } else { 403 }, "{name}");
        if sees {
            assert_eq!((one.json()["text"].as_str(), one.json()["bytes"].as_u64()), (Some("on"), Some(2)));
        }
        // What is not there and what may not be heard are told alike.
        let other = peopled.get(&format!("/v1/broker/retained/{}", hidden.replace('/', "%2F")), name);
        assert_eq!(other.status, if sees { 404 } else { 403 }, "{name}");
    }
    let listed = |name: &str, filter: &str| {
        let page = peopled.get(&format!("/v1/broker/retained?limit=200&filter={filter}"), name).json();
        page["data"].as_array().unwrap().iter().map(|one| one["topic"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("rita", "lamp/%23"), ["lamp/state"]);
    assert!(listed("rita", "jamey/approval/%23").is_empty() && listed("rita", "jamey/phoenix/snapshot/%23").is_empty());
}

#[test]
fn api2_only_a_key_that_holds_opens_and_only_where_keys_belong() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    assert_eq!(peopled.get("/v1/audit", "rita").status, 200);
    let token = peopled.token("rita");
    for path in [format!("/v1/audit?token={token}"), format!("/v1/audit?access_token={token}"), format!("/v1/audit?api_key={token}")] {
        assert_eq!(get(at, &path, &[]).status, 401, "an address is kept in logs and histories");
    }
    for (header, value) in
        [("Cookie", format!("token={token}")), ("X-Api-Key", token.to_owned()), ("Proxy-Authorization", peopled.bearer("rita"))]
    {
        assert_eq!(get(at, "/v1/audit", &[(header, &value)]).status, 401, "{header}");
    }
    let cut = format!("Bearer {}", &token[..token.len() - 1]);
    let longer = format!("Bearer {token}0");
    let upper = format!("Bearer {}", token.to_uppercase());
    for wrong in [cut, longer, upper, "Bearer null".into(), "Basic bnVsbDpudWxs".into()] {
        assert!(matches!(get(at, "/v1/audit", &[("Authorization", &wrong)]).status, 400 | 401), "{wrong}");
    }
    let other = format!("Basic {}", people::encoded(&format!("anna:{token}")));
    assert_eq!(get(at, "/v1/audit", &[("Authorization", &other)]).status, 401, "a token in another's name");
    let narrow = jamey(peopled.data.path(), &["token", "create", "--user", "anna", "--role", "operator"], "");
    let narrow = format!("Bearer {narrow}");
    wait_until("the token is known", PATIENCE, || get(at, "/v1/audit", &[("Authorization", &narrow)]).status != 401);
    is_problem(&get(at, "/v1/config", &[("Authorization", &narrow)]), 403, "forbidden");
    peopled.revoke("rita");
    is_problem(&peopled.get("/v1/audit", "rita"), 401, "unauthorized");
}

#[test]
fn api3_no_secret_is_among_the_properties_and_none_can_be_slipped_in() {
    let secret = tempfile::tempdir().unwrap();
    let (key, signs) = (secret.path().join("the.key"), secret.path().join("signs"));
    for file in [&key, &signs] {
        std::fs::write(file, "S3CRET-CONTENT\n").unwrap();
        std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    let peopled = Peopled::start(&format!(
        "[[webhook]]\nname = \"phone\"\nurl = \"https://127.0.0.1:1/T0P-S3CRET?k=S3CRET-QUERY\"\nsecret_file = {signs:?}\n"
    ));
    let whole = peopled.get("/v1/config", "anna");
    let options = &whole.json()["options"];
    assert_eq!((whole.status, options["webhook"][0]["url"].as_str()), (200, Some("https://127.0.0.1:1/")));
    assert_eq!((options["broker"]["guard"].as_str(), options["http"]["burst"].as_u64()), (Some("observe"), Some(200)));
    for hidden in ["S3CRET", "T0P", peopled.token("anna"), people::PASSWORD] {
        assert!(!whole.body.contains(hidden), "{hidden}: {}", whole.body);
    }
    let tag = whole.header("etag").unwrap().to_owned();
    let again = get(peopled.at(), "/v1/config", &[("Authorization", &peopled.bearer("anna")), ("If-None-Match", &tag)]);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    // What a list does not ask for is refused, and not passed on to where it may mean something.
    for query in ["role=admin", "limit=1&is_admin=true", "fields=secret", "limit[]=1"] {
        is_problem(&peopled.get(&format!("/v1/audit?{query}"), "anna"), 400, "request");
    }
}

#[test]
fn api4_nobody_takes_more_than_one_may() {
    let peopled = Peopled::start("[http]\nrequests_per_second = 1\nburst = 3\n");
    let at = peopled.at();
    let ask = || peopled.get("/v1/audit", "rita");
    let first = ask();
    assert_eq!(first.header("ratelimit-policy"), Some("\"key\";q=3;w=3"));
    assert!(first.header("ratelimit").is_some_and(|left| left.starts_with("\"key\";r=2;t=")), "{first:?}");
    assert_eq!(first.header("retry-after"), None);
    let mut past = ask();
    for _ in 0..20 {
        if past.status == 429 {
            break;
        }
        past = ask();
    }
    is_problem(&past, 429, "too-many");
    assert!(past.header("retry-after").is_some_and(|seconds| (1..=3).contains(&seconds.parse::<u64>().unwrap())), "{past:?}");
    assert!(past.header("ratelimit").is_some_and(|left| left.starts_with("\"key\";r=0;t=")), "{past:?}");
    // Others are not meant.
    assert_eq!(peopled.get("/v1/audit", "anna").status, 200);
    // What shows no right key takes from its address: wrong keys, what is not there, what is open.
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(get(at, "/v1/audit", &[("Authorization", "Bearer jamey_no")]).status);
        answers.push(get(at, "/nothing", &[]).status);
    }
    assert!(answers.contains(&401) && answers.contains(&404) && answers.ends_with(&[429, 429]), "{answers:?}");
    is_problem(&get(at, "/openapi.json", &[]), 429, "too-many");
    // Whoever has a key is not made to wait for those, and neither is who watches over Jamey on this host.
    assert_eq!(get(at, "/v1/broker", &[("Authorization", &people::basic("anna"))]).status, 200);
    assert!((0..30).all(|_| get(at, "/health/ready", &[]).status == 200));
    wait_until("it is counted", PATIENCE, || peopled.house.said().contains("asks too fast"));
    // Neither is another token of the same user.
    let second = jamey(peopled.data.path(), &["token", "create", "--user", "rita"], "");
    let second = format!("Bearer {second}");
    wait_until("the token is known", PATIENCE, || get(at, "/v1/audit", &[("Authorization", &second)]).status == 200);
    // And a body that grows without saying so is not read to its end.
    let chunk = format!("{:x}\r\n{}\r\n", 16 * 1_024, "x".repeat(16 * 1_024));
    let text = format!("POST /v1/nothing HTTP/1.1\r\nHost: {at}\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(64));
    let answers = people::whole(at, text.as_bytes());
    assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{answers}");
}

#[test]
fn api5_what_takes_a_role_is_for_those_who_have_it() {
    let peopled = Peopled::start("");
    let document = get(peopled.at(), "/openapi.json", &[]).json();
    let mut writes = 0;
    for (template, item) in document["paths"].as_object().unwrap() {
        let path: Vec<&str> = template.split('/').map(|part| if part.starts_with('{') { "x1" } else { part }).collect();
        for method in ["put", "post", "delete", "patch"].iter().filter(|method| item.get(**method).is_some()) {
            // Whether rules hold, what they would have said, and to listen, changes nothing: who may read may ask.
            let is_question = ["check", "replay", "explain", "recall", "ticket"].iter().any(|word| template.ends_with(word));
            let text = format!(
                "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
                method.to_uppercase(),
                path.join("/"),
                peopled.at(),
                peopled.bearer("rita")
            );
            let answer = say(peopled.at(), text.as_bytes()).unwrap();
            assert!(is_question || answer.status == 403, "{method} {template}: {answer:?}");
            writes += 1;
        }
    }
    eprintln!("{writes} routes that write");
    is_problem(&peopled.get("/v1/config", "rita"), 403, "forbidden");
    assert_eq!(peopled.get("/v1/config", "anna").status, 200);
    wait_until("it is on record", PATIENCE, || {
        peopled.house.count("SELECT count(*) FROM audit_log WHERE action = 'http.refused' AND actor = 'rita'", []) >= 1
    });
}

#[test]
fn api6_no_device_is_commanded_by_http() {
    // What an automation could run faster than a person can look is for the conscience, which hears MQTT: by HTTP nothing is published.
    let peopled = Peopled::start("");
    let document = get(peopled.at(), "/openapi.json", &[]).json();
    let mut listener = peopled.house.dial("anna-1").v5().user("anna", people::PASSWORD).open().listen("front_door/#", 0);
    for template in document["paths"].as_object().unwrap().keys() {
        for word in ["publish", "/act", "/command", "/do/"] {
            assert!(!template.contains(word), "{template}");
        }
    }
    for path in ["/v1/broker/retained/front_door%2Fset", "/v1/broker/retained", "/v1/publish", "/v1/act/front_door/unlock"] {
        for method in ["POST", "PUT"] {
            let text = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: {}\r\nContent-Length: 4\r\n\r\nopen",
                peopled.at(),
                peopled.bearer("anna")
            );
            assert!(matches!(say(peopled.at(), text.as_bytes()).unwrap().status, 404 | 405), "{method} {path}");
        }
    }
    assert!(listener.rest().is_empty());
}

#[test]
fn api7_nothing_is_fetched_for_anybody() {
    let peopled = Peopled::start("");
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let elsewhere = trap.local_addr().unwrap();
    let key = peopled.bearer("anna");
    for target in [
        format!("http://{elsewhere}/"),
        format!("http://{elsewhere}/v1/audit"),
        format!("//{elsewhere}/x"),
        format!("/v1/audit?url=http://{elsewhere}/"),
    ] {
        for more in [
            format!("Host: {elsewhere}\r\n"),
            format!("Host: x\r\nX-Forwarded-Host: {elsewhere}\r\nReferer: http://{elsewhere}/\r\nOrigin: http://{elsewhere}\r\n"),
        ] {
            let text = format!("GET {target} HTTP/1.1\r\n{more}Connection: close\r\nAuthorization: {key}\r\n\r\n");
            let answer = say(peopled.at(), text.as_bytes());
            assert!(answer.is_none_or(|answer| !answer.head.to_lowercase().contains("location:")), "{target}");
        }
    }
    let tunnel = people::whole(peopled.at(), format!("CONNECT {elsewhere} HTTP/1.1\r\nHost: {elsewhere}\r\n\r\nx").as_bytes());
    assert!(!tunnel.starts_with("HTTP/1.1 2"), "{tunnel}");
    assert!(trap.accept().is_err(), "somebody came");
}

#[test]
fn api8_headers_keep_browsers_in_their_place_and_errors_tell_nothing_of_the_house() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    let asked = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "GET")];
    for (path, key) in [("/v1/audit", true), ("/v1/audit", false), ("/nothing", true), ("/openapi.json", false), ("/health/live", false)] {
        let bearer = peopled.bearer("anna");
        let headers: Vec<(&str, &str)> = asked.into_iter().chain(key.then_some(("Authorization", bearer.as_str()))).collect();
        let answer = get(at, path, &headers);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("cache-control").is_some_and(|kept| kept.contains("no-store") || kept.contains("private")), "{path}");
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "server",
            "x-powered-by",
            "set-cookie",
            "strict-transport-security",
        ] {
            assert_eq!(answer.header(name), None, "{path}");
        }
        for word in ["panicked", "src/", ".rs", "sqlite", "/tmp", "stack"] {
            assert!(answer.status == 200 || !answer.body.to_lowercase().contains(word), "{path} tells of {word}: {answer:?}");
        }
    }
}

#[test]
fn api9_there_is_one_version_and_all_of_it_is_described() {
    let peopled = Peopled::start("");
    let document = get(peopled.at(), "/openapi.json", &[]).json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| path.starts_with("/v1/")), "{:?}", paths.keys());
    for path in ["/v0/audit", "/v2/audit", "/audit", "/api/v1/audit", "/debug", "/admin", "/v1/internal", "/docs", "/swagger-ui"] {
        is_problem(&peopled.get(path, "anna"), 404, "not-found");
    }
}

#[test]
fn api10_what_others_say_is_told_as_what_it_is() {
    let peopled = Peopled::start("");
    let mut lamp = peopled.house.dial("lamp-1").v5().user("lamp", people::PASSWORD).open();
    for (name, payload) in [
        ("html", b"<script>alert(1)</script>".as_slice()),
        ("json", b"{\"admin\":true}"),
        ("split", b"\r\n\r\nHTTP/1.1 200 OK\r\n"),
        ("bytes", b"\xff\xfe\x00\x01"),
    ] {
        assert!(lamp.publish(Message::new(&format!("lamp/{name}"), payload).qos(1).retained()).taken());
        let answer = peopled.get(&format!("/v1/broker/retained/lamp%2F{name}"), "rita");
        assert_eq!(
            (answer.status, answer.header("content-type"), answer.header("x-content-type-options")),
            (200, Some("application/json"), Some("nosniff"))
        );
        let json = answer.json();
        let told = match (json["text"].as_str(), json["base64"].as_str()) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(text)) => data_encoding::BASE64.decode(text.as_bytes()).unwrap(),
            _ => panic!("{json}"),
        };
        assert_eq!((told.as_slice(), json["bytes"].as_u64()), (payload, Some(payload.len() as u64)), "{name}");
        assert!(json.get("admin").is_none());
    }
}

#[test]
fn api10_no_client_id_forges_a_line_of_the_log() {
    let peopled = Peopled::start("[log]\nfilter = \"debug\"\n");
    let id = "lamp\n2026-01-01T00:00:00.000000Z  WARN jamey: forged\r\u{1b}[2J\u{9b}1A";
    let _ = peopled.house.dial(id).v5().user("lamp", people::PASSWORD).try_open().map(Mqtt::disconnect);
    wait_until("it is logged", PATIENCE, || peopled.house.said().matches("forged").count() > 1);
    let said = peopled.house.said();
    assert!(said.contains("lamp\\n2026-01-01"), "told as what it is");
    for line in said.lines().filter(|line| line.contains("forged")) {
        assert!(!line.starts_with("2026-01-01") && !line.contains(['\r', '\u{1b}', '\u{9b}']), "{line:?}");
    }
}
