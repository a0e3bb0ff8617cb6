//! The owner's own rules, set by HTTP: they judge the next request, outlive a kill, and are set whole or not at all.

use super::{
    site::{Site, is_problem},
    support::{web::say, *},
};
use serde_json::{Value, json};

pub const SOURCE: &str = "/v1/rules/source";
const NO_LAMP: &str = r#"
[[rule]]
id = "NO-LAMP"
duty = "security"
kind = "veto"
polarity = -1
weight = 10
severity = 1.0
when = "act.verb == 'on'"
[[rule.examples]]
fires = true
name = "somebody switches it on"
act = { verb = "on" }
[[rule.examples]]
fires = false
name = "somebody switches it off"
act = { verb = "off" }
"#;

#[test]
fn a_rule_that_is_set_judges_the_next_request_and_outlives_a_kill() {
    let mut site = Site::new();
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "allow");
    let (none, tag) = site.read("anna", SOURCE);
    assert_eq!((&none["text"], &none["set"], &none["milder"]), (&json!(""), &json!(false), &json!([])));
    let wanted = json!({"text": NO_LAMP});
    is_problem(&site.ask("anna", "PUT", SOURCE, &[], Some(&wanted)), 428, "precondition-required");
    is_problem(&site.put("anna", SOURCE, "\"other\"", &wanted), 412, "precondition-failed");
    for user in ["panel", "carl"] {
        is_problem(&site.put(user, SOURCE, &tag, &wanted), 403, "forbidden");
        is_problem(&site.get(user, SOURCE), 403, "forbidden");
    }
    assert_eq!(site.lamp(&mut panel), "allow", "nothing changed");

    let done = site.put("anna", SOURCE, &tag, &wanted);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(site.lamp(&mut panel), "deny");
    assert_eq!((&done.json()["text"], &done.json()["milder"]), (&json!(NO_LAMP), &json!([])));
    let (read, tag) = site.read("ada", SOURCE);
    assert_eq!((&read, tag.as_str()), (&done.json(), done.header("etag").unwrap()));
    assert_eq!(site.audited("anna", "rules.set"), 1);
    // What is set already is no change.
    assert_eq!(site.put("ada", SOURCE, &tag, &wanted).json(), read);
    assert_eq!(site.audited("ada", "rules.set"), 0);

    // The host sees the same set.
    let listed = site.told(&["rules", "list"]);
    let by_http: Vec<Value> = ["?limit=2", "?limit=2&cursor=MQ"]
        .iter()
        .flat_map(|page| site.get("carl", &format!("/v1/rules{page}")).json()["data"].as_array().unwrap().clone())
        .collect();
    assert_eq!(listed["rules"], json!(by_http));
    assert!(by_http.iter().any(|rule| rule["id"] == "NO-LAMP" && rule["file"] == "rules/own.toml"), "{by_http:?}");
    assert_eq!(site.told(&["rules", "check"])["rules"], 3);
    let (one, _) = site.read("carl", "/v1/rules/NO-LAMP");
    assert_eq!((&one["rule"]["kind"], &one["rule"]["own_weight"]), (&json!("veto"), &json!(10.0)));
    is_problem(&site.get("carl", "/v1/rules/NOTHING"), 404, "not-found");

    site.house.kill9();
    site.house.start();
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "deny", "it outlived the kill");
    assert_eq!(site.read("anna", SOURCE), (read.clone(), tag.clone()));

    let wrong = site.put("anna", SOURCE, &tag, &json!({"text": "[weights]\nNO-LAMP = 11\nLITTEL = 1\n"}));
    is_problem(&wrong, 422, "rules-refused");
    let errors = wrong.json()["errors"].clone();
    assert_eq!((&errors[0]["line"], &errors[0]["file"]), (&json!(2), &json!("rules/own.toml")), "{errors}");
    assert!(errors[0]["picture"].as_str().unwrap().contains('^') && errors.as_array().unwrap().len() > 1, "all of them: {errors}");
    assert_eq!((site.read("anna", SOURCE).0, site.lamp(&mut panel).as_str()), (read, "deny"), "nothing changed");

    is_problem(&site.ask("anna", "DELETE", SOURCE, &[], None), 428, "precondition-required");
    is_problem(&site.ask("anna", "DELETE", SOURCE, &[("If-Match", "\"other\"")], None), 412, "precondition-failed");
    let gone = site.ask("ada", "DELETE", SOURCE, &[("If-Match", &tag)], None);
    assert_eq!((gone.status, &gone.json()["set"]), (200, &json!(false)));
    assert_eq!(site.lamp(&mut panel), "allow");
    site.on_record("ada", "rules.set");
}

