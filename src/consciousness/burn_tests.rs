//! Burn rates against the worked figures of the SRE workbook, and laws that hold whatever happens.

use super::*;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(seconds)
}

/// One event a second, the `bad` of each hundred at its begin, for so many seconds.
fn run(events: &mut Events, from: i64, seconds: i64, bad_of_thousand: i64) {
    (from..from + seconds).for_each(|t| events.note(at(t), t % 1_000 >= bad_of_thousand));
}

fn rates(events: &Events, now: i64, target: f64) -> impl Fn(Window, bool) -> Option<f64> {
    move |window, is_long| {
        let (good, bad) = events.within(window, at(now));
        burn(good, bad, target, if is_long { 10 } else { 1 })
    }
}

/// The workbook's table for 99.9 %: a burn rate of 14.4 uses 2 % of a month in an hour, 6 uses 5 % in six hours, 1 uses 10 % in three days.
#[test]
fn the_workbooks_burn_rates_use_up_what_it_says() {
    for (rate, hours, share) in [(14.4_f64, 1.0, 0.02), (6.0, 6.0, 0.05), (1.0, 72.0, 0.10)] {
        assert!((rate * hours / 720.0 - share).abs() < 1e-12);
    }
    assert_eq!(burn(9_856, 144, 0.999, 1), Some(0.0144 / (1.0 - 0.999)));
    let burned = burn(9_856, 144, 0.999, 1).unwrap();
    assert!((burned - 14.4).abs() < 1e-9, "{burned}");
}

#[test]
fn an_outage_pages_within_minutes_and_ends_soon_after() {
    let mut events = Events::default();
    run(&mut events, 0, 6 * HOUR, 0);
    assert_eq!(urgency(rates(&events, 6 * HOUR - 1, 0.999), 1.0), Urgency::Fine);
    // All fails: 14.4 · 0.001 of an hour are 52 s.
    let begun = 6 * HOUR;
    run(&mut events, begun, 50, 1_000);
    assert!(urgency(rates(&events, begun + 49, 0.999), 1.0) < Urgency::Page, "not yet");
    run(&mut events, begun + 50, 15, 1_000);
    assert_eq!(urgency(rates(&events, begun + 64, 0.999), 1.0), Urgency::Page);
    run(&mut events, begun + 65, 6 * MINUTE, 0);
    assert!(urgency(rates(&events, begun + 65 + 6 * MINUTE, 0.999), 1.0) < Urgency::Page, "the short window has forgotten it");
}

#[test]
fn a_slow_leak_is_a_ticket_and_a_faster_one_pages_late() {
    let mut slow = Events::default();
    run(&mut slow, 0, 72 * HOUR, 2);
    assert_eq!(urgency(rates(&slow, 72 * HOUR - 1, 0.999), 1.0), Urgency::Ticket);
    let mut faster = Events::default();
    run(&mut faster, 0, 6 * HOUR, 8);
    assert_eq!(urgency(rates(&faster, 6 * HOUR - 1, 0.999), 1.0), Urgency::Page);
    let mut fine = Events::default();
    run(&mut fine, 0, 72 * HOUR, 1);
    assert_eq!(urgency(rates(&fine, 72 * HOUR - 1, 0.998), 1.0), Urgency::Fine, "half of what may go wrong is no alert");
}

/// Seconds from the beginning of an outage until it pages, and from its end until that is over; events once a second, all good for a day before.
fn times(target: f64, bad_of_thousand: i64, lasts: i64) -> (Option<i64>, i64) {
    let mut events = Events::default();
    run(&mut events, 0, 24 * HOUR, 0);
    let begun = 24 * HOUR;
    let mut paged = None;
    for t in begun..begun + lasts {
        // Spread evenly.
        events.note(at(t), (t * bad_of_thousand) / 1_000 == ((t - 1) * bad_of_thousand) / 1_000);
        if paged.is_none() && urgency(rates(&events, t, target), 1.0) == Urgency::Page {
            paged = Some(t - begun + 1);
        }
    }
    let mut over = 0;
    while urgency(rates(&events, begun + lasts + over, target), 1.0) == Urgency::Page {
        events.note(at(begun + lasts + over), true);
        over += 1;
    }
    (paged, over)
}

/// The workbook: detection time = (1 − SLO) / error ratio · window · burn rate. Buckets begin on the minute, so a window may be short of one.
#[test]
fn it_is_found_as_soon_as_the_workbook_says() {
    for (target, errors, seconds) in [
        // 99.9 % and a whole outage, an hour at 14.4: 51.84 s.
        (0.999, 1_000, 52),
        // 99 %: 8.64 min.
        (0.99, 1_000, 518),
        // A fifth fails, 99.9 %: 4.32 min.
        (0.999, 200, 259),
        // Every hundredth: a burn rate of 10 does not reach 14.4; the slow pair finds it after 6 · 6 h / 10 = 3.6 h.
        (0.999, 10, 12_960),
    ] {
        let (paged, _) = times(target, errors, seconds + 600);
        let late = paged.unwrap() - seconds;
        assert!((-60..=10).contains(&late), "{target} {errors}: {late} s later than {seconds}");
    }
    assert_eq!(times(0.999, 5, 4 * HOUR).0, None, "a burn rate of 5 is no page, however long");
}

