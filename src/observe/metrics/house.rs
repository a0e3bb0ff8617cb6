//! The process, its host, and what passes the broker.

use super::{
    figures::{House, Traffic},
    sheet::{BYTES, Family, SECONDS, Sheet, family},
};
use std::fmt;

pub fn house(of: &House, sheet: &mut Sheet<'_>) -> fmt::Result {
    let labels = vec![("version", of.version.to_owned()), ("node", of.node.clone())];
    sheet.info(family("jamey_build", "Which Jamey this is"), labels)?;
    sheet.gauge(family("jamey_uptime", "Since Jamey was started").of(SECONDS), Some(of.uptime_seconds))?;
    // These names are everybody's: dashboards for any process know them.
    sheet.gauge(family("process_start_time", "When the process was started, since 1970").of(SECONDS), Some(of.started_seconds))?;
    sheet.counter(family("process_cpu", "Time that cores spent on the process, for it and for the kernel").of(SECONDS), of.cpu_seconds)?;
    sheet.gauge(family("process_resident_memory", "Memory of the process that is in RAM").of(BYTES), of.resident_bytes)?;
    sheet.gauge(family("process_open_fds", "Files and sockets that are open"), of.open_files)?;
    sheet.gauge(family("process_max_fds", "Files and sockets that may be open"), of.most_files)?;
    sheet.counter(family("jamey_disk_written", "What the process wrote to disk: an SD card wears by it").of(BYTES), of.written_bytes)?;
    sheet.gauge(family("jamey_host_memory", "Memory of the host").of(BYTES), of.host_memory_bytes)?;
    sheet.gauge(family("jamey_host_memory_available", "Memory of the host that is to be had").of(BYTES), of.host_available_bytes)?;
    sheet.gauge(family("jamey_host_cores", "Cores of the host"), of.host_cores)?;
    sheet.gauge(family("jamey_host_load1", "Tasks of the host that want a core, over a minute"), of.host_load)?;
    sheet.gauge(family("jamey_disk", "The disk that the data folder is on").of(BYTES), of.disk_bytes)?;
    sheet.gauge(family("jamey_disk_free", "What of it is to be had").of(BYTES), of.disk_free_bytes)?;
    let back = family("jamey_clock_set_back", "How far the host's clock is behind what Jamey has seen already").of(SECONDS);
    sheet.gauge(back, Some(of.clock_back_seconds))?;
    let restarts = family("jamey_part_restarts", "How often a part of Jamey panicked or hung and was started again");
    sheet.counters(restarts, of.restarts.iter().map(|(part, n)| (vec![("part", part.clone())], *n)))
}

pub fn traffic(of: &Traffic, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauge(family("jamey_connections", "MQTT clients that are connected"), Some(of.connections))?;
    sheet.counter(family("jamey_connections_accepted", "MQTT clients that were let in"), Some(of.connects))?;
    sheet.counter(
        family("jamey_messages_received", "Messages from clients and other brokers, refused ones among them"),
        Some(of.received),
    )?;
    sheet.counter(family("jamey_messages_sent", "Messages sent to clients, one for each subscriber"), Some(of.sent))?;
    sheet.counter(family("jamey_messages_sent_payload", "What they carried").of(BYTES), Some(of.sent_bytes))?;
    let refused: Family = family("jamey_refusals", "What was refused, and what went wrong, by kind (docs/metrics.md names them)");
    sheet.counters(refused, of.refused.iter().map(|(kind, n)| (vec![("kind", (*kind).to_owned())], *n)))?;
    sheet.gauge(family("jamey_inbox_messages", "Messages that wait for the mind"), Some(of.inbox))?;
    sheet.gauge(family("jamey_retained_messages", "Retained messages that are kept"), of.retained)?;
    sheet.gauge(family("jamey_retained", "What they carry").of(BYTES), of.retained_bytes)?;
    let verdicts = family("jamey_verdicts", "Requests that were judged, by decision; what waited for a person is counted as escalate");
    sheet.counters(verdicts, of.verdicts.iter().map(|(decision, n)| (vec![("decision", (*decision).to_owned())], *n)))?;
    let judged = family("jamey_request_latency", "From a request until its verdict is on disk and it goes on or not");
    sheet.times(judged, [(Vec::new(), &of.judged)])?;
    let told = family("jamey_input_latency", "From something told until it is on disk and acknowledged");
    sheet.times(told, [(Vec::new(), &of.told)])?;
    sheet.gauge(family("jamey_approvals_waiting", "Requests that wait for a person's word"), Some(of.approvals_waiting))?;
    sheet.gauge(
        family("jamey_guard_enforcing", "Whether what the conscience refuses is held (1), or only reported (0)"),
        Some(of.enforces),
    )?;
    sheet.gauge(family("jamey_guard_off", "Whether the guard was taken off for a time (break-glass)"), Some(of.guard_off))?;
    sheet.gauge(family("jamey_devices", "Actuators that the guard knows"), Some(of.devices))
}
