//! Listeners, identity, access, limits, the guard, the engine behind a narrow seam, and Jamey's own client. It judges nothing itself.

mod access;
mod act;
pub mod beside;
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
mod visit;

pub use beside::{Beside, Peer};
pub use engine::Engine;
pub use hall::{GuardView, Hall};
pub use inbox::{Answer, Inbox, Letter, Post};
pub use own::{Announcement, OwnClient};
