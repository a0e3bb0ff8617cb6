//! What was written stays, and is bounded.

use super::{START, asked, at, batch, id, told, uuid};
use crate::domain::{
    Change, Decision, Detail, Device, DeviceClass, OpinionView, SignalValue, Standing, Timestamp, Unit01, limits, outcome::Layer,
    signal::Heard,
};
use crate::store::{Batch, Reader, Store};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn opinion(entity: &str) -> OpinionView {
    OpinionView {
        entity: id(entity),
        standing: Standing::Paired,
        belief: 0.5,
        disbelief: 0.25,
        uncertainty: 0.25,
        base_rate: 0.5,
        expectation: Unit01::clamped(0.625),
        lower_bound: Unit01::clamped(0.375),
        reasons: vec!["it keeps its rhythm".into()],
        events: 17,
        last_seen: at(5),
        detail: Detail::default(),
    }
}

fn device(name: &str) -> Device {
    Device {
        id: id(name),
        name: Some("Front door".into()),
        class: DeviceClass::Lock,
        area: Some("hall".into()),
        tags: BTreeSet::from(["critical".into()]),
        risk: DeviceClass::Lock.risk(),
        aliases: BTreeSet::new(),
        members: BTreeSet::new(),
        claims: BTreeMap::new(),
    }
}

#[test]
fn load_returns_what_was_changed_and_a_new_start_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    assert_eq!(store.load().unwrap(), crate::store::Saved::default());
    let heard = |value| Heard { value, at: at(7) };
    let emotion = |mood: f64, state: &[u8]| Change::Emotion { at: at(8), view: json!({ "mood": mood }), state: state.to_vec() };
    let entity = |state: &[u8]| Change::Entity { view: Box::new(opinion("phone")), state: state.to_vec(), senses: Some(vec![7]) };
    let changes = vec![
        entity(b"old"),
        emotion(0.1, b"before"),
        entity(b"new"),
        emotion(0.2, b"after"),
        Change::Consciousness { at: at(9), view: json!({ "state": "awake" }) },
        Change::Device(Box::new(device("front_door"))),
        Change::Device(Box::new(device("gone"))),
        Change::DeviceRemoved(id("gone")),
        Change::Signal { name: "home".into(), heard: heard(SignalValue::Bool(true)) },
        Change::Signal { name: "outside".into(), heard: heard(SignalValue::Number(-4.5)) },
        Change::Signal { name: "strange".into(), heard: heard(SignalValue::Number(f64::NAN)) },
    ];
    store.write(&Batch { entries: vec![told(10), told(11)], changes, journal: Vec::new(), at: at(12) }).unwrap();
    let saved = store.load().unwrap();
    drop(store);
    let again = Store::open(folder.path()).unwrap().load().unwrap();
    assert_eq!(saved, again);
    assert_eq!(again.entities, vec![(id("phone"), b"new".to_vec(), Some(vec![7]))]);
    assert_eq!(again.emotion.as_deref(), Some(&b"after"[..]));
    assert_eq!(again.devices, vec![device("front_door")]);
    assert_eq!(
        again.signals,
        vec![
            ("home".into(), heard(SignalValue::Bool(true))),
            ("outside".into(), heard(SignalValue::Number(-4.5))),
            ("strange".into(), heard(SignalValue::Number(0.0))),
        ]
    );
    assert_eq!(again.last_at, Some(at(12)));
    assert_eq!(again.recent.iter().map(|r| r.percept).collect::<Vec<_>>(), vec![uuid(10), uuid(11)]);

    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.entities(10, None).unwrap(), vec![opinion("phone")]);
    assert_eq!(reader.entities(10, Some(&id("phone"))).unwrap(), vec![]);
    assert_eq!(reader.entity(&id("phone")).unwrap(), Some(opinion("phone")));
    assert_eq!(reader.entity(&id("nobody")).unwrap(), None);
    assert_eq!(reader.devices().unwrap(), vec![device("front_door")]);
    assert_eq!(reader.emotion().unwrap(), Some((at(8), json!({ "mood": 0.2 }))));
    assert_eq!(reader.consciousness().unwrap(), Some((at(9), json!({ "state": "awake" }))));
}

#[test]
fn only_the_last_minute_and_what_is_acknowledged_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut entries = vec![told(1), told(2), told(3), told(4)];
    (entries[1].percept.qos, entries[1].percept.packet_id) = (0, None);
    let last = Timestamp::from_micros(START).plus_seconds(limits::REPEAT_SECONDS);
    entries[2].percept.at = last.plus_seconds(-1);
    entries[3].percept.at = last.plus_seconds(1);
    store.write(&batch(entries)).unwrap();
    let recent = store.load().unwrap().recent;
    assert_eq!(recent.iter().map(|r| r.percept).collect::<Vec<_>>(), vec![uuid(3), uuid(4)]);
    assert_eq!((recent[0].client_id.as_str(), recent[0].packet_id), ("zigbee_bridge_3", 7));
}

