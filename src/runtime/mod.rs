//! What ties the process to its host: the clock, shutdown, systemd. The only room that reads the time.

mod clock;
mod priority;
pub mod shutdown;
pub mod systemd;

pub use clock::Clock;
pub use priority::give_way;
