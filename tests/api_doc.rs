//! Promise: each example of docs/api.md does what it shows: it is executed as it stands, and what is answered has the same shape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "http_security/people.rs"]
mod people;
mod support;
use people::Peopled;
use serde_json::Value;
use support::{
    page::{blocks, example_fits, fits, head_fits, run},
    *,
};

#[test]
fn each_example_does_what_it_shows() {
    let peopled = Peopled::start("");
    furnish(&peopled);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    let (blocks, folder, mut wrong) = (blocks(&page), tempfile::tempdir().unwrap(), Vec::new());
    let (jamey, token) = (format!("http://{}", peopled.at()), peopled.token("anna"));
    for block in &blocks {
        for (example, answered) in block.iter().zip(run(block, &[("JAMEY", &jamey), ("TOKEN", token)], folder.path())) {
            if let Err(why) = example_fits(example, &answered) {
                wrong.push(format!("docs/api.md:{}: {why}\n  {}\n  {answered}", example.line, example.command));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let count: usize = blocks.iter().map(Vec::len).sum();
    assert!(count >= 12, "{count} examples");
}

#[test]
fn every_resource_stands_on_the_page() {
    let peopled = Peopled::start("");
    let document = support::web::get(peopled.at(), "/openapi.json", &[]).json();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    let missing: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| path.split('/').take(3).collect::<Vec<_>>().join("/"))
        .filter(|resource| !page.contains(resource.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/api.md tells nothing of {missing:?}");
}

#[test]
fn what_does_not_fit_is_found() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let of = |shown: &str, answered: &str| fits(&json(shown), &json(answered), "").is_ok();
    assert!(of(r#"{"a":1,"b":[{"c":"x"}]}"#, r#"{"b":[{"c":"y"},{"c":"z"}],"a":2.5}"#));
    assert!(of(r#"{"a":null,"…":"…"}"#, r#"{"a":1,"b":2}"#) && of(r#"{"a":1}"#, r#"{"a":null}"#));
    for (shown, answered) in
        [(r#"{"a":1}"#, r#"{"a":"1"}"#), (r#"{"a":1}"#, "{}"), ("{}", r#"{"a":1}"#), ("[1]", "[]"), ("[1]", r#"[1,"x"]"#)]
    {
        assert!(!of(shown, answered), "{shown} {answered}");
    }
    assert!(head_fits(&["HTTP/1.1 200 OK".into(), "etag: \"x\"".into()], "HTTP/1.1 200 OK\r\nETag: \"y\"\r\n").is_ok());
    assert!(head_fits(&["HTTP/1.1 200 OK".into()], "HTTP/1.1 404 Not Found\r\n").is_err());
}

/// What the examples tell of: a lamp with a state, a phone that is away, and something that was judged.
fn furnish(peopled: &Peopled) {
    let dial = |id: &str, user: &str| peopled.house.dial(id).v5().user(user, people::PASSWORD);
    let mut lamp = dial("lamp-1", "lamp").open().listen("lamp/set", 1);
    assert!(lamp.publish(Message::new("lamp/state", "on").qos(1).retained()).taken());
    let phone = dial("phone", "anna").persistent().open().listen("lamp/state", 1);
    phone.disconnect();
    assert!(lamp.publish(Message::new("lamp/state", "on").qos(1).retained()).taken());
    assert!(lamp.publish(Message::new("jamey/in/lamp/power", "7.5").qos(1)).taken());
    assert!(lamp.publish(Message::new("jamey/act/front_door/unlock", "{}").qos(1)).taken());
    // What readers see is handed out once a second.
    for list in ["entities", "verdicts", "approvals", "memory/records", "mission"] {
        let is_told = || peopled.get(&format!("/v1/{list}"), "anna").json()["data"].as_array().is_some_and(|data| !data.is_empty());
        wait_until(list, PATIENCE, is_told);
    }
    // It stays as long as the house does.
    std::mem::forget(lamp);
}
