//! What the owner wants of Phoenix on the host: the running Jamey does it, or the command line itself on the house at rest.

use super::{
    Came, ForOnce, Gathering, Snapped, Swept, Trial, Which, changes,
    keeper::{Keeper, Tell},
    place::Place,
    seen::Seen,
    words,
    work::{Bench, Reason},
};
use crate::{
    app::mailbox::Mailbox,
    config::Config,
    domain::{Change, Timestamp, audit::Event},
    phoenix::{PhoenixError, Progress, Repository, Sequence, Step},
    runtime::{Clock, pulse},
    store::{Batch, Store},
};
use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// The longest wish: a name and a number.
const WISH_BYTES: u64 = 4 * 1_024;
/// It looks once a second: a wish that lies there longer is seen by nobody.
const SEEN_WITHIN: Duration = Duration::from_secs(15);
/// And it tells each second how far it is: where it does not any more, it ended.
const ENDED: Duration = Duration::from_secs(30);
/// Who asks looks so often.
const LOOK: Duration = Duration::from_millis(50);
/// As whom the host speaks.
pub(super) const HOST: &str = "owner";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    Snapshot { repository: Option<String>, once: ForOnce },
    Drill { repository: Option<String>, of: Option<Sequence> },
    Prune { repository: Option<String>, dry_run: bool, once: ForOnce },
}

impl Wish {
    pub(super) fn which(&self) -> Which<'_> {
        let (Self::Snapshot { repository, .. } | Self::Drill { repository, .. } | Self::Prune { repository, .. }) = self;
        repository.as_deref().map_or(Which::All, Which::Named)
    }
}

/// How far a wish is.
#[derive(Debug, Default)]
pub(super) struct Far {
    done: AtomicU64,
    of: AtomicU64,
}

impl Far {
    pub fn tell(&self, step: Step) {
        self.done.store(step.done, Ordering::Relaxed);
        self.of.store(step.of, Ordering::Relaxed);
    }
}

/// Takes a snapshot: the running Jamey does, or, where none runs, this process with the data folder locked.
///
/// # Errors
/// When there is no such repository, or the running Jamey does not answer; what went wrong in one repository stands in its place.
pub fn snapshot_now(config: &Config, which: Which<'_>, once: &ForOnce, progress: Progress<'_>) -> Result<Vec<Came<Snapped>>> {
    grant(
        config,
        which,
        once,
        |repository| Wish::Snapshot { repository, once: once.clone() },
        progress,
        |rest, place, repository, progress| {
            let marks = (changes::end(rest.bench.data), changes::Words::of(config).digest());
            let taken = rest.bench.snapshot(place, repository, rest.now, Reason::Asked, marks, progress)?;
            rest.note("phoenix.snapshot", place, &snapshot_words(&taken, "asked", HOST));
            Ok(taken)
        },
    )
}

/// Restores the newest snapshot, or one, to a folder beside the data, looks whether it is whole, puts on record what came of it, and clears it
/// away.
///
/// # Errors
/// As `snapshot_now`.
pub fn drill_now(config: &Config, which: Which<'_>, of: Option<Sequence>, progress: Progress<'_>) -> Result<Vec<Came<Trial>>> {
    grant(
        config,
        which,
        &ForOnce::default(),
        |repository| Wish::Drill { repository, of },
        progress,
        |rest, place, repository, progress| {
            let tried = rest.bench.drill(place, repository, of, rest.now, progress)?;
            rest.note("phoenix.drill", place, &drill_words(&tried));
            Ok(tried)
        },
    )
}

/// Prunes by each repository's own `keep_…`; by those of the defaults one that no config names.
///
/// # Errors
/// As `snapshot_now`.
pub fn prune_now(config: &Config, which: Which<'_>, once: &ForOnce, dry_run: bool, progress: Progress<'_>) -> Result<Vec<Came<Swept>>> {
    grant(
        config,
        which,
        once,
        |repository| Wish::Prune { repository, dry_run, once: once.clone() },
        progress,
        |rest, place, repository, progress| {
            let swept = rest.bench.prune(place, repository, dry_run, progress)?;
            if !swept.removed.is_empty() && !dry_run {
                rest.note("phoenix.prune", place, &prune_words(&swept));
            }
            Ok(swept)
        },
    )
}

pub(super) fn snapshot_words(taken: &Snapped, reason: &str, by: &str) -> String {
    format!("snapshot {} taken ({reason} by {by}): {} bytes, {} written", taken.sequence, taken.bytes, taken.written)
}

pub(super) fn drill_words(tried: &Trial) -> String {
    match tried.wrong.first() {
        None => format!("snapshot {} was restored for trial, and is whole", tried.sequence),
        Some(wrong) => format!("snapshot {} was restored for trial, and is not whole: {wrong}", tried.sequence),
    }
}

pub(super) fn prune_words(swept: &Swept) -> String {
    let removed: Vec<String> = swept.removed.iter().take(50).map(u64::to_string).collect();
    format!("{} snapshots were let go of: {}; {} stay", swept.removed.len(), removed.join(" "), swept.kept.len())
}

/// The house at rest.
struct AtRest<'b> {
    bench: Bench<'b>,
    now: Timestamp,
    notes: Vec<Change>,
}

impl AtRest<'_> {
    fn note(&mut self, action: &str, place: &Place, words: &str) {
        self.notes.push(Change::Audit(Event::new(self.now, HOST, action, Some(&place.name), words)));
    }
}

