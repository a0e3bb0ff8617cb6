//! Each thing that can be written, by everybody who lives in the house, by a stranger, and where there are no users at all.

use super::{
    site::{PEOPLE, Site, is_problem},
    support::{web::say, *},
};
use serde_json::{Value, json};

const OWNER: &[&str] = &["approver", "admin"];
const OPERATOR: &[&str] = &["operator", "admin"];
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// Method, path, body, and the roles of which one is needed. None of them finds anything to change.
fn all() -> Vec<(&'static str, String, Option<Value>, &'static [&'static str])> {
    let empty = || Some(json!({}));
    let mut all = vec![
        ("POST", format!("/v1/approvals/{NOBODY}/answer"), Some(json!({"approves": true, "nonce": "", "sha256": ""})), &["approver"][..]),
        ("POST", "/v1/entities/nobody.here/trust".to_owned(), empty(), OPERATOR),
        ("POST", "/v1/entities/nobody.here/distrust".to_owned(), empty(), OPERATOR),
        ("POST", "/v1/entities/nobody.here/relate".to_owned(), Some(json!({"kind": "near", "to": "x"})), OPERATOR),
        ("POST", "/v1/entities/nobody.here/unrelate".to_owned(), Some(json!({"kind": "near", "to": "x"})), OPERATOR),
        ("DELETE", "/v1/entities/nobody.here".to_owned(), None, &["admin"]),
        ("POST", format!("/v1/memory/records/{NOBODY}/pin"), empty(), OPERATOR),
        ("POST", format!("/v1/memory/records/{NOBODY}/unpin"), empty(), OPERATOR),
        ("DELETE", format!("/v1/memory/records/{NOBODY}"), None, &["admin"]),
        ("POST", "/v1/phoenix/snapshot".to_owned(), Some(json!({"repository": "none"})), OPERATOR),
        ("POST", "/v1/phoenix/drill".to_owned(), Some(json!({"repository": "none"})), OPERATOR),
        ("POST", "/v1/alerts/nothing/acknowledge".to_owned(), empty(), &["operator", "approver", "admin"]),
        ("POST", "/v1/alerts/guard-nothing/acknowledge".to_owned(), empty(), OWNER),
    ];
    for (path, body) in [("/v1/rules/check", json!({"text": "", "name": ""})), ("/v1/rules/replay", json!({"text": "", "show": 1_000}))] {
        all.push(("POST", path.to_owned(), Some(body), OWNER));
    }
    all.push(("PUT", "/v1/rules/source".to_owned(), Some(json!({"text": ""})), OWNER));
    all.push(("DELETE", "/v1/rules/source".to_owned(), None, OWNER));
    for (option, value) in [("mode", json!("observe")), ("profile", json!("strict")), ("strictness", json!(0.1))] {
        all.push(("PUT", format!("/v1/guard/{option}"), Some(json!({option: value})), OWNER));
    }
    all
}

#[test]
fn each_thing_takes_the_role_that_it_takes_over_mqtt() {
    let site = Site::new();
    for (method, path, body, any) in all() {
        for (user, roles) in PEOPLE {
            let answer = site.ask(user, method, &path, &[], body.as_ref());
            let may = any.iter().any(|role| roles.contains(role));
            assert_eq!(answer.status != 403, may, "{user} {method} {path}: {answer:?}");
            // Who was refused left the name on record: that is something to forget.
            let changes = method == "DELETE" && path.starts_with("/v1/entities");
            assert!(changes || !(200..300).contains(&answer.status), "{method} {path} changes nothing here: {answer:?}");
        }
        assert_eq!(site.ask("", method, &path, &[], body.as_ref()).status, 401, "{method} {path}");
    }
    is_problem(&site.post("nobody", "/v1/phoenix/snapshot", &json!({})), 401, "unauthorized");
    site.on_record("carl", "http.refused");
}

#[test]
fn where_there_are_no_users_nothing_is_written_by_http() {
    let house = house();
    let at = house.http();
    for (method, path, body, _) in all() {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: application/json\r\nIf-Match: *\r\n");
        let answer = say(at, format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        is_problem(&answer, 403, "no-users");
        assert!(answer.json()["detail"].as_str().unwrap().contains("jamey user add"), "{answer:?}");
    }
}
