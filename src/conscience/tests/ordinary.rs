//! Ordinary life flows, and what must not happen does not.

use super::*;
use crate::domain::Decision;

fn judged(set: &mut RuleSet, facts: &Facts) -> (Decision, String) {
    let verdict = set.judge(facts);
    (verdict.decision, verdict.reason)
}

#[test]
fn in_a_house_where_nothing_is_configured_ordinary_commands_are_allowed() {
    let mut set = shipped(false);
    for (class, verb) in [
        (DeviceClass::Light, "on"),
        (DeviceClass::Light, "set"),
        (DeviceClass::Switch, "off"),
        (DeviceClass::Lock, "lock"),
        (DeviceClass::Garage, "close"),
        (DeviceClass::Cover, "open"),
        (DeviceClass::Siren, "off"),
        (DeviceClass::Camera, "off"),
        (DeviceClass::Climate, "set"),
        (DeviceClass::Media, "on"),
        (DeviceClass::Valve, "close"),
        (DeviceClass::Unknown, "press"),
    ] {
        let verdict = set.judge(&unheard(facts(class, verb)));
        assert_eq!(verdict.decision, Decision::Allow, "{class:?} {verb}: {}", verdict.reason);
        assert!(verdict.reason.ends_with("no rule objects"), "{}", verdict.reason);
    }
}

#[test]
fn a_newcomers_unlock_is_asked_about_and_a_trusted_ones_is_not() {
    let mut set = shipped(true);
    let mut unlock = facts(DeviceClass::Lock, "unlock");
    unlock.req.client = EntityId::escaped("thermostat_1");
    unlock.req.entity = unlock.req.client.clone();
    unlock.req.trust = Unit01::clamped(0.2);
    assert_eq!(judged(&mut set, &unlock).0, Decision::Escalate);
    unlock.req.trust = Unit01::clamped(0.12);
    assert_eq!(judged(&mut set, &unlock).0, Decision::Deny);
    let (decision, reason) = judged(&mut shipped(false), &unheard(unlock.clone()));
    assert_eq!(decision, Decision::Escalate);
    assert!(reason.contains("home, asleep, smoke and co are not known"), "{reason}");
    unlock.req.trust = Unit01::clamped(0.93);
    assert_eq!(judged(&mut set, &unlock).0, Decision::Allow);
}

#[test]
fn a_garage_opened_at_three_is_denied() {
    let mut set = shipped(true);
    let mut open = facts(DeviceClass::Garage, "open");
    open.ctx.make_mut().insert("hour".into(), (SignalValue::Number(3.0), true));
    let (decision, reason) = judged(&mut set, &open);
    assert_eq!(decision, Decision::Deny);
    assert!(reason.contains("SEC-1-access-when-unattended"), "{reason}");
}

#[test]
fn a_fire_overrides_the_objection_to_an_unlock_at_night() {
    let mut set = shipped(true);
    let mut unlock = facts(DeviceClass::Lock, "unlock");
    unlock.ctx.make_mut().insert("hour".into(), (SignalValue::Number(3.0), true));
    assert_eq!(set.judge(&unlock).decision, Decision::Deny);
    unlock.ctx.make_mut().insert("smoke".into(), (SignalValue::Bool(true), true));
    let (decision, reason) = judged(&mut set, &unlock);
    assert_eq!(decision, Decision::Allow);
    assert!(reason.contains("LIFE-5-protective-act"), "{reason}");
}

#[test]
fn a_retained_unlock_is_denied() {
    let mut set = shipped(true);
    let mut unlock = facts(DeviceClass::Lock, "unlock");
    unlock.act.retained = true;
    unlock.req.trust = Unit01::clamped(1.0);
    let (decision, reason) = judged(&mut set, &unlock);
    assert_eq!(decision, Decision::Deny);
    assert!(reason.contains("SEC-3-retained-command"), "{reason}");
}

#[test]
fn what_cannot_be_read_is_asked_about() {
    let mut set = shipped(true);
    for class in [DeviceClass::Light, DeviceClass::Lock, DeviceClass::Unknown] {
        let (decision, reason) = judged(&mut set, &facts(class, "unknown"));
        assert_eq!(decision, Decision::Escalate, "{reason}");
        assert!(reason.contains("HON-2-unknown-verb"), "{reason}");
    }
}

#[test]
fn burnt_toast_is_not_a_fire() {
    let mut set = shipped(true);
    let mut mute = facts(DeviceClass::SmokeAlarm, "mute");
    assert_eq!(set.judge(&mute).decision, Decision::Deny);
    (mute.req.human, mute.req.role, mute.req.trust) = (true, "owner".into(), Unit01::clamped(0.85));
    assert_eq!(set.judge(&mute).decision, Decision::Deny, "without a reason");
    mute.act.args.insert("reason".into(), "burnt toast".into());
    assert_eq!(set.judge(&mute).decision, Decision::Allow);
}

#[test]
fn a_slider_is_ordinary_life_and_a_chattering_relay_is_not() {
    let mut set = shipped(true);
    for (class, commands, fires) in [
        (DeviceClass::Light, 900, false),
        (DeviceClass::Light, 901, true),
        (DeviceClass::Cover, 900, false),
        (DeviceClass::Switch, 12, false),
        (DeviceClass::Switch, 13, true),
        (DeviceClass::Lock, 13, true),
        (DeviceClass::Unknown, 60, false),
        (DeviceClass::Unknown, 61, true),
    ] {
        let mut f = facts(class, "set");
        f.dev.cmds_60s = commands;
        let fired = set.judge(&f).contributions.iter().any(|c| c.rule == "AVAIL-1-toggle-rate");
        assert_eq!(fired, fires, "{class:?} {commands}");
    }
}

