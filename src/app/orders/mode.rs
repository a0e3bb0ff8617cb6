//! The guard's mode while Jamey runs: whoever changes what counts has the guard do it before anybody else may.

use super::Choices;
use crate::{
    app::retained::{ALL, Owed},
    broker::Hall,
    config::GuardMode,
};
use tokio::sync::MutexGuard;
use tracing::warn;

/// Has the guard do this. Nobody takes it away before that is on its way to the record; and what was retained while it only observed must not reach a
/// device once it enforces.
pub(super) async fn settle(hall: &Hall, owed: &Owed, mode: GuardMode, record: impl Future<Output = ()>) {
    if mode == GuardMode::Enforce {
        hall.change_guard(|view| view.enforce = true);
        owed.owe(ALL);
        record.await;
    } else {
        record.await;
        hall.change_guard(|view| view.enforce = false);
    }
}

/// Has the guard do what counts now, where it does not.
pub async fn follow(hall: &Hall, owed: &Owed, choices: &Choices, _turn: &MutexGuard<'_, ()>, why: &str) {
    let state = choices.now().await;
    let mode = state.chosen.over(&state.config).broker.guard;
    if hall.guard().enforce == (mode == GuardMode::Enforce) {
        return;
    }
    warn!("guard mode {}: {why}", mode.as_str());
    settle(hall, owed, mode, hall.record("guard.mode", Some(mode.as_str()), why)).await;
}
