//! `jamey recall`: what the house remembers, asked in words; whether Jamey runs or not. It only reads: what is looked at here is not counted
//! as used, so that who may read the data folder need not be able to write it.

use super::{
    Common,
    paint::{Screen, plain},
};
use crate::{
    app,
    config::Config,
    domain::{Question, Timestamp, limits, question},
    memory::{
        index::Index,
        recall::{self, Page, Query, Recalled, told},
    },
    runtime::Clock,
    store::Reader,
};
use anyhow::{Context, anyhow};
use clap::Args;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Look for what was remembered, as in `jamey recall "front door last night"`.
///
/// Words raise a record that holds them; "phrases" must stand as they are; -word must not. entity:X, kind:X, verdict:denied and
/// importance:0.5 narrow it, and so do times: yesterday evening, last 3 hours, since monday, 2026-11-01..2026-11-05.
#[derive(Debug, Args)]
pub struct Asked {
    /// The words; none: what was last.
    query: Vec<String>,
    /// Only of this entity; more than once: of one of these. So for the next two.
    #[arg(long, value_name = "ENTITY")]
    entity: Vec<String>,
    /// Only of this kind.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only what was decided so: allowed, denied or held.
    #[arg(long, value_name = "VERDICT", value_parser = question::verdict)]
    verdict: Vec<crate::domain::Decision>,
    /// Only what matters so much, from 0 to 1.
    #[arg(long, value_name = "LEAST", value_parser = importance)]
    importance: Option<f64>,
    /// Only from this time on: yesterday, 2026-11-24, 2026-11-24T18:00.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only up to this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Go on where a page ended: its `next`.
    #[arg(long)]
    cursor: Option<String>,
    /// Show the id of each, as `jamey memory` takes it.
    #[arg(long)]
    ids: bool,
}

fn importance(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|x| (0.0..=1.0).contains(x)).ok_or_else(|| "write a number from 0 to 1".to_owned())
}

impl Asked {
    fn question(&self) -> Question {
        Question {
            query: self.query.join(" "),
            limit: usize::from(self.limit).min(limits::RECALLED),
            cursor: self.cursor.clone(),
            entities: self.entity.clone(),
            kinds: self.kind.clone(),
            verdicts: self.verdict.clone(),
            importance: self.importance,
            from: self.since.clone(),
            to: self.until.clone(),
            within: (None, None),
            transaction: None,
        }
    }
}

