//! Promise: a sensible person would accept the shipped rules' verdicts. Each situation of `data/household.toml` is lived through the
//! whole mind: the sender earns its name by what it did before, the signals are told, and the request is judged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alive;
use alive::{Alive, Who};
use jamey::domain::{EntityId, Request, Timestamp, Verb};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt::Write};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Household {
    askers: BTreeMap<String, Asker>,
    situation: Vec<Situation>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
struct Asker {
    clean: u32,
    breaches: u32,
    forged: u32,
    since: u32,
    human: bool,
    owner: bool,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    name: String,
    from: String,
    /// Local time, `03:12`.
    at: String,
    device: Device,
    asker: String,
    #[serde(default)]
    signals: BTreeMap<String, Value>,
    #[serde(default)]
    unheard: Vec<String>,
    #[serde(default)]
    before: Vec<Before>,
    ask: Ask,
    accept: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    class: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    area: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    by: String,
    verb: String,
    ago: i64,
    times: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    verb: String,
    value: Option<f64>,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default)]
    retained: bool,
}

const QUIET: [(&str, &str); 9] = [
    ("home", "true"),
    ("asleep", "false"),
    ("smoke", "false"),
    ("co", "false"),
    ("leak", "false"),
    ("intruder", "false"),
    ("maintenance", "false"),
    ("in_c", "21"),
    ("out_c", "15"),
];
/// 2026-03-01, midnight in UTC.
const MIDNIGHT: i64 = 1_772_323_200;

fn house(s: &Situation) -> Alive {
    let quoted = |list: &[String]| list.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(", ");
    let mut config = "timezone = \"UTC\"\n".to_owned();
    for (name, default) in QUIET {
        let _ = writeln!(
            config,
            "[[signal]]\nname = \"{name}\"\nentity = \"house\"\nkind = \"{name}\"\ndefault = {}\nstale_after_seconds = 3600",
            if name.ends_with("_c") { format!("{default}.0") } else { default.to_owned() }
        );
    }
    let area = if s.device.area.is_empty() { String::new() } else { format!("area = \"{}\"\n", s.device.area) };
    let _ = writeln!(
        config,
        "[[device]]\nid = \"thing\"\nname = \"The thing\"\nclass = \"{}\"\n{area}tags = [{}]\n[[device]]\nid = \"lamp\"\nclass = \"light\"",
        s.device.class,
        quoted(&s.device.tags)
    );
    let (hours, minutes) = s.at.split_once(':').unwrap();
    let minute: i64 = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    // Twelve hours earlier, so that the sender can have a past.
    Alive::new(&config, Timestamp::from_micros(0).plus_seconds(MIDNIGHT + (minute - 720) * 60))
}

fn request(target: &str, verb: &str) -> Request {
    Request { target: EntityId::escaped(target), endpoint: None, verb: Verb(verb.to_owned()), value: None, args: Map::new(), id: None }
}

/// The verdict and its reason.
fn live(household: &Household, s: &Situation) -> (String, String) {
    let mut house = house(s);
    let past = household.askers.get(&s.asker).unwrap_or_else(|| panic!("{}: nobody is called {}", s.name, s.asker)).clone();
    let who = Who::client(&s.asker).with(|source| (source.human, source.owner, source.role) = (past.human, past.owner, past.role.clone()));
    let end = house.now.plus_seconds(720 * 60);
    let minute = |house: &mut Alive| house.now = house.now.plus_seconds(61);
    for _ in 0..past.clean {
        house.ask(&who, request("lamp", "on"), false);
        minute(&mut house);
    }
    for _ in 0..past.breaches {
        house.ask(&who, request("lamp", "on"), true);
        minute(&mut house);
    }
    for _ in 0..past.forged {
        house.forge(&who);
        minute(&mut house);
    }
    for _ in 0..past.since {
        house.ask(&who, request("lamp", "on"), false);
        minute(&mut house);
    }
    assert!(end.seconds_since(house.now) > 100.0, "{}: too long a past", s.name);
    let past_of_the_thing = s.before.iter().map(|b| b.ago).max().unwrap_or(0);
    house.now = end.plus_seconds(-past_of_the_thing - 1);
    for (name, quiet) in QUIET {
        assert!(s.signals.keys().chain(&s.unheard).all(|n| QUIET.iter().any(|q| q.0 == n)), "{}: an unknown signal", s.name);
        if !s.unheard.iter().any(|n| n == name) {
            house.tell("house", name, &s.signals.get(name).map_or(quiet.to_owned(), Value::to_string));
        }
    }
    for b in &s.before {
        house.now = end.plus_seconds(-b.ago);
        for _ in 0..b.times {
            house.ask(&Who::client(&b.by), request("thing", &b.verb), false);
        }
    }
    house.now = end;
    let asked = Request { value: s.ask.value, args: s.ask.args.clone(), ..request("thing", &s.ask.verb) };
    let verdict = house.ask(&who, asked, s.ask.retained).verdict;
    (verdict.decision.as_str().to_owned(), verdict.reason)
}

fn read() -> Household {
    toml::from_str(include_str!("data/household.toml")).unwrap()
}

#[test]
fn a_sensible_person_accepts_at_least_95_of_100_verdicts_and_no_unsafe_allow() {
    let household = read();
    let (mut wrong, mut unsafe_allows) = (Vec::new(), Vec::new());
    for s in &household.situation {
        assert!(s.accept.iter().all(|a| ["allow", "escalate", "deny"].contains(&a.as_str())), "{}", s.name);
        let (decision, reason) = live(&household, s);
        if std::env::var_os("JAMEY_SHOW").is_some() {
            println!("{}\n    {reason}", s.name);
        }
        if !s.accept.contains(&decision) {
            let told = format!("{} ({}): {decision}, and acceptable is {:?}, because {}\n    {reason}", s.name, s.from, s.accept, s.why);
            if decision == "allow" {
                unsafe_allows.push(told.clone());
            }
            wrong.push(told);
        }
    }
    let all = household.situation.len();
    println!("{} of {all} acceptable", all - wrong.len());
    wrong.iter().for_each(|w| println!("{w}"));
    assert!(all >= 60);
    assert!(unsafe_allows.is_empty(), "allowed what must not be: {unsafe_allows:#?}");
    assert!((all - wrong.len()) * 100 >= all * 95, "{wrong:#?}");
}

/// What a person reads in each situation is whole, and names the thing.
#[test]
fn every_situation_has_a_reason_that_names_the_thing() {
    let household = read();
    for s in household.situation.iter().step_by(7) {
        let (_, reason) = live(&household, s);
        assert!(reason.contains("The thing"), "{}: {reason}", s.name);
    }
}
