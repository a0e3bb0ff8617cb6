//! Memory's part of the figures that Jamey tells of itself. Counted off the verdict's path: files are measured each time, rows seldom.

use super::index::{IndexFigures, Keeper};
use crate::{
    observe::{Recalled, Writes},
    runtime::Clock,
    store::{Figures, Reader},
};
use serde_json::{Map, Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// Rows are counted so often, and when there are a tenth more or fewer: to count a million reads all of them.
const COUNTED_EVERY: Duration = Duration::from_secs(6 * 3_600);

pub struct Gauge {
    data: PathBuf,
    keeper: Keeper,
    recalled: Arc<Recalled>,
    clock: Arc<Clock>,
    writes: Writes,
    store: Option<Reader>,
    /// When, how many the index had then, and what was counted.
    counted: Option<(Instant, u64, Figures)>,
}

impl Gauge {
    #[must_use]
    pub fn new(data: &Path, keeper: Keeper, recalled: Arc<Recalled>, clock: Arc<Clock>) -> Self {
        Self { data: data.to_owned(), keeper, recalled, clock, writes: Writes::default(), store: None, counted: None }
    }

    /// The figures now. Blocks on the disk: not for an async task.
    pub fn read(&mut self) -> Value {
        let (recalls, room) = (self.recalled.now(), self.recalled.room());
        let (index, written) = (self.keeper.figures(), Writes::read());
        let mut told = json!({
            "index_records": index.records,
            "index_bytes": folder_bytes(&self.data.join(super::INDEX)),
            "recalls": recalls.answered,
            "recalls_failed": recalls.failed,
            "recall_p50_micros": recalls.p50_micros,
            "recall_p99_micros": recalls.p99_micros,
            "working_bytes": room.bytes,
            "working_room_bytes": room.room_bytes,
            "working_hit_rate": room.hit_rate(),
            "written_bytes": written,
            "written_bytes_a_day": written.and_then(|bytes| self.writes.note(self.clock.uptime(), bytes)),
        });
        // What cannot be read now is left out: the store's own figures tell of its troubles.
        if let (Some(told), Some(stored)) = (told.as_object_mut(), self.stored(index)) {
            told.extend(stored);
        }
        told
    }

    fn stored(&mut self, index: IndexFigures) -> Option<Map<String, Value>> {
        let store = match self.store.take() {
            Some(store) => store,
            None => Reader::open(&self.data).ok()?,
        };
        let bytes = store.bytes(&self.data).ok()?;
        let last = store.change_log().ok()?.map_or(0, |(_, last)| last);
        let is_due = |(at, then, _): &(Instant, u64, Figures)| at.elapsed() >= COUNTED_EVERY || index.records.abs_diff(*then) > then / 10;
        if self.counted.as_ref().is_none_or(is_due) {
            self.counted = Some((Instant::now(), index.records, store.figures().ok()?));
        }
        self.store = Some(store);
        let mut told = Map::new();
        told.insert("database_bytes".into(), bytes.database.into());
        told.insert("database_free_bytes".into(), bytes.free.into());
        told.insert("index_lag".into(), last.saturating_sub(index.applied).max(0).into());
        if let Some((at, _, figures)) = &self.counted {
            let tiers = figures.tiers.iter().map(|(tier, (summaries, _))| (tier.clone(), Value::from(*summaries)));
            told.insert("records".into(), json!(figures.layers));
            told.insert("pinned".into(), figures.pinned.into());
            told.insert("summaries".into(), Value::Object(tiers.collect()));
            told.insert("oldest_at".into(), json!(figures.oldest.map(|at| at.to_string())));
            told.insert("counted_seconds_ago".into(), at.elapsed().as_secs().into());
        }
        Some(told)
    }
}

/// Bytes of the files in a folder.
#[must_use]
pub fn folder_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}
