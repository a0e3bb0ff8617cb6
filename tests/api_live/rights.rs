//! Who may listen, and to what.

use super::*;

const PASSWORD: &str = "correct horse battery";

/// A house with some people, and a token for each.
fn peopled(config: &str, people: &[(&str, &[&str])]) -> (House, tempfile::TempDir, Vec<String>) {
    let data = tempfile::tempdir().unwrap();
    let mut tokens = Vec::new();
    for (name, roles) in people {
        let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
        jamey(data.path(), &[&["user", "add", name], &roles[..]].concat(), &format!("{PASSWORD}\n"));
        tokens.push(format!("Bearer {}", jamey(data.path(), &["token", "create", "--user", name], "")));
    }
    (Plan::default().config(&format!("{GUARD}{config}")).data(data.path()).start(), data, tokens)
}

fn refused(at: std::net::SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let Err((status, body)) = Listener::try_open(at, path, headers) else { panic!("{path} with {headers:?} was let in") };
    let code = serde_json::from_str::<Value>(&body).map(|problem| problem["code"].as_str().unwrap_or_default().to_owned());
    (status, code.unwrap_or(body))
}

#[test]
fn it_takes_a_right_and_a_proof_and_no_token_stands_in_an_address() {
    let (house, _data, tokens) = peopled("", &[("anna", &["human"]), ("lamp", &["device"])]);
    let at = house.http();
    assert_eq!(refused(at, "/v1/stream", &[]), (401, "unauthorized".into()));
    assert_eq!(refused(at, "/v1/stream", &[("Authorization", "Bearer jamey_x")]), (401, "unauthorized".into()));
    assert_eq!(refused(at, "/v1/stream", &[("Authorization", &tokens[1])]), (403, "forbidden".into()));
    let secret = tokens[0].strip_prefix("Bearer ").unwrap();
    for name in ["token", "access_token", "authorization"] {
        assert_eq!(refused(at, &format!("/v1/stream?{name}={secret}"), &[]), (401, "unauthorized".into()));
        let with = format!("/v1/stream?{name}={secret}");
        assert_eq!(refused(at, &with, &[("Authorization", &tokens[0])]), (400, "request".into()));
    }
    assert!(Events::open(at, "/v1/events", &[]).is_err_and(|head| head.starts_with("HTTP/1.1 401")));
    assert!(Events::open(at, "/v1/events", &[("Authorization", &tokens[0])]).is_ok());
    let (_, hello) = Listener::open(at, "/v1/stream", &[("Authorization", &tokens[0])]);
    assert_eq!(hello["user"], "anna");
    // What is no WebSocket is told so.
    let plain = web::get(at, "/v1/stream", &[("Authorization", &tokens[0])]);
    assert_eq!((plain.status, plain.header("upgrade"), plain.json()["code"].as_str()), (426, Some("websocket"), Some("upgrade")));
    assert!(!house.said().contains(secret));
}

#[test]
fn a_ticket_lets_a_browser_in_once() {
    let (house, _data, tokens) = peopled("", &[("anna", &["human"]), ("lamp", &["device"])]);
    let at = house.http();
    let ticket = |token: &str| {
        let text = format!(
            "POST /v1/stream/ticket HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nAuthorization: {token}\r\nContent-Length: 0\r\n\r\n"
        );
        web::say(at, text.as_bytes()).unwrap()
    };
    assert_eq!(ticket(&tokens[1]).status, 403);
    let answer = ticket(&tokens[0]);
    assert_eq!(answer.status, 201);
    let path = format!("/v1/stream?kinds=verdict&ticket={}", answer.json()["ticket"].as_str().unwrap());
    let own = format!("http://{at}");
    let (_first, hello) = Listener::open(at, &path, &[("Origin", &own)]);
    assert_eq!(hello["user"], "anna");
    assert_eq!(refused(at, &path, &[("Origin", &own)]), (401, "unauthorized".into()), "it was used");
    assert_eq!(refused(at, "/v1/stream?ticket=", &[]), (401, "unauthorized".into()));
    let answer = ticket(&tokens[0]);
    assert!(Events::open(at, &format!("/v1/events?ticket={}", answer.json()["ticket"].as_str().unwrap()), &[]).is_ok());
}

