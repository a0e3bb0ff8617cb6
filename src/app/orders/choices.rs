//! What is chosen in the running Jamey, and the config over which it counts: changed here only, and on disk before it counts.

use super::chosen::{Chosen, Holds};
use crate::{
    broker::{About, Wants},
    config::Config,
    domain::Timestamp,
};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard};

pub struct Choices {
    data: PathBuf,
    turn: Mutex<()>,
    state: Mutex<State>,
    /// What stands in the data folder makes no sense: it is written anew at the first word.
    damaged: AtomicBool,
}

#[derive(Clone)]
pub struct State {
    pub chosen: Chosen,
    /// Its `[conscience]` as it was read last, the rest as at the start.
    pub config: Arc<Config>,
}

impl Choices {
    #[must_use]
    pub fn new(chosen: Chosen, config: Arc<Config>, damaged: bool) -> Self {
        Self {
            data: config.store.data.clone(),
            turn: Mutex::default(),
            state: Mutex::new(State { chosen, config }),
            damaged: damaged.into(),
        }
    }

    /// Who has it may change what the guard does: from the word, or the config, to the guard itself, so that the last word holds.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub async fn now(&self) -> State {
        self.state.lock().await.clone()
    }

    /// What holds now for each option, without waiting: None while a choice is on its way to the disk.
    #[must_use]
    pub fn seen(&self) -> Option<[Holds; 3]> {
        let state = self.state.try_lock().ok()?;
        Some(state.chosen.holds(&state.config))
    }

    /// Whether what stands in the data folder could not be read at the start, and nobody has chosen anew.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    pub async fn holds(&self, about: About) -> Option<Holds> {
        let state = self.now().await;
        state.chosen.of(about, &state.config)
    }

    /// Takes a choice; whether that changed anything.
    ///
    /// # Errors
    /// When it cannot be written: then nothing changed.
    pub async fn choose(&self, wants: &Wants, by: &str, at: Timestamp) -> io::Result<bool> {
        let mut state = self.state.lock().await;
        let mut next = state.chosen.clone();
        let changed = next.choose(wants, by, at, &state.config);
        if changed || self.damaged.load(Ordering::Relaxed) {
            self.put(&mut state, next).await?;
        }
        Ok(changed)
    }

    /// From now on this config is what choices count over; those that end by it.
    ///
    /// # Errors
    /// When that cannot be written: they ended all the same, and the next start sees it too.
    pub async fn count_over(&self, config: Arc<Config>) -> (Vec<Holds>, io::Result<()>) {
        let mut state = self.state.lock().await;
        let (left, ended) = state.chosen.clone().without_ended(&config);
        state.config = config;
        let written = if ended.is_empty() { Ok(()) } else { self.put(&mut state, left.clone()).await };
        state.chosen = left;
        (ended, written)
    }

    async fn put(&self, state: &mut MutexGuard<'_, State>, next: Chosen) -> io::Result<()> {
        let data = self.data.clone();
        state.chosen = tokio::task::spawn_blocking(move || next.write(&data).map(|()| next)).await.map_err(io::Error::other)??;
        self.damaged.store(false, Ordering::Relaxed);
        Ok(())
    }
}
