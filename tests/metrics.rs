//! Promise: what `/metrics` tells is what happened, each figure with its help and kind, and no sensor can make it endless (docs/metrics.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::collections::BTreeSet;
use support::{
    scrape::{Scrape, scrape},
    web::get,
    *,
};

const LOCK: &str =
    "[[guard]]\ntopic = \"locks/+/set\"\ndevice = \"front\"\nclass = \"lock\"\npayloads = { UNLOCK = \"unlock\", LOCK = \"lock\" }\n";

fn number(n: i64) -> f64 {
    i32::try_from(n).unwrap().into()
}

/// Waits until memory's figures were told: each ten seconds. What is few is not in the index yet, which spares the disk.
fn counted(house: &House) -> Scrape {
    let mut last = Scrape::default();
    wait_until("memory was counted", PATIENCE * 2, || {
        last = scrape(house.http(), &[]);
        last.sum("jamey_memory_index_lag_transactions") + last.sum("jamey_memory_index_records") > 0.0
    });
    last
}

#[test]
fn the_figures_are_what_happened() {
    let house = Plan::default().enforce().config(LOCK).start();
    let mut sensor = house.client("kitchen");
    (0..7).for_each(|n| sensor.tell("jamey/in/kitchen/temperature", format!("2{n}")));
    let mut lamp = house.dial("lamp").v5().open();
    (0..5).for_each(|_| assert!(lamp.publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken()));
    // A retained command is denied, whoever asks.
    assert!(lamp.publish(Message::new("locks/front/set", "UNLOCK").qos(1).retained()).taken());
    assert!(lamp.publish(Message::new("jamey/status", "online").qos(1)).refused(), "that is Jamey's own");
    let told = scrape(house.http(), &[]);
    for decision in ["allow", "deny", "escalate"] {
        let rows = number(house.count("SELECT count(*) FROM verdicts WHERE decision = ?1", [decision]));
        assert_eq!(told.value(&format!("jamey_verdicts_total{{decision=\"{decision}\"}}")), rows, "{decision}");
    }
    assert_eq!(told.sum("jamey_verdicts_total"), 6.0);
    assert!(told.value("jamey_verdicts_total{decision=\"deny\"}") >= 1.0);
    assert_eq!(told.value("jamey_request_latency_seconds_count"), 6.0);
    assert_eq!(told.value("jamey_input_latency_seconds_count"), 7.0);
    assert!(told.value("jamey_request_latency_seconds_sum") > 0.0);
    assert_eq!(told.value("jamey_connections"), 2.0);
    assert_eq!(told.value("jamey_connections_accepted_total"), 2.0);
    assert_eq!(told.value("jamey_messages_received_total"), 13.0, "what may not be published at all is a refusal, and no message");
    assert_eq!(told.value("jamey_refusals_total{kind=\"access\"}"), 1.0);
    assert_eq!(told.value("jamey_guard_enforcing"), 1.0);
    assert!(told.value("jamey_devices") >= 1.0, "the lock, and the gateways of families");
    assert_eq!(told.value("jamey_store_entries_total"), 13.0);
    assert_eq!(told.value("jamey_store_batches_total"), told.value("jamey_store_write_seconds_count"));
    assert_eq!(told.value("jamey_store_failing"), 0.0);
    assert_eq!(told.value("jamey_approvals_waiting"), number(house.count("SELECT count(*) FROM held", [])));
    assert_eq!(told.value(&format!("jamey_build_info{{version=\"{}\",node=\"jamey\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
    for (key, least) in [
        ("process_resident_memory_bytes", 1e6),
        ("jamey_host_memory_bytes", 1e8),
        ("jamey_disk_free_bytes", 1e6),
        ("process_open_fds", 8.0),
    ] {
        assert!(told.value(key) > least, "{key}");
    }
    assert!(told.value("process_cpu_seconds_total") > 0.0 && told.value("jamey_uptime_seconds") > 0.0);

    // It is a client like others that hears of it.
    wait_until("the entities are seen", PATIENCE, || scrape(house.http(), &[]).value("jamey_entities") >= 2.0);
    let told = scrape(house.http(), &[]);
    let bound = told.value("jamey_entity_trust_lower_bound{entity=\"kitchen\"}");
    assert!((0.0..=1.0).contains(&bound) && told.value("jamey_entity_trust_expectation{entity=\"kitchen\"}") >= bound);
    for axis in ["pleasure", "arousal", "dominance"] {
        assert!(told.value(&format!("jamey_mood{{axis=\"{axis}\"}}")).abs() <= 1.0);
    }
    assert!((0.0..=1.0).contains(&told.value("jamey_emotional_stability")));
    assert_eq!(told.sum("jamey_consciousness_state"), 1.0, "it is in one state");
    let requests = told.value("jamey_http_requests_total{route=\"/metrics\",status=\"200\"}");
    assert!(requests >= 2.0 && told.value("jamey_http_request_duration_seconds_count{route=\"/metrics\"}") == requests);
    let told = counted(&house);
    assert!(told.value("jamey_memory_database_bytes") > told.value("jamey_memory_database_free_bytes"));
    assert_eq!(
        (told.all("jamey_memory_records").len(), told.all("jamey_memory_summaries").len()),
        (2, 3),
        "none of a kind is a number too"
    );
}

#[test]
fn questions_to_memory_are_timed() {
    let house = house();
    let mut asker = house.dial("asker").v5().open().listen("jamey/memory/recall/reply", 1);
    asker.tell("jamey/in/asker/note", "\"the door is green\"");
    for _ in 0..3 {
        asker.publish(Message::new("jamey/memory/recall", "{\"query\": \"green door\"}").qos(1));
        assert_eq!(asker.message().json()["status"], "ok");
    }
    let told = scrape(house.http(), &[]);
    assert_eq!(told.value("jamey_recall_latency_seconds_count"), 3.0);
    assert_eq!(told.value("jamey_recall_failures_total"), 0.0);
    assert!(told.value("jamey_memory_cache_room_bytes") >= told.value("jamey_memory_cache_bytes"));
}

#[test]
fn entities_with_figures_of_their_own_are_so_many_and_the_rest_is_counted() {
    let house = Plan::default().config("[http]\nmetrics_entities = 3\n").start();
    let mut bridge = house.client("bridge");
    (0..9).for_each(|n| bridge.tell(&format!("jamey/in/sensor_{n}/temperature"), "21"));
    wait_until("all are known", PATIENCE, || scrape(house.http(), &[]).value("jamey_entities") >= 9.0);
    let told = scrape(house.http(), &[]);
    for name in ["jamey_entity_trust_lower_bound", "jamey_entity_trust_expectation"] {
        assert_eq!(told.all(name).len(), 3, "{name}");
    }
    assert_eq!(told.value("jamey_entities_unlisted"), told.value("jamey_entities") - 3.0);
}

#[test]
fn both_formats_tell_the_same_families() {
    let house = house();
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21");
    // Memory's figures come when it was first looked at.
    wait_until("memory has figures", PATIENCE, || scrape(house.http(), &[]).text.contains("# TYPE jamey_memory_"));
    let open = get(house.http(), "/metrics", &[("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")]);
    assert_eq!(open.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(open.body.ends_with("# EOF\n"));
    let plain = get(house.http(), "/metrics", &[("Accept", "text/html,*/*;q=0.8")]);
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let names = |text: &str| -> BTreeSet<String> {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types.map(|rest| rest.split(' ').next().unwrap().trim_end_matches("_total").trim_end_matches("_info").to_owned()).collect()
    };
    let (open, plain) = (names(&open.body), names(&plain.body));
    assert!(open.len() > 50 && open.is_subset(&plain), "{:?}", open.difference(&plain).collect::<Vec<_>>());
}

#[test]
fn the_system_topic_tells_of_verdicts() {
    let house = house();
    let mut asker = house.client("lamp");
    (0..4).for_each(|_| assert!(asker.publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken()));
    let mut ear = house.client("ear").listen("jamey/system", 0);
    let mut system = ear.message_on("jamey/system").json();
    while system["verdicts"]["a_minute"] != 4 {
        system = ear.message_within(PATIENCE).expect("it is told each ten seconds").json();
    }
    let count = |decision: &str| system["verdicts"][decision].as_u64().unwrap();
    assert_eq!(count("allow") + count("deny") + count("escalate"), 4);
    let (p50, p99) = (system["judged_p50_micros"].as_u64().unwrap(), system["judged_p99_micros"].as_u64().unwrap());
    assert!(0 < p50 && p50 <= p99, "{system}");
}
