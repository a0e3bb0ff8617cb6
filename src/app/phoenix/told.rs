//! What others are told of the repositories: the state topic, and the alerts. Pure.

use super::{Snapped, hanging::Doing, work::Found};
use crate::domain::{Alarm, Timestamp};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What others are told, whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct News {
    /// The state topic's payload.
    pub state: Value,
    /// Of each repository that could be looked at, its snapshots as they were found last.
    pub snapshots: Arc<BTreeMap<String, Arc<Vec<Value>>>>,
    /// By the code of each alert.
    pub alarms: Arc<BTreeMap<String, Alarm>>,
}

/// How it stands with one repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub name: String,
    pub path: PathBuf,
    pub stale_hours: u32,
    /// Since when Jamey looks after it: so long at least there is no other snapshot than it knows.
    pub since: Timestamp,
    pub found: Option<Found>,
    /// The last snapshot of this run.
    pub last: Option<Snapped>,
    /// What is not as it should be, and since when.
    pub failed: Option<(Timestamp, String)>,
    pub drill_failed: Option<(Timestamp, String)>,
    pub next_at: Option<Timestamp>,
    /// What is done there now.
    pub doing: Option<&'static str>,
}

pub const FAILED: &str = "phoenix-failed";
pub const STALE: &str = "phoenix-stale";
pub const DRILL_FAILED: &str = "phoenix-drill-failed";
pub const ROLLED_BACK: &str = "phoenix-rolled-back";

impl News {
    /// The same, and that the work on one of them hangs.
    pub(super) fn hanging(&self, doing: &Doing) -> Self {
        let mut alarms = (*self.alarms).clone();
        let text = format!("no snapshot can be taken to {}: {}, and Phoenix does nothing else meanwhile", doing.repository, doing.words());
        let to_do = "see whether the folder can be listed, and mount its share anew (`umount -f`, `mount`); Jamey goes on by itself when it answers";
        put(&mut alarms, FAILED, false, doing.since, &text, to_do);
        Self { state: self.state.clone(), snapshots: Arc::clone(&self.snapshots), alarms: Arc::new(alarms) }
    }
}

/// An alert is one for all repositories that it is about.
fn put(alarms: &mut BTreeMap<String, Alarm>, code: &str, critical: bool, since: Timestamp, text: &str, what_to_do: &str) {
    let of =
        alarms.entry(code.to_owned()).or_insert_with(|| Alarm { critical, since, text: String::new(), what_to_do: what_to_do.to_owned() });
    of.since = of.since.min(since);
    of.text = if of.text.is_empty() { text.to_owned() } else { format!("{}; {text}", of.text) };
}

/// What there is to tell now.
pub(super) fn news(all: &[Standing], now: Timestamp) -> News {
    let mut alarms = BTreeMap::new();
    for standing in all {
        alerts(standing, now, &mut alarms);
    }
    let state = if all.is_empty() {
        json!({"v": 1, "repositories": {}, "text": "no repository is configured, so no snapshot is ever taken: name one under [[phoenix.repository]]"})
    } else {
        let repositories: Map<String, Value> = all.iter().map(|standing| (standing.name.clone(), view(standing, now))).collect();
        json!({"v": 1, "repositories": repositories})
    };
    let snapshots = all.iter().filter_map(|standing| Some((standing.name.clone(), Arc::clone(&standing.found.as_ref()?.listed)))).collect();
    News { state, snapshots: Arc::new(snapshots), alarms: Arc::new(alarms) }
}

fn view(standing: &Standing, now: Timestamp) -> Value {
    let mut view = Map::new();
    let mut put = |key: &str, value: Value| drop(view.insert(key.to_owned(), value));
    put("path", json!(standing.path));
    put("doing", json!(standing.doing));
    put("next_at", json!(standing.next_at.map(|at| at.to_string())));
    put("error", json!(standing.failed.as_ref().map(|(_, why)| why)));
    let Some(found) = &standing.found else { return Value::Object(view) };
    put("snapshots", json!(found.snapshots));
    put("bytes", json!(found.bytes));
    put(
        "last",
        json!(found.newest.as_ref().map(|newest| {
            let figures = standing.last.as_ref().filter(|last| last.sequence == newest.sequence);
            json!({
                "sequence": newest.sequence, "taken_at": newest.taken_at.to_string(), "reason": newest.reason, "bytes": newest.bytes,
                "age_hours": (now.seconds_since(newest.taken_at) / 3_600.0).floor(),
                "written_bytes": figures.map(|last| last.written),
                "took_seconds": figures.map(|last| last.took_millis.div_ceil(1_000)),
                "left_out": figures.map(|last| &last.left_out),
            })
        })),
    );
    put(
        "drill",
        json!(found.drilled.map(|drilled| json!({
            "sequence": drilled.sequence, "drilled_at": drilled.at.to_string(), "passed": drilled.passed,
        }))),
    );
    Value::Object(view)
}

