//! Any document, any key, any size.

use super::*;
use crate::cli::paint::is_obeyed;
use crossterm::event::KeyModifiers;
use proptest::prelude::*;
use serde_json::{Map, Number};

/// What the screen looks for, so that chance gets past the first door.
const KEYS: &[&str] = &[
    "data",
    "next",
    "alerts",
    "critical",
    "warning",
    "acknowledged",
    "code",
    "severity",
    "since",
    "text",
    "what_to_do",
    "more",
    "by",
    "at",
    "guard",
    "coverage",
    "judged",
    "not_judged",
    "held",
    "silent",
    "last_backup",
    "last_drill",
    "strictness",
    "profile",
    "host_memory_total_bytes",
    "host_memory_available_bytes",
    "process_resident_bytes",
    "judged_p50_micros",
    "judged_p99_micros",
    "uptime_seconds",
    "store",
    "failing",
    "connections",
    "percept",
    "decision",
    "forwarded",
    "score",
    "reason",
    "request",
    "entity",
    "target",
    "endpoint",
    "verb",
    "value",
    "contributions",
    "rule",
    "share",
    "kind",
    "duty",
    "name",
    "belief",
    "disbelief",
    "lower_bound",
    "liveness",
    "last_seen",
    "standing",
    "client_id",
    "messages",
    "subscriptions",
    "user",
    "address",
    "state",
    "focus",
    "activation",
    "mood",
    "pleasure",
    "emotions",
    "intensity",
    "stability",
    "mip",
    "lost",
    "exact",
    "phi",
    "roles",
    "strength",
    "drifting",
    "role",
    "drift",
    "id",
    "says",
    "status",
    "budget_left",
    "burn_rates",
    "window_days",
    "good",
    "bad",
    "repositories",
    "last",
    "taken_at",
    "drill",
    "passed",
    "bytes",
    "snapshots",
    "repository",
    "sequence",
    "damaged",
    "drilled",
    "courier",
    "verdicts",
    "facts",
    "req",
    "act",
    "dev",
    "ctx",
    "would_change",
    "today",
    "facets",
    "for",
    "against",
    "anomalies",
    "reasons",
    "would_change_it",
    "theta_allow",
    "error",
    "doing",
];
const WORDS: &[&str] = &[
    "",
    "deny",
    "allow",
    "escalate",
    "enforce",
    "critical",
    "passed",
    "silent",
    "2026-11-26T17:40:02.040128Z",
    "-009999-01-02T01:59:59Z",
    "9999-12-30T22:00:00Z",
    "\u{1b}[2J\u{7}",
    "\u{202e}turned\u{2066}",
    "\u{9b}31m",
    "\u{e0041}\u{ad}",
    "玄関の鍵",
    "👩‍👩‍👧‍👦",
    "e\u{301}\u{301}\u{301}",
    "a\nb\tc",
    "a word that is much longer than any screen is wide, and goes on and on, and has no end that anybody would want to read to",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2.0..2.0).prop_map(Value::from),
        any::<f64>().prop_map(|f| Number::from_f64(f).map_or(Value::Null, Value::Number)),
        word().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 96, 10, |inner| {
        let key = prop_oneof![8 => prop::sample::select(KEYS).prop_map(str::to_owned), 1 => word()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..10).prop_map(|all| Value::Object(all.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The fixture with one place of it become something else: what is nearly right goes furthest.
fn bend(here: &mut Value, path: &[usize], by: Value) {
    let Some((step, rest)) = path.split_first() else {
        *here = by;
        return;
    };
    match here {
        Value::Array(all) if !all.is_empty() => {
            let at = step % all.len();
            bend(&mut all[at], rest, by);
        }
        Value::Object(all) if !all.is_empty() => {
            let at = step % all.len();
            bend(all.iter_mut().nth(at).unwrap().1, rest, by);
        }
        other => *other = by,
    }
}

fn news() -> impl Strategy<Value = News> {
    let part = || prop::sample::select(&Part::ALL[..]);
    let told = |of: Part, document: Value, at: i64| News::Told { of, document, at: Timestamp::from_micros(at) };
    let nearly = (part(), prop::collection::vec(any::<usize>(), 1..6), value(), any::<i64>()).prop_map(move |(of, path, by, at)| {
        let house: Value = serde_json::from_str(HOUSE).unwrap();
        let mut document = house[of.name()].clone();
        bend(&mut document, &path, by);
        told(of, document, at)
    });
    prop_oneof![
        4 => nearly,
        2 => (part(), value(), any::<i64>()).prop_map(move |(of, document, at)| told(of, document, at)),
        1 => value().prop_map(News::Verdict),
        1 => word().prop_map(News::Away),
    ]
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        prop::sample::select(
            &[
                KeyCode::Enter,
                KeyCode::Esc,
                KeyCode::Up,
                KeyCode::Down,
                KeyCode::PageDown,
                KeyCode::End,
                KeyCode::Home,
                KeyCode::Tab,
                KeyCode::BackTab,
                KeyCode::Backspace,
                KeyCode::F(1),
                KeyCode::Char('/'),
                KeyCode::Char('p'),
                KeyCode::Char('r'),
                KeyCode::Char('?'),
            ][..]
        ),
        prop::char::range('1', '9').prop_map(KeyCode::Char),
        any::<char>().prop_map(KeyCode::Char),
    ];
    (code, any::<u8>()).prop_map(|(code, bits)| KeyEvent::new(code, KeyModifiers::from_bits_truncate(bits & 1)))
}

fn painted(model: &mut Model, width: u16, height: u16, colour: bool) -> Result<(), TestCaseError> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut bounds = model.bounds;
    terminal.draw(|frame| bounds = draw(frame, model, Palette { colour })).unwrap();
    model.bounds = bounds;
    for cell in &terminal.backend().buffer().content {
        // What joins letters to one is part of a letter; that alone is nothing to obey.
        let obeyed = cell.symbol().chars().any(is_obeyed);
        prop_assert!(!obeyed, "{:?}", cell.symbol());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn nothing_that_a_house_says_breaks_the_screen(
        all in prop::collection::vec((news(), key(), 1u16..=220, 1u16..=70), 1..10),
        opened in value(),
        colour in any::<bool>(),
    ) {
        let mut model = model();
        for (news, key, width, height) in all {
            model.hear(news);
            model.press(key);
            if let Some((what, _, _)) = model.opened() {
                let what = what.clone();
                model.hear(News::Opened(what, Some(opened.clone())));
            }
            painted(&mut model, width, height, colour)?;
        }
        for tab in Tab::ALL {
            model.press(KeyEvent::from(KeyCode::Esc));
            model.tab = tab;
            painted(&mut model, 1, 1, colour)?;
            painted(&mut model, 80, 24, colour)?;
        }
    }

    #[test]
    fn it_can_be_drawn_at_every_size(width in 1u16..=220, height in 1u16..=70, keys in prop::collection::vec(key(), 0..6)) {
        let mut model = model();
        for key in keys {
            model.press(key);
            painted(&mut model, width, height, true)?;
        }
    }
}
