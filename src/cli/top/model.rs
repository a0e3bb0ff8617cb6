//! What is on the screen, and what becomes of it by news and keys. Pure: nothing here knows a network or a terminal.

mod keys;

use super::{
    doc::Doc,
    house::House,
    part::{Opened, Part, Tab, Wants},
    rows::{self, Row},
};
use crate::{cli::paint::plain, domain::Timestamp};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::collections::BTreeMap;

/// Something that comes from the house.
#[derive(Debug, Clone)]
pub enum News {
    Told {
        of: Part,
        document: Value,
        at: Timestamp,
    },
    /// One verdict, as it fell.
    Verdict(Value),
    /// What is looked at whole; None: the house has it no more.
    Opened(Opened, Option<Value>),
    /// It does not answer; it is asked again.
    Away(String),
    /// It does not want to answer: to ask again would be to guess.
    Refused(String),
}

/// How much fits on the screen, as it was drawn last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Rows of a list that are seen.
    pub rows: usize,
    /// How far a page can be scrolled.
    pub scroll: usize,
}

/// A row that was chosen: it stays so when others come before it.
#[derive(Debug, Clone, Default)]
struct Chosen {
    key: String,
    at: usize,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub address: String,
    pub zone: TimeZone,
    pub now: Timestamp,
    pub tab: Tab,
    pub filter: String,
    /// Keys go into the filter.
    pub types: bool,
    pub helps: bool,
    /// The last come first.
    pub turned: bool,
    pub scroll: usize,
    pub bounds: Bounds,
    /// Why it does not answer.
    pub away: Option<String>,
    /// When it answered last.
    pub answered: Option<Timestamp>,
    pub quits: bool,
    live: House,
    /// The house as it was when the pause began.
    frozen: Option<Box<House>>,
    chosen: BTreeMap<Tab, Chosen>,
    opened: Option<Opened>,
    /// The row that it was opened from: what is known of it at once.
    opened_row: Value,
    document: Option<Value>,
    /// The house has not got what is opened.
    is_missing: bool,
}

impl Model {
    pub fn new(address: String, zone: TimeZone, now: Timestamp) -> Self {
        Self {
            address,
            zone,
            now,
            tab: Tab::default(),
            filter: String::new(),
            types: false,
            helps: false,
            turned: false,
            scroll: 0,
            bounds: Bounds::default(),
            away: None,
            answered: None,
            quits: false,
            live: House::default(),
            frozen: None,
            chosen: BTreeMap::new(),
            opened: None,
            opened_row: Value::Null,
            document: None,
            is_missing: false,
        }
    }

    /// The house that is shown.
    pub fn house(&self) -> &House {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    pub const fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    pub fn wants(&self) -> Wants {
        Wants { tab: self.tab, opened: self.opened.clone() }
    }

    pub fn hear(&mut self, news: News) {
        match news {
            News::Told { of, document, at } => {
                self.live.tell(of, document, at);
                (self.away, self.answered) = (None, Some(at));
            }
            News::Verdict(verdict) => self.live.verdict(verdict),
            News::Opened(what, document) => {
                if self.opened.as_ref() == Some(&what) && (!self.is_paused() || self.document.is_none()) {
                    self.is_missing = document.is_none();
                    self.document = document.or(self.document.take());
                }
            }
            News::Away(why) | News::Refused(why) => self.away = Some(plain(&why)),
        }
    }

    /// The rows of the list, filtered and in order. None: the tab has none.
    pub fn rows(&self) -> Option<Vec<Row>> {
        let mut rows = rows::of(self.tab, self)?;
        let wanted = self.filter.to_lowercase();
        rows.retain(|row| row.has(&wanted));
        if self.turned {
            rows.reverse();
        }
        Some(rows)
    }

    /// Which of the rows is chosen.
    pub fn chosen(&self, rows: &[Row]) -> usize {
        let Some(chosen) = self.chosen.get(&self.tab) else { return 0 };
        if rows.get(chosen.at).is_some_and(|row| row.key == chosen.key) {
            return chosen.at;
        }
        let found = rows.iter().position(|row| row.key == chosen.key);
        found.unwrap_or_else(|| chosen.at.min(rows.len().saturating_sub(1)))
    }

    /// What is looked at whole: what it is, the row that it was opened from, and what the house tells of it.
    pub fn opened(&self) -> Option<(&Opened, Doc<'_>, Doc<'_>)> {
        let document = self.document.as_ref().map_or(Doc::of(&Value::Null), Doc::of);
        self.opened.as_ref().map(|opened| (opened, Doc::of(&self.opened_row), document))
    }

    /// The house keeps nothing of what is opened.
    pub const fn is_missing(&self) -> bool {
        self.is_missing
    }

    fn choose(&mut self, at: usize, rows: &[Row]) {
        match rows.get(at) {
            // Who is at the top stays there whatever comes.
            Some(row) if at > 0 => self.chosen.insert(self.tab, Chosen { key: row.key.clone(), at }),
            _ => self.chosen.remove(&self.tab),
        };
    }

    fn open(&mut self, row: &Row) {
        let Some(opened) = row.opens.clone() else { return };
        (self.opened, self.opened_row, self.document) = (Some(opened), row.document.clone(), None);
        (self.is_missing, self.scroll) = (false, 0);
    }

    fn close(&mut self) {
        (self.opened, self.opened_row, self.document) = (None, Value::Null, None);
        (self.is_missing, self.scroll) = (false, 0);
    }
}