fn alerts(standing: &Standing, now: Timestamp, alarms: &mut BTreeMap<String, Alarm>) {
    let name = &standing.name;
    let mut tell = |code: &str, critical, since, text: String, what_to_do: &str| put(alarms, code, critical, since, &text, what_to_do);
    if let Some((since, why)) = &standing.failed {
        let to_do = "see that the repository's folder is there (a share is mounted, a disk has room and can be written), that it and its key file \
                     are Jamey's user's (and, as a service of systemd, that `ReadWritePaths=` names it), and that the key file is the right one; Jamey \
                     tries again by itself";
        tell(FAILED, false, *since, format!("no snapshot can be taken to {name}: {why}"), to_do);
    }
    let newest = standing.found.as_ref().and_then(|found| found.newest.as_ref().map(|newest| newest.taken_at).or(found.known.taken_at));
    let fresh_until = newest.unwrap_or(standing.since).plus_seconds(i64::from(standing.stale_hours) * 3_600);
    if standing.stale_hours > 0 && now > fresh_until {
        let text = match newest {
            Some(taken_at) => format!("the newest snapshot in {name} is of {taken_at}, older than {} hours", standing.stale_hours),
            None => format!("there is no snapshot in {name} for {} hours", standing.stale_hours),
        };
        let to_do =
            "take one (`jamey phoenix snapshot`), and see what the log says of why there was none; how old one may be is `stale_hours`";
        tell(STALE, false, fresh_until, text, to_do);
    }
    let on_record = standing.found.as_ref().and_then(|found| found.drilled).filter(|drilled| !drilled.passed);
    let on_record = on_record.map(|drilled| (drilled.at, format!("snapshot {} did not pass", drilled.sequence)));
    if let Some((since, why)) = standing.drill_failed.clone().or(on_record) {
        let to_do = "`jamey phoenix verify` names what is damaged; take a new snapshot (`jamey phoenix snapshot`) and drill it (`jamey phoenix drill`)";
        tell(DRILL_FAILED, true, since, format!("a snapshot in {name} could not be restored for trial: {why}"), to_do);
    }
    if let Some((since, found, seen)) = standing.found.as_ref().and_then(|found| found.known.rolled_back) {
        let text = format!("the newest snapshot in {name} was {found}, where {seen} had been seen: an older state was put in its place");
        let to_do = "find out who did it (`jamey phoenix list` shows what is there). If it was you, ask for a snapshot there (`jamey phoenix snapshot`): \
                     it takes the repository as it is, and this ends";
        tell(ROLLED_BACK, true, since, text, to_do);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::seen::Known, super::work::Newest, *};
    use crate::phoenix::Drilled;
    use uuid::Uuid;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(hours * 3_600)
    }

    fn standing(name: &str) -> Standing {
        let newest = Newest { sequence: 7, taken_at: at(0), reason: "scheduled".into(), bytes: 100 };
        let drilled = Drilled { sequence: 7, at: at(0), passed: true };
        let found = Found {
            id: Uuid::nil(),
            snapshots: 3,
            listed: Arc::default(),
            newest: Some(newest),
            drilled: Some(drilled),
            bytes: 50,
            known: Known::default(),
        };
        Standing { name: name.into(), path: "/mnt".into(), stale_hours: 26, since: at(0), found: Some(found), ..Standing::default() }
    }

    #[test]
    fn what_stands_is_told() {
        let last = Snapped {
            sequence: 7,
            hash: "0".into(),
            bytes: 100,
            written: 20,
            chunks: 3,
            new_chunks: 1,
            left_out: vec!["the index (there is none yet)".into()],
            took_millis: 1_500,
        };
        let news = news(&[Standing { last: Some(last), next_at: Some(at(24)), ..standing("nas") }], at(2));
        assert!(news.alarms.is_empty());
        assert_eq!(
            news.state,
            json!({"v": 1, "repositories": {"nas": {
                "path": "/mnt", "doing": null, "error": null, "next_at": "2026-11-19T11:06:40.000000Z", "snapshots": 3, "bytes": 50,
                "last": {"sequence": 7, "taken_at": "2026-11-18T11:06:40.000000Z", "reason": "scheduled", "bytes": 100, "age_hours": 2.0,
                         "written_bytes": 20, "took_seconds": 2, "left_out": ["the index (there is none yet)"]},
                "drill": {"sequence": 7, "drilled_at": "2026-11-18T11:06:40.000000Z", "passed": true},
            }}})
        );
        let none = super::news(&[], at(0));
        assert_eq!((none.alarms.len(), &none.state["repositories"]), (0, &json!({})));
        assert!(none.state["text"].as_str().unwrap().contains("no snapshot is ever taken"));
    }

    #[test]
    fn each_thing_amiss_has_its_alert_and_two_repositories_share_it() {
        let failed = Some((at(1), "no such folder".to_owned()));
        let all = [Standing { failed, ..standing("nas") }, Standing { failed: Some((at(0), "full".into())), ..standing("usb") }];
        let alarm = &news(&all, at(2)).alarms[FAILED];
        assert_eq!(alarm.text, "no snapshot can be taken to nas: no such folder; no snapshot can be taken to usb: full");
        assert_eq!(alarm.since, at(0));
        assert!(!news(&all, at(26)).alarms.contains_key(STALE), "exactly so old it may be");
        assert!(news(&all, at(27)).alarms[STALE].text.contains("older than 26 hours"));
        let never = Standing { found: None, ..standing("nas") };
        assert_eq!(news(std::slice::from_ref(&never), at(27)).alarms[STALE].text, "there is no snapshot in nas for 26 hours");
        assert!(news(&[Standing { stale_hours: 0, ..never }], at(9_999)).alarms.is_empty());
    }

    #[test]
    fn a_drill_that_failed_and_an_older_state_are_grave() {
        let mut one = standing("nas");
        one.found.as_mut().unwrap().drilled = Some(Drilled { sequence: 7, at: at(1), passed: false });
        one.found.as_mut().unwrap().known.rolled_back = Some((at(1), 3, 9));
        let alarms = news(&[one], at(2)).alarms;
        assert!(alarms[DRILL_FAILED].critical && alarms[DRILL_FAILED].text.contains("snapshot 7 did not pass"));
        let text = "the newest snapshot in nas was 3, where 9 had been seen: an older state was put in its place";
        assert_eq!((alarms[ROLLED_BACK].critical, alarms[ROLLED_BACK].text.as_str()), (true, text));
    }
}
