//! The ring's promises: order, once, what is missed is counted, and nobody who listens holds up who tells.

use super::{Counts, Cursor, Document, Event, Fresh, Kind, Mark, News, Read, Share};
use crate::domain::{EntityId, Timestamp, limits};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

const ALL: Share = Share { events: usize::MAX, bytes: usize::MAX };

fn mark(row: i64) -> Mark {
    Mark::new(row, Uuid::from_u128(u128::from(row.unsigned_abs())))
}

fn fresh(kind: Kind, at: i64, entity: &str, bytes: usize) -> Fresh {
    Fresh {
        kind,
        topic: format!("jamey/{}/{entity}", kind.as_str()),
        at: Timestamp::from_micros(at),
        entity: EntityId::new(entity).ok(),
        others: Vec::new(),
        document: Document::Json(Value::from(at)),
        bytes,
    }
}

fn verdict(row: i64) -> (Option<Mark>, Fresh) {
    (Some(mark(row)), fresh(Kind::Verdict, row, "anna", 10))
}

fn alert(at: i64) -> (Option<Mark>, Fresh) {
    (None, fresh(Kind::Alert, at, "disk", 10))
}

fn news() -> Arc<News> {
    let news = Arc::new(News::default());
    news.begin(0xb007, mark(100));
    news
}

/// What is next, as `kind at`.
fn read(news: &News, cursor: &mut Cursor) -> Vec<String> {
    match news.read(cursor, ALL, |_| true) {
        Read::Events(events, _) => events.iter().map(|e| format!("{} {}", e.kind.as_str(), e.at.micros())).collect(),
        Read::Fell { missed, .. } => vec![format!("missed {}", missed.iter().sum::<u64>())],
        Read::Past => vec!["past".into()],
    }
}

#[test]
fn each_is_told_once_and_in_order_wherever_a_listener_comes_back() {
    let news = news();
    let _listening = news.listen();
    let mut cursor = news.now();
    news.tell([verdict(101), alert(7), verdict(102)]);
    assert_eq!(read(&news, &mut cursor), ["verdict 101", "alert 7", "verdict 102"]);
    assert_eq!(read(&news, &mut cursor), [""; 0]);
    let id = cursor.id();
    news.tell([alert(8), verdict(103)]);
    assert_eq!(read(&news, &mut cursor), ["alert 8", "verdict 103"]);
    // By the id of each event, and by one from the disk.
    let (mut again, whole) = news.after(id);
    assert!(whole);
    assert_eq!(read(&news, &mut again), ["alert 8", "verdict 103"]);
    assert_eq!(again.id(), cursor.id());
    let (mut from_disk, whole) = news.after(super::EventId { mark: mark(102), moment: None });
    assert!(!whole, "what else there was is not known");
    assert_eq!(read(&news, &mut from_disk), ["alert 8", "verdict 103"]);
}

#[test]
fn what_another_run_told_is_read_from_the_disk() {
    let before = news();
    before.tell((101..=110).map(verdict));
    let id = before.now().id();
    let after = Arc::new(News::default());
    after.begin(0xcafe, mark(112));
    let (mut cursor, whole) = after.after(id);
    assert!(!whole && !cursor.is_live());
    assert_eq!(read(&after, &mut cursor), ["past"]);
    cursor.has_read(mark(111));
    assert_eq!(read(&after, &mut cursor), ["past"]);
    // It was stored while it was read, and comes here afterwards.
    cursor.has_read(mark(113));
    assert_eq!(read(&after, &mut cursor), [""; 0]);
    after.tell([verdict(113), alert(9), verdict(114)]);
    assert_eq!(read(&after, &mut cursor), ["alert 9", "verdict 114"], "not twice");
}

#[test]
fn a_verdict_that_is_told_again_is_not() {
    let news = news();
    let mut cursor = news.now();
    news.tell([verdict(101), verdict(101), verdict(99), verdict(102)]);
    assert_eq!(read(&news, &mut cursor), ["verdict 101", "verdict 102"]);
}

#[test]
fn who_is_too_slow_is_told_how_much_he_missed_and_goes_on() {
    let news = news();
    let _listening = news.listen();
    let mut cursor = news.now();
    news.tell((0..3).map(alert));
    let begun = cursor.id();
    let most = i64::try_from(limits::NEWS_EVENTS).unwrap();
    news.tell((101..=100 + most).map(verdict));
    let Read::Fell { missed, from, to } = news.read(&mut cursor, ALL, |_| true) else { panic!("nothing was missed") };
    let of = |counts: &Counts, kind: Kind| counts[kind.place()];
    assert_eq!((of(&missed, Kind::Alert), of(&missed, Kind::Verdict)), (3, u64::try_from(most).unwrap()));
    assert_eq!((from, to), (begun, news.now().id()));
    // From where he fell the verdicts can be had again.
    let (mut again, _) = news.after(from);
    assert_eq!(read(&news, &mut again)[0], "verdict 101", "all of them are still here");
    news.tell([alert(50)]);
    assert_eq!(read(&news, &mut cursor), ["alert 50"]);
    news.tell((101 + most..=101 + 2 * most).map(verdict));
    let (mut again, _) = news.after(from);
    assert_eq!(read(&news, &mut again), ["past"]);
}

