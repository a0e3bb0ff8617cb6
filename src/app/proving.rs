//! Phoenix's thread: what the mind asks to be proved each second is read, and it is told what came of it.

use crate::{
    broker::Hall,
    domain::{Asks, Input, Part, Report, Unit01},
    phoenix::{Proof, Proved},
    runtime::{Supervisor, pulse},
};
use std::{sync::Arc, thread::JoinHandle};
use tokio::{runtime::Handle, sync::watch};
use tracing::warn;

/// Starts it; it ends when the mind does.
///
/// # Errors
/// When it cannot be started.
pub fn prove(hall: Arc<Hall>, mut rounds: watch::Receiver<Option<Asks>>, supervisor: Supervisor) -> std::io::Result<JoinHandle<()>> {
    let runtime = Handle::current();
    let mut run = move || {
        let mut proof = Proof::new(hall.config.store.data.clone());
        let mut failures = 0u64;
        while runtime.block_on(rounds.changed()).is_ok() {
            let Some(asks) = rounds.borrow_and_update().clone() else { continue };
            pulse::turns();
            let proved = proof.prove(asks.prove).unwrap_or_else(|error| {
                // The first and every hundredth: what cannot be read now cannot be read in a second either.
                if failures.is_multiple_of(100) {
                    warn!("what is kept could not be proved readable: {error}");
                }
                failures += 1;
                Proved::default()
            });
            let nothing = Unit01::clamped(0.0);
            let report = Report { at: hall.clock.now(), of: Part::Phoenix, did: asks.prove, found: proved.looks, weight: nothing };
            hall.inbox.mention(Input::Reported(report));
        }
    };
    std::thread::Builder::new().name("phoenix".into()).spawn(move || supervisor.hold("proof", &mut run))
}
