//! What is in a repository, as a person and as a program sees it; what is damaged is named.

use super::site::Site;
use std::fs;

#[test]
fn a_list_is_a_table_newest_first() {
    let site = Site::with_snapshots();
    assert_eq!(
        site.still(&site.about(&["list"]).good()),
        "number  taken                             reason           size  drilled  components
     2  2026-11-25 02:30:00  AGO asked         512 KiB  not yet  database, rules
     1  2026-11-24 02:30:00  AGO scheduled     256 KiB  not yet  database, rules
HERE/nas: 2 snapshots in SIZE
"
    );
    let told = site.about(&["list", "--json"]).json();
    let newest = &told["snapshots"][0];
    assert_eq!((newest["sequence"].as_u64(), newest["reason"].as_str(), newest["node"].as_str()), (Some(2), Some("asked"), Some("attic")));
    assert_eq!(newest["taken_at"], "2026-11-25T02:30:00.000000Z");
    assert_eq!((newest["drilled"].is_null(), newest["components"][1].as_str()), (true, Some("rules")));
    assert!(told["bytes"].as_u64().unwrap() > 512 * 1_024);

    site.repository().drilled(jamey::phoenix::Drilled { sequence: 2, at: jamey::domain::Timestamp::from_micros(0), passed: true }).unwrap();
    let said = site.about(&["list"]).good();
    assert!(said.contains("KiB  passed   database"), "{said}");
    assert_eq!(site.about(&["list", "--json"]).json()["snapshots"][0]["drilled"]["passed"], true);
}

#[test]
fn times_are_those_of_the_house() {
    let site = Site::with_snapshots();
    fs::write(site.path("house.toml"), "timezone = \"Europe/Berlin\"\n").unwrap();
    let said = site.about(&["list", "--config", "house.toml"]).good();
    assert!(said.contains("2026-11-25 03:30:00"), "{said}");
}

#[test]
fn one_snapshot_is_shown_whole() {
    let site = Site::with_snapshots();
    assert_eq!(
        site.still(&site.about(&["show", "latest"]).good()),
        "snapshot 2 of HERE/nas, 2026-11-25 02:30:00 (AGO )
  taken     by jamey VERSION on attic, asked
  size      512 KiB in 3 files
  hash      HASH
  after     HASH
  drilled   not yet: `jamey phoenix drill` does

database      schema 14, 512 KiB in 1 file
  120 records, 7 verdicts
     512 KiB  0600  DIGITS  large
  BLAKE3 of the whole: HASH

rules         schema 1, 15 bytes in 2 files
    10 bytes  0600  DIGITS  rules/home.toml
     5 bytes  0600  DIGITS  rules/new.toml
  BLAKE3 of the whole: HASH
"
    );
    let told = site.about(&["show", "1", "--json"]).json();
    assert_eq!((told["sequence"].as_u64(), told["previous"].is_null(), told["bytes"].as_u64()), (Some(1), true, Some(262_144 + 12)));
    let database = &told["components"][0];
    assert_eq!((database["schema"].as_u64(), database["counts"]["records"].as_u64()), (Some(14), Some(100)));
    assert_eq!((database["files"][0]["path"].as_str(), database["files"][0]["mode"].as_str()), (Some("large"), Some("0600")));
    assert_eq!(site.about(&["show", "latest~1", "--json"]).json(), told);
    assert!(site.about(&["show", "7"]).bad(1).contains("snapshot 7: there is none of this number"));
    assert!(site.about(&["show", "latest~2"]).bad(1).contains("no more than 2 snapshots"));
    assert!(site.about(&["show", "newest"]).bad(2).contains("`latest`"));
}

