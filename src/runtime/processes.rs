//! This process, as its host counts it, and others that it started.

use std::{process::Child, time::Duration};

/// What all threads of this process took of the cores, the kernel's work for it with it. None: the host does not say.
#[cfg(unix)]
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let of = |time: nix::sys::time::TimeVal| {
        let micros = u64::try_from(time.tv_usec()).ok()?;
        Some(Duration::from_secs(u64::try_from(time.tv_sec()).ok()?).saturating_add(Duration::from_micros(micros)))
    };
    Some(of(usage.user_time())?.saturating_add(of(usage.system_time())?))
}

/// What all threads of this process took of the cores. None: the host does not say.
#[cfg(not(unix))]
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    None
}

/// Asks a process to end; what it still has to say is said first.
#[cfg(unix)]
pub fn ask_to_end(child: &mut Child) {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Ends a process: Windows has no word that asks another for it. What a Jamey acknowledged is on disk all the same.
#[cfg(not(unix))]
pub fn ask_to_end(child: &mut Child) {
    let _ = child.kill();
}

/// Whether it may read and write everything, whosever that is.
#[cfg(unix)]
#[must_use]
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether it may read and write everything: on Windows nobody is kept from nothing.
#[cfg(not(unix))]
#[must_use]
pub fn is_root() -> bool {
    false
}
