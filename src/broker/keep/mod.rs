//! What the engine keeps, carried from one house to another: retained messages, sessions, what is queued for them and what is in flight, out
//! through the engine's own doors into two files, and in again through the same.
//!
//! Left out: `$` topics, which are about one broker's life, and what only Jamey retains below its root, which it says anew when it starts.

mod entries;
mod import;
mod plain;
#[cfg(test)]
mod tests;

pub use entries::KeepError;
pub use import::import;
pub use plain::{admit, holdings};

use super::{access, engine::Engine};
use crate::config::Config;
use entries::{Entry, Writing};
use mqtt5::broker::{
    DynamicStorage, FileBackend,
    storage::{InflightDirection, StorageBackend},
};
use std::{collections::BTreeMap, path::Path};

/// The version of these files.
pub const LAYOUT: u32 = 1;
/// Their names.
pub const FILES: [&str; 2] = [RETAINED, SESSIONS];
pub(super) const RETAINED: &str = "retained.cbor";
pub(super) const SESSIONS: &str = "sessions.cbor";

/// How much there is of what: `retained`, `sessions`, `queued`, `in_flight`.
pub type Counts = BTreeMap<String, u64>;

impl Engine {
    /// Writes what is kept into two files in a folder. In order, so that of an unchanged broker they are the same. A message that is on its way
    /// from a queue to its client meanwhile is in it twice rather than not at all.
    ///
    /// # Errors
    /// When the files cannot be written, or the engine cannot read its own.
    pub async fn export(&self, into: &Path) -> Result<Counts, KeepError> {
        let own = |topic: &String| is_own(&self.hall.config, topic);
        let topics = self.hall.limits.retained.topics().into_iter().filter(|topic| !own(topic)).collect();
        export(&self.storage, Some(topics), &self.hall.config, into).await
    }
}

/// The same of a data folder whose Jamey does not run; nothing of an engine that never was.
///
/// # Errors
/// As `Engine::export`, or when the folder is in use.
pub async fn export_at_rest(config: &Config, folder: &Path, into: &Path) -> Result<Counts, KeepError> {
    if !folder.is_dir() {
        return export(&DynamicStorage::Memory(mqtt5::broker::MemoryBackend::new()), None, config, into).await;
    }
    let storage = DynamicStorage::File(FileBackend::new(folder).await.map_err(|e| KeepError::engine(folder, &e))?);
    export(&storage, None, config, into).await
}

/// Whether nobody but Jamey, or nobody at all, keeps a value here.
fn is_own(config: &Config, topic: &str) -> bool {
    topic.starts_with('$') || access::is_jameys(config, topic)
}

/// `topics`: what is retained, where that is known; each value is then read by itself.
async fn export(storage: &DynamicStorage, topics: Option<Vec<String>>, config: &Config, into: &Path) -> Result<Counts, KeepError> {
    let engine = |error: mqtt5::MqttError| KeepError::engine(into, &error);
    if let DynamicStorage::File(files) = storage {
        files.flush_queue_writes().await;
    }
    let mut retained = Writing::begin(into, RETAINED)?;
    if let Some(topics) = topics {
        for topic in topics {
            match storage.get_retained_message(&topic).await {
                Ok(Some(message)) => retained.put(Entry::Retained(message))?,
                Ok(None) => {}
                // Its topic is too long for the engine's file: it would not outlive a restart either.
                Err(error) => tracing::warn!("`{topic}` is retained in memory only and goes into no snapshot: {error}"),
            }
        }
    } else {
        let values = storage.get_retained_messages("#").await.map_err(engine)?;
        let values: BTreeMap<_, _> = values.into_iter().map(|(_, message)| (message.topic.clone(), message)).collect();
        for message in values.into_values().filter(|message| !is_own(config, &message.topic)) {
            retained.put(Entry::Retained(message))?;
        }
    }
    let mut counts = retained.end()?;

    let mut sessions = Writing::begin(into, SESSIONS)?;
    let mut ids = storage.session_client_ids().await.map_err(engine)?;
    ids.sort_unstable();
    for id in ids {
        let Some(session) = storage.get_session(&id).await.map_err(engine)? else { continue };
        sessions.put(Entry::Session(Box::new(session)))?;
        // The queue before what is in flight: a message goes from here to there.
        for message in storage.get_queued_messages(&id).await.map_err(engine)? {
            sessions.put(Entry::Queued(message))?;
        }
        let mut in_flight = storage.get_inflight_messages(&id).await.map_err(engine)?;
        in_flight.sort_unstable_by_key(|message| (message.direction == InflightDirection::Outbound, message.packet_id));
        for message in in_flight {
            sessions.put(Entry::InFlight(Box::new(message)))?;
        }
    }
    counts.append(&mut sessions.end()?);
    Ok(counts)
}