/// # Errors
/// When there is no store or index yet, or they cannot be read.
pub fn recall(common: &Common, asked: &Asked) -> anyhow::Result<()> {
    let config = common.load()?;
    let (store, index) = open(&config)?;
    let (zone, now, question) = (config.zone(), Clock::new(Timestamp::default()).now(), asked.question());
    let query = Query::asked(&question, now, &zone)
        .map_err(|why| anyhow!("{}", why.replacen("`from`", "--since", 1).replacen("`to`", "--until", 1)))?;
    let page = recall::find(&index, &store, &query, now, question.limit, question.cursor.as_deref())?;
    if common.json {
        let mut told = told(&query, &page);
        if let Some(told) = told.as_object_mut() {
            told.insert("v".into(), 1.into());
        }
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    for note in &query.notes {
        eprintln!("{note}");
    }
    let is_empty = || store.records(1, None).is_ok_and(|records| records.is_empty());
    crate::cli::put(&shown(&page, &query, Screen::here(), &zone, asked.ids, is_empty));
    Ok(())
}

/// Store and index of the house.
///
/// # Errors
/// When there is one of them not yet: what to do.
pub(super) fn open(config: &Config) -> anyhow::Result<(Reader, Index)> {
    let data = &config.store.data;
    let store =
        Reader::open(data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    let index = Index::open(&data.join(app::INDEX)).context("start `jamey run` once, or run `jamey memory rebuild`: it makes the index")?;
    Ok((store, index))
}

/// The page as a person reads it. Writing into a text cannot fail.
fn shown(page: &Page, query: &Query, screen: Screen, zone: &TimeZone, ids: bool, is_empty: impl FnOnce() -> bool) -> String {
    let mut out = String::new();
    if page.records.is_empty() {
        let narrowed = !query.entities.is_empty() || !query.kinds.is_empty() || !query.verdicts.is_empty() || query.importance.is_some();
        let advice = match () {
            () if is_empty() => "nothing is remembered yet: what is said on `jamey/in/…` and on the topics of [inputs] will be",
            () if query.time.is_some() => "nothing of the kind is remembered of that time; a longer time or fewer words find more",
            () if narrowed => "nothing of the kind is remembered; `jamey entity list` shows who is known, and fewer words find more",
            () => "nothing of the kind is remembered; fewer or other words find more",
        };
        let _ = writeln!(out, "{advice}");
    }
    for one in &page.records {
        let mark = if one.record.pinned { "* " } else { "" };
        let first = format!("{}  {mark}", when(one.record.at, zone));
        let _ = writeln!(out, "{}", screen.wrapped(&first, &marked(one, query, screen)));
        if ids {
            let _ = writeln!(out, "    {}", one.record.id);
        }
    }
    if let Some(next) = &page.next {
        let _ = writeln!(out, "more: --cursor {next}");
    }
    out
}

/// What it says, with what was asked for in bold.
fn marked(one: &Recalled, query: &Query, screen: Screen) -> String {
    let text = plain(&one.record.record.text);
    let wanted: Vec<&str> = query.words.iter().chain(&query.phrases).flat_map(|w| w.split_whitespace()).collect();
    let words = text.split(' ').map(|word| if is_wanted(word, &wanted) { screen.bold(word) } else { word.to_owned() });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word of a text is one of those asked for, or another form of it: they share all but their ends.
fn is_wanted(word: &str, wanted: &[&str]) -> bool {
    const STEM: usize = 4;
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let alike = |wanted: &str| {
        let shared = word.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
        let longer = word.chars().count().max(wanted.chars().count());
        word == wanted || (shared >= STEM && longer - shared <= 3)
    };
    !word.is_empty() && wanted.iter().any(|w| alike(w.trim_matches(|c: char| !c.is_alphanumeric())))
}

/// On the wall clock of the house.
pub(super) fn when(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_microsecond(at.micros())
        .map_or_else(|_| at.to_string(), |t| t.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{EntityId, Layer, MemoryRecord},
        store::RecordRow,
    };

    fn page(text: &str) -> Page {
        let id = EntityId::new("door").unwrap();
        let record = RecordRow {
            id: uuid::Uuid::from_u128(7),
            at: Timestamp::read("2026-11-24T17:30:05Z").unwrap(),
            entity: id.clone(),
            kind: "state".into(),
            topic: "t".into(),
            body_kind: "text".into(),
            payload: Vec::new(),
            record: MemoryRecord { layer: Layer::ShortTerm, importance: 0.5, text: text.into(), about: None },
            requester: id,
            client_id: "c".into(),
            user: None,
            qos: 1,
            retained: false,
            own_id: None,
            pinned: true,
            superseded_by: None,
        };
        Page { records: vec![Recalled { record, score: 0.5 }], next: Some("a-b-c".into()) }
    }

    const PLAIN: Screen = Screen { width: usize::MAX, bars: false, colour: false };

    #[test]
    fn a_person_reads_when_it_was_on_their_own_clock_and_sees_what_they_asked_for() {
        let query = Query::parse("opened door", Timestamp::default(), &TimeZone::UTC);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let text = page("front door was opening\u{1b}[2J");
        assert_eq!(
            shown(&text, &query, PLAIN, &berlin, true, || false),
            "2026-11-24 18:30:05  * front door was opening\u{fffd}[2J\n    00000000-0000-0000-0000-000000000007\nmore: --cursor a-b-c\n"
        );
        let bold = shown(&page("front door was opening"), &query, Screen { colour: true, ..PLAIN }, &berlin, false, || false);
        assert!(bold.contains("front \u{1b}[1mdoor\u{1b}[0m was \u{1b}[1mopening\u{1b}[0m\n"), "{bold:?}");
        assert!(!is_wanted("doormat", &["door"]) || is_wanted("doors", &["door"]));
    }

    #[test]
    fn where_nothing_is_found_it_is_said_what_would_help() {
        let none = |query: &str, is_empty| {
            let query = Query::parse(query, Timestamp::from_micros(1_795_000_000_000_000), &TimeZone::UTC);
            shown(&Page::default(), &query, PLAIN, &TimeZone::UTC, false, || is_empty)
        };
        assert!(none("door", true).starts_with("nothing is remembered yet"));
        assert!(none("door yesterday", false).contains("a longer time"));
        assert!(none("entity:x", false).contains("jamey entity list"));
        assert!(none("door", false).contains("other words"));
    }
}
