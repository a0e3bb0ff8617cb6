//! The host burns; on another one there is the repository, and what a person knows by heart. What is printed is typed, and the house is there.

use super::{
    running::{at, house, say},
    site::Site,
    support::{Message, PATIENCE, Plan, wait_until},
};
use std::fs;

/// A value that whoever comes later is told.
const KEPT: (&str, &str) = ("home/boiler/setpoint", "21.5");

#[test]
fn what_is_printed_at_three_in_the_morning_brings_the_house_back() {
    let site = Site::made();
    let mut old = house(&site, "");
    say(&old, "the soup is hot");
    assert!(old.client("boiler").publish(Message::new(KEPT.0, KEPT.1).qos(1).retained()).taken());
    site.jamey(&["rules", "strictness", "0.05", "--config", &site.text("house.toml"), "--data", old.data().to_str().unwrap()]).good();
    at(&site, &old, &["snapshot"]).good();
    old.kill9();
    drop(old);
    fs::remove_file(site.path("key")).unwrap();
    fs::remove_file(site.path("house.toml")).unwrap();

    let restore = ["restore", "latest", "--repository", "nas", "--passphrase-file", "passphrase", "--into", "srv/house"];
    let said = site.ask(&[&restore[..], &["--onto-fresh-host"]].concat()).good();
    let commands: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  jamey ")).collect();
    let folder = site.text("srv/house");
    let rest = format!("--config {folder}/config/jamey.toml --data {folder} --http 127.0.0.1:0 --mqtt 127.0.0.1:0");
    assert_eq!(commands, ["check", "run", "health"].map(|verb| format!("{verb} {rest}")), "{said}");
    let key = format!("  phoenix.repository.key_file: {} (lost? `jamey phoenix key add --new-key-file {0}` makes one)", site.text("key"));
    assert!(said.contains("put them there before the start") && said.lines().any(|line| line == key), "{said}");
    assert!(said.contains(": 1 retained\n"), "what there is none of is not told: {said}");
    assert!(site.path("srv/house/RESTORED.txt").exists());
    let said = site.jamey(&commands[0].split(' ').collect::<Vec<_>>()).good();
    assert!(said.contains("over it: strictness 0.05, chosen by owner at "), "what was chosen is in it: {said}");

    let config = fs::read_to_string(site.path("srv/house/config/jamey.toml")).unwrap();
    let mut new = Plan::default().config(&config).data(&site.path("srv/house")).start();
    // The index was not in the snapshot, and is made meanwhile.
    let recalled = || site.jamey(&["recall", "soup", "--data", &folder]);
    wait_until("what is remembered is found", PATIENCE, || recalled().out.contains("the soup is hot"));
    let mut listener = new.client("newcomer").listen(KEPT.0, 1);
    let kept = listener.message();
    assert_eq!((kept.topic.as_str(), kept.payload.as_slice()), (KEPT.0, KEPT.1.as_bytes()));
    new.serves();

    // It lives there now: nothing is restored over it.
    let said = site.ask(&restore).bad(1);
    assert!(said.contains("is or lies in the data folder"), "{said}");
}

#[test]
fn a_program_is_told_the_same() {
    let site = Site::made();
    let old = house(&site, "");
    at(&site, &old, &["snapshot", "--include", "index"]).good();
    let told = at(&site, &old, &["restore", "latest", "--into", "new", "--json"]).json();
    assert_eq!(told["config"], site.text("new/config/jamey.toml"));
    assert_eq!(told["next"].as_array().map(Vec::len), Some(3));
    assert_eq!(told["missing"], serde_json::json!([]), "the key file is there: {told}");
    assert!(told["components"]["database"]["counts"]["records"].is_u64(), "{told}");
    assert!(told["components"]["index"].is_object(), "what is taken in for once is in it, by the running Jamey too: {told}");
    let told = at(&site, &old, &["restore", "latest", "--into", "dry", "--dry-run", "--json"]).json();
    assert_eq!((told["dry_run"].as_bool(), told["next"].as_array().map(Vec::len)), (Some(true), Some(0)));
    let components = at(&site, &old, &["show", "latest", "--json"]).json();
    let names: Vec<&str> = components["components"].as_array().unwrap().iter().map(|one| one["component"].as_str().unwrap()).collect();
    assert!(["database", "broker", "config", "index"].iter().all(|name| names.contains(name)), "{names:?}");
}
