//! The owner's word from the host: who may write in the data folder may give it. The running Jamey looks once a second; when none runs, the
//! word is taken at rest, by the same mind on the same store.

use super::{index::Keeper, mailbox::Mailbox, view};
use crate::{
    broker::Hall,
    config::Config,
    domain::{Change, EntityId, Input, OpinionView, OwnersWord, Says, audit::Event},
    mind::Mind,
    runtime::{Clock, pulse},
    store::{Batch, Forgotten, Reader, Store},
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tracing::warn;

/// As whom the host speaks.
const HOST: &str = "owner";
/// The longest word: two ids, a kind and a number.
const WORD_BYTES: u64 = 1_024;
/// How long the running Jamey may take for a word: it looks once a second.
const PATIENCE: Duration = Duration::from_secs(15);
/// To forget it writes its database anew.
const FORGETTING: Duration = Duration::from_secs(600);

const NOT_ANEW: &str = "it is deleted, but the database could not be written anew: run it again when there is room on the disk";

/// After how long of no answer it is looked whether there was somebody to give one.
const ENDED: Duration = Duration::from_secs(10);
/// After how long it is not waited for the file to be written anew any more: some gigabytes.
const NO_ANSWER: Duration = Duration::from_secs(60);

/// A word as the command line leaves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftWord {
    about: EntityId,
    says: Says,
}

/// Gives the owner's word on an entity: to the running Jamey, or to the store at rest. What came of it, as it is told on `reply/{verb}`.
///
/// # Errors
/// When the store cannot be read or written, or the running Jamey does not answer.
pub fn give(config: &Config, about: EntityId, says: Says) -> Result<Value> {
    let data = &config.store.data;
    match super::lock(data) {
        Ok(_lock) => at_rest(config, about, says),
        Err(_) => leave(data, &LeftWord { about, says }),
    }
}

fn mailbox(data: &Path) -> Mailbox {
    Mailbox::at(data, "words", WORD_BYTES)
}

