//! Listeners, identity, access, limits, the guard, the engine behind a narrow seam, and Jamey's own client. It judges nothing itself.

mod access;
mod act;
pub mod certificate;
mod door;
pub mod engine;
mod entrance;
pub mod guard;
pub mod hall;
pub mod identity;
pub mod inbox;
mod line;
mod listener;
pub mod own;
mod reading;
pub mod repeats;
pub mod tls;
mod visit;
mod web;

pub use engine::Engine;
pub use entrance::Certificate;
pub use hall::{GuardView, Hall};
pub use inbox::{Answer, Inbox, Letter, Post};
pub use listener::Listener;
pub use own::{Announcement, OwnClient};
