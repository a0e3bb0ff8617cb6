//! Promise: each example of docs/api.md does what it shows: it is executed as it stands, and what is answered has the same shape.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "http_security/people.rs"]
mod people;
mod support;
use people::Peopled;
use serde_json::Value;
use std::process::Command;
use support::*;

/// A command of the page, and what is shown below it.
#[derive(Debug)]
struct Example {
    line: usize,
    command: String,
    shown: Vec<String>,
}

/// The blocks headed `console`; each is one shell.
fn blocks(page: &str) -> Vec<Vec<Example>> {
    let (mut all, mut inside): (Vec<Vec<Example>>, bool) = (Vec::new(), false);
    for (at, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), inside) {
            (Some("console"), false) => (inside, _) = (true, all.push(Vec::new())),
            (Some(_), true) => inside = false,
            (None, true) => match (line.strip_prefix("$ "), all.last_mut().unwrap()) {
                (Some(command), block) => block.push(Example { line: at + 1, command: command.to_owned(), shown: Vec::new() }),
                (None, block) => block.last_mut().expect("a block begins with a command").shown.push(line.to_owned()),
            },
            _ => {}
        }
    }
    all
}

const MARK: &str = "=== the next one ===";

/// What the commands of a block print, one by one.
fn run(block: &[Example], peopled: &Peopled, folder: &std::path::Path) -> Vec<String> {
    let script: String = block.iter().map(|one| format!("{}\nprintf '\\n{MARK}\\n'\n", one.command)).collect();
    let out = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(folder)
        .env("JAMEY", format!("http://{}", peopled.at()))
        .env("TOKEN", peopled.token("anna"))
        .output()
        .expect("bash is there (tests/run installs curl and jq)");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "line {}: {}\n{text}", block[0].line, String::from_utf8_lossy(&out.stderr));
    text.split(&format!("\n{MARK}\n")).take(block.len()).map(|part| part.trim().to_owned()).collect()
}

/// Whether what is answered has the shape of what is shown: the same keys, and values of the same kind. `"…": "…"` stands for other keys, an
/// empty list for any, and null, which tells that something may be missing, for anything.
fn fits(shown: &Value, answered: &Value, at: &str) -> Result<(), String> {
    match (shown, answered) {
        (Value::Object(shown), Value::Object(answered)) => {
            let more = shown.contains_key("…");
            for (key, value) in shown.iter().filter(|(key, _)| *key != "…") {
                fits(value, answered.get(key).ok_or_else(|| format!("{at} has no `{key}`"))?, &format!("{at}.{key}"))?;
            }
            match answered.keys().find(|key| !more && !shown.contains_key(*key)) {
                Some(key) => Err(format!("{at} has `{key}`, which is not shown")),
                None => Ok(()),
            }
        }
        (Value::Array(shown), Value::Array(answered)) => match shown.first() {
            None => Ok(()),
            Some(_) if answered.is_empty() => Err(format!("{at} is empty")),
            Some(first) => answered.iter().try_for_each(|one| fits(first, one, &format!("{at}[]"))),
        },
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (shown, answered) if std::mem::discriminant(shown) == std::mem::discriminant(answered) => Ok(()),
        (shown, answered) => Err(format!("{at} is {answered}, shown is {shown}")),
    }
}

/// A head: its first line whole, and the names of its headers.
fn head_fits(shown: &[String], answered: &str) -> Result<(), String> {
    let name = |line: &str| line.split_once(": ").map_or_else(|| line.to_owned(), |(name, _)| name.to_lowercase());
    let all: Vec<String> = answered.lines().map(|line| name(line.trim())).collect();
    shown.iter().map(|line| name(line)).try_for_each(|line| if all.contains(&line) { Ok(()) } else { Err(format!("no `{line}`")) })
}

fn example_fits(example: &Example, answered: &str) -> Result<(), String> {
    if example.shown.is_empty() {
        return if answered.is_empty() { Ok(()) } else { Err("nothing is shown".into()) };
    }
    // A status stands alone, and is no other.
    if example.command.contains("%{http_code}") {
        return if example.shown == [answered] { Ok(()) } else { Err(format!("{answered} instead of {}", example.shown.join(" "))) };
    }
    match serde_json::from_str::<Value>(&example.shown.join("\n")) {
        Ok(shown) => fits(&shown, &serde_json::from_str(answered).map_err(|e| e.to_string())?, ""),
        Err(_) => head_fits(&example.shown, answered),
    }
}

#[test]
fn each_example_does_what_it_shows() {
    let peopled = Peopled::start("");
    furnish(&peopled);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    let (blocks, folder, mut wrong) = (blocks(&page), tempfile::tempdir().unwrap(), Vec::new());
    for block in &blocks {
        for (example, answered) in block.iter().zip(run(block, &peopled, folder.path())) {
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