#[test]
fn a_stale_smoke_detector_holds_a_lock_and_one_never_installed_does_not() {
    let mut lock = facts(DeviceClass::Lock, "lock");
    lock.ctx.make_mut().insert("smoke".into(), (SignalValue::Bool(false), false));
    let (decision, reason) = judged(&mut shipped(true), &lock);
    assert_eq!(decision, Decision::Escalate);
    assert!(reason.contains("smoke is not known now") && reason.contains("LIFE-4-block-egress"), "{reason}");
    assert_eq!(judged(&mut shipped(false), &lock).0, Decision::Allow);
    lock.ctx.make_mut().insert("home".into(), (SignalValue::Bool(false), true));
    assert_eq!(judged(&mut shipped(true), &lock).0, Decision::Allow, "nobody is home: smoke cannot matter");
}

#[test]
fn a_signal_that_was_never_told_counts_as_missing() {
    let mut set = shipped(true);
    let mut unlock = facts(DeviceClass::Lock, "unlock");
    assert_eq!(set.judge(&unlock).uncertainty.get(), 0.0);
    unlock.ctx.make_mut().remove("asleep");
    let touched = 5.0; // home, asleep, hour, smoke, co
    assert!((set.judge(&unlock).uncertainty.get() - 1.0 / touched).abs() < 1e-12);
    unlock.ctx.make_mut().insert("leak".into(), (SignalValue::Bool(false), false));
    assert!((set.judge(&unlock).uncertainty.get() - 1.0 / touched).abs() < 1e-12, "no rule for locks asks for a leak");
}

#[test]
fn a_command_without_a_value_is_no_error() {
    let mut set = shipped(true);
    let verdict = set.judge(&facts(DeviceClass::Climate, "set"));
    assert_eq!((verdict.decision, verdict.uncertainty.get()), (Decision::Allow, 0.0));
}

#[test]
fn a_rule_that_errs_makes_uncertainty_whole_and_a_veto_that_errs_asks() {
    let when = "act.verb == 'mode' && act.args.level == 'x'";
    let ask = facts(DeviceClass::Light, "mode");
    let verdict = load(&one("weigh", when)).unwrap().judge(&ask);
    assert_eq!((verdict.decision, verdict.uncertainty.get()), (Decision::Allow, 1.0));
    assert!(verdict.reason.ends_with("no rule objects; A could not be evaluated (an argument is missing)"), "{}", verdict.reason);
    let verdict = load(&one("veto", when)).unwrap().judge(&ask);
    assert_eq!(verdict.decision, Decision::Escalate);
    assert!(verdict.reason.contains("it could not be told whether that holds (an argument is missing)"), "{}", verdict.reason);
}

#[test]
fn a_silenced_rule_silences_nobody() {
    let rule = |id: &str, overrides: &str| {
        format!(
            "[[rule]]\nid='{id}'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=2\nseverity=0.5\nwhen='ctx.home'\noverrides=[{overrides}]\n"
        )
    };
    let text = rule("C", "") + &rule("B", "'C'") + &rule("A", "'B'");
    let mut set = load(&[("a.toml".into(), text)]).unwrap();
    let fired: Vec<String> = set.judge(&facts(DeviceClass::Light, "on")).contributions.into_iter().map(|c| c.rule).collect();
    assert_eq!(fired, ["A", "C"]);
}

#[test]
fn the_cache_forgets_and_answers_the_same() {
    let mut set = shipped(true);
    let mut f = facts(DeviceClass::Lock, "unlock");
    let first = set.judge(&f);
    for n in 0..5_000 {
        f.act.target = EntityId::escaped(&format!("lock_{n}"));
        let verdict = set.judge(&f);
        assert_eq!((verdict.decision, verdict.score), (first.decision, first.score));
        assert!(set.applicable.len() <= crate::conscience::APPLICABLE);
    }
    f.act.verb = "x".repeat(100_000);
    let _ = set.judge(&f);
    assert!(set.applicable.keys().all(|k| k.len() <= crate::conscience::KEY_BYTES));
}

/// Prints nanoseconds a judgement; asserts nothing. `cargo test --release -- --nocapture nanoseconds`
#[test]
fn nanoseconds_a_judgement() {
    let mut set = shipped(true);
    let mut night = facts(DeviceClass::Lock, "unlock");
    night.ctx.make_mut().insert("hour".into(), (SignalValue::Number(3.0), true));
    for (name, f) in [
        ("light on", facts(DeviceClass::Light, "on")),
        ("lock", facts(DeviceClass::Lock, "lock")),
        ("unlock at night", night),
        ("unlock, nothing heard", unheard(facts(DeviceClass::Lock, "unlock"))),
        ("siren off", facts(DeviceClass::Siren, "off")),
    ] {
        let rounds = 20_000u32;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(set.judge(std::hint::black_box(&f)));
        }
        println!("{name}: {} ns", start.elapsed().as_nanos() / u128::from(rounds));
    }
    let start = std::time::Instant::now();
    for n in 0..2_000 {
        let mut f = facts(DeviceClass::Lock, "unlock");
        f.act.target = EntityId::escaped(&format!("l{n}"));
        std::hint::black_box(set.judge(&f));
    }
    println!("not in the cache, facts built too: {} ns", start.elapsed().as_nanos() / 2_000);
}
