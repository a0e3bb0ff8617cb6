//! One objective over simulated hours: when it pages and when it is fine again, what is told, what is stored, and what a restart keeps.

use super::super::burn::Urgency;
use super::*;
use crate::domain::{Aim, Occasion, Unit01};
use proptest::prelude::*;

fn aim() -> Aim {
    Aim { good: "ctx.warm".into(), valid: None, target: 0.999, window_days: 30, priority: Unit01::clamped(0.5), least: 6 }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(1_795_000_000 / 86_400 * 86_400 + seconds)
}

fn standing(occasion: Occasion) -> Standing {
    Standing::new(&Pursued { id: "warm", says: "the pool is warm", aim: &aim(), occasion }, at(0))
}

/// One look each ten seconds; the turns.
fn look(one: &mut Standing, from: i64, seconds: i64, good: Option<bool>) -> Vec<(i64, Urgency)> {
    (from..from + seconds).step_by(10).filter_map(|t| one.take(good, at(t)).map(|turn| (t - from, turn.to))).collect()
}

#[test]
fn an_outage_pages_after_a_minute_and_is_a_ticket_some_minutes_after_its_end() {
    let mut one = standing(Occasion::Look);
    assert_eq!(look(&mut one, 0, 86_400, Some(true)), []);
    // Too short for the slow pair of windows.
    let paged = look(&mut one, 86_400, 100, Some(false));
    // After 51.84 s, which is the sixth look.
    assert_eq!(paged, [(50, Urgency::Page)]);
    let alarm = one.alarm().unwrap();
    assert!(alarm.critical);
    let eased = look(&mut one, 86_500, 86_400, Some(true));
    let (after, to) = eased[0];
    assert!((840..=910).contains(&after) && to == Urgency::Ticket, "the five minutes of the short window, and ten: {eased:?}");
    let (after, to) = eased[1];
    assert!((6 * 3_600 - 60..=6 * 3_600).contains(&after) && to == Urgency::Fine, "{eased:?}");
    assert_eq!((eased.len(), one.alarm()), (2, None));
}

#[test]
fn what_is_at_a_limit_does_not_flap() {
    // One of 69 is a burn rate of 14.5.
    let mut one = standing(Occasion::Look);
    look(&mut one, 0, 86_400, Some(true));
    let turns: Vec<Urgency> = (0..4 * 360).filter_map(|n| one.take(Some(n % 69 != 0), at(86_400 + n * 10)).map(|turn| turn.to)).collect();
    assert!(turns.iter().filter(|to| **to == Urgency::Page).count() <= 1, "{turns:?}");
}

#[test]
fn the_alert_says_what_is_not_so_how_long_the_budget_lasts_and_nothing_more_often_than_hourly() {
    let mut one = standing(Occasion::Look);
    look(&mut one, 0, 86_400, Some(true));
    look(&mut one, 86_400, 70, Some(false));
    let first = one.alarm().unwrap().clone();
    assert_eq!(
        first.text,
        "\"the pool is warm\" was not so at 6 of 360 looks in the last hour, 17 times what may be; the error budget of 30 days has 98 % left, which \
         lasts 42 hours at this rate"
    );
    look(&mut one, 86_470, 3_500, Some(false));
    assert_eq!(one.alarm(), Some(&first));
    look(&mut one, 89_970, 200, Some(false));
    let later = one.alarm().unwrap();
    assert!(later.text.contains("1000 times") && later.text.ends_with("is used up") && later.since == first.since, "{later:?}");
}

#[test]
fn what_cannot_be_told_is_not_counted() {
    let mut one = standing(Occasion::Look);
    look(&mut one, 0, 3_600, None);
    let view = one.view(at(3_600));
    assert_eq!((&view["status"], &view["valid"], &view["good"], &view["bad"]), (&"unknown".into(), &false.into(), &0.into(), &0.into()));
    assert_eq!(view["burn_rates"]["1h"], serde_json::Value::Null);
    look(&mut one, 3_600, 60, Some(true));
    assert_eq!(one.view(at(3_660))["status"], "met");
    look(&mut one, 3_660, 10, None);
    assert_eq!(one.view(at(3_670))["status"], "unknown", "now it cannot");
}

