//! A percept's body: whatever bytes a device sends become exactly one of seven things. Total: no input fails.

use super::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// What a payload says, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Body {
    Empty,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A JSON object or array.
    Json(Value),
    /// The same, sent as CBOR; what JSON cannot say (bytes, tags, numbers as keys) became text.
    Cbor(Value),
    /// Anything else: kept as bytes in the record, not repeated here. The length in bytes.
    Bytes(usize),
}

impl Body {
    /// Reads a payload. `content_type` is MQTT 5's, where there is one: it decides between CBOR and the rest,
    /// else a first byte of a CBOR map or array (0x80–0xbf, or tag 0xd9) that decodes whole does.
    #[must_use]
    pub fn parse(payload: &[u8], content_type: Option<&str>) -> Self {
        if payload.is_empty() {
            return Self::Empty;
        }
        let first = payload.first().copied().unwrap_or_default();
        let said_cbor = content_type.is_some_and(|t| t.starts_with("application/cbor"));
        if (said_cbor || matches!(first, 0x80..=0xbf | 0xd9))
            && let Some(value) = cbor(payload)
        {
            return Self::Cbor(value);
        }
        let Ok(text) = std::str::from_utf8(payload) else { return Self::Bytes(payload.len()) };
        let trimmed = text.trim();
        match trimmed.as_bytes().first() {
            Some(b'{' | b'[') => match serde_json::from_str::<Value>(trimmed) {
                Ok(value) if depth(&value) <= limits::BODY_DEPTH => return Self::Json(value),
                _ => {}
            },
            Some(b'0'..=b'9' | b'-' | b'+' | b'.') => {
                if let Some(number) = trimmed.parse::<f64>().ok().filter(|n| n.is_finite()) {
                    return Self::Number(number);
                }
            }
            Some(b't') if trimmed == "true" => return Self::Bool(true),
            Some(b'f') if trimmed == "false" => return Self::Bool(false),
            _ => {}
        }
        Self::Text(text.to_owned())
    }

    /// What stands in a JSON value, as if it had been sent alone.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => number.as_f64().map_or(Self::Empty, Self::Number),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => Self::Json(value.clone()),
        }
    }

    /// The name of the variant, as stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Bool(_) => "bool",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Json(_) => "json",
            Self::Cbor(_) => "cbor",
            Self::Bytes(_) => "bytes",
        }
    }

    /// The one number in it: a number, a bool as 0 or 1, or `value` of an object.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Json(v) | Self::Cbor(v) => v.get("value").and_then(|v| v.as_f64().or(v.as_bool().map(|b| f64::from(u8::from(b))))),
            _ => None,
        }
    }

    /// The one truth in it: a bool, the words that devices use for one (`ON`, `off`, `open`, `home` …), 0 or 1, or `value` or `state` of an object.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Number(n) if *n == 0.0 => Some(false),
            Self::Number(n) if *n == 1.0 => Some(true),
            Self::Text(t) => truth_word(t),
            Self::Json(v) | Self::Cbor(v) => {
                let inner = v.get("value").or_else(|| v.get("state"))?;
                inner.as_bool().or_else(|| inner.as_str().and_then(truth_word))
            }
            _ => None,
        }
    }

    /// The object in it, if it is one.
    #[must_use]
    pub fn object(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Json(v) | Self::Cbor(v) => v.as_object(),
            _ => None,
        }
    }
}

