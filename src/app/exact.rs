//! Exact Φ, each minute where the host has room: on a thread of its own that yields to all others, and never for long.

use crate::{
    broker::Inbox,
    consciousness::{self, gaussian::Process, iit},
    domain::{ExactPhi, Input, Observation, Timestamp},
    observe::Counters,
    runtime::{Clock, Supervisor, give_way, pulse},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::watch};

/// From one run to the next, at least.
const EVERY: Duration = Duration::from_secs(60);
/// And so many times as long as the last one took: a hundredth of one core.
const REST: u32 = 100;
/// What is not done by then is left. Six parts take a tenth of a second on an ordinary core, and this on one a hundred times as slow.
const DEADLINE: Duration = Duration::from_secs(20);
/// Where there is no room it is looked again after this.
const LOOK: Duration = Duration::from_secs(5);
/// Messages that wait: more than a batch leaves behind in passing.
const CROWD: usize = 64;
/// Load of the last minute, of each core.
const BUSY: f64 = 0.9;

/// What was observed, and the covariances of the live Φ where there are any.
pub type Seen = (Observation, Option<Process>);

/// Who computes it.
pub struct Thinker {
    pub inbox: Inbox,
    pub clock: Arc<Clock>,
    pub counters: Arc<Counters>,
    pub observed: watch::Receiver<Option<Seen>>,
    /// Processes that ran or wanted to in the last minute, on average; where the host tells it.
    pub load: fn() -> Option<f64>,
}

/// The host's.
pub fn load() -> Option<f64> {
    sysinfo::System::load_average().ok().map(|load| load.one)
}

impl Thinker {
    /// Computes until a stop is asked for.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn think(mut self, stop: watch::Receiver<bool>, supervisor: Supervisor) -> std::io::Result<JoinHandle<()>> {
        let runtime = Handle::current();
        let run = move || supervisor.hold("phi", || self.run(&runtime, stop.clone()));
        std::thread::Builder::new().name("phi".into()).spawn(run)
    }

    fn run(&mut self, runtime: &Handle, mut stop: watch::Receiver<bool>) {
        give_way();
        let mut wait = Duration::ZERO;
        loop {
            pulse::turns();
            let of = runtime.block_on(async {
                tokio::select! {
                    biased;
                    // Who stops it says so, or is gone.
                    _ = stop.changed() => None,
                    of = next(&mut self.observed, wait) => of,
                }
            });
            let Some((of, process)) = of else { return };
            wait = if self.has_room() { rest(self.compute(of, process.as_ref(), &stop)) } else { LOOK };
        }
    }

    /// How long it took.
    fn compute(&self, of: Observation, process: Option<&Process>, stop: &watch::Receiver<bool>) -> Duration {
        let begun = Instant::now();
        let goes_on = || begun.elapsed() < DEADLINE && !*stop.borrow();
        match catch_unwind(AssertUnwindSafe(|| of_network(of, self.clock.now(), goes_on))) {
            Ok(Ok(mut exact)) => {
                (exact.phi_g, exact.phi_r) = process.map_or((None, None), |process| beside(process, goes_on));
                exact.took_millis = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
                if !*stop.borrow() {
                    // Where there is no place at once it is left: there will be another.
                    self.inbox.mention(Input::Exact(Box::new(exact)));
                }
            }
            Ok(Err(error)) => self.counters.refuse("phi-failed", &error.to_string()),
            Err(_) => self.counters.refuse("phi-failed", "the computation of exact Φ panicked"),
        }
        begun.elapsed()
    }

    fn has_room(&self) -> bool {
        has_room(self.inbox.waiting(), (self.load)(), std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
    }
}

/// What was observed, after a while and as soon as there is something; None: nobody observes any more.
async fn next(observed: &mut watch::Receiver<Option<Seen>>, wait: Duration) -> Option<Seen> {
    tokio::time::sleep(wait).await;
    observed.wait_for(Option::is_some).await.ok()?.clone()
}

fn rest(took: Duration) -> Duration {
    EVERY.max(took.saturating_mul(REST))
}

/// A host that does not tell its load is judged by the inbox alone.
fn has_room(waiting: usize, load: Option<f64>, cores: usize) -> bool {
    let cores = u32::try_from(cores).map_or(1.0, f64::from);
    waiting <= CROWD && load.is_none_or(|load| load / cores <= BUSY)
}

/// Exact Φ of what was observed; `goes_on` is asked before each cut.
fn of_network(of: Observation, at: Timestamp, goes_on: impl FnMut() -> bool) -> Result<ExactPhi, iit::NetworkError> {
    let told = iit::phi(&consciousness::network(&of)?, goes_on);
    let parts = |set| consciousness::parts(&of, set);
    let (from, to) = told.as_ref().and_then(|told| told.cut).map(|(from, to)| (parts(from), parts(to))).unwrap_or_default();
    let concepts = told.as_ref().map_or(0, |told| u32::try_from(told.concepts.len()).unwrap_or(u32::MAX));
    Ok(ExactPhi { at, phi: told.map(|told| told.phi), from, to, concepts, took_millis: 0, phi_g: None, phi_r: None, of })
}

