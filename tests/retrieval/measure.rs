//! Questions with judgements, and how well each way of ranking answers them.

use jamey::{
    domain::Timestamp,
    memory::{
        index::Index,
        recall::{self, Mindset, Query, rank::Parts},
    },
    store::Reader,
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Of so many records the right ones should be some.
pub const AT: usize = 10;

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
    /// Among equals the newest.
    Newest,
    BaseLevel,
    Importance,
    /// Neighbours in time.
    Spreading,
    /// As the product answers.
    Shipped,
}

pub const WAYS: [(Way, &str); 7] = [
    (Way::Words, "BM25 over every word"),
    (Way::Read, "question read"),
    (Way::Newest, "… newest first"),
    (Way::BaseLevel, "… base level"),
    (Way::Importance, "… importance"),
    (Way::Spreading, "… spreading"),
    (Way::Shipped, "as shipped"),
];

impl Way {
    fn parts(self) -> Parts {
        match self {
            Self::Shipped => Parts::default(),
            _ => Parts {
                newest_first: self >= Self::Newest,
                base_level: self >= Self::BaseLevel,
                importance: self >= Self::Importance,
                spreading: self >= Self::Spreading,
            },
        }
    }
}

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
        let query = match way {
            Way::Words => Query { words: text.split_whitespace().map(str::to_lowercase).collect(), ..Query::default() },
            _ => Query::parse(text, self.now, &self.zone),
        };
        let mind = Mindset { parts: way.parts(), ..Mindset::default() };
        let page = recall::find_in(mind, &self.index, &self.store, &query, self.now, AT, None).unwrap();
        page.records.iter().map(|one| one.record.id).collect()
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
