//! Listeners, identity, access, limits, the guard, the engine behind a narrow seam, and Jamey's own client. It judges nothing itself.

mod access;
pub mod act;
mod audits;
pub mod beside;
pub mod certificate;
mod desk;
mod door;
pub mod engine;
mod entrance;
mod errands;
pub mod guard;
pub mod hall;
pub mod identity;
pub mod inbox;
pub mod keep;
mod limits;
mod line;
mod listener;
mod login;
mod orders;
pub mod own;
pub mod password;
mod proof;
mod reading;
mod recalls;
mod release;
pub mod repeats;
pub mod rights;
mod strict;
pub mod tls;
mod visit;
mod visitor;
mod web;
mod wire;

pub use beside::{Beside, Peer};
pub use desk::Desk;
pub use engine::Engine;
pub use entrance::Certificate;
pub use errands::{Entry, Errand, Errands, Stage, Verb};
pub use hall::{Damage, Door, GuardView, Hall};
pub use inbox::{Answer, Inbox, Letter, Post};
pub use limits::Pass;
pub use listener::Listener;
pub use orders::{About, Bearing, CONFIG, Declined, Handed, Order, Orders, Wants};
pub use own::{Announcement, OwnClient};
pub use proof::Proof;
pub use recalls::{Asked, Busy, NoAnswer, Recalls, Replies};
pub use rights::Rights;
pub use visitor::{Shown, Stranger, Visitor};

/// The readers of strangers' bytes, for the fuzzer.
#[doc(hidden)]
pub use self::{
    door::admit,
    line::{outgoing::as_sent, tell_all},
};
