//! Jamey's own device: plain words first, what is behind them as attributes or for those who want to know more, and what may be asked of it.

use super::{Gone, Part, Shape};
use serde_json::json;

/// Jamey's document; None: it would be over `limits::DOCUMENT_BYTES`.
#[must_use]
pub fn house(shape: &Shape, gone: &Gone) -> Option<Vec<u8>> {
    let mut parts = plain();
    parts.extend(feelings());
    parts.extend(figures());
    parts.extend(orders(shape));
    shape.document(&shape.own_device(), &shape.stem(), &shape.device(), parts, gone)
}

const GLANCE: &str = "glance";

/// A key of an object in a template, where it may be missing or null: Home Assistant complains of what is undefined.
fn of(object: &str, key: &str) -> String {
    format!("{{{{ (value_json.{object} | default({{}}, true)).{key} | default(none) }}}}")
}

fn key(key: &str) -> String {
    format!("{{{{ value_json.{key} | default(none) }}}}")
}

fn yes(key: &str) -> String {
    format!("{{{{ 'ON' if value_json.{key} | default(false) else 'OFF' }}}}")
}

/// What anyone wants to know.
fn plain() -> Vec<Part> {
    let count = |id: &str, of: &str, name: &str, icon: &str| {
        Part::new("sensor", id, name, icon).state(GLANCE, &key(of)).with("state_class", "measurement")
    };
    let alerts = "{% set a = value_json.alerts | default({}, true) %}{{ a.critical | default(0) + a.warning | default(0) }}";
    vec![
        count("held", "held", "Held", "mdi:hand-back-right"),
        Part::new("sensor", "denied_today", "Denied today", "mdi:cancel")
            .state(GLANCE, &key("denied_today"))
            .with("state_class", "total_increasing"),
        count("silent", "silent", "Silent", "mdi:volume-off"),
        Part::new("sensor", "last_backup", "Last backup", "mdi:backup-restore")
            .state(GLANCE, &key("last_backup"))
            .with("device_class", "timestamp")
            .attributes(
                GLANCE,
                "{{ {'hours': value_json.last_backup_hours | default(none), 'last_drill': value_json.last_drill | default(none)} | to_json }}",
            ),
        Part::new("sensor", "guard", "Guard", "mdi:shield-home")
            .state(GLANCE, &key("guard"))
            .with("device_class", "enum")
            .with("options", json!(["observe", "enforce", "off"]))
            .attributes(GLANCE, "{{ {'coverage': value_json.coverage | default({})} | to_json }}"),
        Part::new("sensor", "alerts", "Alerts", "mdi:alert")
            .state(GLANCE, alerts)
            .with("state_class", "measurement")
            .attributes(GLANCE, "{{ value_json.alerts | default({}, true) | to_json }}"),
        Part::new("sensor", "mood", "Mood", "mdi:emoticon-outline")
            .state("soul/emotion", &of("mood", "octant"))
            .with("device_class", "enum")
            .with("options", json!(["exuberant", "dependent", "relaxed", "docile", "hostile", "anxious", "disdainful", "bored"]))
            .attributes(
                "soul/emotion",
                "{{ dict(value_json.mood | default({}, true), stirred=(value_json.emotions | default([], true))[:3] | \
                 map(attribute='text') | list) | to_json }}",
            ),
        Part::new("binary_sensor", "problem", "Problem", "mdi:alert-circle").state(GLANCE, &yes("problem")).with("device_class", "problem"),
        Part::new("binary_sensor", "enforcing", "Guard enforcing", "mdi:shield-check")
            .state(GLANCE, "{{ 'ON' if value_json.guard | default('') == 'enforce' else 'OFF' }}"),
        Part::new("binary_sensor", "critical", "Critical state", "mdi:alert-octagon")
            .state(GLANCE, &yes("critical"))
            .with("device_class", "problem"),
        Part::new("event", "verdict", "Verdict", "mdi:gavel")
            .with("state_topic", "~/notice/verdict")
            .with("event_types", json!(["allowed", "denied", "held"])),
        Part::new("event", "approval", "Approval", "mdi:account-question")
            .with("state_topic", "~/notice/approval")
            .with("event_types", json!(["asked", "approved", "refused", "expired", "superseded"])),
    ]
}

