//! What was chosen holds after a restart, is told loudly, and ends when the config's own value is another one; on the host as over MQTT.

use super::{scene::*, support::*};
use serde_json::{Value, json};
use std::fs;

fn choose_all(scene: &Scene) {
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    for (verb, order) in
        [("guard-mode", mode("enforce")), ("profile", json!({"profile": "strict"})), ("strictness", json!({"strictness": 0.07}))]
    {
        assert_eq!(scene.order(&mut anna, verb, &order)["status"], "ok");
    }
}

/// What holds for each of the three, and who chose it.
fn all(scene: &Scene) -> [(Value, Value); 3] {
    [["guard", "mode"], ["rules", "profile"], ["rules", "strictness"]].map(|args| {
        let told = scene.told(&args);
        (told["holds"].clone(), told["chosen"]["by"].clone())
    })
}

#[test]
fn what_was_chosen_holds_after_a_kill_and_is_said_loudly() {
    let mut scene = Scene::with("");
    choose_all(&scene);
    scene.house.kill9();
    scene.house.start();
    for words in [
        "The guard ENFORCES",
        "The guard-mode is enforce, chosen by anna at ",
        "The profile is strict, chosen by anna",
        "The strictness is 0.07",
    ] {
        scene.says(words);
    }
    let by_anna = |holds: Value| (holds, json!("anna"));
    assert_eq!(all(&scene), [by_anna(json!("enforce")), by_anna(json!("strict")), by_anna(json!(0.07))]);
    scene.info("strictness", &json!(0.07));
    let (mut auto, mut bolt) = (scene.sign_in("auto"), scene.sign_in("panel").listen(SET, 1));
    auto.tell(SET, "UNLOCK");
    assert!(bolt.rest().is_empty(), "it enforces");
    let check = scene.done(&["check"]);
    assert!(check.contains("over it: guard-mode enforce, chosen by anna at ") && check.contains("the config says observe"), "{check}");
    assert_eq!(scene.told(&["check"])["guard"], "enforce");
    assert!(scene.done(&["guard", "coverage"]).starts_with("guard mode enforce: what the conscience refuses is held (chosen by anna at "));
}

#[test]
fn a_choice_ends_when_the_config_says_otherwise_and_does_not_come_back() {
    let mut scene = Scene::with("");
    choose_all(&scene);
    // While it runs: only the option that changed.
    scene.rewrite("observe", "profile = \"workshop\"\n");
    wait_until("the choice ended", PATIENCE, || all(&scene)[1] == (json!("workshop"), json!(null)));
    assert_eq!(all(&scene)[2], (json!(0.07), json!("anna")));
    scene.info("profile", &json!("workshop"));
    scene.on_record("host", "change", "profile");

    scene.house.stop();
    scene.rewrite("enforce", "strictness = 0.02\n");
    let check = scene.done(&["check"]);
    assert!(check.contains("guard-mode enforce, chosen by anna, ends at the next start"), "{check}");
    scene.house.start();
    assert_eq!(all(&scene), [(json!("enforce"), json!(null)), (json!("home"), json!(null)), (json!(0.02), json!(null))]);
    scene.says("strictness 0.07, chosen by anna, ended");
    scene.on_record("host", "change", "guard-mode");
    scene.on_record("host", "change", "strictness");
    scene.house.stop();
    scene.rewrite("observe", "");
    scene.house.start();
    assert_eq!(all(&scene)[0], (json!("observe"), json!(null)));
}

