//! A profile changes what its file says, and nothing else; what an owner writes counts more.

use super::*;
use crate::conscience::Profile;
use crate::domain::{Decision, RuleText, Ruling, limits};

fn ruling(profile: Profile) -> Ruling {
    let sources = RuleSet::shipped().into_iter().map(|(name, text)| RuleText { name, text }).collect();
    Ruling { sources, profile: Some(profile.text()), ..Ruling::default() }
}

fn set(ruling: &Ruling) -> RuleSet {
    RuleSet::of(ruling, &signals(true)).unwrap_or_else(|e| panic!("{}", told(&e)))
}

fn weight(set: &RuleSet, id: &str) -> f64 {
    set.rules().find(|r| r.id == id).unwrap_or_else(|| panic!("{id}")).weight
}

#[test]
fn each_shipped_profile_loads_and_names_only_rules_that_are_there() {
    let shipped = shipped(true);
    let ids: Vec<&str> = shipped.rules().map(|r| r.id.as_str()).collect();
    for profile in Profile::ALL {
        let with = set(&ruling(profile));
        assert!(with.rules().count() >= ids.len());
        let text: toml::Table = toml::from_str(&profile.text().text).unwrap();
        assert!(text["says"].as_str().is_some_and(|s| !s.is_empty()));
        for (id, weight) in text.get("weights").and_then(toml::Value::as_table).into_iter().flatten() {
            assert!(ids.contains(&id.as_str()), "{profile:?} weighs `{id}`, which is no shipped rule");
            let rule = with.rules().find(|r| r.id == *id).unwrap();
            let weight = weight.as_float().or(weight.as_integer().map(|i| f64::from(i32::try_from(i).unwrap()))).unwrap();
            assert_eq!((rule.weight, rule.weighed_by.as_deref()), (weight, Some(format!("profile {}", profile.as_str()).as_str())));
        }
        for rule in with.rules().filter(|r| !ids.contains(&r.id.as_str())) {
            assert!(rule.examples.iter().any(|e| e.fires) && rule.examples.iter().any(|e| !e.fires), "{}", rule.id);
        }
    }
    let home = set(&ruling(Profile::Home));
    assert!(home.rules().eq(shipped.rules()), "home is the rules as they are");
}

#[test]
fn strict_is_never_milder_than_home() {
    let (mut home, mut strict) = (set(&ruling(Profile::Home)), set(&ruling(Profile::Strict)));
    let mut sterner = 0;
    for class in crate::conscience::names::CLASSES {
        for verb in ["on", "off", "open", "close", "lock", "unlock", "arm", "disarm", "set", "unknown"] {
            for trust in [0.1, 0.5, 0.9] {
                for known in [true, false] {
                    let mut f = facts(class, verb);
                    f.req.trust = Unit01::clamped(trust);
                    let f = if known { f } else { unheard(f) };
                    let (a, b) = (home.judge(&f), strict.judge(&f));
                    assert!(b.decision >= a.decision, "{class:?} {verb} {trust}: {} and {}", a.reason, b.reason);
                    sterner += usize::from(b.decision > a.decision);
                }
            }
        }
    }
    assert!(sterner > 20, "it differs in {sterner}");
}

#[test]
fn a_workshop_lets_nobody_start_a_machine_from_afar() {
    let mut shop = set(&ruling(Profile::Workshop));
    let mut f = facts(DeviceClass::Switch, "on");
    f.dev.tags.insert("machine".into());
    assert_ne!(shop.judge(&f).decision, Decision::Allow);
    f.req.human = true;
    f.req.trust = Unit01::clamped(0.9);
    assert_eq!(shop.judge(&f).decision, Decision::Allow);
}

#[test]
fn what_the_owner_weighs_counts_more_than_the_profile_and_a_candidate_more_than_both() {
    let id = "SEC-2-weaken-security";
    let mut ruling = ruling(Profile::Strict);
    ruling.weights.insert(id.into(), 3.0);
    let mine = set(&ruling);
    assert_eq!(weight(&mine, id), 3.0);
    assert_eq!(mine.rules().find(|r| r.id == id).unwrap().weighed_by.as_deref(), Some("conscience.weights"));
    let tried = set(&ruling.with(RuleText { name: "try.toml".into(), text: format!("[weights]\n{id} = 0.5\n") }));
    assert_eq!((weight(&tried, id), tried.tuning().caution), (0.5, 0.1));
    assert_ne!(ruling.digest(), tried.ruling().digest());
    assert_eq!(ruling.digest(), mine.ruling().digest());
}

