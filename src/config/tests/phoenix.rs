//! Where snapshots go, and when: `[[phoenix.repository]]`.

use super::{super::Extra, config, lines};
use crate::{config::RepositoryEntry, domain::limits};
use std::path::PathBuf;

/// The least that a repository needs.
fn least(name: &str) -> String {
    format!("[[phoenix.repository]]\nname = \"{name}\"\npath = \"/mnt/{name}\"\nkey_file = \"k\"\n")
}

#[test]
fn a_repository_needs_a_name_a_place_and_a_key() {
    let c = config(&(least("nas") + &least("usb")));
    let nas =
        RepositoryEntry { name: "nas".into(), path: "/mnt/nas".into(), key_file: Some(PathBuf::from("k")), ..RepositoryEntry::default() };
    assert_eq!(c.phoenix.repositories[0], nas);
    assert_eq!(c.phoenix.repositories[1].name, "usb");
    assert_eq!(
        lines("[[phoenix.repository]]"),
        [
            "phoenix.repository[0].name (j.toml:1): missing; write `name = \"nas\"`",
            "phoenix.repository[0].path (j.toml:1): missing; write `path = \"/mnt/nas/jamey\"`",
            "phoenix.repository[0].key_file (j.toml:1): missing, so nothing would open the repository; write `key_file = \"/etc/jamey/phoenix.key\"`",
        ]
    );
    assert!(config("").phoenix.repositories.is_empty());
}

#[test]
fn all_that_can_be_said_of_one_is_taken() {
    let c = config(
        "[[phoenix.repository]]\nname = \"nas\"\npath = \"/mnt/nas\"\ncredential = \"phoenix-key\"\nschedule = \"\"\njitter_seconds = 0\n\
         after_changes = 5\nafter_changes_minutes = 1\nkeep_last = 0\nkeep_daily = 1\nkeep_weekly = 2\nkeep_monthly = 3\n\
         include = [\"certificates\", \"index\"]\nmegabytes_per_second = 0\ndrill = false\nstale_hours = 0",
    );
    let all = RepositoryEntry {
        name: "nas".into(),
        path: "/mnt/nas".into(),
        key_file: None,
        credential: Some("phoenix-key".into()),
        schedule: String::new(),
        jitter_seconds: 0,
        after_changes: 5,
        after_changes_minutes: 1,
        keep_last: 0,
        keep_daily: 1,
        keep_weekly: 2,
        keep_monthly: 3,
        include: vec![Extra::Certificates, Extra::Index],
        megabytes_per_second: 0,
        drill: false,
        stale_hours: 0,
    };
    assert_eq!(c.phoenix.repositories, [all]);
}

#[test]
fn what_is_wrong_is_told_word_for_word() {
    let one = |text: &str, told: &str| assert_eq!(lines(&(least("nas") + text)), [format!("phoenix.repository[0].{told}")]);
    let cron = "minute, hour, day of the month, month and day of the week as cron has them, such as \"30 3 * * *\", or \"\" for none";
    one("schedule = \"daily\"", &format!("schedule (j.toml:5): found \"daily\"; write {cron}: it has five fields"));
    one("schedule = \"0 0 3 * * *\"", &format!("schedule (j.toml:5): found \"0 0 3 * * *\"; write {cron}: it has five fields"));
    one("schedule = \"0 0 30 2 *\"", &format!("schedule (j.toml:5): found \"0 0 30 2 *\"; write {cron}: this one never comes"));
    one("schedule = 3", &format!("schedule (j.toml:5): found 3; write {cron}"));
    one("credential = \"x\"", "credential (j.toml:5): found together with `key_file`; keep one of the two");
    one("jitter_seconds = 86401", "jitter_seconds (j.toml:5): found 86401; write a whole number from 0 to 86400");
    one("after_changes = -1", "after_changes (j.toml:5): found -1; write a whole number from 0 to 1000000000");
    one("after_changes_minutes = 0", "after_changes_minutes (j.toml:5): found 0; write a whole number from 1 to 10080");
    one("keep_daily = 3651", "keep_daily (j.toml:5): found 3651; write a whole number from 0 to 3650");
    one("include = [\"database\"]", "include[0] (j.toml:5): found \"database\"; write \"certificates\" or \"index\"");
    one("megabytes_per_second = 10001", "megabytes_per_second (j.toml:5): found 10001; write a whole number from 0 to 10000");
    one("stale_hours = 8761", "stale_hours (j.toml:5): found 8761; write a whole number from 0 to 8760");
    one("drill = 1", "drill (j.toml:5): found 1; write true or false");
    one("drills = true", "drills (j.toml:5): no such option; did you mean `drill`?");
    let told = lines(&(least("nas") + "schedule = \"61 * * * *\""));
    assert!(told[0].starts_with(&format!("phoenix.repository[0].schedule (j.toml:5): found \"61 * * * *\"; write {cron} (")), "{told:?}");
    assert_eq!(
        lines("[[phoenix.repository]]\nname = \"a\"\npath = \"p\"\ncredential = \"a/b\""),
        [
            "phoenix.repository[0].credential (j.toml:4): found \"a/b\"; write the name under which systemd hands it over (`LoadCredential=NAME:PATH`), such as \"phoenix-key\""
        ]
    );
}

#[test]
fn two_are_two() {
    let other = least("usb").replace("/mnt/usb", "/mnt/nas/./");
    assert_eq!(
        lines(&(least("nas") + &other)),
        ["phoenix.repository[1].path (j.toml:7): found \"/mnt/nas/./\" a second time; give each repository a folder of its own"]
    );
    assert_eq!(
        lines(&(least("nas") + &least("nas").replace("/mnt/nas", "/mnt/usb"))),
        ["phoenix.repository[1].name (j.toml:6): found \"nas\" a second time; give each repository a name of its own"]
    );
    let inside = least("nas").replace("/mnt/nas", "data/phoenix");
    assert_eq!(
        lines(&inside),
        [
            "phoenix.repository[0].path (j.toml:3): found \"data/phoenix\", which lies in the data folder, and would be lost with it; write a place on another disk or host"
        ]
    );
}

#[test]
fn one_repository_past_the_limit_is_refused() {
    let many = |n: usize| (0..n).map(|n| least(&format!("r{n}"))).collect::<String>();
    assert_eq!(lines(&many(limits::REPOSITORIES)), [""; 0]);
    assert_eq!(
        lines(&many(limits::REPOSITORIES + 1)),
        ["phoenix.repository[8] (j.toml:33): found one more than 8: each reads all that is to be saved"]
    );
}
