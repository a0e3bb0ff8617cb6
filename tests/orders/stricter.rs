//! Profile and strictness: a verdict near the bar is another one, and what cannot be checked changes nothing.

use super::scene::*;
use serde_json::json;

#[test]
fn a_little_stricter_a_request_near_the_bar_is_asked_about() {
    let scene = Scene::with("");
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    let mut panel = scene.sign_in("panel");
    let (decision, bar) = scene.lamp(&mut panel);
    assert_eq!(decision, "allow");
    let told = scene.order(&mut anna, "strictness", &json!({"strictness": 0.3, "transaction": 4}));
    assert_eq!((&told["data"]["holds"], &told["transaction"]), (&json!(0.3), &json!(4)), "{told}");
    let (decision, stricter) = scene.lamp(&mut panel);
    assert_eq!(decision, "escalate");
    assert!((stricter - bar - 0.3).abs() < 0.02, "{bar} then, {stricter} now");
    // A hundredth more or less is told too.
    for number in [0.29, 0.28] {
        scene.order(&mut anna, "strictness", &json!({"strictness": number}));
        scene.info("strictness", &json!(number));
    }
    scene.order(&mut anna, "strictness", &json!({"strictness": "config"}));
    assert_eq!(scene.lamp(&mut panel).0, "allow");
    scene.on_record("anna", "rules.strictness", "0.3");
    scene.on_record("anna", "rules.strictness", "0.0");
}

#[test]
fn another_profile_and_strictness_add_up_and_end_at_three_tenths() {
    let scene = Scene::with("");
    let mut ada = scene.sign_in("ada").listen("jamey/reply/#", 1);
    let mut panel = scene.sign_in("panel");
    let (_, bar) = scene.lamp(&mut panel);
    for (order, more) in [
        (json!({"profile": "strict"}), 0.1),
        (json!({"strictness": 0.05}), 0.15),
        (json!({"strictness": 0.3}), 0.3),
        (json!({"profile": "workshop"}), 0.3),
        (json!({"strictness": 0}), 0.0),
    ] {
        let verb = if order["profile"].is_string() { "profile" } else { "strictness" };
        assert_eq!(scene.order(&mut ada, verb, &order)["status"], "ok");
        let (_, now) = scene.lamp(&mut panel);
        assert!((now - bar - more).abs() < 0.02, "{order}: {bar} then, {now} now");
    }
    scene.info("profile", &json!("workshop"));
}

#[test]
fn where_the_rules_on_disk_are_wrong_an_order_is_refused_whole() {
    let scene = Scene::with("");
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    let mut panel = scene.sign_in("panel");
    let before = scene.lamp(&mut panel);
    let good = std::fs::read_to_string(scene.rules()).unwrap();
    std::fs::write(scene.rules(), good.replace("act.verb", "act.vreb")).unwrap();
    let told = scene.order(&mut anna, "strictness", &json!({"strictness": 0.2, "transaction": "t"}));
    assert_eq!((told["status"].as_str(), &told["transaction"]), (Some("error"), &json!("t")));
    assert!(told["error"].as_str().unwrap().contains("did you mean `verb`?"), "{told}");
    assert_eq!(scene.lamp(&mut panel).0, before.0, "the old set judges");
    assert!(!scene.house.data().join("chosen.json").exists());
    std::fs::write(scene.rules(), good).unwrap();
    assert_eq!(scene.order(&mut anna, "strictness", &json!({"strictness": 0.2}))["status"], "ok");
}
