//! In again: a folder that no engine has used yet is filled through the engine's own storage, and then counted.

use super::{
    Counts, RETAINED, SESSIONS,
    entries::{Entry, KeepError, Reading},
};
use mqtt5::broker::{
    FileBackend,
    storage::{ClientSession, QueueLimits, RetainedMessage, StorageBackend},
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// Retained values written at once: each is synced by itself, and the disk syncs many as fast as one.
const AT_ONCE: usize = 64;
/// Messages between two waits for the disk: the engine writes them behind, and waits no longer than 5 s.
const WAVE: u64 = 500;
/// As long as the engine takes ids.
const ID_BYTES: usize = 128;

/// Fills `into`, which must be new, from the files in `from`. `away`: how long nobody was there; sessions do not grow older by it, for their
/// clients could not come back.
///
/// # Errors
/// When a file cannot be read, or makes no sense, or not all of it arrives: then the folder is to be thrown away.
pub async fn import(from: &Path, into: &Path, away: Duration) -> Result<Counts, KeepError> {
    if into.exists() {
        return Err(KeepError::Engine {
            path: into.to_owned(),
            problem: "there is something already; it is filled only when it is new".into(),
        });
    }
    // Whatever was queued comes over; the engine's own limits hold for what comes later.
    let all = QueueLimits { max_messages: usize::MAX, max_bytes: usize::MAX };
    let storage = FileBackend::with_queue_limits(into, all).await.map_err(|e| KeepError::engine(into, &e))?;
    let storage = Arc::new(storage);
    let mut counts = Counts::new();
    counts.insert("retained".into(), retained(from, into, &storage).await?);
    sessions(from, into, &storage, away, &mut counts).await?;
    drop(storage);
    let arrived = count(into).await?;
    if arrived == counts {
        Ok(counts)
    } else {
        let problem = format!("of {counts:?} arrived {arrived:?}; is the disk full? Throw the folder away and restore again");
        Err(KeepError::Engine { path: into.to_owned(), problem })
    }
}

async fn retained(from: &Path, into: &Path, storage: &Arc<FileBackend>) -> Result<u64, KeepError> {
    let (mut reading, mut writing, mut count) = (Reading::open(from, RETAINED)?, JoinSet::new(), 0);
    while let Some(entry) = reading.next()? {
        let Entry::Retained(mut message) = entry else { return Err(reading.unreadable("it holds what is not retained")) };
        if message.topic.is_empty() || message.topic.contains(['+', '#', '\0']) {
            return Err(reading.unreadable("a topic is none"));
        }
        RetainedMessage::recompute_expiry(&mut message);
        if message.is_expired() {
            continue;
        }
        if writing.len() >= AT_ONCE {
            written(into, writing.join_next().await)?;
        }
        let storage = Arc::clone(storage);
        writing.spawn(async move { storage.store_retained_message(&message.topic.clone(), message).await });
        count += 1;
    }
    while !writing.is_empty() {
        written(into, writing.join_next().await)?;
    }
    Ok(count)
}

fn written(into: &Path, done: Option<Result<mqtt5::Result<()>, tokio::task::JoinError>>) -> Result<(), KeepError> {
    match done {
        Some(Ok(Err(error))) => Err(KeepError::engine(into, &error)),
        Some(Err(error)) => Err(KeepError::Engine { path: into.to_owned(), problem: error.to_string() }),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

async fn sessions(from: &Path, into: &Path, storage: &FileBackend, away: Duration, counts: &mut Counts) -> Result<(), KeepError> {
    let engine = |error: mqtt5::MqttError| KeepError::engine(into, &error);
    let mut reading = Reading::open(from, SESSIONS)?;
    let [mut sessions, mut queued, mut in_flight, mut waiting] = [0_u64; 4];
    let mut of = String::new();
    while let Some(entry) = reading.next()? {
        match entry {
            Entry::Session(mut session) => {
                if !is_id(&session.client_id) {
                    return Err(reading.unreadable("a client's id is none"));
                }
                of.clone_from(&session.client_id);
                later(&mut session, away);
                storage.store_session(*session).await.map_err(engine)?;
                sessions += 1;
            }
            Entry::Queued(mut message) if message.client_id == of => {
                message.recompute_expiry();
                if !message.is_expired() {
                    storage.queue_message(message).await.map_err(engine)?;
                    queued += 1;
                }
            }
            Entry::InFlight(message) if message.client_id == of => {
                if !message.is_expired() {
                    storage.store_inflight_message(*message).await.map_err(engine)?;
                    in_flight += 1;
                }
            }
            _ => return Err(reading.unreadable("it holds what belongs to no session")),
        }
        waiting += 1;
        if waiting >= WAVE {
            storage.flush_queue_writes().await;
            waiting = 0;
        }
    }
    storage.flush_queue_writes().await;
    counts.extend([("sessions".into(), sessions), ("queued".into(), queued), ("in_flight".into(), in_flight)]);
    Ok(())
}

/// The engine makes a folder of that name.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES && id != "." && id != ".." && !id.contains(['/', '\\', '\0'])
}

fn later(session: &mut ClientSession, away: Duration) {
    let away = u64::try_from(away.as_millis()).unwrap_or(u64::MAX);
    session.disconnected_at = session.disconnected_at.map(|at| at.saturating_add(away));
}

/// As the next start will find it.
async fn count(folder: &Path) -> Result<Counts, KeepError> {
    let engine = |error: mqtt5::MqttError| KeepError::engine(folder, &error);
    let storage = FileBackend::new(folder).await.map_err(engine)?;
    let many = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let retained = many(storage.get_retained_messages("#").await.map_err(engine)?.len());
    let ids = storage.session_client_ids().await.map_err(engine)?;
    let (mut queued, mut in_flight) = (0, 0);
    for id in &ids {
        queued += many(storage.queue_handle(id).count());
        in_flight += many(storage.get_inflight_messages(id).await.map_err(engine)?.len());
    }
    Ok([("retained".into(), retained), ("sessions".into(), many(ids.len())), ("queued".into(), queued), ("in_flight".into(), in_flight)]
        .into())
}
