//! Copies that are being taken, as the writer must know them: it does not wait for one that is in the way of its log, and all of them give way
//! while the file is written anew without what was forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

/// All copies of this process.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Those that hold a moment of the database.
    holding: AtomicU64,
    /// How often they were kept out, and whether they are now.
    turns: AtomicU64,
    closed: AtomicU64,
}

/// One of them, until it is dropped.
pub(super) struct Copy {
    of: Arc<Copies>,
    turns: u64,
}

/// One that holds a moment, until it is dropped.
pub(super) struct Held(Arc<Copies>);

/// No copy is taken until it is dropped.
pub(super) struct KeptOut(Arc<Copies>);

impl Copies {
    pub(super) fn enter(self: &Arc<Self>) -> Copy {
        Copy { of: Arc::clone(self), turns: self.turns.load(SeqCst) }
    }

    /// Whether one is in the way of the log.
    pub(super) fn is_held(&self) -> bool {
        self.holding.load(SeqCst) > 0
    }

    /// Those that are being taken end without a result, and none begins.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(SeqCst) > 0
    }

    pub(super) fn keep_out(self: &Arc<Self>) -> KeptOut {
        self.closed.fetch_add(1, SeqCst);
        self.turns.fetch_add(1, SeqCst);
        KeptOut(Arc::clone(self))
    }
}

impl Copy {
    /// Said before it begins to hold one: then the writer does not try what it would have to wait for.
    pub(super) fn hold(&self) -> Held {
        self.of.holding.fetch_add(1, SeqCst);
        Held(Arc::clone(&self.of))
    }

    pub(super) fn must_give_way(&self) -> bool {
        self.of.turns.load(SeqCst) != self.turns || self.of.closed.load(SeqCst) > 0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.holding.fetch_sub(1, SeqCst);
    }
}

impl Drop for KeptOut {
    fn drop(&mut self) {
        self.0.closed.fetch_sub(1, SeqCst);
    }
}
