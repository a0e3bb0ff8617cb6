//! What Jamey knows of its own running: counters, refusals, host figures. It observes and changes nothing.

mod alerts;
mod counters;
mod host;
pub mod opinion;
pub mod overheard;
mod recalls;
mod views;
mod writes;

pub use alerts::{Alert, Alerts, MORE, Page, Patience, Turn, Unknown};
pub use counters::{Complaint, Counters};
pub use host::Host;
pub use recalls::{RecallFigures, RecallRoom, Recalled};
pub use views::Views;
pub use writes::Writes;
