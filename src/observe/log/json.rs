//! One JSON object a line: `time`, `level`, `target`, `message`, and whatever else was said, by its name.

use serde_json::{Map, Value};
use std::fmt::{self, Write as _};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        let mut said = Said(Map::new());
        event.record(&mut said);
        let mut line = Map::new();
        line.insert("time".to_owned(), time.into());
        line.insert("level".to_owned(), metadata.level().to_string().to_lowercase().into());
        line.insert("target".to_owned(), metadata.target().into());
        let spans: Vec<Value> =
            context.event_scope().into_iter().flat_map(|scope| scope.from_root()).map(|span| span.name().into()).collect();
        if !spans.is_empty() {
            line.insert("spans".to_owned(), spans.into());
        }
        // What every line has is not written over.
        for (name, value) in said.0 {
            let name = if line.contains_key(&name) { format!("{name}_") } else { name };
            line.insert(name, value);
        }
        writeln!(writer, "{}", plain(&Value::Object(line).to_string()))
    }
}

/// Also what JSON may hold as it is and a terminal acts on: all but the names of a line's parts is in strings, where it may be written as a number.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if super::fields::moves(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

struct Said(Map<String, Value>);

impl Said {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        // What every line has already.
        if !field.name().starts_with("log.") {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::log::fields::tests::Page;

    #[test]
    fn no_name_begins_another_line_or_moves_a_cursor_and_programs_read_it_as_it_was() {
        let page = Page::default();
        let written = page.clone();
        let subscriber = tracing_subscriber::fmt().event_format(Json).with_writer(move || page.clone());
        let id = "lamp\n{\"level\":\"error\"}\r\u{1b}[2J\u{9b}1A\u{7f}\u{2028}\tgrün ☃ \\ \"";
        tracing::subscriber::with_default(
            subscriber.finish(),
            || tracing::warn!(client_id = %id, count = 3, level = "mine", "`{id}` is gone"),
        );
        let said = written.text();
        let line = said.strip_suffix('\n').unwrap();
        assert!(!line.contains(super::super::fields::moves), "{said}");
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!((read["client_id"].as_str(), read["count"].as_i64()), (Some(id), Some(3)));
        assert_eq!(
            (read["message"].as_str(), &read["level"], &read["level_"]),
            (Some(&*format!("`{id}` is gone")), &"warn".into(), &"mine".into())
        );
    }
}
