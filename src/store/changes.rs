//! The mind's own state into rows: each change replaces the row that stood for the same thing.

use super::{
    database::Remembered,
    error::{Doing, StoreError},
    forgetting, held, history, kept, mind, names, relations,
    rows::{append, number},
    shadow, uses,
};
use crate::domain::{Change, Device, OpinionView, SignalValue, signal::Heard};
use rusqlite::{Connection, params};

/// Writes the changes in their order.
pub(super) fn write(conn: &Connection, changes: &[Change], remembered: &mut Remembered, json: &mut Vec<u8>) -> Result<(), StoreError> {
    for change in changes {
        match change {
            Change::Entity { view, state, senses } => {
                entity(conn, view, state, senses.as_deref(), json)?;
                history::note(conn, view)?;
            }
            Change::Emotion { at, view, state } => {
                conn.prepare_cached(
                    "INSERT INTO soul_emotions (slot, at, view, state) VALUES (1, ?1, ?2, ?3)
                     ON CONFLICT (slot) DO UPDATE SET at = excluded.at, view = excluded.view, state = excluded.state",
                )
                .and_then(|mut s| s.execute(params![at.micros(), view.to_string(), state]))
                .doing("write the emotions")?;
            }
            Change::Consciousness { at, view } => {
                conn.prepare_cached(
                    "INSERT INTO consciousness_state (slot, at, view) VALUES (1, ?1, ?2)
                     ON CONFLICT (slot) DO UPDATE SET at = excluded.at, view = excluded.view",
                )
                .and_then(|mut s| s.execute(params![at.micros(), view.to_string()]))
                .doing("write the state of consciousness")?;
            }
            Change::Device(device) => registered(conn, device, json)?,
            Change::DeviceRemoved(id) => {
                conn.prepare_cached("DELETE FROM devices WHERE id = ?1")
                    .and_then(|mut s| s.execute([id.as_str()]))
                    .doing("remove a device")?;
            }
            Change::Signal { name, heard } => signal(conn, name, *heard)?,
            Change::Audit(event) => remembered.chain.append(conn, event)?,
            Change::EntityGone(id) => {
                for sql in ["DELETE FROM soul_entities WHERE entity = ?1", "DELETE FROM soul_history WHERE entity = ?1"] {
                    conn.prepare_cached(sql).and_then(|mut s| s.execute([id.as_str()])).doing("let an entity go")?;
                }
            }
            Change::Departed { id, state: Some(state) } => {
                conn.prepare_cached(
                    "INSERT INTO soul_departed (id, state) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET state = excluded.state",
                )
                .and_then(|mut s| s.execute(params![id, state]))
                .doing("keep what stood against one who left")?;
            }
            Change::Departed { id, state: None } => {
                conn.prepare_cached("DELETE FROM soul_departed WHERE id = ?1")
                    .and_then(|mut s| s.execute([id]))
                    .doing("drop what stood against one who left")?;
            }
            Change::Forget(forgetting) => forgetting::forget(conn, remembered, forgetting)?,
            Change::Related { relation, denied } => relations::write(conn, relation, *denied)?,
            Change::Unrelated { from, kind, to } => relations::delete(conn, from, *kind, to)?,
            Change::State { device, state } => {
                conn.prepare_cached(
                    "INSERT INTO device_states (device, state) VALUES (?1, ?2) ON CONFLICT (device) DO UPDATE SET state = excluded.state",
                )
                .and_then(|mut s| s.execute(params![device.as_str(), state]))
                .doing("write a device's state")?;
            }
            Change::Names { entity, names } => names::write(conn, entity, names, json)?,
            Change::Held(kept) => held::hold(conn, kept)?,
            Change::Settled(settled) => held::settle(conn, settled)?,
            Change::Pinned { records, pinned } => kept::pin(conn, records, *pinned)?,
            Change::LetGo(records) => kept::let_go(conn, records)?,
            Change::Recalled(records) => uses::recalled(conn, records)?,
            Change::Disagreed(one) => shadow::disagreed(conn, one, json)?,
            Change::Shadow(tally) => shadow::tally(conn, tally, json)?,
            Change::Metric { at, metric, value, detail } => mind::metric(conn, *at, metric, *value, detail)?,
            Change::Identity { at, view, state } => mind::identity(conn, *at, view, state)?,
            Change::Mission { id, at, view, state } => mind::mission(conn, id, *at, view, state)?,
        }
    }
    Ok(())
}

fn entity(conn: &Connection, view: &OpinionView, state: &[u8], senses: Option<&[u8]>, json: &mut Vec<u8>) -> Result<(), StoreError> {
    json.clear();
    append(json, &view.reasons, "an opinion's reasons")?;
    let reasons = json.len();
    append(json, &view.detail, "an opinion's detail")?;
    let text = std::str::from_utf8(json).unwrap_or_default();
    let (reasons, detail) = text.split_at_checked(reasons).unwrap_or_default();
    conn.prepare_cached(
        "INSERT INTO soul_entities (entity, standing, belief, disbelief, uncertainty, base_rate, expectation, lower_bound, reasons,
             events, last_seen, state, detail, senses)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (entity) DO UPDATE SET standing = excluded.standing, belief = excluded.belief, disbelief = excluded.disbelief,
             uncertainty = excluded.uncertainty, base_rate = excluded.base_rate, expectation = excluded.expectation,
             lower_bound = excluded.lower_bound, reasons = excluded.reasons, events = excluded.events,
             last_seen = excluded.last_seen, state = excluded.state, detail = excluded.detail,
             senses = COALESCE(excluded.senses, senses)",
    )
    .and_then(|mut s| {
        s.execute(params![
            view.entity.as_str(),
            view.standing.as_str(),
            number(view.belief),
            number(view.disbelief),
            number(view.uncertainty),
            number(view.base_rate),
            view.expectation.get(),
            view.lower_bound.get(),
            reasons,
            i64::try_from(view.events).unwrap_or(i64::MAX),
            view.last_seen.micros(),
            state,
            detail,
            senses,
        ])
    })
    .map(|_| ())
    .doing("write an opinion")
}

fn registered(conn: &Connection, device: &Device, json: &mut Vec<u8>) -> Result<(), StoreError> {
    json.clear();
    append(json, device, "a device")?;
    conn.prepare_cached(
        "INSERT INTO devices (id, class, risk, name, area, device) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET class = excluded.class, risk = excluded.risk, name = excluded.name, area = excluded.area,
             device = excluded.device",
    )
    .and_then(|mut s| {
        s.execute(params![
            device.id.as_str(),
            device.class.as_str(),
            device.risk.get(),
            device.name,
            device.area,
            std::str::from_utf8(json).unwrap_or_default(),
        ])
    })
    .map(|_| ())
    .doing("write a device")
}

fn signal(conn: &Connection, name: &str, heard: Heard) -> Result<(), StoreError> {
    let (kind, value) = match heard.value {
        SignalValue::Bool(value) => ("bool", f64::from(u8::from(value))),
        SignalValue::Number(value) => ("number", number(value)),
    };
    conn.prepare_cached(
        "INSERT INTO signals (name, type, value, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET type = excluded.type, value = excluded.value, at = excluded.at",
    )
    .and_then(|mut s| s.execute(params![name, kind, value, heard.at.micros()]))
    .map(|_| ())
    .doing("write a signal")
}
