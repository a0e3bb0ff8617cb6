//! The house as far as it was told: its documents, the verdicts as they fell, and how fast each client speaks.

use super::{doc::Doc, part::Part};
use crate::domain::{Timestamp, limits};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

static NOTHING: Value = Value::Null;

#[derive(Debug, Clone, Default)]
pub struct House {
    told: BTreeMap<Part, Value>,
    /// Newest first.
    verdicts: VecDeque<Value>,
    /// Percepts of the page that was read last: what is told of them again is not new.
    paged: BTreeSet<String>,
    pace: BTreeMap<String, Pace>,
}

/// How much a client had said when it was looked at last, and how fast it spoke.
#[derive(Debug, Clone, Copy)]
struct Pace {
    messages: u64,
    at: Timestamp,
    a_second: f64,
}

impl House {
    pub fn part(&self, part: Part) -> Doc<'_> {
        Doc::of(self.told.get(&part).unwrap_or(&NOTHING))
    }

    pub fn verdicts(&self) -> impl Iterator<Item = Doc<'_>> {
        self.verdicts.iter().map(Doc::of)
    }

    /// Messages that a client sends in a second: since it was looked at last, at first since it connected.
    pub fn pace(&self, client: Doc<'_>) -> f64 {
        self.pace.get(&client.at("client_id").text()).map_or(0.0, |pace| pace.a_second)
    }

    pub fn tell(&mut self, part: Part, document: Value, at: Timestamp) {
        match part {
            Part::Verdicts => self.page(&document),
            Part::Clients => self.measure(Doc::of(&document), at),
            _ => {}
        }
        self.told.insert(part, document);
    }

    /// One more verdict, as it fell.
    pub fn verdict(&mut self, verdict: Value) {
        if self.paged.contains(&Doc::of(&verdict).at("percept").text()) {
            return;
        }
        self.verdicts.push_front(verdict);
        self.verdicts.truncate(limits::TOP_VERDICTS);
    }

    fn page(&mut self, page: &Value) {
        let rows = page.get("data").and_then(Value::as_array);
        self.verdicts = rows.into_iter().flatten().take(limits::TOP_VERDICTS).cloned().collect();
        self.paged = self.verdicts.iter().map(|verdict| Doc::of(verdict).at("percept").text()).collect();
    }

    fn measure(&mut self, page: Doc<'_>, at: Timestamp) {
        let before = std::mem::take(&mut self.pace);
        for client in page.at("data").list() {
            let (id, messages) = (client.at("client_id").text(), client.at("messages").count().unwrap_or(0));
            let since = client.at("since").time();
            let last = before.get(&id).filter(|last| last.messages <= messages && since.is_none_or(|since| since <= last.at));
            let (new, seconds) = match last {
                Some(last) => (messages - last.messages, at.seconds_since(last.at)),
                None => (messages, since.map_or(0.0, |since| at.seconds_since(since))),
            };
            // Within a second nothing is measured.
            let a_second = if seconds < 1.0 { last.map_or(0.0, |last| last.a_second) } else { whole(new) / seconds };
            self.pace.insert(id, Pace { messages, at, a_second });
        }
    }
}

fn whole(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
    }

    fn clients(messages: u64, since: i64) -> Value {
        json!({"data": [{"client_id": "lamp", "messages": messages, "since": at(since).to_string()}]})
    }

    #[test]
    fn a_client_is_as_fast_as_since_the_last_look_and_at_first_since_it_came() {
        let mut house = House::default();
        let mut look = |messages, since, seconds| {
            let page = clients(messages, since);
            house.tell(Part::Clients, page.clone(), at(seconds));
            house.pace(Doc::of(&page).at("data").list().next().unwrap())
        };
        assert!((look(100, -10, 0) - 10.0).abs() < 1e-9);
        assert!((look(104, -10, 2) - 2.0).abs() < 1e-9);
        assert!((look(104, -10, 4)).abs() < 1e-9, "it says nothing any more");
        assert!((look(30, 5, 15) - 3.0).abs() < 1e-9, "it came anew, and counts anew");
        assert!((look(900, 16, 20) - 225.0).abs() < 1e-9, "it came anew, and has said more than before");
    }

    #[test]
    fn a_verdict_that_the_page_has_is_not_told_twice_and_only_the_newest_stay() {
        let mut house = House::default();
        house.tell(Part::Verdicts, json!({"data": [{"percept": "b"}, {"percept": "a"}]}), at(0));
        house.verdict(json!({"percept": "b"}));
        house.verdict(json!({"percept": "c", "request": 1}));
        house.verdict(json!({"percept": "c", "request": 2}));
        let told: Vec<String> = house.verdicts().map(|verdict| verdict.at("percept").text()).collect();
        assert_eq!(told, ["c", "c", "b", "a"], "a percept may ask for several things");
        for n in 0..=limits::TOP_VERDICTS {
            house.verdict(json!({"percept": n.to_string()}));
        }
        assert_eq!(house.verdicts().count(), limits::TOP_VERDICTS);
        let last = house.verdicts().last().unwrap().at("percept").text();
        assert_eq!(last, "1", "the oldest went");
    }
}
