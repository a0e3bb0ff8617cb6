//! Errands to Phoenix: taken down at once, done one after the other, and looked after until they end.

use super::{
    site::{Site, is_problem},
    support::{web::Answer, *},
};
use serde_json::{Value, json};

fn place(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    let place = answer.header("location").unwrap().to_owned();
    assert_eq!(place, format!("/v1/errands/{}", answer.json()["id"].as_str().unwrap()));
    place
}

fn ended(site: &Site, place: &str) -> Value {
    let mut told = Value::Null;
    wait_until("the errand ends", PATIENCE, || {
        told = site.get("panel", place).json();
        ["done", "failed"].contains(&told["state"].as_str().unwrap())
    });
    told
}

#[test]
fn where_there_is_no_repository_an_errand_says_what_to_do() {
    let site = Site::new();
    for path in ["/v1/phoenix/snapshot", "/v1/phoenix/drill"] {
        let answer = site.post("panel", path, &json!({}));
        is_problem(&answer, 409, "no-repository");
        assert!(answer.json()["detail"].as_str().unwrap().contains("[[phoenix.repository]]"), "{answer:?}");
    }
}

#[test]
fn an_errand_is_done_and_told_and_one_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (nas, key) = (folder.path().join("nas"), folder.path().join("phoenix.key"));
    let config = format!(
        "[[phoenix.repository]]\nname = \"nas\"\npath = {:?}\nkey_file = {:?}\n",
        nas.display().to_string(),
        key.display().to_string()
    );
    let site = Site::with(&config);
    let none = ended(&site, &place(&site.post("panel", "/v1/phoenix/snapshot", &json!({}))));
    assert_eq!(none["state"], "failed", "there is no repository in that folder: {none}");
    assert!(none["error"].is_string() || none["data"][0]["came"]["Err"].is_string(), "{none}");

    let (code, out) = site.host(&["phoenix", "init", "--repository", "nas", "--new-key-file", key.to_str().unwrap()]);
    assert_eq!(code, 0, "{out}");
    let done = ended(&site, &place(&site.post("panel", "/v1/phoenix/snapshot", &json!({"repository": "nas"}))));
    assert_eq!((&done["state"], &done["error"], &done["by"]), (&json!("done"), &Value::Null, &json!("panel")), "{done}");
    assert_eq!(done["data"][0]["came"]["Ok"]["sequence"], 1, "{done}");
    let drill = ended(&site, &place(&site.post("ada", "/v1/phoenix/drill", &json!({"snapshot": 1}))));
    assert_eq!((&drill["state"], &drill["verb"]), (&json!("done"), &json!("phoenix-drill")), "{drill}");
    let none = ended(&site, &place(&site.post("ada", "/v1/phoenix/drill", &json!({"snapshot": 99}))));
    assert_eq!(none["state"], "failed", "{none}");
    site.on_record("panel", "phoenix-snapshot");

    is_problem(&site.post("panel", "/v1/phoenix/snapshot", &json!({"repository": "other"})), 400, "request");
    is_problem(&site.post("panel", "/v1/phoenix/snapshot", &json!({"snapshot": 1})), 400, "request");
    is_problem(&site.post("carl", "/v1/phoenix/snapshot", &json!({})), 403, "forbidden");
    is_problem(&site.post("anna", "/v1/phoenix/drill", &json!({})), 403, "forbidden");
    is_problem(&site.get("panel", "/v1/errands/018f0000-0000-7000-8000-000000000000"), 404, "not-found");
    is_problem(&site.get("carl", "/v1/errands/018f0000-0000-7000-8000-000000000000"), 403, "forbidden");
}
