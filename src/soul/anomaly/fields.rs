//! The readings in a percept's body: the kind itself, or the fields of a JSON object and of those within it, one level deep.

use super::nature;
use crate::domain::{Body, limits};
use serde_json::{Map, Value};

/// One reading.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Told<'b> {
    Number(f64),
    Word(&'b str),
}

/// Kinds that tell no readings: what people say, what others hold of one, who is there.
const NO_READINGS: [&str; 5] = ["say", "text", "opinion", "availability", "lwt"];

/// Gives each reading with the name of its field (`temperature`, `ENERGY.Power`), in the body's order.
pub fn each(kind: &str, body: &Body, mut take: impl FnMut(&str, Told<'_>)) {
    let mut take = |field: &str, told: Option<Told<'_>>| {
        if let Some(told) = told
            && field.len() <= limits::FIELD_BYTES
            && nature::is_reading(field)
        {
            take(field, told);
        }
    };
    if NO_READINGS.contains(&kind) {
        return;
    }
    match body {
        Body::Bool(truth) => take(kind, Some(of_bool(*truth))),
        Body::Number(number) => take(kind, Some(Told::Number(*number))),
        Body::Text(text) => take(kind, of_text(text)),
        Body::Json(Value::Object(map)) | Body::Cbor(Value::Object(map)) => {
            for (field, value) in map {
                match value {
                    Value::Object(inner) if nature::is_reading(field) || field == "ENERGY" => nested(field, inner, &mut take),
                    _ if field == "value" => take(kind, of(value)),
                    _ => take(field, of(value)),
                }
            }
        }
        _ => {}
    }
}

fn nested(outer: &str, inner: &Map<String, Value>, take: &mut impl FnMut(&str, Option<Told<'_>>)) {
    for (field, value) in inner {
        if let Some(told) = of(value) {
            take(&format!("{outer}.{field}"), Some(told));
        }
    }
}

fn of(value: &Value) -> Option<Told<'_>> {
    match value {
        Value::Bool(truth) => Some(of_bool(*truth)),
        Value::Number(number) => number.as_f64().map(Told::Number),
        Value::String(text) => of_text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn of_bool(truth: bool) -> Told<'static> {
    Told::Word(if truth { "true" } else { "false" })
}

/// A number in quotes is a number; a short word is a state; a sentence is none.
fn of_text(text: &str) -> Option<Told<'_>> {
    let text = text.trim();
    if let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite()) {
        return Some(Told::Number(number));
    }
    let is_word = !text.is_empty() && text.len() <= limits::STATE_BYTES && !text.contains(char::is_whitespace);
    is_word.then_some(Told::Word(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: &str, payload: &str) -> Vec<String> {
        let mut out = Vec::new();
        each(kind, &Body::parse(payload.as_bytes(), None), |field, told| out.push(format!("{field} {told:?}")));
        out
    }

    #[test]
    fn bodies_of_the_families_are_taken_apart() {
        assert_eq!(all("temperature", "21.5"), ["temperature Number(21.5)"]);
        assert_eq!(all("temperature", "{\"value\":21.5,\"unit\":\"C\"}"), ["temperature Number(21.5)"]);
        assert_eq!(
            all(
                "state",
                "{\"temperature\":21.5,\"contact\":true,\"update\":{\"state\":\"idle\"},\"linkquality\":88,\"battery\":97,\"last_seen\":\"2026-11-25T10:00:00Z\"}"
            ),
            ["contact Word(\"true\")", "temperature Number(21.5)"]
        );
        assert_eq!(
            all(
                "sensor",
                "{\"Time\":\"2026-11-25T10:00:00\",\"ENERGY\":{\"Total\":3.2,\"Power\":84,\"TotalStartTime\":\"x\"},\"TempUnit\":\"C\"}"
            ),
            ["ENERGY.Power Number(84.0)"]
        );
        assert_eq!(all("temperature:0", "{\"id\":0,\"tC\":21.1,\"tF\":70}"), ["tC Number(21.1)", "tF Number(70.0)"]);
        assert_eq!(all("say", "please open the door"), [""; 0]);
        assert_eq!(all("mode", "cooling"), ["mode Word(\"cooling\")"]);
    }

    #[test]
    fn one_byte_too_many_is_not_followed() {
        let name = |bytes: usize| "f".repeat(bytes);
        assert_eq!(all(&name(limits::FIELD_BYTES), "1").len(), 1);
        assert_eq!(all(&name(limits::FIELD_BYTES + 1), "1").len(), 0);
        assert_eq!(all("mode", &name(limits::STATE_BYTES)).len(), 1);
        assert_eq!(all("mode", &name(limits::STATE_BYTES + 1)).len(), 0);
    }
}
