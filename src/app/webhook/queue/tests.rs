//! Laws of the queue: of each alert the newest, in its order; a receiver that is down for an hour hears what stands when it is back.

use super::*;
use crate::domain::Alarm;
use proptest::prelude::*;

fn alert(code: &str, critical: bool, text: &str) -> Alert {
    let alarm = Alarm { critical, since: Timestamp::from_micros(0), text: text.into(), what_to_do: String::new() };
    Alert { code: code.into(), alarm, acknowledged: None, times: 0 }
}

fn seen(alert: Alert) -> Alert {
    Alert { acknowledged: Some(("anna".into(), Timestamp::from_micros(0))), ..alert }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

struct Desk {
    queue: Queue,
    ids: u128,
}

impl Desk {
    fn new(least: Least) -> Self {
        Self { queue: Queue::new(least, []), ids: 0 }
    }

    fn put(&mut self, turn: &Turn, up: u64) {
        self.ids += 1;
        self.queue.put(turn, Uuid::from_u128(self.ids), secs(up), Timestamp::from_micros(0));
    }

    /// All that is due, taken by the receiver.
    fn post(&mut self, up: u64) -> Vec<String> {
        let mut posted = Vec::new();
        while let Ok(item) = self.queue.next(secs(up)) {
            posted.push(format!("{} {} {}", item.event.as_str(), item.alert.code, item.alert.alarm.text));
            self.queue.took(&item, secs(up));
        }
        posted
    }

    /// The receiver does not want it.
    fn refuse(&mut self, up: u64) -> Option<Vec<String>> {
        let item = self.queue.next(secs(up)).unwrap();
        self.queue.refused(item, secs(up), "it answers 401".into())
    }

    /// The receiver is down.
    fn fail(&mut self, up: u64) {
        let item = self.queue.next(secs(up)).unwrap();
        self.queue.failed(item, secs(up), None, 255, "down".into());
    }
}

#[test]
fn each_turn_is_posted_once_and_what_was_seen_is_not_announced() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("a", false, "1")), 0);
    desk.put(&Turn::Raised(seen(alert("b", false, "1"))), 0);
    assert_eq!(desk.post(0), ["raised a 1"]);
    desk.put(&Turn::Graver(alert("a", true, "2")), 1);
    assert_eq!(desk.post(1), ["changed a 2"]);
    desk.put(&Turn::Acknowledged(seen(alert("a", true, "2"))), 2);
    desk.put(&Turn::Changed(seen(alert("a", true, "3"))), 3);
    assert_eq!(desk.post(3), ["acknowledged a 2"], "other words of what was seen are not posted");
    desk.put(&Turn::Cleared(seen(alert("a", true, "3"))), 4);
    desk.put(&Turn::Cleared(seen(alert("b", true, "3"))), 4);
    assert_eq!(desk.post(4), ["cleared a 3"], "of the other it never heard");
}

#[test]
fn other_words_are_posted_each_five_minutes_and_the_newest_of_them() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("a", false, "0")), 0);
    desk.post(0);
    for second in 1..200 {
        desk.put(&Turn::Changed(alert("a", false, &second.to_string())), second);
        assert_eq!(desk.post(second), [""; 0]);
    }
    assert_eq!(desk.queue.next(secs(299)).unwrap_err(), Some(secs(1)));
    assert_eq!(desk.post(300), ["changed a 199"]);
}

#[test]
fn a_receiver_that_was_down_for_an_hour_hears_what_stands_when_it_is_back() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("a", false, "1")), 0);
    let (mut up, mut tries) = (0, 0);
    while up < 3_600 {
        desk.fail(up);
        tries += 1;
        if tries == 3 {
            desk.put(&Turn::Changed(alert("a", false, "2")), up);
            desk.put(&Turn::Raised(alert("b", true, "1")), up);
            desk.put(&Turn::Cleared(alert("b", true, "1")), up);
        }
        up += desk.queue.next(secs(up)).unwrap_err().unwrap().as_secs();
    }
    assert!((15..25).contains(&tries), "1, 2, 4 … 300 s: {tries}");
    assert_eq!(desk.queue.failing(), Some((secs(0), "down")));
    assert_eq!(desk.post(up), ["raised a 2", "cleared b 1"]);
    assert_eq!(desk.queue.failing(), None);
    assert_eq!(desk.queue.next(secs(up)), Err(None));
}

#[test]
fn what_comes_while_it_is_posted_follows_it() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Cleared(alert("a", false, "1")), 0);
    desk.put(&Turn::Raised(alert("a", false, "1")), 0);
    let raised = desk.queue.next(secs(0)).unwrap();
    desk.put(&Turn::Cleared(alert("a", false, "1")), 0);
    desk.queue.took(&raised, secs(0));
    let cleared = desk.queue.next(secs(0)).unwrap();
    assert_eq!(cleared.event, Event::Cleared);
    desk.put(&Turn::Raised(alert("a", false, "2")), 0);
    desk.queue.took(&cleared, secs(0));
    assert_eq!(desk.post(0), ["raised a 2"]);
    desk.put(&Turn::Stands(alert("a", false, "2")), 0);
    assert_eq!(desk.post(0), [""; 0], "it knows");
}

