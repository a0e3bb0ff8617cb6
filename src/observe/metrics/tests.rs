//! What every scrape keeps to, whatever the numbers are.

use super::{super::Asked, *};
use crate::domain::{Times, WAITS_MICROS};
use std::{collections::BTreeMap, time::Duration};

/// Something of everything.
fn figures() -> Figures {
    let times = Times::new(&WAITS_MICROS);
    times.took(Duration::from_millis(3));
    times.took(Duration::from_secs(60));
    let took = times.now();
    Figures {
        house: House {
            version: "1.2.3",
            node: "a \"b\"\n\\".into(),
            cpu_seconds: Some(1.5),
            most_files: Some(9),
            restarts: [("index".into(), 1)].into(),
            ..House::default()
        },
        traffic: Traffic {
            verdicts: vec![("allow", 3), ("deny", 1)],
            refused: [("login", 2)].into(),
            judged: took.clone(),
            told: took.clone(),
            ..Traffic::default()
        },
        memory: Memory {
            records: vec![("short_term".into(), 7)],
            recall: Recall { took: took.clone(), ..Recall::default() },
            ..Memory::default()
        },
        mind: Mind { mood: vec![("pleasure", -0.25)], stability: Some(0.5), ..Mind::default() },
        phi: Phi { flow: Some(0.125), powered: Some(true), ..Phi::default() },
        missions: vec![Mission { id: "safety".into(), burn: vec![("1h".into(), 0.5)], budget_left: Some(-1.0), met: Some(false) }],
        entities: Entities {
            all: 3,
            listed: vec![Trust { entity: "lamp".into(), lower_bound: 0.5, expectation: 0.75 }],
            ..Entities::default()
        },
        more_alerts: 3,
        certificates: vec![Expiry { listener: "garden".into(), file: "garden.pem".into(), ends_in_seconds: -5.0 }],
        alerts: vec![AlertNow { code: "store".into(), critical: true, acknowledged: false }],
        repositories: vec![Repository { name: "nas".into(), last_age_seconds: Some(60.0), ..Repository::default() }],
        courier: Some(Courier { receivers: vec![Receiver { name: "attic".into(), ..Receiver::default() }], ..Courier::default() }),
        bridges: vec![Bridge { name: "cloud".into(), up: true, sent: 4, ..Bridge::default() }],
        requests: vec![Asked { route: "/metrics".into(), by_status: [(200, 2)].into(), took }],
        store: Store::default(),
    }
}

/// The families of a text: name, kind, and how many samples follow.
fn families(text: &str) -> BTreeMap<String, (String, usize)> {
    let (mut all, mut now): (BTreeMap<String, (String, usize)>, String) = (BTreeMap::new(), String::new());
    let mut helped = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.len() > 8, "{line}");
            helped = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, helped, "each has its help");
            now = name.to_owned();
            assert!(all.insert(now.clone(), (kind.to_owned(), 0)).is_none(), "{name} stands twice");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(now.as_str()), "{line} is of {now}");
            all.get_mut(&now).unwrap().1 += 1;
        }
    }
    all
}

#[test]
fn each_family_has_help_and_kind_and_names_as_prometheus_has_them() {
    let text = encode(figures(), Format::Plain).unwrap();
    let all = families(&text);
    assert!(all.len() > 60, "{}", all.len());
    for (name, (kind, samples)) in &all {
        assert!(name.starts_with("jamey_") || name.starts_with("process_"), "{name}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert!(*samples > 0, "{name} is empty");
        for unit in ["_millis", "_micros", "_ms", "_percent", "_kib", "_hours", "_days"] {
            assert!(!name.contains(unit), "{name}: base units only");
        }
    }
}

#[test]
fn the_numbers_are_those_that_were_given() {
    let text = encode(figures(), Format::Plain).unwrap();
    for line in [
        "jamey_build_info{version=\"1.2.3\",node=\"a \\\"b\\\"\\n\\\\\"} 1",
        "process_cpu_seconds_total 1.5",
        "process_max_fds 9",
        "jamey_verdicts_total{decision=\"deny\"} 1",
        "jamey_refusals_total{kind=\"login\"} 2",
        "jamey_request_latency_seconds_bucket{le=\"0.0025\"} 0",
        "jamey_request_latency_seconds_bucket{le=\"0.004\"} 1",
        "jamey_request_latency_seconds_bucket{le=\"+Inf\"} 2",
        "jamey_request_latency_seconds_count 2",
        "jamey_mood{axis=\"pleasure\"} -0.25",
        "jamey_phi_flow_powered 1",
        "jamey_mission_burn_rate{mission=\"safety\",window=\"1h\"} 0.5",
        "jamey_entities_unlisted 2",
        "jamey_entity_trust_lower_bound{entity=\"lamp\"} 0.5",
        "jamey_alerts{severity=\"critical\",acknowledged=\"false\"} 1",
        "jamey_alert{code=\"store\",severity=\"critical\",acknowledged=\"false\"} 1",
        "jamey_phoenix_last_snapshot_age_seconds{repository=\"nas\"} 60",
        "jamey_certificate_expires_seconds{listener=\"garden\",file=\"garden.pem\"} -5",
        "jamey_alerts_unlisted 3",
        "jamey_bridge_sent_total{bridge=\"cloud\"} 4",
        "jamey_http_requests_total{route=\"/metrics\",status=\"200\"} 2",
    ] {
        assert!(text.lines().any(|l| l == line || l.strip_suffix(".0") == Some(line)), "{line} is not in\n{text}");
    }
    for unknown in ["jamey_phi_exact", "jamey_host_memory_bytes", "jamey_phoenix_drill_passed"] {
        assert!(!text.contains(unknown), "{unknown} is not known, and so not there");
    }
}

#[test]
fn open_metrics_ends_as_it_must_and_names_units() {
    let text = encode(figures(), Format::Open).unwrap();
    assert!(text.ends_with("# EOF\n"));
    assert!(text.contains("# TYPE jamey_verdicts counter\n") && text.contains("jamey_verdicts_total{decision=\"allow\"} 3\n"));
    assert!(text.contains("# UNIT jamey_uptime_seconds seconds\n"));
    assert!(text.contains("# TYPE jamey_build info\n"));
}

#[test]
fn alerts_are_named_up_to_a_limit_and_all_are_counted() {
    let alert = |n| AlertNow { code: format!("silent-{n}"), critical: false, acknowledged: true };
    let all = Figures { alerts: (0..=crate::domain::limits::METRICS_ALERTS).map(alert).collect(), ..figures() };
    let text = encode(all, Format::Plain).unwrap();
    assert_eq!(text.matches("jamey_alert{").count(), crate::domain::limits::METRICS_ALERTS);
    assert!(text.contains("jamey_alerts{severity=\"warning\",acknowledged=\"true\"} 65\n"));
}

#[test]
fn what_accept_asks_for_is_given() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    assert_eq!(Format::asked(prometheus), Format::Open);
    assert_eq!(Format::asked("application/openmetrics-text; version=1.0.0, text/plain"), Format::Open);
    for plain in [
        "",
        "*/*",
        "text/plain",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.2,text/plain;q=0.9",
        "application/openmetrics-text;q=x",
        ";;,=,",
    ] {
        assert_eq!(Format::asked(plain), Format::Plain, "{plain}");
    }
}
