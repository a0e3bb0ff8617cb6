//! What holds of every series, whatever it is told.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "times and counts of tests are small")]

use super::{episode::What, nature, numeric::Numeric, *};
use proptest::prelude::*;

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + (seconds * 1e6) as i64)
}

fn cbor(set: &SeriesSet) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(set, &mut out).unwrap();
    out
}

/// A calm series around 20, an hour apart: ±0.25 and ±0.5, up and down.
fn calm(n: u32) -> f64 {
    20.0 + [0.0, 0.25, -0.25, 0.5, -0.5, 0.25, 0.0, -0.25][n as usize % 8]
}

fn learned(hours: u32, map: impl Fn(f64) -> f64) -> Numeric {
    let mut series = Numeric::new(map(calm(0)), at(0.0));
    for n in 1..hours {
        let news = series.hear(map(calm(n)), at(3_600.0 * f64::from(n)), &nature::of("x"), &Settings::CHOSEN);
        assert_eq!(news, None, "{n}");
    }
    series
}

#[derive(Clone, Debug)]
enum Said {
    Number(f64),
    Word(String),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => any::<f64>().prop_map(Said::Number),
        3 => prop::num::f64::ANY.prop_map(Said::Number),
        6 => (-50.0..150.0f64).prop_map(|x| Said::Number((x * 10.0).round() / 10.0)),
        3 => "[a-d]".prop_map(Said::Word),
        1 => ".{0,40}".prop_map(Said::Word),
    ]
}

fn take(set: &mut SeriesSet, field: &str, said: &Said, when: Timestamp) -> Heard {
    match said {
        Said::Number(x) => set.hear(field, &Body::Number(*x), when, 0.0),
        Said::Word(word) => set.hear(field, &Body::Text(word.clone()), when, 0.0),
    }
}

const FIELDS: [&str; 12] =
    ["temperature", "humidity", "power", "contact", "mode", "x", "y", "smoke", "pressure", "co2", "ENERGY.Current", "state"];

proptest! {
    #[test]
    fn whatever_is_told_it_stays_sound_and_bounded_and_goes_on_after_a_restart_as_before(
        told in prop::collection::vec((0..FIELDS.len(), said(), 0.0..20_000.0f64, 1..12u8), 1..120)
    ) {
        let (mut set, mut again) = (SeriesSet::default(), SeriesSet::default());
        let mut now = 0.0;
        for (field, said, seconds, times) in &told {
            for _ in 0..*times {
                now += seconds;
                let heard = take(&mut set, FIELDS[*field], said, at(now));
                prop_assert_eq!(&heard, &take(&mut again, FIELDS[*field], said, at(now)));
                prop_assert!(heard.findings.iter().all(|f| (-1.0..=0.0).contains(&f.weight()) && (0.0..=1.0).contains(&f.importance())));
            }
            prop_assert!(set.is_sound());
            let stored = cbor(&set);
            prop_assert!(stored.len() <= limits::SERIES * 500, "{}", stored.len());
            again = ciborium::from_reader(&stored[..]).unwrap();
            prop_assert_eq!(&set, &again);
            prop_assert!(set.view().len() <= 2 * limits::SERIES);
        }
    }

    #[test]
    fn the_baseline_stands_still_while_it_is_abnormal(told in prop::collection::vec(30.0..100.0f64, 1..40)) {
        let mut series = learned(400, |x| x);
        let (walk, spread) = (series.walk().clone(), series.spread().clone());
        for (n, x) in told.iter().enumerate() {
            // Half a minute apart: none of it is long enough to be accepted.
            series.hear(*x, at(3_600.0 * 400.0 + 30.0 * n as f64), &nature::of("x"), &Settings::CHOSEN);
            prop_assert!(series.episode_mut().is_some());
            prop_assert_eq!((series.walk(), series.spread()), (&walk, &spread));
        }
    }

    #[test]
    fn another_scale_and_another_zero_change_nothing(power in -8..8i32, zero in -40..40i32, off in 13.0..60.0f64) {
        let map = |x: f64| x * f64::from(power).exp2() + f64::from(zero) * 1_000.0 * f64::from(power).exp2();
        let off = (off * 4.0).round() / 4.0 + 0.125;
        let tell = |map: &dyn Fn(f64) -> f64| -> Vec<Option<What>> {
            let mut series = learned(400, map);
            (0..12)
                .map(|n| {
                    let x = if n < 3 { 20.0 + off } else { calm(n) };
                    match series.hear(map(x), at(3_600.0 * (400.0 + f64::from(n))), &nature::of("x"), &Settings::CHOSEN) {
                        Some(News::Began { what, .. } | News::Ended { what, .. }) => Some(what),
                        _ => None,
                    }
                })
                .collect()
        };
        let (plain, mapped) = (tell(&|x| x), tell(&map));
        // Ten times a value is another unit only where zero is where it was: that is no law of shifts.
        prop_assume!(plain[0].is_some() && mapped[0].is_some());
        prop_assert_eq!(plain, mapped);
    }
}

