//! What the workspace promises.

use super::*;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

/// A candidate that adds `x` to a cycle.
fn of(name: &str, x: f64) -> Candidate {
    let x = Unit01::clamped(x);
    Candidate { entity: id(name), percept: Uuid::nil(), salience: x, goal_relevance: x, novelty: x }
}

#[test]
fn a_grave_event_ignites_at_once_and_is_broadcast_once() {
    let mut w = Workspace::new();
    w.offer(of("lamp", 0.1), || "lamp on".into());
    w.offer(of("door", 0.9), || "front_door: unlock denied".into());
    let won = w.tick(at(0)).unwrap();
    assert_eq!((won.entity.as_str(), won.summary.as_str()), ("door", "front_door: unlock denied"));
    assert_eq!(w.focus(), Some(&won));
    assert!(w.take_changed() && !w.take_changed());
    assert_eq!(w.tick(at(1)), None);
    assert!(!w.take_changed());
}

#[test]
fn after_a_broadcast_nothing_ignites_for_a_while() {
    let mut w = Workspace::new();
    w.offer(of("a", 1.0), String::new);
    assert!(w.tick(at(0)).is_some());
    w.offer(of("b", 1.0), String::new);
    assert!(w.tick(at(1)).is_none());
    w.offer(of("b", 0.5), String::new);
    assert!(w.tick(at(2)).is_some_and(|won| won.entity == id("b")));
}

#[test]
fn two_equal_alarms_wait_for_a_margin_but_not_for_ever() {
    let mut w = Workspace::new();
    let won: Vec<i64> = (0..25)
        .filter(|second| {
            w.offer(of("a", 0.9), String::new);
            w.offer(of("b", 0.9), String::new);
            w.tick(at(*second)).is_some()
        })
        .collect();
    assert_eq!(won.first(), Some(&(i64::from(PATIENCE_TICKS) - 1)));
    assert!(won.len() > 2, "then they take turns: {won:?}");
}

#[test]
fn a_mild_thing_that_goes_on_wins_and_a_talkative_one_gains_nothing() {
    let mut w = Workspace::new();
    let won = (0..9).find(|second| {
        for _ in 0..1_000 {
            w.offer(of("chatty", 0.05), String::new);
        }
        w.offer(of("leak", 0.3), String::new);
        w.tick(at(*second)).is_some_and(|won| won.entity == id("leak"))
    });
    assert_eq!(won, Some(2));
}

#[test]
fn what_is_not_noticed_costs_no_summary() {
    let mut w = Workspace::new();
    assert!(!w.offer(of("lamp", 0.01), || panic!("not needed")));
    w.offer(of("lamp", 0.5), String::new);
    assert!(w.offer(of("lamp", 0.4), || panic!("weaker than what is there")));
}

#[test]
fn one_candidate_past_the_limit_takes_the_place_of_the_weakest() {
    let mut w = Workspace::new();
    for n in 0..CANDIDATES {
        let x = 0.1 + 0.005 * f64::from(u32::try_from(n).unwrap());
        assert!(w.offer(of(&format!("c{n}"), x), String::new));
    }
    assert!(!w.offer(of("weak", 0.05), || panic!("not needed")));
    assert!(w.offer(of("strong", 0.9), || "x".repeat(1_000)));
    assert_eq!(w.candidates.len(), CANDIDATES);
    assert!(!w.candidates.contains_key(&id("c0")));
    assert_eq!(w.candidates[&id("strong")].summary.len(), SUMMARY_BYTES);
}

#[test]
fn a_win_draws_attention_which_fades() {
    let mut w = Workspace::new();
    w.offer(of("door", 0.9), String::new);
    w.tick(at(0));
    assert_eq!(w.attention(&id("door")), 1.0);
    assert_eq!(w.attention(&id("lamp")), 0.0);
    w.tick(at(30));
    assert!((w.attention(&id("door")) - 0.5).abs() < 1e-12);
    assert_eq!(w.focus(), None);
    w.tick(at(600));
    assert!(w.attention.is_empty());
}

#[test]
fn one_attended_past_the_limit_is_the_least_forgotten() {
    let mut w = Workspace::new();
    for n in 0..=ATTENDED {
        let entity = id(&format!("e{n}"));
        w.attend(&Broadcast {
            entity,
            percept: Uuid::nil(),
            summary: String::new(),
            activation: if n == 0 { 0.1 } else { 1.0 },
            at: at(0),
        });
    }
    assert_eq!(w.attention.len(), ATTENDED);
    assert_eq!(w.attention(&id("e0")), 0.0);
}

proptest! {
    #[test]
    fn it_stays_in_its_bounds_and_survives_being_stored(offers in prop::collection::vec((0u16..200, 0.0f64..=1.0, prop::bool::weighted(0.2)), 1..300)) {
        let mut w = Workspace::new();
        let mut second = 0;
        for (who, x, tick) in offers {
            w.offer(of(&format!("e{who}"), x), String::new);
            if tick {
                second += 1;
                if let Some(won) = w.tick(at(second)) {
                    prop_assert!((0.0..=3.5).contains(&won.activation));
                    prop_assert!((0.0..=1.0).contains(&w.attention(&won.entity)));
                }
            }
            prop_assert!(w.candidates.len() <= CANDIDATES);
            let least = w.candidates.values().map(Content::strength).fold(f64::INFINITY, f64::min);
            prop_assert!(w.weakest <= least, "{} {}", w.weakest, least);
        }
        let mut stored = Vec::new();
        ciborium::into_writer(&w, &mut stored).unwrap();
        let read: Workspace = ciborium::from_reader(&stored[..]).unwrap();
        prop_assert_eq!(read, w);
    }
}