#[test]
fn the_host_orders_whether_jamey_runs_or_not() {
    let mut scene = Scene::with("");
    for (round, runs) in [(1, true), (2, false)] {
        if !runs {
            scene.house.stop();
        }
        assert_eq!(scene.done(&["guard", "mode"]), "guard mode observe, as the config says\n", "running: {runs}");
        let said = scene.done(&["guard", "mode", "enforce"]);
        assert!(said.starts_with("guard mode enforce, chosen by owner at 20") && said.contains("; the config says observe"), "{said}");
        assert_eq!(said.contains("it counts from the next start on"), !runs, "{said}");
        let told = scene.told(&["rules", "profile", "strict"]);
        assert_eq!((&told["holds"], &told["running"], &told["chosen"]["by"]), (&json!("strict"), &json!(runs), &json!("owner")), "{told}");
        assert_eq!(scene.told(&["rules", "strictness", "0.05"])["holds"], json!(0.05));
        assert!(scene.done(&["rules", "strictness"]).starts_with("strictness 0.05, chosen by owner at "));
        for (args, code) in [
            (["rules", "strictness", "0.31"], 1),
            (["rules", "strictness", "lots"], 2),
            (["rules", "profile", "loose"], 2),
            (["guard", "mode", "off"], 2),
        ] {
            let (found, out, err) = scene.host(&args);
            assert_eq!(found, code, "{args:?}: {out}{err}");
            assert!(code == 2 || err.contains("from 0 to 0.3"), "{err}");
        }
        if !runs {
            scene.house.start();
            assert_eq!(all(&scene), [json!("enforce"), json!("strict"), json!(0.05)].map(|holds| (holds, json!("owner"))));
        }
        for args in [["guard", "mode", "config"], ["rules", "profile", "config"], ["rules", "strictness", "config"]] {
            assert_eq!(scene.told(&args)["chosen"], json!(null));
        }
        assert!(!scene.house.data().join("chosen.json").exists());
        let sql = "select count(*) from audit_log where actor = 'owner' and action = 'guard.mode' and subject = 'enforce'";
        wait_until("it is on record", PATIENCE, || scene.house.count(sql, []) == round);
    }
}

#[test]
fn a_damaged_file_counts_for_nothing_and_is_told_of() {
    let mut scene = Scene::with("");
    choose_all(&scene);
    scene.house.stop();
    let file = scene.house.data().join("chosen.json");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, &good[..good.len() - 9]).unwrap();
    assert!(scene.done(&["check"]).contains("ATTENTION: what was chosen while Jamey ran cannot be read"));
    scene.house.start();
    scene.says("ATTENTION: what was chosen while Jamey ran cannot be read");
    assert_eq!(all(&scene)[0], (json!("observe"), json!(null)));
    scene.stands("guard-unread", true);
    assert_eq!(scene.told(&["guard", "mode", "config"])["holds"], "observe");
    scene.stands("guard-unread", false);
    assert!(!file.exists(), "whoever says something writes it anew");
}

#[test]
fn what_is_milder_than_the_config_is_an_alert_until_it_is_not() {
    let scene = Scene::guarding("enforce", "profile = \"strict\"\nstrictness = 0.1\n");
    let mut anna = scene.sign_in("anna").listen("jamey/reply/#", 1);
    // Stricter is no alert.
    assert_eq!(scene.order(&mut anna, "strictness", &json!({"strictness": 0.2}))["status"], "ok");
    for (verb, milder, back, words) in [
        ("guard-mode", mode("observe"), mode("config"), "the guard-mode is observe, chosen by anna at "),
        ("profile", json!({"profile": "home"}), json!({"profile": "config"}), "the profile is home, chosen by anna at "),
        ("strictness", json!({"strictness": 0.0}), json!({"strictness": "config"}), "the strictness is 0.0, chosen by anna at "),
    ] {
        scene.stands("guard-milder", false);
        assert_eq!(scene.order(&mut anna, verb, &milder)["status"], "ok");
        let alert = scene.stands("guard-milder", true);
        let text = alert["text"].as_str().unwrap();
        assert!(text.starts_with("milder than the config: ") && text.contains(words), "{alert}");
        assert_eq!(scene.order(&mut anna, verb, &back)["status"], "ok");
    }
    scene.stands("guard-milder", false);
}
