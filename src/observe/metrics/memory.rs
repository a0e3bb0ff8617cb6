//! The store, and memory with its index and what is kept at hand.

use super::{
    figures::{Memory, Store},
    sheet::{BYTES, Sheet, family},
};
use std::fmt;

pub fn store(of: &Store, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauge(family("jamey_store_failing", "Whether the last attempt to write failed: nothing is being stored"), Some(of.failing))?;
    sheet.counter(family("jamey_store_failures", "Attempts to write or to checkpoint that failed"), Some(of.failures))?;
    sheet.counter(family("jamey_store_batches", "Transactions that were committed"), Some(of.batches))?;
    sheet.counter(family("jamey_store_entries", "Messages that were committed, several in a transaction"), Some(of.entries))?;
    sheet.times(family("jamey_store_write", "From the begin of a transaction to the end of its sync"), [(Vec::new(), &of.written)])?;
    sheet.gauge(family("jamey_store_wal", "What the write-ahead log holds since it was begun anew").of(BYTES), Some(of.wal_bytes))?;
    sheet.counter(family("jamey_store_checkpoints", "Checkpoints beside the writer"), Some(of.checkpoints))?;
    let blocking = family("jamey_store_blocking_checkpoints", "Checkpoints in the writer's way");
    sheet.counter(blocking, Some(of.blocking_checkpoints))
}

pub fn memory(of: &Memory, sheet: &mut Sheet<'_>) -> fmt::Result {
    let records = family("jamey_memory_records", "Records by layer, counted each six hours or when there are a tenth more");
    sheet.gauges(records, of.records.iter().map(|(layer, n)| (vec![("layer", layer.clone())], *n)))?;
    sheet.gauge(family("jamey_memory_pinned_records", "Records that are never let go of"), of.pinned)?;
    let summaries = family("jamey_memory_summaries", "Summaries by how long a time each stands for");
    sheet.gauges(summaries, of.summaries.iter().map(|(tier, n)| (vec![("tier", tier.clone())], *n)))?;
    sheet.gauge(family("jamey_memory_database", "The database, with its free pages").of(BYTES), of.database_bytes)?;
    sheet.gauge(family("jamey_memory_database_free", "Free pages of the database").of(BYTES), of.database_free_bytes)?;
    sheet.gauge(family("jamey_memory_index_records", "Records in the index"), of.index.records)?;
    sheet.gauge(family("jamey_memory_index", "The index on disk").of(BYTES), of.index.bytes)?;
    sheet.gauge(family("jamey_memory_index_lag_transactions", "How far the index is behind the database"), of.index.lag)?;
    let recall = &of.recall;
    sheet.times(family("jamey_recall_latency", "From a question to memory to its answer"), [(Vec::new(), &recall.took)])?;
    sheet.counter(
        family("jamey_recall_failures", "Questions to memory that could not be answered by the house's own fault"),
        Some(recall.failed),
    )?;
    sheet.counter(family("jamey_memory_cache_hits", "Records that were at hand when they were looked for"), Some(recall.hits))?;
    sheet.counter(family("jamey_memory_cache_misses", "Records that were read from the database"), Some(recall.misses))?;
    sheet.gauge(family("jamey_memory_cache_hit_ratio", "Of all looks the share that were hits"), recall.hit_rate)?;
    sheet.gauge(family("jamey_memory_cache", "Records at hand").of(BYTES), Some(recall.bytes))?;
    sheet.gauge(family("jamey_memory_cache_room", "What they may take").of(BYTES), Some(recall.room_bytes))
}
