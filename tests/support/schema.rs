//! Whether an answer is what `/openapi.json` says of it: as much of JSON Schema as that says, and a panic at what it says beyond.

use super::web::{Answer, get};
use serde_json::Value;
use std::net::SocketAddr;

/// The description of a house.
pub struct Described(Value);

impl Described {
    pub fn of(at: SocketAddr) -> Self {
        Self(get(at, "/openapi.json", &[]).json())
    }

    /// Asks, and holds the answer against the description.
    #[track_caller]
    pub fn get(&self, at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = get(at, path, headers);
        self.check(path.split('?').next().unwrap(), &answer);
        answer
    }

    #[track_caller]
    pub fn check(&self, path: &str, answer: &Answer) {
        let described = &self.operation(path)["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{path}: {} is not described: {}", answer.status, answer.body);
        if described["content"].is_null() {
            assert!(answer.body.is_empty(), "{path}: a body that is not described");
            return;
        }
        let schema = &described["content"][answer.header("content-type").unwrap()]["schema"];
        if let Err(wrong) = self.fits(schema, &answer.json(), path) {
            panic!("{wrong}: {}", answer.body);
        }
    }

    /// Where something is read, as it is described: that whose parts are written out before that of which some stand for any.
    #[track_caller]
    fn operation(&self, path: &str) -> &Value {
        let stands_for = |template: &str| {
            let (mut all, mut own) = (template.split('/'), path.split('/'));
            loop {
                match (all.next(), own.next()) {
                    (None, None) => return true,
                    (Some(one), Some(other)) if one == other || one.starts_with('{') => {}
                    _ => return false,
                }
            }
        };
        let paths = self.0["paths"].as_object().unwrap();
        let found = paths.iter().filter(|(template, _)| stands_for(template)).min_by_key(|(template, _)| template.matches('{').count());
        &found.unwrap_or_else(|| panic!("{path} is not described")).1["get"]
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
        let Some(schema) = schema.as_object() else { return Err(format!("{place}: it is not described")) };
        for (keyword, says) in schema {
            let fits = match keyword.as_str() {
                "description" | "title" | "default" | "example" => true,
                "$ref" => {
                    let whole = self.0.pointer(says.as_str().unwrap().trim_start_matches('#')).unwrap();
                    self.fits(whole, value, place)?;
                    true
                }
                "oneOf" => says.as_array().unwrap().iter().filter(|one| self.fits(one, value, place).is_ok()).count() == 1,
                "allOf" => {
                    says.as_array().unwrap().iter().try_for_each(|one| self.fits(one, value, place))?;
                    true
                }
                "type" => match says {
                    Value::Array(any) => any.iter().any(|one| is(value, one.as_str().unwrap())),
                    one => is(value, one.as_str().unwrap()),
                },
                "enum" => says.as_array().unwrap().contains(value),
                "required" => {
                    let missing =
                        says.as_array().unwrap().iter().find(|key| value.is_object() && value.get(key.as_str().unwrap()).is_none());
                    if let Some(missing) = missing {
                        return Err(format!("{place}: {missing} is missing"));
                    }
                    true
                }
                "properties" => {
                    for (key, one) in says.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            self.fits(one, value, &format!("{place}/{key}"))?;
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = schema.get("properties").and_then(Value::as_object);
                    for (key, value) in value.as_object().into_iter().flatten() {
                        if known.is_none_or(|known| !known.contains_key(key)) {
                            self.fits(says, value, &format!("{place}/{key}"))?;
                        }
                    }
                    true
                }
                "propertyNames" => {
                    let mut names = value.as_object().into_iter().flatten().map(|(key, _)| Value::from(key.as_str()));
                    names.try_for_each(|name| self.fits(says, &name, place))?;
                    true
                }
                "items" => {
                    for (n, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.fits(says, value, &format!("{place}/{n}"))?;
                    }
                    true
                }
                "minimum" => value.as_f64().is_none_or(|n| n >= says.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|n| n <= says.as_f64().unwrap()),
                "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= says.as_u64().unwrap()),
                "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= says.as_u64().unwrap()),
                "pattern" => value.as_str().is_none_or(|text| regex::Regex::new(says.as_str().unwrap()).unwrap().is_match(text)),
                "format" => value.as_str().is_none_or(|text| match says.as_str().unwrap() {
                    "date-time" => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
                    "uuid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
                    format => panic!("{place}: what is {format} of a text?"),
                }),
                other => panic!("{place}: what is `{other}`?"),
            };
            if !fits {
                return Err(format!("{place}: {value} is not {keyword} {says}"));
            }
        }
        Ok(())
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("what is a {other}?"),
    }
}
