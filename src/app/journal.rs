//! The mind's journal: what it was, then everything it was told, so that a run can be lived again. One compressed block for each batch.

use crate::{domain::Input, mind::State};
use serde::{Deserialize, Serialize};
use tracing::error;

/// One entry: what the mind was when it began, then everything it was told.
#[derive(Debug, Serialize, Deserialize)]
pub enum Entered {
    State(Box<State>),
    Input(Input),
}

#[derive(Serialize)]
enum Entering<'a> {
    State(&'a State),
    Input(&'a Input),
}

/// The state is entered again after so many stored bytes, so that what is left after the oldest were dropped can be lived again.
const STATE_EVERY: usize = 8 * 1_024 * 1_024;
/// A block of more bytes than any that was ever written is no journal's.
const BLOCK_BYTES: usize = 512 * 1_024 * 1_024;

#[derive(Debug, thiserror::Error)]
#[error("this block of the journal cannot be read: {0}")]
pub struct Unreadable(String);

/// What one batch adds, as it grows.
pub struct Journal {
    entries: Vec<u8>,
    /// Bytes stored since the state was entered last, and from how many on it is entered again.
    stored: usize,
    state_every: usize,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: Vec::new(), stored: STATE_EVERY, state_every: STATE_EVERY }
    }
}

impl Journal {
    /// Has the state be entered before whatever comes next: what stands before is gone.
    pub fn begin_anew(&mut self) {
        self.entries = Vec::new();
        self.stored = self.state_every;
    }

    /// Enters what the mind is about to be told, and before it what the mind is, where that is due.
    pub fn enter(&mut self, state: &State, input: &Input) {
        if self.stored >= self.state_every {
            self.write(&Entering::State(state));
            // A large state is entered less often: at most a quarter of the journal is states.
            self.state_every = STATE_EVERY.max(compressed(&self.entries).len().saturating_mul(4));
            self.stored = 0;
        }
        self.write(&Entering::Input(input));
    }

    fn write(&mut self, entry: &Entering<'_>) {
        if let Err(problem) = ciborium::into_writer(entry, &mut self.entries) {
            error!("the journal has a gap: {problem}");
        }
    }

    /// The block of what was entered since the last one; empty when nothing was.
    pub fn take(&mut self) -> Vec<u8> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let block = compressed(&self.entries);
        self.stored += block.len();
        // As large as a batch of messages; what a state took beyond that is given back.
        self.entries.clear();
        self.entries.shrink_to(STATE_EVERY / 16);
        block
    }
}

/// LZ4, with the length in front.
fn compressed(entries: &[u8]) -> Vec<u8> {
    lz4_flex::compress_prepend_size(entries)
}

/// The entries of one block.
///
/// # Errors
/// When it was damaged, or written by a Jamey whose entries look different.
pub fn read(block: &[u8]) -> Result<Vec<Entered>, Unreadable> {
    let unreadable = |e: &dyn std::fmt::Display| Unreadable(e.to_string());
    let size = block.first_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size));
    if usize::try_from(size).is_ok_and(|size| size > BLOCK_BYTES) {
        return Err(unreadable(&"it says that it is larger than any"));
    }
    let entries = lz4_flex::decompress_size_prepended(block).map_err(|e| unreadable(&e))?;
    let (mut rest, mut read) = (entries.as_slice(), Vec::new());
    while !rest.is_empty() {
        read.push(ciborium::from_reader(&mut rest).map_err(|e| unreadable(&e))?);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use proptest::prelude::*;

    fn tick(n: i64) -> Input {
        Input::Tick(Timestamp::from_micros(n))
    }

    #[test]
    fn what_was_entered_is_read_and_a_state_stands_first() {
        let state = State::new(Timestamp::from_micros(5));
        let mut journal = Journal::default();
        journal.enter(&state, &tick(6));
        journal.enter(&state, &tick(7));
        let first = read(&journal.take()).unwrap();
        assert!(
            matches!(&first[..], [Entered::State(s), Entered::Input(a), Entered::Input(b)] if **s == state && *a == tick(6) && *b == tick(7))
        );
        journal.enter(&state, &tick(8));
        assert!(matches!(&read(&journal.take()).unwrap()[..], [Entered::Input(_)]));
        assert!(journal.take().is_empty(), "nothing was entered");
        journal.stored = STATE_EVERY;
        journal.enter(&state, &tick(9));
        assert!(matches!(&read(&journal.take()).unwrap()[..], [Entered::State(_), Entered::Input(_)]), "it is due again");
        journal.enter(&state, &tick(10));
        journal.begin_anew();
        assert!(journal.take().is_empty(), "what was entered before is gone");
        journal.enter(&state, &tick(11));
        assert!(matches!(&read(&journal.take()).unwrap()[..], [Entered::State(_), Entered::Input(a)] if *a == tick(11)));
    }

    proptest! {
        #[test]
        fn a_damaged_block_is_an_error(noise in proptest::collection::vec(any::<u8>(), 1..200), at in 0..100_usize) {
            prop_assert!(read(&noise).is_ok_and(|read| read.is_empty()) || read(&noise).is_err());
            let mut journal = Journal::default();
            journal.enter(&State::new(Timestamp::from_micros(5)), &tick(6));
            let mut block = journal.take();
            block.truncate(at.min(block.len() - 1));
            prop_assert!(read(&block).is_err());
        }
    }
}
