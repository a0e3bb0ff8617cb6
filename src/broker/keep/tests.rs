//! What was kept comes back, the same to the byte, and nothing else does.

use super::{FILES, KeepError, RETAINED, SESSIONS, export_at_rest, import};
use crate::{config::Config, domain::limits};
use mqtt5::{
    QoS,
    broker::{
        FileBackend,
        storage::{
            ChangeOnlyState, ClientSession, InflightDirection, InflightMessage, InflightPhase, QueuedMessage, RetainedMessage,
            StorageBackend, StoredSubscription,
        },
    },
    packet::publish::PublishPacket,
};
use std::{fs, path::Path, time::Duration};

const DAY: Duration = Duration::from_secs(86_400);

fn packet(topic: &str, payload: &[u8]) -> PublishPacket {
    let mut packet = PublishPacket::new(topic, payload.to_vec(), QoS::AtLeastOnce);
    packet.retain = true;
    packet.packet_id = Some(7);
    packet.properties.set_content_type("application/cbor".into());
    packet.properties.add_user_property("a".into(), "b".into());
    packet
}

fn session(id: &str, filters: &[&str]) -> ClientSession {
    let mut session = ClientSession::new(id, true, Some(86_400));
    for filter in filters {
        session.add_subscription(*filter, StoredSubscription::new(QoS::AtLeastOnce));
    }
    session.user_id = Some("ann".into());
    session.change_only_state = ChangeOnlyState { last_payload_hashes: [("x".into(), u64::MAX), ("b".into(), 1), ("a".into(), 2)].into() };
    session
}

fn queued(id: &str, payload: &[u8]) -> QueuedMessage {
    QueuedMessage::new(packet("q", payload), id.into(), QoS::AtLeastOnce, None)
}

/// A broker that has known many things.
async fn broker(folder: &Path) {
    let storage = FileBackend::new(folder).await.unwrap();
    let topics = ["zigbee2mqtt/bridge/devices", "jamey/in/hall/motion", "a+b".trim_end_matches("+b"), "grün/☃/x:y%2F", "jamey/status"];
    for topic in topics.into_iter().chain(["jamey/approval/1", "$SYS/broker/version"]) {
        let every_byte: Vec<u8> = (0..=255).collect();
        storage.store_retained_message(topic, RetainedMessage::new(packet(topic, &every_byte))).await.unwrap();
    }
    for id in ["phone", "a%2Fb", "node-red"] {
        let mut one = session(id, &["#", "home/+/state", "$share/g/x"]);
        one.mark_disconnected(1_000_000);
        // Long ago, and for long.
        one.expiry_interval = Some(u32::MAX);
        storage.store_session(one).await.unwrap();
        for n in 0..30 {
            storage.queue_message(queued(id, &[n, 0, 255])).await.unwrap();
        }
        for (n, direction) in [(9, InflightDirection::Outbound), (2, InflightDirection::Outbound), (5, InflightDirection::Inbound)] {
            let packet = PublishPacket { packet_id: Some(n), ..packet("f", b"flying") };
            let message = InflightMessage::from_publish(&packet, id.into(), direction, InflightPhase::AwaitingPubrel);
            storage.store_inflight_message(message).await.unwrap();
        }
    }
    storage.flush_queue_writes().await;
}

