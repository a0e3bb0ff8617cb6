//! Browsers: who logs in, what a page of another origin can have a browser do, and when it is over.

use super::{
    people::{self, PASSWORD, Peopled, ask, is_problem, jamey},
    support::{
        listener::{Events, Listener},
        web::{Answer, get},
        *,
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::Write,
    net::{SocketAddr, TcpStream},
    path::Path,
};

const OWN: (&str, &str) = ("X-Jamey", "1");

fn log_in(at: SocketAddr, body: &Value, headers: &[(&str, &str)]) -> Answer {
    ask(at, "POST", "/session", headers, &body.to_string())
}

fn by_password(user: &str) -> Value {
    json!({"user": user, "password": PASSWORD})
}

/// What the browser says from then on.
#[track_caller]
fn cookie(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn status(at: SocketAddr, cookie: &str) -> u16 {
    get(at, "/v1/audit", &[("Cookie", cookie)]).status
}

/// There is a door, and nothing else is told.
#[track_caller]
fn is_nobody(answer: &Answer) {
    let nobody = json!({"user": null, "roles": [], "reads": false, "changes": false, "version": null, "expires_at": null, "open": false});
    assert_eq!((answer.status, answer.json()), (200, nobody));
}

fn listens(at: SocketAddr, cookie: &str) -> (Listener, Events) {
    let own = format!("http://{at}");
    let (socket, _) = Listener::open(at, "/v1/stream", &[("Cookie", cookie), ("Origin", &own)]);
    (socket, Events::open(at, "/v1/events", &[("Cookie", cookie)]).unwrap())
}

#[track_caller]
fn both_end((mut socket, mut events): (Listener, Events)) {
    assert_eq!(socket.closed().0, 1008);
    events.ended();
}

#[test]
fn a_password_or_a_token_logs_in_and_the_cookie_is_a_key() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    is_nobody(&get(at, "/session", &[]));
    is_problem(&get(at, "/session", &[("Authorization", "Bearer jamey_no")]), 401, "unauthorized");
    let begun = log_in(at, &by_password("anna"), &[]);
    let set = begun.header("set-cookie").unwrap();
    let (pair, flags) = set.split_once("; ").unwrap();
    assert_eq!(flags, "Path=/; Max-Age=604800; HttpOnly; SameSite=Strict", "without TLS a browser would keep no secure one");
    assert!(pair.starts_with("jamey=") && pair.len() == 49, "{set}");
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    let told = begun.json();
    assert_eq!((told["user"].as_str(), told["reads"].as_bool(), told["changes"].as_bool()), (Some("anna"), Some(true), Some(true)));
    assert_eq!((told["roles"].clone(), told["open"].as_bool()), (json!(["admin", "approver", "operator"]), Some(false)));
    let anna = cookie(&begun);
    let mut again = get(at, "/session", &[("Cookie", &anna)]).json();
    assert!(again["expires_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{again}");
    again["expires_at"] = told["expires_at"].clone();
    assert_eq!(again, told);
    // It reads, and it writes as its user.
    assert_eq!((status(at, &anna), get(at, "/v1/config", &[("Cookie", &anna)]).status), (200, 200));
    let ticket = ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &anna), OWN], "");
    let path = format!("/v1/events?ticket={}", ticket.json()["ticket"].as_str().unwrap());
    let mut by_ticket = Events::open(at, &path, &[]).unwrap();
    // By token: its roles, and no more.
    let narrow = jamey(peopled.data.path(), &["token", "create", "--user", "anna", "--role", "operator"], "");
    wait_until("the token is known", PATIENCE, || log_in(at, &json!({"token": narrow}), &[]).status == 201);
    let begun = log_in(at, &json!({"token": narrow}), &[]);
    assert_eq!(begun.json()["roles"], json!(["operator"]));
    is_problem(&get(at, "/v1/config", &[("Cookie", &cookie(&begun))]), 403, "forbidden");
    let rita = log_in(at, &json!({"token": peopled.token("rita")}), &[]);
    assert_eq!((rita.json()["changes"].clone(), rita.json()["user"].clone()), (json!(false), json!("rita")));
    // Whoever shows a key himself is told as well, and has no session.
    let with_key = get(at, "/session", &[("Authorization", &peopled.bearer("rita"))]).json();
    assert_eq!((with_key["user"].as_str(), &with_key["expires_at"]), (Some("rita"), &Value::Null));
    // The way out.
    let listening = listens(at, &anna);
    let gone = ask(at, "DELETE", "/session", &[("Cookie", &anna), OWN], "");
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(gone.header("set-cookie"), Some("jamey=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"));
    is_nobody(&get(at, "/session", &[("Cookie", &anna)]));
    assert_eq!(status(at, &anna), 401);
    is_problem(&ask(at, "DELETE", "/session", &[("Cookie", &anna), OWN], ""), 401, "unauthorized");
    is_problem(&ask(at, "DELETE", "/session", &[], ""), 401, "unauthorized");
    both_end(listening);
    by_ticket.ended();
    for action in ["login", "logout"] {
        wait_until(action, PATIENCE, || {
            let sql = "SELECT count(*) FROM audit_log WHERE action = ?1 AND actor = 'anna' AND detail = 'from 127.0.0.1 by HTTP'";
            peopled.house.count(sql, [action]) >= 1
        });
    }
}

