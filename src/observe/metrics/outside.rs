//! What is wrong, what is saved, who else is spoken with, and who asks by HTTP.

use super::{
    super::Asked,
    figures::{AlertNow, Bridge, Courier, Expiry, Receiver, Repository},
    sheet::{BYTES, Labels, SECONDS, Sheet, Value, family},
};
use crate::domain::limits;
use std::fmt;

pub fn alerts(all: &[AlertNow], more: u64, sheet: &mut Sheet<'_>) -> fmt::Result {
    let severity = |critical: bool| if critical { "critical" } else { "warning" };
    let counts = [true, false].into_iter().flat_map(|critical| {
        [false, true].into_iter().map(move |acknowledged| {
            let count = all.iter().filter(|one| one.critical == critical && one.acknowledged == acknowledged).count();
            let labels = vec![("severity", severity(critical).to_owned()), ("acknowledged", acknowledged.to_string())];
            (labels, u64::try_from(count).unwrap_or(u64::MAX))
        })
    });
    sheet.gauges(family("jamey_alerts", "Alerts that stand, by severity and whether somebody has seen them"), counts)?;
    let unlisted = more.saturating_add(u64::try_from(all.len().saturating_sub(limits::METRICS_ALERTS)).unwrap_or(u64::MAX));
    sheet.gauge(family("jamey_alerts_unlisted", "Alerts that stand and are not named one by one"), Some(unlisted))?;
    let each = all.iter().take(limits::METRICS_ALERTS).map(|one| {
        let labels: Labels = vec![
            ("code", one.code.clone()),
            ("severity", severity(one.critical).to_owned()),
            ("acknowledged", one.acknowledged.to_string()),
        ];
        (labels, 1)
    });
    sheet.gauges(family("jamey_alert", "An alert that stands, by its code"), each)
}

pub fn certificates(all: &[Expiry], sheet: &mut Sheet<'_>) -> fmt::Result {
    let ends = family("jamey_certificate_expires", "Until a listener's certificate ends; below 0 it has ended").of(SECONDS);
    sheet.gauges(ends, all.iter().map(|one| (vec![("listener", one.listener.clone()), ("file", one.file.clone())], one.ends_in_seconds)))
}

pub fn repositories(all: &[Repository], sheet: &mut Sheet<'_>) -> fmt::Result {
    fn each<V: Into<Value>>(all: &[Repository], number: impl Fn(&Repository) -> Option<V>) -> impl Iterator<Item = (Labels, V)> {
        all.iter().filter_map(move |one| Some((vec![("repository", one.name.clone())], number(one)?)))
    }
    sheet.gauges(family("jamey_phoenix_failing", "Whether no snapshot can be taken"), each(all, |one| Some(one.failing)))?;
    sheet.gauges(family("jamey_phoenix_snapshots", "Snapshots in the repository"), each(all, |one| one.snapshots))?;
    sheet.gauges(family("jamey_phoenix_repository", "All of the repository").of(BYTES), each(all, |one| one.bytes))?;
    let age = family("jamey_phoenix_last_snapshot_age", "How old the newest snapshot is").of(SECONDS);
    sheet.gauges(age, each(all, |one| one.last_age_seconds))?;
    let size = family("jamey_phoenix_last_snapshot", "What the newest snapshot holds").of(BYTES);
    sheet.gauges(size, each(all, |one| one.last_bytes))?;
    let written = family("jamey_phoenix_last_snapshot_written", "By how much the repository grew by it").of(BYTES);
    sheet.gauges(written, each(all, |one| one.last_written_bytes))?;
    let took = family("jamey_phoenix_last_snapshot_duration", "How long it took").of(SECONDS);
    sheet.gauges(took, each(all, |one| one.last_took_seconds))?;
    let passed = family("jamey_phoenix_drill_passed", "Whether the snapshot that was restored for trial last was good");
    sheet.gauges(passed, each(all, |one| one.drill_passed))?;
    sheet.gauges(family("jamey_phoenix_drill_age", "How long ago that was").of(SECONDS), each(all, |one| one.drill_age_seconds))?;
    sheet.gauges(family("jamey_phoenix_next_snapshot", "Until the next snapshot is due").of(SECONDS), each(all, |one| one.next_in_seconds))
}

pub fn courier(of: Option<&Courier>, sheet: &mut Sheet<'_>) -> fmt::Result {
    let Some(of) = of else { return Ok(()) };
    let labels = || -> Labels { vec![("repository", of.repository.clone())] };
    let connected = family("jamey_courier_connected", "Whether the broker that snapshots are offered on is reached");
    sheet.gauges(connected, [(labels(), of.connected)])?;
    let offered = family("jamey_courier_offered_sequence", "The number of the newest snapshot that is offered");
    sheet.gauges(offered, of.offered.map(|n| (labels(), n)))?;
    let each = |one: &Receiver| -> Labels { vec![("repository", of.repository.clone()), ("receiver", one.name.clone())] };
    let whole = family("jamey_courier_receiver_whole_sequence", "The number of the newest snapshot that a receiver has whole");
    sheet.gauges(whole, of.receivers.iter().filter_map(|one| Some((each(one), one.whole?))))?;
    let left = family("jamey_courier_receiver_left", "What it lacked of what is offered when it spoke last").of(BYTES);
    sheet.gauges(left, of.receivers.iter().map(|one| (each(one), one.left_bytes)))?;
    let stuck = family("jamey_courier_receiver_stuck", "Whether it says that it cannot go on");
    sheet.gauges(stuck, of.receivers.iter().map(|one| (each(one), one.stuck)))
}

pub fn bridges(all: &[Bridge], sheet: &mut Sheet<'_>) -> fmt::Result {
    fn each<V: Into<Value>>(all: &[Bridge], number: impl Fn(&Bridge) -> V) -> impl Iterator<Item = (Labels, V)> {
        all.iter().map(move |one| (vec![("bridge", one.name.clone())], number(one)))
    }
    sheet.gauges(family("jamey_bridge_up", "Whether the other broker is reached"), each(all, |one| one.up))?;
    sheet.counters(family("jamey_bridge_received", "Messages that came from there"), each(all, |one| one.received))?;
    sheet.counters(family("jamey_bridge_sent", "Messages that it took"), each(all, |one| one.sent))?;
    sheet.counters(family("jamey_bridge_refused", "Messages of there that may not come in"), each(all, |one| one.refused))?;
    sheet.counters(family("jamey_bridge_dropped", "Messages that waited for it and found no room"), each(all, |one| one.dropped))?;
    sheet.gauges(family("jamey_bridge_waiting_messages", "Messages that wait for it"), each(all, |one| one.waiting))
}

pub fn requests(all: &[Asked], sheet: &mut Sheet<'_>) -> fmt::Result {
    let counts = all.iter().flat_map(|one| {
        let labels = |status: u16| vec![("route", one.route.clone()), ("status", status.to_string())];
        one.by_status.iter().map(move |(status, n)| (labels(*status), *n))
    });
    sheet.counters(family("jamey_http_requests", "HTTP requests that were answered, by route and status"), counts)?;
    let took = family("jamey_http_request_duration", "From an HTTP request to its answer, by route");
    sheet.times(took, all.iter().map(|one| (vec![("route", one.route.clone())], &one.took)))
}