fn truth_word(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" | "open" | "home" | "detected" | "wet" | "occupied" | "active" => Some(true),
        "off" | "false" | "no" | "0" | "closed" | "not_home" | "away" | "clear" | "dry" | "inactive" => Some(false),
        _ => None,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

fn cbor(payload: &[u8]) -> Option<Value> {
    let mut rest = payload;
    let value = ciborium::de::from_reader_with_recursion_limit::<ciborium::Value, _>(&mut rest, limits::BODY_DEPTH).ok()?;
    if rest.is_empty() { to_json(value) } else { None }
}

fn to_json(value: ciborium::Value) -> Option<Value> {
    use ciborium::Value as C;
    Some(match value {
        C::Null => Value::Null,
        C::Bool(b) => Value::Bool(b),
        C::Integer(i) => i64::try_from(i)
            .map(Number::from)
            .or_else(|_| u64::try_from(i).map(Number::from))
            .map_or_else(|_| Value::String(i128::from(i).to_string()), Value::Number),
        C::Float(f) => Number::from_f64(f).map_or(Value::Null, Value::Number),
        C::Text(t) => Value::String(t),
        C::Bytes(b) => Value::String(b.iter().map(|byte| format!("{byte:02x}")).collect()),
        C::Array(items) => Value::Array(items.into_iter().map(to_json).collect::<Option<_>>()?),
        C::Map(pairs) => Value::Object(
            pairs
                .into_iter()
                .map(|(k, v)| {
                    let key = match to_json(k)? {
                        Value::String(s) => s,
                        // As text each level would quote the quotes of the level within: 32 levels would be gigabytes.
                        Value::Array(_) | Value::Object(_) => return None,
                        other => other.to_string(),
                    };
                    Some((key, to_json(v)?))
                })
                .collect::<Option<_>>()?,
        ),
        C::Tag(_, inner) => to_json(*inner)?,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_payload_becomes_what_it_is() {
        let p = |b: &[u8]| Body::parse(b, None);
        assert_eq!(p(b""), Body::Empty);
        assert_eq!(p(b"21.5"), Body::Number(21.5));
        assert_eq!(p(b" -3 "), Body::Number(-3.0));
        assert_eq!(p(b"true"), Body::Bool(true));
        assert_eq!(p(b"ON"), Body::Text("ON".into()));
        assert_eq!(p(b"{\"a\":1}"), Body::Json(json!({"a": 1})));
        assert_eq!(p(b"{broken"), Body::Text("{broken".into()));
        assert_eq!(p(&[0xff, 0xfe]), Body::Bytes(2));
        assert_eq!(p(&[0xa1, 0x61, b'a', 0x01]), Body::Cbor(json!({"a": 1})));
        assert_eq!(p(&[0xa1, 0x61, b'a', 0x01, 0x00]), Body::Bytes(5));
        assert_eq!(Body::parse(&[0x01], Some("application/cbor")), Body::Cbor(json!(1)));
        assert_eq!(p(b"inf"), Body::Text("inf".into()));
        assert_eq!(p(b"1e999"), Body::Text("1e999".into()));
    }

    #[test]
    fn a_body_one_level_too_deep_is_text() {
        let deep = |n| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(matches!(Body::parse(deep(limits::BODY_DEPTH).as_bytes(), None), Body::Json(_)));
        assert!(matches!(Body::parse(deep(limits::BODY_DEPTH + 1).as_bytes(), None), Body::Text(_)));
        assert!(matches!(Body::parse(deep(100_000).as_bytes(), None), Body::Text(_)));
        assert!(matches!(Body::parse(&[0x81; 100_000], None), Body::Bytes(_)));
    }

    #[test]
    fn a_map_as_the_key_of_a_map_is_not_read() {
        let as_keys = |levels: usize| [vec![0xa1; levels], vec![0x01; levels + 1]].concat();
        assert_eq!(Body::parse(&as_keys(1), None), Body::Cbor(json!({"1": 1})));
        // Found by fuzzing: this took all memory.
        for levels in [2, limits::BODY_DEPTH - 1] {
            assert_eq!(Body::parse(&as_keys(levels), None), Body::Bytes(2 * levels + 1));
        }
        assert!(matches!(Body::parse(&[0xa1, 0x81, 0x01, 0x01], None), Body::Bytes(4)), "a list as a key");
    }

    #[test]
    fn truth_and_number_are_found() {
        assert_eq!(Body::parse(b"ON", None).truth(), Some(true));
        assert_eq!(Body::parse(b"{\"state\":\"OFF\"}", None).truth(), Some(false));
        assert_eq!(Body::parse(b"{\"value\":3.5}", None).number(), Some(3.5));
        assert_eq!(Body::parse(b"maybe", None).truth(), None);
    }
}
