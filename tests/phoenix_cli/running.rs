//! What writes goes through the running Jamey, and by the command itself where none runs; the answer is the same.

use super::{
    site::{Answer, Site},
    support::{House, Message, PATIENCE, Plan, wait_until},
};
use serde_json::Value;
use std::fs;

/// A house with a repository of its own, and nothing in it yet.
pub fn house(site: &Site, more: &str) -> House {
    let config = format!(
        "[[phoenix.repository]]\nname = \"nas\"\npath = {:?}\nkey_file = {:?}\nschedule = \"\"\n{more}",
        site.path("nas"),
        site.path("key")
    );
    fs::write(site.path("house.toml"), &config).unwrap();
    Plan::default().config(&config).start()
}

/// `jamey phoenix …` on the house's folders, with no word of what opens it.
pub fn at(site: &Site, house: &House, args: &[&str]) -> Answer {
    site.ask(&[args, &["--config", &site.text("house.toml"), "--data", house.data().to_str().unwrap()]].concat())
}

pub fn say(house: &House, word: &str) {
    let sent = house.client("anna").publish(Message::new("jamey/in/anna/say", word).qos(1));
    assert!(sent.taken());
}

fn only(told: &Value) -> &Value {
    let all = told["repositories"].as_array().unwrap();
    assert_eq!((all.len(), all[0]["repository"].as_str()), (1, Some("nas")), "{told}");
    &all[0]
}

#[test]
fn it_is_taken_tried_and_pruned_whether_jamey_runs_or_not() {
    let site = Site::made();
    let mut house = house(&site, "keep_last = 1\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0\n");
    say(&house, "the soup is hot");
    for (round, is_running) in [(1, true), (2, false)] {
        if !is_running {
            house.stop();
        }
        let (first, second) = (round * 2 - 1, round * 2);
        let said = at(&site, &house, &["snapshot"]).good();
        assert!(
            said.starts_with(&format!("nas: snapshot {first}: ")) && said.contains(" new (") && said.contains("chunks), in "),
            "{said}"
        );
        let told = at(&site, &house, &["snapshot", "--repository", "nas", "--json"]).json();
        let done = &only(&told)["done"];
        assert_eq!((done["sequence"].as_u64(), done["hash"].as_str().map(str::len)), (Some(second), Some(64)), "{told}");

        let said = at(&site, &house, &["drill", &first.to_string()]).good();
        assert!(said.starts_with(&format!("nas: snapshot {first}: passed: ")), "{said}");
        let told = at(&site, &house, &["drill", "--json"]).json();
        assert_eq!(
            (only(&told)["done"]["sequence"].as_u64(), only(&told)["done"]["passed"].as_bool()),
            (Some(second), Some(true)),
            "{told}"
        );
        let listed = at(&site, &house, &["list", "--json"]).json();
        assert_eq!(
            (listed["snapshots"][0]["drilled"]["passed"].as_bool(), listed["snapshots"][0]["reason"].as_str()),
            (Some(true), Some("asked"))
        );

        let before = site.files("nas");
        let said = at(&site, &house, &["prune", "--dry-run"]).good();
        assert!(said.contains(" would go (") && said.contains(", 1 would stay; "), "{said}");
        assert!(site.files("nas") == before, "a dry run deletes nothing");
        let told = at(&site, &house, &["prune", "--json"]).json();
        assert_eq!(only(&told)["done"]["kept"], serde_json::json!([second]), "{told}");
        let listed = at(&site, &house, &["list", "--json"]).json();
        assert_eq!(listed["snapshots"].as_array().map(Vec::len), Some(1));
        let said = at(&site, &house, &["verify", "--everything"]).good();
        assert!(said.contains("pruned since") && said.contains("  do     nothing, if you or Jamey let them go"), "{said}");
        assert!(said.ends_with("good: 1 snapshot is whole: every byte was read\n"), "{said}");
    }
    house.start();
    house.is_well();
}