fn bytes(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

async fn exported(broker: &Path) -> tempfile::TempDir {
    let into = tempfile::tempdir().unwrap();
    export_at_rest(&Config::default(), broker, into.path()).await.unwrap();
    into
}

#[tokio::test]
async fn what_is_kept_comes_back_the_same_and_twice_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    broker(&one).await;
    let out = tempfile::tempdir().unwrap();
    let counts = export_at_rest(&Config::default(), &one, out.path()).await.unwrap();
    let told: Vec<_> = counts.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(told, [("in_flight", 9), ("queued", 90), ("retained", 4), ("sessions", 3)]);
    assert_eq!(bytes(exported(&one).await.path()), bytes(out.path()), "of an unchanged broker the same");
    assert_eq!(import(out.path(), &two, Duration::ZERO).await.unwrap(), counts);
    assert_eq!(bytes(exported(&two).await.path()), bytes(out.path()), "and of the one that it became");

    let risen = FileBackend::new(&two).await.unwrap();
    for own in ["jamey/status", "jamey/approval/1"] {
        assert!(risen.get_retained_message(own).await.unwrap().is_none(), "Jamey says it anew");
    }
    let value = risen.get_retained_message("grün/☃/x:y%2F").await.unwrap().unwrap();
    assert_eq!((value.payload, value.content_type.as_deref()), ((0..=255).collect::<Vec<u8>>(), Some("application/cbor")));
    let phone = risen.get_session("phone").await.unwrap().unwrap();
    assert_eq!((phone.subscriptions.len(), phone.user_id.as_deref()), (3, Some("ann")));
    assert_eq!(phone.change_only_state.last_payload_hashes["x"], u64::MAX);
    let queue = risen.get_queued_messages("phone").await.unwrap();
    assert_eq!(queue.iter().map(|m| m.payload[0]).collect::<Vec<_>>(), (0..30).collect::<Vec<u8>>(), "in order");
    assert_eq!(risen.get_inflight_messages("phone").await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_time_in_which_nobody_was_there_ends_no_session_and_what_expired_stays_away() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let storage = FileBackend::new(&one).await.unwrap();
    let mut kept = session("kept", &["#"]);
    kept.mark_disconnected(mqtt5::broker::storage::unix_millis_now() - 1_000);
    let left_at = kept.disconnected_at.unwrap();
    storage.store_session(kept).await.unwrap();
    let mut old = queued("kept", b"old");
    (old.queued_at_secs, old.message_expiry_interval) = (1, Some(60));
    storage.queue_message(old).await.unwrap();
    let mut value = RetainedMessage::new(packet("old", b"old"));
    (value.stored_at_secs, value.message_expiry_interval) = (1, Some(60));
    storage.store_retained_message("old", value).await.unwrap();
    storage.flush_queue_writes().await;
    drop(storage);
    let out = exported(&one).await;
    let counts = import(out.path(), &two, 9 * DAY).await.unwrap();
    assert_eq!((counts["sessions"], counts["queued"], counts["retained"]), (1, 0, 0));
    let risen = FileBackend::new(&two).await.unwrap().get_session("kept").await.unwrap().unwrap();
    assert_eq!(risen.disconnected_at, Some(left_at + 9 * 86_400_000));
}

#[tokio::test]
async fn an_engine_that_never_was_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let out = exported(&nowhere).await;
    assert!(!nowhere.exists());
    let counts = import(out.path(), &nowhere, Duration::ZERO).await.unwrap();
    assert!(counts.values().all(|n| *n == 0) && counts.len() == 4, "{counts:?}");
    let again = import(out.path(), &nowhere, Duration::ZERO).await.unwrap_err();
    assert!(again.to_string().contains("only when it is new"), "{again}");
}

/// What becomes of one file when the other is as it was.
async fn with(name: &str, bytes: &[u8], out: &Path) -> KeepError {
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        fs::copy(out.join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join(name), bytes).unwrap();
    import(folder.path(), &folder.path().join("into"), Duration::ZERO).await.unwrap_err()
}

#[tokio::test]
async fn a_file_that_is_cut_or_continued_or_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    broker(folder.path()).await;
    let out = exported(folder.path()).await;
    for name in FILES {
        let whole = fs::read(out.path().join(name)).unwrap();
        for end in (0..whole.len()).step_by(whole.len() / 40) {
            let refused = with(name, &whole[..end], out.path()).await;
            assert!(matches!(refused, KeepError::Unreadable { .. }), "{end}: {refused}");
        }
        assert!(with(name, &[whole.as_slice(), b"\xf6"].concat(), out.path()).await.to_string().contains("behind its end"));
    }
    let sessions = fs::read(out.path().join(SESSIONS)).unwrap();
    assert!(with(RETAINED, &sessions, out.path()).await.to_string().contains("not what its name says"));
    let newer = sessions.windows(3).position(|bytes| bytes == b"av\x01").unwrap() + 2;
    let mut sessions_of_tomorrow = sessions.clone();
    sessions_of_tomorrow[newer] = 2;
    assert!(matches!(with(SESSIONS, &sessions_of_tomorrow, out.path()).await, KeepError::Newer { found: 2, .. }));
    let mut way_out = sessions;
    let at = way_out.windows(5).position(|bytes| bytes == b"a%2Fb").unwrap();
    way_out[at..at + 5].copy_from_slice(b"../..");
    assert!(with(SESSIONS, &way_out, out.path()).await.to_string().contains("id is none"));
}

#[tokio::test]
async fn an_entry_one_past_its_limit_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let out = exported(&folder.path().join("nowhere")).await;
    let empty = fs::read(out.path().join(RETAINED)).unwrap();
    let head = &empty[..empty.len() - 6];
    // {"retained": {"topic": a text}}
    let long = |bytes: u64| {
        let most = u32::try_from(bytes).unwrap();
        [head, b"\xa1\x68retained\xa1\x65topic\x7a", &most.to_be_bytes(), &vec![b'x'; usize::try_from(bytes).unwrap()]].concat()
    };
    let inner = limits::KEPT_ENTRY_BYTES - 22;
    assert!(with(RETAINED, &long(inner), out.path()).await.to_string().contains("no entry can be read"));
    assert!(with(RETAINED, &long(inner + 1), out.path()).await.to_string().contains("more than 16777216 bytes"));
}
