//! Listeners, identity, access, limits, the guard, the engine behind a narrow seam, and Jamey's own client. It judges nothing itself.

mod access;
mod act;
mod door;
pub mod engine;
mod entrance;
pub mod guard;
pub mod hall;
pub mod identity;
pub mod inbox;
mod line;
pub mod own;
mod reading;
pub mod repeats;
mod strict;
mod visit;
mod wire;

pub use engine::Engine;
pub use hall::{GuardView, Hall};
pub use inbox::{Answer, Inbox, Letter, Post};
pub use own::{Announcement, OwnClient};

/// The readers of strangers' bytes, for the fuzzer.
#[doc(hidden)]
pub use self::{
    door::admit,
    line::{outgoing::as_sent, tell_all},
};