/// The models behind the words.
fn feelings() -> Vec<Part> {
    let scale = |id: &str, name: &str, object: &str, key: &str, icon: &str| {
        Part::new("sensor", id, name, icon)
            .state("soul/emotion", &of(object, key))
            .with("state_class", "measurement")
            .with("suggested_display_precision", 2)
            .diagnostic()
    };
    let phi = "{{ {'unit': value_json.unit | default(none), 'method': value_json.method | default(none), \
               'powered': value_json.powered | default(none), 'p': value_json.p | default(none), 'mip': value_json.mip | default(none), \
               'lost': value_json.lost | default(none), 'exact': value_json.exact | default(none)} | to_json }}";
    vec![
        scale("pleasure", "Pleasure", "mood", "pleasure", "mdi:emoticon-happy-outline"),
        scale("arousal", "Arousal", "mood", "arousal", "mdi:pulse"),
        scale("dominance", "Dominance", "mood", "dominance", "mdi:arm-flex-outline"),
        scale("stability", "Stability", "stability", "value", "mdi:scale-balance")
            .attributes("soul/emotion", "{{ value_json.stability | default({}, true) | to_json }}"),
        Part::new("sensor", "state", "State of mind", "mdi:head-cog-outline")
            .state("consciousness/state", &key("state"))
            .with("device_class", "enum")
            .with("options", json!(["waking", "attentive", "idle", "consolidating", "degraded", "stopping"]))
            .attributes(
                "consciousness/state",
                "{{ {'since': value_json.since | default(none), 'reason': value_json.reason | default(none)} | to_json }}",
            )
            .diagnostic(),
        Part::new("sensor", "focus", "Focus", "mdi:target")
            .state("consciousness/state", "{{ (value_json.focus | default({}, true)).entity | default('nothing', true) }}")
            .attributes(
                "consciousness/state",
                "{% set f = value_json.focus | default({}, true) %}{{ {'text': f.text | default(none), 'at': f.at | default(none)} | to_json }}",
            )
            .diagnostic(),
        Part::new("sensor", "phi", "Φ", "mdi:hexagon-multiple-outline")
            .state("consciousness/phi", &key("value"))
            .with("state_class", "measurement")
            .with("suggested_display_precision", 3)
            .attributes("consciousness/phi", phi)
            .diagnostic(),
    ]
}

fn figures() -> Vec<Part> {
    let count = |id: &str, name: &str, icon: &str| {
        Part::new("sensor", id, name, icon).state(GLANCE, &key(id)).with("state_class", "measurement").diagnostic()
    };
    let versions = "{{ {'installed_version': value_json.version | default(''), \
                    'latest_version': value_json.newer | default(value_json.version | default(''), true)} | to_json }}";
    vec![
        count("trusted", "Trusted", "mdi:account-check"),
        count("distrusted", "Distrusted", "mdi:account-alert"),
        count("entities", "Known", "mdi:account-group"),
        count("verdicts_a_minute", "Verdicts a minute", "mdi:gauge"),
        Part::new("sensor", "memory", "Memory", "mdi:database")
            .state("system", &of("memory", "database_bytes"))
            .with("device_class", "data_size")
            .with("unit_of_measurement", "B")
            .with("state_class", "measurement")
            .attributes("system", "{{ {'records': (value_json.memory | default({}, true)).records | default({})} | to_json }}")
            .diagnostic(),
        Part::new("update", "update", "Version", "mdi:package-up").state(GLANCE, versions).with("title", "Jamey").diagnostic(),
    ]
}

/// What may be asked of Jamey, by whoever has the role for it.
fn orders(shape: &Shape) -> Vec<Part> {
    let press = |id: &str, name: &str, icon: &str, verb: &str| {
        Part::new("button", id, name, icon).command(&format!("cmd/{verb}")).with("payload_press", "{}").config()
    };
    let mut orders = vec![
        press("snapshot", "Take a backup", "mdi:content-save", "phoenix-snapshot"),
        press("drill", "Try the backup", "mdi:test-tube", "phoenix-drill"),
        Part::new("select", "profile", "Profile", "mdi:tune")
            .state(GLANCE, &key("profile"))
            .command("cmd/profile")
            .with("command_template", "{{ {'profile': value} | to_json }}")
            .with("options", json!(["home", "workshop", "strict"]))
            .config(),
        Part::new("number", "strictness", "Strictness", "mdi:speedometer")
            .state(GLANCE, &key("strictness"))
            .command("cmd/strictness")
            .with("command_template", "{{ {'strictness': value} | to_json }}")
            .with("min", 0)
            .with("max", 0.3)
            .with("step", 0.01)
            .with("mode", "slider")
            .config(),
        Part::new("notify", "say", "Say", "mdi:message-text").command(&format!("in/{}/say", shape.user)),
    ];
    if shape.guard_switch {
        let turn = |mode: &str| json!({"mode": mode}).to_string();
        orders.push(
            Part::new("switch", "guard_switch", "Guard enforces", "mdi:shield-lock")
                .state(GLANCE, "{{ 'on' if value_json.guard | default('') == 'enforce' else 'off' }}")
                .command("cmd/guard-mode")
                .with("payload_on", turn("enforce"))
                .with("payload_off", turn("observe"))
                .with("state_on", "on")
                .with("state_off", "off")
                .config(),
        );
    }
    orders
}
