//! What a person reads of a rule file that is wrong: every mistake, with the line and a caret under it.

use super::*;

/// Each kind of string, an escape, a long line, and errors of every sort.
const WRONG: &str = include_str!("wrong.toml");

#[test]
fn every_mistake_is_shown_under_its_line() {
    let sources = [("wrong.toml".to_owned(), WRONG.to_owned()), ("torn.toml".to_owned(), "[[rule]\nid = 'T'\n".to_owned())];
    let errors = load(&sources).unwrap_err();
    let pictures: Vec<String> = errors.iter().map(RuleError::picture).collect();
    let shown = pictures.join("\n");
    let kept = include_str!("wrong.txt");
    if std::env::var_os("JAMEY_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/conscience/tests/wrong.txt"), &shown).unwrap();
    }
    assert_eq!(shown, kept, "JAMEY_WRITE_SNAPSHOTS=1 writes it anew; look at what changed");
}

#[test]
fn a_picture_fits_a_terminal_whatever_the_line() {
    let when = format!("dev.area == '{}' && dev.clas == 'x'", "y".repeat(900));
    let error = load(&one("weigh", &when)).unwrap_err().remove(0);
    assert!(error.picture().lines().all(|line| line.chars().count() <= 130), "{}", error.picture());
    assert!(error.picture().contains("dev.clas"), "{}", error.picture());
    let control = load(&[("a.toml".into(), "x = '\u{1b}[31m\t'".into())]).unwrap_err().remove(0);
    assert!(!control.picture().contains('\u{1b}'), "nothing reaches the terminal but text");
}