#[test]
fn a_repository_that_no_config_names_is_served_by_the_command_itself() {
    let site = Site::made();
    let mut house = Plan::default().start();
    say(&house, "the soup is hot");
    let data = house.data().to_str().unwrap().to_owned();
    let own = |what: &[&str]| site.ask(&[what, &["--repository", "nas", "--passphrase-file", "passphrase", "--data", &data]].concat());
    assert!(own(&["snapshot"]).bad(1).contains("[[phoenix.repository]]"), "a running Jamey is given no passphrase");
    house.stop();
    let said = own(&["snapshot"]).good();
    assert!(site.still(&said).starts_with("HERE/nas: snapshot 1: "), "{said}");
    own(&["drill"]).good();
    own(&["prune"]).good();
    assert!(own(&["drill", "7"]).code == Some(1));
}

#[test]
fn what_goes_wrong_in_one_repository_is_told_and_the_others_are_served() {
    let site = Site::made();
    let more = format!(
        "[[phoenix.repository]]\nname = \"gone\"\npath = {:?}\nkey_file = {:?}\nschedule = \"\"\n",
        site.path("gone"),
        site.path("key")
    );
    let house = house(&site, &more);
    let answer = at(&site, &house, &["snapshot"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.starts_with("nas: snapshot 1: ") && answer.out.lines().count() == 1, "{answer:?}");
    assert!(answer.err.contains("gone: ") && answer.err.contains("it went wrong in 1 of 2 repositories"), "{answer:?}");
    assert!(!site.path("gone").exists(), "below a mount point nothing is made");
    let answer = at(&site, &house, &["snapshot", "--json"]);
    let told: Value = serde_json::from_str(&answer.out).unwrap();
    assert!(told["repositories"][0]["done"].is_object() && told["repositories"][1]["error"].is_string(), "{told}");
    assert!(at(&site, &house, &["drill", "1"]).bad(1).contains("--repository"));
    at(&site, &house, &["drill", "1", "--repository", "nas"]).good();
    assert!(at(&site, &house, &["snapshot", "--repository", "gone"]).bad(1).contains("gone"));
}

#[test]
fn what_it_says_once_goes_before_the_config() {
    let site = Site::made();
    let mut house = house(&site, "");
    for is_running in [true, false] {
        if !is_running {
            house.stop();
        }
        for _ in 0..3 {
            at(&site, &house, &["snapshot"]).good();
        }
        let keep = ["prune", "--keep-last", "2", "--keep-daily", "0", "--keep-weekly", "0", "--keep-monthly", "0", "--json"];
        let told = at(&site, &house, &keep).json();
        assert_eq!(only(&told)["done"]["kept"].as_array().map(Vec::len), Some(2), "running: {is_running}: {told}");
    }
}

#[test]
fn a_failed_drill_is_a_failure_that_says_where_to_look() {
    let site = Site::made();
    let house = house(&site, "");
    at(&site, &house, &["snapshot"]).good();
    let pack = site.pack();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[40] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let answer = at(&site, &house, &["drill"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.out.starts_with("nas: snapshot 1: failed: ") && answer.err.contains("phoenix verify --everything"), "{answer:?}");
    let listed = at(&site, &house, &["list", "--json"]).json();
    assert_eq!(listed["snapshots"][0]["drilled"]["passed"], false);
}

#[test]
fn append_only_is_kept_by_the_running_jamey_too() {
    let site = Site::new();
    site.ask(&["init", "--repository", "nas", "--new-key-file", "key", "--append-only"]).good();
    let house = house(&site, "");
    at(&site, &house, &["snapshot"]).good();
    let answer = at(&site, &house, &["prune"]);
    assert!(answer.code == Some(1) && answer.err.contains("append-only"), "{answer:?}");
    wait_until("one snapshot is there", PATIENCE, || site.files("nas/snapshots").len() == 1);
}
