//! Webhooks: each turn of an alert is posted to those whom the owner named. Each has a thread of its own, which waits for its receiver so that
//! nobody else does, and what fails is tried again, ever later.

mod call;
mod known;
mod letter;
mod queue;
mod secret;

use super::alerts::Causes;
use crate::{
    config::{Config, WebhookEntry},
    domain::{Alarm, Timestamp},
    observe::{Alert, Page, Turn},
    runtime::{Clock, Supervisor, pulse},
};
use anyhow::{Context, Result};
use call::{Call, Came};
use known::Known;
use queue::Queue;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};
use tracing::{info, warn};

/// A receiver that takes nothing for so long is worth an alert of its own; shorter is a restart.
const LONG: Duration = Duration::from_secs(600);
/// Nothing is due: the thread looks again, though nobody woke it.
const IDLE: Duration = Duration::from_secs(60);

/// All of them.
pub struct Webhooks {
    hooks: Vec<Hook>,
    supervisor: Supervisor,
}

struct Hook {
    entry: WebhookEntry,
    shared: Arc<Shared>,
    thread: Thread,
}

/// What the speaker and a webhook's thread share.
struct Shared {
    queue: Mutex<Queue>,
    stop: AtomicBool,
    /// Another has its name, and keeps what was told.
    replaced: AtomicBool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Webhooks {
    /// Reads what each needs, and starts its thread.
    ///
    /// # Errors
    /// When a secret or a certificate cannot be used, or a thread cannot be started.
    pub fn start(config: &Config, clock: &Arc<Clock>, supervisor: Supervisor) -> Result<Self> {
        let hooks = config.webhooks.iter().map(|entry| Hook::start(entry, config, clock, &supervisor)).collect::<Result<_>>()?;
        Ok(Self { hooks, supervisor })
    }

    /// Those of another config from now on. Who is named as before goes on as before; who is new hears of all that stands.
    pub fn change(&mut self, config: &Config, page: &Page, clock: &Arc<Clock>) {
        let mut before = std::mem::take(&mut self.hooks);
        for entry in &config.webhooks {
            if let Some(at) = before.iter().position(|hook| hook.entry == *entry) {
                self.hooks.push(before.swap_remove(at));
                continue;
            }
            match Hook::start(entry, config, clock, &self.supervisor) {
                Ok(hook) => {
                    // One of the same name with another address takes over what was told.
                    before.extract_if(.., |hook| hook.entry.name == entry.name).for_each(Hook::replace);
                    let stood = page.alerts.iter().map(|alert| alert.code.clone()).collect();
                    hook.reconcile(&stood, clock);
                    hook.tell(&page.alerts.iter().cloned().map(Turn::Stands).collect::<Vec<_>>(), clock);
                    self.hooks.push(hook);
                }
                Err(error) => {
                    let old = before.iter().position(|hook| hook.entry.name == entry.name);
                    warn!("{error:#}{}", if old.is_some() { ": it is as it was before" } else { "" });
                    self.hooks.extend(old.map(|at| before.swap_remove(at)));
                }
            }
        }
    }

    /// What a receiver was told of before the start and does not stand any more is over.
    pub fn reconcile(&self, stood: &BTreeSet<String>, clock: &Clock) {
        self.hooks.iter().for_each(|hook| hook.reconcile(stood, clock));
    }

    /// Hands on what turned; waits for nobody.
    pub fn tell(&self, turns: &[Turn], clock: &Clock) {
        if !turns.is_empty() {
            self.hooks.iter().for_each(|hook| hook.tell(turns, clock));
        }
    }

    /// Those that have not been reached for long.
    pub fn alarms(&self, up: Duration, now: Timestamp, all: &mut Causes) {
        for hook in &self.hooks {
            let queue = hook.shared.queue();
            let Some((since, why)) = queue.failing().filter(|(since, _)| up.saturating_sub(*since) >= LONG) else { continue };
            let text = format!("alerts do not reach the webhook {} at {}: {why}", hook.entry.name, hook.entry.host());
            let what_to_do =
                "see whether the receiver runs and takes what is posted; what is not posted yet waits, the newest of each alert";
            let ago = i64::try_from(up.saturating_sub(since).as_secs()).unwrap_or(i64::MAX);
            let alarm = Alarm { critical: false, since: now.plus_seconds(ago.saturating_neg()), text, what_to_do: what_to_do.to_owned() };
            all.insert(code(&hook.entry.name), alarm);
        }
    }
}

impl Hook {
    fn start(entry: &WebhookEntry, config: &Config, clock: &Arc<Clock>, supervisor: &Supervisor) -> Result<Self> {
        let call = read(entry)?;
        let (known, stands) = Known::read(&config.store.data, &entry.name);
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::new(entry.severity, stands)),
            stop: AtomicBool::new(false),
            replaced: AtomicBool::new(false),
        });
        let caller =
            Caller { entry: entry.clone(), call, known, shared: Arc::clone(&shared), clock: Arc::clone(clock), node: config.node.clone() };
        let (supervisor, part) = (supervisor.clone(), code(&entry.name));
        let thread = thread::Builder::new()
            .name("webhook".into())
            .spawn(move || supervisor.hold(&part, || caller.run()))
            .context("a webhook's thread cannot be started")?;
        Ok(Self { entry: entry.clone(), shared, thread: thread.thread().clone() })
    }

    /// What it is told of a post under way it keeps to itself.
    fn replace(self) {
        self.shared.replaced.store(true, Ordering::Release);
    }

    fn reconcile(&self, stood: &BTreeSet<String>, clock: &Clock) {
        let mut queue = self.shared.queue();
        for code in queue.stands().filter(|code| !stood.contains(*code)).cloned().collect::<Vec<_>>() {
            let alarm = Alarm { critical: false, since: clock.now(), text: "it is over".to_owned(), what_to_do: String::new() };
            let over = Turn::Cleared(Alert { code, alarm, acknowledged: None, times: 0 });
            queue.put(&over, clock.percept_id(), clock.uptime(), clock.now());
        }
    }

    fn tell(&self, turns: &[Turn], clock: &Clock) {
        let (own, up, at) = (code(&self.entry.name), clock.uptime(), clock.now());
        let mut queue = self.shared.queue();
        // That it cannot be reached is nothing that it can be told.
        turns.iter().filter(|turn| turn.alert().code != own).for_each(|turn| queue.put(turn, clock.percept_id(), up, at));
        drop(queue);
        self.thread.unpark();
    }
}