/// The workbook: with the short window the alert of a 14.4 page is over within five minutes, of a 6 page within half an hour.
#[test]
fn it_is_over_when_the_short_window_has_forgotten_it() {
    let (paged, over) = times(0.999, 1_000, 120);
    assert!(paged.is_some() && (4 * MINUTE..=5 * MINUTE).contains(&over), "{over}");
    let (paged, over) = times(0.999, 10, 5 * HOUR);
    assert!(paged.is_some() && over <= 30 * MINUTE, "{over}");
}

/// What had begun ends only below nine tenths of the limits.
#[test]
fn what_is_at_its_limit_stays_as_it_is() {
    let at_limit = |rate: f64| move |window: Window, _: bool| (window <= Window::Hour).then_some(rate);
    assert_eq!((urgency(at_limit(14.0), 1.0), urgency(at_limit(14.0), 0.9)), (Urgency::Fine, Urgency::Page));
    assert_eq!(urgency(at_limit(12.9), 0.9), Urgency::Fine);
}

#[test]
fn a_healthy_month_is_stored_in_a_few_bytes_and_impossible_counts_are_refused() {
    let mut events = Events::default();
    (0..30 * 8_640).for_each(|n| events.note(at(n * 10), true));
    let mut stored = Vec::new();
    ciborium::into_writer(&events, &mut stored).unwrap();
    assert!(stored.len() < 100, "{}", stored.len());
    let of = |minutes: Vec<Run>| Events { minutes: minutes.into(), ..Events::default() };
    assert!(of(vec![(5, 360, 1, 0)]).is_sound());
    assert!(!of(vec![(5, 361, 1, 0)]).is_sound(), "one more than six hours have");
    assert!(!of(vec![(5, u32::MAX, 1, 0), (6, u32::MAX, 1, 0)]).is_sound());
    assert!(!of(vec![(5, 1, 1, 0), (5, 1, 1, 0)]).is_sound(), "twice the same minute");
    assert!(!Events { days: vec![(0, 91, 1, 0)].into(), ..Events::default() }.is_sound());
    assert!(!Events { hours: vec![(0, 73, 1, 0)].into(), ..Events::default() }.is_sound());
}

#[test]
fn few_events_tell_nothing() {
    assert_eq!((burn(0, 9, 0.9, 10), burn(0, 0, 0.9, 0)), (None, None));
    assert!(burn(0, 10, 0.9, 10).is_some());
}

proptest! {
    #[test]
    fn windows_hold_what_was_noted_in_them(noted in prop::collection::vec((0i64..400_000, any::<bool>()), 0..300), wait in 0i64..100_000) {
        let mut noted = noted;
        noted.sort_unstable();
        let mut events = Events::default();
        noted.iter().for_each(|(t, good)| events.note(at(*t), *good));
        let now = noted.last().map_or(0, |(t, _)| *t) + wait;
        prop_assert!(events.is_sound());
        for window in Window::ALL {
            let length = if window == Window::ThreeDays { HOUR } else { MINUTE };
            let first = (now.div_euclid(length) - window.seconds() / length + 1) * length;
            let count = |good: bool| noted.iter().filter(|(t, g)| *g == good && (first..=now).contains(t)).count() as u64;
            prop_assert_eq!(events.within(window, at(now)), (count(true), count(false)), "{:?}", window);
        }
    }

    #[test]
    fn what_is_stored_is_what_was_counted(noted in prop::collection::vec((0i64..9_000_000, any::<bool>()), 0..300), days in 1u16..=90) {
        let mut noted = noted;
        noted.sort_unstable();
        let mut events = Events::default();
        noted.iter().for_each(|(t, good)| events.note(at(*t), *good));
        let mut stored = Vec::new();
        ciborium::into_writer(&events, &mut stored).unwrap();
        let read: Events = ciborium::from_reader(stored.as_slice()).unwrap();
        prop_assert_eq!(&read, &events);
        prop_assert!(read.is_sound());
        let now = noted.last().map_or(0, |(t, _)| *t);
        let first = (now / DAY - i64::from(days) + 1) * DAY;
        let count = |good: bool| noted.iter().filter(|(t, g)| *g == good && *t >= first).count() as u64;
        prop_assert_eq!(events.within_days(days, at(now)), (count(true), count(false)));
    }

    #[test]
    fn more_that_goes_wrong_is_never_less_urgent(rates in prop::array::uniform5(prop::option::of(0.0f64..20.0)), more in 0.0f64..5.0) {
        let of = |rates: [Option<f64>; 5]| move |window: Window, _: bool| rates[Window::ALL.iter().position(|w| *w == window).unwrap()];
        let worse = rates.map(|rate| rate.map(|rate| rate + more));
        prop_assert!(urgency(of(worse), 1.0) >= urgency(of(rates), 1.0));
        prop_assert!(urgency(of(rates), 0.9) >= urgency(of(rates), 1.0));
    }

    #[test]
    fn congruence_is_bounded(burn in 0.0f64..1e9, priority in 0.0f64..=1.0) {
        prop_assert!(congruence(burn, priority).abs() <= priority);
    }
}
