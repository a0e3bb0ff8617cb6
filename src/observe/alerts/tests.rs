//! Laws of the book: whatever comes and goes, each alert is raised and cleared in turn, the page is one page, and nothing critical is hidden.

use super::*;
use crate::domain::limits;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn alarm(critical: bool, since: i64, text: &str) -> Alarm {
    Alarm { critical, since: at(since), text: text.to_owned(), what_to_do: "look".to_owned() }
}

fn causes<'c>(all: impl IntoIterator<Item = &'c str>) -> BTreeMap<String, Alarm> {
    all.into_iter().map(|code| (code.to_owned(), alarm(false, 0, code))).collect()
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What turned, and of whom.
fn told(turns: &[Turn]) -> Vec<String> {
    let one = |turn: &Turn| format!("{} {}", format!("{turn:?}").split('(').next().unwrap(), turn.alert().code);
    turns.iter().map(one).collect()
}

#[test]
fn what_is_measured_must_hold_to_be_raised_and_be_gone_to_be_cleared() {
    let alerts = Alerts::default();
    let full = causes(["disk"]);
    assert_eq!(alerts.look(secs(0), &full), []);
    assert_eq!(alerts.look(secs(59), &full), []);
    assert_eq!(alerts.look(secs(59), &causes([])), [], "it was gone for a moment: its time begins anew");
    assert_eq!(alerts.look(secs(60), &full), []);
    assert_eq!(told(&alerts.look(secs(120), &full)), ["Raised disk"]);
    assert_eq!(alerts.look(secs(130), &causes([])), []);
    assert_eq!(told(&alerts.look(secs(240), &full)), ["Changed disk"], "held all the time; that it came back is told");
    assert_eq!(alerts.look(secs(300), &causes([])), []);
    assert_eq!(alerts.look(secs(419), &causes([])), []);
    assert_eq!(alerts.page().alerts.len(), 1);
    assert_eq!(told(&alerts.look(secs(420), &causes([]))), ["Cleared disk"]);
    assert_eq!(*alerts.page(), Page::default());
}

#[test]
fn it_is_as_old_as_its_first_cause_whatever_is_said_of_it_later() {
    let alerts = Alerts::default();
    let say = |since, text| BTreeMap::from([("mission-pool".to_owned(), alarm(false, since, text))]);
    alerts.look(secs(0), &say(5, "cold"));
    assert_eq!(told(&alerts.look(secs(1), &say(9, "colder"))), ["Changed mission-pool"]);
    assert_eq!(alerts.look(secs(2), &say(9, "colder")), []);
    assert_eq!((alerts.page().alerts[0].alarm.since, alerts.page().alerts[0].alarm.text.as_str()), (at(5), "colder"));
}

#[test]
fn who_has_seen_it_is_told_again_when_it_is_graver_or_comes_back() {
    let alerts = Alerts::default();
    let say = |critical| BTreeMap::from([("certificate".to_owned(), alarm(critical, 0, "ends"))]);
    assert_eq!(alerts.acknowledge("certificate", "anna", at(1)), Err(Unknown), "it does not stand yet");
    alerts.look(secs(0), &say(false));
    let (alert, is_first) = alerts.acknowledge("certificate", "anna", at(1)).unwrap();
    assert_eq!((alert.acknowledged, is_first), (Some(("anna".into(), at(1))), true));
    let (alert, is_first) = alerts.acknowledge("certificate", "bob", at(2)).unwrap();
    assert_eq!((alert.acknowledged, is_first), (Some(("anna".into(), at(1))), false), "who has seen it first stands");
    assert!(alerts.page().alerts[0].acknowledged.is_some(), "a reader sees it at once");
    assert_eq!(told(&alerts.look(secs(1), &say(false))), ["Acknowledged certificate"]);
    assert_eq!(alerts.look(secs(2), &say(false)), []);
    assert_eq!(told(&alerts.look(secs(3), &say(true))), ["Graver certificate"]);
    assert_eq!(alerts.page().alerts[0].acknowledged, None);
    alerts.acknowledge("certificate", "anna", at(4)).unwrap();
    assert_eq!(told(&alerts.look(secs(5), &say(false))), ["Acknowledged certificate"], "less grave, and seen");
    assert_eq!(told(&alerts.look(secs(6), &causes([]))), ["Cleared certificate"]);
    assert_eq!(alerts.acknowledge("certificate", "anna", at(7)), Err(Unknown));
    assert_eq!(told(&alerts.look(secs(8), &say(false))), ["Raised certificate"]);
    let again = &alerts.page().alerts[0];
    assert_eq!((again.acknowledged.as_ref(), again.times), (None, 1));
}

#[test]
fn what_flaps_is_one_alert_until_it_has_been_quiet() {
    let alerts = Alerts::default();
    let mut turns = Vec::new();
    for n in 0..200 {
        turns.extend(alerts.look(secs(2 * n), &causes(["silent-plug"])));
        turns.extend(alerts.look(secs(2 * n + 1), &causes([])));
    }
    let raised = turns.iter().filter(|turn| matches!(turn, Turn::Raised(_))).count();
    assert_eq!((raised, turns.len()), (4, 12), "raised four times, then held; 4, 8, 16, 32 and 64 times are news: {:?}", told(&turns));
    let page = alerts.page();
    assert_eq!(page.alerts[0].times, 64);
    assert!(page.alerts[0].alarm.text.ends_with("it comes and goes, 64 times or more within an hour"), "{page:?}");
    assert_eq!(alerts.look(secs(399 + 599), &causes([])), []);
    assert_eq!(told(&alerts.look(secs(399 + 600), &causes([]))), ["Cleared silent-plug"]);
    alerts.look(secs(399 + 600 + 3_601), &causes([]));
    alerts.look(secs(9_000), &causes(["silent-plug"]));
    assert_eq!(alerts.page().alerts[0].times, 0, "an hour later it is forgotten");
}

#[test]
fn what_somebody_set_is_over_when_it_is_over() {
    let alerts = Alerts::default();
    for n in 0..10 {
        assert_eq!(told(&alerts.look(secs(2 * n), &causes(["guard-off"]))), ["Raised guard-off"]);
        assert_eq!(told(&alerts.look(secs(2 * n + 1), &causes([]))), ["Cleared guard-off"]);
    }
}

#[test]
fn what_stood_before_a_start_stands_on_as_old_and_as_seen_as_it_was() {
    let seen = Some(("anna".to_owned(), at(1)));
    let stood = |code: &str| Alert { code: code.into(), alarm: alarm(false, -99, code), acknowledged: seen.clone(), times: 2 };
    let alerts = Alerts::default();
    alerts.remember([stood("rules"), stood("store"), stood("certificate"), stood(MORE)]);
    assert_eq!(alerts.page().alerts.len(), 3);
    let now = BTreeMap::from([("rules".to_owned(), alarm(false, 0, "rules")), ("certificate".to_owned(), alarm(true, 0, "over"))]);
    assert_eq!(told(&alerts.look(secs(1), &now)), ["Cleared more", "Graver certificate", "Stands rules"]);
    assert_eq!(alerts.look(secs(2), &now), []);
    assert_eq!(told(&alerts.look(secs(10), &now)), ["Cleared store"], "its cause had time to be seen");
    let page = alerts.page();
    let of = |code: &str| page.alerts.iter().find(|alert| alert.code == code).unwrap().clone();
    assert_eq!((of("rules").alarm.since, of("rules").acknowledged), (at(-99), seen.clone()));
    assert_eq!((of("certificate").alarm.since, of("certificate").acknowledged), (at(-99), None), "graver than it was when it was seen");
}

#[test]
fn a_storm_of_a_thousand_causes_is_one_page() {
    let alerts = Alerts::default();
    let mut storm: BTreeMap<String, Alarm> = (0..1_000).map(|n| (format!("silent-d{n:04}"), alarm(false, n, "gone"))).collect();
    let turns = alerts.look(secs(0), &storm);
    assert_eq!((turns.len(), alerts.page().alerts.len(), alerts.page().more), (limits::ALERTS_TOLD + 1, limits::ALERTS_TOLD + 1, 936));
    let more = alerts.page().alerts.last().unwrap().clone();
    let text = "936 more alerts stand, 0 of them critical: silent (936); the gravest is silent-d0064: gone";
    assert_eq!((more.code.as_str(), more.alarm.text.as_str()), (MORE, text));
    assert_eq!(alerts.acknowledge(MORE, "anna", at(0)), Err(Unknown), "nobody has seen what is only counted");
    // One of its own kind takes the place of the last of the many, and a critical one comes first.
    storm.insert("certificate".into(), alarm(false, 2_000, "ends"));
    assert_eq!(told(&alerts.look(secs(1), &storm)), ["Folded silent-d0063", "Raised certificate"], "the count is told once a minute");
    storm.insert("duty-leak".into(), alarm(true, 2_001, "wet"));
    assert_eq!(told(&alerts.look(secs(2), &storm)), ["Folded silent-d0062", "Raised duty-leak"]);
    assert_eq!(alerts.page().alerts[0].code, "duty-leak");
    assert_eq!(told(&alerts.look(secs(70), &storm)), ["Changed more"]);
    // A place that gets free is taken.
    storm.remove("silent-d0000");
    assert_eq!(told(&alerts.look(secs(71), &storm)), ["Cleared silent-d0000", "Raised silent-d0062"]);
    assert_eq!(alerts.look(secs(72), &storm), []);
    storm.retain(|code, _| code.as_str() < "silent-d0063");
    assert_eq!(told(&alerts.look(secs(73), &storm)), ["Cleared more"]);
}

#[test]
fn of_those_that_are_over_only_so_many_are_remembered() {
    let mut book = Book::new(Patience::default());
    for n in 0..=limits::ALERTS_PAST {
        book.look(secs(0), &causes([format!("silent-{n:05}").as_str()]));
    }
    book.look(secs(1), &causes([]));
    assert_eq!(book.remembered(), limits::ALERTS_PAST);
    let words = "x".repeat(limits::ALERT_TEXT_CHARS + 1);
    book.look(secs(2), &BTreeMap::from([("rules".to_owned(), alarm(false, 0, &words))]));
    assert_eq!(book.page().alerts[0].alarm.text.len(), limits::ALERT_TEXT_CHARS);
}

/// A cause for one of these at each look: absent, a warning, critical.
const CODES: [&str; 6] = ["disk", "store", "guard-off", "silent-a", "bridge-b", "certificate"];

proptest! {
    #[test]
    fn raised_and_cleared_alternate_and_since_never_goes_forward(
        looks in prop::collection::vec((0u64..200, prop::collection::vec(0u8..3, CODES.len()), 0usize..12), 1..60)
    ) {
        let alerts = Alerts::default();
        let (mut up, mut stands) = (0, BTreeMap::<String, Alert>::new());
        for (passed, each, seen) in looks {
            up += passed;
            let wrong: BTreeMap<String, Alarm> = CODES
                .iter()
                .zip(&each)
                .filter(|(_, how)| **how > 0)
                .map(|(code, how)| ((*code).to_owned(), alarm(*how == 2, i64::try_from(up).unwrap(), "wrong")))
                .collect();
            for turn in alerts.look(secs(up), &wrong) {
                let alert = turn.alert().clone();
                let before = stands.get(&alert.code);
                prop_assert_eq!(before.is_none(), matches!(turn, Turn::Raised(_)), "{:?} after {:?}", &turn, before);
                if let Some(before) = before {
                    prop_assert!(alert.alarm.since <= before.alarm.since);
                }
                if turn.stands() {
                    stands.insert(alert.code.clone(), alert);
                } else {
                    stands.remove(&alert.code);
                }
            }
            let page: BTreeMap<String, Alert> = alerts.page().alerts.iter().map(|a| (a.code.clone(), a.clone())).collect();
            prop_assert_eq!(&page, &stands, "what was told makes the page");
            if let Some(code) = CODES.get(seen) {
                let known = alerts.acknowledge(code, "anna", at(0)).is_ok();
                prop_assert_eq!(known, page.contains_key(*code));
            }
        }
    }

    #[test]
    fn the_page_is_bounded_and_nothing_critical_is_hidden_behind_a_warning(
        storms in prop::collection::vec(prop::collection::btree_map(0u16..400, any::<bool>(), 0..300), 1..8)
    ) {
        let alerts = Alerts::default();
        for (n, storm) in storms.iter().enumerate() {
            let family = |n: &u16| ["silent-", "duty-", "bridge-", "lone"][usize::from(*n) % 4];
            let wrong: BTreeMap<String, Alarm> =
                storm.iter().map(|(n, critical)| (format!("{}{n}", family(n)), alarm(*critical, i64::from(*n), "wrong"))).collect();
            alerts.look(secs(1_000 * n as u64), &wrong);
            let page = alerts.page();
            prop_assert!(page.alerts.len() <= limits::ALERTS_TOLD + usize::from(page.more > 0));
            prop_assert!(page.more == 0 || page.alerts.last().unwrap().code == MORE);
            let shown: Vec<&Alert> = page.alerts.iter().filter(|alert| alert.code != MORE).collect();
            let hides_critical = wrong.iter().any(|(code, alarm)| alarm.critical && !shown.iter().any(|alert| alert.code == *code));
            prop_assert!(!hides_critical || shown.iter().all(|alert| alert.alarm.critical));
            prop_assert!(shown.windows(2).all(|pair| pair[0].alarm.critical || !pair[1].alarm.critical), "the gravest first");
            prop_assert!(!hides_critical || page.alerts.last().unwrap().alarm.critical);
        }
    }
}
