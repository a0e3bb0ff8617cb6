//! What the engine says only to the log: which subscriber was too slow, and what it lost. It is counted here and kept out of the log, which
//! would get a line for each lost message. Nothing else is listened to.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Mutex, PoisonError},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter},
    layer::Context,
    registry::LookupSpan,
};

/// Named one by one between two looks; the rest is one.
const NAMED: usize = 64;
const THE_REST: &str = "others";

static LOST: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// What each subscriber lost since the last time this was asked.
#[must_use]
pub fn lost() -> BTreeMap<String, u64> {
    std::mem::take(&mut LOST.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether this may tell of a loss: mqtt5 0.49 says it at these places, `tests/limits.rs` holds them.
#[must_use]
pub fn tells(metadata: &Metadata<'_>) -> bool {
    let has = |name| metadata.fields().field(name).is_some();
    let alone = metadata.fields().len() == 2 && has("client_id") && has("message");
    match metadata.target() {
        // A full queue drops its oldest.
        "mqtt5::broker::storage::client_queue" => *metadata.level() == Level::WARN && has("client_id") && has("dropped"),
        // At QoS 0 a full lane drops what comes, and what is retained.
        "mqtt5::broker::router" => *metadata.level() == Level::TRACE && alone,
        "mqtt5::broker::client_handler::subscribe" => *metadata.level() == Level::DEBUG && alone,
        _ => false,
    }
}

/// Listens beside the log.
pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>() -> impl Layer<S> {
    let tells: fn(&Metadata<'_>) -> bool = tells;
    Overheard.with_filter(FilterFn::new(tells).with_max_level_hint(LevelFilter::TRACE))
}

struct Overheard;

impl<S: Subscriber> Layer<S> for Overheard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut loss = Loss::default();
        event.record(&mut loss);
        if let (Some(client), count @ 1..) = (loss.client, loss.dropped + u64::from(loss.of_one)) {
            note(&mut LOST.lock().unwrap_or_else(PoisonError::into_inner), client, count);
        }
    }
}

fn note(lost: &mut BTreeMap<String, u64>, client: String, count: u64) {
    let name = if lost.len() < NAMED || lost.contains_key(&client) { client } else { THE_REST.to_owned() };
    *lost.entry(name).or_default() += count;
}

#[derive(Default)]
struct Loss {
    client: Option<String>,
    dropped: u64,
    /// Said of one message.
    of_one: bool,
}

impl Visit for Loss {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "dropped" {
            self.dropped = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "client_id" {
            self.client = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "client_id" => self.client = Some(format!("{value:?}")),
            "message" => self.of_one = format!("{value:?}").ends_with("lane full"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_so_many_names_the_rest_is_one() {
        let mut lost = BTreeMap::new();
        for client in 0..NAMED + 10 {
            note(&mut lost, format!("c{client}"), 2);
        }
        note(&mut lost, "c0".into(), 1);
        assert_eq!((lost.len(), lost[THE_REST], lost["c0"]), (NAMED + 1, 20, 3));
    }
}
