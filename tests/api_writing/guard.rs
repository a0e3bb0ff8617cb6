//! The orders of an owner, given by HTTP: carried out as those of MQTT are, and only over what was read.

use super::{
    site::{SET, Site, is_problem},
    support::{web::say, *},
};
use serde_json::{Value, json};

#[test]
fn an_owner_has_the_guard_observe_and_what_is_milder_raises_its_alert() {
    let site = Site::with("strictness = 0.1\n");
    let mut bolt = site.sign_in("bolt").listen(SET, 1);
    let mut panel = site.sign_in("panel");
    let (mode, tag) = site.read("carl", "/v1/guard/mode");
    assert_eq!((&mode["holds"], &mode["chosen"], &mode["off_until"]), (&json!("enforce"), &Value::Null, &Value::Null));
    let wanted = json!({"mode": "observe"});
    is_problem(&site.ask("anna", "PUT", "/v1/guard/mode", &[], Some(&wanted)), 428, "precondition-required");
    is_problem(&site.put("anna", "/v1/guard/mode", "\"other\"", &wanted), 412, "precondition-failed");
    is_problem(&site.put("panel", "/v1/guard/mode", &tag, &wanted), 403, "forbidden");
    is_problem(&site.put("anna", "/v1/guard/mode", &tag, &json!({"mode": "off"})), 400, "request");
    panel.tell(SET, "OPEN");
    assert!(bolt.rest().is_empty(), "nothing changed: it is held");

    let done = site.put("anna", "/v1/guard/mode", &tag, &wanted);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!((&done.json()["holds"], &done.json()["chosen"]["by"]), (&json!("observe"), &json!("anna")));
    assert_eq!(site.read("carl", "/v1/guard/mode"), (done.json(), done.header("etag").unwrap().to_owned()));
    panel.tell(SET, "OPEN");
    assert_eq!(bolt.message().text(), "OPEN");
    site.on_record("anna", "guard.mode");
    assert_eq!(site.told(&["guard", "mode"])["holds"], "observe", "the host sees the same");

    let (_, tag) = site.read("ada", "/v1/guard/strictness");
    is_problem(&site.put("ada", "/v1/guard/strictness", &tag, &json!({"strictness": 0.3001})), 400, "request");
    assert_eq!(site.put("ada", "/v1/guard/strictness", &tag, &json!({"strictness": 0.0})).status, 200);
    let (_, tag) = site.read("ada", "/v1/guard/profile");
    assert_eq!(site.put("ada", "/v1/guard/profile", &tag, &json!({"profile": "strict"})).json()["holds"], "strict");
    let guard = site.get("carl", "/v1/guard").json();
    assert_eq!(
        (&guard["mode"]["holds"], &guard["profile"]["holds"], &guard["strictness"]["holds"]),
        (&json!("observe"), &json!("strict"), &json!(0.0))
    );

    let alert = |code: &str| {
        let page = site.get("carl", "/v1/alerts").json();
        page["alerts"].as_array().unwrap().iter().find(|alert| alert["code"] == code).cloned()
    };
    wait_until("it is told as milder", PATIENCE, || {
        alert("guard-milder").is_some_and(|alert| alert["text"].as_str().unwrap().contains("strictness"))
    });
    is_problem(&site.post("panel", "/v1/alerts/guard-milder/acknowledge", &json!({})), 403, "forbidden");
    is_problem(&site.post("carl", "/v1/alerts/guard-milder/acknowledge", &json!({})), 403, "forbidden");
    let seen = site.post("anna", "/v1/alerts/guard-milder/acknowledge", &json!({}));
    assert_eq!((seen.status, &seen.json()["by"]), (200, &json!("anna")));
    let again = site.post("ada", "/v1/alerts/guard-milder/acknowledge", &json!({}));
    assert_eq!((again.status, &again.json()["by"]), (200, &json!("anna")), "who saw it first has seen it");
    wait_until("all see that", PATIENCE, || alert("guard-milder").is_some_and(|alert| alert["acknowledged"]["by"] == "anna"));
    is_problem(&site.post("anna", "/v1/alerts/nothing/acknowledge", &json!({})), 404, "not-found");
}

#[test]
fn of_two_who_write_over_the_same_one_wins() {
    let site = Site::new();
    for _ in 0..4 {
        let (_, tag) = site.read("anna", "/v1/guard/profile");
        let wishes = [("anna", "workshop"), ("ada", "strict")];
        let texts: Vec<String> = wishes
            .iter()
            .map(|(user, profile)| site.said(user, "PUT", "/v1/guard/profile", &[("If-Match", &tag)], Some(&json!({"profile": profile}))))
            .collect();
        let at = site.house.http();
        let mut came: Vec<u16> = std::thread::scope(|scope| {
            let both: Vec<_> = texts.iter().map(|text| scope.spawn(move || say(at, text.as_bytes()).unwrap().status)).collect();
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let (now, tag) = site.read("anna", "/v1/guard/profile");
        let won = wishes[came.iter().position(|status| *status == 200).expect("one wins")].1;
        came.sort_unstable();
        assert_eq!((came, &now["holds"]), (vec![200, 412], &json!(won)));
        assert_eq!(site.put("anna", "/v1/guard/profile", &tag, &json!({"profile": "config"})).status, 200);
    }
}

#[test]
fn what_is_judged_is_told_as_on_the_host() {
    let site = Site::new();
    let by_http = site.get("carl", "/v1/guard/coverage").json();
    let mut on_host = site.told(&["guard", "coverage"]);
    // The host reads the config, which `--guard` does not change.
    on_host["mode"] = by_http["mode"].clone();
    assert_eq!(by_http, on_host);
    assert!(by_http["actuators"].as_array().unwrap().iter().any(|one| one["device"] == "bolt"), "{by_http}");
}
