//! Promise: who may answer for the house says how Jamey stands, over MQTT or on the host, and nobody else does; what they chose is on record,
//! holds after a restart, and ends when the config says otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "orders/lasting.rs"]
mod lasting;
#[path = "orders/scene.rs"]
mod scene;
#[path = "orders/stricter.rs"]
mod stricter;
mod support;

use scene::*;
use serde_json::json;
use support::*;

#[test]
fn an_approver_has_it_enforce_and_no_automation_takes_that_back() {
    let scene = Scene::with("");
    let house = &scene.house;
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    let mut auto = scene.sign_in("auto");
    let mut bolt = scene.sign_in("panel").listen(SET, 1);
    auto.tell(SET, "UNLOCK");
    assert_eq!(bolt.message().text(), "UNLOCK", "while it observes the command goes on");
    assert!(auto.publish(Message::new(SET, "UNLOCK").qos(1).retained()).taken());
    assert_eq!(bolt.message().text(), "UNLOCK");

    let told = scene.order(&mut anna, "guard-mode", &json!({"mode": "enforce", "transaction": [7]}));
    assert_eq!((told["status"].as_str(), &told["transaction"]), (Some("ok"), &json!([7])), "{told}");
    let data = &told["data"];
    assert_eq!((&data["holds"], &data["config"], &data["chosen"]["by"]), (&json!("enforce"), &json!("observe"), &json!("anna")));
    // What was retained before is gone by then: who listens anew is told an empty value at most.
    assert!(scene.sign_in("ada").listen(SET, 1).rest().iter().all(|message| message.payload.is_empty()));
    bolt.rest();
    scene.info("guard", &json!("enforce"));
    auto.tell(SET, "UNLOCK");
    assert_eq!(house.count("select count(*) from held", []), 1);
    auto.tell(SET, "LOCK");
    assert_eq!(bolt.message().text(), "LOCK", "the unlock is held");

    for order in [mode("observe"), mode("config")] {
        let sent = auto.publish(Message::new("jamey/cmd/guard-mode", order.to_string()).qos(1));
        assert!(matches!(sent, Sent::Code(0x87, _)), "{sent:?}");
    }
    auto.tell(SET, "LOCK");
    assert_eq!(bolt.message().text(), "LOCK");
    auto.tell(SET, "UNLOCK");
    assert!(bolt.rest().is_empty(), "it enforces still");
    scene.on_record("anna", "guard.mode", "enforce");

    // The same again is no other order.
    scene.order(&mut anna, "guard-mode", &mode("enforce"));
    let told = scene.order(&mut anna, "guard-mode", &mode("config"));
    assert_eq!((&told["data"]["holds"], &told["data"]["chosen"]), (&json!("observe"), &json!(null)), "{told}");
    auto.tell(SET, "UNLOCK");
    assert_eq!(bolt.message().text(), "UNLOCK");
    scene.on_record("anna", "guard.mode", "observe");
    scene.on_record("anna", "guard.mode", "enforce");
    scene.says("guard-mode observe, chosen over MQTT; it was enforce; as the config says, by anna");
}

