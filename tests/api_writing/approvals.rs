//! What waits is answered by HTTP as over MQTT: once, by somebody else than who asked, who proves to have read it.

use super::{
    site::{SET, Site, is_problem},
    support::*,
};
use serde_json::{Value, json};

/// What waits, when it does.
fn waiting(site: &Site) -> Value {
    let mut found = Value::Null;
    wait_until("something waits", PATIENCE, || {
        found = site.get("anna", "/v1/approvals").json()["data"][0].take();
        !found.is_null()
    });
    found
}

fn path(document: &Value) -> String {
    format!("/v1/approvals/{}", document["id"].as_str().unwrap())
}

fn word(document: &Value, approves: bool) -> Value {
    json!({"approves": approves, "nonce": document["nonce"], "sha256": document["sha256"]})
}

#[test]
fn an_approved_command_reaches_its_device_and_an_answer_said_twice_counts_once() {
    let site = Site::new();
    let mut bolt = site.sign_in("bolt").listen(SET, 1);
    let mut mqtt = site.sign_in("anna").listen("jamey/approval/+", 1);
    site.sign_in("panel").tell(SET, "OPEN");
    let document = waiting(&site);
    let told = mqtt.message().json();
    assert_eq!(document, told, "the same document on both ways");
    assert!(bolt.rest().is_empty(), "it waits");

    let (one, tag) = site.read("anna", &path(&document));
    assert_eq!(one, document);
    assert_eq!(site.ask("anna", "GET", &path(&document), &[("If-None-Match", &tag)], None).status, 304);

    let answer = format!("{}/answer", path(&document));
    let done = site.post("anna", &answer, &word(&document, true));
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.json();
    assert_eq!((&done["settled"], &done["by"], &done["forwarded"]), (&json!("approved"), &json!("anna"), &json!(true)));
    assert_eq!(bolt.message().text(), "OPEN");
    assert_eq!(site.audited("anna", "approval.approved"), 1);

    // Said again, by her, it is told again; by another, or otherwise, it is too late.
    assert_eq!(site.post("anna", &answer, &word(&document, true)).json(), done);
    is_problem(&site.post("anna", &answer, &word(&document, false)), 409, "settled");
    is_problem(&site.post("ben", &answer, &word(&document, true)), 409, "settled");
    assert!(bolt.rest().is_empty(), "it went on once");
    assert_eq!(site.audited("anna", "approval.approved"), 1);

    let after = site.get("anna", &path(&document)).json();
    assert_eq!(after, done, "what became of it");
    let history = site.get("anna", "/v1/approvals?state=settled").json();
    assert_eq!((&history["data"][0], &history["next"]), (&done, &Value::Null));
}

#[test]
fn who_asked_may_not_answer_and_neither_may_who_has_not_read_it() {
    let site = Site::new();
    let mut bolt = site.sign_in("bolt").listen(SET, 1);
    site.sign_in("ben").tell(SET, "OPEN");
    let document = waiting(&site);
    let answer = format!("{}/answer", path(&document));
    is_problem(&site.post("ben", &answer, &word(&document, true)), 403, "own");
    let mut forged = word(&document, true);
    forged["nonce"] = json!("0".repeat(32));
    is_problem(&site.post("anna", &answer, &forged), 409, "unanswered");
    let mut forged = word(&document, true);
    forged["sha256"] = json!("0".repeat(64));
    is_problem(&site.post("anna", &answer, &forged), 409, "unanswered");
    is_problem(&site.post("anna", "/v1/approvals/018f0000-0000-7000-8000-000000000000/answer", &forged), 404, "not-found");
    is_problem(&site.post("anna", "/v1/approvals/one/answer", &forged), 404, "not-found");
    is_problem(&site.post("anna", &answer, &json!({"approves": "yes"})), 400, "request");
    is_problem(&site.post("carl", &answer, &word(&document, true)), 403, "forbidden");
    is_problem(&site.post("ada", &answer, &word(&document, true)), 403, "forbidden");
    is_problem(&site.get("carl", "/v1/approvals"), 403, "forbidden");
    is_problem(&site.get("panel", &path(&document)), 403, "forbidden");
    assert_eq!(site.get("ada", &path(&document)).status, 200, "an administrator sees it");
    assert_eq!(site.audited("anna", "approval.answer_refused"), 3, "two forged, one of nothing");

    let done = site.post("anna", &answer, &word(&document, false)).json();
    assert_eq!((&done["settled"], &done["forwarded"]), (&json!("refused"), &json!(false)));
    assert!(bolt.rest().is_empty());
}

#[test]
fn that_something_waits_is_for_who_reads_and_what_it_holds_for_who_answers() {
    let site = Site::new();
    site.sign_in("panel").tell(SET, "OPEN");
    let document = waiting(&site);
    let id = document["id"].as_str().unwrap();
    wait_until("it is counted", PATIENCE, || site.get("carl", "/v1/glance").json()["held"] == 1);
    let verdict = &site.get("carl", "/v1/verdicts?limit=1").json()["data"][0];
    assert_eq!(
        (&verdict["decision"], &verdict["percept"], &verdict["request"]["entity"]),
        (&json!("escalate"), &json!(id), &json!("panel"))
    );
    let trail = site.get("carl", "/v1/audit").json();
    let asked = trail["data"].as_array().unwrap().iter().find(|row| row["action"] == "approval.asked").unwrap().clone();
    assert_eq!((&asked["actor"], &asked["subject"]), (&json!("panel"), &json!(id)));
    for path in [
        "/v1/glance",
        "/v1/verdicts",
        &format!("/v1/verdicts/{id}"),
        "/v1/audit",
        "/v1/memory/records",
        "/v1/alerts",
        "/v1/broker/retained",
    ] {
        let answer = site.get("carl", path);
        assert!(answer.status == 200 && !answer.body.contains(document["nonce"].as_str().unwrap()), "{path}: {answer:?}");
    }
    for path in ["/v1/approvals", &format!("/v1/approvals/{id}")] {
        is_problem(&site.get("carl", path), 403, "forbidden");
    }
    is_problem(&site.get("carl", &format!("/v1/broker/retained/jamey%2Fapproval%2F{id}")), 404, "not-found");
}

#[test]
fn what_waited_is_told_page_by_page_each_once() {
    let site = Site::new();
    let mut panel = site.sign_in("panel");
    for n in 0..5 {
        panel.tell(&format!("many/{n}/set"), "OPEN");
    }
    let all = |state: &str| {
        let (mut ids, mut next) = (Vec::new(), String::new());
        loop {
            let page = site.get("anna", &format!("/v1/approvals?state={state}&limit=2{next}")).json();
            ids.extend(page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return ids,
            }
        }
    };
    wait_until("five wait", PATIENCE, || all("waiting").len() == 5);
    let waited = all("waiting");
    for id in &waited {
        let (document, _) = site.read("anna", &format!("/v1/approvals/{id}"));
        assert_eq!(site.post("anna", &format!("/v1/approvals/{id}/answer"), &word(&document, false)).status, 200);
    }
    wait_until("none waits", PATIENCE, || all("waiting").is_empty());
    let settled: Vec<String> = all("settled").into_iter().rev().collect();
    assert_eq!(settled, waited);
    is_problem(&site.get("anna", "/v1/approvals?state=gone"), 400, "request");
    is_problem(&site.get("anna", "/v1/approvals?limit=201"), 400, "request");
}
