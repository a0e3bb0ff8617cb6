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

/// Every route that is described, with something in the places of its names.
fn routes(site: &Site) -> Vec<(String, String)> {
    let document = site.get("", "/openapi.json").json();
    let mut all = vec![("GET".to_owned(), "/metrics".to_owned()), ("GET".into(), "/v1/stream".into()), ("GET".into(), "/v1/events".into())];
    for (template, item) in document["paths"].as_object().unwrap() {
        let path: Vec<&str> = template.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part }).collect();
        let methods = ["get", "put", "post", "delete", "patch"].into_iter().filter(|method| item.get(method).is_some());
        all.extend(methods.map(|method| (method.to_uppercase(), path.join("/"))));
    }
    all
}

#[test]
fn a_key_of_an_approver_alone_opens_approvals_and_nothing_else() {
    let site = Site::new();
    let (code, token) = site.host(&["token", "create", "--user", "anna", "--role", "approver"]);
    assert_eq!(code, 0, "{token}");
    let bearer = format!("Bearer {}", token.lines().next().unwrap());
    let ask = |method: &str, path: &str, body: Option<&Value>| site.ask("", method, path, &[("Authorization", &bearer)], body);
    wait_until("the token is known", PATIENCE, || ask("GET", "/v1/approvals", None).status != 401);
    let mut bolt = site.sign_in("bolt").listen("shed/bolt/set", 1);
    site.sign_in("panel").tell("shed/bolt/set", "OPEN");
    let mut waits = Value::Null;
    wait_until("something waits", PATIENCE, || {
        waits = ask("GET", "/v1/approvals", None).json()["data"][0].take();
        !waits.is_null()
    });
    let path = format!("/v1/approvals/{}", waits["id"].as_str().unwrap());
    assert_eq!(ask("GET", &path, None).json(), waits);
    let word = json!({"approves": true, "nonce": waits["nonce"], "sha256": waits["sha256"]});
    assert_eq!(ask("POST", &format!("{path}/answer"), Some(&word)).json()["by"], "anna");
    assert_eq!(bolt.message().text(), "OPEN");
    assert_eq!(ask("GET", "/v1/approvals?state=settled", None).json()["data"][0]["settled"], "approved");
    let mut closed = 0;
    for (method, path) in routes(&site).into_iter().filter(|(_, path)| !path.starts_with("/v1/approvals")) {
        let answer = ask(&method, &path, (method != "GET").then(|| json!({})).as_ref());
        assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        closed += 1;
    }
    assert!(closed > 50, "{closed}");
}

#[test]
fn an_operator_who_hears_little_still_does_what_is_an_operators() {
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("acl.toml");
    std::fs::write(&lists, "[roles.operator]\nrules = [\"allow publish %r/cmd/#\"]\n").unwrap();
    let site = Site::with(&format!("[broker]\nacl = {lists:?}\n"));
    let duties =
        ["/trust", "/distrust", "/relate", "/unrelate", "/pin", "/unpin", "/acknowledge", "/v1/phoenix/snapshot", "/v1/phoenix/drill"];
    for (method, path) in routes(&site) {
        let is_duty = method == "POST" && duties.iter().any(|duty| path.ends_with(duty)) || path.starts_with("/v1/errands/");
        let answer = site.ask("panel", &method, &path, &[], (method != "GET").then(|| json!({})).as_ref());
        assert_eq!(answer.status != 403, is_duty, "{method} {path}: {answer:?}");
        assert!(!(200..300).contains(&answer.status), "there is nobody and nothing of that name: {answer:?}");
    }
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
