//! What ties the process to its host: the clock, shutdown, systemd. The only room that reads the time.

mod clock;
mod pages;
mod priority;
pub mod shutdown;
pub mod supervisor;
pub mod systemd;

pub use clock::Clock;
pub use pages::keep_pages_small;
pub use priority::{give_way, step_back};
pub use supervisor::{Supervisor, Vital, pulse};
