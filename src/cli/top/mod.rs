//! `jamey top`: a house live on a terminal: what it decides and why, whom it trusts, who speaks, how it feels and whether it is safe.

mod doc;
mod door;
mod events;
mod feed;
mod house;
mod model;
mod once;
mod part;
mod rows;
mod screen;
mod told;
mod view;

use super::{Common, health, paint::wants_colour, phoenix::owners_secret, run::on_one_thread};
use crate::{config::Config, domain::Timestamp, runtime::Clock};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use door::{Door, Unanswered};
use model::Model;
use part::{Part, Tab};
use std::{
    io::IsTerminal,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};
use zeroize::Zeroizing;

/// What signs in, where no file is named.
const TOKEN: &str = "JAMEY_TOKEN";

/// The running house, live on a terminal: verdicts and why, trust, clients, mind, mission, snapshots.
///
/// It reads by HTTP, where `http.listen` or --http says. Once there are users it shows a token of one who may read: from
/// --token-file, or else from the variable `JAMEY_TOKEN`.
#[derive(Debug, Args)]
pub struct Asked {
    /// The token in this file, which only you may read.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// One frame as text and the end: for scripts. --json gives one document instead.
    #[arg(long)]
    once: bool,
    /// Begin with this tab.
    #[arg(long, value_enum, default_value_t)]
    tab: Tab,
}

/// # Errors
/// When nothing answers, it does not let who asks read, or there is no terminal.
pub fn top(common: &Common, asked: &Asked) -> Result<()> {
    let config = common.load()?;
    let has_screen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && std::env::var("TERM").is_ok_and(|t| t != "dumb");
    if !common.json && !asked.once && !has_screen {
        bail!("`jamey top` draws on a terminal, and there is none here: use --once for one frame as text, or --json for one document");
    }
    let mut door = opened(&config, asked)?;
    let clock = Clock::new(Timestamp::default());
    let mut model = Model::new(door.address().to_string(), config.zone(), clock.now());
    model.tab = asked.tab;
    on_one_thread(async move {
        // Whom nobody answers, or who may not read, is told so before the screen is taken.
        door.part(Part::Glance).await.map_err(turned_away)?;
        match (common.json, asked.once) {
            (true, _) => super::put(&(once::document(&mut door, &clock).await? + "\n")),
            (false, true) => super::put(&once::frame(&mut door, model, &clock).await?),
            (false, false) => screen::show(door, model, view::Palette { colour: wants_colour() }).await?,
        }
        Ok(())
    })
}

fn turned_away(why: Unanswered) -> anyhow::Error {
    match why {
        Unanswered::Away(why) => anyhow!("{why}: is Jamey running?"),
        Unanswered::Refused(why) => anyhow!("{why}; name the token of one who may read with --token-file, or set {TOKEN}"),
    }
}

fn opened(config: &Config, asked: &Asked) -> Result<Door> {
    let listens = config.http.listen;
    let ip = match listens.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let tls = config.http.tls.as_ref().map(health::known_config).transpose()?;
    let token = token(asked)?;
    if token.is_some() && tls.is_none() && !ip.to_canonical().is_loopback() {
        bail!(
            "a token would go to {ip} for everybody on the way to read: run `jamey top` on that host (`ssh -t HOST jamey top`), or give both `[http.tls]`"
        );
    }
    Ok(Door::new(SocketAddr::new(ip, listens.port()), tls, token))
}

fn token(asked: &Asked) -> Result<Option<Zeroizing<String>>> {
    if let Some(path) = &asked.token_file {
        return owners_secret(path).map(Some);
    }
    let said = std::env::var_os(TOKEN).filter(|said| !said.is_empty());
    said.map(|said| said.into_string().ok().map(Zeroizing::new).with_context(|| format!("{TOKEN} is no text"))).transpose()
}
