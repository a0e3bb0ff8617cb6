//! What only the whole house can do for who writes by HTTP. The composition root fills it in: this room knows none above it.

use crate::{broker::About, domain::OwnersWord};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};
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
}
