//! Promise: who writes rules hears of every mistake at once, with its place; sees what a rule does; and tries a change on the record before it counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::Value;
use std::{path::Path, process::Command};
use support::*;
use tempfile::TempDir;

/// Exit code, standard output, standard error.
pub fn jamey(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY__")) {
        command.env_remove(key);
    }
    let out = command.current_dir(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const GOOD: &str =
    "[[rule]]\nid = \"MINE-1\"\nduty = \"autonomy\"\nkind = \"weigh\"\npolarity = -1\nweight = 3\nseverity = 0.5\nwhen = \"ctx.asleep\"\n";

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_a_caret() {
    let bad = GOOD.replace("ctx.asleep", "ctx.aslep && dev.class == 'lokc' && ctx.hour == 25").replace("weight = 3", "weight = 30");
    let here = folder(&[("bad.toml", &bad), ("jamey.toml", "[conscience]\nrules = [\"bad.toml\", \"gone.toml\"]\n")]);
    let (code, out, err) = jamey(here.path(), &["rules", "check", "bad.toml"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "jamey: the rules are refused: 4 errors

error: `weight` is from 0 to 10
 --> bad.toml:6:10, rule `MINE-1`
  |
6 | weight = 30
  |          ^^

error: `ctx.aslep` is not a declared signal; did you mean `asleep`?
 --> bad.toml:8:12, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |            ^^^^^^

error: `lokc` is not a device class; did you mean `lock`?
 --> bad.toml:8:35, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |                                   ^^^^^^

error: this is never true; `ctx.hour` is a whole number from 0 to 23
 --> bad.toml:8:54, rule `MINE-1`
  |
8 | when = \"ctx.aslep && dev.class == 'lokc' && ctx.hour == 25\"
  |                                                      ^^

"
    );
    // The same by `jamey check`, with a file that is not there beside it; and as JSON.
    let (code, _, err) = jamey(here.path(), &["check", "--config", "jamey.toml"]);
    assert!(code == 1 && err.contains("gone.toml") && err.contains("cannot be read"), "{err}");
    std::fs::write(here.path().join("jamey.toml"), "[conscience]\nrules = [\"bad.toml\"]\n").unwrap();
    for command in [&["check", "--config", "jamey.toml", "--json"][..], &["rules", "check", "--config", "jamey.toml", "--json"]] {
        let (code, out, err) = jamey(here.path(), command);
        let told: Value = serde_json::from_str(&err).unwrap();
        assert_eq!((code, out.as_str(), told["errors"].as_array().unwrap().len()), (1, "", 4));
        assert_eq!((told["errors"][0]["line"].as_i64(), told["errors"][0]["rule"].as_str()), (Some(6), Some("MINE-1")));
    }
}

#[test]
fn a_good_file_is_good_and_what_it_replaces_is_named() {
    let here = folder(&[("mine.toml", GOOD), ("other.toml", &GOOD.replace("MINE-1", "AUT-1-quiet-hours"))]);
    let (code, out, err) = jamey(here.path(), &["rules", "check", "mine.toml", "other.toml"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("examples behave") && out.contains("  mine.toml: 1\n"), "{out}");
    assert!(out.contains("in place of rules of the same id: AUT-1-quiet-hours"), "{out}");
}

#[test]
fn hostile_files_are_refused_in_good_time() {
    let here = folder(&[]);
    let rules: String = (0..512)
        .map(|n| {
            GOOD.replace("MINE-1", &format!("M-{n}"))
                .replace("ctx.asleep", &vec!["ctx.asleep || !(ctx.home && req.trust > 0.5)"; 20].join(" && "))
        })
        .collect();
    for (name, text) in [
        ("nested.toml", "[".repeat(200_000)),
        ("nul.toml", "\0".repeat(100)),
        ("deep.toml", GOOD.replace("ctx.asleep", &"(".repeat(900))),
        ("large.toml", "x".repeat(3_000_000)),
        ("many.toml", rules.replace("M-511", "M-510")),
    ] {
        std::fs::write(here.path().join(name), text).unwrap();
        let from = std::time::Instant::now();
        let (code, _, err) = jamey(here.path(), &["rules", "check", name]);
        assert!(code == 1 && err.contains("error"), "{name}: {code} {}", err.chars().take(300).collect::<String>());
        assert!(from.elapsed() < PATIENCE, "{name} took {:?}", from.elapsed());
        assert!(!err.contains("panicked"), "{name}");
    }
    let (code, _, err) = jamey(here.path(), &["rules", "check", "/dev/zero"]);
    assert!(code == 1 && err.contains("it is no file"), "{err}");
}
