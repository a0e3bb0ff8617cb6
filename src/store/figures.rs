//! How much memory there is and what it takes on disk, counted when somebody asks.

use super::{
    connect,
    error::{Doing, StoreError},
    reader::Reader,
    rows,
};
use crate::domain::{Layer, Tier, Timestamp};
use rusqlite::OptionalExtension;
use std::{collections::BTreeMap, path::Path};

/// What is remembered, counted row by row: as long as reading all of it takes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Records by layer.
    pub layers: BTreeMap<String, u64>,
    pub pinned: u64,
    pub superseded: u64,
    /// Records that were ever recalled.
    pub recalled: u64,
    /// Summaries by tier, each with the records that it stands for.
    pub tiers: BTreeMap<String, (u64, u64)>,
    /// When the oldest record was made.
    pub oldest: Option<Timestamp>,
    /// Rows of the change log: what a follower may have to look at.
    pub changes: u64,
}

/// Bytes of the database's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes {
    pub database: u64,
    /// Of these, in pages that hold nothing.
    pub free: u64,
    pub wal: u64,
}

/// The database's pages, each of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    pub bytes: u64,
    pub all: u64,
    pub free: u64,
    /// Whether free ones can be given back; where not, they are used again.
    pub can_shrink: bool,
}

/// As SQLite numbers it.
const INCREMENTAL: u64 = 2;

/// Each table is looked through once. To group its rows SQLite would sort them all, in memory: of a million records that took 60 MB.
const RECORDS: &str = "SELECT count(*) FILTER (WHERE layer = ?1), count(*) FILTER (WHERE layer = ?2), count(*) FILTER (WHERE layer = ?3),
    count(*) FILTER (WHERE pinned <> 0) FROM memory_records";
const SUMMARIES: &str = "SELECT count(*) FILTER (WHERE tier = ?1), count(*) FILTER (WHERE tier = ?2), count(*) FILTER (WHERE tier = ?3),
    sum(records) FILTER (WHERE tier = ?1), sum(records) FILTER (WHERE tier = ?2), sum(records) FILTER (WHERE tier = ?3)
    FROM memory_summaries";

/// What is written once and never goes: the last row's number, and of one of them what it takes with its indexes, texts and all.
const FOREVER: [[&str; 2]; 3] = [
    [
        "SELECT max(rowid) FROM verdicts",
        "SELECT 170 + octet_length(requester) + octet_length(client_id) + octet_length(topic) + octet_length(target) + octet_length(verb)
         + octet_length(decision) + octet_length(reason) + octet_length(contributions) + octet_length(facts) + octet_length(request)
         FROM verdicts WHERE rowid >= ?1 LIMIT 1",
    ],
    ["SELECT max(id) FROM contexts", "SELECT 40 + 2 * octet_length(signals) FROM contexts WHERE id >= ?1 LIMIT 1"],
    [
        "SELECT max(seq) FROM audit_log",
        "SELECT 130 + octet_length(actor) + octet_length(action) + ifnull(octet_length(subject), 0) + octet_length(detail)
         FROM audit_log WHERE seq >= ?1 LIMIT 1",
    ],
];
/// Rows of each that are looked at.
const LOOKED_AT: i64 = 64;

impl Reader {
    /// What verdicts, their circumstances and the audit trail take in the database, nearly: as many of each as there are, and of some evenly
    /// spread ones what they take.
    ///
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for the next.
    pub fn never_goes(&self) -> Result<u64, StoreError> {
        let mut all = 0_u64;
        for [last, one] in FOREVER {
            let last: Option<i64> = self.conn().query_row(last, [], |row| row.get(0)).doing("measure what never goes")?;
            let last = last.unwrap_or(0).max(0);
            let (mut bytes, mut looked) = (0_u64, 0_u64);
            let mut one = self.conn().prepare_cached(one).doing("measure what never goes")?;
            for n in 0..LOOKED_AT {
                let at = last / LOOKED_AT * n + last % LOOKED_AT * n / LOOKED_AT;
                let row: Option<i64> = one.query_row([at], |row| row.get(0)).optional().doing("measure what never goes")?;
                if let Some(row) = row {
                    bytes = bytes.saturating_add(row.unsigned_abs());
                    looked += 1;
                }
            }
            all = all.saturating_add(last.unsigned_abs().saturating_mul(bytes.checked_div(looked).unwrap_or(0)));
        }
        Ok(all)
    }

