//! Whether the sums could have come about: each by itself, the finer ones beside the coarser, and none of what is still kept one by one.

use super::NAMED;
use crate::{
    domain::{Summary, Tier, Timestamp},
    store::{Reader, StoreError},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Sums looked at at a time.
const PAGE: u32 = 2_000;

/// What was found among the sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    pub summaries: u64,
    /// Those that cannot have come about so.
    pub wrong: u64,
    /// The first of them.
    pub named: Vec<String>,
}

/// Whose a sum is: entity, kind and requester.
type Whose = (String, String, String);

/// A sum that others may stand in, or beside: its time, its count, its first and last record, and how much of it finer sums count.
struct Open {
    id: Uuid,
    begins: Timestamp,
    ends: Timestamp,
    records: u64,
    first: Uuid,
    last: Uuid,
    finer: u64,
}

/// Looks at all of them, as they were at one moment.
///
/// # Errors
/// When the database cannot be read.
pub fn sums(store: &Reader) -> Result<Sums, StoreError> {
    let _moment = store.moment()?;
    let (mut told, mut after) = (Sums::default(), Uuid::nil());
    let mut looked = Looked::default();
    loop {
        let page = store.summaries_after(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in &page {
            told.summaries += 1;
            let flaw = match &row.summary {
                Err(why) => Some(why.clone()),
                Ok(summary) if summary.id() != row.id => Some("it stands under the id of another".into()),
                Ok(summary) => summary.flaw().map(str::to_owned),
            };
            match (flaw, &row.summary) {
                (Some(flaw), _) => told.name(row.id, &flaw),
                (None, _) if row.is_kept_too => told.name(row.id, "it counts a record that is still kept one by one"),
                (None, Ok(summary)) => looked.at(row.id, summary, &mut told),
                (None, Err(_)) => {}
            }
        }
    }
    looked.close(Timestamp::from_micros(i64::MAX), &mut told);
    Ok(told)
}

impl Sums {
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong == 0
    }

    fn name(&mut self, id: Uuid, what: &str) {
        self.wrong += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{id}: {what}"));
        }
    }
}

/// Sums come in the order of their times; those of one time are looked at together, the coarsest first.
#[derive(Default)]
struct Looked {
    of_one_time: Vec<(Tier, Whose, Open)>,
    hours: BTreeMap<Whose, Open>,
    days: BTreeMap<Whose, Open>,
}

impl Looked {
    fn at(&mut self, id: Uuid, summary: &Summary, told: &mut Sums) {
        if self.of_one_time.first().is_some_and(|(.., open)| open.begins != summary.begins) {
            self.close(summary.begins, told);
        }
        let Summary { tier, begins, ends, records, first, last, .. } = *summary;
        let whose = (summary.entity.to_string(), summary.kind.clone(), summary.requester.to_string());
        self.of_one_time.push((tier, whose, Open { id, begins, ends, records, first, last, finer: 0 }));
    }

    /// All of one time are there, and those that end before the next can hold nothing more.
    fn close(&mut self, next: Timestamp, told: &mut Sums) {
        let mut of_one_time = std::mem::take(&mut self.of_one_time);
        of_one_time.sort_by_key(|(tier, ..)| std::cmp::Reverse(*tier));
        for (tier, whose, open) in of_one_time {
            let (coarser, own) = match tier {
                Tier::Day => (None, Some(&mut self.days)),
                Tier::Hour => (self.days.get_mut(&whose), Some(&mut self.hours)),
                Tier::FiveMinutes => (self.hours.get_mut(&whose), None),
            };
            if let Some(coarser) = coarser {
                coarser.take(&open);
            }
            let Some(own) = own else { continue };
            if own.get(&whose).is_some_and(|before| before.shares(&open)) {
                told.name(open.id, "it counts a record that the sum before it counts");
            }
            if let Some(before) = own.insert(whose, open) {
                before.judge(told);
            }
        }
        for open in [&mut self.hours, &mut self.days] {
            let over: Vec<Whose> = open.iter().filter(|(_, one)| one.ends <= next).map(|(whose, _)| whose.clone()).collect();
            over.iter().filter_map(|whose| open.remove(whose)).for_each(|one| one.judge(told));
        }
    }
}

