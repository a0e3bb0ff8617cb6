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
    observe::{Alert, Turn},
    runtime::Clock,
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
#[derive(Default)]
pub struct Webhooks(Vec<Hook>);

struct Hook {
    entry: WebhookEntry,
    shared: Arc<Shared>,
    thread: Thread,
}

/// What the speaker and a webhook's thread share.
struct Shared {
    queue: Mutex<Queue>,
    stop: AtomicBool,
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
    pub fn start(config: &Config, clock: &Arc<Clock>) -> Result<Self> {
        let start = |entry: &WebhookEntry| -> Result<Hook> {
            let call = Call::read(entry).with_context(|| format!("the webhook {} cannot be used", entry.name))?;
            let (known, stands) = Known::read(&config.store.data, &entry.name);
            let shared = Arc::new(Shared { queue: Mutex::new(Queue::new(entry.severity, stands)), stop: AtomicBool::new(false) });
            let caller = Caller {
                entry: entry.clone(),
                call,
                known,
                shared: Arc::clone(&shared),
                clock: Arc::clone(clock),
                node: config.node.clone(),
            };
            let thread = thread::Builder::new()
                .name("webhook".into())
                .spawn(move || caller.run())
                .context("a webhook's thread cannot be started")?;
            Ok(Hook { entry: entry.clone(), shared, thread: thread.thread().clone() })
        };
        Ok(Self(config.webhooks.iter().map(start).collect::<Result<_>>()?))
    }

    /// What a receiver was told of before the start and does not stand any more is over.
    pub fn reconcile(&self, stood: &BTreeSet<String>, clock: &Clock) {
        for hook in &self.0 {
            let mut queue = hook.shared.queue();
            for code in queue.stands().filter(|code| !stood.contains(*code)).cloned().collect::<Vec<_>>() {
                let alarm = Alarm { critical: false, since: clock.now(), text: "it is over".to_owned(), what_to_do: String::new() };
                let over = Turn::Cleared(Alert { code, alarm, acknowledged: None, times: 0 });
                queue.put(&over, clock.percept_id(), clock.uptime(), clock.now());
            }
        }
    }

    /// Hands on what turned; waits for nobody.
    pub fn tell(&self, turns: &[Turn], clock: &Clock) {
        if turns.is_empty() {
            return;
        }
        let (up, at) = (clock.uptime(), clock.now());
        for hook in &self.0 {
            let own = code(&hook.entry.name);
            let mut queue = hook.shared.queue();
            // That it cannot be reached is nothing that it can be told.
            turns.iter().filter(|turn| turn.alert().code != own).for_each(|turn| queue.put(turn, clock.percept_id(), up, at));
            drop(queue);
            hook.thread.unpark();
        }
    }

    /// Those that have not been reached for long.
    pub fn alarms(&self, up: Duration, now: Timestamp, all: &mut Causes) {
        for hook in &self.0 {
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

impl Drop for Webhooks {
    /// The threads end when they see it; nobody waits for a receiver that thinks.
    fn drop(&mut self) {
        for hook in &self.0 {
            hook.shared.stop.store(true, Ordering::Release);
            hook.thread.unpark();
        }
    }
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
    fn run(self) {
        let mut was_failing = false;
        while !self.shared.stop.load(Ordering::Acquire) {
            let next = self.shared.queue().next(self.clock.uptime());
            let item = match next {
                Ok(item) => item,
                Err(wait) => {
                    thread::park_timeout(wait.unwrap_or(IDLE));
                    continue;
                }
            };
            let came = self.call.post(item.id, letter::body(&item, &self.node).as_bytes(), self.clock.now());
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
