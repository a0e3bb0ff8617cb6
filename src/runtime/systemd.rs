//! All that systemd is told: that it is ready, that it lives, that it stops. Where another started this process nobody hears it.

use sd_notify::{NotifyState, notify};
use std::time::Duration;

/// Clients are accepted.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// It lives, and how it stands, for `systemctl status`.
pub fn lives(status: &str) {
    tell(&[NotifyState::Watchdog, NotifyState::Status(status)]);
}

/// It does not live as it should, and why.
pub fn ails(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

pub fn stopping(why: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(why)]);
}

/// What takes long at the start goes on: systemd gives it so much more.
pub fn starting(more: Duration) {
    tell(&[NotifyState::ExtendTimeoutUsec(u32::try_from(more.as_micros()).unwrap_or(u32::MAX))]);
}

/// After how long without a sign of life it is started anew (`WatchdogSec`); None: never.
#[must_use]
pub fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}

/// What tells standard error from every other stream: its device and its number, as `JOURNAL_STREAM` names them. None: it is closed.
#[must_use]
#[allow(clippy::useless_conversion, reason = "the width of these numbers differs from system to system")]
pub fn standard_error() -> Option<(u64, u64)> {
    let found = nix::sys::stat::fstat(std::io::stderr()).ok()?;
    Some((u64::try_from(found.st_dev).ok()?, u64::from(found.st_ino)))
}

/// Who cannot be told does not listen.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::debug!("systemd hears nothing: {error}");
    }
}