#[test]
fn a_series_that_stands_still_may_take_one_step_of_its_resolution() {
    let mut series = Numeric::new(21.0, at(0.0));
    for n in 1..2_000u32 {
        let x = if n == 1_000 { 21.1 } else { 21.0 };
        assert_eq!(series.hear(x, at(600.0 * f64::from(n)), &nature::of("temperature"), &Settings::CHOSEN), None, "{n}");
    }
}

#[test]
fn what_only_grows_is_a_counter_and_no_reading() {
    let mut series = Numeric::new(0.0, at(0.0));
    for n in 1..2_000u32 {
        let x = f64::from(n) + if n > 1_500 { 1e6 } else { 0.0 };
        assert_eq!(series.hear(x, at(3_600.0 * f64::from(n)), &nature::of("x"), &Settings::CHOSEN), None, "{n}");
    }
}

#[test]
fn one_series_past_the_limit_is_not_followed_unless_its_name_is_known_and_anothers_is_not() {
    let mut set = SeriesSet::default();
    for n in 0..limits::SERIES {
        assert_eq!(set.hear(&format!("x{n}"), &Body::Number(1.0), at(0.0), 0.0).readings, 1);
    }
    assert_eq!(set.hear("one_more", &Body::Number(1.0), at(1.0), 0.0).readings, 0);
    assert_eq!(set.hear("temperature", &Body::Number(21.0), at(2.0), 0.0).readings, 1);
    assert_eq!(set.0.len(), limits::SERIES);
    assert_eq!(set.hear("x0", &Body::Number(1.0), at(3.0), 0.0).readings, 0, "it gave its place");
    assert_eq!(set.hear("x0", &Body::Number(1.0), at(FORGOTTEN_SECONDS + 9.0), 0.0).readings, 1, "who is silent for a month gives it back");
}

#[test]
fn one_state_past_the_limit_makes_every_new_state_ordinary() {
    let mut set = SeriesSet::default();
    let mut now = 0.0;
    let mut tell = |word: String| {
        now += 3_600.0;
        set.hear("mode", &Body::Text(word), at(now), 0.0).findings.len()
    };
    for _ in 0..300 {
        assert_eq!(tell("s0".into()), 0);
    }
    assert_eq!(tell("new".into()), 1);
    assert_eq!(tell("s0".into()), 1, "it is over");
    for n in 1..=limits::STATES {
        tell(format!("s{n}"));
        tell("s0".into());
    }
    for n in 0..300 {
        tell(format!("s{}", n % 3));
    }
    assert_eq!(tell("one_more".into()), 0);
}

#[test]
fn a_series_takes_200_bytes_in_memory_and_in_the_store() {
    let mut set = SeriesSet::default();
    for n in 0..2_000u32 {
        let x = (calm(n) + 0.013 * f64::from(n % 7)) / 3.0;
        set.hear("temperature", &Body::Number(x), at(601.7 * f64::from(n)), 0.0);
    }
    let bytes = cbor(&set).len();
    println!("numeric: {} bytes in memory, {bytes} stored", size_of::<Series>() + size_of::<Numeric>());
    assert!(size_of::<Series>() + size_of::<Numeric>() <= 300 && bytes <= 230, "{bytes}");
    let mut set = SeriesSet::default();
    for n in 0..2_000u32 {
        set.hear("contact", &Body::Bool(n % 3 == 0), at(601.7 * f64::from(n)), 0.0);
    }
    let bytes = cbor(&set).len();
    println!("discrete: {} bytes in memory and its words, {bytes} stored", size_of::<Series>() + size_of::<discrete::Discrete>());
    assert!(bytes <= 150, "{bytes}");
}
