//! What only the whole house can do for who writes by HTTP. The composition root fills it in: this room knows none above it.

use crate::{
    broker::About,
    domain::{OwnersWord, RuleText},
    store::VerdictRow,
};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What is done whether or not who asked waits for it.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What becomes of a memory record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Pinned,
    Unpinned,
    Forgotten,
}

pub trait Root: Send + Sync {
    /// What waits for a person's word, as it stands on `approval/{id}`.
    fn waiting(&self) -> Arc<BTreeMap<Uuid, Value>>;
    /// What holds for an option, and why.
    fn holds(&self, about: About) -> Later<Option<Value>>;
    /// What came of an owner's word, as it is told on `reply/{verb}`, once all of it is done. None: Jamey is stopping.
    fn word(&self, word: OwnersWord) -> Later<Option<Value>>;
    /// Whether the record was there.
    fn keep(&self, record: Uuid, kept: Kept, by: String) -> Later<Result<bool, String>>;
    /// The rules that hold, as `jamey rules list` has them.
    fn rules(&self) -> Vec<Value>;
    /// One of them whole.
    fn rule(&self, id: &str) -> Option<Value>;
    /// What each verdict was given on, and what would have changed it by the rules that hold now; it may take some milliseconds.
    fn explain(&self, rows: &[VerdictRow]) -> Vec<Value>;
    /// What a file laid over them would come to.
    fn check(&self, file: RuleText) -> Later<Result<Value, String>>;
    /// Judges the record by a file laid over them. Who drops the receiver ends it.
    fn replay(&self, wanted: Replay, by: String) -> Later<Result<mpsc::Receiver<Beat>, NotReplayed>>;
    /// The owner's own rules, as they are set.
    fn source(&self) -> Later<Result<Value, String>>;
    /// Sets others; none: takes them away.
    fn set_source(&self, text: Option<String>, by: String, agrees: Agrees) -> Later<Result<Value, NotSet>>;
}

/// Whether what is there now is what was read.
pub type Agrees = Box<dyn FnOnce(&Value) -> bool + Send>;

/// What is to be judged anew, and by what.
#[derive(Debug)]
pub struct Replay {
    pub file: RuleText,
    pub since: Option<String>,
    pub until: Option<String>,
    pub show: usize,
}

/// What is heard of a replay.
#[derive(Debug)]
pub enum Beat {
    GoesOn,
    Done(Result<Value, String>),
}

/// Why nothing is judged anew.
#[derive(Debug)]
pub enum NotReplayed {
    Time(String),
    /// Another is being judged.
    Busy,
    /// All that is wrong with the file.
    Refused(Value),
    Failed(String),
}

/// Why nothing was set.
#[derive(Debug)]
pub enum NotSet {
    Changed,
    /// All that is wrong with the file.
    Refused(Value),
    Failed(String),
}
