//! Listeners, identity, access, limits, the guard, the engine behind a narrow seam, and Jamey's own client. It judges nothing itself.

mod access;
mod act;
mod audits;
mod door;
pub mod engine;
mod entrance;
pub mod guard;
pub mod hall;
pub mod identity;
pub mod inbox;
mod limits;
mod line;
mod login;
pub mod own;
pub mod password;
mod reading;
pub mod repeats;
pub mod rights;
mod visit;

pub use engine::Engine;
pub use hall::{Door, GuardView, Hall};
pub use inbox::{Answer, Inbox, Letter, Post};
pub use own::{Announcement, OwnClient};