#[test]
fn pages_of_other_origins_may_not_listen_unless_they_are_named() {
    let house = Plan::default().config("[http]\nallow_origins = [\"https://panel.example\"]\n").start();
    let at = house.http();
    for origin in ["https://evil.example", "null", "http://panel.example", "https://panel.example:8443"] {
        assert_eq!(refused(at, "/v1/stream", &[("Origin", origin)]), (403, "origin".into()), "{origin}");
        assert!(Events::open(at, "/v1/events", &[("Origin", origin)]).is_err_and(|head| head.starts_with("HTTP/1.1 403")), "{origin}");
    }
    for origin in [format!("http://{at}"), "https://panel.example".into()] {
        let _ = Listener::open(at, "/v1/stream", &[("Origin", &origin)]);
    }
    assert!(house.said().contains("a page of another origin wants to listen"));
}

#[test]
fn what_is_taken_away_is_gone_within_seconds() {
    let (house, data, tokens) = peopled("", &[("anna", &["human"]), ("bea", &["human"]), ("cleo", &["admin"])]);
    let at = house.http();
    let (mut by_token, _) = Listener::open(at, "/v1/stream", &[("Authorization", &tokens[0])]);
    let mut by_events = Events::open(at, "/v1/events", &[("Authorization", &tokens[0])]).unwrap();
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("bea:{PASSWORD}").as_bytes()));
    let (mut by_password, _) = Listener::open(at, "/v1/stream", &[("Authorization", &basic)]);
    let (mut stays, _) = Listener::open(at, "/v1/stream?kinds=verdict", &[("Authorization", &tokens[2])]);
    let list: Value = serde_json::from_str(&jamey(data.path(), &["token", "list", "--json"], "")).unwrap();
    let own = list["tokens"].as_array().unwrap().iter().find(|token| token["user"] == "anna").unwrap();
    jamey(data.path(), &["token", "revoke", own["id"].as_str().unwrap()], "");
    jamey(data.path(), &["user", "remove", "bea"], "");
    for ended in [&mut by_token, &mut by_password] {
        let (code, reason) = ended.closed();
        assert_eq!((code, reason.contains("holds no longer")), (1008, true), "{reason}");
    }
    by_events.ended();
    let mut panel = house.dial("panel").user("cleo", PASSWORD).open();
    assert!(lit(&mut panel, 1).taken());
    assert_eq!(stays.event("verdict")["entity"], "cleo");
}

#[test]
fn nobody_hears_what_his_own_lists_keep_from_him() {
    let lists = tempfile::tempdir().unwrap();
    let file = lists.path().join("acl.toml");
    // A reader may read by HTTP; of verdicts this one hears those on himself.
    std::fs::write(&file, "[roles.reader]\nrules = [\"allow subscribe jamey/verdict/rita\", \"allow publish lamps/#\"]\n").unwrap();
    let config = format!("[broker]\nacl = \"{}\"\n", file.display());
    let (house, _data, tokens) = peopled(&config, &[("rita", &["reader"]), ("anna", &["admin"])]);
    let at = house.http();
    let (mut rita, hello) = Listener::open(at, "/v1/stream?kinds=verdict,entity,system,emotion", &[("Authorization", &tokens[0])]);
    let (mut anna, _) = Listener::open(at, "/v1/stream?kinds=verdict", &[("Authorization", &tokens[1])]);
    let mut panel = house.dial("panel").user("anna", PASSWORD).open();
    let mut own = house.dial("own").user("rita", PASSWORD).open();
    assert!(lit(&mut panel, 1).taken() && lit(&mut own, 2).taken());
    assert_eq!((anna.event("verdict")["entity"].clone(), anna.event("verdict")["entity"].clone()), (json!("anna"), json!("rita")));
    assert_eq!(rita.said()["entity"], "rita", "and nothing before it");
    // Nor from the disk.
    let (mut again, _) = Listener::open(at, "/v1/stream?kinds=verdict&from=0.00000000", &[("Authorization", &tokens[0])]);
    assert_eq!(again.said()["entity"], "rita");
    assert!(hello["id"].is_string());
}
