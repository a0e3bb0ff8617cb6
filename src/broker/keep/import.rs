//! In again: a folder that no engine has used yet is filled through the engine's own storage, and then counted.

use super::{
    Counts, RETAINED, SESSIONS,
    entries::{Entry, KeepError, Reading},
};
use crate::{domain::Timestamp, runtime::Clock};
use mqtt5::broker::{
    FileBackend,
    storage::{ClientSession, QueueLimits, RetainedMessage, StorageBackend},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::task::JoinSet;

/// Retained values written at once: each is synced by itself, and the disk syncs many as fast as one.
const AT_ONCE: usize = 64;
/// Messages between two waits for the disk: the engine writes them behind, and waits no longer than 5 s.
pub(super) const WAVE: u64 = 500;
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
    let (mut counts, mut mortal) = (Counts::new(), Mortal::new());
    counts.insert("retained".into(), retained(from, into, &storage, &mut mortal).await?);
    sessions(from, into, &storage, away, &mut counts, &mut mortal).await?;
    drop(storage);
    let arrived = count(into).await?;
    if is_all(&counts, &arrived, &mortal, now()) {
        Ok(arrived)
    } else {
        let problem = format!("of {counts:?} arrived {arrived:?}; is the disk full? Throw the folder away and restore again");
        Err(KeepError::Engine { path: into.to_owned(), problem })
    }
}

/// When those end that have an end, by what they are counted as.
type Mortal = BTreeMap<&'static str, Vec<SystemTime>>;

fn now() -> SystemTime {
    let micros = Clock::new(Timestamp::default()).wall().micros();
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// What ended meanwhile may be missing, and nothing else.
fn is_all(counts: &Counts, arrived: &Counts, mortal: &Mortal, now: SystemTime) -> bool {
    let ended = |name: &str| mortal.get(name).map_or(0, |ends| ends.iter().filter(|end| **end <= now).count());
    counts.len() == arrived.len()
        && counts.iter().all(|(name, count)| {
            let missing = arrived.get(name).and_then(|arrived| count.checked_sub(*arrived));
            missing.is_some_and(|missing| missing <= u64::try_from(ended(name)).unwrap_or(u64::MAX))
        })
}

async fn retained(from: &Path, into: &Path, storage: &Arc<FileBackend>, mortal: &mut Mortal) -> Result<u64, KeepError> {
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
        mortal.entry("retained").or_default().extend(message.expires_at);
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

async fn sessions(
    from: &Path,
    into: &Path,
    storage: &FileBackend,
    away: Duration,
    counts: &mut Counts,
    mortal: &mut Mortal,
) -> Result<(), KeepError> {
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
                    mortal.entry("queued").or_default().extend(message.expires_at);
                    storage.queue_message(message).await.map_err(engine)?;
                    queued += 1;
                }
            }
            Entry::InFlight(message) if message.client_id == of => {
                if !message.is_expired() {
                    let ends = message.expires_at_secs.and_then(|secs| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs)));
                    mortal.entry("in_flight").or_default().extend(ends);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_meanwhile_may_be_missing_and_nothing_else() {
        let counts = |retained, queued| Counts::from([("retained".to_owned(), retained), ("queued".to_owned(), queued)]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let (past, future) = (now - Duration::from_secs(1), now + Duration::from_secs(9));
        let mortal = Mortal::from([("retained", vec![past, now, future])]);
        let all = |arrived| is_all(&counts(5, 2), &arrived, &mortal, now);
        assert!(all(counts(5, 2)) && all(counts(4, 2)) && all(counts(3, 2)));
        assert!(!all(counts(2, 2)), "one that had its time before it");
        assert!(!all(counts(5, 1)), "one that has no end");
        assert!(!all(counts(6, 2)), "one that nobody kept");
        assert!(!is_all(&counts(5, 2), &Counts::from([("retained".to_owned(), 5)]), &mortal, now));
    }
}
