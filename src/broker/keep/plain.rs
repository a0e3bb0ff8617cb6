//! What the engine keeps as any broker has it: out of a folder whose Jamey does not run, and sessions into one.

use super::{KeepError, is_own};
use crate::{
    broker::door,
    config::Config,
    domain::{Absent, Holdings, Letter, Subscribed},
};
use mqtt5::{
    QoS,
    broker::{
        FileBackend,
        storage::{ClientSession, QueueLimits, QueuedMessage, RetainedMessage, StorageBackend, StoredSubscription},
    },
    packet::publish::PublishPacket,
};
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

/// All that is kept in a folder, but what is Jamey's own.
///
/// # Errors
/// When the folder cannot be read.
pub async fn holdings(config: &Config, folder: &Path) -> Result<Holdings, KeepError> {
    let engine = |error: mqtt5::MqttError| KeepError::engine(folder, &error);
    if !folder.is_dir() {
        return Ok(Holdings::default());
    }
    let storage = FileBackend::new(folder).await.map_err(engine)?;
    let mut retained: Vec<Letter> =
        storage.get_retained_messages("#").await.map_err(engine)?.into_iter().map(|(_, message)| of_retained(message)).collect();
    retained.retain(|letter| !is_own(config, &letter.topic));
    retained.sort_by(|a, b| a.topic.cmp(&b.topic));
    let mut ids = storage.session_client_ids().await.map_err(engine)?;
    ids.sort_unstable();
    let mut absent = Vec::new();
    for id in ids {
        let Some(session) = storage.get_session(&id).await.map_err(engine)? else { continue };
        let waiting = storage.get_queued_messages(&id).await.map_err(engine)?.into_iter().map(of_queued).collect();
        absent.push(of_session(session, waiting));
    }
    Ok(Holdings { retained, absent })
}

/// Puts sessions into a folder, which may be new, with what waits for them. A client that has a session there already keeps that one. Yields how
/// many came in, and how many messages with them.
///
/// # Errors
/// When the folder cannot be written.
pub async fn admit(absent: &[Absent], folder: &Path, now: Duration) -> Result<(u64, u64), KeepError> {
    let engine = |error: mqtt5::MqttError| KeepError::engine(folder, &error);
    let all = QueueLimits { max_messages: usize::MAX, max_bytes: usize::MAX };
    let storage = FileBackend::with_queue_limits(folder, all).await.map_err(engine)?;
    let (mut sessions, mut messages) = (0_u64, 0_u64);
    for one in absent {
        let id = door::filed(&one.client_id);
        if storage.get_session(&id).await.map_err(engine)?.is_some() {
            continue;
        }
        let mut session = ClientSession::new(id.clone(), true, Some(one.expiry_seconds));
        session.user_id.clone_from(&one.user);
        session.mark_disconnected(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        for subscribed in &one.subscriptions {
            session.add_subscription(subscribed.filter.clone(), subscription(subscribed));
        }
        storage.store_session(session).await.map_err(engine)?;
        sessions += 1;
        for letter in &one.waiting {
            let mut message = QueuedMessage::new(packet(letter), id.clone(), qos(letter.qos), None);
            message.expires_at = letter.expires_at.and_then(moment);
            storage.queue_message(message).await.map_err(engine)?;
            messages += 1;
            if messages % super::import::WAVE == 0 {
                storage.flush_queue_writes().await;
            }
        }
    }
    storage.flush_queue_writes().await;
    Ok((sessions, messages))
}

fn qos(number: u8) -> QoS {
    match number {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

fn number(qos: QoS) -> u8 {
    match qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => 1,
        QoS::ExactlyOnce => 2,
    }
}

fn moment(seconds: i64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

fn seconds(moment: SystemTime) -> Option<i64> {
    i64::try_from(moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn packet(letter: &Letter) -> PublishPacket {
    let mut packet = PublishPacket::new(letter.topic.clone(), letter.payload.clone(), qos(letter.qos));
    packet.retain = letter.retained;
    let properties = &mut packet.properties;
    if let Some(is_text) = letter.is_text {
        properties.set_payload_format_indicator(is_text);
    }
    if let Some(kind) = &letter.content_type {
        properties.set_content_type(kind.clone());
    }
    if let Some(topic) = &letter.response_topic {
        properties.set_response_topic(topic.clone());
    }
    if let Some(correlation) = &letter.correlation {
        properties.set_correlation_data(correlation.clone().into());
    }
    letter.user_properties.iter().for_each(|(key, value)| properties.add_user_property(key.clone(), value.clone()));
    packet
}

fn subscription(subscribed: &Subscribed) -> StoredSubscription {
    let mut stored = StoredSubscription::new(qos(subscribed.qos));
    stored.no_local = subscribed.no_local;
    stored.retain_as_published = subscribed.as_published;
    stored.subscription_id = subscribed.identifier;
    stored
}

fn of_retained(message: RetainedMessage) -> Letter {
    Letter {
        topic: message.topic,
        payload: message.payload.into(),
        qos: number(message.qos),
        retained: true,
        expires_at: message.expires_at.and_then(seconds),
        is_text: message.payload_format_indicator,
        content_type: message.content_type,
        response_topic: message.response_topic,
        correlation: message.correlation_data,
        user_properties: message.user_properties,
    }
}

fn of_queued(message: QueuedMessage) -> Letter {
    Letter {
        topic: message.topic,
        payload: message.payload.into(),
        qos: number(message.qos),
        retained: message.retain,
        expires_at: message.expires_at.and_then(seconds),
        is_text: message.payload_format_indicator,
        content_type: message.content_type,
        response_topic: message.response_topic,
        correlation: message.correlation_data,
        user_properties: message.user_properties,
    }
}

fn of_session(session: ClientSession, waiting: Vec<Letter>) -> Absent {
    let mut subscriptions: Vec<Subscribed> = session
        .subscriptions
        .into_iter()
        .map(|(filter, stored)| Subscribed {
            filter,
            qos: number(stored.qos),
            no_local: stored.no_local,
            as_published: stored.retain_as_published,
            identifier: stored.subscription_id,
        })
        .collect();
    subscriptions.sort_by(|a, b| a.filter.cmp(&b.filter));
    Absent {
        client_id: door::unfiled(&session.client_id),
        user: session.user_id,
        expiry_seconds: session.expiry_interval.unwrap_or(u32::MAX),
        subscriptions,
        waiting,
    }
}
