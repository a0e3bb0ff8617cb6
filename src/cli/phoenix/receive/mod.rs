//! `jamey phoenix receive`: on another host, over MQTT: fetches what a repository's copy here lacks, keeps it without a key, and says what it has
//! on its disk. Killed and started again it goes on where it was.

mod call;
mod tell;

use crate::{
    broker::beside::{Brought, Caller, Dial, Heard, Parcel, Wanted, Wire},
    cli::{Common, run::on_one_thread},
    config::Remote,
    domain::{limits, topics},
    phoenix::{
        PhoenixError, Vault,
        courier::{Landing, Looked, News, Offer, Receiver, Say, Voucher},
    },
};
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::{path::PathBuf, time::Duration};
use tell::Tell;
use tokio::time::Instant;
use uuid::Uuid;

/// In which the password stands, where no file is named.
const PASSWORD: &str = "JAMEY_PASSWORD";
const KEEP_ALIVE_SECONDS: u16 = 30;
/// Packs that are looked at in one go, 8 MiB each; between two goes, and after the last.
const LOOKS_AT: usize = 1;
const LOOKS_ON: Duration = Duration::from_millis(500);
const LOOKS_AGAIN: Duration = Duration::from_secs(24 * 3_600);
/// How long saying goodbye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Keep a copy of a house's snapshots on this host, fetched over MQTT from the Jamey that takes them.
///
/// There `[phoenix.courier]` names what is offered, and the user has the role receiver. No key is needed here, and nothing here is ever
/// written over or deleted: who takes over the house cannot reach back for its snapshots.
#[derive(Debug, Args)]
pub struct Asked {
    /// The broker: mqtt://HOST[:1883], or with TLS mqtts://HOST[:8883].
    #[arg(long, value_name = "URL")]
    from: String,
    /// The copy's folder; it is made.
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// The id of the repository; left out, the one that is here, else the first that is offered.
    #[arg(long, value_name = "ID")]
    repository: Option<Uuid>,
    /// Who we are there. The password stands in a file, or in the variable JAMEY_PASSWORD.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Readable by its owner alone (0600).
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The authority that signed the broker's certificate, in PEM; left out, the host's own.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Our own certificate, in PEM, where the broker wants one.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key, readable by its owner alone (0600).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Take only what was offered by who has the repository's key: `signed_by` under `courier` on jamey/phoenix/state.
    #[arg(long, value_name = "PUBLIC-KEY")]
    signed_by: Option<Voucher>,
    /// What Jamey's topics begin with there.
    #[arg(long, value_name = "ROOT", default_value = "jamey")]
    root: String,
    /// Under which name to ask, where it is not the user's: a broker that is no Jamey takes any.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// End when the newest snapshot that is offered is whole.
    #[arg(long)]
    once: bool,
}

/// # Errors
/// When the folder cannot be used, the broker lets us hear nothing, or, with `--once`, what is offered is refused.
pub fn receive(common: &Common, asked: &Asked) -> Result<()> {
    let mut round = Round::new(asked, common.json)?;
    let caller = Caller::new(dial(asked, &round.name)?);
    on_one_thread(async {
        tokio::select! {
            ended = round.live(caller) => ended,
            _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted: started again it goes on where it was")),
        }
    })
}

fn dial(asked: &Asked, name: &str) -> Result<Dial> {
    let (tls, address) = call::address(&asked.from)?;
    let remote = Remote {
        address,
        user: asked.user.clone(),
        password_file: asked.password_file.clone(),
        password_env: asked.user.as_ref().filter(|_| asked.password_file.is_none()).map(|_| PASSWORD.to_owned()),
        tls,
        ca: asked.ca.clone(),
        certificate: asked.certificate.clone(),
        key: asked.key.clone(),
        client_id: None,
        keep_alive_seconds: KEEP_ALIVE_SECONDS,
        // What came while we were away is asked for again.
        clean_start: true,
    };
    if (asked.ca.is_some() || asked.certificate.is_some()) && !tls {
        bail!("--ca and --certificate are for TLS: write --from mqtts://…");
    }
    Ok(Dial::read(&remote, format!("jamey-receive-{name}"), None)?)
}