#[test]
fn a_verdict_and_a_record_are_read_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let (allowed, denied) = (asked(1, Decision::Allow), asked(2, Decision::Deny));
    store.write(&batch(vec![allowed.clone(), denied.clone(), told(3)])).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let rows = reader.verdicts(10, None).unwrap();
    assert_eq!(rows.iter().map(|r| r.percept).collect::<Vec<_>>(), vec![uuid(2), uuid(1)]);
    assert_eq!(reader.verdicts(10, Some(uuid(2))).unwrap(), reader.verdict(uuid(1)).unwrap());
    assert_eq!(rows[1].verdict, allowed.outcome.judged[0].verdict);
    assert_eq!(rows[1].facts, allowed.outcome.judged[0].facts);
    assert_eq!(rows[1].request, allowed.outcome.judged[0].request);
    assert_eq!(rows[1].origin, Some(crate::domain::Origin::Guard));
    assert_eq!((rows[0].forwarded_at, rows[1].forwarded_at), (None, Some(at(3))));
    let records = reader.records(2, None).unwrap();
    assert_eq!(records.iter().map(|r| r.id).collect::<Vec<_>>(), vec![uuid(3), uuid(2)]);
    assert_eq!(records[0].record, told(3).outcome.record.unwrap());
    assert_eq!(records[0].record.layer, Layer::ShortTerm);
    assert_eq!(records[0].payload, told(3).percept.payload);
    assert_eq!(reader.record(uuid(3)).unwrap().as_ref(), Some(&records[0]));
    assert_eq!(reader.changed_records(0, 10).unwrap(), vec![(1, vec![uuid(1), uuid(2), uuid(3)])]);
    assert_eq!(reader.journal(1, 10).unwrap(), vec![(1, b"inputs".to_vec())]);
}

#[test]
fn a_repetition_has_its_verdict_and_no_second_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let mut again = asked(2, Decision::Allow);
    again.percept.repeat_of = Some(uuid(1));
    store.write(&batch(vec![asked(1, Decision::Allow), again])).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.counts().unwrap().records, 1);
    assert_eq!(reader.verdict(uuid(2)).unwrap()[0].repeat_of, Some(uuid(1)));
}

#[test]
fn the_journal_is_bounded_one_past_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let eighth = usize::try_from(limits::JOURNAL_BYTES / 8).unwrap() - 32;
    let with = |n, bytes| Batch { journal: vec![n; bytes], at: at(u64::from(n)), ..Batch::default() };
    for n in 1..=8 {
        store.write(&with(n, eighth)).unwrap();
    }
    let kept = |store: &Store| -> (i64, i64) {
        store.raw().query_row("SELECT min(seq), sum(length(inputs) + 32) FROM journal", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap()
    };
    assert_eq!(kept(&store), (1, limits::JOURNAL_BYTES));
    store.write(&with(9, 0)).unwrap();
    assert_eq!(kept(&store).0, 2);
    drop(store);
    let mut store = Store::open(folder.path()).unwrap();
    store.write(&with(10, eighth)).unwrap();
    assert_eq!(kept(&store).0, 3);
    store.write(&with(11, usize::try_from(limits::JOURNAL_BYTES).unwrap())).unwrap();
    assert_eq!(kept(&store).0, 11, "one that is larger than all stays alone");
    store.write(&with(12, 1)).unwrap();
    assert_eq!(kept(&store), (12, 33));
}

#[test]
fn beyond_the_limit_refusals_are_counted_and_forwarded_ones_never() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let limit = u64::from(limits::REFUSALS_PER_CLIENT_HOUR);
    let flood = |n, decision, client: &str| {
        let mut entry = asked(n, decision);
        Arc::make_mut(&mut entry.percept.source).client_id = client.into();
        entry
    };
    store.write(&batch((1..limit).map(|n| flood(n, Decision::Deny, "rogue")).collect())).unwrap();
    drop(store);
    // A new start goes on counting where it was.
    let mut store = Store::open(folder.path()).unwrap();
    let mut observed = flood(1_003, Decision::Deny, "rogue");
    observed.lets_on = true;
    let mut next_hour = flood(1_006, Decision::Deny, "rogue");
    next_hour.percept.at = Timestamp::from_micros(START).plus_seconds(3_600);
    store
        .write(&batch(vec![
            flood(1_000, Decision::Escalate, "rogue"),
            flood(1_001, Decision::Deny, "rogue"),
            flood(1_002, Decision::Escalate, "rogue"),
            observed,
            flood(1_004, Decision::Allow, "rogue"),
            flood(1_005, Decision::Deny, "someone_else"),
            next_hour,
        ]))
        .unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let has = |n| !reader.verdict(uuid(n)).unwrap().is_empty();
    assert_eq!([1_000, 1_001, 1_002, 1_003, 1_004, 1_005, 1_006].map(has), [true, false, false, true, true, true, true]);
    assert_eq!(reader.counts().unwrap().summarised, 2);
    assert_eq!(reader.counts().unwrap().verdicts, limit + 4);
    let row: (i64, i64, [u8; 16]) = store
        .raw()
        .query_row("SELECT total, summarised, last_percept FROM summaries WHERE client = 'rogue' AND decision = 'escalate'", [], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .unwrap();
    assert_eq!(row, (2, 1, *uuid(1_002).as_bytes()));
}

#[test]
fn changing_the_client_id_is_no_way_around_the_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let limit = u64::from(limits::REFUSALS_PER_CLIENT_HOUR);
    let entries = (0..limit + 50).map(|n| {
        let mut entry = asked(n, Decision::Deny);
        Arc::make_mut(&mut entry.percept.source).client_id = format!("mosq-{n}");
        Arc::make_mut(&mut entry.percept.source).requester = crate::domain::EntityId::anonymous();
        entry
    });
    store.write(&batch(entries.collect())).unwrap();
    assert_eq!(Reader::open(folder.path()).unwrap().counts().unwrap().summarised, 50);
}