    /// # Errors
    /// As `never_goes`.
    pub fn figures(&self) -> Result<Figures, StoreError> {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let conn = self.conn();
        let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(count).doing("count what is remembered");
        let layers = [Layer::Working, Layer::ShortTerm, Layer::LongTerm].map(rows::layer);
        let (layers, pinned) = conn
            .query_row(RECORDS, layers, |row| Ok((named(layers, |n| Ok(count(row.get(n)?)))?, count(row.get(3)?))))
            .doing("count what is remembered")?;
        let tiers = Tier::ALL.map(Tier::as_str);
        let tiers = conn
            .query_row(SUMMARIES, tiers, |row| {
                named(tiers, |n| Ok((count(row.get(n)?), count(row.get::<_, Option<i64>>(n + 3)?.unwrap_or(0)))))
            })
            .doing("count what was summed up")?;
        let oldest: Option<i64> = conn
            .query_row("SELECT (SELECT at FROM memory_records ORDER BY id LIMIT 1)", [], |row| row.get(0))
            .doing("look for the oldest record")?;
        Ok(Figures {
            layers,
            pinned,
            superseded: one("SELECT count(*) FROM memory_records WHERE superseded_by IS NOT NULL")?,
            recalled: one("SELECT count(*) FROM memory_uses")?,
            tiers,
            oldest: oldest.map(Timestamp::from_micros),
            changes: one("SELECT count(*) FROM change_log")?,
        })
    }

    /// What the database takes, without looking at rows.
    pub fn bytes(&self, folder: &Path) -> Result<Bytes, StoreError> {
        let pages = self.pages()?;
        let wal = std::fs::metadata(folder.join(format!("{}-wal", connect::FILE))).map_or(0, |file| file.len());
        Ok(Bytes { database: pages.bytes.saturating_mul(pages.all), free: pages.bytes.saturating_mul(pages.free), wal })
    }

    pub fn pages(&self) -> Result<Pages, StoreError> {
        let number = |sql: &str| {
            self.conn().query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| u64::try_from(n).unwrap_or(0)).doing("measure the database")
        };
        Ok(Pages {
            bytes: number("PRAGMA page_size")?,
            all: number("PRAGMA page_count")?,
            free: number("PRAGMA freelist_count")?,
            can_shrink: number("PRAGMA auto_vacuum")? == INCREMENTAL,
        })
    }
}

/// What was counted under each name, of those under which there is something.
fn named<T: Default + PartialEq>(
    names: [&str; 3],
    counted: impl Fn(usize) -> rusqlite::Result<T>,
) -> rusqlite::Result<BTreeMap<String, T>> {
    let mut there = BTreeMap::new();
    for (name, n) in names.into_iter().zip(0..) {
        let count = counted(n)?;
        if count != T::default() {
            there.insert(name.to_owned(), count);
        }
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn to_count_takes_no_room_for_each_row() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let reader = Reader::open(folder.path()).unwrap();
        assert_eq!(reader.figures().unwrap(), Figures { changes: reader.figures().unwrap().changes, ..Figures::default() });
        for counts in [RECORDS, SUMMARIES] {
            let mut plan = reader.conn().prepare(&format!("EXPLAIN QUERY PLAN {counts}")).unwrap();
            let steps: Vec<String> = plan.query_map(["a", "b", "c"], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(steps.len() == 1 && steps[0].starts_with("SCAN"), "{steps:?}");
        }
    }
}