#[test]
fn who_is_wrong_or_may_not_read_gets_no_cookie_and_waits_like_any_other() {
    let peopled = Peopled::start("[limits]\nfailed_logins = 3\n");
    let at = peopled.at();
    let too_narrow = log_in(at, &by_password("lamp"), &[]);
    is_problem(&too_narrow, 403, "forbidden");
    let senseless = [
        json!({}),
        json!({"user": "anna"}),
        json!({"password": PASSWORD}),
        json!({"user": "anna", "password": PASSWORD, "token": peopled.token("anna")}),
        json!({"user": "anna", "password": 5}),
        json!({"user": "anna", "password": PASSWORD, "admin": true}),
    ];
    for wrong in senseless {
        is_problem(&log_in(at, &wrong, &[]), 400, "request");
    }
    is_problem(&ask(at, "POST", "/session", &[], ""), 415, "media-type");
    let form = format!(
        "POST /session HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
        by_password("anna").to_string().len(),
        by_password("anna")
    );
    is_problem(&web::say(at, form.as_bytes()).unwrap(), 415, "media-type");
    assert!(!peopled.house.said().contains("fails again"));
    for (n, wrong) in
        [json!({"user": "anna", "password": "guess"}), json!({"user": "nobody", "password": "guess"}), json!({"token": "jamey_guess"})]
            .into_iter()
            .enumerate()
    {
        let answer = log_in(at, &wrong, &[]);
        is_problem(&answer, 401, "unauthorized");
        assert_eq!(answer.header("set-cookie"), None, "{n}");
    }
    assert!(!peopled.house.said().contains("fails again"), "so many are free");
    // The fourth, whichever way it is said.
    is_problem(&log_in(at, &json!({"user": "anna", "password": "guess"}), &[]), 401, "unauthorized");
    assert!(peopled.house.said().contains("`anna` from 127.0.0.1 fails again: its answer waits"));
    wait_until("it is on record", PATIENCE, || {
        peopled.house.count("SELECT count(*) FROM audit_log WHERE action = 'connect.refused' AND detail LIKE 'by HTTP%'", []) >= 1
    });
    // What is right is answered at once.
    assert_eq!(status(at, &cookie(&log_in(at, &by_password("anna"), &[]))), 200);
}

#[test]
fn who_hangs_up_while_he_guesses_guesses_no_faster() {
    let peopled = Peopled::start("[limits]\nfailed_logins = 2\n");
    let at = peopled.at();
    assert_eq!(log_in(at, &by_password("anna"), &[]).status, 201);
    let guess = json!({"user": "anna", "password": "guess"}).to_string();
    let refused = |kind: &str| {
        let figures = get(at, "/metrics", &[("Authorization", &peopled.bearer("anna"))]).body;
        let count = |line: &str| line.strip_prefix(&format!("jamey_refusals_total{{kind=\"{kind}\"}} "))?.parse::<f64>().ok();
        figures.lines().find_map(count).unwrap_or_default()
    };
    wait_until("nothing more is verified", PATIENCE, || {
        let (before, mut stream) = (refused("login"), TcpStream::connect(at).unwrap());
        let head =
            format!("POST /session HTTP/1.1\r\nHost: {at}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", guess.len());
        stream.write_all(format!("{head}{guess}").as_bytes()).unwrap();
        // Until what is right would have been answered, and then away.
        wait_until("it was looked at", PATIENCE, || refused("login") > before);
        drop(stream);
        refused("login-unverified") > 0.0
    });
    assert_eq!(log_in(at, &by_password("anna"), &[]).status, 201, "who was right before comes in");
    wait_until("who was not is verified again", PATIENCE, || log_in(at, &by_password("rita"), &[]).status == 201);
}

