//! How many files and connections the process may have open at once. Windows has no such limit.

/// None: the host has none, or does not say.
#[cfg(unix)]
#[must_use]
pub fn most() -> Option<u64> {
    limits().map(|(soft, _)| soft)
}

/// Raises the limit to so many where it is lower. What may be had, where that is less.
#[cfg(unix)]
#[must_use]
pub fn raise(wanted: u64) -> Option<u64> {
    use nix::sys::resource::{Resource, rlim_t, setrlimit};
    let (soft, hard) = limits()?;
    if soft >= wanted {
        return None;
    }
    let number = |bytes: u64| rlim_t::try_from(bytes).unwrap_or(rlim_t::MAX);
    let _ = setrlimit(Resource::RLIMIT_NOFILE, number(wanted.min(hard)), number(hard));
    (hard < wanted).then_some(hard)
}

/// What holds, and what it may be raised to.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "the width of these numbers differs from system to system")]
fn limits() -> Option<(u64, u64)> {
    use nix::sys::resource::{Resource, getrlimit};
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    Some((u64::from(soft), u64::from(hard)))
}

/// None: the host has none, or does not say.
#[cfg(not(unix))]
#[must_use]
pub fn most() -> Option<u64> {
    None
}

/// Raises the limit to so many where it is lower. What may be had, where that is less.
#[cfg(not(unix))]
#[must_use]
pub fn raise(_: u64) -> Option<u64> {
    None
}