#[test]
fn the_ring_is_bounded_by_count_and_by_bytes_and_one_past_pushes_out() {
    let news = news();
    let listening = news.listen();
    let held = |news: &News| news.ring().events.len();
    news.tell((0..=i64::try_from(limits::NEWS_EVENTS).unwrap()).map(alert));
    assert_eq!(held(&news), limits::NEWS_EVENTS);
    let large = |at| (None, fresh(Kind::Alert, at, "disk", limits::NEWS_BYTES / 4));
    news.tell((0..5).map(large));
    assert_eq!(held(&news), 4);
    assert!(news.ring().bytes <= limits::NEWS_BYTES);
    // Nobody has listened for a while.
    drop(listening);
    let late = (limits::NEWS_QUIET_SECONDS + 1) * 1_000_000 + 5;
    news.tell((0..=i64::try_from(limits::NEWS_QUIET_EVENTS).unwrap()).map(|n| alert(late + n)));
    assert_eq!(held(&news), limits::NEWS_QUIET_EVENTS);
    news.tell((0..3).map(|n| (None, fresh(Kind::Alert, late + n, "disk", limits::NEWS_QUIET_BYTES / 2))));
    assert_eq!(held(&news), 2);
}

#[test]
fn what_is_forgotten_is_told_from_the_disk_and_by_nobody_else() {
    let news = news();
    let _listening = news.listen();
    let (mut cursor, mut idle) = (news.now(), news.now());
    news.tell([verdict(101)]);
    assert_eq!(read(&news, &mut idle), ["verdict 101"]);
    let id = idle.id();
    news.tell([verdict(102)]);
    news.forget();
    news.tell([verdict(103)]);
    assert_eq!((read(&news, &mut cursor), read(&news, &mut idle)), (vec!["past".to_owned()], vec!["past".to_owned()]));
    let (mut again, whole) = news.after(id);
    assert!(!whole);
    assert_eq!(read(&news, &mut again), ["past"]);
    cursor.has_read(mark(102));
    assert_eq!(read(&news, &mut cursor), ["verdict 103"]);
}

#[test]
fn a_share_is_not_passed_and_what_is_not_wanted_costs_none_of_it() {
    let news = news();
    let _listening = news.listen();
    let mut cursor = news.now();
    news.tell((0..1_000).map(|n| if n % 10 == 0 { verdict(101 + n) } else { alert(n) }));
    let share = Share { events: 7, bytes: usize::MAX };
    let Read::Events(events, more) = news.read(&mut cursor, share, |event| event.kind == Kind::Verdict) else { panic!() };
    assert_eq!((events.len(), more), (7, true));
    let share = Share { events: usize::MAX, bytes: 25 };
    let Read::Events(events, more) = news.read(&mut cursor, share, |event| event.kind == Kind::Verdict) else { panic!() };
    assert_eq!((events.len(), more), (3, true), "the one that passes it is the last");
    let Read::Events(events, more) = news.read(&mut cursor, ALL, |event| event.kind == Kind::Verdict) else { panic!() };
    assert_eq!((events.len(), more), (90, false));
}

#[test]
fn an_event_is_written_down_once_and_says_what_it_is() {
    let news = news();
    let mut cursor = news.now();
    news.tell([(None, Fresh { topic: "jamey/alert/a\"b".into(), ..fresh(Kind::Alert, 1, "disk", 1) })]);
    let Read::Events(events, _) = news.read(&mut cursor, ALL, |_| true) else { panic!() };
    let event: &Event = &events[0];
    let text = event.text("jamey");
    assert_eq!(text.as_ptr(), event.text("jamey").as_ptr());
    let read: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        (read["type"].as_str(), read["kind"].as_str(), read["topic"].as_str(), read["entity"].as_str(), read["data"].as_i64()),
        (Some("event"), Some("alert"), Some("alert/a\"b"), Some("disk"), Some(1))
    );
    assert_eq!(super::EventId::read(read["id"].as_str().unwrap()), Some(event.id));
}

#[test]
fn ids_of_nowhere_do_no_harm() {
    let news = news();
    news.tell([verdict(101)]);
    for text in ["0.00000000", "9223372036854775807.ffffffff", "101.00000000-0000b007-9999999999999999999", "500.00000000-0000b007-0"] {
        let (mut cursor, _) = news.after(super::EventId::read(text).unwrap());
        let _ = read(&news, &mut cursor);
        assert!(cursor.id().to_string().len() < 80);
    }
}