#[test]
fn what_takes_care_away_is_said_and_raises_the_alert_of_what_is_milder() {
    let mut site = Site::new();
    let alert = |site: &Site| {
        let page = site.get("carl", "/v1/alerts").json();
        page["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|alert| alert["code"] == "guard-milder")
            .map(|alert| alert["text"].as_str().unwrap().to_owned())
    };
    let (_, tag) = site.read("anna", SOURCE);
    let done = site.put("anna", SOURCE, &tag, &json!({"text": "without = [\"ASK\"]\n[weights]\nLITTLE = 9.0\n"})).json();
    assert_eq!(done["milder"], json!(["ASK is gone", "LITTLE weighs 9, not 1"]));
    wait_until("it is told", PATIENCE, || alert(&site).is_some_and(|text| text.contains("ASK is gone")));
    site.house.kill9();
    site.house.start();
    wait_until("it is told after a start too", PATIENCE, || alert(&site).is_some_and(|text| text.contains("LITTLE weighs 9")));
    let (_, tag) = site.read("anna", SOURCE);
    assert_eq!(site.put("anna", SOURCE, &tag, &json!({"text": "[weights]\nLITTLE = 0.5\n"})).json()["milder"], json!([]));
    wait_until("it is over", PATIENCE, || alert(&site).is_none());
}

#[test]
fn a_file_is_checked_and_nothing_changes_by_that() {
    let site = Site::new();
    let check = |body: &Value| site.post("anna", "/v1/rules/check", body);
    let good = check(&json!({"text": NO_LAMP, "name": "lamp.toml"}));
    assert_eq!(good.status, 200, "{good:?}");
    let good = good.json();
    assert_eq!((&good["good"], &good["rules"], &good["errors"], &good["milder"]), (&json!(true), &json!(3), &json!([]), &json!([])));
    let bad = check(&json!({"text": NO_LAMP.replace("act.verb ==", "act.verp =="), "name": "lamp.toml"})).json();
    assert_eq!(
        (&bad["good"], &bad["rules"], &bad["errors"][0]["line"], &bad["errors"][0]["column"]),
        (&json!(false), &Value::Null, &json!(9), &json!(12)),
        "{bad}"
    );
    assert!(bad["errors"][0]["picture"].as_str().unwrap().contains("lamp.toml:9:12, rule `NO-LAMP`"), "{bad}");
    let replaced = check(&json!({"text": "[[rule]]\nid = \"LITTLE\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = 1\nweight = 1\nseverity = 0.5\nwhen = \"act.verb == 'on'\"\n"})).json();
    assert_eq!((&replaced["replaced"], &replaced["milder"]), (&json!(["LITTLE"]), &json!(["LITTLE is another rule"])));
    assert_eq!(site.get("carl", "/v1/rules").json()["data"].as_array().unwrap().len(), 2, "nothing changed");
    is_problem(&check(&json!({"text": "", "name": ""})), 400, "request");
    is_problem(&check(&json!({"text": "", "name": "x".repeat(65)})), 400, "request");
    assert_eq!(check(&json!({"text": "", "name": "x".repeat(64)})).json()["good"], true);
    is_problem(&site.post("panel", "/v1/rules/check", &json!({"text": ""})), 403, "forbidden");
}

#[test]
fn a_file_as_long_as_may_be_however_it_is_written_and_one_past() {
    let site = Site::new();
    let most = 64 * 1_024;
    let check = |text: String| site.post("anna", "/v1/rules/check", &json!({"text": text}));
    assert_eq!(check("#".repeat(most)).json()["good"], true);
    is_problem(&check("#".repeat(most + 1)), 400, "request");
    let (_, tag) = site.read("anna", SOURCE);
    is_problem(&site.put("anna", SOURCE, &tag, &json!({"text": "#".repeat(most + 1)})), 400, "request");
    assert_eq!(site.put("anna", SOURCE, &tag, &json!({"text": "#".repeat(most)})).status, 200);
    // Each character in twelve bytes, as JSON may have it.
    let raw = |path: &str, body: &str| {
        let length = body.len().to_string();
        let head = site.said("anna", "POST", path, &[("Content-Type", "application/json"), ("Content-Length", &length)], None);
        say(site.house.http(), format!("{head}{body}").as_bytes()).unwrap()
    };
    let longest = format!(r##"{{"text":"#{}"}}"##, r"\ud83d\ude00".repeat(most - 1));
    assert_eq!(raw("/v1/rules/check", &longest).json()["good"], true);
    let body = |bytes: usize| r#"{"text":""}"#.to_owned() + &" ".repeat(bytes - 11);
    let most = most * 12 + 4 * 1_024;
    assert_eq!(raw("/v1/rules/check", &body(most)).json()["good"], true);
    is_problem(&raw("/v1/rules/check", &body(most + 1)), 413, "too-large");
    is_problem(&raw("/v1/entities/probe/relate", &body(64 * 1_024 + 1)), 413, "too-large");
}

#[test]
fn who_reads_sees_what_judges_and_not_what_is_written_beside_it() {
    let site = Site::new();
    let secret = "the key hangs behind the shed";
    let (_, tag) = site.read("anna", SOURCE);
    let text = format!("# {secret}\n{NO_LAMP}\n[weights]\nLITTLE = 9.0 # {secret}\n");
    assert_eq!(site.put("anna", SOURCE, &tag, &json!({"text": text})).status, 200);
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "deny");
    let percept = site.get("carl", "/v1/verdicts?limit=1").json()["data"][0]["percept"].as_str().unwrap().to_owned();
    let one = site.get("carl", "/v1/rules/NO-LAMP");
    assert_eq!(one.json()["rule"]["when"], "act.verb == 'on'", "what a verdict is given by is no secret");
    wait_until("it is told as milder", PATIENCE, || site.get("carl", "/v1/alerts").body.contains("guard-milder"));
    // And what is wrong with it after somebody wrote into the file.
    std::fs::write(site.house.data().join("rules/own.toml"), format!("[weights]\nNOTHING = 1 # {secret}\n")).unwrap();
    wait_until("the mistake is told", PATIENCE, || site.get("carl", "/v1/alerts").body.contains("NOTHING"));
    let explained = format!("/v1/verdicts/{percept}");
    for path in
        ["/v1/rules", "/v1/rules/NO-LAMP", "/v1/rules/LITTLE", "/v1/rules/shadow", "/v1/alerts", "/v1/audit", "/v1/glance", &explained]
    {
        let answer = site.get("carl", path);
        assert!(answer.status == 200 && !answer.body.contains(secret), "{path}: {answer:?}");
    }
    is_problem(&site.get("carl", SOURCE), 403, "forbidden");
}

#[test]
fn of_two_who_set_rules_over_the_same_one_wins() {
    let site = Site::new();
    for n in 0..4 {
        let (_, tag) = site.read("anna", SOURCE);
        let text = |user: &str| format!("# {n} by {user}\n");
        let texts = ["anna", "ada"].map(|user| site.said(user, "PUT", SOURCE, &[("If-Match", &tag)], Some(&json!({"text": text(user)}))));
        let at = site.house.http();
        let mut came: Vec<u16> = std::thread::scope(|scope| {
            let both = texts.each_ref().map(|text| scope.spawn(move || say(at, text.as_bytes()).unwrap().status));
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let won = if came[0] == 200 { "anna" } else { "ada" };
        came.sort_unstable();
        assert_eq!((came, &site.read("anna", SOURCE).0["text"]), (vec![200, 412], &json!(text(won))));
    }
}

#[test]
fn a_kill_in_the_middle_leaves_what_was_there_or_what_was_to_be() {
    let mut site = Site::new();
    let mut last = String::new();
    for round in 0..5_usize {
        let at = site.house.http();
        let (mut tag, mut tried) = (site.read("anna", SOURCE).1, last.clone());
        std::thread::scope(|scope| {
            let (site_, last, tried) = (&site, &mut last, &mut tried);
            let writing = scope.spawn(move || {
                for n in 0.. {
                    *tried = format!("# round {round}, {n}\n{}", "# so long that it is not written at once\n".repeat(500));
                    let said = site_.said("anna", "PUT", SOURCE, &[("If-Match", &tag)], Some(&json!({"text": *tried})));
                    let Ok(answer) = std::panic::catch_unwind(|| say(at, said.as_bytes())) else { return };
                    let Some(answer) = answer.filter(|answer| answer.status == 200) else { return };
                    (*last).clone_from(tried);
                    answer.header("etag").unwrap().clone_into(&mut tag);
                }
            });
            let set = site.house.count("select count(*) from audit_log where action = 'rules.set'", []);
            let enough = set + 1 + i64::try_from(round).unwrap();
            wait_until("some were set", PATIENCE, || {
                site.house.count("select count(*) from audit_log where action = 'rules.set'", []) > enough
            });
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(site.house.pid().cast_signed()), nix::sys::signal::Signal::SIGKILL).unwrap();
            writing.join().unwrap();
        });
        site.house.kill9();
        site.house.start();
        let now = site.read("anna", SOURCE).0["text"].as_str().unwrap().to_owned();
        assert!(now == last || now == tried, "neither what was acknowledged last nor what was on its way: {now:.40}");
        last = now;
    }
}

#[test]
fn what_was_spoilt_by_hand_stops_a_start_and_is_named() {
    let mut site = Site::new();
    let (_, tag) = site.read("anna", SOURCE);
    assert_eq!(site.put("anna", SOURCE, &tag, &json!({"text": NO_LAMP})).status, 200);
    let own = site.house.data().join("rules/own.toml");
    std::fs::write(&own, "[weights]\nNOTHING = 1\n").unwrap();
    let alert = || site.get("carl", "/v1/alerts").json()["alerts"].as_array().unwrap().iter().any(|alert| alert["code"] == "rules");
    wait_until("it is told while it runs", PATIENCE, alert);
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "deny", "the old ones hold");
    site.house.stop();
    let (code, out) = site.host(&["check"]);
    assert!(code != 0 && out.contains("rules/own.toml:2:1") && out.contains("NOTHING"), "{code} {out}");
    std::fs::remove_file(own).unwrap();
    site.house.start();
    let mut panel = site.sign_in("panel");
    assert_eq!(site.lamp(&mut panel), "allow");
}
