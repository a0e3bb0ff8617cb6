//! What the screen looks like, small and large, and that nothing a house may say breaks it.

mod any;

use super::*;
use crate::{
    cli::top::{
        model::News,
        once::text,
        part::{Opened, Part},
    },
    domain::{Timestamp, limits},
};
use crossterm::event::{KeyCode, KeyEvent};
use jiff::tz::TimeZone;
use ratatui::{Terminal, backend::TestBackend, style::Color};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A house of six verdicts, as its documents were told.
const HOUSE: &str = include_str!("shots/house.json");

fn now() -> Timestamp {
    Timestamp::read("2026-11-26T17:40:05Z").unwrap()
}

fn model() -> Model {
    let mut model = Model::new("127.0.0.1:8420".to_owned(), TimeZone::get("Europe/Berlin").unwrap(), now());
    let house: Value = serde_json::from_str(HOUSE).unwrap();
    for of in Part::ALL {
        model.hear(News::Told { of, document: house[of.name()].clone(), at: now() });
    }
    model
}

fn press(model: &mut Model, keys: &[KeyCode]) {
    keys.iter().for_each(|key| model.press(KeyEvent::from(*key)));
}

fn opened(model: &mut Model) {
    let house: Value = serde_json::from_str(HOUSE).unwrap();
    press(model, &[KeyCode::Enter]);
    let what = model.opened().unwrap().0.clone();
    let document = match &what {
        Opened::Verdict(_) => house["opened_verdict"].clone(),
        Opened::Entity(_) => house["opened_entity"].clone(),
    };
    model.hear(News::Opened(what, Some(document)));
}

fn shots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/top/view/shots")
}

/// Compares with what is kept; `JAMEY_SHOTS=write` keeps what is drawn now: look at it before you commit it.
fn is_as_kept(name: &str, model: &Model, width: u16, height: u16) {
    let (drawn, path) = (text(model, width, height).unwrap(), shots().join(format!("{name}-{width}x{height}.txt")));
    if std::env::var("JAMEY_SHOTS").is_ok_and(|said| said == "write") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(drawn, kept, "{} is not what is drawn:\n{drawn}", path.display());
}

#[test]
fn every_tab_looks_as_it_did_small_and_large() {
    for tab in Tab::ALL {
        let mut model = model();
        model.tab = tab;
        is_as_kept(tab.title(), &model, 80, 24);
        is_as_kept(tab.title(), &model, 200, 50);
    }
}

#[test]
fn a_verdict_and_an_entity_look_as_they_did_when_they_are_opened() {
    let mut model = model();
    press(&mut model, &[KeyCode::Down]);
    opened(&mut model);
    is_as_kept("verdict", &model, 80, 24);
    is_as_kept("verdict", &model, 200, 50);
    press(&mut model, &[KeyCode::Char('2')]);
    opened(&mut model);
    is_as_kept("entity", &model, 80, 24);
}

#[test]
fn help_a_filter_a_pause_and_a_house_that_went_away_are_seen() {
    let mut model = model();
    press(&mut model, &[KeyCode::Char('?')]);
    is_as_kept("help", &model, 80, 24);
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('d'), KeyCode::Char('o'), KeyCode::Char('o'), KeyCode::Char('r')]);
    press(&mut model, &[KeyCode::Enter, KeyCode::Char('p')]);
    model.hear(News::Verdict(serde_json::json!({"percept": "new", "decision": "deny", "request": {"target": "door"}})));
    is_as_kept("filter-pause", &model, 80, 24);
    model.hear(News::Away("nothing answers on 127.0.0.1:8420 (Connection refused)".to_owned()));
    model.now = now().plus_seconds(95);
    is_as_kept("stale", &model, 60, 8);
    model.hear(News::Told { of: Part::Alerts, document: Value::Null, at: model.now });
    assert!(model.away.is_none(), "it is back");
    press(&mut model, &[KeyCode::Char('p')]);
    assert!(text(&model, 80, 24).unwrap().contains("→ door"), "what fell during the pause is there");
}

#[test]
fn without_colours_there_are_none_and_with_them_a_refusal_is_red() {
    for colour in [true, false] {
        let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
        terminal
            .draw(|frame| {
                draw(frame, &model(), Palette { colour });
            })
            .unwrap();
        let cells = &terminal.backend().buffer().content;
        let has_colours = cells.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(has_colours, colour);
        let red: String = cells.iter().filter(|cell| cell.fg == Color::Red).map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(red.contains("DENIED"), colour, "{red}");
    }
}

#[test]
fn a_row_that_was_chosen_stays_so_when_others_come_before_it() {
    let mut model = model();
    press(&mut model, &[KeyCode::Down, KeyCode::Down]);
    let chosen = |model: &Model| {
        let rows = model.rows().unwrap();
        rows[model.chosen(&rows)].key.clone()
    };
    let before = chosen(&model);
    model.hear(News::Verdict(serde_json::json!({"percept": "new"})));
    assert_eq!(chosen(&model), before);
    press(&mut model, &[KeyCode::Home]);
    let top = chosen(&model);
    model.hear(News::Verdict(serde_json::json!({"percept": "newer"})));
    assert_ne!(chosen(&model), top, "who is at the top stays there");
}

#[test]
fn keys_do_what_the_help_says() {
    let mut model = model();
    press(&mut model, &[KeyCode::Char('3')]);
    assert_eq!(model.tab, Tab::Clients);
    press(&mut model, &[KeyCode::Tab, KeyCode::Right, KeyCode::Left, KeyCode::BackTab, KeyCode::BackTab, KeyCode::Left, KeyCode::Left]);
    assert_eq!(model.tab, Tab::Alerts, "round and round");
    press(&mut model, &[KeyCode::Char('2')]);
    let first = |model: &Model| model.rows().unwrap()[0].key.clone();
    let least = first(&model);
    press(&mut model, &[KeyCode::Char('r')]);
    assert_ne!(first(&model), least);
    press(&mut model, &[KeyCode::Char('/'), KeyCode::Char('q'), KeyCode::Char('\u{1b}'), KeyCode::Backspace]);
    assert!(!model.quits && model.filter == "q", "in a filter q is a letter: {:?}", model.filter);
    for _ in 0..=limits::TOP_FILTER_CHARS {
        press(&mut model, &[KeyCode::Char('ä')]);
    }
    assert_eq!(model.filter.chars().count(), limits::TOP_FILTER_CHARS, "one more finds no place");
    press(&mut model, &[KeyCode::Esc, KeyCode::Char('q')]);
    assert!(model.quits && model.filter.is_empty());
}
