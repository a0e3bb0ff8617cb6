//! What Jamey knows of its own running: counters, refusals, host figures. It observes and changes nothing.

pub mod alerts;
mod counters;
pub mod device;
mod host;
mod incidents;
pub mod log;
pub mod metrics;
mod moods;
pub mod news;
pub mod opinion;
pub mod overheard;
mod pulses;
mod recalls;
mod requests;
pub mod settled;
pub mod verdict;
mod views;
mod writes;

pub use alerts::{Alert, Alerts, MORE, Page, Patience, Turn, Unknown};
pub use counters::{Complaint, Counters};
pub use host::{Host, HostFigures};
pub use incidents::{Incident, Incidents};
pub use moods::{MoodAt, Moods};
pub use pulses::Pulses;
pub use recalls::{RecallFigures, RecallRoom, Recalled};
pub use requests::{Asked, Requests};
pub use views::Views;
pub use writes::Writes;
