//! What descriptions say of what an entity tells, in words: for people who read and search. Never authority. Pure.

use super::limits;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An entity's name and place, and what its values are called.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Names {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// By the path of a field (`contact`, `ENERGY.Power`), or by the kind where the whole body is the value; at most `limits::NAMED_VALUES`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueName>,
}

/// What one value is called, and what is sent for its yes and its no.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ValueName {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Home Assistant's device class: `door`, `motion`, `temperature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<Value>,
}

impl Names {
    /// Takes what a later description says; what it does not say stays. True when that changed anything.
    pub fn learn(&mut self, told: Self) -> bool {
        let mut changed = false;
        for (own, new) in [(&mut self.name, told.name), (&mut self.area, told.area)] {
            if new.is_some() && *own != new {
                *own = new;
                changed = true;
            }
        }
        for (field, value) in told.values {
            let is_known = self.values.contains_key(&field);
            if self.values.get(&field) != Some(&value) && (is_known || self.values.len() < limits::NAMED_VALUES) {
                self.values.insert(field, value);
                changed = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_descriptions_add_and_one_value_past_the_limit_is_left_out() {
        let mut names = Names::default();
        let one = |n: usize| Names { values: [(format!("f{n:03}"), ValueName::default())].into(), ..Names::default() };
        assert!(names.learn(Names { name: Some("Hall".into()), ..Names::default() }));
        assert!(!names.learn(Names::default()));
        for n in 0..limits::NAMED_VALUES {
            assert!(names.learn(one(n)));
        }
        assert!(!names.learn(one(limits::NAMED_VALUES)));
        assert_eq!((names.values.len(), names.name.as_deref()), (limits::NAMED_VALUES, Some("Hall")));
        let again =
            Names { values: [("f000".into(), ValueName { unit: Some("W".into()), ..ValueName::default() })].into(), ..Names::default() };
        assert!(names.learn(again), "what is known may change");
    }
}
