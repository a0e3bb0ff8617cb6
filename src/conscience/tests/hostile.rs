//! Files written to break the loader, and requests written to break the judge, get an answer.

use super::*;
use proptest::prelude::*;

#[test]
fn sources_that_break_parsers_are_refused() {
    for when in [
        vec!["1"; 2_000].join("+"),
        "(".repeat(10_000),
        format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}true{}", "(".repeat(500), ")".repeat(500)),
        vec!["1"; 500].join("+"),
        vec!["true"; 200].join("||"),
        "-".repeat(1_000) + "1",
        "[".repeat(1_000),
        "true?".repeat(100) + "true",
        format!("dev{}", ".x".repeat(500)),
        format!("dev.tags{}", "[0]".repeat(300)),
        "'".repeat(1_001),
        "\u{0}".repeat(100),
        "x".repeat(1_000_000),
        String::new(),
    ] {
        let when_short: String = when.chars().take(40).collect();
        assert!(load(&one("weigh", &when)).is_err(), "{when_short}");
    }
}

#[test]
fn a_deep_expression_within_the_limits_is_evaluated() {
    let _ = load(&one("weigh", &("!".repeat(1_001) + "ctx.home"))); // the parser folds them
    let when = "!".repeat(20) + &"(".repeat(20) + "ctx.home" + &")".repeat(20);
    let deep = format!("0 < {}", vec!["dev.cmds_60s"; 60].join("+"));
    for when in [when, deep] {
        let _ = load(&one("weigh", &when)).unwrap_or_else(|e| panic!("{when}: {}", told(&e))).judge(&facts(DeviceClass::Light, "on"));
    }
}

#[test]
fn files_that_break_parsers_are_refused() {
    for text in [
        "[".repeat(100_000),
        "a = ".to_owned() + &"[".repeat(100_000),
        format!("rule = {}", "{a=".repeat(10_000)),
        "a.".repeat(100_000) + "b = 1",
        "\u{feff}\u{0}\u{1}".to_owned(),
        "x = '".to_owned() + &"y".repeat(3_000_000),
        "rule = 3".to_owned(),
        "rule = [1, 2]".to_owned(),
        "[[rule]]\n".repeat(600),
    ] {
        assert!(load(&[("a.toml".into(), text)]).is_err());
    }
}

#[test]
fn a_device_with_too_many_tags_is_an_error_and_not_a_wait() {
    let mut set = load(&one("weigh", "dev.tags.exists(t, t == 'x')")).unwrap();
    let mut f = facts(DeviceClass::Light, "on");
    f.dev.tags = (0..100_000).map(|n| format!("t{n}")).collect();
    let verdict = set.judge(&f);
    assert_eq!(verdict.uncertainty.get(), 1.0);
    assert!(verdict.reason.contains("more than 64 tags"));
}

fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "dev.class",
        "act.verb",
        "act.args.x",
        "act.value",
        "ctx.home",
        "dev.tags",
        "req.trust",
        "dev.cmds_60s",
        "'lock'",
        "1",
        "2.5",
        "null",
        "true",
        "&&",
        "||",
        "!",
        "==",
        "<",
        "in",
        "+",
        "-",
        "/",
        "%",
        "(",
        ")",
        "[",
        "]",
        "?",
        ":",
        ",",
        ".",
        "size(",
        "min(",
        ".exists(x, x",
        ".matches('a')",
        "has(",
        "{",
        "}",
        "\"",
        "'",
        "\\",
        "ü",
        "\n",
        "//",
        "0x",
        "1e999",
        "9223372036854775808",
        "u",
        "b'a'",
        "@result",
        "__",
    ];
    proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_sources_give_an_answer(pieces in proptest::collection::vec(piece(), 0..24)) {
        let f = facts(DeviceClass::Light, "on");
        if let Ok(mut set) = load(&one("weigh", &pieces.join(" "))) {
            let verdict = set.judge(&f);
            prop_assert!(verdict.score.abs() < 1.0);
        }
    }

    #[test]
    fn random_text_gives_an_answer(text in "\\PC{0,200}") {
        let _ = load(&one("weigh", &text));
        let _ = load(&[("a.toml".into(), text)]);
    }

    #[test]
    fn random_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = load(&one("weigh", &text));
        let _ = load(&[("a.toml".into(), text)]);
    }
}

/// The worst that `benches/conscience.rs` could think of, by what the loader says to it.
#[test]
fn what_costs_too_much_is_refused_with_its_steps() {
    let list = (0..64).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for (when, refused) in [
        (format!("dev.tags.exists(t, {})", ["(t in ['a','b','c','d','e','f','g','h'])"; 20].join("||")), true),
        (format!("dev.tags.all(t, {})", ["(t != 'a')"; 45].join("&&")), true),
        (format!("[{list}].exists(n, {})", ["('zz' in dev.tags)"; 18].join("||")), true),
        (format!("dev.tags.exists(t, {})", ["t.matches('.*a.*b.*z')"; 10].join("||")), true),
        ("dev.tags.exists(t, t == 'zz' || t.startsWith('q') || t.endsWith('q') || t.contains('zq'))".to_owned(), false),
        ("dev.tags.exists(t, t.matches('^zone_[0-9]$'))".to_owned(), false),
        ("size(dev.tags.map(t, t)) > 3 || size(dev.tags.filter(t, t != '')) > 3".to_owned(), false),
        (format!("0 < {}", vec!["dev.cmds_60s"; 70].join("+")), false),
    ] {
        match load(&one("weigh", &when)) {
            Err(errors) => assert!(refused && told(&errors).contains("steps and may take 3000"), "{when}: {}", told(&errors)),
            Ok(_) => assert!(!refused, "{when}"),
        }
    }
}

#[test]
fn arguments_made_to_be_slow_are_an_error_and_not_a_wait() {
    let long = |n: usize| serde_json::Value::from("a".repeat(n));
    let list = |n: usize| (0..n).map(serde_json::Value::from).collect::<serde_json::Value>();
    let nested = (0..300).fold(serde_json::Value::from(1), |inner, _| vec![inner].into());
    for (when, value, looked_at) in [
        ("act.args.x.contains('b') || !req.human", long(1_024), true),
        ("act.args.x.contains('b')", long(1_025), false),
        ("size(act.args.x) > 0", list(63), true),
        ("size(act.args.x) > 0", list(64), false),
        ("act.args.x == act.args.x", nested, false),
        ("act.args == act.args", list(500), false),
        ("'x' in act.args", list(500), true),
    ] {
        let mut f = facts(DeviceClass::Light, "on");
        f.act.args.insert("x".into(), value);
        let verdict = load(&one("weigh", when)).unwrap_or_else(|e| panic!("{}", told(&e))).judge(&f);
        assert_eq!(verdict.uncertainty.get() < 1.0, looked_at, "{when}: {}", verdict.reason);
    }
}
