//! Copies that are being taken, as the writer must know them: it does not wait for one that is in the way of its log, and all of them give way
//! while the file is written anew without what was forgotten.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

/// All copies of this process.
#[derive(Debug, Default)]
pub(super) struct Copies {
    running: AtomicU64,
    /// How often they were kept out, and whether they are now.
    turns: AtomicU64,
    closed: AtomicU64,
}

/// One of them, until it is dropped.
pub(super) struct Copy {
    of: Arc<Copies>,
    turns: u64,
}

/// No copy is taken until it is dropped.
pub(super) struct KeptOut(Arc<Copies>);

impl Copies {
    pub(super) fn enter(self: &Arc<Self>) -> Copy {
        self.running.fetch_add(1, SeqCst);
        Copy { of: Arc::clone(self), turns: self.turns.load(SeqCst) }
    }

    pub(super) fn is_any(&self) -> bool {
        self.running.load(SeqCst) > 0
    }

    /// Those that are being taken end without a result, and none begins.
    pub(super) fn keep_out(self: &Arc<Self>) -> KeptOut {
        self.closed.fetch_add(1, SeqCst);
        self.turns.fetch_add(1, SeqCst);
        KeptOut(Arc::clone(self))
    }
}

impl Copy {
    pub(super) fn must_give_way(&self) -> bool {
        self.of.turns.load(SeqCst) != self.turns || self.of.closed.load(SeqCst) > 0
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.of.running.fetch_sub(1, SeqCst);
    }
}

impl Drop for KeptOut {
    fn drop(&mut self) {
        self.0.closed.fetch_sub(1, SeqCst);
    }
}
