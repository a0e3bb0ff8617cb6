//! One whom Jamey knows, as a device of its own behind Jamey: how far it is trusted, and whether it is there.

use super::{Gone, Part, Shape};
use crate::domain::{EntityId, documents};
use serde_json::json;

/// Whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub id: EntityId,
    pub name: Option<String>,
    pub area: Option<String>,
}

/// The longest name and area.
const NAME_CHARS: usize = 64;

/// Its document; None: it would be over `limits::DOCUMENT_BYTES`.
#[must_use]
pub fn entity(shape: &Shape, who: &Described) -> Option<Vec<u8>> {
    let id = format!("{}_{}", shape.device(), documents::level(&who.id));
    let cut = |text: &str| text.chars().take(NAME_CHARS).collect::<String>();
    let name = who.name.as_deref().unwrap_or(who.id.as_str());
    let mut device = json!({
        "identifiers": [id],
        "name": format!("{} (Jamey)", cut(name)),
        "manufacturer": "Jamey",
        "model": "one whom Jamey knows",
        "via_device": shape.device(),
    });
    if let (Some(area), Some(device)) = (&who.area, device.as_object_mut()) {
        device.insert("suggested_area".into(), json!(cut(area)));
    }
    let stem = format!("{}_{}", shape.stem(), documents::level(&who.id).replace('-', "_"));
    let parts = parts(&format!("soul/entity/{}", who.id));
    shape.document(&device, &stem, &id, parts, &Gone::new())
}

fn parts(topic: &str) -> Vec<Part> {
    // The topic is emptied when it is forgotten.
    let told = |then: &str, or: &str| format!("{{% if value_json is defined %}}{then}{{% else %}}{or}{{% endif %}}");
    let trust = told("{{ ((value_json.lower_bound | default(0)) * 100) | round(1) }}", "None");
    let behind = told(
        "{% set n = namespace(f={}) %}{% for k, v in (value_json.facets | default({}, true)).items() %}\
         {% set n.f = dict(n.f, **{k: v.lower_bound | default(none)}) %}{% endfor %}\
         {{ {'expectation': value_json.expectation | default(none), 'standing': value_json.standing | default(none), 'facets': n.f, \
         'reasons': value_json.reasons | default([]), 'would_change_it': value_json.would_change_it | default([])} | to_json }}",
        "{}",
    );
    let word = told("{{ (value_json.liveness | default({}, true)).state | default(none) }}", "None");
    let there =
        told("{{ 'OFF' if (value_json.liveness | default({}, true)).state | default('') in ('silent', 'offline') else 'ON' }}", "None");
    let since = told(
        "{% set l = value_json.liveness | default({}, true) %}{{ {'since': l.since | default(none), 'heard': l.heard | default(none), \
         'because_of': l.because_of | default(none), 'battery_percent': l.battery_percent | default(none)} | to_json }}",
        "{}",
    );
    vec![
        Part::new("sensor", "trust", "Trust", "mdi:shield-account")
            .state(topic, &trust)
            .with("unit_of_measurement", "%")
            .with("state_class", "measurement")
            .with("suggested_display_precision", 0)
            .attributes(topic, &behind),
        Part::new("binary_sensor", "there", "There", "mdi:lan-connect").state(topic, &there).with("device_class", "connectivity"),
        Part::new("sensor", "liveness", "Liveness", "mdi:heart-pulse")
            .state(topic, &word)
            .with("device_class", "enum")
            .with("options", json!(["learning", "fresh", "unchanged", "replayed", "silent", "offline"]))
            .attributes(topic, &since)
            .diagnostic(),
    ]
}
