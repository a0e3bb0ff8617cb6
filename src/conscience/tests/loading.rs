//! A rule file that is wrong says what, where, and what would be right.

use super::*;

#[test]
fn a_typing_error_gets_a_suggestion_and_a_place() {
    let error = load(&one("weigh", "dev.clas == 'lock'")).unwrap_err().remove(0);
    assert_eq!((error.line, error.column), (Some(8), Some(12)));
    assert_eq!(error.to_string(), "a.toml:8:12: rule `A`: `dev.clas` is not a field; did you mean `class`?");
    for (when, wanted) in [
        ("rek.human", "`rek` is not known here; did you mean `req`?"),
        ("ctx.smok", "`ctx.smok` is not a declared signal; did you mean `smoke`?"),
        ("dev.class == 'lokc'", "`lokc` is not a device class; did you mean `lock`?"),
        ("dev.class in ['light', 'blind']", "`blind` is not a device class"),
        ("act.verb.startWith('u')", "`startWith` is not a function of rules; did you mean `startsWith`?"),
        ("sizee(dev.tags) > 1", "`sizee` is not a function of rules; did you mean `size`?"),
        ("dev", "`dev` is a group; name one of its fields; there are class, area, tags"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

#[test]
fn the_place_is_right_in_texts_of_several_lines_and_after_letters_of_two_bytes() {
    let text = "[[rule]]\nid='A'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=1\nseverity=1\nwhen = '''\ndev.area == 'Küche' && \n  dev.clas == 'x' '''\n";
    let error = load(&[("a.toml".into(), text.into())]).unwrap_err().remove(0);
    assert_eq!((error.line, error.column), (Some(10), Some(6)), "{error}");
    let error = load(&[("a.toml".into(), text.replace(" && \n  ", " && "))]).unwrap_err().remove(0);
    assert_eq!((error.line, error.column), (Some(9), Some(27)), "{error}");
}

#[test]
fn wrong_types_are_refused() {
    for (when, wanted) in [
        ("dev.class == 3", "a string and an int are never equal"),
        ("act.verb > 3", "a string and an int have no order"),
        ("act.value + 1 > 2.0", "ints and doubles do not mix"),
        ("act.args.n + 1 > 2", "ints and doubles do not mix"),
        ("dev.cmds_60s", "`when` must be a bool and this is an int"),
        ("act.args.x", "compare it with something"),
        ("!dev.class", "`!` needs a bool and this is a string"),
        ("ctx.home && ctx.in_c", "`&&` needs a bool and this is a double"),
        ("ctx.home == 1.0", "a bool and a double are never equal"),
        ("3 in dev.tags", "an int is never in a list"),
        ("has(dev.area)", "`dev.area` is always there"),
        ("has(act.value)", "write `act.value != null`"),
        ("dev.class.x == 1", "a string has no fields"),
        ("[1, 'a'] == [2]", "values of one type"),
        ("ctx.home ? 1 : 'a' == 'b'", "`?`"),
        ("{'a': 1} == {'b': 2}", "no place in a rule"),
        ("min(1, 2.0) < 3.0", "numbers of one type"),
        ("dev.cmds_60s > 3u", "without the `u`"),
        ("dev.area + 'x' == 'y'", "arithmetic needs numbers"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

#[test]
fn costly_constructs_are_refused_and_cheap_ones_are_not() {
    for (when, wanted) in [
        ("act.args.list.exists(x, x == 1)", "only `dev.tags` or a list written out"),
        ("dev.tags.exists(x, dev.tags.exists(y, x == y))", "one comprehension inside another"),
        ("dev.tags.map(x, x).exists(y, y == 'a')", "only `dev.tags` or a list"),
        ("act.verb.matches(dev.area)", "must be a constant"),
        ("act.verb.matches('(a{1000}){1000}')", "is too costly to look for"),
        ("act.verb.matches('(')", "is not a regular expression"),
        ("act.verb.matches()", "write text.matches"),
    ] {
        let told = refusal(when);
        assert!(told.contains(wanted), "{when}: {told}");
    }
    for when in [
        "dev.tags.exists(t, t.startsWith('heat'))",
        "dev.tags.all(t, t != 'x') && size(dev.tags.filter(t, t == 'a')) == 0",
        "['a', 'b'].exists_one(x, x == dev.area) || size(dev.tags.map(t, t + 'x')) > 0".replace(" + 'x'", "").as_str(),
        "act.target.matches('^lock_[0-9]+$')",
        "act.value != null && act.value - ctx.in_c > 5.0",
        "has(act.args.mode) && act.args.mode in ['home', 'away'] && act.args['mode'] != 'x'",
        "int(ctx.hour) % 2 == 0 && double(dev.cmds_60s) / 2.0 > 1.0 && -1 < dev.opposite_5s - 3",
    ] {
        load(&one("weigh", when)).map(|_| ()).unwrap_or_else(|e| panic!("{when}: {}", told(&e)));
    }
}

#[test]
fn one_past_each_limit_is_refused() {
    let long = |bytes: usize| format!("dev.area == '{}'", "x".repeat(bytes - 14));
    assert!(load(&one("weigh", &long(1024))).is_ok());
    assert!(refusal(&long(1025)).contains("has 1025 bytes and may have 1024"));
    let wide = |n: usize| format!("0 < dev.cmds_60s{}", "+1".repeat(n - 1)); // 2n nodes, and two
    assert!(load(&one("weigh", &wide(127))).is_ok());
    assert!(refusal(&wide(128)).contains("has 258 parts and may have 256"));
    let list = |n: usize| format!("[{}].exists(x, x == dev.cmds_60s)", vec!["1"; n].join(","));
    assert!(load(&one("weigh", &list(64))).is_ok());
    assert!(refusal(&list(65)).contains("at most 64 elements"));
    let many = |n: usize| {
        let rules = (0..n)
            .map(|i| format!("[[rule]]\nid='R{i}'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=1\nseverity=1\nwhen='ctx.home'\n"));
        vec![("many.toml".to_owned(), rules.collect::<String>())]
    };
    assert!(load(&many(512)).is_ok());
    assert!(told(&load(&many(513)).unwrap_err()).contains("at most 512 rules"));
    let two = [many(300).remove(0), ("more.toml".to_owned(), many(213).remove(0).1.replace("'R", "'S"))];
    assert!(told(&load(&two).unwrap_err()).contains("at most 512 rules and these are 513"));
}

#[test]
fn all_errors_come_at_once() {
    let text = "
[[rule]]
id = 'A'
duty = 'security'
kind = 'weigh'
polarity = 2
weight = 11
severity = 1.5
when = 'dev.clas == 3 && ctx.hom'
overrides = ['V', 'Z']
[[rule]]
id = 'A'
duty = 'securty'
kind = 'veto'
polarity = -1
weight = 1
severity = 1
when = 'ctx.co'
[[rule]]
id = 'V'
duty = 'security'
kind = 'veto'
polarity = -1
weight = 1
severity = 1
when = 'act.retained &&'
[[rule]]
id = 'E'
duty = 'security'
kind = 'weigh'
polarity = -1
weight = 1
severity = 1
when = 'act.retained'
overrides = ['W', 'E1']
[[rule.examples]]
fires = true
name = 'does not fire'
[[rule]]
id = 'W'
duty = 'security'
kind = 'veto'
polarity = -1
weight = 1
severity = 1
when = 'ctx.co'
wheight = 3
";
    let weights = BTreeMap::from([("Q".to_owned(), 3.0), ("E".to_owned(), 30.0)]);
    let other = ("b.toml".to_owned(), "rul = 3\n".to_owned());
    let errors = RuleSet::load(&[("a.toml".into(), text.into()), other, ("c.toml".into(), "= x".into())], &signals(true), &weights);
    let told = told(&errors.unwrap_err());
    for wanted in [
        "`polarity` is 1",
        "a.toml:7:10: rule `A`: `weight` is from 0 to 10",
        "`severity` is from 0 to 1",
        "`dev.clas` is not a field; did you mean `class`?",
        "`ctx.hom` is not a declared signal; did you mean `home`?",
        "this id is taken already, in a.toml line 2",
        "unknown variant `securty`",
        "rule `V`: `when` is not CEL",
        "rule `E`: `overrides` names `E1`, which is no rule; did you mean `E`?",
        "rule `E`: example `does not fire`: the rule should fire on it and does not",
        "unknown field `wheight`",
        "b.toml:1:1: `rul` has no place in a rule file; there are [[rule]]",
        "c.toml:1:1: not TOML",
        "config: rule `Q`: no rule has this id",
        "config: rule `E`: 30 is not a weight; it is from 0 to 10",
    ] {
        assert!(told.contains(wanted), "missing {wanted:?} in\n{told}");
    }
}

#[test]
fn nothing_overrides_a_veto_and_none_each_other() {
    let rule = |id: &str, kind: &str, overrides: &str| {
        format!(
            "[[rule]]\nid='{id}'\nduty='security'\nkind='{kind}'\npolarity=-1\nweight=2\nseverity=0.5\nwhen='ctx.co'\noverrides=[{overrides}]\n"
        )
    };
    let text = rule("A", "weigh", "'V'") + &rule("V", "veto", "");
    assert!(told(&load(&[("a.toml".into(), text)]).unwrap_err()).contains("nothing overrides a veto"));
    let text = rule("A", "weigh", "'B'") + &rule("B", "weigh", "'A'");
    assert!(told(&load(&[("a.toml".into(), text)]).unwrap_err()).contains("round in a circle"));
}

#[test]
fn a_weight_from_the_config_counts_and_zero_switches_off() {
    let load = |w| RuleSet::load(&one("weigh", "ctx.home"), &signals(true), &BTreeMap::from([("A".to_owned(), w)])).unwrap();
    let f = facts(DeviceClass::Light, "on");
    assert!((load(4.0).judge(&f).score + 0.5).abs() < 1e-12);
    assert_eq!(load(0.0).judge(&f).contributions, []);
    let veto = RuleSet::load(&one("veto", "ctx.home"), &signals(true), &BTreeMap::from([("A".to_owned(), 0.0)]));
    assert!(told(&veto.unwrap_err()).contains("a veto stands whatever it weighs"));
}

#[test]
fn a_rules_sentence_and_source_are_kept_and_are_one_line_each() {
    let with = |lines: String| {
        let (name, text) = one("weigh", "ctx.home").remove(0);
        load(&[(name, text + &lines)])
    };
    let set = with("says = 'Doors stay shut.'\nsource = 'our own'\n".into()).unwrap();
    let rule = set.rules().next().unwrap();
    assert_eq!((rule.says.as_deref(), rule.source.as_deref()), (Some("Doors stay shut."), Some("our own")));
    assert!(with(format!("says = '{}'\n", "ü".repeat(160))).is_ok());
    for key in ["says", "source"] {
        for wrong in ["".to_owned(), "  ".to_owned(), "ü".repeat(161), "two\\nlines".to_owned(), "a \\u001b[31m bell".to_owned()] {
            let told = told(&with(format!("{key} = \"{wrong}\"\n")).unwrap_err());
            assert!(told.contains(&format!("a.toml:9:{}: rule `A`: `{key}` is one line of 1 to 160 characters", key.len() + 4)), "{told}");
        }
    }
}