#[test]
fn what_was_not_heard_of_is_raised_whatever_came_while_it_was_posted() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("a", false, "1")), 0);
    let raised = desk.queue.next(secs(0)).unwrap();
    desk.put(&Turn::Graver(alert("a", true, "2")), 0);
    desk.queue.failed(raised, secs(0), None, 255, "down".into());
    assert_eq!(desk.post(9), ["raised a 2"]);
}

#[test]
fn who_hears_of_critical_ones_alone_hears_their_end_whatever_they_are_then() {
    let mut desk = Desk::new(Least::Critical);
    desk.put(&Turn::Raised(alert("a", false, "1")), 0);
    assert_eq!(desk.post(0), [""; 0]);
    desk.put(&Turn::Graver(alert("a", true, "2")), 0);
    assert_eq!(desk.post(0), ["raised a 2"]);
    desk.put(&Turn::Cleared(alert("a", false, "3")), 0);
    assert_eq!(desk.post(0), ["cleared a 3"]);
}

#[test]
fn what_the_receiver_does_not_want_is_tried_again_for_an_hour_and_holds_up_nothing() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("a", true, "1")), 0);
    assert_eq!(desk.refuse(0), None);
    assert_eq!(desk.queue.next(secs(0)), Err(Some(secs(300))));
    desk.put(&Turn::Raised(alert("b", false, "1")), 1);
    assert_eq!(desk.post(1), ["raised b 1"]);
    assert_eq!(desk.post(300), ["raised a 1"], "the proxy knows its receiver again");

    desk.put(&Turn::Cleared(alert("a", true, "1")), 400);
    for time in 0..11 {
        assert_eq!(desk.refuse(400 + 300 * time), None);
    }
    assert_eq!(desk.queue.failing(), Some((secs(400), "it answers 401")));
    assert_eq!(desk.refuse(3_700), Some(vec!["b".to_owned()]), "given up, and nothing that it knows to stand");
    assert_eq!((desk.queue.next(secs(9_000)), desk.queue.failing()), (Err(None), None), "nothing is left that could show it to be well");
    desk.put(&Turn::Raised(alert("a", true, "2")), 9_000);
    assert_eq!(desk.post(9_000), ["raised a 2"], "though its end was refused");
}

#[test]
fn what_a_receiver_asks_for_is_heeded() {
    let mut desk = Desk::new(Least::Warning);
    for (asked, waits) in [(77, 77), (99_999, 3_600)] {
        desk.put(&Turn::Raised(alert("b", false, "1")), 0);
        let item = desk.queue.next(secs(10_000)).unwrap();
        desk.queue.failed(item, secs(10_000), Some(secs(asked)), 0, "it answers 429".into());
        assert_eq!(desk.queue.next(secs(10_000)), Err(Some(secs(waits))));
        desk.queue.rests_until = Duration::ZERO;
    }
}

#[test]
fn one_code_more_than_may_wait_costs_the_least_of_them() {
    let mut desk = Desk::new(Least::Warning);
    desk.put(&Turn::Raised(alert("grave", true, "")), 0);
    for n in 0..limits::WEBHOOK_WAITING {
        desk.put(&Turn::Raised(alert(&format!("{n:04}"), false, "")), 0);
    }
    let posted = desk.post(0);
    assert_eq!((posted.len(), posted[0].as_str()), (limits::WEBHOOK_WAITING, "raised grave "));
    assert!(!posted.contains(&"raised 0000 ".to_owned()), "the oldest warning");
}

proptest! {
    /// Whatever turns and fails, the receiver in the end knows what stands, and of each code hears things in their order.
    #[test]
    fn in_the_end_the_receiver_knows_what_stands(steps in prop::collection::vec((0u8..3, 0u8..4, any::<bool>(), 0u64..400), 1..80)) {
        let mut desk = Desk::new(Least::Warning);
        let (mut stands, mut knows) = ([false; 3], std::collections::BTreeSet::<String>::new());
        let (mut up, mut last) = (0, BTreeMap::<String, Uuid>::new());
        for (code, what, fails, passed) in steps {
            up += passed;
            let name = ["a", "b", "c"][usize::from(code)];
            let is_up = &mut stands[usize::from(code)];
            let of = alert(name, what == 3, &up.to_string());
            let turn = match (*is_up, what) {
                (false, _) => Turn::Raised(of),
                (true, 0) => Turn::Cleared(of),
                (true, 1) => Turn::Folded(of),
                (true, 2) => Turn::Changed(of),
                (true, _) => Turn::Graver(of),
            };
            *is_up = turn.stands();
            desk.put(&turn, up);
            while let Ok(item) = desk.queue.next(secs(up)) {
                if fails {
                    desk.queue.failed(item, secs(up), None, 7, "down".into());
                    break;
                }
                let name = item.alert.code.clone();
                prop_assert!(last.insert(name.clone(), item.id).is_none_or(|before| before < item.id), "in their order");
                if item.event.stands() { knows.insert(name); } else { knows.remove(&name); }
                desk.queue.took(&item, secs(up));
            }
        }
        let later = secs(up + 10_000);
        while let Ok(item) = desk.queue.next(later) {
            if item.event.stands() { knows.insert(item.alert.code.clone()); } else { knows.remove(&item.alert.code); }
            desk.queue.took(&item, later);
        }
        let all: std::collections::BTreeSet<String> =
            ["a", "b", "c"].iter().zip(stands).filter(|(_, up)| *up).map(|(name, _)| (*name).to_owned()).collect();
        prop_assert_eq!(knows, all);
    }
}
