//! Config and rules that change while Jamey runs: read again, checked whole beside the mind, and swapped between two inputs; or refused, and the
//! old ones hold.

use super::{Refused, Sets, Setting, compile, own, rulings, rulings_with};
use crate::{
    app::{
        orders::{self, Choices, Chosen},
        reload::{self, Takers, Wrong},
    },
    broker::{Hall, Wants},
    config::{self, Config},
    conscience::{RuleSet, milder},
    domain::{Input, Ruling, Timestamp},
    observe::log,
    runtime::{
        Hangups,
        files::{Stamp, stamp},
        pulse,
    },
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch as channel};
use tracing::{info, warn};

/// How often the files are looked at. What changed is read when it stood still from one look to the next: an editor may be writing.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Of many mistakes the log has the first.
const LOGGED_CHARS: usize = 4_000;

/// Where checked sets wait for the input that names them: checking is not the mind's to wait for.
#[derive(Default)]
pub struct Shelf(Mutex<Option<Sets>>);

impl Shelf {
    fn put(&self, sets: Sets) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sets);
    }

    #[must_use]
    pub fn take(&self) -> Option<Sets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Where the config came from, so that its `[conscience]` can be read again.
pub struct Again {
    pub file: Option<PathBuf>,
    pub read: Arc<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    /// Whose levels are changed.
    pub log: log::Running,
}

/// The files as they were before they were read: what changes from then on is noticed, and so is SIGHUP.
pub struct Seen {
    stamps: Vec<Option<Stamp>>,
    hangups: Hangups,
    start: Arc<Start>,
    /// They are looked at already.
    taken: bool,
}

/// The config and the rules that it named when the house was started.
struct Start {
    config: Config,
    rules: Option<Ruling>,
}

impl Seen {
    #[must_use]
    pub fn now(config: &Config, again: &Again) -> Self {
        let start = Arc::new(Start { config: config.clone(), rules: rulings_with(config, None).ok().map(|rulings| rulings.live) });
        Self { stamps: stamps(&files(config, again)), hangups: Hangups::listen(), start, taken: false }
    }
}

/// What is to hold from now on, on somebody's order.
pub enum Wanted {
    Choice(Choice),
    Own(Setting),
}

/// Another profile or strictness.
pub struct Choice {
    pub wants: Wants,
    pub by: String,
    /// Whether that changed anything, or why it was refused.
    pub done: oneshot::Sender<Result<bool, String>>,
}

/// Watches the rules.
pub struct Watch {
    pub hall: Arc<Hall>,
    pub shelf: Arc<Shelf>,
    pub again: Again,
    pub seen: Seen,
    /// What somebody chose over the config.
    pub choices: Arc<Choices>,
    pub wanted: mpsc::Receiver<Wanted>,
    /// The digests of what holds now.
    pub holds: (String, Option<String>),
    /// What holds now, for readers.
    pub show: channel::Sender<Sets>,
    /// Tells what of the owner's own rules is milder than the config, and since when.
    pub tell_own: channel::Sender<Option<(Timestamp, String)>>,
    /// Tells what of the config is milder than at the start, and since when that was seen.
    pub tell_relaxed: channel::Sender<Option<(Timestamp, String)>>,
    /// Tells what is wrong with the newest config or rules.
    pub tell: channel::Sender<Option<Wrong>>,
    /// Who is told of another config.
    pub takers: Takers,
    pub stopped: channel::Receiver<bool>,
}