/// Φ_G and Φ_R, each the least over all ways to part the process in two; None where there was no time.
fn beside(process: &Process, goes_on: impl Fn() -> bool) -> (Option<f64>, Option<f64>) {
    let least = |of: fn(&Process, &[Vec<usize>]) -> Option<f64>| {
        let found = process.least(|process, parts| if goes_on() { of(process, parts) } else { None });
        found.map(|(nats, _)| nats)
    };
    (least(Process::phi_g), least(Process::phi_r))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{broker::Post, consciousness::gaussian::Matrix, domain::Part};

    #[test]
    fn a_busy_house_comes_first() {
        assert!(has_room(0, Some(0.5), 1) && has_room(CROWD, Some(3.5), 4) && has_room(0, None, 1));
        assert!(!has_room(CROWD + 1, Some(0.0), 4) && !has_room(0, Some(1.0), 1) && !has_room(0, Some(4.0), 4));
        assert_eq!(rest(Duration::from_millis(200)), EVERY);
        assert_eq!(rest(Duration::from_secs(2)), Duration::from_secs(200));
    }

    /// Five parts, each of which mostly does what those that act on it did; phoenix stands still.
    fn five() -> Observation {
        let follows = vec![0.1, 0.9];
        let nodes = vec![Part::Perception, Part::Conscience, Part::Soul, Part::Memory, Part::Workspace];
        let workspace = (0u8..8).map(|s| [0.1, 0.5, 0.5, 0.9][usize::from(s & 0b11)]).collect();
        let tables = vec![follows.clone(), follows.clone(), follows.clone(), follows, workspace];
        Observation { nodes, state: [true, false, true, false, true, false], tables, samples: 900 }
    }

    #[tokio::test]
    async fn what_was_observed_comes_back_as_an_input() {
        let ((inbox, mut posts), (counters, _complaints)) = (Inbox::new(), Counters::new());
        let ((observe, observed), (stop, stopped)) = (watch::channel(None), watch::channel(false));
        let clock = Arc::new(Clock::new(Timestamp::default()));
        let thinker = Thinker { inbox, clock, counters: Arc::new(counters), observed, load: || Some(0.0) };
        let thread = thinker.think(stopped, Supervisor::alone()).unwrap();
        observe.send_replace(Some((five(), None)));
        let Some(Post::Letter(letter)) = posts.recv().await else { panic!("no letter") };
        let Input::Exact(exact) = letter.input else { panic!("{:?}", letter.input) };
        assert_eq!((exact.phi, &exact.of), (of_network(five(), exact.at, || true).unwrap().phi, &five()));
        stop.send_replace(true);
        tokio::task::spawn_blocking(|| thread.join()).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn it_ends_when_nobody_observes_any_more() {
        let ((inbox, _posts), (counters, _complaints)) = (Inbox::new(), Counters::new());
        let ((observe, observed), (_stop, stopped)) = (watch::channel(None), watch::channel(false));
        let clock = Arc::new(Clock::new(Timestamp::default()));
        let thinker = Thinker { inbox, clock, counters: Arc::new(counters), observed, load: || None };
        let thread = thinker.think(stopped, Supervisor::alone()).unwrap();
        drop(observe);
        tokio::task::spawn_blocking(|| thread.join()).await.unwrap().unwrap();
    }

    #[test]
    fn what_flows_both_ways_has_all_measures() {
        let of = |c: f64| {
            Process::new(
                Matrix::from_fn(2, 2, |i, j| if i == j { 1.0 } else { 0.0 }),
                Matrix::from_fn(2, 2, |i, j| if i == j { 0.0 } else { c }),
            )
        };
        let (g, r) = beside(&of(0.5).unwrap(), || true);
        assert!(g.is_some_and(|g| g > 0.1) && r.is_some_and(|r| r > 0.1), "{g:?} {r:?}");
        let (g, _) = beside(&of(0.0).unwrap(), || true);
        assert!(g.is_some_and(|g| g.abs() < 1e-9), "{g:?}");
        assert_eq!(beside(&of(0.5).unwrap(), || false), (None, None));
    }

    #[test]
    fn what_is_computed_names_the_parts() {
        let at = Timestamp::from_micros(7);
        let told = of_network(five(), at, || true).unwrap();
        assert!(told.phi.is_some_and(|phi| phi > 0.0) && told.concepts > 0, "{told:?}");
        assert_eq!(told.from.len() + told.to.len(), 5);
        assert!(!told.from.contains(&Part::Phoenix) && !told.to.contains(&Part::Phoenix));
        let late = of_network(five(), at, || false).unwrap();
        assert_eq!((late.phi, late.from, late.concepts), (None, Vec::new(), 0));
        assert!(of_network(Observation { tables: Vec::new(), ..five() }, at, || true).is_err());
    }
}
