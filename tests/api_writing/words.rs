//! An owner's word on an entity, and on single memories.

use super::{
    site::{Site, is_problem},
    support::*,
};
use serde_json::{Value, json};

#[test]
fn what_came_of_a_word_is_in_the_answer() {
    let site = Site::new();
    let mut hub = site.sign_in("ben");
    hub.tell("shed/probe/temperature", "20");
    let before = site.told(&["entity", "show", "probe"]);
    let good = site.post("panel", "/v1/entities/probe/trust", &json!({}));
    assert_eq!(good.status, 200, "{good:?}");
    let good = good.json();
    assert_eq!((&good["entity"], &good["word"]), (&json!("probe"), &json!("entity-trust")));
    assert!(good["lower_bound"].as_f64().unwrap() > 0.0, "{good}, was {before}");
    let bad = site.post("ada", "/v1/entities/probe/distrust", &json!({})).json();
    assert!(bad["expectation"].as_f64() < good["expectation"].as_f64(), "{bad}");
    site.on_record("panel", "entity.trust");
    site.on_record("ada", "entity.distrust");

    let near = json!({"kind": "near", "to": "area.shed", "like": 0.5});
    let told = site.post("ada", "/v1/entities/probe/relate", &near).json();
    assert_eq!((&told["relations"][0]["to"], &told["relations"][0]["like"]), (&json!("area.shed"), &json!(0.5)), "{told}");
    let told = site.post("ada", "/v1/entities/probe/unrelate", &json!({"kind": "near", "to": "area.shed"})).json();
    assert_eq!(told["relations"], json!([]));
    is_problem(&site.post("ada", "/v1/entities/probe/unrelate", &json!({"kind": "near", "to": "area.barn"})), 409, "not-taken");
    is_problem(&site.post("ada", "/v1/entities/probe/relate", &json!({"kind": "near", "to": "x", "like": 1.01})), 400, "request");
    is_problem(&site.post("ada", "/v1/entities/probe/relate", &json!({"kind": "likes", "to": "x"})), 400, "request");
    is_problem(&site.post("ada", "/v1/entities/nobody.here/trust", &json!({})), 404, "not-found");
    is_problem(&site.post("ada", "/v1/entities/No%20Name/trust", &json!({})), 404, "not-found");
    // What no form of a foreign page can post.
    is_problem(&site.ask("ada", "POST", "/v1/entities/probe/trust", &[("Content-Length", "0")], None), 415, "media-type");
    is_problem(&site.post("ada", "/v1/entities/probe/trust", &json!({"sure": true})), 400, "request");
}

#[test]
fn who_is_forgotten_is_gone_when_it_is_answered() {
    let site = Site::new();
    let mut hub = site.sign_in("ben");
    hub.tell("shed/probe/temperature", "20");
    is_problem(&site.delete("panel", "/v1/entities/probe"), 403, "forbidden");
    is_problem(&site.delete("anna", "/v1/entities/probe"), 403, "forbidden");
    let gone = site.delete("ada", "/v1/entities/probe");
    assert_eq!(gone.status, 200, "{gone:?}");
    let gone = gone.json();
    assert_eq!((&gone["entity"], &gone["file_written_anew"]), (&json!("probe"), &json!(true)), "{gone}");
    assert!(gone["removed"].as_object().unwrap().values().any(|n| n.as_u64() > Some(0)), "{gone}");
    assert_eq!(site.house.count("select count(*) from memory_records where entity = 'probe'", []), 0);
    is_problem(&site.delete("ada", "/v1/entities/probe"), 404, "not-found");
}

#[test]
fn a_memory_is_pinned_unpinned_and_let_go_of() {
    let site = Site::new();
    let mut hub = site.sign_in("ben");
    hub.tell("shed/probe/temperature", "20");
    let find = || -> Option<(Vec<u8>, i64)> {
        let sql = "select id, pinned from memory_records where entity = 'probe' limit 1";
        site.house.db().query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    };
    wait_until("it is remembered", PATIENCE, || find().is_some());
    let (id, pinned) = find().unwrap();
    let path = format!("/v1/memory/records/{}", uuid::Uuid::from_slice(&id).unwrap());
    assert_eq!(pinned, 0);
    is_problem(&site.post("carl", &format!("{path}/pin"), &json!({})), 403, "forbidden");
    let done = site.post("panel", &format!("{path}/pin"), &json!({}));
    assert_eq!((done.status, &done.json()["pinned"]), (200, &json!(true)), "{done:?}");
    assert_eq!(find().unwrap().1, 1, "on disk when it is answered");
    assert_eq!(site.post("panel", &format!("{path}/pin"), &json!({})).status, 200, "again is the same");
    assert_eq!(site.post("panel", &format!("{path}/unpin"), &json!({})).json()["pinned"], false);
    assert_eq!(find().unwrap().1, 0);
    is_problem(&site.delete("panel", &path), 403, "forbidden");
    assert_eq!(site.delete("ada", &path).json()["pinned"], Value::Null);
    assert!(find().is_none());
    is_problem(&site.delete("ada", &path), 404, "not-found");
    is_problem(&site.post("ada", &format!("{path}/pin"), &json!({})), 404, "not-found");
    site.on_record("panel", "memory.pinned");
    site.on_record("ada", "memory.forgotten");
}