#[test]
fn a_login_takes_from_the_buckets_that_a_key_takes_from() {
    let peopled = Peopled::start("[http]\nrequests_per_second = 1\nburst = 8\n");
    let at = peopled.at();
    let anna = cookie(&log_in(at, &by_password("anna"), &[]));
    let of_session = get(at, "/v1/audit", &[("Cookie", &anna)]);
    assert_eq!(of_session.header("ratelimit-policy"), Some("\"key\";q=8;w=8"));
    // The same user by password has the same bucket: sessions are no more keys.
    let other = cookie(&log_in(at, &by_password("anna"), &[]));
    let by_basic = || get(at, "/v1/audit", &[("Authorization", &people::basic("anna"))]).status;
    wait_until("it is empty for all of them", PATIENCE, || {
        let too_many = || log_in(at, &by_password("anna"), &[]).status == 429;
        [status(at, &anna), status(at, &other), by_basic()] == [429; 3] && too_many()
    });
    // Guesses and cookies that are none take from the address, and keep nobody out who has a key, or says the right password.
    let rita = cookie(&log_in(at, &by_password("rita"), &[]));
    let garbage = format!("jamey={}", "A".repeat(43));
    wait_until("it is empty for what shows no right one", PATIENCE, || {
        let guess = log_in(at, &json!({"token": "jamey_no"}), &[]).status;
        [guess, status(at, &garbage), get(at, "/", &[]).status] == [429; 3]
    });
    assert_eq!(status(at, &rita), 200);
    assert_eq!(ask(at, "DELETE", "/session", &[("Cookie", &rita), OWN], "").status, 204);
    assert_eq!(log_in(at, &json!({"token": peopled.token("rita")}), &[]).status, 201);
}

