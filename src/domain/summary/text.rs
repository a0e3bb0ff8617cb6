//! A summary in the words that a person would type, as of a single record: who, of how many values, and what they came to.

use super::Summary;
use crate::domain::{
    Names, Number, Words, limits,
    saying::{self, Known, Line},
};

impl Summary {
    /// `Kitchen sensor (kitchen, upstairs) temperature: 31 values, mean 21.4, 19 to 24.1 °C`; one line of at most `limits::EVENT_BYTES`.
    #[must_use]
    pub fn text(&self, names: Option<&Names>) -> String {
        let known = names.map_or_else(Known::default, Known::of);
        let entity = format!("{} {}", self.entity, known.name.unwrap_or_default());
        let mut line = Line::new(limits::EVENT_BYTES);
        line.who(&self.entity, known).word(&self.kind);
        line.mark(":").word(&self.records.to_string()).word(if self.records == 1 { "value" } else { "values" });
        for (path, series) in self.values.paths.iter().filter(|(path, _)| !saying::is_left_out(path)) {
            let (name, unit) = saying::measured(&entity, &self.kind, path, known.values);
            // A body that is a value itself has its name already: the kind.
            let name = if path.is_empty() { "" } else { name.as_str() };
            let mut mark = if path.is_empty() { "," } else { ";" };
            if let Some(number) = &series.number {
                line.mark(mark).word(name).word(&came_to(number)).word(&unit);
                mark = ",";
            }
            if let Some(words) = &series.words {
                let sense = |word: &str| saying::sensed(&entity, &self.kind, path, word, known.values);
                let is_named = words.said.keys().all(|word| sense(word).is_some());
                line.mark(mark).word(if is_named { "" } else { name }).word(&said(words, sense));
            }
        }
        line.end()
    }
}

fn came_to(number: &Number) -> String {
    let (mean, min, max) = (shown(number.mean), shown(number.min), shown(number.max));
    if min == max { mean } else { format!("mean {mean}, {min} to {max}") }
}

/// How often each was said, the most frequent first: `opened 3, closed 2, others 4`.
fn said(words: &Words, sense: impl Fn(&str) -> Option<String>) -> String {
    let mut counted: Vec<(String, u64)> = Vec::new();
    for (word, n) in &words.said {
        let said = sense(word).unwrap_or_else(|| word.clone());
        match counted.iter_mut().find(|(known, _)| *known == said) {
            Some((_, count)) => *count = count.saturating_add(u64::from(*n)),
            None => counted.push((said, u64::from(*n))),
        }
    }
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let others = (words.rest > 0).then(|| ("others".to_owned(), u64::from(words.rest)));
    counted.into_iter().chain(others).map(|(word, n)| format!("{word} {n}")).collect::<Vec<_>>().join(", ")
}

/// As many digits as people say.
fn shown(x: f64) -> String {
    let digits = match x.abs() {
        x if x >= 1_000.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{x:.digits$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, EntityId, Tier, Timestamp, Told, ValueName};
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn summed(entity: &str, kind: &str, bodies: Vec<Body>) -> Summary {
        let at = Timestamp::read("2026-11-18T11:06:40Z").unwrap().first_id().as_u128();
        let entity = EntityId::new(entity).unwrap();
        let one = |(body, n): (Body, u128)| {
            let told = Told { id: Uuid::from_u128(at | n), entity: entity.clone(), kind: kind.into(), requester: entity.clone(), body };
            Summary::of(Tier::Day, &told, &TimeZone::UTC)
        };
        let mut all = bodies.into_iter().zip(1..).map(one);
        let mut first = all.next().unwrap();
        all.for_each(|one| first.merge(&one));
        first
    }

    fn reports(entity: &str, kind: &str, reports: &[Value]) -> Summary {
        summed(entity, kind, reports.iter().cloned().map(Body::Json).collect())
    }

    #[test]
    fn it_says_what_a_person_would_search_for() {
        let numbers = || [19.0, 24.1, 21.1].map(Body::Number).to_vec();
        assert_eq!(summed("kitchen", "temperature", numbers()).text(None), "kitchen temperature: 3 values, mean 21.4, 19 to 24.1");
        let told = [
            json!({"state": "ON", "power": 1, "linkquality": 7}),
            json!({"state": "OFF", "power": 0}),
            json!({"state": "ON", "power": 59}),
        ];
        let text = reports("plug", "state", &told).text(None);
        assert_eq!(text, "plug state: 3 values; power mean 20, 0 to 59 W; turned on 2, turned off 1");
        let text = summed("door", "contact", vec![Body::Bool(true), Body::Bool(false), Body::Text("false".into())]).text(None);
        assert_eq!(text, "door contact: 3 values, opened 2, closed 1");
        assert_eq!(summed("kitchen", "note", vec![Body::Text("a\nb".into())]).text(None), "kitchen note: 1 value, a b 1");
        let modes = ["heat", "heat", "eco"].map(|mode| json!({"system": {"mode": mode}}));
        assert_eq!(reports("radiator", "state", &modes).text(None), "radiator state: 3 values; system mode heat 2, eco 1");
        let long = (0..16).map(|n| (format!("{n}{}", "long".repeat(9)), json!("state".repeat(4)))).collect();
        assert!(reports("x", "state", &[Value::Object(long)]).text(None).len() <= limits::EVENT_BYTES);
    }

    #[test]
    fn names_units_and_senses_are_those_of_the_descriptions() {
        let value = |name: Option<&str>, unit: Option<&str>, class: Option<&str>| ValueName {
            name: name.map(str::to_owned),
            unit: unit.map(str::to_owned),
            class: class.map(str::to_owned),
            ..ValueName::default()
        };
        let names = |values: &[(&str, ValueName)]| Names {
            name: Some("Front door".into()),
            area: Some("Hall".into()),
            values: values.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect(),
        };
        let door = reports("0x01", "state", &[json!({"contact": false, "t": 19.5}), json!({"contact": true, "t": 20.5})]);
        let known = names(&[("contact", value(None, None, Some("door"))), ("t", value(Some("Temperature"), Some("°C"), None))]);
        let text = door.text(Some(&known));
        assert_eq!(text, "Front door (0x01, hall) state: 2 values; opened 1, closed 1; temperature mean 20, 19.5 to 20.5 °C");
        let whole = summed("0x02", "value", vec![Body::Number(4.0)]);
        assert_eq!(whole.text(Some(&names(&[("value", value(None, Some("bar"), None))]))), "Front door (0x02, hall) value: 1 value, 4 bar");
    }
}
