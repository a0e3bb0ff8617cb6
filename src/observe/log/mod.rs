//! The log: levels by target, which can be changed while it runs; as text or JSON; to standard error, to journald with its levels, or to a file
//! that is turned over by size.

mod fields;
mod file;
mod json;
mod out;
mod queue;

use super::overheard;
use file::Turned;
use queue::Queue;
use std::{
    io::IsTerminal,
    panic,
    path::{Path, PathBuf},
    time::Duration,
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt,
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

/// How it is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Levels by target.
    pub filter: String,
    /// One JSON object a line.
    pub json: bool,
    /// None: to standard error.
    pub file: Option<FilePlan>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlan {
    pub path: PathBuf,
    /// A file with so many bytes gives way to the next.
    pub bytes: u64,
    /// Of all together, with the one that is written.
    pub files: u32,
}

/// What the log that runs is asked.
#[derive(Clone)]
pub struct Running {
    levels: reload::Handle<EnvFilter, Registry>,
    file: Option<Queue>,
}

/// Why there is no log as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log.filter: {0}")]
    Filter(String),
    #[error("log.file: {} cannot be written ({why}); name a file in a folder that is there and that this user may write in", path.display())]
    File { path: PathBuf, why: std::io::Error },
}

/// What is logged.
///
/// # Errors
/// When it cannot be read.
pub fn filter(text: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(text).map_err(|error| LogError::Filter(error.to_string()))
}

/// Whether a file of the log can be kept there; nothing is left of the trial.
///
/// # Errors
/// When it cannot.
pub fn tried(path: &Path) -> Result<(), LogError> {
    file::tried(path).map_err(|why| LogError::File { path: path.to_owned(), why })
}

/// Logs from now on, panics of any thread too.
///
/// # Errors
/// When the levels cannot be read, or the file cannot be written.
pub fn start(plan: &Plan) -> Result<Running, LogError> {
    let begin = |file: &FilePlan| {
        let mut turned = Turned::open(&file.path, file.bytes, file.files)?;
        Queue::start(move |line| turned.write(line))
    };
    let begun = |file: &FilePlan| begin(file).map_err(|why| LogError::File { path: file.path.clone(), why });
    let file = plan.file.as_ref().map(begun).transpose()?;
    let out = file.clone().map_or_else(out::Out::standard_error, out::Out::File);
    let is_journal = matches!(out, out::Out::Journal);
    let ansi = matches!(out, out::Out::Terminal) && std::io::stderr().is_terminal();
    let lines = fmt::layer().fmt_fields(fields::Fields).with_ansi(ansi).with_writer(out);
    // The journal has the time of each line itself.
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match (plan.json, is_journal) {
        (true, _) => Box::new(lines.event_format(json::Json)),
        (false, true) => Box::new(lines.without_time().with_level(false)),
        (false, false) => Box::new(lines),
    };
    let (filter, handle) = reload::Layer::new(filter(&plan.filter)?);
    let lines = lines.with_filter(filter.and(filter_fn(|metadata| !overheard::tells(metadata))));
    tracing_subscriber::registry().with(lines).with(overheard::layer()).init();
    panic::set_hook(Box::new(|panicked| {
        let thread = std::thread::current();
        let trace = std::backtrace::Backtrace::capture();
        let trace = if trace.status() == std::backtrace::BacktraceStatus::Captured { trace.to_string() } else { String::new() };
        // The words of a panic may be a stranger's: they stay on one line.
        tracing::error!("the thread {} {panicked}", thread.name().unwrap_or("without a name"));
        trace.lines().for_each(|line| tracing::error!("{line}"));
    }));
    Ok(Running { levels: handle, file })
}

impl Running {
    /// What is wrong with the file that it is written to; None: nothing, or it is written to none.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.file.as_ref()?.trouble()
    }

    /// Waits until all that was said is written, or so long: the process may end then.
    pub fn flush(&self, patience: Duration) {
        if let Some(file) = &self.file {
            file.flush(patience);
        }
    }

    /// Other levels from now on.
    ///
    /// # Errors
    /// When they cannot be read: then the old ones stay.
    pub fn change(&self, text: &str) -> Result<(), LogError> {
        let fresh = filter(text)?;
        self.levels.reload(fresh).map_err(|error| LogError::Filter(error.to_string()))
    }
}