#[test]
fn nothing_unsafe_is_done_with_a_cookie_that_a_page_of_this_host_did_not_mean() {
    let peopled = Peopled::start("[http]\nallow_origins = [\"https://panel.example\"]\nrequests_per_second = 0\n");
    let at = peopled.at();
    let anna = cookie(&log_in(at, &by_password("anna"), &[]));
    let mut unsafe_routes: Vec<(String, String)> =
        super::routes(&peopled).into_iter().filter(|(method, ..)| method != "GET").map(|(method, _, path)| (method, path)).collect();
    unsafe_routes.extend([("POST".into(), "/session".into()), ("DELETE".into(), "/session".into())]);
    assert!(unsafe_routes.len() > 15, "{unsafe_routes:?}");
    let own = format!("http://{at}");
    let foreign: [&[(&str, &str)]; 12] = [
        &[],
        &[("X-Jamey", "0")],
        &[OWN, OWN],
        &[OWN, ("Origin", "https://evil.example")],
        &[OWN, ("Origin", "https://panel.example")],
        &[OWN, ("Origin", "null")],
        &[OWN, ("Origin", &own.replace("http:", "https:"))],
        &[OWN, ("Origin", &own.replace("127.0.0.1", "localhost"))],
        &[OWN, ("Origin", &own), ("Origin", &own)],
        &[OWN, ("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        &[OWN, ("Sec-Fetch-Site", "same-site")],
        &[OWN, ("Sec-Fetch-Site", "none")],
    ];
    for (method, path) in &unsafe_routes {
        for more in foreign {
            let headers: Vec<(&str, &str)> = [("Cookie", anna.as_str())].into_iter().chain(more.iter().copied()).collect();
            let answer = ask(at, method, path, &headers, "{}");
            is_problem(&answer, 403, "csrf");
            assert_eq!((answer.header("set-cookie"), answer.header("access-control-allow-credentials")), (None, None), "{method} {path}");
        }
    }
    assert_eq!(status(at, &anna), 200, "nobody ended it");
    // A page of this host does what its user may.
    let meant = [("Cookie", anna.as_str()), OWN, ("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(ask(at, "POST", "/v1/rules/check", &meant, r#"{"text":""}"#).status, 200);
    assert_eq!(ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &anna), OWN], "").status, 201, "and who is no browser says it too");
    // Nor does a page of another origin have somebody work in a session of its own.
    for more in [[("Origin", "https://evil.example")], [("Origin", "https://panel.example")], [("Sec-Fetch-Site", "cross-site")]] {
        is_problem(&log_in(at, &by_password("anna"), &more), 403, "csrf");
    }
    // Behind a proxy that speaks TLS this host is another one, and so is its cookie.
    let host = ("Host", "jamey.example");
    let proxied = [host, ("X-Forwarded-Proto", "https"), ("Origin", "https://jamey.example")];
    let begun = log_in(at, &by_password("anna"), &proxied);
    let secure = cookie(&begun);
    assert!(secure.starts_with("__Host-jamey=") && begun.header("set-cookie").unwrap().ends_with("; Secure"), "{begun:?}");
    let headers: Vec<(&str, &str)> = proxied.into_iter().chain([("Cookie", secure.as_str()), OWN]).collect();
    assert_eq!(ask(at, "POST", "/v1/stream/ticket", &headers, "").status, 201);
    is_problem(&log_in(at, &by_password("anna"), &[host, ("Origin", "https://jamey.example")]), 403, "csrf");
    assert_eq!(status(at, &secure), 401, "it is said through TLS alone");
    assert!(peopled.house.said().contains("a page that is not Jamey's has a browser ask"));
}

#[test]
fn a_page_of_another_origin_hears_nothing_with_a_cookie() {
    let peopled = Peopled::start("[http]\nallow_origins = [\"https://panel.example\"]\n");
    let at = peopled.at();
    let anna = cookie(&log_in(at, &by_password("anna"), &[]));
    let own = format!("http://{at}");
    let code = |path: &str, more: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = [("Cookie", anna.as_str())].into_iter().chain(more.iter().copied()).collect();
        match Listener::try_open(at, path, &headers) {
            Ok(_) => (101, String::new()),
            Err((status, body)) => (status, serde_json::from_str::<Value>(&body).unwrap()["code"].as_str().unwrap().to_owned()),
        }
    };
    for origin in ["https://evil.example", "https://panel.example", "null", "http://localhost", &own.replace("http:", "https:")] {
        assert_eq!(code("/v1/stream", &[("Origin", origin)]), (403, "origin".into()), "{origin}");
        let headers = [("Cookie", anna.as_str()), ("Origin", origin)];
        assert!(Events::open(at, "/v1/events", &headers).is_err_and(|head| head.starts_with("HTTP/1.1 403")), "{origin}");
    }
    assert_eq!(code("/v1/stream", &[]), (403, "origin".into()), "a browser says whose page it is");
    assert_eq!(code("/v1/stream", &[("Origin", &own), ("Sec-Fetch-Site", "cross-site")]), (403, "origin".into()));
    assert_eq!(code("/v1/stream", &[("Origin", &own)]).0, 101);
    // With a ticket, which a page must be given, what the config says counts.
    let ticket = ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &anna), OWN], "").json();
    let path = format!("/v1/stream?ticket={}", ticket["ticket"].as_str().unwrap());
    assert_eq!(code(&path, &[("Origin", "https://panel.example")]).0, 101);
    // What it can have read it is not told.
    let read = get(at, "/v1/audit", &[("Cookie", &anna), ("Origin", "https://panel.example")]);
    assert_eq!((read.status, read.header("access-control-allow-credentials")), (200, None));
}

/// Peopled with somebody's session, and both ways to listen open.
fn listening(user: &str, body: impl Fn(&Peopled) -> Value) -> (Peopled, String, (Listener, Events)) {
    let peopled = Peopled::start("");
    let at = peopled.at();
    let cookie = cookie(&log_in(at, &body(&peopled), &[]));
    assert_eq!(get(at, "/session", &[("Cookie", &cookie)]).json()["user"], user);
    let listening = listens(at, &cookie);
    (peopled, cookie, listening)
}

