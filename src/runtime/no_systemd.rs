//! In the place of `systemd`, on hosts that can have none: nobody is told anything.

use std::time::Duration;

/// Clients are accepted.
pub fn ready() {}

/// It lives, and how it stands.
pub fn lives(_: &str) {}

/// It does not live as it should, and why.
pub fn ails(_: &str) {}

pub fn stopping(_: &str) {}

/// What takes long at the start goes on.
pub fn starting(_: Duration) {}

/// After how long without a sign of life it is started anew; None: never.
#[must_use]
pub fn patience() -> Option<Duration> {
    None
}

/// What tells standard error from every other stream. None: the host does not say.
#[must_use]
pub fn standard_error() -> Option<(u64, u64)> {
    None
}
