//! The house's memory on disk: SQLite, one writer, many readers. A batch is stored whole or not at all, and SQLite is the truth:
//! whatever else keeps data (the index, the views) can be built again from here.

mod backup;
mod chain;
mod changes;
mod checkpoint;
mod chores;
mod connect;
mod conscious;
mod copies;
mod database;
mod error;
mod evidence;
mod facts;
mod figures;
mod forgetting;
mod health;
mod held;
mod history;
mod indexed;
mod inspect;
mod journal;
mod kept;
mod key;
mod load;
mod metrics;
mod migrate;
mod mind;
mod names;
mod people;
mod reader;
mod record;
mod refusals;
mod relations;
mod rows;
mod shadow;
mod summaries;
mod trail;
mod unreadable;
mod uses;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{Copied, Copying, copy};
pub use chores::{Chore, ChoreDone, Chores};
pub use connect::FILE;
pub use conscious::MetricRow;
pub use database::{Batch, Entry, Store};
pub use error::StoreError;
pub use figures::{Bytes, Figures, Pages};
pub use forgetting::Forgotten;
pub use health::{Health, StoreHealth};
pub use held::ApprovalRow;
pub use history::HistoryRow;
pub use indexed::Indexed;
pub use inspect::{Inspected, Look, faults, inspect};
pub use key::{KEY_FILE, read as audit_key};
pub use load::{Recent, Saved};
pub use migrate::known as schema_version;
pub use people::Registrar;
pub use reader::{Counts, Moment, Reader, Readers, RecordRow, VerdictRow};
pub use record::{Answered, Fired, Recorded};
pub use summaries::{Scanned, SummaryRow};
pub use trail::Audited;
pub use writer::{Done, Writer};
