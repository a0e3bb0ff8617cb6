//! A condition that can never be true, or never be false, is refused with the reason; what may be either is not.

use super::*;

#[test]
fn what_can_never_be_true_is_refused() {
    for (when, wanted) in [
        ("req.trust > 2", "this is never true; `req.trust` is from 0 to 1"),
        ("req.trust > 1.0", "this is never true"),
        ("ctx.hour == 25", "this is never true; `ctx.hour` is a whole number from 0 to 23"),
        ("ctx.hour == 7.5", "this is never true"),
        ("ctx.hour >= 24", "this is never true"),
        ("ctx.hour > 6 && ctx.hour < 7", "its parts cannot hold together"),
        ("ctx.hour > 22 && ctx.hour < 6", "this is never true; its parts cannot hold together"),
        ("dev.risk < 0", "`dev.risk` is from 0 to 1"),
        ("-1 > dev.cmds_60s", "`dev.cmds_60s` is a count"),
        ("act.verb == 'lock' && act.verb == 'unlock'", "its parts cannot hold together"),
        ("act.verb in ['lock', 'close'] && ctx.home && act.verb == 'unlock'", "its parts cannot hold together"),
        ("act.verb == 'lock' && !(act.verb in ['lock', 'close'])", "its parts cannot hold together"),
        ("(dev.class == 'lock' || dev.class == 'door') && dev.class == 'light'", "its parts cannot hold together"),
        ("ctx.home && !ctx.home", "its parts cannot hold together"),
        ("ctx.home == true && ctx.home == false", "its parts cannot hold together"),
        ("'security' in dev.tags && !('security' in dev.tags)", "its parts cannot hold together"),
        ("act.value > 30.0 && act.value < 20.0", "its parts cannot hold together"),
        ("act.args.mode == 'home' && act.args.mode == 'away'", "its parts cannot hold together"),
        ("ctx.in_c < 5.0 && (ctx.in_c > 6.0 || ctx.in_c == 7.0)", "its parts cannot hold together"),
        ("false && ctx.home", "is never true"),
        ("1 > 2", "is never true"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

#[test]
fn what_always_holds_is_refused() {
    for (when, wanted) in [
        ("true", "`when` is always true"),
        ("req.trust >= 0", "this is always true; `req.trust` is from 0 to 1"),
        ("ctx.hour < 24", "this is always true"),
        ("act.verb != 'lock' || act.verb != 'unlock'", "this is always true; one of its parts always holds"),
        ("ctx.home || !ctx.home", "one of its parts always holds"),
        ("ctx.smoke || (ctx.hour >= 6 || ctx.hour < 6)", "one of its parts always holds"),
        ("[1, 2].exists(x, x == 2)", "`when` asks nothing"),
        ("size('abc') == 3", "`when` asks nothing"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

#[test]
fn what_may_be_either_is_let_be() {
    for when in [
        "ctx.hour > 22 || ctx.hour < 6",
        "ctx.hour > 5 && ctx.hour < 7",
        "req.trust >= 1",
        "req.trust <= 0.0",
        "act.verb != 'lock' && act.verb != 'unlock'",
        "act.value > 30.0 || act.value <= 30.0",
        "act.value != null && act.value > 3.0",
        "act.args.mode != 'home' || act.args.mode != 'away'",
        "has(act.args.mode) && act.args.mode == 'home' || act.args.reason == 'x'",
        "dev.class in ['lock', 'door'] && !(dev.class in ['door'])",
        "ctx.home ? ctx.asleep : ctx.smoke",
        "!(ctx.home && ctx.asleep) && (ctx.home || ctx.asleep)",
        "dev.cmds_60s > (dev.class == 'light' ? 240 : 12)",
        "act.target == req.entity || act.target != req.client",
        "dev.tags.exists(t, t == 'a') && dev.tags.exists(t, t == 'b')",
        "dev.opposite_5s == 3 && dev.opposite_5s > 2",
        "ctx.in_c > 5.0 && ctx.in_c < 5.1",
        "act.verb == 'set' && (act.value > 30.0 || act.value < 7.0)",
    ] {
        load(&one("weigh", when)).map(|_| ()).unwrap_or_else(|e| panic!("{when}: {}", told(&e)));
    }
}

/// What is called impossible is tried on thousands of requests: not one may contradict.
#[test]
fn the_search_never_errs_towards_impossible() {
    let parts = [
        "ctx.hour > 20",
        "ctx.hour <= 20",
        "ctx.hour == 3",
        "req.trust < 0.5",
        "req.trust >= 0.5",
        "act.value > 3.0",
        "act.value <= 3.0",
        "act.value == null",
        "act.verb == 'lock'",
        "act.verb in ['lock', 'set']",
        "act.verb != 'set'",
        "ctx.home",
        "!ctx.home",
        "ctx.smoke",
        "'security' in dev.tags",
        "has(act.args.mode)",
        "act.args.mode == 'home'",
        "act.args.mode != 'home'",
        "act.args.mode in ['home', 'away']",
        "dev.cmds_60s > 3",
        "dev.class == 'lock'",
    ];
    let facts: Vec<Facts> = (0..200_u32)
        .map(|n| {
            let mut f = facts(if n % 2 == 0 { DeviceClass::Lock } else { DeviceClass::Light }, ["lock", "set", "on"][n as usize % 3]);
            f.req.trust = Unit01::clamped(f64::from(n % 5) / 4.0);
            f.act.value = [None, Some(1.0), Some(3.0), Some(9.0)][n as usize / 3 % 4];
            if n % 7 > 2 {
                f.act.args.insert("mode".into(), ["home", "away"][n as usize % 2].into());
            }
            if n % 3 == 1 {
                f.dev.tags.insert("security".into());
            }
            f.dev.cmds_60s = n % 9;
            for (name, value) in f.ctx.make_mut() {
                value.0 = match value.0 {
                    SignalValue::Bool(_) => SignalValue::Bool((n / if name == "home" { 5 } else { 11 }) % 2 == 0),
                    SignalValue::Number(_) => SignalValue::Number(f64::from(n % 24)),
                };
            }
            f
        })
        .collect();
    let (mut refused, mut seed) = (0, 7_u64);
    let mut next = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    for _ in 0..3_000 {
        let mut when = parts[next(parts.len())].to_owned();
        for _ in 0..=next(4) {
            when = format!("{}({when}) {} {}", ["", "!"][next(2)], ["&&", "||"][next(2)], parts[next(parts.len())]);
        }
        let Err(errors) = load(&one("weigh", &when)) else { continue };
        refused += 1;
        let told = told(&errors);
        assert!(told.contains(" true"), "{when}: {told}");
        // A part of it may be what is constant: then the whole is looked at by its own evaluator, as far as it goes.
        let whole = errors[0].message.starts_with("this is") && errors[0].column.is_some();
        assert!(whole || errors[0].message.starts_with("`when` is"), "{told}");
        let Some(term) = crate::conscience::tests::impossible::unchecked(&when) else { continue };
        let signals = crate::conscience::names::signals(&signals(true));
        if let Some(how) = crate::conscience::possible::constant(&term, &signals) {
            for f in &facts {
                let view = crate::conscience::facts::View {
                    facts: f,
                    signals: &signals,
                    figures: None,
                    known: crate::conscience::facts::Known::All,
                };
                let found = matches!(crate::conscience::ternary::evaluate(&term, &view), crate::conscience::value::Val::Bool(true));
                assert_eq!(found, how == "always", "{when} is called {how} true, and on {f:?} it is not so");
            }
        }
    }
    assert!(refused > 200, "{refused} of them were refused");
}

/// The term of an expression whose constant parts are let be: each part is read alone and put together here.
fn unchecked(when: &str) -> Option<crate::conscience::term::Term> {
    use crate::conscience::term::Term;
    let when = when.trim();
    if let Ok(term) =
        crate::conscience::expression::read("when", when, &crate::conscience::names::signals(&signals(true)), &Default::default())
    {
        return Some(term);
    }
    // "(A) && B", "!(A) || B": the bracket closes before the last operator.
    let end = when.rfind(") ")?;
    let (head, tail) = when.split_at(end + 1);
    let (not, inner) = if let Some(inner) = head.strip_prefix("!(") { (true, inner) } else { (false, head.strip_prefix('(')?) };
    let inner = unchecked(inner.strip_suffix(')')?)?;
    let inner = if not { Term::Not(Box::new(inner)) } else { inner };
    let tail = tail.trim();
    let (and, rest) = if let Some(rest) = tail.strip_prefix("&& ") { (true, rest) } else { (false, tail.strip_prefix("|| ")?) };
    let terms = vec![inner, unchecked(rest)?];
    Some(if and { Term::All(terms) } else { Term::Any(terms) })
}

#[test]
fn a_slip_in_a_word_is_noticed_and_a_word_of_ones_own_is_not() {
    for (when, wanted) in [
        ("act.verb == 'unlok'", "no verb that Jamey knows is `unlok`; did you mean `unlock`?"),
        ("act.verb in ['open', 'disram']", "did you mean `disarm`?"),
        ("req.role == 'ownr'", "no role that Jamey knows is `ownr`; did you mean `owner`?"),
        ("'securty' in dev.tags", "no tag that Jamey knows is `securty`; did you mean `security`?"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
    for when in ["act.verb == 'brew'", "req.role == 'cook'", "'kitchen_island' in dev.tags", "act.verb in ['on', 'off', 'go']"] {
        load(&one("weigh", when)).map(|_| ()).unwrap_or_else(|e| panic!("{when}: {}", told(&e)));
    }
    let mut sources = one("weigh", "act.verb == 'unlok'");
    sources[0].1.push_str("[[rule.examples]]\nfires = true\nname = 'a word of its own'\nact = { verb = 'unlok' }\n");
    load(&sources).map(|_| ()).unwrap_or_else(|e| panic!("an example says that it is meant: {}", told(&e)));
}

#[test]
fn an_example_says_only_what_can_be() {
    let mut sources = one("weigh", "ctx.home");
    sources[0].1.push_str("[[rule.examples]]\nfires = true\nname = 'x'\nctx = { home = 3, in_c = true, hom = true }\n");
    let told = told(&load(&sources).unwrap_err());
    for wanted in [
        "`ctx.home` is true or false, and never 3",
        "`ctx.in_c` is a number, and never true",
        "`ctx.hom` is not a declared signal; did you mean `home`?",
    ] {
        assert!(told.contains(wanted), "{told}");
    }
    assert!(told.contains("a.toml:9:1"), "at the example, not at the rule: {told}");
}

/// The dearest rules that are taken; in a release build each stays within 50 µs on the host of the figures (the test prints them).
#[test]
fn the_dearest_rules_are_refused_and_the_others_are_quick() {
    let mut slowest = (std::time::Duration::ZERO, String::new());
    let long = "x".repeat(60_000);
    for when in [
        format!("dev.tags.exists(t, {})", vec!["t == 'aaaa'"; 30].join(" || ")),
        "dev.tags.exists(t, t.matches('(a|b|c)*[0-9]+x$'))".to_owned(),
        "size(dev.tags.map(t, t)) == 3".to_owned(),
        "size(dev.tags.filter(t, t != 'x' && t != 'y' && t != 'z')) == 3".to_owned(),
        vec!["act.args.x.contains('xy')"; 40].join(" || "),
        vec!["size(act.args.x) == 3"; 40].join(" || "),
        vec!["act.args == act.args"; 60].join(" && "),
        vec!["act.args.x == act.args.y"; 30].join(" || "),
        vec!["act.target.matches('(a*)*[0-9a-z_]*[0-9a-z_]*$')"; 18].join(" && "),
        format!("dev.cmds_60s == {}", vec!["dev.opposite_5s"; 60].join(" + ")),
        format!("['{}'].exists(x, x == dev.area)", (0..64).map(|n| format!("a{n}")).collect::<Vec<_>>().join("','")),
        vec!["'aa' in dev.tags"; 30].join(" || "),
    ] {
        match load(&one("weigh", &when)) {
            Err(errors) => assert!(
                told(&errors).contains("shorten its lists") || told(&errors).contains("costly") || told(&errors).contains(" and may have "),
                "{}",
                told(&errors)
            ),
            Ok(mut set) => {
                let mut f = facts(DeviceClass::Light, "on");
                f.dev.tags = (0..64).map(|n| format!("{}{n}", "a".repeat(40))).collect();
                f.act.args.insert("x".into(), long.clone().into());
                f.act.args.insert("y".into(), long.clone().into());
                let _ = set.judge(&f);
                let quickest = (0..30).map(|_| {
                    let from = std::time::Instant::now();
                    std::hint::black_box(set.judge(&f));
                    from.elapsed()
                });
                let quickest = quickest.min().unwrap();
                println!("{quickest:>12.1?}  {}", when.chars().take(70).collect::<String>());
                slowest = slowest.max((quickest, when));
            }
        }
    }
    println!("the slowest: {:?}", slowest.0);
}