#[test]
fn few_events_say_nothing_and_then_all_they_say() {
    let mut one = standing(Occasion::Request);
    let turns: Vec<_> = (0..6).filter_map(|n| one.take(Some(false), at(n * 3_600)).map(|turn| (n, turn.to, turn.congruence))).collect();
    assert_eq!(turns, [(5, Urgency::Page, -0.5)], "six of them within six hours, the last of them now");
    assert_eq!(one.view(at(18_000))["status"], "page");
    assert!(one.budget_left(at(18_000)) < 0.0);
}

#[test]
fn others_are_told_of_turns_at_once_and_of_the_rest_once_a_minute() {
    let mut one = standing(Occasion::Look);
    let told = |one: &mut Standing, from: i64, seconds: i64, good: bool| {
        let mut told = 0;
        for t in (from..from + seconds).step_by(10) {
            one.take(Some(good), at(t));
            told += usize::from(one.take_view(at(t)).is_some());
        }
        told
    };
    assert_eq!(told(&mut one, 0, 86_400, true), 2, "that it is there, and that it is met");
    assert!(told(&mut one, 86_400, 600, false) <= 13, "ten minutes, and its turns");
}

#[test]
fn rows_are_written_seldom_where_all_is_well_and_within_a_minute_where_not() {
    let mut one = standing(Occasion::Look);
    let rows = |one: &mut Standing, from: i64, seconds: i64, good: bool| {
        (from..from + seconds)
            .step_by(10)
            .filter(|t| {
                one.take(Some(good), at(*t));
                one.take_row(at(*t)).is_some()
            })
            .count()
    };
    assert_eq!(rows(&mut one, 0, 3_600, true), 6);
    assert!((10..=13).contains(&rows(&mut one, 3_600, 600, false)));
    assert!(one.take_row(at(4_200)).is_none(), "nothing was counted since");
    one.take(Some(true), at(4_210));
    one.due();
    assert!(one.take_row(at(4_210)).is_some(), "before a stop");
}

#[test]
fn its_history_has_each_hour_once() {
    let mut one = standing(Occasion::Look);
    let mut hours = Vec::new();
    for t in (0..3 * 3_600 + 10).step_by(10) {
        one.take(Some(t >= 600), at(t));
        hours.extend(one.take_hours(at(t)));
    }
    assert_eq!(hours, [(at(0), 300, 60), (at(3_600), 360, 0), (at(7_200), 360, 0)]);
}

fn pursue(missions: &mut Missions, aims: &[(&str, &Aim)]) {
    missions.pursue(aims.iter().map(|(id, aim)| Pursued { id, says: "x", aim, occasion: Occasion::Look }), at(100));
}

#[test]
fn a_restart_goes_on_and_what_counts_otherwise_begins_anew() {
    let mut before = Missions::default();
    pursue(&mut before, &[("warm", &aim()), ("other", &aim())]);
    look(before.get_mut("warm").unwrap(), 100, 600, Some(false));
    let one = before.get_mut("warm").unwrap();
    one.due();
    let (view, state) = one.take_row(at(700)).unwrap();

    let mut after = Missions::default();
    after.restore("warm", &state).unwrap();
    let weighed = Aim { priority: Unit01::clamped(1.0), window_days: 7, ..aim() };
    pursue(&mut after, &[("warm", &weighed)]);
    assert_eq!(after.iter().count(), 1);
    let stands = after.get_mut("warm").unwrap();
    assert_eq!((stands.urgency(), &stands.view(at(700))["bad"]), (Urgency::Page, &view["bad"]));
    assert!(stands.alarm().is_some() && stands.take_view(at(700)).is_some(), "others are told again");
    for other in [Aim { good: "ctx.cold".into(), ..aim() }, Aim { valid: Some("ctx.home".into()), ..aim() }, Aim { target: 0.99, ..aim() }]
    {
        let mut anew = Missions::default();
        anew.restore("warm", &state).unwrap();
        pursue(&mut anew, &[("warm", &other)]);
        assert_eq!(anew.get_mut("warm").unwrap().view(at(700))["bad"], 0, "{other:?}");
    }
    assert!(Missions::default().restore("cold", &state).unwrap_err().to_string().contains("impossible"), "another's");
    assert!(Missions::default().restore("warm", b"no").unwrap_err().to_string().contains("objective warm cannot be read"));
    let mut broken = before.get_mut("warm").unwrap().clone();
    broken.aim.target = f64::NAN;
    assert!(!broken.is_sound());
}

