//! How much memory there is and what it takes on disk, counted when somebody asks.

use super::{
    connect,
    error::{Doing, StoreError},
    load::all,
    reader::Reader,
};
use crate::domain::Timestamp;
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

impl Reader {
    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense; so for the next.
    pub fn figures(&self) -> Result<Figures, StoreError> {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let conn = self.conn();
        let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map(count).doing("count what is remembered");
        let layers =
            all(conn, "SELECT layer, count(*) FROM memory_records GROUP BY layer", [], |row| Ok((row.get(0)?, count(row.get(1)?))))?;
        let tiers = all(conn, "SELECT tier, count(*), COALESCE(sum(records), 0) FROM memory_summaries GROUP BY tier", [], |row| {
            Ok((row.get(0)?, (count(row.get(1)?), count(row.get(2)?))))
        })?;
        let oldest: Option<i64> = conn
            .query_row("SELECT (SELECT at FROM memory_records ORDER BY id LIMIT 1)", [], |row| row.get(0))
            .doing("look for the oldest record")?;
        Ok(Figures {
            layers: layers.into_iter().collect(),
            pinned: one("SELECT count(*) FROM memory_records WHERE pinned <> 0")?,
            superseded: one("SELECT count(*) FROM memory_records WHERE superseded_by IS NOT NULL")?,
            recalled: one("SELECT count(*) FROM memory_uses")?,
            tiers: tiers.into_iter().collect(),
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
