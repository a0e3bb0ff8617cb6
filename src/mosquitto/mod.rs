//! mosquitto's files, read and written: its config, password and access files, and its database. Pure: texts and bytes in, texts and bytes out.

pub mod access;
pub mod conf;
pub mod db;
mod export;
mod names;
mod note;
pub mod passwords;
mod plan;
mod roles;
mod toml;

#[cfg(test)]
mod tests;

pub use export::{Exported, Leaving, LeavingDoor, export};
pub use names::is_role;
pub use note::{Fate, Line, Note, lines};
pub use plan::{NewUser, Places, Plan, Read, plan};