#[track_caller]
fn is_over(peopled: &Peopled, cookie: &str, listening: (Listener, Events)) {
    both_end(listening);
    wait_until("the session is over", PATIENCE, || status(peopled.at(), cookie) == 401);
    is_nobody(&get(peopled.at(), "/session", &[("Cookie", cookie)]));
}

#[test]
fn a_session_ends_with_its_user() {
    let (peopled, cookie, listening) = listening("rita", |_| by_password("rita"));
    jamey(peopled.data.path(), &["user", "remove", "rita"], "");
    is_over(&peopled, &cookie, listening);
}

#[test]
fn a_session_ends_with_its_password_and_with_the_process() {
    let (mut peopled, old, listening) = listening("rita", |_| by_password("rita"));
    let anna = cookie(&log_in(peopled.at(), &by_password("anna"), &[]));
    jamey(peopled.data.path(), &["user", "password", "rita"], "another long one\n");
    is_over(&peopled, &old, listening);
    assert_eq!(status(peopled.at(), &anna), 200, "others are not meant");
    peopled.house.stop();
    peopled.house.start();
    assert_eq!(status(peopled.at(), &anna), 401, "nothing of it is on the disk");
}

#[test]
fn a_session_ends_with_its_token() {
    let (peopled, cookie, listening) = listening("rita", |peopled| json!({"token": peopled.token("rita")}));
    peopled.revoke("rita");
    is_over(&peopled, &cookie, listening);
}

#[test]
fn one_past_a_users_share_the_longest_unused_ends_and_no_session_is_another_ones() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    let all: Vec<String> = (0..17).map(|_| cookie(&log_in(at, &by_password("anna"), &[]))).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 17, "each is called otherwise");
    assert_eq!((status(at, &all[0]), status(at, &all[1]), status(at, &all[16])), (401, 200, 200));
    // Whoever logs in while he is logged in gets a new one, and what was there before, or was put there by somebody, opens nothing.
    let (before, planted) = (&all[16], format!("jamey={}", "B".repeat(43)));
    let after = cookie(&log_in(at, &by_password("rita"), &[("Cookie", before), OWN]));
    assert_eq!((status(at, before), status(at, &after)), (401, 200));
    let other = cookie(&log_in(at, &by_password("rita"), &[("Cookie", &planted), OWN]));
    assert!(other != planted && status(at, &planted) == 401);
    // A wrong login ends nothing.
    is_problem(&log_in(at, &json!({"user": "rita", "password": "guess"}), &[("Cookie", &other), OWN]), 401, "unauthorized");
    assert_eq!(status(at, &other), 200);
}

#[test]
fn a_key_counts_before_a_cookie_and_what_is_none_is_none() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    let (anna, rita) = (cookie(&log_in(at, &by_password("anna"), &[])), cookie(&log_in(at, &by_password("rita"), &[])));
    let whose = |headers: &[(&str, &str)]| {
        let answer = get(at, "/session", headers);
        (answer.status, answer.json()["user"].as_str().map(str::to_owned))
    };
    let key = peopled.bearer("rita");
    assert_eq!(whose(&[("Cookie", &anna), ("Authorization", &key)]), (200, Some("rita".into())));
    assert_eq!(whose(&[("Cookie", &anna), ("Authorization", "Bearer jamey_no")]).0, 401, "a wrong key is not overlooked");
    // A key needs no page's word, also where there is a cookie.
    assert_eq!(ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &anna), ("Authorization", &key)], "").status, 201);
    let both = [("Cookie", anna.as_str()), ("Authorization", key.as_str())];
    is_problem(&ask(at, "DELETE", "/session", &both, ""), 403, "csrf");
    let among = format!("theme=dark; {rita}; =; ;;x");
    assert_eq!(whose(&[("Cookie", &among)]), (200, Some("rita".into())));
    assert_eq!(whose(&[("Cookie", "theme=dark"), ("Cookie", &rita)]), (200, Some("rita".into())));
    for two in [format!("{anna}; {rita}"), format!("{rita}; {rita}"), format!("{rita}; jamey=x")] {
        is_problem(&get(at, "/v1/audit", &[("Cookie", &two)]), 400, "cookie");
    }
    is_problem(&get(at, "/v1/audit", &[("Cookie", &anna), ("Cookie", &rita)]), 400, "cookie");
    let value = anna.strip_prefix("jamey=").unwrap();
    for garbage in [
        "jamey=".to_owned(),
        "jamey".into(),
        format!("jamey=\"{value}\""),
        format!("jamey={}", &value[1..]),
        format!("jamey={value}A"),
        format!("jamey={}", value.to_lowercase()),
        format!("Jamey={value}"),
        format!("__Host-jamey={value}"),
        format!("jamey={}", peopled.token("anna")),
        "jamey=%00%0d%0a".into(),
        format!("jamey={}", "x".repeat(10_000)),
        "\u{e4}=\u{e4}; jamey=\u{e4}".into(),
    ] {
        is_problem(&get(at, "/v1/audit", &[("Cookie", &garbage)]), 401, "unauthorized");
    }
}