impl Open {
    /// What a finer sum counts is counted here as well, where it is of the time that this one has records of: a sum that was let go and
    /// began anew knows nothing of what was before.
    fn take(&mut self, finer: &Self) {
        let is_within = self.begins <= finer.begins && finer.ends <= self.ends;
        if is_within && self.first <= finer.first && finer.last <= self.last {
            self.finer = self.finer.saturating_add(finer.records);
        }
    }

    /// Times may overlap where the house moved to another zone; no record is in two of them.
    fn shares(&self, next: &Self) -> bool {
        [self.first, self.last].iter().any(|id| *id == next.first || *id == next.last)
    }

    fn judge(&self, told: &mut Sums) {
        if self.finer > self.records {
            told.name(self.id, "it counts fewer records than the finer sums of its time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Body, EntityId, Told},
        store::{Chore, Store},
    };
    use jiff::tz::TimeZone;

    const START: i64 = 1_795_000_800;

    struct Bench {
        folder: tempfile::TempDir,
        _store: Store,
    }

    impl Bench {
        /// A lamp told its power each minute for two hours.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(folder.path()).unwrap();
            let lamp = EntityId::new("lamp").unwrap();
            let mut summaries: BTreeMap<Uuid, Summary> = BTreeMap::new();
            for n in 0..120_u8 {
                let at = Timestamp::from_micros(0).plus_seconds(START + 60 * i64::from(n));
                let id = Uuid::from_u128(at.first_id().as_u128() | u128::from(n));
                let body = Body::Number(f64::from(n));
                let told = Told { id, entity: lamp.clone(), kind: "power".into(), requester: lamp.clone(), body };
                for one in Tier::ALL.map(|tier| Summary::of(tier, &told, &TimeZone::UTC)) {
                    summaries.entry(one.id()).and_modify(|known| known.merge(&one)).or_insert(one);
                }
            }
            store.chore(&Chore::Consolidate { taken: Vec::new(), summaries: summaries.into_values().collect(), sweep: None }).unwrap();
            Self { folder, _store: store }
        }

        fn alter(&self, sql: &str) -> Vec<String> {
            let db = rusqlite::Connection::open(self.folder.path().join("jamey.db")).unwrap();
            assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
            self.found()
        }

        fn found(&self) -> Vec<String> {
            let told = sums(&Reader::open(self.folder.path()).unwrap()).unwrap();
            assert_eq!((told.is_whole(), told.wrong), (told.named.is_empty(), u64::try_from(told.named.len()).unwrap()));
            told.named
        }
    }

    #[test]
    fn sums_as_upkeep_makes_them_are_whole() {
        let bench = Bench::new();
        assert_eq!(bench.found(), [""; 0]);
        assert!(sums(&Reader::open(bench.folder.path()).unwrap()).unwrap().summaries > 26);
    }

    #[test]
    fn each_thing_that_cannot_be_is_found_and_named() {
        let one = "(SELECT id FROM memory_summaries WHERE tier = 'hour' ORDER BY id LIMIT 1)";
        for (change, told) in [
            (format!("UPDATE memory_summaries SET records = 7 WHERE id = {one}"), "more values than records"),
            (format!("UPDATE memory_summaries SET records = 200 WHERE id = {one}"), "fewer records than the finer sums"),
            (format!("UPDATE memory_summaries SET first = last WHERE id = {one}"), "do not fit its count"),
            (format!("UPDATE memory_summaries SET ends = ends + 1 WHERE id = {one}"), "as sums of its tier do"),
            (format!("UPDATE memory_summaries SET entity = 'other' WHERE id = {one}"), "under the id of another"),
            (format!("UPDATE memory_summaries SET series = x'00' WHERE id = {one}"), "cannot be read"),
            (
                format!(
                    "INSERT INTO memory_records (id, at, entity, kind, topic, body_kind, payload, text, importance, layer, requester, client_id, qos,
                         retained)
                     SELECT last, 0, 'lamp', 'power', 't', 'number', x'31', 'lamp', 0.1, 'working', 'lamp', 'lamp', 0, 0
                     FROM memory_summaries WHERE id = {one}"
                ),
                "still kept one by one",
            ),
        ] {
            let found = Bench::new().alter(&change);
            assert!(found.iter().any(|line| line.contains(told)), "{change}: {found:?}");
        }
    }
}