/// Takes over what changed, until told to stop.
pub async fn watch(w: &mut Watch) {
    let mut config = w.hall.live();
    let mut files = files(&config, &w.again);
    let (mut seen, mut before) = (w.seen.stamps.clone(), stamps(&files));
    let mut every = tokio::time::interval(LOOK_EVERY);
    // Started again it looks at once: what it fell over may be on disk and not taken.
    let mut again = std::mem::replace(&mut w.seen.taken, true);
    loop {
        pulse::waits();
        let (asked, wanted) = tokio::select! {
            biased;
            () = std::future::ready(()), if std::mem::take(&mut again) => (true, None),
            _ = w.stopped.changed() => return,
            Some(wanted) = w.wanted.recv() => (false, Some(wanted)),
            () = w.seen.hangups.heard() => (true, None),
            _ = every.tick() => (false, None),
        };
        pulse::works().await;
        match wanted {
            None => {}
            Some(Wanted::Own(setting)) => {
                w.set(&config, setting).await;
                continue;
            }
            Some(Wanted::Choice(choice)) => {
                let came = w.choose(&config, &choice).await;
                // Who ordered it may be gone.
                let _ = choice.done.send(came);
                continue;
            }
        }
        let now = stamps(&files);
        let still = std::mem::replace(&mut before, now.clone()) == now;
        let changed = still && now != seen;
        if !asked && !changed {
            continue;
        }
        seen = now;
        let (read, start) = (Arc::clone(&w.again.read), Arc::clone(&w.seen.start));
        let (old, chosen) = (Arc::clone(&config), w.choices.now().await.chosen);
        // Some tens of milliseconds of reading and checking, on a thread for what blocks.
        let Ok(read) = tokio::task::spawn_blocking(move || reread(&*read, &start, &old, &chosen)).await else { return };
        match read {
            Ok(Reread { fresh, holds, sets, alarm, relaxed }) => {
                config = Arc::new(holds);
                let named = self::files(&config, &w.again);
                if named != files {
                    // What is named only now may have changed since it was read: it is read once more.
                    files = named;
                    seen.clear();
                }
                let swapped = w.swap(sets).await;
                if asked && !swapped {
                    info!("the rules are those that hold");
                }
                {
                    let turn = w.choices.turn().await;
                    let (ended, written) = w.choices.count_over(Arc::clone(&config)).await;
                    orders::tell_ended(&w.hall, &ended, &config).await;
                    if let Err(error) = written {
                        warn!("{} cannot be written: {error}", orders::FILE);
                    }
                    orders::follow(&w.hall, &w.takers.owed, &w.choices, &turn, "the config was changed while Jamey ran").await;
                }
                w.bear(&config).await;
                reload::take(&w.takers, &w.hall, &config, &fresh).await;
                w.tell_own.send_replace(alarm);
                w.tell_relaxed.send_modify(|told| {
                    let since = told.take().map_or_else(|| w.hall.clock.now(), |(since, _)| since);
                    *told = relaxed.map(|text| (since, text));
                });
                w.tell.send_replace(None);
            }
            Err(wrong) => {
                let (text, what, way) = match &wrong {
                    Wrong::Config(text) => (text, "config", "the old config stays; `jamey check` shows all that is wrong"),
                    Wrong::Rules(text) => (text, "rules", "the old rules stay; `jamey rules check` shows all that is wrong"),
                };
                let shown: String = text.chars().take(LOGGED_CHARS).collect();
                shown.lines().for_each(|line| warn!("{line}"));
                warn!("{way}");
                let short: String = text.chars().take(200).collect();
                w.hall.record("change.refused", Some(what), &short).await;
                w.tell.send_replace(Some(wrong));
            }
        }
    }
}

/// The config as the file says it, as it holds with what is taken of it, what it names, what of the owner's own rules is milder, and what of the
/// config is.
struct Reread {
    fresh: Config,
    holds: Config,
    sets: Sets,
    alarm: Option<(Timestamp, String)>,
    relaxed: Option<String>,
}

/// The config and the rules that it names, checked with what is chosen over it. What is not taken at once stays as it was at the start.
fn reread(read: &dyn Fn() -> anyhow::Result<Config>, start: &Start, old: &Config, chosen: &Chosen) -> Result<Reread, Wrong> {
    let refused = |error: anyhow::Error| Wrong::Config(format!("{error:#}"));
    let fresh = read().map_err(refused)?;
    reload::check(&fresh).map_err(refused)?;
    let holds = config::taken(old, &fresh);
    let counts = chosen.over(&holds);
    let sets = checked(&counts).map_err(Wrong::Rules)?;
    let alarm = own::alarm(&counts, &sets);
    let mut relaxed = orders::relaxed(&start.config, &holds);
    relaxed.extend(relaxed_rules(start, &holds).map_err(|refused| Wrong::Rules(refused.plain()))?);
    let relaxed = (!relaxed.is_empty()).then(|| relaxed.join("; "));
    Ok(Reread { fresh, holds, sets, alarm, relaxed })
}

/// What of the rules that a config names is milder than of those at the start. By which profile and how strictly they are weighed is told as such.
fn relaxed_rules(start: &Start, config: &Config) -> Result<Vec<String>, Refused> {
    let now = rulings_with(config, None)?.live;
    let of = |ruling| RuleSet::of(ruling, &config.signals);
    let Some(was) = &start.rules else { return Ok(Vec::new()) };
    let now = Ruling { profile: was.profile.clone(), strictness: was.strictness, ..now };
    Ok(match (*was != now).then(|| of(was).and_then(|was| Ok(milder(&was, &of(&now)?)))) {
        None => Vec::new(),
        Some(Ok(found)) => found,
        // They hold by what was set beside them.
        Some(Err(_)) => vec!["its rules are others".to_owned()],
    })
}

fn checked(config: &Config) -> Result<Sets, String> {
    let told = |refused: Refused| refused.plain();
    compile(&rulings(config).map_err(told)?, &config.signals).map_err(told)
}

