//! Whatever two of the three are lost: the third opens it. What is wrong is told apart, and no secret is ever shown.

use super::site::{PASSPHRASE, Site};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

/// The ids of what opens it, by kind.
fn ids(site: &Site, kind: &str) -> Vec<String> {
    let told = site.ask(&["key", "list", "--repository", "nas", "--json"]).json();
    let is = |key: &&Value| key["kind"] == kind;
    told["keys"].as_array().unwrap().iter().filter(is).map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn opens(site: &Site, with: &[&str]) -> bool {
    let answer = site.ask(&[&["list", "--repository", "nas"], with].concat());
    assert!(matches!(answer.code, Some(0 | 1)), "{answer:?}");
    answer.code == Some(0)
}

#[test]
fn each_of_the_three_opens_it_alone() {
    let site = Site::with_snapshots();
    site.about(&["key", "export", "--out", "words"]).good();
    site.about(&["key", "export", "--sheet", "--out", "sheet"]).good();

    fs::rename(site.path("key"), site.path("lost-key")).unwrap();
    let passphrase_opens = site.ask(&["list", "--repository", "nas", "--passphrase-file", "passphrase"]).good();
    let env = [("JAMEY_PHOENIX_PASSPHRASE", PASSPHRASE)];
    assert_eq!(site.ask_with(&env, &["list", "--repository", "nas"]).good(), passphrase_opens);

    fs::rename(site.path("lost-key"), site.path("key")).unwrap();
    fs::remove_file(site.path("passphrase")).unwrap();
    assert_eq!(site.about(&["list"]).good(), passphrase_opens);

    fs::remove_file(site.path("key")).unwrap();
    for words in ["words", "sheet"] {
        assert_eq!(site.ask(&["list", "--repository", "nas", "--words-file", words]).good(), passphrase_opens, "{words}");
    }
    // And from there on to a passphrase again, and to the house.
    site.secret("next", "another long passphrase");
    let add = ["key", "add", "--repository", "nas", "--words-file", "sheet", "--new-passphrase-file", "next", "--new-key-file", "key"];
    site.ask(&add).good();
    site.ask(&["restore", "latest", "--repository", "nas", "--passphrase-file", "next", "--into", "new"]).good();
    assert!(site.path("new/large").exists() && opens(&site, &["--key-file", "key"]));
}

#[test]
fn what_does_not_open_it_is_told_and_never_shown() {
    let site = Site::with_snapshots();
    let other = Site::made();
    other.about(&["key", "export", "--out", "words"]).good();
    site.secret("wrong", "wrong horse battery staple");
    fs::copy(other.path("key"), site.path("other-key")).unwrap();
    fs::copy(other.path("words"), site.path("other-words")).unwrap();
    site.about(&["key", "export", "--out", "words"]).good();
    let words = fs::read_to_string(site.path("words")).unwrap();
    let turned: Vec<&str> = words.split_whitespace().rev().collect();
    site.secret("turned", &turned.join(" "));
    site.secret("slip", &words.replacen(' ', " jameyy ", 1));
    site.secret("half", &turned[..12].join(" "));

    for (flag, file, why) in [
        ("--passphrase-file", "wrong", "does not open with the passphrase in wrong"),
        ("--key-file", "other-key", "does not open with the key file other-key"),
        ("--words-file", "other-words", "does not open with the words in other-words"),
        ("--words-file", "turned", "turned: "),
        ("--words-file", "slip", "slip: "),
        ("--words-file", "half", "half: "),
        ("--key-file", "wrong", "wrong: "),
        ("--key-file", "nowhere", "nowhere: "),
        ("--passphrase-file", "nowhere", "nowhere cannot be read"),
    ] {
        for json in [false, true] {
            let mut args = vec!["list", "--repository", "nas", flag, file];
            args.extend(json.then_some("--json"));
            let said = site.ask(&args).bad(1);
            assert!(said.contains(why), "{flag} {file}: {said}");
            let secret = fs::read_to_string(site.path(file)).unwrap_or_default();
            let words = secret.split_whitespace().filter(|word| word.len() > 5 && *word != "jameyy");
            for word in words {
                assert!(!said.contains(word), "{flag} {file} shows `{word}`: {said}");
            }
        }
    }
    let said = site.ask_with(&[("JAMEY_PHOENIX_PASSPHRASE", "wrong horse battery staple")], &["list", "--repository", "nas"]).bad(1);
    assert!(said.contains("the passphrase in JAMEY_PHOENIX_PASSPHRASE") && !said.contains("wrong horse"), "{said}");
}

#[test]
fn without_a_terminal_it_says_which_ways_there_are() {
    let site = Site::with_snapshots();
    let said = site.ask(&["list", "--repository", "nas"]).bad(1);
    for way in ["--key-file FILE", "--passphrase-file FILE", "--words-file FILE", "JAMEY_PHOENIX_PASSPHRASE", "key_file"] {
        assert!(said.contains(way), "{said}");
    }
    for ask in ["--passphrase", "--words"] {
        assert!(site.ask(&["list", "--repository", "nas", ask]).bad(1).contains("no terminal"));
    }
    // A secret is no argument.
    for (flag, value) in [("--passphrase=", PASSPHRASE), ("--words=", "abandon"), ("--new-passphrase=", PASSPHRASE)] {
        site.ask(&["list", "--repository", "nas", &format!("{flag}{value}")]).bad(2);
    }
    site.ask(&["list", "--repository", "nas", "--key-file", "key", "--passphrase-file", "passphrase"]).bad(2);
}

#[test]
fn files_that_others_may_read_open_nothing() {
    let site = Site::with_snapshots();
    site.about(&["key", "export", "--out", "words"]).good();
    for (flag, file) in [("--key-file", "key"), ("--passphrase-file", "passphrase"), ("--words-file", "words")] {
        assert_eq!(fs::metadata(site.path(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        fs::set_permissions(site.path(file), fs::Permissions::from_mode(0o644)).unwrap();
        let said = site.ask(&["list", "--repository", "nas", flag, file]).bad(1);
        assert!(said.contains("chmod 600") && said.contains("mode 644"), "{said}");
    }
}

#[test]
fn a_key_is_added_and_taken_away() {
    let site = Site::with_snapshots();
    let first = ids(&site, "key_file");
    assert_eq!((first.len(), ids(&site, "passphrase").len()), (1, 1));
    let said = site.about(&["key", "add", "--new-key-file", "second"]).good();
    assert_eq!(site.still(&said), "HERE/nas is now opened by the key file second too: UUID\n");
    assert!(opens(&site, &["--key-file", "second"]) && opens(&site, &["--key-file", "key"]));
    let said = site.about(&["key", "add", "--new-key-file", "second"]).bad(1);
    assert!(said.contains("this key file opens it already"), "{said}");
    assert!(site.path("second").exists(), "what was there before stays");

    let passphrase = ids(&site, "passphrase").remove(0);
    let said = site.about(&["key", "remove", &passphrase[..8]]).good();
    assert!(said.contains("(passphrase) opens") && said.contains("old copies"), "{said}");
    assert!(!opens(&site, &["--passphrase-file", "passphrase"]));
    assert!(site.about(&["key", "remove", &passphrase]).bad(1).contains("jamey phoenix key list"));
    site.ask(&["key", "remove", &first[0], "--repository", "nas", "--key-file", "second"]).good();
    let left = ids(&site, "key_file");
    let said = site.ask(&["key", "remove", &left[0], "--repository", "nas", "--key-file", "second"]).bad(1);
    assert!(said.contains("is the last one"), "nobody locks himself out: {said}");
    assert!(opens(&site, &["--key-file", "second"]) && !opens(&site, &["--key-file", "key"]));
}

#[test]
fn rotating_leaves_the_old_ones_without_force_and_says_what_it_does_not_reach() {
    let site = Site::with_snapshots();
    site.about(&["key", "export", "--out", "words"]).good();
    let copy = |from: &str, to: &str| {
        std::process::Command::new("cp").arg("-r").args([site.path(from), site.path(to)]).status().unwrap();
    };
    copy("nas", "old-copy");
    site.secret("next", "another long passphrase");
    for (flag, same) in [("--new-passphrase-file", "passphrase"), ("--new-key-file", "key")] {
        let said = site.about(&["key", "rotate", flag, same]).bad(1);
        assert!(said.contains("is one that opens it now"), "{said}");
    }
    let said = site.about(&["key", "rotate", "--new-passphrase-file", "next", "--new-key-file", "new-key"]).good();
    assert!(
        said.contains("by none of the 2 before") && said.contains("Old copies of the repository still open with the old secret"),
        "{said}"
    );
    for (flag, file, is_open) in [
        ("--key-file", "key", false),
        ("--passphrase-file", "passphrase", false),
        ("--key-file", "new-key", true),
        ("--passphrase-file", "next", true),
        ("--words-file", "words", true),
    ] {
        assert_eq!(opens(&site, &[flag, file]), is_open, "{file}");
    }
    site.ask(&["list", "--repository", "old-copy", "--key-file", "key"]).good();
}

#[test]
fn the_sheet_is_a_page_for_a_drawer() {
    let site = Site::with_snapshots();
    for out in [&["key", "export"][..], &["key", "export", "--sheet"], &["key", "export", "--json"]] {
        let said = site.about(out).bad(1);
        assert!(said.contains("--out FILE"), "{said}");
    }
    let said = site.about(&["key", "export", "--sheet", "--out", "sheet"]).good();
    assert!(said.contains("sheet (0600)") && said.contains("--words-file sheet"), "{said}");
    assert_eq!(fs::metadata(site.path("sheet")).unwrap().permissions().mode() & 0o777, 0o600);
    let sheet = fs::read_to_string(site.path("sheet")).unwrap();
    let told = site.about(&["key", "list", "--json"]);
    assert_eq!(told.code, Some(2), "listing keys takes no key");
    let told = site.ask(&["key", "list", "--repository", "nas", "--json"]).json();
    for part in [told["repository"]["id"].as_str().unwrap(), told["keys"][0]["key"].as_str().unwrap(), " 1. ", "24. ", "How to use it"] {
        assert!(sheet.contains(part), "{part}: {sheet}");
    }
    site.about(&["key", "export", "--out", "words"]).good();
    let words = fs::read_to_string(site.path("words")).unwrap();
    assert_eq!(words.split_whitespace().count(), 24);
    assert!(words.split_whitespace().all(|word| sheet.contains(word)));
    assert!(site.about(&["key", "export", "--out", "words"]).bad(1).contains("is there already"));
    let told = site.about(&["key", "export", "--out", "other", "--json"]).json();
    assert!(!told.to_string().contains(words.split_whitespace().next().unwrap()), "the words are in the file alone: {told}");
}

#[test]
fn a_damaged_key_is_named_and_replaced() {
    let site = Site::with_snapshots();
    let id = ids(&site, "passphrase").remove(0);
    let file = site.path("nas/keys").join(&id);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let answer = site.about(&["verify"]);
    assert_eq!(answer.code, Some(1));
    for part in [id.as_str(), "  do     add a key file or a passphrase anew", "jamey phoenix key remove"] {
        assert!(answer.out.contains(part), "{part}: {}", answer.out);
    }
    assert!(opens(&site, &["--key-file", "key"]) && !opens(&site, &["--passphrase-file", "passphrase"]));
    site.about(&["key", "add", "--new-passphrase-file", "passphrase"]).good();
    site.about(&["key", "remove", &id]).good();
    assert!(opens(&site, &["--passphrase-file", "passphrase"]));
    assert!(site.about(&["verify"]).good().starts_with("good"));
}
