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

/// After how long without a sign of life it is started anew (`WatchdogSec`); None: never.
#[must_use]
pub fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}

/// Who cannot be told does not listen.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = notify(states) {
        tracing::debug!("systemd hears nothing: {error}");
    }
}
