//! Orders from the host: who may write in the data folder may give them. The running Jamey carries them out; where none runs, they are written
//! down for the next start, checked as it would check them.

use super::{Holds, action, on_record};
use crate::{
    app::{self, mailbox::Mailbox},
    broker::{About, Order},
    config::Config,
    domain::{Change, Timestamp, audit::Event},
    runtime::Clock,
    store::{Batch, Store},
};
use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// As whom the host speaks.
const HOST: &str = "owner";
/// A verb and an order.
const LETTER_BYTES: u64 = 2 * 1_024;
/// The running Jamey looks so often.
pub(super) const LOOK: Duration = Duration::from_millis(500);
/// And takes so long at most, retained commands judged.
const PATIENCE: Duration = Duration::from_secs(20);

/// An order as the command line leaves it; without one, what holds is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    verb: String,
    order: Option<Value>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// As `Holds::json` has it.
    pub holds: Value,
    pub running: bool,
    /// What is wrong with what stands in the data folder.
    pub damaged: Option<String>,
}

impl Letter {
    pub(super) fn about(&self) -> Option<About> {
        About::named(&self.verb)
    }

    pub(super) fn read(&self) -> Result<Option<Order>, &'static str> {
        let about = self.about().ok_or("no such order")?;
        self.order.as_ref().map(|order| Order::read(about, order.to_string().as_bytes(), HOST)).transpose()
    }
}

pub(super) fn mailbox(data: &Path) -> Mailbox {
    Mailbox::at(data, "orders", LETTER_BYTES)
}

/// Gives an order, or asks what holds: the running Jamey, or the data folder at rest.
///
/// # Errors
/// When it makes no sense, is refused, or cannot be written.
pub fn ask(config: &Config, about: About, order: Option<Value>) -> Result<Asked> {
    let data = &config.store.data;
    let letter = Letter { verb: about.verb().to_owned(), order };
    let order = letter.read().map_err(|why| anyhow!("{why}"))?;
    if !data.is_dir() {
        if order.is_some() || about == About::Alert {
            bail!("there is no data folder {}: name the running Jamey's with --data", data.display());
        }
        return at_rest(config, about, None);
    }
    match app::lock(data) {
        Ok(_lock) => at_rest(config, about, order),
        Err(_) => leave(data, &letter),
    }
}

fn leave(data: &Path, letter: &Letter) -> Result<Asked> {
    let mailbox = mailbox(data);
    let id = mailbox.leave(letter)?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(mut told) = mailbox.answer_to(id)? {
            return match told.get("error").and_then(Value::as_str) {
                Some(why) => Err(anyhow!("{why}")),
                None => Ok(Asked { holds: told.get_mut("data").map(Value::take).unwrap_or_default(), running: true, damaged: None }),
            };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    if mailbox.take_back(id) {
        bail!("the running Jamey did not take the order: it is taken back; look at Jamey's log");
    }
    bail!("the running Jamey took the order and gave no answer in time: look at its log, and at `jamey audit list`")
}

/// No Jamey runs, and none can start meanwhile.
fn at_rest(config: &Config, about: About, order: Option<Order>) -> Result<Asked> {
    if about == About::Alert {
        bail!("no Jamey runs with the data folder {}, and alerts are the running Jamey's", config.store.data.display());
    }
    let data = &config.store.data;
    let (found, damaged) = super::found(data);
    let (mut chosen, _) = found.without_ended(config);
    let now = Clock::new(Timestamp::default()).now();
    if let Some(Order { wants, by, .. }) = order {
        let before = chosen.of(about, config);
        // What is damaged is written anew even where nothing is chosen.
        if chosen.choose(&wants, &by, now, config) || damaged.is_some() {
            app::rules::sets(&chosen.over(config))?;
            chosen.write(data).with_context(|| format!("{} cannot be written", data.join(super::FILE).display()))?;
            put_on_record(data, now, before.zip(chosen.of(about, config)))?;
        }
        let mut asked = at_rest(config, about, None)?;
        asked.damaged = None;
        return Ok(asked);
    }
    let mut holds = chosen.of(about, config).ok_or_else(|| anyhow!("nobody chooses that"))?.json();
    if let (About::GuardMode, Some(map)) = (about, holds.as_object_mut()) {
        map.insert("off_until".into(), json!(app::standing(data, now).map(|until| until.to_string())));
    }
    Ok(Asked { holds, running: false, damaged })
}

fn put_on_record(data: &Path, now: Timestamp, change: Option<(Holds, Holds)>) -> Result<()> {
    let Some((before, after)) = change else { return Ok(()) };
    let mut store = Store::open(data).context("it is done, but the store cannot be opened to put it on record")?;
    let last = store.load().context("it is done, but the store cannot be read to put it on record")?.last_at.unwrap_or_default();
    let (subject, detail) = on_record(&before, &after, "on the host, while no Jamey ran");
    let at = now.max(last);
    let changes = vec![Change::Audit(Event::new(at, HOST, action(after.about), Some(&subject), &detail))];
    store.write(&Batch { changes, at, ..Batch::default() }).context("it is done, but cannot be put on record")?;
    Ok(())
}