struct Round<'a> {
    asked: &'a Asked,
    name: String,
    repository: Option<Uuid>,
    landing: Option<Landing>,
    receiver: Receiver,
    /// Whether pieces are subscribed to on this connection.
    hears_pieces: bool,
    /// Words that the broker has not acknowledged.
    under_way: usize,
    whole: bool,
    started: Instant,
    /// When some packs are looked at whether they are what their names say; none: all were, once.
    look_at: Option<Instant>,
    tell: Tell,
}

enum End {
    Done,
    Lost { why: String, unspoken: bool, was_up: bool },
}

impl<'a> Round<'a> {
    fn new(asked: &'a Asked, json: bool) -> Result<Self> {
        let name = asked.name.clone().or_else(|| asked.user.clone()).unwrap_or_else(|| "receiver".to_owned());
        if name.is_empty() || name.len() > limits::RECEIVER_BYTES || name.contains(['/', '+', '#']) {
            bail!("`{name}` cannot be a level of a topic: write --name with up to {} letters", limits::RECEIVER_BYTES);
        }
        let landing = match Vault::open(&asked.into) {
            Ok(vault) if asked.repository.is_some_and(|id| id != vault.id) => {
                bail!("{} is a copy of {}: name another folder with --into", asked.into.display(), vault.id);
            }
            Ok(vault) => Some(landing(vault)?),
            Err(PhoenixError::NoRepository { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let repository = landing.as_ref().map(|landing| landing.vault().id).or(asked.repository);
        Ok(Self {
            asked,
            name,
            repository,
            landing,
            receiver: Receiver::new(),
            hears_pieces: false,
            under_way: 0,
            whole: false,
            started: Instant::now(),
            look_at: Some(Instant::now()),
            tell: Tell::new(json),
        })
    }

    /// A few packs are looked at; where some are rotten they are asked for again.
    fn look(&mut self) {
        let now = self.now();
        let Some(landing) = &mut self.landing else {
            // There is no copy yet, and what comes is looked at when it comes.
            self.look_at = (!self.asked.once).then(|| Instant::now() + LOOKS_AGAIN);
            return;
        };
        let (next, rotten) = match landing.look_on(LOOKS_AT) {
            Ok(Looked { rotten, goes_on }) => (if goes_on { LOOKS_ON } else { LOOKS_AGAIN }, rotten),
            Err(error) => {
                self.tell.odd(&error.to_string());
                (LOOKS_AGAIN, 0)
            }
        };
        self.look_at = (next == LOOKS_ON || !self.asked.once).then(|| Instant::now() + if self.asked.once { Duration::ZERO } else { next });
        if rotten > 0 {
            self.whole = false;
            self.tell.rotten(rotten);
            self.receiver.again(landing, now);
        }
    }

    async fn live(&mut self, mut caller: Caller) -> Result<()> {
        loop {
            match self.converse(caller.call()).await? {
                End::Done => return Ok(()),
                End::Lost { why, unspoken, was_up } => {
                    self.tell.lost(&why, was_up);
                    caller.lost(was_up, unspoken).await;
                }
            }
        }
    }

    async fn converse(&mut self, mut wire: Wire) -> Result<End> {
        let mut connected = false;
        (self.hears_pieces, self.under_way) = (false, 0);
        loop {
            let due = self.receiver.due().filter(|_| connected).map(|at| self.started + Duration::from_millis(at));
            tokio::select! {
                heard = wire.hears.recv() => match heard {
                    None => return Ok(End::Lost { why: "the connection ended".into(), unspoken: false, was_up: connected }),
                    Some(Heard::Lost { why, version }) => return Ok(End::Lost { why, unspoken: version, was_up: connected }),
                    Some(Heard::Connected { .. }) => {
                        connected = true;
                        self.tell.connected(&self.asked.from);
                        let of = self.repository.map_or_else(|| "+".to_owned(), |id| id.to_string());
                        let base = format!("{}/{of}", topics::name(&self.asked.root, topics::Topic::Snapshot));
                        let _ = wire.subscribe(&["manifest", "offer"].map(|what| Wanted { filter: format!("{base}/{what}"), qos: 1 }));
                    }
                    Some(Heard::Subscribed { refused }) if refused > 0 => bail!(
                        "the broker lets {} hear nothing of snapshots: at a Jamey its user needs the role receiver (`jamey user add NAME --role receiver`)",
                        self.name
                    ),
                    Some(Heard::Acked { .. }) => self.under_way = self.under_way.saturating_sub(1),
                    Some(Heard::Brought(brought)) => {
                        self.hear(&brought)?;
                        wire.acknowledge(&brought).await;
                    }
                    Some(Heard::Sent(_) | Heard::Subscribed { .. }) => {}
                },
                () = tokio::time::sleep_until(due.unwrap_or(self.started)), if due.is_some() => {
                    let now = self.now();
                    if let Some(landing) = &mut self.landing {
                        self.receiver.tick(landing, now);
                    }
                }
                () = tokio::time::sleep_until(self.look_at.unwrap_or(self.started)), if self.look_at.is_some() => self.look(),
            }
            if connected {
                self.say(&wire)?;
                if self.asked.once && self.whole && self.under_way == 0 && self.look_at.is_none() {
                    let _ = tokio::time::timeout(FAREWELL, wire.disconnect()).await;
                    return Ok(End::Done);
                }
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn hear(&mut self, brought: &Brought) -> Result<()> {
        let below = brought.topic.strip_prefix(&format!("{}/", topics::name(&self.asked.root, topics::Topic::Snapshot)));
        let Some((repository, what)) = below.and_then(|rest| rest.split_once('/')) else { return Ok(()) };
        let Ok(repository) = Uuid::parse_str(repository) else { return Ok(()) };
        if self.repository.is_some_and(|ours| ours != repository) {
            self.tell.other(repository);
            return Ok(());
        }
        let now = self.now();
        match what {
            "offer" => match Offer::read(&brought.payload) {
                Ok(offer) if self.asked.signed_by.is_some_and(|voucher| !offer.is_of(&voucher)) => {
                    self.tell
                        .odd(&format!("an offer of snapshot {} that --signed-by does not vouch for: see who sends it", offer.sequence));
                }
                Ok(offer) if offer.repository == repository => {
                    self.repository = Some(repository);
                    if self.landing.is_none() {
                        let vault = Vault::create(&self.asked.into, repository, true, &[]).context("the copy cannot be begun")?;
                        self.landing = Some(landing(vault)?);
                    }
                    if let Some(landing) = &mut self.landing {
                        self.receiver.offered(offer, landing, now);
                    }
                }
                Ok(_) => self.tell.odd("an offer came under another repository's name"),
                // An empty one clears what stood there.
                Err(_) if brought.payload.is_empty() => {}
                Err(error) => self.tell.odd(&error.to_string()),
            },
            "manifest" => self.receiver.manifest(&brought.payload),
            _ if what.starts_with("piece/") => {
                if let Some(landing) = &mut self.landing
                    && let Err(error) = self.receiver.piece(&brought.payload, landing, now)
                {
                    self.tell.odd(&error.to_string());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells what came of it, and says what is to be said.
    fn say(&mut self, wire: &Wire) -> Result<()> {
        for news in self.receiver.news() {
            self.tell.news(&news, &self.receiver);
            match news {
                News::Refused(why) if self.asked.once => bail!("{why}"),
                News::Whole { .. } => self.whole = true,
                News::Offered { .. } => self.whole = false,
                _ => {}
            }
        }
        self.tell.progress(&self.receiver, self.now());
        let Some(repository) = self.repository else { return Ok(()) };
        let base = topics::snapshot(&self.asked.root, repository);
        let pieces = format!("{base}/piece/+/+");
        // Who has all need not hear what others fetch.
        match (self.receiver.is_fetching(), self.hears_pieces) {
            (true, false) => self.hears_pieces = wire.subscribe(&[Wanted { filter: pieces, qos: 1 }]).is_ok(),
            (false, true) => self.hears_pieces = wire.unsubscribe(&pieces).is_err(),
            _ => {}
        }
        for say in self.receiver.says() {
            let (what, payload) = match say {
                Say::Want(payload) => ("want", payload),
                Say::Done(payload) => ("done", payload),
            };
            let parcel = Parcel { topic: format!("{base}/{what}/{}", self.name), payload: payload.into(), qos: 1, retain: false };
            if wire.publish(&parcel).is_ok() {
                self.under_way += 1;
            }
        }
        Ok(())
    }
}

fn landing(vault: Vault) -> Result<Landing> {
    if !vault.append_only {
        bail!("{} is no copy that receive made, and others write there: name an empty folder with --into", vault.folder().display());
    }
    Ok(Landing::new(vault)?)
}
