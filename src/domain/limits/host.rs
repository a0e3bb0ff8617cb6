//! The limits of what Jamey takes of its host besides memory, each with the reason for its size.

use crate::domain::Timestamp;
use std::ops::RangeInclusive;

/// A file of the log, in KB: less has no room for a start, more is opened by no editor.
pub const LOG_KB: RangeInclusive<u32> = 16..=1_000_000;
/// Files of the log: more of them nobody looks through.
pub const LOG_FILES: RangeInclusive<u32> = 1..=100;
/// Lines of the log that wait for a disk: some 8,000 of them, which is a card's pause at the pace of `debug`.
pub const LOG_QUEUE_BYTES: usize = 1024 * 1024;
/// No Jamey is older than 2026-01-01: a clock that says so was never set.
pub const FIRST_YEAR: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