#[test]
fn what_became_other_is_told() {
    let site = Site::with_snapshots();
    let said = site.about(&["diff", "1", "2"]).good();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(site.still(lines[0]), "HERE/nas: from 1 (2026-11-24 02:30:00) to 2 (2026-11-25 02:30:00)");
    assert!(lines[1].starts_with("~ database      large  256 KiB → 512 KiB, ") && lines[1].ends_with(" KiB new"), "{said}");
    assert_eq!(
        &lines[2..6],
        [
            "~ rules         rules/home.toml  9 bytes → 10 bytes, 10 bytes new",
            "+ rules         rules/new.toml  5 bytes",
            "- rules         rules/old.toml  3 bytes",
            "  database      records: 100 → 120",
        ]
    );
    assert!(lines[6].starts_with("1 added, 1 removed, 2 changed; ") && lines.len() == 7, "{said}");
    assert_eq!(site.about(&["diff"]).good(), said, "without a word it is the last night");
    assert_eq!(site.about(&["diff", "latest", "latest"]).good().lines().last(), Some("nothing became other"));
    let told = site.about(&["diff", "latest~1", "latest", "--json"]).json();
    let changes: Vec<&str> = told["files"].as_array().unwrap().iter().map(|file| file["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["changed", "changed", "added", "removed"]);
    // Where chunks end is the key's to say: the first one that holds news may have begun long before.
    assert!((200_000..524_288).contains(&told["new_bytes"].as_u64().unwrap()), "{told}");
    assert_eq!(told["counts"][0]["after"], 120);
}

#[test]
fn a_whole_repository_is_said_to_be_good() {
    let site = Site::with_snapshots();
    let said = site.about(&["verify"]).good();
    assert!(said.starts_with("good: 2 snapshots are whole: ") && said.contains("`--everything`"), "{said}");
    assert_eq!(site.about(&["verify", "--everything"]).good(), "good: 2 snapshots are whole: every byte was read\n");
    let told = site.about(&["verify", "--json"]).json();
    assert_eq!(
        (told["good"].as_bool(), told["snapshots"].as_u64(), told["findings"].as_array().map(Vec::len)),
        (Some(true), Some(2), Some(0))
    );
}

#[test]
fn damage_is_named_with_what_it_means_and_what_to_do() {
    let site = Site::with_snapshots();
    let pack = site.pack();
    let whole = fs::read(&pack).unwrap();
    let mut bytes = whole.clone();
    bytes[5_000] ^= 1;
    fs::write(&pack, &bytes).unwrap();
    let answer = site.about(&["verify", "--everything"]);
    assert_eq!(answer.code, Some(1));
    let name = pack.to_str().unwrap();
    for part in [name, "  means  snapshot", "cannot be restored whole", "  do     bring the file back from another copy"] {
        assert!(answer.out.contains(part), "{part}: {}", answer.out);
    }
    assert!(answer.err.contains("is damaged: 1 grave finding"), "{}", answer.err);
    let answer = site.about(&["verify", "--everything", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((answer.code, told["good"].as_bool(), told["findings"][0]["grave"].as_bool()), (Some(1), Some(false), Some(true)));

    // What it says to do helps: the file away, a snapshot, and all that the house still has is there again.
    fs::rename(&pack, site.path("away")).unwrap();
    site.take("2026-11-26T02:30:00Z", "asked", &[1, 2], "mode = 22\n", 120);
    site.about(&["restore", "latest", "--into", "new"]).good();
    // Or the same file from another copy.
    fs::write(&pack, &whole).unwrap();
    assert!(site.about(&["verify", "--everything"]).good().contains("3 snapshots are whole"));
}

#[test]
fn a_damaged_snapshot_is_named_in_the_list_and_the_others_are_there() {
    let site = Site::with_snapshots();
    let file = site.path("nas/snapshots/0000000002");
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, bytes).unwrap();
    let said = site.about(&["list"]).good();
    assert!(said.contains("     2  damaged: ") && said.contains("     1  2026-11-24") && said.contains("1 of them damaged"), "{said}");
    let told = site.about(&["list", "--json"]).json();
    assert!(told["snapshots"][0]["damaged"].is_string() && told["snapshots"][1]["bytes"].is_u64());
    let said = site.about(&["restore", "latest", "--into", "new"]).bad(1);
    assert!(said.contains("snapshot 2 was not restored, and nothing was written; snapshot 1 is the one before"), "{said}");
    assert!(!site.path("new").exists());
}

#[test]
fn where_there_is_none_it_says_how_to_make_one() {
    let site = Site::new();
    fs::create_dir(site.path("empty")).unwrap();
    for folder in ["empty", "nowhere"] {
        for command in [&["list"][..], &["show", "1"], &["verify"], &["restore", "1", "--into", "x"], &["key", "export", "--out", "x"]] {
            let said = site.ask(&[command, &["--repository", folder]].concat()).bad(1);
            assert!(said.contains("no repository of Jamey's: `jamey phoenix init` makes one"), "{command:?}: {said}");
        }
    }
    assert!(site.ask(&["list"]).bad(1).contains("[[phoenix.repository]]"));
}
