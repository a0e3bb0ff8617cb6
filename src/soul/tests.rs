//! What the soul promises as a whole.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn event(cause: &str, d: f64, p: f64) -> Event {
    Event::happened(id(cause), Uuid::nil(), "safe_house", Signed1::clamped(d), Signed1::clamped(p))
}

fn again(soul: &mut Soul, now: Timestamp) -> Soul {
    let mut fresh = Soul::new();
    for change in soul.take_changes(now) {
        match change {
            Change::Entity { view, state, senses } => fresh.restore(view.entity, &state, senses.as_deref()).unwrap(),
            Change::Emotion { state, .. } => fresh.restore_mood(&state).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    fresh
}

#[test]
fn the_default_mood_is_relaxed() {
    let mood = BigFive::default().default_mood();
    for (is, should) in [(mood.pleasure, 0.379), (mood.arousal, -0.078), (mood.dominance, 0.5)] {
        assert!((is - should).abs() < 1e-12, "{is} {should}");
    }
    assert_eq!(mood.octant(), "relaxed");
    assert_eq!(Soul::new().stress().get(), 0.0);
}

#[test]
fn standing_orders_first_trust() {
    let mut soul = Soul::new();
    soul.declare(&id("jane"), Standing::Owner, at(0));
    soul.declare(&id("lamp"), Standing::Paired, at(0));
    let (owner, paired, unknown) = (soul.trust(&id("jane"), at(0)), soul.trust(&id("lamp"), at(0)), soul.trust(&id("who"), at(0)));
    assert!(owner.get() > 0.85, "{owner:?}");
    assert!((paired.get() - 0.05).abs() < 1e-9);
    assert!(unknown.get() < 0.01);
    assert!(soul.opinion(&id("who"), at(0)).is_none(), "asking does not make an entity");
    soul.hear(&id("who"), at(0), None, Evidence::OwnerWord(true));
    assert!(soul.trust(&id("who"), at(0)) > unknown);
}

#[test]
fn declaring_twice_changes_nothing() {
    let mut soul = Soul::new();
    soul.declare(&id("jane"), Standing::Owner, at(0));
    soul.hear(&id("jane"), at(1), None, Evidence::Denied);
    soul.take_changes(at(1));
    let before = soul.clone();
    soul.declare(&id("jane"), Standing::Owner, at(100));
    assert_eq!(soul, before);
    assert!(soul.take_changes(at(100)).is_empty());
}

#[test]
fn a_breach_is_told_and_costs_trust_until_it_is_made_good() {
    let mut soul = Soul::new();
    let (hub, door) = (id("hub"), id("front_door"));
    soul.declare(&hub, Standing::Paired, at(0));
    for minute in 0..100 {
        assert!(soul.hear(&hub, at(60 * minute), Some(&door), Evidence::Clean));
        assert!(!soul.hear(&hub, at(60 * minute + 1), Some(&door), Evidence::Clean), "once a minute");
    }
    let good = soul.trust(&hub, at(6_000)).get();
    assert!(good > 0.9, "{good}");
    assert!(soul.hear(&hub, at(6_000), Some(&door), Evidence::Denied));
    assert!(!soul.hear(&hub, at(6_030), Some(&door), Evidence::Denied));
    assert!(soul.trust(&hub, at(6_030)).get() <= 0.5);
    let view = soul.opinion(&hub, at(6_030)).unwrap();
    assert!(view.reasons.iter().any(|r| r.contains("1 denied request for front_door lowered it")), "{:?}", view.reasons);
    assert!(view.reasons.iter().any(|r| r.contains("probation")), "{:?}", view.reasons);
    for minute in 101..121 {
        soul.hear(&hub, at(60 * minute), Some(&door), Evidence::Clean);
    }
    assert!(soul.trust(&hub, at(60 * 121)).get() > 0.8);
}

#[test]
fn what_was_well_known_a_year_ago_does_not_stand_for_what_is_known_now() {
    let mut soul = Soul::new();
    let hub = id("hub");
    soul.declare(&hub, Standing::Paired, at(0));
    for minute in 0..1_000 {
        soul.hear(&hub, at(60 * minute), None, Evidence::Clean);
    }
    // Since then it asked for nothing, and spoke each hour.
    for hour in 20..24 * 365 {
        soul.hear(&hub, at(3_600 * hour), None, Evidence::OnTime);
    }
    let t = soul.trust(&hub, at(3_600 * 24 * 365)).get();
    assert!(t > 0.95, "{t}");
}

#[test]
fn one_burst_of_forged_messages_is_one_breach() {
    let mut soul = Soul::new();
    let hub = id("hub");
    for _ in 0..50 {
        soul.hear(&hub, at(0), None, Evidence::Impersonation);
    }
    assert!(soul.opinion(&hub, at(0)).unwrap().expectation.get() < 0.05);
    for minute in 1..=20 {
        soul.hear(&hub, at(60 * minute), None, Evidence::Clean);
    }
    let view = soul.opinion(&hub, at(1_260)).unwrap();
    assert!(!view.reasons.iter().any(|r| r.contains("probation")), "{:?}", view.reasons);
}

#[test]
fn one_entity_past_the_limit_is_answered_as_a_newcomer_and_counted() {
    let mut soul = Soul::new();
    for n in 0..limits::ENTITIES {
        soul.declare(&id(&format!("e{n}")), Standing::Paired, at(0));
    }
    let newcomer = Soul::new().trust(&id("late"), at(0));
    assert!(!soul.hear(&id("late"), at(0), None, Evidence::OwnerWord(true)));
    assert_eq!(soul.trust(&id("late"), at(0)), newcomer);
    assert_eq!(soul.untracked(), 1);
    let state = {
        let mut other = Soul::new();
        other.declare(&id("late"), Standing::Owner, at(0));
        other.take_changes(at(0))
    };
    let Some(Change::Entity { state, .. }) = state.into_iter().next() else { panic!() };
    assert_eq!(soul.restore(id("late"), &state, None), Err(SoulError::Full(id("late"))));
}

#[test]
fn mere_presence_is_stored_once_a_minute() {
    let mut soul = Soul::new();
    let lamp = id("lamp");
    soul.hear(&lamp, at(0), None, Evidence::Clean);
    assert_eq!(soul.take_changes(at(0)).len(), 1);
    soul.hear(&lamp, at(59), None, Evidence::Clean);
    assert!(soul.take_changes(at(59)).is_empty());
    soul.hear(&lamp, at(61), None, Evidence::Clean);
    soul.hear(&lamp, at(62), None, Evidence::Clean);
    assert_eq!(soul.take_changes(at(62)).len(), 1, "a busy entity costs one row");
}

#[test]
fn a_setback_darkens_the_mood_and_names_its_cause_until_it_fades() {
    let mut soul = Soul::new();
    soul.advance(at(0));
    for n in 0..20 {
        assert!(soul.appraise(&event("sensor_7", -0.9, -0.8), at(n * 5)).get() > 0.8);
    }
    soul.advance(at(600));
    let view = soul.emotion_view();
    let texts: Vec<_> = view["emotions"].as_array().unwrap().iter().map(|e| e["text"].as_str().unwrap()).collect();
    assert!(texts.contains(&"setback caused by sensor_7"), "{texts:?}");
    assert!(view["mood"]["pleasure"].as_f64().unwrap() < 0.1, "{view}");
    assert!(view["stability"]["samples"].as_u64().unwrap() >= 10);
    soul.advance(at(1_200));
    assert!(soul.stress().get() > 0.0, "{}", soul.emotion_view());
    soul.advance(at(40_000));
    let calm = soul.emotion_view();
    assert_eq!((calm["emotions_total"].as_u64(), calm["mood"]["octant"].as_str()), (Some(0), Some("relaxed")));
    soul.advance(at(40 * 365 * 86_400));
    assert_eq!(soul.mood.pad(), BigFive::default().default_mood(), "forty years pass at once");
}

#[test]
fn the_same_emotion_with_the_same_cause_adds_up() {
    let mut soul = Soul::new();
    soul.appraise(&event("a", -0.5, 0.0), at(0));
    soul.appraise(&event("a", -0.5, 0.0), at(0));
    soul.appraise(&event("b", -0.5, 0.0), at(0));
    let intensities: Vec<f64> = soul.mood.stirred().iter().map(|(_, i)| *i).collect();
    assert_eq!(intensities, [0.75, 0.5]);
    soul.advance(at(300));
    let later: Vec<f64> = soul.mood.stirred().iter().map(|(_, i)| *i).collect();
    assert!((later[0] - 0.375).abs() < 1e-9, "half-life of distress: {later:?}");
}

#[test]
fn one_emotion_past_the_limit_takes_the_place_of_the_weakest() {
    let mut soul = Soul::new();
    for n in 0..=mood::EMOTIONS {
        let d = 0.1 + 0.001 * f64::from(u32::try_from(n).unwrap());
        soul.appraise(&event(&format!("c{n}"), d, 0.0), at(0));
    }
    soul.appraise(&event("weak", 0.01, 0.0), at(0));
    let stirred = soul.mood.stirred();
    assert_eq!(stirred.len(), mood::EMOTIONS);
    assert!(!stirred.iter().any(|(s, _)| s.cause == id("c0") || s.cause == id("weak")));
    assert!(soul.mood.is_sound());
}

#[test]
fn one_word_past_the_limit_takes_the_place_of_a_word_and_of_no_event() {
    let mut soul = Soul::new();
    soul.appraise(&event("faint", -0.01, 0.0), at(0));
    for n in 0..=mood::IN_WORDS {
        soul.appraise(&Event { in_words: true, ..event(&format!("c{n}"), -0.3, 0.0) }, at(0));
        soul.appraise(&Event { in_words: true, ..event(&format!("c{n}"), -0.9, 0.0) }, at(0));
    }
    let stirred = soul.mood.stirred();
    assert_eq!(stirred.len(), mood::IN_WORDS + 1);
    assert!(stirred.iter().any(|(s, _)| s.cause == id("faint")) && soul.mood.is_sound());
}

#[test]
fn a_state_that_cannot_be_one_is_refused() {
    let mut soul = Soul::new();
    soul.declare(&id("jane"), Standing::Owner, at(0));
    let Some(Change::Entity { state, .. }) = soul.take_changes(at(0)).into_iter().next() else { panic!() };
    for broken in [&state[..state.len() - 1], b"", b"\xff"] {
        assert!(matches!(soul.restore(id("jane"), broken, None), Err(SoulError::Unreadable { .. })));
    }
    let mut value: ciborium::Value = ciborium::from_reader(&state[..]).unwrap();
    value.as_map_mut().unwrap()[0].1 = 9.into();
    let mut other = Vec::new();
    ciborium::into_writer(&value, &mut other).unwrap();
    assert!(soul.restore(id("jane"), &other, None).unwrap_err().to_string().contains("version 9"));
}

fn pursuing() -> Soul {
    let mut soul = Soul::new();
    let specs: Vec<MissionSpec> = (0..limits::MISSIONS)
        .map(|n| MissionSpec {
            id: format!("{}{n:02}", "o".repeat(30)),
            utility: Signed1::clamped(-0.123_4),
            maintained: true,
            rest: Unit01::clamped(0.5),
            says: "x".repeat(128),
            signal: None,
            aim: None,
        })
        .collect();
    soul.pursue(&specs, at(0));
    soul
}

#[test]
fn the_view_stays_under_4_kib_whatever_happens() {
    let mut soul = pursuing();
    let objectives: Vec<String> = (0..limits::MISSIONS).map(|n| format!("{}{n:02}", "o".repeat(30))).collect();
    for n in 0..200_u16 {
        let cause = id(&format!("{}{n:03}", "c".repeat(61)));
        let objective = &objectives[usize::from(n) % objectives.len()];
        let news = News::of(objective, &cause, Uuid::max(), -0.123_456).praised(-0.9);
        soul.hear_news(&News { own_act: n % 2 == 0, ..news }, at(n.into()));
    }
    let view = soul.emotion_view();
    let text = view.to_string();
    assert!(text.len() < 4_096, "{}", text.len());
    let shown = view["emotions"].as_array().unwrap();
    assert!(shown.len() >= 3, "{}", shown.len());
    assert!(view["emotions_total"].as_u64().unwrap() > 100);
    assert_eq!(view["objectives"].as_array().unwrap().len(), limits::MISSIONS);
    let intensities: Vec<f64> = shown.iter().map(|e| e["intensity"].as_f64().unwrap()).collect();
    assert!(intensities.is_sorted_by(|a, b| a >= b), "strongest first");
}

#[test]
fn a_mood_stored_before_there_were_objectives_is_read() {
    let mut soul = pursuing();
    let mut old = Vec::new();
    let pad = serde_json::json!({"pleasure": -0.5, "arousal": 0.25, "dominance": 0.0});
    let state =
        serde_json::json!({"v": 1, "state": {"pad": pad, "target": pad, "kept": 0.9, "cell": 1, "now": 5, "stirred": [], "samples": []}});
    ciborium::into_writer(&state, &mut old).unwrap();
    soul.restore_mood(&old).unwrap();
    assert_eq!(soul.mood.pad(), Pad::new(-0.5, 0.25, 0.0));
    assert!(soul.stress().get() > 0.3);
}

#[test]
fn objectives_come_back_as_they_were() {
    let mut soul = pursuing();
    soul.advance(at(0));
    let objective = format!("{}00", "o".repeat(30));
    soul.hear_news(&News::of(&objective, &id("lamp"), Uuid::max(), -0.5).lasting("lamp", true), at(5));
    soul.hear_news(&News { in_words: true, ..News::of(&objective, &id("anna"), Uuid::max(), -0.2).praised(-0.2) }, at(6));
    let restored = again(&mut soul, at(7));
    assert_eq!(restored.objectives, soul.objectives);
    assert_eq!(restored.emotion_view(), soul.emotion_view());
    assert!(restored.stress() == soul.stress() && restored.emotion_view()["emotions_total"].as_u64() == Some(2));
}

#[test]
fn what_was_forgotten_causes_nothing_any_more() {
    let mut soul = pursuing();
    let objective = format!("{}00", "o".repeat(30));
    let gone = id("gone");
    soul.hear_news(&News::of(&objective, &gone, Uuid::nil(), -0.5).praised(-0.5).lasting("gone", true), at(0));
    assert!(soul.emotion_view().to_string().contains("gone"));
    soul.forget(&gone);
    assert!(!soul.emotion_view().to_string().contains("gone"));
    assert!(soul.objectives.iter().all(|o| o.lasting() == 0));
}

#[test]
fn others_fortunes_are_shared_as_far_as_they_are_liked() {
    let objective = format!("{}00", "o".repeat(30));
    // u = −0.1234, L from 0.5 to 1 or 0.
    for (like, congruence, name) in
        [(0.5, 1.0, "pity"), (0.5, -1.0, "happy_for"), (-0.4, -1.0, "resentment"), (-0.4, 1.0, "gloating"), (0.0, 1.0, "")]
    {
        let mut soul = pursuing();
        soul.take_news(&News::of(&objective, &id("freezer"), Uuid::nil(), congruence), like, at(0));
        let view = soul.emotion_view();
        let shared = view["emotions"].as_array().unwrap().iter().find(|e| e["name"] == name);
        assert_eq!(
            shared.map(|e| e["intensity"].as_f64().unwrap()),
            (like != 0.0).then(|| (0.123_4 * 0.5 * like.abs() * 1e3).round() / 1e3)
        );
    }
}

#[test]
fn what_befalls_a_thing_is_shared_for_the_sake_of_its_person() {
    let mut soul = pursuing();
    soul.declare(&id("freezer"), Standing::Paired, at(0));
    soul.declare(&id("hub"), Standing::Paired, at(0));
    for (from, kind, to) in [("freezer", RelationKind::OwnedBy, "anna"), ("hub", RelationKind::Controls, "freezer")] {
        let relation = Relation { from: id(from), kind, to: id(to), like: 0.8, told_by: crate::domain::ToldBy::Owner };
        soul.relate(relation).unwrap();
    }
    assert_eq!((soul.shared(&id("freezer")), soul.shared(&id("anna")), soul.shared(&id("hub"))), (0.8, 0.0, 0.0));
    soul.hear_news(&News::of(&format!("{}00", "o".repeat(30)), &id("freezer"), Uuid::nil(), 1.0), at(0));
    assert!(soul.emotion_view().to_string().contains("misfortune of one well regarded, through freezer"));
}

fn acts() -> impl Strategy<Value = Vec<(u8, u8, i64)>> {
    prop::collection::vec((0u8..4, 0u8..16, 0i64..3_000), 1..60)
}

fn live(acts: &[(u8, u8, i64)], mut then: impl FnMut(&mut Soul, &EntityId, Timestamp)) -> (Soul, Timestamp) {
    let mut soul = Soul::new();
    let mut seconds = 0;
    soul.advance(at(0));
    soul.declare(&id("e0"), Standing::Owner, at(0));
    for (who, what, wait) in acts {
        seconds += wait;
        let (who, now) = (id(&format!("e{who}")), at(seconds));
        let evidence = match what {
            0 | 1 => Evidence::Clean,
            2 => Evidence::Denied,
            3 => Evidence::Impersonation,
            4 => Evidence::OwnerWord(true),
            5 => Evidence::OwnerWord(false),
            6 => Evidence::Acknowledged,
            7 => Evidence::TimedOut,
            8 => Evidence::OnTime,
            9 => Evidence::Silence,
            10 => Evidence::Plausible,
            11 => Evidence::Anomaly,
            12 => Evidence::Replay,
            13 => Evidence::BatteryLow,
            14 => {
                soul.hear_say(&who, &id("e0"), Unit01::clamped(0.2), Unit01::clamped(0.6), now);
                soul.want(&who, &id("door"), "unlock", now, Some(0.6));
                Evidence::WeakLink
            }
            _ => {
                soul.appraise(&event(who.as_str(), -0.7, 0.3), now);
                Evidence::Clean
            }
        };
        soul.hear(&who, now, Some(&id("door")), evidence);
        then(&mut soul, &who, now);
    }
    soul.advance(at(seconds));
    (soul, at(seconds))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_opinion_is_always_one(acts in acts(), later in 0i64..100_000_000) {
        let (mut soul, now) = live(&acts, |_, _, _| {});
        for view in soul.opinions(now.plus_seconds(later)) {
            prop_assert!((view.belief + view.disbelief + view.uncertainty - 1.0).abs() < 1e-12);
            let p = view.belief + view.base_rate * view.uncertainty;
            prop_assert!((p - view.expectation.get()).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&view.lower_bound.get()));
            for facet in &view.detail.facets {
                prop_assert!((facet.belief + facet.disbelief + facet.uncertainty - 1.0).abs() < 1e-12);
                prop_assert!(facet.owed == 0 || facet.lower_bound <= view.base_rate.max(0.7), "{:?}", facet);
            }
        }
    }

    /// Forgetting is all that good news may cost.
    #[test]
    fn good_evidence_never_lowers_trust(acts in acts()) {
        let (soul, now) = live(&acts, |_, _, _| {});
        for n in 0..4 {
            let who = id(&format!("e{n}"));
            for good in [Evidence::Clean, Evidence::Acknowledged, Evidence::OnTime, Evidence::Plausible, Evidence::OwnerWord(true)] {
                let mut after = soul.clone();
                let before = after.trust(&who, now).get();
                after.hear(&who, now, None, good);
                prop_assert!(after.trust(&who, now).get() >= before - 2e-3, "{:?}: {} {}", good, before, after.trust(&who, now).get());
            }
        }
    }

    #[test]
    fn idleness_leads_back_to_the_base_rate_and_hiding_does_not(acts in acts()) {
        let (mut soul, now) = live(&acts, |_, _, _| {});
        let late = now.plus_seconds(20 * 365 * 86_400);
        for view in soul.opinions(late) {
            if view.disbelief < 1e-6 {
                prop_assert!((view.expectation.get() - view.base_rate).abs() < 1e-3, "{:?}", view);
            } else {
                prop_assert!(view.expectation.get() <= view.base_rate + 1e-3, "{:?}", view);
            }
        }
    }

    #[test]
    fn asking_changes_nothing(acts in acts()) {
        let (mut asked, now) = live(&acts, |soul, who, now| {
            soul.trust(who, now.plus_seconds(7));
            soul.opinion(who, now);
            soul.advance(now);
        });
        let (mut quiet, _) = live(&acts, |_, _, _| {});
        prop_assert_eq!(&asked, &quiet);
        let trusts = |soul: &mut Soul| (0..4).map(|n| soul.trust(&id(&format!("e{n}")), now).get().to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(trusts(&mut asked), trusts(&mut quiet));
    }

    #[test]
    fn the_mood_does_not_depend_on_when_anyone_asks(acts in acts(), steps in prop::collection::vec(1i64..500, 1..50)) {
        let (start, now) = live(&acts, |_, _, _| {});
        let (mut many, mut one) = (start.clone(), start);
        let mut total = 0;
        for step in &steps {
            total += step;
            many.advance(now.plus_seconds(total));
        }
        one.advance(now.plus_seconds(total));
        prop_assert_eq!(many.mood.pad(), one.mood.pad());
        prop_assert_eq!(many, one);
    }

    #[test]
    fn the_mood_does_not_depend_on_how_time_was_cut_between_events(acts in acts(), cuts in prop::collection::vec((0usize..60, 1i64..3_000), 0..80)) {
        let (plain, now) = live(&acts, |_, _, _| {});
        let mut cut = Soul::new();
        let mut seconds = 0;
        cut.advance(at(0));
        for (n, (who, what, wait)) in acts.iter().enumerate() {
            let mut here: Vec<i64> = cuts.iter().filter(|(place, _)| *place == n).map(|(_, s)| *s.min(wait)).collect();
            here.sort_unstable();
            for part in here {
                cut.advance(at(seconds + part));
            }
            seconds += wait;
            if *what == 15 {
                cut.appraise(&event(&format!("e{who}"), -0.7, 0.3), at(seconds));
            }
        }
        cut.advance(now);
        let (a, b) = (plain.mood.pad(), cut.mood.pad());
        for (x, y) in [(a.pleasure, b.pleasure), (a.arousal, b.arousal), (a.dominance, b.dominance)] {
            prop_assert!((x - y).abs() < 1e-9, "{} {}", x, y);
        }
        prop_assert_eq!(plain.mood.stirred(), cut.mood.stirred());
        prop_assert_eq!(plain.stress(), cut.stress());
    }

    #[test]
    fn no_emotion_and_no_understanding_touches_an_opinion(acts in acts(), felt in prop::collection::vec((0u8..4, -1.0f64..1.0, -1.0f64..1.0, 0u8..6), 0..60)) {
        let mut n = 0;
        let (mut moved, now) = live(&acts, |soul, _, now| {
            if let Some((who, d, p, what)) = felt.get(n) {
                let who = id(&format!("e{who}"));
                match what {
                    0 | 1 => drop(soul.appraise(&event(who.as_str(), *d, *p), now)),
                    2 => drop(soul.appraise(&Event { in_words: true, ..event(who.as_str(), *d, *p) }, now)),
                    _ if soul.opinion(&who, now).is_none() => {}
                    3 => soul.understand(&who, "state", &Body::Number(*d), now),
                    4 => soul.live_through(&who, Lot::Said(*d), now),
                    _ => soul.live_through(&who, Lot::Denied, now),
                }
            }
            n += 1;
        });
        let (mut plain, _) = live(&acts, |_, _, _| {});
        for who in (0..4).map(|n| id(&format!("e{n}"))) {
            prop_assert_eq!(moved.trust(&who, now).get().to_bits(), plain.trust(&who, now).get().to_bits());
            let bare = |soul: &mut Soul| soul.opinion(&who, now).map(|mut view| { view.detail.empathy = None; view });
            prop_assert_eq!(bare(&mut moved), bare(&mut plain));
        }
    }

    #[test]
    fn words_may_tighten_and_never_loosen(events in prop::collection::vec((0u8..4, -1.0f64..1.0, -1.0f64..1.0, 0i64..400, any::<bool>()), 0..300)) {
        let (mut talked_to, mut left_alone) = (Soul::new(), Soul::new());
        let mut seconds = 0;
        for (who, d, p, wait, in_words) in events {
            seconds += wait;
            let happened = Event { in_words, ..event(&format!("e{who}"), d, p) };
            talked_to.appraise(&happened, at(seconds));
            left_alone.advance(at(seconds));
            if !in_words {
                left_alone.appraise(&happened, at(seconds));
            }
            prop_assert!(talked_to.stress() >= left_alone.stress());
        }
    }

    #[test]
    fn what_was_stored_is_the_same_soul(acts in acts()) {
        let (mut soul, now) = live(&acts, |_, _, _| {});
        let mut restored = again(&mut soul, now);
        restored.mood_stored = soul.mood_stored;
        if soul.mood.stirred().is_empty() {
            restored.advance(now);
        }
        prop_assert_eq!(restored.entities, soul.entities.clone());
        prop_assert_eq!(restored.mood.pad(), soul.mood.pad());
        prop_assert_eq!(restored.mood.stirred(), soul.mood.stirred());
        let mut whole = Vec::new();
        ciborium::into_writer(&soul, &mut whole).unwrap();
        let read: Soul = ciborium::from_reader(&whole[..]).unwrap();
        prop_assert_eq!(read, soul);
    }
}