fn leave(data: &Path, left: &LeftWord) -> Result<Value> {
    let mailbox = mailbox(data);
    let id = mailbox.leave(left)?;
    let (began, mut look_at) = (Instant::now(), ENDED);
    let until = began + if left.says == Says::Forget { FORGETTING } else { PATIENCE };
    while Instant::now() < until {
        if let Some(told) = mailbox.answer_to(id)? {
            return Ok(told);
        }
        if left.says == Says::Forget && began.elapsed() > look_at {
            look_at += ENDED;
            // It was ended in the middle, or its disk has no room for an answer: what it did stands in the store, and the next start goes on
            // with the rest. The file may still be being written anew.
            let is_late = began.elapsed() > NO_ANSWER;
            if let Some(done) =
                Reader::open(data).and_then(|reader| reader.forgotten(id)).ok().flatten().filter(|done| done.scrubbed || is_late)
            {
                return Ok(
                    json!({"v": 1, "status": "ok", "data": with_what_went(json!({"entity": left.about, "word": left.says.verb()}), done)}),
                );
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    if mailbox.take_back(id) {
        bail!("the running Jamey did not take the word: it is taken back; look at Jamey's log");
    }
    bail!("the running Jamey took the word and gave no answer in time: look at its log, and at `jamey audit list`")
}

/// No Jamey runs, and none can start meanwhile: the mind is woken, told, and put to rest again.
fn at_rest(config: &Config, about: EntityId, says: Says) -> Result<Value> {
    let sets = super::rules::sets(&super::orders::found(&config.store.data).0.over(config))?;
    let mut store = Store::open(&config.store.data).context("the store cannot be opened")?;
    let (mut mind, _) = super::waking::wake(config, sets, &mut store, |last| Clock::new(last).now())?;
    let clock = Clock::new(mind.now());
    let word = OwnersWord { id: clock.percept_id(), at: clock.now(), by: HOST.to_owned(), about, says, transaction: None };
    if let Err(why) = is_worth_forgetting(&mind, &config.store.data, &word) {
        // It may be the second try of one for which there was no room.
        store.scrub().context(NOT_ANEW)?;
        return Ok(told(&word, &Err(why), None));
    }
    let outcome = mind.step(&Input::Word(Box::new(word.clone())));
    let taken = outcome.word.unwrap_or(Ok(()));
    let mut changes: Vec<Change> = outcome.settled.into_iter().map(|settled| Change::Settled(Box::new(settled))).collect();
    mind.soul().settle();
    let now = mind.now();
    let view = mind.soul().opinion(&word.about, now);
    if word.says != Says::Forget {
        changes.push(Change::Audit(on_record(&word, &taken)));
    }
    changes.extend(mind.take_changes());
    store.write(&Batch { changes, at: now, ..Batch::default() }).context("the word cannot be stored")?;
    store.scrub().context(NOT_ANEW)?;
    drop(store);
    if word.says == Says::Forget {
        super::aside::forget(&config.store.data);
        super::index::purge(&config.store.data)
            .context("it is deleted, but its words stand in the index: delete the folder `index` of the data folder")?;
    }
    Ok(with_counts(&config.store.data, &word, told(&word, &taken, view.as_ref())))
}

/// Whether there is anything to forget, so that a slip of the pen does not cost the whole journal. It is not put on record: that would be the
/// first that is kept of whoever was meant.
///
/// # Errors
/// When nothing is kept of it: what to do.
pub fn is_worth_forgetting(mind: &Mind, data: &Path, word: &OwnersWord) -> std::result::Result<(), String> {
    let about = &word.about;
    // Where the store cannot be read that is for the forgetting itself to say.
    let stored = || Reader::open(data).and_then(|reader| reader.keeps(about)).unwrap_or(true);
    if word.says != Says::Forget || mind.keeps(about) || stored() {
        return Ok(());
    }
    Err(format!("nothing is kept of `{about}`, so nothing was deleted: `jamey entity list` shows who is known"))
}

/// Looks for words until told to stop.
pub async fn watch(data: PathBuf, hall: Arc<Hall>, keeper: Keeper, mut stopped: watch::Receiver<bool>) {
    let mailbox = mailbox(&data);
    mailbox.make();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        // To forget may take minutes, and is no hanging.
        pulse::waits();
        for (id, left) in mailbox.take::<LeftWord>() {
            let word = OwnersWord { id, at: hall.clock.now(), by: HOST.to_owned(), about: left.about, says: left.says, transaction: None };
            if let Some(told) = given(&hall, data.clone(), keeper.clone(), word).await {
                mailbox.answer(id, &told);
            }
        }
    }
}

/// Gives a word to the running Jamey; what is told of it on `reply/{verb}`, when all of it is done. None: the mind is gone.
pub async fn given(hall: &Hall, data: PathBuf, keeper: Keeper, word: OwnersWord) -> Option<Value> {
    let told = hall.tell(word.clone()).await?;
    let done = tokio::task::spawn_blocking(move || {
        purge(&data, &keeper, &word);
        with_counts(&data, &word, told)
    });
    Some(done.await.unwrap_or_default())
}

/// Waits until no file beside the database has a word of whom is forgotten either. Where that fails the log says so; the index does it later.
pub fn purge(data: &Path, keeper: &Keeper, word: &OwnersWord) {
    if word.says != Says::Forget {
        return;
    }
    super::aside::forget(data);
    if let Err(error) = keeper.purge() {
        warn!("the index still has words of whom was forgotten: {error}");
    }
}

/// What came of a word, as it is told on `reply/{verb}`.
#[must_use]
pub fn told(word: &OwnersWord, taken: &std::result::Result<(), String>, now: Option<&OpinionView>) -> Value {
    match taken {
        Err(why) => json!({"v": 1, "status": "error", "transaction": word.transaction, "error": why}),
        Ok(()) => {
            let mut data = json!({"entity": word.about, "word": word.says.verb()});
            if let (Some(view), Some(data)) = (now, data.as_object_mut()) {
                data.insert("lower_bound".into(), json!(view.lower_bound));
                data.insert("expectation".into(), json!(view.expectation));
                data.insert("relations".into(), json!(view.detail.relations.iter().map(view::relation).collect::<Vec<_>>()));
            }
            json!({"v": 1, "status": "ok", "transaction": word.transaction, "data": data})
        }
    }
}

/// The same, with what went where something was forgotten; the store knows it once it is done.
pub fn with_counts(data: &Path, word: &OwnersWord, mut told: Value) -> Value {
    if word.says != Says::Forget {
        return told;
    }
    let forgotten = Reader::open(data).and_then(|reader| reader.forgotten(word.id)).ok().flatten();
    if let (Some(forgotten), Some(data)) = (forgotten, told.get_mut("data")) {
        *data = with_what_went(data.take(), forgotten);
    }
    told
}

fn with_what_went(mut data: Value, Forgotten { number, counts, scrubbed, .. }: Forgotten) -> Value {
    if let Some(place) = data.as_object_mut() {
        place.insert("forgetting".into(), number.into());
        place.insert("removed".into(), counts);
        place.insert("file_written_anew".into(), scrubbed.into());
    }
    data
}

/// The word in the audit trail; what is forgotten the store puts there itself.
#[must_use]
pub fn on_record(word: &OwnersWord, taken: &std::result::Result<(), String>) -> Event {
    let action = word.says.verb().replace('-', ".");
    let detail = match taken {
        Ok(()) => word.says.words(),
        Err(why) => format!("{}; it did not count: {why}", word.says.words()),
    };
    Event::new(word.at, &word.by, &action, Some(word.about.as_str()), &detail)
}