/// Versions come and go: what one does not say is as at the beginning, what it says beyond is not heard; only what is counted must be said.
#[test]
fn what_another_version_stored_is_read() {
    use ciborium::Value as Cbor;
    let mut one = standing(Occasion::Look);
    look(&mut one, 0, 600, Some(false));
    let (_, state) = one.take_row(at(600)).unwrap();
    let all: Vec<(Cbor, Cbor)> = ciborium::from_reader::<Cbor, _>(state.as_slice()).unwrap().into_map().unwrap();
    let read = |map: Vec<(Cbor, Cbor)>| {
        let (mut state, mut missions) = (Vec::new(), Missions::default());
        ciborium::into_writer(&Cbor::Map(map), &mut state).unwrap();
        missions.restore("warm", &state).map(|()| missions.get_mut("warm").unwrap().clone())
    };
    let mut more = all.clone();
    more.push((Cbor::from("of_tomorrow"), Cbor::from(7)));
    assert_eq!(read(more).unwrap().view(at(600))["bad"], one.view(at(600))["bad"]);
    for (n, (key, _)) in all.iter().enumerate() {
        let mut less = all.clone();
        less.remove(n);
        let told = read(less);
        let is_needed = ["id", "aim", "occasion"].contains(&key.as_text().unwrap());
        assert_eq!(told.is_err(), is_needed, "{key:?}: {told:?}");
        // It goes on with what there is.
        if let Ok(mut told) = told {
            told.take(Some(true), at(4_300));
            assert_eq!(told.urgency() > Urgency::Fine, told.alarm().is_some(), "{key:?}");
        }
    }
    let aim: Vec<(Cbor, Cbor)> = ["good", "target"].map(|key| (Cbor::from(key), Cbor::from(0.999))).to_vec();
    let aim = Cbor::Map(
        aim.into_iter().map(|(key, value)| if key == Cbor::from("good") { (key, "ctx.warm".into()) } else { (key, value) }).collect(),
    );
    let bare = vec![("id".into(), "warm".into()), ("aim".into(), aim), ("occasion".into(), "look".into())];
    assert_eq!(read(bare).unwrap().urgency(), Urgency::Fine);
}

#[test]
fn after_a_long_stop_nothing_is_urgent_that_was() {
    let mut one = standing(Occasion::Look);
    look(&mut one, 0, 3_600, Some(false));
    assert_eq!(one.urgency(), Urgency::Page);
    one.take(Some(true), at(3_600 + 90_000));
    assert_eq!(one.urgency(), Urgency::Fine);
}

#[test]
fn looks_lie_on_a_grid() {
    let mut missions = Missions::default();
    let looks: Vec<i64> = (0..35).filter(|t| missions.take_look(at(3 + t))).collect();
    assert_eq!(looks, [0, 7, 17, 27]);
}

proptest! {
    #[test]
    fn whatever_is_counted_is_bounded_sound_and_the_same_once_stored(events in prop::collection::vec((0i64..4_000, prop::option::of(any::<bool>())), 0..200)) {
        let mut one = standing(Occasion::Request);
        let mut now = 0;
        for (wait, good) in events {
            now += wait;
            if let Some(turn) = one.take(good, at(now)) {
                prop_assert!(turn.from != turn.to && turn.congruence.abs() <= 0.5);
            }
        }
        let mut state = Vec::new();
        ciborium::into_writer(&one, &mut state).unwrap();
        let read: Standing = ciborium::from_reader(state.as_slice()).unwrap();
        prop_assert!(read.is_sound());
        prop_assert_eq!(&read, &one);
        prop_assert!(one.budget_left(at(now)) <= 1.0);
        prop_assert_eq!(one.urgency() > Urgency::Fine, one.alarm().is_some());
    }
}