fn grant<T: DeserializeOwned>(
    config: &Config,
    which: Which<'_>,
    once: &ForOnce,
    wish: impl FnOnce(Option<String>) -> Wish,
    progress: Progress<'_>,
    work: impl Fn(&mut AtRest<'_>, &Place, &mut Repository, Progress<'_>) -> Result<T>,
) -> Result<Vec<Came<T>>> {
    let mut places = Place::named(config, which)?;
    places.iter_mut().for_each(|place| once.change(&mut place.entry));
    let data = config.store.data.as_path();
    let wish = match which {
        Which::All => Some(wish(None)),
        Which::Named(_) => places.first().map(|place| wish(Some(place.name.clone()))),
        Which::Other { .. } => None,
    };
    let Ok(_lock) = crate::app::lock(data) else {
        let wish = wish.ok_or_else(|| {
            anyhow!("the running Jamey knows no repository but those of its config: name it under [[phoenix.repository]]")
        })?;
        return serde_json::from_value(leave(data, &wish, progress)?).context("the running Jamey's answer makes no sense");
    };
    let mut store = Store::open(data).context("the store cannot be opened")?;
    let floor = store.load().context("the store cannot be read")?.last_at.unwrap_or_default();
    let (mut seen, wrong) = Seen::read(data);
    if let Some(wrong) = wrong {
        tracing::warn!("{wrong}");
    }
    let (zone, gathering) = (config.zone(), Gathering { config: Arc::new(config.clone()), file: config.file.clone(), running: None });
    let bench = Bench { data, node: &config.node, zone: &zone, gathering: &gathering, seen: &mut seen };
    let mut rest = AtRest { bench, now: Clock::new(floor).now(), notes: Vec::new() };
    let mut all = Vec::new();
    for place in &places {
        let came = place.open().map_err(Into::into).and_then(|mut repository| work(&mut rest, place, &mut repository, progress));
        // Who stopped one wants none of the others.
        if came.as_ref().is_err_and(is_stop) {
            bail!("stopped");
        }
        let path = place.entry.path.clone();
        all.push(Came { repository: place.name.clone(), came: came.map_err(|error| words(&error, &path)), path });
    }
    if !rest.notes.is_empty() {
        let (changes, at) = (std::mem::take(&mut rest.notes), rest.now);
        store.write(&Batch { changes, at, ..Batch::default() }).context("it is done, but cannot be put on record")?;
    }
    Ok(all)
}

pub(super) fn is_stop(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(PhoenixError::Stopped)) || matches!(error.downcast_ref(), Some(crate::store::StoreError::Stopped))
}

fn mailbox(data: &Path) -> Mailbox {
    Mailbox::at(data, "phoenix-wishes", WISH_BYTES)
}

/// Leaves a wish to the running Jamey, and waits as long as that works on it.
fn leave(data: &Path, wish: &Wish, progress: Progress<'_>) -> Result<Value> {
    let mailbox = mailbox(data);
    let id = mailbox.leave(wish)?;
    let (began, mut heard, mut last) = (Instant::now(), Instant::now(), None);
    loop {
        if let Some(told) = mailbox.answer_to(id)? {
            return match told.get("error").and_then(Value::as_str) {
                Some(why) => Err(anyhow!("{why}")),
                None => Ok(told),
            };
        }
        if began.elapsed() > SEEN_WITHIN && mailbox.take_back(id) {
            bail!("the running Jamey did not take the wish: it is taken back; look at Jamey's log");
        }
        if let Some(far) = mailbox.far(id).filter(|far| last.as_ref() != Some(far)) {
            heard = Instant::now();
            let number = |key: &str| far.get(key).and_then(Value::as_u64).unwrap_or(0);
            if !progress(Step { done: number("done"), of: number("of") }) {
                bail!("not waited for any longer; the running Jamey goes on with it, and tells of it on its topics");
            }
            last = Some(far);
        }
        if heard.elapsed() > ENDED {
            bail!("the running Jamey took the wish and says nothing any more: look at its log");
        }
        std::thread::sleep(LOOK);
    }
}

/// Looks for the host's wishes until told to stop, and hands them on one after the other.
pub async fn watch(data: std::path::PathBuf, keeper: Keeper, mut stopped: watch::Receiver<bool>) {
    let mailbox = mailbox(&data);
    mailbox.make();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        for (id, wish) in mailbox.take::<Wish>() {
            let (keeper, mailbox, mut stopped) = (keeper.clone(), mailbox.clone(), stopped.clone());
            tokio::spawn(async move {
                let far = Arc::<Far>::default();
                let done = keeper.ask(wish, HOST, Tell::Host(Arc::clone(&far)));
                tokio::pin!(done);
                let (mut every, mut beat) = (tokio::time::interval(Duration::from_secs(1)), 0_u64);
                let told = loop {
                    tokio::select! {
                        told = &mut done => break told,
                        _ = every.tick() => {
                            beat += 1;
                            let (done, of) = (far.done.load(Ordering::Relaxed), far.of.load(Ordering::Relaxed));
                            mailbox.tell(id, &json!({"done": done, "of": of, "beat": beat}));
                        }
                        _ = stopped.changed() => break Err("Jamey is stopping: ask again after the next start".to_owned()),
                    }
                };
                mailbox.answer(id, &told.unwrap_or_else(|why| json!({"v": 1, "error": why})));
            });
        }
    }
}
