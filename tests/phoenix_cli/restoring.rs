//! A restore goes to a new folder, whole or not at all.

use super::site::Site;
use std::fs;

#[test]
fn a_snapshot_is_restored_by_number_from_the_newest_back_and_by_time() {
    let site = Site::with_snapshots();
    for (args, first, into) in [
        (&["latest"][..], "mode = 22\n", "a"),
        (&["1"], "mode = 1\n", "b"),
        (&["latest~1"], "mode = 1\n", "c"),
        (&["--before", "2026-11-25T02:30"], "mode = 1\n", "d"),
        (&["--before", "2026-11-25T02:31"], "mode = 22\n", "e"),
        (&["--before", "2026-11-25 03:30+01:00"], "mode = 1\n", "f"),
    ] {
        let said = site.about(&[&["restore"], args, &["--into", into]].concat()).good();
        assert!(said.contains(&format!("is in {}: ", site.text(into))), "{said}");
        assert_eq!(fs::read_to_string(site.path(into).join("rules/home.toml")).unwrap(), first, "{args:?}");
    }
    fs::write(site.path("house.toml"), "timezone = \"Europe/Berlin\"\n").unwrap();
    let by_clock = site.about(&["restore", "--before", "2026-11-25T03:31", "--into", "g", "--config", "house.toml", "--json"]).json();
    assert_eq!((by_clock["sequence"].as_u64(), by_clock["files"].as_u64()), (Some(2), Some(3)));
    assert_eq!(by_clock["components"]["database"]["counts"]["records"], 120);
    assert!(site.about(&["restore", "--before", "2026-11-01", "--into", "h"]).bad(1).contains("no whole snapshot was taken before"));
    for wrong in [
        &["restore", "--into", "h"][..],
        &["restore", "1", "--before", "2026-11-25", "--into", "h"],
        &["restore", "1"],
        &["restore", "--before", "noon", "--into", "h"],
    ] {
        site.about(wrong).bad(2);
    }
    assert!(!site.path("h").exists());
}

#[test]
fn what_was_restored_is_what_was_saved() {
    let site = Site::with_snapshots();
    let said = site.about(&["restore", "latest", "--into", "deep/new"]).good();
    assert_eq!(
        site.still(&said).lines().skip(1).collect::<Vec<_>>(),
        [
            "  database      schema 14: 120 records, 7 verdicts",
            "  rules         schema 1",
            "HERE/deep/new/RESTORED.txt says what is in it, and how to start it"
        ]
    );
    let files = site.files("deep/new");
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["RESTORED.txt", "large", "rules/home.toml", "rules/new.toml"]);
    assert_eq!(files[1].1.len(), 512 * 1_024);
}

#[test]
fn a_dry_run_compares_everything_and_writes_nothing() {
    let site = Site::with_snapshots();
    let before = site.files(".");
    let said = site.about(&["restore", "latest", "--into", "new", "--dry-run"]).good();
    assert!(said.starts_with("whole: snapshot 2 of ") && said.contains("nothing was written"), "{said}");
    assert!(site.files(".") == before && !site.path("new").exists());
    let pack = site.pack();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let said = site.about(&["restore", "latest", "--into", "new", "--dry-run"]).bad(1);
    assert!(said.contains("snapshot 2 was not restored, and nothing was written"), "{said}");
    assert!(!site.path("new").exists());
}

#[test]
fn some_of_it_is_restored_by_itself() {
    let site = Site::with_snapshots();
    site.about(&["restore", "latest", "--into", "new", "--components", "rules"]).good();
    assert!(site.path("new/rules/home.toml").exists() && !site.path("new/large").exists());
    let said = site.about(&["restore", "latest", "--into", "other", "--components", "rules,index"]).bad(1);
    assert!(said.contains("the snapshot holds no index; it holds database, rules"), "{said}");
    let said = site.about(&["restore", "latest", "--into", "other", "--components", "memories"]).bad(2);
    assert!(said.contains("there are database, broker"), "{said}");
    assert!(!site.path("other").exists());
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let site = Site::with_snapshots();
    fs::create_dir_all(site.path("live")).unwrap();
    fs::write(site.path("live/jamey.db"), "alive").unwrap();
    fs::create_dir(site.path("full")).unwrap();
    fs::write(site.path("full/letter"), "mine").unwrap();
    fs::create_dir(site.path("empty")).unwrap();
    for (into, why) in [
        ("live", "is or lies in the data folder"),
        ("live/new", "is or lies in the data folder"),
        ("full", "exists and is not empty"),
        ("nas/new", "lies in the repository"),
        ("full/letter", "full/letter"),
    ] {
        let said = site.about(&["restore", "latest", "--into", into]).bad(1);
        assert!(said.contains(why), "{into}: {said}");
    }
    assert_eq!((site.files("live").len(), site.files("full").len()), (1, 1));
    site.about(&["restore", "latest", "--into", "empty"]).good();
    let said = site.about(&["restore", "latest", "--into", "empty"]).bad(1);
    assert!(said.contains("exists and is not empty"), "{said}");
}

#[test]
fn an_older_state_of_the_repository_is_noticed_by_who_knows_better() {
    let site = Site::with_snapshots();
    let said = site.about(&["restore", "latest", "--into", "new", "--expect-at-least", "3"]).bad(1);
    assert!(said.contains("the newest snapshot is 2, and you expect at least 3"), "{said}");
    assert!(!site.path("new").exists());
    site.about(&["restore", "1", "--into", "new", "--expect-at-least", "2"]).good();
}
