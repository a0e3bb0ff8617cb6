//! The parts of the house that look again and again, each started under the supervisor with what all of them need.

use crate::{broker::Hall, runtime::Supervisor};
use std::{future::Future, path::PathBuf, sync::Arc};
use tokio::{sync::watch, task::JoinHandle};

#[derive(Clone)]
pub struct Parts {
    pub supervisor: Supervisor,
    pub data: PathBuf,
    pub hall: Arc<Hall>,
    pub stopped: watch::Receiver<bool>,
}

impl Parts {
    /// Starts one that keeps nothing between two looks.
    pub fn start<F>(
        &self,
        name: &'static str,
        run: impl Fn(PathBuf, Arc<Hall>, watch::Receiver<bool>) -> F + Send + 'static,
    ) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (data, hall, stopped) = (self.data.clone(), Arc::clone(&self.hall), self.stopped.clone());
        self.supervisor.task(name, move || run(data.clone(), Arc::clone(&hall), stopped.clone()))
    }
}
