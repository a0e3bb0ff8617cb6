//! `jamey run`.

use super::Common;
use crate::{
    app,
    config::{Config, LogFormat},
    observe::log,
    runtime,
};
use std::{future::Future, time::Duration};

/// # Errors
/// When the config is refused or Jamey cannot start.
pub fn run(common: &Common) -> anyhow::Result<()> {
    runtime::give_back();
    let loaded = common.load_all()?;
    let older = super::older(&loaded, common.config.as_deref());
    let config = loaded.config;
    let reading = common.clone();
    let log = log::start(&log_plan(&config))?;
    let read = std::sync::Arc::new(move || reading.load());
    let again = app::rules::Again { file: common.config.clone(), read, log: log.clone() };
    if let Some(older) = older {
        tracing::warn!("{older}");
    }
    runtime::keep_pages_small();
    let kept = config.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ran = runtime.block_on(app::run(config, again));
    // What waits for a disk that does not answer is left.
    runtime.shutdown_timeout(Duration::from_millis(300));
    log.flush(Duration::from_millis(300));
    ran.map_err(|error| app::phoenix::rescued(&kept, error))
}

fn log_plan(config: &Config) -> log::Plan {
    let log = &config.log;
    let file = |path: &std::path::PathBuf| log::FilePlan { path: path.clone(), bytes: u64::from(log.rotate_kb) * 1_000, files: log.files };
    log::Plan { filter: log.filter.clone(), json: log.format == LogFormat::Json, file: log.file.as_ref().map(file) }
}

/// # Errors
/// The future's own.
pub fn on_one_thread<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
