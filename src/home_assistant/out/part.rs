//! One component of a document: an entity of Home Assistant's, with its key, its platform and what the platform's schema has.

use serde_json::{Map, Value, json};

/// A component in the making.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The same in each run: Home Assistant knows it by this.
    pub key: String,
    platform: &'static str,
    fields: Map<String, Value>,
}

/// What a part goes without when its document is too long.
const ATTRIBUTES: [&str; 2] = ["json_attributes_topic", "json_attributes_template"];

impl Part {
    pub fn new(platform: &'static str, key: &str, name: &str, icon: &str) -> Self {
        let fields = [("name".to_owned(), json!(name)), ("icon".to_owned(), json!(icon))];
        Self { key: key.to_owned(), platform, fields: fields.into_iter().collect() }
    }

    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Its state: a topic below the root, and how it is read there.
    pub fn state(self, below: &str, template: &str) -> Self {
        self.with("state_topic", format!("~/{below}")).with("value_template", template)
    }

    /// What stands behind its state: a template that gives a JSON object.
    pub fn attributes(self, below: &str, template: &str) -> Self {
        self.with("json_attributes_topic", format!("~/{below}")).with("json_attributes_template", template)
    }

    /// Its command: a topic below the root, and what is sent there.
    pub fn command(self, below: &str) -> Self {
        self.with("command_topic", format!("~/{below}")).with("qos", 1)
    }

    /// For those who want to know more: below the others on the device's page.
    pub fn diagnostic(self) -> Self {
        self.with("entity_category", "diagnostic")
    }

    /// It changes Jamey.
    pub fn config(self) -> Self {
        self.with("entity_category", "config")
    }

    /// `stem` begins its entity id, `id` its unique one. `object_id` is for cores before 2025.10, which do not know `default_entity_id`;
    /// later ones say nothing of it where both are there, and from 2026.4 on leave it out.
    pub fn component(&self, root: &str, stem: &str, id: &str, attributes: bool) -> Value {
        let Self { key, platform, fields } = self;
        let mut component: Map<String, Value> = fields
            .iter()
            .filter(|(key, _)| attributes || !ATTRIBUTES.contains(&key.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        component.insert("~".into(), json!(root));
        component.insert("platform".into(), json!(platform));
        component.insert("unique_id".into(), json!(format!("{id}_{key}")));
        component.insert("default_entity_id".into(), json!(format!("{platform}.{stem}_{key}")));
        component.insert("object_id".into(), json!(format!("{stem}_{key}")));
        Value::Object(component)
    }
}