#[test]
fn each_order_is_for_the_roles_that_may_give_it() {
    let scene = Scene::with("");
    let orders = [
        ("guard-mode", mode("observe")),
        ("profile", json!({"profile": "home"})),
        ("strictness", json!({"strictness": 0.0})),
        ("alert-acknowledge", json!({"code": "none"})),
    ];
    for (user, _) in PEOPLE {
        let mut client = scene.sign_in(user);
        for (verb, order) in &orders {
            let may = match user {
                "anna" | "ada" => true,
                "bob" => false,
                _ => *verb == "alert-acknowledge",
            };
            let sent = client.publish(Message::new(&format!("jamey/cmd/{verb}"), order.to_string()).qos(1));
            assert_eq!(sent.taken(), may, "{user}: {verb}: {sent:?}");
            assert!(may || matches!(sent, Sent::Code(0x87, _)), "{user}: {verb}: {sent:?}");
        }
    }
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    let told = scene.order(&mut anna, "alert-acknowledge", &json!({"code": "none", "transaction": "t"}));
    assert_eq!(
        told,
        json!({"v": 1, "status": "error", "transaction": "t", "error": "no such alert stands now: `jamey alert list` shows those that do"})
    );
    scene.done(&["guard", "off", "--for", "1h"]);
    let mut panel = scene.sign_in("panel").listen("jamey/alert/guard-off", 1);
    panel.message_on("jamey/alert/guard-off");
    let seen = json!({"code": "guard-off"});
    let sent = panel.publish(Message::new("jamey/cmd/alert-acknowledge", seen.to_string()).qos(1));
    assert!(matches!(sent, Sent::Code(0x87, _)), "that the guard is down is not for an automation to call seen: {sent:?}");
    let told = scene.order(&mut anna, "alert-acknowledge", &seen);
    assert_eq!((&told["status"], &told["data"]["by"]), (&json!("ok"), &json!("anna")), "{told}");
    let again = scene.order(&mut anna, "alert-acknowledge", &seen);
    assert_eq!(again, told, "who has seen it first stands");
    // One row, though it was said twice.
    scene.on_record("anna", "alert.acknowledge", "guard-off");

    // Where there are no users nobody has a role.
    let open = house();
    let mut anyone = open.dial("anyone").v5().open();
    for (verb, order) in &orders {
        let sent = anyone.publish(Message::new(&format!("jamey/cmd/{verb}"), order.to_string()).qos(1));
        assert!(matches!(sent, Sent::Code(0x87, _)), "{verb}: {sent:?}");
    }
}

#[test]
fn whoever_has_no_user_orders_nothing_whatever_the_lists_say() {
    let folder = tempfile::tempdir().unwrap();
    let lists = folder.path().join("acl.toml");
    std::fs::write(&lists, "[roles.anonymous]\nrules = [\"allow all #\"]\n").unwrap();
    let scene = Scene::with_broker(&format!("acl = {:?}\n", lists.display().to_string()));
    let mut anyone = scene.house.dial("anyone").v5().open();
    assert!(anyone.publish(Message::new("anything", "1").qos(1)).taken(), "the lists let it in");
    let sent = anyone.publish(Message::new("jamey/cmd/guard-mode", mode("observe").to_string()).qos(1));
    assert!(matches!(sent, Sent::Code(0x87, _)), "{sent:?}");
}

#[test]
fn what_is_no_order_is_refused_in_words_and_changes_nothing() {
    let scene = Scene::with("");
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    for (verb, payload, words) in [
        ("guard-mode", "enforce", "write {\"mode\": \"observe\"}, \"enforce\", or \"config\""),
        ("guard-mode", "{\"mode\": \"off\"}", "write {\"mode\": \"observe\"}"),
        ("profile", "{\"profile\": \"loose\"}", "\"workshop\""),
        ("strictness", "{\"strictness\": 0.31}", "from 0 to 0.3"),
        ("strictness", "{\"strictness\": -0.1}", "from 0 to 0.3"),
        ("alert-acknowledge", "{}", "write {\"code\": CODE}"),
    ] {
        let topic = format!("jamey/cmd/{verb}");
        let sent = anna.publish(Message::new(&topic, payload).qos(1));
        assert!(matches!(sent, Sent::Code(0x99, _)), "{payload}: {sent:?}");
        let told = anna.message_on("jamey/reply/in").text();
        assert!(
            told.contains(&topic) && serde_json::from_str::<serde_json::Value>(&told).unwrap()["error"].as_str().unwrap().contains(words),
            "{told}"
        );
    }
    let sent = anna.publish(Message::new("jamey/cmd/guard-mode", mode("enforce").to_string()).qos(1).retained());
    assert!(matches!(sent, Sent::Code(0x9a, _)), "{sent:?}");
    assert!(!scene.house.data().join("chosen.json").exists());
    assert_eq!(scene.told(&["guard", "mode"])["holds"], "observe");
}
