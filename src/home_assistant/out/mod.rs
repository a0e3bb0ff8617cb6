//! How Jamey describes itself to Home Assistant: discovery documents, made of what is given and of nothing else.

mod approvals;
mod entity;
mod house;
mod part;
mod standing;

#[cfg(test)]
mod tests;

pub use approvals::{Pending, approvals};
pub use entity::{Described, entity};
pub use house::house;
pub use standing::{is_described_by, parts_of};

use crate::domain::{documents, limits};
use part::Part;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What every document of one Jamey is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub node: String,
    pub root: String,
    /// As whom Home Assistant speaks.
    pub user: String,
    pub version: String,
    /// Where Jamey's own pages are, if others reach them.
    pub url: Option<String>,
    /// Whether the guard has a switch.
    pub guard_switch: bool,
}

/// Components that are no more, by key, with their platforms: what Home Assistant forgets.
pub type Gone = BTreeMap<String, String>;

impl Shape {
    /// The identifier of Jamey's own device.
    #[must_use]
    pub fn device(&self) -> String {
        documents::device(&self.node)
    }

    /// What the ids of Jamey's own entities begin with: `jamey`, for a node of another name `jamey_{node}`.
    fn stem(&self) -> String {
        if self.node == "jamey" { self.node.clone() } else { format!("jamey_{}", self.node.replace('-', "_")) }
    }

    fn own_device(&self) -> Value {
        let name = if self.node == "jamey" { "Jamey".to_owned() } else { format!("Jamey {}", self.node) };
        let mut device = json!({
            "identifiers": [self.device()],
            "name": name,
            "manufacturer": "Jamey",
            "model": "MQTT broker with a conscience",
            "sw_version": self.version,
        });
        if let (Some(url), Some(device)) = (&self.url, device.as_object_mut()) {
            device.insert("configuration_url".into(), json!(url));
        }
        device
    }

    /// A whole document. Of parts that are no more only the platform is left; one that is over `limits::DOCUMENT_BYTES` goes without
    /// attributes, and there is none where that is too much still.
    fn document(&self, device: &Value, stem: &str, id: &str, parts: Vec<Part>, gone: &Gone) -> Option<Vec<u8>> {
        let whole = |attributes: bool| {
            let mut components: Map<String, Value> =
                gone.iter().map(|(key, platform)| (key.clone(), json!({"platform": platform}))).collect();
            components.extend(parts.iter().map(|part| (part.key.clone(), part.component(&self.root, stem, id, attributes))));
            let document = json!({
                "device": device,
                "origin": {"name": ORIGIN, "sw_version": self.version},
                // Not as a list: Home Assistant may forget to fill in its defaults while it sets up another platform, and lets the entity go.
                "availability_topic": format!("{}/status", self.root),
                "components": components,
            });
            document.to_string().into_bytes()
        };
        [true, false].into_iter().map(whole).find(|document| document.len() <= limits::DOCUMENT_BYTES)
    }
}

/// Who says it.
const ORIGIN: &str = "Jamey";
