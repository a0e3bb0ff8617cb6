//! What Jamey knows of its own running: counters, refusals, host figures. It observes and changes nothing.

pub mod alerts;
mod counters;
mod host;
mod incidents;
pub mod opinion;
pub mod overheard;
mod pulses;
mod recalls;
mod views;
mod writes;

pub use alerts::{Alert, Alerts, MORE, Page, Patience, Turn, Unknown};
pub use counters::{Complaint, Counters};
pub use host::Host;
pub use incidents::{Incident, Incidents};
pub use pulses::Pulses;
pub use recalls::{RecallFigures, RecallRoom, Recalled};
pub use views::Views;
pub use writes::Writes;
