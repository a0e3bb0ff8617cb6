//! `jamey run`.

use super::Common;
use crate::{
    app,
    config::Config,
    observe::{log_line, overheard},
    runtime,
};
use std::{future::Future, io::IsTerminal};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// # Errors
/// When the config is refused or Jamey cannot start.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let reading = common.clone();
    let again = app::rules::Again { file: common.config.clone(), read: Box::new(move || reading.load()) };
    let filter = log_filter(&config)?;
    let log = tracing_subscriber::fmt::layer().fmt_fields(log_line::Fields);
    let log = log.with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log = log.with_filter(filter.and(filter_fn(|metadata| !overheard::tells(metadata))));
    tracing_subscriber::registry().with(log).with(overheard::layer()).init();
    runtime::keep_pages_small();
    let kept = config.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ran = runtime.block_on(app::run(config, again));
    // What waits for a disk that does not answer is left.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ran.map_err(|error| app::phoenix::rescued(&kept, error))
}

/// What is logged.
///
/// # Errors
/// When `log.filter` cannot be read.
pub fn log_filter(config: &Config) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(&config.log.filter).map_err(|e| anyhow::anyhow!("log.filter: {e}"))
}

/// # Errors
/// The future's own.
pub fn on_one_thread<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