impl Drop for Hook {
    /// The thread ends when it sees it; nobody waits for a receiver that thinks.
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Reads what each needs, and starts nothing.
///
/// # Errors
/// When a secret or a certificate cannot be used.
pub fn check(config: &Config) -> Result<()> {
    config.webhooks.iter().try_for_each(|entry| read(entry).map(drop))
}

fn read(entry: &WebhookEntry) -> Result<Call> {
    Call::read(entry).with_context(|| format!("the webhook {} cannot be used", entry.name))
}

fn code(name: &str) -> String {
    format!("webhook-{name}")
}

/// One webhook's thread.
struct Caller {
    entry: WebhookEntry,
    call: Call,
    known: Known,
    shared: Arc<Shared>,
    clock: Arc<Clock>,
    node: String,
}

impl Caller {
    fn run(&self) {
        let mut was_failing = false;
        while !self.shared.stop.load(Ordering::Acquire) {
            pulse::turns();
            let next = self.shared.queue().next(self.clock.uptime());
            let item = match next {
                Ok(item) => item,
                Err(wait) => {
                    thread::park_timeout(wait.unwrap_or(IDLE));
                    continue;
                }
            };
            let came = self.call.post(item.id, letter::body(&item, &self.node).as_bytes(), self.clock.now());
            if self.shared.replaced.load(Ordering::Acquire) {
                return;
            }
            let up = self.clock.uptime();
            match came {
                Came::Took => {
                    let stands = self.shared.queue().took(&item, up);
                    self.known.keep(&stands);
                    if std::mem::take(&mut was_failing) {
                        info!("the webhook {} is reached again", self.entry.name);
                    }
                }
                Came::Refused(why) => {
                    let what = format!("the webhook {} does not take {} of {}", self.entry.name, item.event.as_str(), item.alert.code);
                    if !std::mem::replace(&mut was_failing, true) {
                        warn!("{what}, and is asked again later: {why}");
                    }
                    let given_up = self.shared.queue().refused(item, up, why);
                    if let Some(stands) = given_up {
                        warn!("{what}: it is given up");
                        self.known.keep(&stands);
                    }
                }
                Came::Later { wait, why } => {
                    if !std::mem::replace(&mut was_failing, true) {
                        warn!("the webhook {} is not reached, and tried again: {why}", self.entry.name);
                    }
                    self.shared.queue().failed(item, up, wait, call::dice(), why);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_cannot_be_used_as_it_is_now_goes_on_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let with = |more: &str| {
            let mut config = crate::config::tests::config(&format!("[[webhook]]\nname = \"phone\"\nurl = \"http://127.0.0.1:1/{more}\n"));
            config.store.data = folder.path().to_owned();
            config
        };
        let clock = Arc::new(Clock::new(Timestamp::default()));
        let (old, broken, new) = (with("a\""), with("b\"\nsecret_file = \"/nowhere/secret\""), with("b\""));
        let mut hooks = Webhooks::start(&old, &clock, Supervisor::alone()).unwrap();
        let shared = Arc::clone(&hooks.hooks[0].shared);
        hooks.change(&broken, &Page::default(), &clock);
        assert!(hooks.hooks.len() == 1 && hooks.hooks[0].entry == old.webhooks[0] && !shared.stop.load(Ordering::Acquire));
        hooks.change(&new, &Page::default(), &clock);
        assert!(hooks.hooks.len() == 1 && hooks.hooks[0].entry == new.webhooks[0]);
        assert!(shared.stop.load(Ordering::Acquire) && shared.replaced.load(Ordering::Acquire), "the old one says nothing any more");
    }
}
