//! Tells systemd that the house lives, as long as mind, store and broker do: what hangs is started anew. A disk that is full does not hang, and
//! starting anew would not mend it.

use crate::{
    broker::{Hall, OwnClient},
    runtime::{pulse, systemd},
    store::StoreHealth,
};
use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};
use tokio::sync::watch;
use tracing::warn;

/// So often within systemd's patience it is looked: one look may be late, and another.
const LOOKS: u32 = 4;
/// A part that said nothing for this share of the patience hangs: the rest of it is for a moment's load.
const HANGS_OF: u32 = 2;

/// A database that is written anew keeps everybody waiting: one of many gigabytes on a card for an hour, and no longer.
const LONGEST_ANEW: Duration = Duration::from_secs(3_600);

/// What may take minutes at the start: systemd is told that it goes on.
pub fn patiently<T>(work: impl FnOnce() -> T) -> T {
    const EVERY: Duration = Duration::from_secs(10);
    const MORE: Duration = Duration::from_secs(60);
    thread::scope(|scope| {
        let (done, over) = channel::<()>();
        let tell = move || {
            while over.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                systemd::starting(MORE);
            }
        };
        // Where there is no thread to be had it goes on untold.
        let _telling = thread::Builder::new().name("start".into()).spawn_scoped(scope, tell);
        let came = work();
        drop(done);
        came
    })
}

pub struct Watchdog {
    pub hall: Arc<Hall>,
    pub own: OwnClient,
    pub health: Arc<StoreHealth>,
}

impl Watchdog {
    /// Feeds it until told to stop, where systemd waits for it.
    pub async fn feed(&self, mut stopped: watch::Receiver<bool>) {
        let Some(patience) = systemd::patience() else {
            let _ = stopped.changed().await;
            return;
        };
        let mut every = tokio::time::interval(patience / LOOKS);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut signs = Signs::new(patience / HANGS_OF);
        loop {
            pulse::waits();
            tokio::select! {
                _ = every.tick() => {}
                _ = stopped.changed() => return,
            }
            pulse::works().await;
            let up = self.hall.clock.uptime();
            let look = Look {
                ticked: self.hall.pulses.ticked(),
                silence: self.own.silence(),
                failing: self.hall.failing(),
                tries: self.health.now().failures,
                anew: self.health.is_written_anew(),
            };
            match signs.hanging(up, look) {
                Some(part) => {
                    let text = format!("{part} does not answer: unless it does, systemd starts Jamey anew");
                    warn!("{text}");
                    systemd::ails(&text);
                }
                None => systemd::lives(&format!(
                    "{} connections{}",
                    self.hall.counters.connections(),
                    if look.failing { "; the store cannot write" } else { "" }
                )),
            }
        }
    }
}

/// What is seen at one look.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// When the mind took its last tick, since the start.
    ticked: Duration,
    /// How long the broker has said nothing to Jamey's own client.
    silence: Duration,
    /// The store cannot write; how often it failed to so far.
    failing: bool,
    tries: u64,
    /// The database is written anew after something was forgotten.
    anew: bool,
}

struct Signs {
    hangs: Duration,
    /// Since when it is written anew, and until when what was waiting then is given to come to itself.
    anew: Option<Duration>,
    waits_until: Duration,
    /// The store's failed tries at the last look, and since when they are as many.
    tries: (u64, Duration),
}

impl Signs {
    fn new(hangs: Duration) -> Self {
        Self { hangs, anew: None, waits_until: Duration::ZERO, tries: (0, Duration::ZERO) }
    }

    /// The part that hangs, if one does.
    fn hanging(&mut self, up: Duration, look: Look) -> Option<&'static str> {
        if self.tries.0 != look.tries {
            self.tries = (look.tries, up);
        }
        if !look.anew {
            self.anew = None;
        } else if up.saturating_sub(*self.anew.get_or_insert(up)) <= LONGEST_ANEW {
            self.waits_until = up + self.hangs;
        }
        if up < self.waits_until {
            return None;
        }
        let hangs = |since: Duration| up.saturating_sub(since) > self.hangs;
        if look.silence > self.hangs {
            return Some("the broker");
        }
        if look.failing {
            // While it cannot write the mind waits for it. It tries again, and each try is a sign.
            return hangs(self.tries.1).then_some("the store");
        }
        hangs(look.ticked).then_some("the mind, or the store that it waits for,")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hangs_is_named_and_a_full_disk_is_not_hanging() {
        let at = Duration::from_secs;
        let look = |ticked, silence, failing, tries| Look { ticked: at(ticked), silence: at(silence), failing, tries, anew: false };
        let mut signs = Signs::new(at(30));
        assert_eq!(signs.hanging(at(10), look(0, 10, false, 0)), None);
        assert_eq!(signs.hanging(at(130), look(100, 30, false, 0)), None);
        assert_eq!(signs.hanging(at(131), look(100, 0, false, 0)), Some("the mind, or the store that it waits for,"));
        assert_eq!(signs.hanging(at(131), look(131, 31, false, 0)), Some("the broker"));
        assert_eq!(signs.hanging(at(200), look(100, 0, true, 7)), None, "it tries");
        assert_eq!(signs.hanging(at(230), look(100, 0, true, 8)), None);
        assert_eq!(signs.hanging(at(260), look(100, 0, true, 8)), None);
        assert_eq!(signs.hanging(at(261), look(100, 0, true, 8)), Some("the store"), "it does not even fail any more");
    }

    #[test]
    fn a_database_that_is_written_anew_is_waited_for_and_not_for_ever() {
        let at = Duration::from_secs;
        let look = |ticked, anew| Look { ticked: at(ticked), silence: Duration::ZERO, failing: false, tries: 0, anew };
        let mut signs = Signs::new(at(30));
        assert_eq!(signs.hanging(at(100), look(100, true)), None);
        assert_eq!(signs.hanging(at(1_900), look(100, true)), None, "it goes on");
        assert_eq!(signs.hanging(at(1_915), look(100, false)), None, "it is done, and all that waited comes now");
        assert_eq!(signs.hanging(at(1_931), look(100, false)), Some("the mind, or the store that it waits for,"));
        assert_eq!(signs.hanging(at(2_000), look(2_000, true)), None);
        assert_eq!(signs.hanging(at(5_600), look(2_000, true)), None);
        assert_eq!(signs.hanging(at(5_700), look(2_000, true)), Some("the mind, or the store that it waits for,"), "an hour is enough");
    }

    #[test]
    fn what_is_done_patiently_comes_back() {
        assert_eq!(patiently(|| 7), 7);
    }
}
