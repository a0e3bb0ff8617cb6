//! The way from the broker to the mind: bounded in messages and bytes, in order, each letter answered after its commit.

use crate::domain::{Decision, Input, Unanswered, limits};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// What the mind hands back once the percept is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// None when nothing was asked.
    pub decision: Option<Decision>,
    pub lets_on: bool,
    /// Why a person's word on what waits did not count.
    pub unanswered: Option<Unanswered>,
}

impl Answer {
    /// Of what is no question: it was taken.
    #[must_use]
    pub const fn taken() -> Self {
        Self { decision: None, lets_on: true, unanswered: None }
    }
}

/// One input on its way.
#[derive(Debug)]
pub struct Letter {
    pub input: Input,
    pub answer: Option<oneshot::Sender<Answer>>,
    /// Where MQTT 5's response topic asks for the verdict, with the correlation data.
    pub respond_to: Option<(String, Vec<u8>)>,
    _room: Option<OwnedSemaphorePermit>,
}

/// What reaches the mind's thread.
#[derive(Debug)]
pub enum Post {
    Letter(Letter),
    /// The store's writer has nothing in hand.
    WriterIdle,
    /// Nothing comes after this.
    Stop,
}

/// The sending side; cheap to clone.
#[derive(Debug, Clone)]
pub struct Inbox {
    post: mpsc::Sender<Post>,
    bytes: Arc<Semaphore>,
    /// The mind's thread has something for the writer and sleeps until it is idle.
    wants_writer: Arc<AtomicBool>,
}

/// A place in the inbox, kept free for one letter.
#[derive(Debug)]
pub struct Place<'i> {
    permit: mpsc::Permit<'i, Post>,
    room: OwnedSemaphorePermit,
}

impl Place<'_> {
    pub fn leave(self, input: Input, answer: Option<oneshot::Sender<Answer>>, respond_to: Option<(String, Vec<u8>)>) {
        self.permit.send(Post::Letter(Letter { input, answer, respond_to, _room: Some(self.room) }));
    }
}

/// Permits count KiB: a semaphore of bytes would be no finer.
fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)
}

impl Inbox {
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Post>) {
        let (post, letters) = mpsc::channel(limits::INBOX_MESSAGES);
        (Self { post, bytes: Arc::new(Semaphore::new(limits::INBOX_BYTES / 1024)), wants_writer: Arc::default() }, letters)
    }

    /// Waits for a place and leaves the letter. `bytes` is the payload's size. False when the mind is gone.
    pub async fn leave(
        &self,
        input: Input,
        bytes: usize,
        answer: Option<oneshot::Sender<Answer>>,
        respond_to: Option<(String, Vec<u8>)>,
    ) -> bool {
        let Ok(room) = Arc::clone(&self.bytes).acquire_many_owned(kib(bytes)).await else { return false };
        self.post.send(Post::Letter(Letter { input, answer, respond_to, _room: Some(room) })).await.is_ok()
    }

    /// A place for a letter, where there is one at once.
    #[must_use]
    pub fn place_at_once(&self, bytes: usize) -> Option<Place<'_>> {
        let room = Arc::clone(&self.bytes).try_acquire_many_owned(kib(bytes)).ok()?;
        Some(Place { permit: self.post.try_reserve().ok()?, room })
    }

    /// Leaves what nobody waits for, if there is a place at once: the mind learns of a flood without hearing all of it.
    pub fn mention(&self, input: Input) {
        if let Some(place) = self.place_at_once(0) {
            place.leave(input, None, None);
        }
    }

    /// The mind's thread is to be told when the writer is free. It looks once more before it sleeps: the writer may be free already.
    pub fn want_writer(&self) {
        self.wants_writer.store(true, Ordering::SeqCst);
    }

    /// Tells the mind's thread that the writer is free, if it sleeps for that; when the inbox is full it has work and will see for
    /// itself.
    pub fn writer_idle(&self) {
        if self.wants_writer.swap(false, Ordering::SeqCst) {
            let _ = self.post.try_send(Post::WriterIdle);
        }
    }

    /// The last post: the mind's thread ends once all before it is written.
    pub async fn stop(&self) {
        let _ = self.post.send(Post::Stop).await;
    }

    /// Messages waiting.
    #[must_use]
    pub fn waiting(&self) -> usize {
        limits::INBOX_MESSAGES.saturating_sub(self.post.capacity())
    }
}