impl Watch {
    /// Takes a choice: checked whole, on disk, then swapped; or refused whole, and nothing changed.
    async fn choose(&mut self, config: &Arc<Config>, choice: &Choice) -> Result<bool, String> {
        let Choice { wants, by, .. } = choice;
        let (at, mut chosen, config) = (self.hall.clock.now(), self.choices.now().await.chosen, Arc::clone(config));
        if !chosen.choose(wants, by, at, &config) {
            return self.choices.choose(wants, by, at).await.map_err(orders::unwritten);
        }
        let sets = tokio::task::spawn_blocking(move || checked(&chosen.over(&config))).await.map_err(|error| error.to_string())??;
        self.choices.choose(wants, by, at).await.map_err(orders::unwritten)?;
        pulse::within().await;
        self.swap(sets).await;
        let config = self.choices.now().await.config;
        self.bear(&config).await;
        Ok(true)
    }

    /// Tells readers how strictly the conscience judges now.
    async fn bear(&self, config: &Config) {
        let bearing = orders::bearing(&self.choices.now().await.chosen.over(config));
        self.hall.bearing.send_if_modified(|before| std::mem::replace(before, bearing) != bearing);
    }

    /// Hands other rules to the mind; whether they are others.
    pub(super) async fn swap(&mut self, sets: Sets) -> bool {
        let fresh = (sets.live.ruling().digest(), sets.shadow.as_ref().map(|s| s.ruling().digest()));
        if fresh == self.holds {
            return false;
        }
        let (rules, rulings) = (sets.live.rules().count(), sets.rulings());
        self.show.send_replace(sets.clone());
        self.shelf.put(sets);
        if !self.hall.inbox.leave(Input::Rules(Box::new(rulings)), 0, None, None).await {
            return true;
        }
        info!("the rules changed: {rules} of them hold from now on");
        let (before, now) = (&self.holds.0, &fresh.0);
        let shadow = match (&self.holds.1, &fresh.1) {
            (_, None) => String::new(),
            (old, Some(new)) if old.as_ref() == Some(new) => ", the shadow as before".to_owned(),
            (_, Some(new)) => format!(", a shadow {new} judges beside them"),
        };
        let detail = format!("swapped while running: sha256 {before} then, {now} now; {rules} rules{shadow}");
        self.hall.record("change", Some("rules"), &detail).await;
        self.holds = fresh;
        true
    }
}

/// All files whose change matters.
fn files(config: &Config, again: &Again) -> Vec<PathBuf> {
    let conscience = &config.conscience;
    let named = again.file.iter().chain(&conscience.rules).chain(&conscience.shadow).cloned();
    named.chain([own::path(&config.store.data)]).collect()
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|path| stamp(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_whose_rules_take_care_away_is_told_and_one_whose_rules_add_some_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.toml");
        let rule = "[[rule]]\nid = \"NO-LAMP\"\nduty = \"security\"\nkind = \"weigh\"\npolarity = -1\nweight = 5\nseverity = 0.5\nwhen = \"act.verb == 'on'\"\n";
        std::fs::write(&own, rule).unwrap();
        let with = |conscience: &str| {
            let mut config = config::tests::config(&format!("[conscience]\n{conscience}"));
            config.store.data = folder.path().to_owned();
            config
        };
        let named = format!("rules = [{:?}]\n", own.display().to_string());
        let config = with(&named);
        let start = Start { rules: rulings_with(&config, None).ok().map(|rulings| rulings.live), config };
        for (conscience, says) in [
            ("", Some("NO-LAMP is gone")),
            (&*format!("{named}shipped = false\n"), Some("SEC-3-retained-command is gone")),
            (&*format!("{named}silent = [\"security\"]\n"), Some("NO-LAMP weighs 0, not 5")),
            (&*format!("{named}[conscience.weights]\nNO-LAMP = 4\n"), Some("NO-LAMP weighs 4, not 5")),
            (&*format!("{named}[conscience.weights]\nNO-LAMP = 6\n"), None),
            // That is told by the profile and the strictness themselves.
            (&*format!("{named}profile = \"workshop\"\nstrictness = 0.05\n"), None),
            (&*named, None),
        ] {
            let found = relaxed_rules(&start, &with(conscience)).unwrap();
            assert_eq!(found.iter().any(|one| Some(one.as_str()) == says), says.is_some(), "{conscience}: {found:?}");
            assert!(says.is_some() || found.is_empty(), "{conscience}: {found:?}");
        }
        std::fs::write(&own, rule.replace("weight = 5", "weight = 1")).unwrap();
        assert_eq!(relaxed_rules(&start, &with(&named)).unwrap(), ["NO-LAMP weighs 1, not 5"], "the file says less");
    }
}
