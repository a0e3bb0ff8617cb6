//! The rules of the house, kept: who may import whom, and how large a room may grow.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Which rooms a room may name. `app` and `cli` may name all; `lib.rs` and `main.rs` are the doors.
const MAY: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("conscience", &["domain"]),
    ("soul", &["domain"]),
    ("consciousness", &["domain"]),
    ("home_assistant", &["domain"]),
    ("mosquitto", &["domain"]),
    ("memory", &["domain", "store"]),
    ("phoenix", &["domain", "runtime", "store"]),
    ("store", &["domain", "runtime"]),
    ("config", &["domain"]),
    ("runtime", &["domain"]),
    ("observe", &["domain", "runtime"]),
    ("mind", &["domain", "conscience", "soul", "consciousness", "home_assistant", "memory"]),
    ("broker", &["domain", "config", "runtime", "observe"]),
    ("web", &[]),
    ("api", &["domain", "config", "runtime", "observe", "store", "broker", "web"]),
];

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn all() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let first = path.strip_prefix(&src).unwrap().components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (first.trim_end_matches(".rs").to_owned(), path, text)
        })
        .collect()
}

/// The rooms named after `crate::`, in single paths and in groups.
fn named(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (1, String::new());
            let mut first = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => {
                        first = true;
                        continue;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                if depth == 1 && first {
                    if c.is_alphanumeric() || c == '_' {
                        word.push(c);
                    } else if !word.is_empty() {
                        rooms.insert(std::mem::take(&mut word));
                        first = false;
                    }
                }
            }
            if !word.is_empty() {
                rooms.insert(word);
            }
        } else {
            rooms.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

#[test]
fn no_room_imports_one_above_it() {
    let may: BTreeMap<&str, &[&str]> = MAY.iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (room, path, text) in all() {
        seen.insert(room.clone());
        if matches!(room.as_str(), "app" | "cli" | "lib" | "main") {
            continue;
        }
        let allowed = may.get(room.as_str()).unwrap_or_else(|| panic!("{room} is a room that this test does not know"));
        for other in named(&text) {
            // `crate::Thing` in capitals is no room.
            if other != room && !allowed.contains(&other.as_str()) && other.chars().next().is_some_and(char::is_lowercase) {
                wrong.push(format!("{} names crate::{other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (room, _) in MAY {
        assert!(seen.contains(*room), "{room} is gone: take it out of this test");
    }
}

#[test]
fn the_test_sees_what_is_imported() {
    let rooms = named("use crate::{\n    broker::{Hall, Inbox},\n    domain::{Body},\n    mind,\n};\nuse crate::store::Reader;");
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["broker", "domain", "mind", "store"]);
}

#[test]
fn pure_rooms_have_no_clock_no_chance_and_no_files() {
    let pure = ["domain", "conscience", "soul", "consciousness", "home_assistant", "mosquitto", "mind"];
    for (room, path, text) in all() {
        if !pure.contains(&room.as_str()) || path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
        for effect in ["std::fs", "std::net", "SystemTime", "Instant::now", "tokio::", "getrandom", "now_v7", "rand::", "std::env"] {
            assert!(!code.contains(effect), "{} is pure and names {effect}", path.display());
        }
    }
}

/// What only some systems have, and only `runtime` knows.
const OF_ONE_SYSTEM: [&str; 10] = [
    "std::os::",
    "nix::",
    "rustix::",
    "libc::",
    "signal::unix",
    "cfg(unix",
    "cfg(windows",
    "cfg(not(unix",
    "cfg(not(windows",
    "cfg(target_os",
];

/// The first of them that a text names, as a word of its own: `phoenix::` is none.
fn of_one_system(text: &str) -> Option<&'static str> {
    let is_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric());
    OF_ONE_SYSTEM.into_iter().find(|word| text.match_indices(word).any(|(at, _)| is_word(at)))
}

#[test]
fn only_runtime_knows_which_system_it_runs_on() {
    let mut wrong = Vec::new();
    for (room, path, text) in all() {
        let is_test = path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs");
        if room != "runtime" && !is_test {
            let code = text.split("#[cfg(test)]").next().unwrap();
            wrong.extend(of_one_system(code).map(|word| format!("{} names {word}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(["phoenix::Id", "use nix::sys;", "#[cfg(not(unix))]"].map(of_one_system), [None, Some("nix::"), Some("cfg(not(unix")]);
}

#[test]
fn every_file_says_what_it_is_for_and_stays_a_room() {
    for (_, path, text) in all() {
        assert!(text.starts_with("//! "), "{} begins without a sentence on what it is for", path.display());
        assert!(text.len() <= 25_000, "{} has outgrown itself: {} bytes", path.display(), text.len());
    }
}

#[test]
fn topics_md_is_what_the_code_says() {
    let written = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("topics.md")).unwrap();
    assert_eq!(written, jamey::domain::topics::markdown(), "run `jamey topics > topics.md`");
}

#[test]
fn the_tests_that_the_security_page_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = 0;
    for (file, test) in page.split('`').filter_map(|word| word.rsplit_once("::")) {
        // A file of a folder is named by both.
        let file = file.replace("::", "/");
        let text = std::fs::read_to_string(root.join("tests").join(format!("{file}.rs"))).unwrap_or_default();
        assert!(text.contains(&format!("fn {test}(")), "{file}::{test}");
        named += 1;
    }
    assert!(named > 40, "{named}");
}
