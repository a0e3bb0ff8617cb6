//! What the live measure promises, over the inner round as it is.

use super::{super::round::Round, *};
use crate::domain::{Report, Unit01};
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(second)
}

/// A second of the round; reports come back at once.
fn second(round: &mut Round, severed: &[Link]) -> [u32; 6] {
    let tasks = round.begin(|link| !severed.contains(&link));
    for of in [Part::Memory, Part::Phoenix] {
        let did = tasks[of.index()];
        let lost = severed.iter().any(|link| link.ends().0 == of);
        let found = if lost { 0 } else { did };
        round.report(&Report { at: at(0), of, did, found, weight: Unit01::clamped(0.0) });
    }
    round.close().unwrap().unwrap()
}

#[test]
fn a_healthy_house_is_one_and_raises_no_alarm() {
    let (mut round, mut flow) = (Round::default(), Flow::default());
    for n in 0..20_000 {
        if n % 7 == 0 {
            round.stir(Part::Perception);
        }
        flow.take(second(&mut round, &[]), at(n));
        assert_eq!(flow.lost(), None, "{n}: {:?}", flow.reading());
    }
    let reading = flow.reading().unwrap();
    assert!(reading.powered && reading.nats > 0.1 && reading.p < 1e-9, "{reading:?}");
    assert!((reading.t_eff - 199.0).abs() < 1.0);
}

#[test]
fn a_lost_link_is_found_and_named_and_its_return_too() {
    let (mut round, mut flow) = (Round::default(), Flow::default());
    (0..1_000).for_each(|n| _ = flow.take(second(&mut round, &[]), at(n)));
    let severed = [Link::MemoryToWorkspace, Link::MemoryToPhoenix];
    let found = (1_000..1_600).find(|n| flow.take(second(&mut round, &severed), at(*n)) && flow.lost().is_some());
    let lost = flow.lost().unwrap_or_else(|| panic!("{found:?} {:?}", flow.reading())).clone();
    assert!(lost.words().starts_with("internal link lost: memory no longer answers recall (nothing flows "), "{}", lost.words());
    assert_eq!(flow.lost().unwrap().since, at(found.unwrap()));
    let back = (1_600..2_200).find(|n| flow.take(second(&mut round, &[]), at(*n)) && flow.lost().is_none());
    assert!(back.is_some());
}

#[test]
fn nothing_is_said_of_what_does_not_vary() {
    let mut flow = Flow::default();
    for n in 0..2_000 {
        let did = [1, u32::from(n % 2 == 0), 2, 0, u32::from(n % 3 == 0), u32::from(n % 5 == 0)];
        flow.take(did, at(n));
    }
    let reading = flow.reading().unwrap();
    assert_eq!(reading.still, [Part::Perception, Part::Soul, Part::Memory]);
    assert!(!reading.powered && flow.lost().is_none());
}

#[test]
fn parts_that_never_joined_raise_no_alarm_by_that() {
    let mut round = Round::default();
    let mut flow = Flow::default();
    for n in 0..5_000 {
        flow.take(second(&mut round, &Link::ALL), at(n));
        assert_eq!(flow.lost(), None);
    }
    assert!(!flow.reading().unwrap().powered, "{:?}", flow.reading());
}

#[test]
fn a_test_has_the_power_that_the_tables_say() {
    // For one degree of freedom it is that of a normal: (z.995 + z.9)², but for the far tail.
    assert!((power(1.0, 14.879) - 0.9).abs() < 1e-3, "{}", power(1.0, 14.879));
    assert!((exceeds(5.0, 15.086_272) - 0.01).abs() < 1e-6 && (exceeds(9.0, 21.665_994) - 0.01).abs() < 1e-6);
    assert!((power(5.0, 0.0) - 0.01).abs() < 1e-6 && power(8.0, 1e9) == 1.0 || power(8.0, 1e9) > 0.999_999);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn whatever_comes_is_a_reading_or_none(all in prop::collection::vec(prop::array::uniform6(0u32..5), 300..400)) {
        let mut flow = Flow::default();
        for (n, did) in (0..).zip(all) {
            flow.take(did, at(n));
        }
        let reading = flow.reading().unwrap();
        prop_assert!(reading.nats >= 0.0 && (0.0..=1.0).contains(&reading.p) && flow.is_sound());
    }
}
