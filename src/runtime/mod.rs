//! What ties the process to its host: the clock, shutdown, systemd, files and whose they are. The only room that reads the time, and the only one
//! that knows which system it runs on.

mod clock;
pub mod descriptors;
mod disk;
pub mod files;
mod hangups;
mod heap;
mod pages;
mod priority;
pub mod processes;
pub mod shutdown;
pub mod sockets;
pub mod supervisor;
#[cfg(unix)]
pub mod systemd;
#[cfg(not(unix))]
#[path = "no_systemd.rs"]
pub mod systemd;

pub use clock::Clock;
pub use disk::Disk;
pub use hangups::Hangups;
pub use heap::give_back;
pub use pages::keep_pages_small;
pub use priority::{give_way, step_back};
pub use supervisor::{Supervisor, Vital, pulse};
