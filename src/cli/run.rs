//! `jamey run`.

use super::Common;
use crate::{app, config::Config};
use std::{future::Future, io::IsTerminal};
use tracing_subscriber::EnvFilter;

/// # Errors
/// When the config is refused or Jamey cannot start.
pub fn run(common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let filter = log_filter(&config)?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(app::run(config))
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
