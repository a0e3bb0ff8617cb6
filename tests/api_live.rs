//! Promise: who listens by HTTP hears every verdict once and in order, however often the line drops or Jamey dies; hears nothing that is not
//! for him; and holds up nobody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

#[path = "api_live/approvals.rs"]
mod approvals;
#[path = "api_live/hostile.rs"]
mod hostile;
#[path = "api_live/resuming.rs"]
mod resuming;
#[path = "api_live/rights.rs"]
mod rights;

use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use support::{
    listener::{Events, Heard, Listener},
    *,
};

/// Lamps that are commanded; in observe mode all is judged and let on, so that each verdict has a row.
const GUARD: &str = "[[guard]]\ntopic = \"lamps/+/set\"\nclass = \"light\"\nreads = \"attributes\"\n";

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

fn lit(client: &mut Mqtt, lamp: u64) -> Sent {
    client.publish(Message::new(&format!("lamps/{lamp}/set"), format!(r#"{{"state":"ON","id":"{lamp}"}}"#)).qos(1))
}

fn ids(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[test]
fn what_happens_is_told_as_it_happens_and_as_mqtt_tells_it() {
    let house = Plan::default().config(GUARD).start();
    let mut panel = house.dial("panel").open().listen("jamey/verdict/panel", 1);
    let (mut listener, hello) = Listener::open(house.http(), "/v1/stream?kinds=verdict,entity", &[]);
    assert_eq!((hello["kinds"].clone(), hello["v"].clone()), (json!(["verdict", "entity"]), json!(1)));
    assert!(lit(&mut panel, 7).taken());
    let event = listener.event("verdict");
    let told = panel.message().json();
    assert_eq!(event["data"], told, "the same document");
    assert_eq!((event["entity"].clone(), event["topic"].clone()), (json!("panel"), json!("verdict/panel")));
    assert_eq!(event["at"], told["at"]);
    // And the state of who asked, as it stands on its topic.
    let entity = listener.event("entity");
    assert_eq!(entity["topic"], format!("soul/entity/{}", entity["entity"].as_str().unwrap()));
    assert!(entity["data"]["v"].is_u64(), "{entity}");
}

#[test]
fn kinds_and_entities_are_chosen_and_chosen_anew_while_it_runs() {
    let house = Plan::default().config(GUARD).start();
    let (mut panel, mut button) = (house.client("panel"), house.client("button"));
    let (mut listener, hello) = Listener::open(house.http(), "/v1/stream", &[]);
    assert_eq!(hello["kinds"], json!([]), "nothing until it is said");
    assert!(lit(&mut panel, 1).taken());
    listener.subscribe(json!({"kinds": ["verdict"], "entities": ["button"]}));
    assert!(lit(&mut panel, 2).taken() && lit(&mut button, 3).taken());
    let told = listener.event("verdict");
    assert_eq!((&told["data"]["request"]["entity"], &told["data"]["request"]["id"]), (&json!("button"), &json!("3")));
    // Whom it is asked of counts as well, and what came before can be asked for.
    let target = told["data"]["request"]["target"].as_str().unwrap().to_owned();
    let said = listener.subscribe(json!({"kinds": ["verdict"], "entities": [target], "from": ids(&hello)}));
    assert_eq!(said["entities"], json!([target]));
    assert_eq!(listener.event("verdict")["data"]["request"]["id"], "3");
    listener.subscribe(json!({"kinds": ["verdict"], "from": ids(&hello)}));
    for id in ["1", "2", "3"] {
        assert_eq!(listener.event("verdict")["data"]["request"]["id"], id);
    }
    listener.subscribe(json!({"kinds": []}));
    assert!(lit(&mut panel, 4).taken());
    listener.subscribe(json!({"kinds": ["system"]}));
    let next = listener.event("system");
    assert!(next["entity"].is_null() && next["data"]["uptime_seconds"].is_u64(), "{next}");
}

#[test]
fn an_idle_line_is_kept_and_one_without_a_sign_of_life_is_not() {
    let house = Plan::default().config(&format!("{GUARD}[http]\npatience_seconds = 1\n")).start();
    let mut panel = house.client("panel");
    // Each answers pings while it reads.
    let (mut listener, _) = Listener::open(house.http(), "/v1/stream?kinds=verdict", &[]);
    let mut events = Events::open(house.http(), "/v1/events?kinds=verdict", &[]).unwrap();
    assert_eq!(events.next().unwrap().event, "hello");
    // Reads, but answers nothing.
    let (mute, _) = Listener::open(house.http(), "/v1/stream?kinds=phi", &[]);
    let mut raw = mute.socket.get_ref().try_clone().unwrap();
    let deaf = std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = std::io::Read::read_to_end(&mut raw, &mut all);
        all
    });
    // Twice as long as anybody's patience: as long as the mute one is borne.
    let heard = std::thread::scope(|scope| {
        let pinged = scope.spawn(|| {
            let first = listener.event("verdict");
            (first, listener)
        });
        let all = deaf.join().unwrap();
        let reason = String::from_utf8_lossy(&all).into_owned();
        assert!(reason.contains("no pong came"), "{reason:?}");
        assert!(lit(&mut panel, 1).taken());
        pinged.join().unwrap().0
    });
    assert_eq!(heard["data"]["request"]["id"], "1");
    assert_eq!(events.event("verdict").data["data"]["request"]["id"], "1");
}

#[test]
fn when_jamey_stops_everybody_is_told_so() {
    let mut house = Plan::default().config(GUARD).start();
    let (mut listener, _) = Listener::open(house.http(), "/v1/stream?kinds=verdict", &[]);
    let mut events = Events::open(house.http(), "/v1/events", &[]).unwrap();
    let heard = std::thread::spawn(move || listener.closed());
    house.stop();
    assert_eq!(heard.join().unwrap(), (1001, "Jamey stops".to_owned()));
    events.ended();
}
