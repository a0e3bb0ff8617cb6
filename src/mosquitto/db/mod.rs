//! mosquitto's database, `mosquitto.db`: formats 5 and 6 are read, 6 is written. A head, then pieces: what each is, how long it is, and its bytes.
//! Lengths and numbers that mosquitto made for the network are big-endian; ids and times stand as the host has them, taken for little-endian.

mod properties;
mod read;
mod write;

pub use read::{Found, read};
pub use write::write;

#[cfg(test)]
pub(super) use read::within;

/// How a file begins.
const MAGIC: &[u8; 15] = b"\x00\xb5\x00mosquitto db";

/// What a piece is.
mod piece {
    pub const CONFIG: u32 = 1;
    pub const MESSAGE: u32 = 2;
    pub const WAITING: u32 = 3;
    pub const RETAINED: u32 = 4;
    pub const SUBSCRIPTION: u32 = 5;
    pub const CLIENT: u32 = 6;
}

/// On its way to a client.
const OUT: u8 = 1;
/// Not sent yet.
const QUEUED: u8 = 11;
/// Received, and only PUBCOMP is missing.
const RELEASING: [u8; 2] = [6, 9];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    #[error("it does not begin as a database of mosquitto does")]
    NotOne,
    #[error(
        "it is of format {0}; 5 (mosquitto 1.6) and 6 (mosquitto 2) are read: start a mosquitto 2 on it once and stop it, then it is of format 6"
    )]
    Format(u32),
    #[error("it is cut short, or damaged, at byte {0}: stop mosquitto in peace, or take a copy, and try again")]
    Damaged(usize),
    #[error(
        "what waits in it for absent clients would take more than {0} bytes of memory: let them connect to mosquitto and fetch it first, or forget their sessions there"
    )]
    TooMuch(usize),
}
