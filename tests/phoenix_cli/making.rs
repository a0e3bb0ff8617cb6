//! A repository is made once, with what opens it, and what to do next is said so that it can be pasted.

use super::site::Site;
use std::fs;

#[test]
fn making_one_says_what_to_do_next() {
    let site = Site::new();
    site.secret("passphrase", super::site::PASSPHRASE);
    let said = site.ask(&["init", "--repository", "nas", "--new-key-file", "key", "--new-passphrase-file", "passphrase"]).good();
    assert_eq!(
        site.still(&said),
        "repository  HERE/nas
id          UUID
opened by   the key file key and by the passphrase
            key was made (0600): copy it to a place that outlives this host

Next:
1. Print the recovery sheet. Its 24 words open the repository when all else is lost; then delete the file.
   jamey phoenix key export --sheet --out recovery-sheet.txt --repository HERE/nas --key-file HERE/key
2. In the config, so that snapshots are taken every night, tried out, and let go of in time:

   [[phoenix.repository]]
   name = \"nas\"
   path = \"HERE/nas\"
   key_file = \"HERE/key\"

3. Start Jamey again, and take the first snapshot:
   jamey phoenix snapshot --repository HERE/nas
"
    );
    // What it says to paste is a config, and with it nothing else needs saying.
    let config: String = said
        .lines()
        .filter_map(|line| line.strip_prefix("   "))
        .filter(|line| line.contains(['[', '=']) && !line.contains("jamey "))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(site.path("house.toml"), &config).unwrap();
    let listed = site.ask(&["list", "--config", "house.toml"]).good();
    assert_eq!(listed, "nas: no snapshot yet: `jamey phoenix snapshot` takes the first\n");
    // And what it says to type works.
    let export = said.lines().find_map(|line| line.trim_start().strip_prefix("jamey phoenix key export ")).unwrap();
    let args: Vec<&str> = ["key", "export"].into_iter().chain(export.split(' ')).collect();
    site.ask(&args).good();
    assert!(site.path("recovery-sheet.txt").exists());
}

#[test]
fn one_way_in_is_said_to_be_few() {
    let site = Site::new();
    let said = site.ask(&["init", "--repository", "a", "--new-key-file", "key"]).good();
    assert!(said.contains("Only one thing opens it: the key file alone") && said.contains("phoenix key add --repository"), "{said}");
    site.secret("passphrase", super::site::PASSPHRASE);
    let said = site.ask(&["init", "--repository", "b", "--new-passphrase-file", "passphrase"]).good();
    assert!(said.contains("Only one thing opens it: the passphrase alone"), "{said}");
    let told = site.ask(&["init", "--repository", "c", "--new-key-file", "key", "--json"]).json();
    assert_eq!(
        (told["key_file_is_new"].as_bool(), told["passphrase"].as_bool()),
        (Some(false), Some(false)),
        "one key file may open several: {told}"
    );
    let env = [("JAMEY_PHOENIX_NEW_PASSPHRASE", "a third long passphrase")];
    site.ask_with(&env, &["init", "--repository", "d", "--new-passphrase"]).good();
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let site = Site::made();
    let before = site.files("nas");
    let said = site.ask(&["init", "--repository", "nas", "--new-key-file", "other"]).bad(1);
    assert!(said.contains("there is a repository already"), "{said}");
    assert!(!site.path("other").exists() && site.files("nas") == before);

    site.secret("short", "eleven char");
    let said = site.ask(&["init", "--repository", "new", "--new-key-file", "other", "--new-passphrase-file", "short"]).bad(1);
    assert!(said.contains("at least 12 characters") && !said.contains("eleven"), "{said}");
    let said = site.ask(&["init", "--repository", "new"]).bad(1);
    assert!(said.contains("--new-key-file FILE") && said.contains("--new-passphrase-file FILE"), "{said}");
    fs::write(site.path("file"), "in the way").unwrap();
    site.ask(&["init", "--repository", "file/new", "--new-key-file", "other"]).bad(1);
    assert!(!site.path("other").exists() && !site.path("new").exists());
    assert!(site.ask(&["init"]).bad(1).contains("--repository PATH"));
}

#[test]
fn a_repository_that_only_grows_refuses_to_prune() {
    let site = Site::new();
    let said = site.ask(&["init", "--repository", "nas", "--new-key-file", "key", "--append-only"]).good();
    assert!(said.contains("append-only"), "{said}");
    assert_eq!(site.about(&["list", "--json"]).json()["repository"]["append_only"], true);
}
