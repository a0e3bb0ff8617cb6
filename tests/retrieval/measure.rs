//! Questions with judgements, and how well each way of ranking answers them.

use jamey::{
    domain::Timestamp,
    memory::{
        index::{Index, time_of},
        recall::{self, Query, rank},
    },
    store::Reader,
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of so many records the right ones should be some.
pub const AT: usize = 10;
/// As many as recall ranks.
const CANDIDATES: usize = 200;

/// A question, its kind, and what answers it: each part once, by any of its records.
pub struct Asked {
    pub kind: String,
    pub text: String,
    pub answers: Vec<Vec<String>>,
}

/// Lines of kind, question and judgement: parts between spaces, records of a part between `|`.
pub fn read(text: &str) -> Vec<Asked> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let asked = lines.map(|line| {
        let parts: Vec<&str> = line.split('\t').collect();
        let [kind, text, answers] = parts[..] else { panic!("three columns: {line}") };
        let answers = answers.split(' ').map(|part| part.split('|').map(str::to_owned).collect()).collect();
        Asked { kind: kind.into(), text: text.into(), answers }
    });
    asked.collect()
}

/// What is taken into account, one thing more each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Every word of the question, as it stands.
    Words,
    /// The question as it is read: times, fields, and the words that remain.
    Read,
    BaseLevel,
    Importance,
    /// As the product answers.
    Shipped,
}

pub const WAYS: [(Way, &str); 5] = [
    (Way::Words, "BM25 over every word"),
    (Way::Read, "BM25, question read"),
    (Way::BaseLevel, "… and base level"),
    (Way::Importance, "… and importance"),
    (Way::Shipped, "as shipped"),
];

pub struct Library {
    pub index: Index,
    pub store: Reader,
    pub labels: BTreeMap<String, Uuid>,
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl Library {
    /// The best records for a question.
    pub fn answer(&self, way: Way, text: &str) -> Vec<Uuid> {
        let read = Query::parse(text, self.now, &self.zone);
        let every = || Query { words: text.split_whitespace().map(str::to_lowercase).collect(), ..Query::default() };
        if way == Way::Shipped {
            let page = recall::find(&self.index, &self.store, &read, self.now, AT, None).unwrap();
            return page.records.iter().map(|one| one.record.id).collect();
        }
        let query = if way == Way::Words { every() } else { read };
        let hits = self.index.search(&query, CANDIDATES).unwrap();
        let mut relevance: Vec<f64> = hits.iter().map(|hit| hit.relevance).collect();
        rank::min_max(&mut relevance);
        let mut ranked: Vec<(f64, Uuid)> = hits
            .iter()
            .zip(relevance)
            .map(|(hit, relevance)| {
                // The least that there is of what is not looked at: the same for all.
                let base = if way >= Way::BaseLevel { rank::Uses::new(time_of(hit.id)).base_level(self.now) } else { f64::NEG_INFINITY };
                let importance = if way >= Way::Importance { hit.importance } else { 0.0 };
                let score = if query.has_words() { rank::score(relevance, base, importance) } else { 0.0 };
                (score, hit.id)
            })
            .collect();
        ranked.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| y.1.cmp(&x.1)));
        ranked.into_iter().take(AT).map(|(_, id)| id).collect()
    }

    /// Recall@10 and reciprocal rank of one question, both in [0, 1].
    pub fn judge(&self, way: Way, asked: &Asked) -> (f64, f64) {
        let found = self.answer(way, &asked.text);
        let place = |label: &String| {
            let id = self.labels.get(label).unwrap_or_else(|| panic!("nothing is called {label}: {}", asked.text));
            found.iter().position(|one| one == id)
        };
        let places: Vec<usize> = asked.answers.iter().filter_map(|part| part.iter().filter_map(place).min()).collect();
        let wanted = asked.answers.len().min(AT);
        (count(places.len()) / count(wanted), places.iter().min().map_or(0.0, |place| 1.0 / count(place + 1)))
    }
}

pub fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// Means by kind and over all questions.
#[derive(Default, Clone, Copy)]
pub struct Mean {
    recall: f64,
    reciprocal: f64,
    of: usize,
}

impl Mean {
    pub fn add(&mut self, (recall, reciprocal): (f64, f64)) {
        self.recall += recall;
        self.reciprocal += reciprocal;
        self.of += 1;
    }

    pub fn of(&self) -> usize {
        self.of
    }

    pub fn recall(&self) -> f64 {
        self.recall / count(self.of.max(1))
    }

    pub fn reciprocal(&self) -> f64 {
        self.reciprocal / count(self.of.max(1))
    }
}
