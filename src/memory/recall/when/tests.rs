//! Times as people write them, against what they mean.

use super::*;
use proptest::prelude::*;

/// A Wednesday, 14:30 in Berlin.
fn now() -> (Timestamp, TimeZone) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at: DateTime = "2026-11-25T14:30:00".parse().unwrap();
    (Timestamp::from_micros(zone.to_zoned(at).unwrap().timestamp().as_microsecond()), zone)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// The range on the wall clock, and the words left over.
fn said(text: &str) -> (String, String) {
    let (now, zone) = now();
    let words = words(text);
    let (range, rest) = read(&words, now, &zone);
    let wall = |t: Timestamp| instant(t).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let rest: Vec<&str> = rest.iter().map(|at| words[*at].as_str()).collect();
    (range.map_or_else(String::new, |r| format!("{} to {}", wall(r.start), wall(r.end))), rest.join(" "))
}

#[test]
fn times_are_read_as_people_mean_them() {
    for (text, range, rest) in [
        ("front door last night", "2026-11-24 20:00 to 2026-11-25 06:00", "front door"),
        ("yesterday evening", "2026-11-24 17:00 to 2026-11-25 00:00", ""),
        ("who unlocked yesterday at 18:00", "2026-11-24 17:30 to 2026-11-24 18:30", "who unlocked"),
        ("today", "2026-11-25 00:00 to 2026-11-26 00:00", ""),
        ("this morning", "2026-11-25 05:00 to 2026-11-25 12:00", ""),
        ("on monday evening leak", "2026-11-23 17:00 to 2026-11-24 00:00", "leak"),
        ("wednesday", "2026-11-18 00:00 to 2026-11-19 00:00", ""),
        ("last week", "2026-11-16 00:00 to 2026-11-23 00:00", ""),
        ("this week", "2026-11-23 00:00 to 2026-11-30 00:00", ""),
        ("last month denied", "2026-10-01 00:00 to 2026-11-01 00:00", "denied"),
        ("last 3 hours", "2026-11-25 11:30 to 2026-11-25 14:30", ""),
        ("2 days ago", "2026-11-23 00:00 to 2026-11-24 00:00", ""),
        ("three days ago in the evening", "2026-11-22 17:00 to 2026-11-23 00:00", ""),
        ("two hours ago", "2026-11-25 12:00 to 2026-11-25 13:00", ""),
        ("an hour ago", "2026-11-25 13:00 to 2026-11-25 14:00", ""),
        ("2026-11-20", "2026-11-20 00:00 to 2026-11-21 00:00", ""),
        ("2026-10", "2026-10-01 00:00 to 2026-11-01 00:00", ""),
        ("2026-11-20T18:00", "2026-11-20 18:00 to 2026-11-20 18:01", ""),
        ("2026-11-20T18:00:00Z", "2026-11-20 19:00 to 2026-11-20 19:01", ""),
        ("2026-11-01..2026-11-05", "2026-11-01 00:00 to 2026-11-06 00:00", ""),
        ("from 2026-11-01 to yesterday", "2026-11-01 00:00 to 2026-11-25 00:00", ""),
        ("between monday and yesterday", "2026-11-23 00:00 to 2026-11-25 00:00", ""),
        ("since monday", "2026-11-23 00:00 to 2026-11-26 14:30", ""),
        ("before yesterday", "1970-01-01 01:00 to 2026-11-24 00:00", ""),
        ("in march", "2026-03-01 00:00 to 2026-04-01 00:00", ""),
        ("in december", "2025-12-01 00:00 to 2026-01-01 00:00", ""),
        ("5 march 2025", "2025-03-05 00:00 to 2025-03-06 00:00", ""),
        ("march 5", "2026-03-05 00:00 to 2026-03-06 00:00", ""),
        ("on the 15th alarm", "2026-11-15 00:00 to 2026-11-16 00:00", "alarm"),
        ("on the 28th", "2026-10-28 00:00 to 2026-10-29 00:00", ""),
        ("the 5th of march", "2026-03-05 00:00 to 2026-03-06 00:00", ""),
        ("march 5th 2025", "2025-03-05 00:00 to 2025-03-06 00:00", ""),
        ("sunday 15 november", "2026-11-15 00:00 to 2026-11-16 00:00", ""),
        ("on monday the 16th of november", "2026-11-16 00:00 to 2026-11-17 00:00", ""),
        ("sunday the 15th in the evening", "2026-11-15 17:00 to 2026-11-16 00:00", ""),
        ("on the night of 13 november", "2026-11-13 20:00 to 2026-11-14 06:00", ""),
        ("the evening of monday", "2026-11-23 17:00 to 2026-11-24 00:00", ""),
        ("between 2 and 4 pm", "2026-11-25 14:00 to 2026-11-25 16:00", ""),
        ("between 6 and 8 pm", "2026-11-24 18:00 to 2026-11-24 20:00", ""),
        ("motion between 2 and 4 pm yesterday", "2026-11-24 14:00 to 2026-11-24 16:00", "motion"),
        ("on monday from 9 am to 11:30", "2026-11-23 09:00 to 2026-11-23 11:30", ""),
        ("between 11 and 1 pm yesterday", "2026-11-24 11:00 to 2026-11-24 13:00", ""),
        ("between 10 pm and 2 am", "2026-11-24 22:00 to 2026-11-25 02:00", ""),
        ("monday between 10 pm and 2 am", "2026-11-23 22:00 to 2026-11-24 02:00", ""),
        ("last night between 2 and 4 am", "2026-11-25 02:00 to 2026-11-25 04:00", ""),
        ("last night at 3 am", "2026-11-25 02:30 to 2026-11-25 03:30", ""),
        ("at 18:00 lamp", "2026-11-24 17:30 to 2026-11-24 18:30", "lamp"),
        ("at 6 pm on monday", "2026-11-23 17:30 to 2026-11-23 18:30", ""),
        ("at noon yesterday", "2026-11-24 11:30 to 2026-11-24 12:30", ""),
        ("in the morning", "2026-11-25 05:00 to 2026-11-25 12:00", ""),
        ("overnight", "2026-11-24 20:00 to 2026-11-25 06:00", ""),
        ("last week between 2 and 4 pm", "2026-11-16 00:00 to 2026-11-23 00:00", ""),
        ("since friday", "2026-11-20 00:00 to 2026-11-26 14:30", ""),
        ("since 2 pm", "2026-11-25 14:00 to 2026-11-26 14:30", ""),
        ("since 6 pm", "2026-11-24 18:00 to 2026-11-26 14:30", ""),
        ("the day before yesterday", "2026-11-23 00:00 to 2026-11-24 00:00", ""),
        ("in the last 24 hours", "2026-11-24 14:30 to 2026-11-25 14:30", ""),
        ("last night after 2026-11-25T01:00", "2026-11-25 01:01 to 2026-11-25 06:00", ""),
    ] {
        assert_eq!(said(text), (range.to_owned(), rest.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_time_stays_a_word() {
    for text in [
        "who was there at night",
        "night light",
        "the march of time",
        "may",
        "since",
        "between doors",
        "last",
        "monday's",
        "2026",
        "3 doors",
        "at home",
        "..",
        "in the hall",
        "the 45th door",
        "the night of the owl",
        "three doors",
    ] {
        assert_eq!(said(text), (String::new(), text.to_owned()));
    }
}

#[test]
fn a_night_of_the_clocks_change_is_as_long_as_it_is() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let at: DateTime = "2026-10-25T12:00:00".parse().unwrap();
    let now = Timestamp::from_micros(zone.to_zoned(at).unwrap().timestamp().as_microsecond());
    let (range, _) = read(&words("last night"), now, &zone);
    let range = range.unwrap();
    assert_eq!(range.end.seconds_since(range.start), 11.0 * 3_600.0);
}

proptest! {
    #[test]
    fn no_words_panic_and_each_is_used_or_left(text in "((last|in|since|from|to|between|and|on|monday|march|5|31|99999|2026-02-30|9999-12-31|..|ago|hours|night|at|6|12|pm|am|25:99|noon|before|day|yesterday|the|é) ?){0,12}") {
        let (now, zone) = now();
        let words = words(&text);
        let (_, rest) = read(&words, now, &zone);
        prop_assert!(rest.iter().all(|at| *at < words.len()) && rest.is_sorted());
    }
}