#[test]
fn strictness_is_added_to_any_caution_and_together_they_end() {
    let caution = |profile, strictness, over: Option<&str>| {
        let ruling = Ruling { strictness, ..ruling(profile) };
        let tried = over.map(|text| ruling.with(RuleText { name: "try.toml".into(), text: text.into() }));
        set(&tried.unwrap_or(ruling)).tuning().caution
    };
    assert_eq!((caution(Profile::Home, 0.0, None), caution(Profile::Home, 0.05, None)), (0.0, 0.05));
    assert_eq!(caution(Profile::Strict, 0.05, None), 0.1 + 0.05);
    assert_eq!(caution(Profile::Strict, limits::CAUTION, None), limits::CAUTION);
    assert_eq!(caution(Profile::Strict, 0.05, Some("[thresholds]\ncaution = 0\n")), 0.05, "a candidate takes away the profile's only");
    for wrong in [-0.001, 0.301, f64::NAN] {
        let errors = RuleSet::of(&Ruling { strictness: wrong, ..ruling(Profile::Home) }, &signals(true)).unwrap_err();
        assert!(told(&errors).contains("is no strictness; it is from 0 to 0.3"), "{wrong}");
    }
    // Journals of before have none, and mean 0.
    let old = ruling(Profile::Home);
    let mut json = serde_json::to_value(&old).unwrap();
    assert!(json.as_object_mut().unwrap().remove("strictness").is_some());
    let read: Ruling = serde_json::from_value(json).unwrap();
    assert_eq!(read, old);
    assert_ne!(old.digest(), Ruling { strictness: 0.05, ..old.clone() }.digest());
}

#[test]
fn a_duty_is_silent_but_for_its_vetoes() {
    let mut ruling = ruling(Profile::Home);
    ruling.silent = vec!["honesty".into(), "autonomy".into()];
    let quiet = set(&ruling);
    for rule in quiet.rules() {
        let off = matches!(rule.duty.as_str(), "honesty" | "autonomy") && rule.kind != crate::conscience::Kind::Veto;
        assert_eq!(rule.weight == 0.0, off, "{}", rule.id);
    }
    assert!(quiet.rules().any(|r| r.duty.as_str() == "honesty" && r.weight > 0.0), "its veto stands");
    ruling.weights.insert("AUT-1-quiet-hours".into(), 2.0);
    assert_eq!(weight(&set(&ruling), "AUT-1-quiet-hours"), 2.0, "one rule of it can be kept");
}

#[test]
fn a_candidate_replaces_adds_takes_away_and_is_refused_where_it_is_wrong() {
    let base = ruling(Profile::Home);
    let text = "without = ['AUT-2-resident-wish']\n[weights]\nHON-1-false-alarm = 1\n[[rule]]\nid = 'AUT-1-quiet-hours'\nduty = 'autonomy'\nkind = 'weigh'\npolarity = -1\nweight = 2\nseverity = 0.5\nwhen = 'ctx.asleep'\n[[rule]]\nid = 'NEW'\nduty = 'autonomy'\nkind = 'weigh'\npolarity = -1\nweight = 2\nseverity = 0.5\nwhen = 'ctx.co'\n";
    let tried = set(&base.with(RuleText { name: "c.toml".into(), text: text.into() }));
    let before = set(&base).rules().count();
    assert_eq!(tried.rules().count(), before);
    assert!(tried.rules().all(|r| r.id != "AUT-2-resident-wish") && tried.rules().any(|r| r.id == "NEW"));
    assert_eq!(tried.rules().find(|r| r.id == "AUT-1-quiet-hours").unwrap().when, "ctx.asleep");
    let wrong = "without = ['AUT-2-resident-wich']\ncaution = 1\n[weights]\nHON-1-false-alrm = 1\nLIFE-3-medical-off = 0\n[thresholds]\ncaution = -0.5\ntrustfrom = 1\n";
    let errors = RuleSet::of(&base.with(RuleText { name: "c.toml".into(), text: wrong.into() }), &signals(true)).unwrap_err();
    let told = told(&errors);
    for wanted in [
        "c.toml:1:12: `without` names `AUT-2-resident-wich`, which is no rule; did you mean `AUT-2-resident-wish`?",
        "c.toml:2:1: `caution` has no place here",
        "c.toml:4:1: `weights` names `HON-1-false-alrm`, which is no rule; did you mean `HON-1-false-alarm`?",
        "c.toml:5:1: rule `LIFE-3-medical-off`: a veto stands whatever it weighs",
        "c.toml:7:11: `caution` is a number from 0 to 0.3",
        "c.toml:8:1: `trustfrom` is no threshold; did you mean `trust_from`?",
    ] {
        assert!(told.contains(wanted), "{wanted}\nis not in\n{told}");
    }
    let told = super::told(&load(&[("a.toml".into(), "[weights]\nA = 1\n".into())]).unwrap_err());
    assert!(told.contains("it stands in profiles and in candidates"), "{told}");
}