#[test]
fn no_cookie_is_in_the_log_or_on_record_or_in_an_answer() {
    let peopled = Peopled::start("[log]\nfilter = \"trace\"\n");
    let at = peopled.at();
    let anna = cookie(&log_in(at, &by_password("anna"), &[]));
    let value = anna.strip_prefix("jamey=").unwrap().to_owned();
    let secret = json!({"user": peopled.token("rita"), "password": ""});
    is_problem(&log_in(at, &secret, &[]), 401, "unauthorized");
    let basic = format!("Basic {}", people::encoded(&format!("{}:", peopled.token("rita"))));
    is_problem(&get(at, "/v1/audit", &[("Authorization", &basic)]), 401, "unauthorized");
    for path in ["/v1/audit".to_owned(), "/session".into(), format!("/v1/audit?session={value}"), "/nothing".into()] {
        let answer = get(at, &path, &[("Cookie", &anna)]);
        assert!(!answer.body.contains(&value) && answer.header("set-cookie").is_none(), "{path}");
    }
    ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &anna)], "");
    ask(at, "DELETE", "/session", &[("Cookie", &anna), OWN], "");
    let whole = |folder: &Path| {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            all.extend(std::fs::read(entry.path()).unwrap_or_default());
        }
        all
    };
    wait_until("it is on record", PATIENCE, || peopled.house.count("SELECT count(*) FROM audit_log WHERE action = 'logout'", []) == 1);
    let (said, kept) = (peopled.house.said(), whole(peopled.house.data()));
    for (what, secret) in [("the cookie", value.as_str()), ("the password", PASSWORD), ("the token", &peopled.token("rita")[12..])] {
        assert!(!said.contains(secret), "the log holds {what}: {:?}", said.lines().find(|line| line.contains(secret)));
        assert!(!kept.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "the data folder holds {what}");
    }
}

#[test]
fn a_script_is_told_of_no_password_that_its_browser_could_ask_for() {
    let peopled = Peopled::start("");
    let ways = |headers: &[(&str, &str)]| get(peopled.at(), "/v1/audit", headers).header("www-authenticate").unwrap().to_owned();
    for script in [OWN, ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Mode", "same-origin")] {
        assert_eq!(ways(&[script]), "Bearer realm=\"jamey\"");
    }
    for person in [&[][..], &[("Sec-Fetch-Mode", "navigate")]] {
        assert!(ways(person).contains("Basic"));
    }
}

#[test]
fn an_open_house_has_nothing_to_log_in_to_and_says_so() {
    let house = house();
    let at = house.http();
    let told = get(at, "/session", &[]).json();
    assert_eq!(
        (&told["user"], &told["roles"], &told["open"], &told["reads"], &told["changes"], &told["expires_at"]),
        (&Value::Null, &json!([]), &json!(true), &json!(true), &json!(false), &Value::Null)
    );
    is_nobody(&get(at, "/session", &[("Host", "evil.example")]));
    is_problem(&log_in(at, &by_password("anna"), &[]), 401, "unauthorized");
    // A cookie from elsewhere at this host changes nothing.
    let stale = format!("jamey={}", "A".repeat(43));
    assert_eq!(get(at, "/v1/broker", &[("Cookie", &stale)]).status, 200);
    assert_eq!(get(at, "/v1/broker", &[("Cookie", &stale), ("Host", "evil.example")]).status, 401);
}
