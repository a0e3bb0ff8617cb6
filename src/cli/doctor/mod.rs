//! `jamey doctor`: looks at all that a house stands on, whether Jamey runs or not, and says of each thing that is wrong what to do. It changes nothing.

mod answers;
mod brokers;
mod certificates;
mod clock;
mod config;
mod database;
mod disk;
mod permissions;
mod ports;
mod snapshots;

use super::{
    Common,
    paint::{Screen, plain},
};
use crate::{app, config::Config, domain::Timestamp, runtime::Clock};
use anyhow::bail;
use serde_json::{Value, json};

/// What is looked at.
struct House<'c> {
    /// As the file says it.
    written: &'c Config,
    /// With what was chosen over it.
    config: &'c Config,
    file: Option<&'c std::path::Path>,
    is_running: bool,
    /// By the host's clock.
    now: Timestamp,
}

/// What was found at one look.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    text: String,
    /// None: it is as it should be.
    to_do: Option<String>,
}

type Look = fn(&House) -> Vec<Finding>;

const LOOKS: [(&str, Look); 10] = [
    ("config", config::look),
    ("clock", clock::look),
    ("disk", disk::look),
    ("permissions", permissions::look),
    ("database", database::look),
    ("ports", ports::look),
    ("answers", answers::look),
    ("certificates", certificates::look),
    ("brokers", brokers::look),
    ("snapshots", snapshots::look),
];

fn good(text: impl Into<String>) -> Finding {
    Finding { text: text.into(), to_do: None }
}

fn wrong(text: impl Into<String>, to_do: impl Into<String>) -> Finding {
    Finding { text: text.into(), to_do: Some(to_do.into()) }
}

/// # Errors
/// When the config is refused, or anything is wrong.
pub fn doctor(common: &Common) -> anyhow::Result<()> {
    let written = common.load()?;
    let config = common.over(&written);
    let clock = Clock::new(Timestamp::default());
    let is_running = app::is_running(&config.store.data);
    let house = House { written: &written, config: &config, file: common.config.as_deref(), is_running, now: clock.wall() };
    let found: Vec<(&str, Finding)> = LOOKS.iter().flat_map(|(name, look)| look(&house).into_iter().map(|one| (*name, one))).collect();
    let ill = found.iter().filter(|(_, one)| one.to_do.is_some()).count();
    if common.json {
        let one =
            |(name, one): &(&str, Finding)| json!({"check": name, "good": one.to_do.is_none(), "text": one.text, "what_to_do": one.to_do});
        let told =
            json!({"v": 1, "good": ill == 0, "running": house.is_running, "findings": found.iter().map(one).collect::<Vec<Value>>()});
        super::line!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        let screen = Screen::here();
        let from = house.file.map_or_else(|| "the embedded defaults".to_owned(), |file| file.display().to_string());
        let runs = if house.is_running { "Jamey runs" } else { "no Jamey runs" };
        super::line!("{from}; {runs} with {}", config.store.data.display());
        for (name, one) in &found {
            let mark = if one.to_do.is_none() { screen.good("good ") } else { screen.bad("WRONG") };
            super::line!("{mark}  {name:<12}  {}", plain(&one.text));
            if let Some(to_do) = &one.to_do {
                super::line!("       {:<12}  -> {}", "", plain(to_do));
            }
        }
    }
    match ill {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        more => bail!("{more} things are wrong"),
    }
}
