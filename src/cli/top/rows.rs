//! The lists: whose rows they are, in which columns, and in what order.

use super::{
    doc::Doc,
    model::Model,
    part::{Opened, Part, Tab},
    told,
};
use serde_json::Value;

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Strong,
    Good,
    Warning,
    Bad,
    Faint,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String, Tone),
    /// Belief and disbelief; the rest is uncertainty.
    Opinion(f64, f64),
    /// A share in [0, 1].
    Share(f64),
}

/// How wide a column is.
#[derive(Debug, Clone, Copy)]
pub enum Width {
    Cells(u16),
    /// So many parts of what is left.
    Parts(u16),
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub title: &'static str,
    pub width: Width,
    /// It is shown where the screen is so wide.
    pub from: u16,
}

#[derive(Debug, Clone)]
pub struct Row {
    /// What stays the same of it when it is told again.
    pub key: String,
    pub cells: Vec<Cell>,
    pub opens: Option<Opened>,
    pub document: Value,
}

impl Row {
    /// Whether one of its words has this, which is in lower case.
    pub fn has(&self, wanted: &str) -> bool {
        let has = |cell: &Cell| matches!(cell, Cell::Text(text, _) if text.to_lowercase().contains(wanted));
        wanted.is_empty() || self.cells.iter().any(has)
    }
}

const fn column(title: &'static str, width: Width, from: u16) -> Column {
    Column { title, width, from }
}

const VERDICTS: &[Column] = &[
    column("at", Width::Cells(8), 40),
    column("said", Width::Cells(7), 0),
    column("who → what", Width::Parts(4), 0),
    column("score", Width::Cells(5), 60),
    column("why", Width::Parts(5), 50),
];
const ENTITIES: &[Column] = &[
    column("entity", Width::Parts(5), 0),
    column("trust", Width::Cells(5), 0),
    column("opinion", Width::Cells(12), 50),
    column("liveness", Width::Cells(9), 40),
    column("heard", Width::Cells(8), 60),
    column("standing", Width::Cells(8), 100),
    column("why", Width::Parts(6), 70),
];
const CLIENTS: &[Column] = &[
    column("client", Width::Parts(4), 0),
    column("a second", Width::Cells(8), 0),
    column("share", Width::Cells(12), 70),
    column("messages", Width::Cells(9), 50),
    column("hears", Width::Cells(5), 90),
    column("user", Width::Parts(2), 60),
    column("MQTT", Width::Cells(5), 110),
    column("here for", Width::Cells(8), 100),
    column("from", Width::Parts(3), 75),
];

/// A tab's columns. None: it is no list.
pub const fn columns(tab: Tab) -> Option<&'static [Column]> {
    match tab {
        Tab::Verdicts => Some(VERDICTS),
        Tab::Entities => Some(ENTITIES),
        Tab::Clients => Some(CLIENTS),
        Tab::Mind | Tab::Mission | Tab::Snapshots | Tab::Alerts => None,
    }
}

/// A tab's rows, in order. None: it is no list.
pub fn of(tab: Tab, model: &Model) -> Option<Vec<Row>> {
    match tab {
        Tab::Verdicts => Some(model.house().verdicts().map(|verdict| self::verdict(verdict, model)).collect()),
        Tab::Entities => Some(entities(model)),
        Tab::Clients => Some(clients(model)),
        Tab::Mind | Tab::Mission | Tab::Snapshots | Tab::Alerts => None,
    }
}

fn plain(text: impl Into<String>) -> Cell {
    Cell::Text(text.into(), Tone::Plain)
}

fn faint(text: impl Into<String>) -> Cell {
    Cell::Text(text.into(), Tone::Faint)
}

fn verdict(verdict: Doc<'_>, model: &Model) -> Row {
    let (said, tone) = told::decision(verdict);
    let percept = verdict.at("percept").text();
    let asked = told::asked(verdict);
    let (reason, request) = (told::why(verdict), verdict.at("request"));
    let went_on = verdict.at("forwarded").is() && said != told::ALLOWED;
    let reason = if went_on { format!("(went on) {reason}") } else { reason };
    let at = verdict.at("at").time().map_or_else(String::new, |at| told::clock(at, model.now, &model.zone));
    Row {
        key: format!("{percept} {asked} {} {}", request.at("endpoint").text(), request.at("value").text()),
        cells: vec![faint(at), Cell::Text(said.to_owned(), tone), plain(asked), plain(told::signed(verdict.at("score"))), plain(reason)],
        opens: Some(Opened::Verdict(percept)),
        document: verdict.value().clone(),
    }
}

/// Who is trusted least stands first: they are whom to look at.
fn entities(model: &Model) -> Vec<Row> {
    let mut all: Vec<Doc<'_>> = model.house().part(Part::Entities).at("data").list().collect();
    all.sort_by(|x, y| least(*x).total_cmp(&least(*y)));
    all.into_iter().map(|entity| self::entity(entity, model)).collect()
}

fn least(entity: Doc<'_>) -> f64 {
    entity.at("lower_bound").number().unwrap_or(0.0)
}

fn entity(entity: Doc<'_>, model: &Model) -> Row {
    let (id, name) = (entity.at("entity").text(), entity.at("name").text());
    let called = if name.is_empty() || name == id { id.clone() } else { format!("{id} ({name})") };
    let part = |key: &str| entity.at(key).number().unwrap_or(0.0);
    let alive = entity.at("liveness").text();
    let tone = told::liveness(&alive);
    Row {
        cells: vec![
            plain(called),
            plain(told::share(entity.at("lower_bound"))),
            Cell::Opinion(part("belief"), part("disbelief")),
            Cell::Text(alive, tone),
            plain(told::ago(entity.at("last_seen"), model.now)),
            plain(entity.at("standing").text()),
            plain(entity.at("reason").text()),
        ],
        opens: Some(Opened::Entity(id.clone())),
        key: id,
        document: entity.value().clone(),
    }
}

/// The chattiest first.
fn clients(model: &Model) -> Vec<Row> {
    let house = model.house();
    let mut all: Vec<(f64, Doc<'_>)> = house.part(Part::Clients).at("data").list().map(|one| (house.pace(one), one)).collect();
    let count = |client: &Doc<'_>| client.at("messages").count().unwrap_or(0);
    all.sort_by(|(x, one), (y, other)| y.total_cmp(x).then_with(|| count(other).cmp(&count(one))));
    let sum: f64 = all.iter().map(|(pace, _)| pace).sum();
    all.into_iter().map(|(pace, one)| client(one, pace, pace / sum.max(f64::MIN_POSITIVE), model)).collect()
}

fn client(client: Doc<'_>, pace: f64, share: f64, model: &Model) -> Row {
    let id = client.at("client_id").text();
    let (user, entity) = (client.at("user").text(), client.at("entity").text());
    let text = |key: &str| client.at(key).text();
    Row {
        cells: vec![
            plain(id.clone()),
            plain(told::rate(pace)),
            Cell::Share(share),
            plain(text("messages")),
            plain(text("subscriptions")),
            if user.is_empty() { faint(entity) } else { plain(user) },
            plain(text("protocol")),
            plain(told::ago(client.at("since"), model.now)),
            plain(format!("{} at {}", text("address"), text("listener"))),
        ],
        key: id,
        opens: None,
        document: Value::Null,
    }
}
