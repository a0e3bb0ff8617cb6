//! Ten switches for trials of the whole house, which no config names: a link cut on purpose, times that are shorter, a host that has room, a clock that
//! leaps, a mind that stands still, parts that fall, and a screen that does.

use crate::{
    domain::{Part, Severed},
    runtime::supervisor::{Times, Trial},
};
use std::time::Duration;

/// `memory@400`: what memory says is lost from the 400th second on.
const SEVER: &str = "JAMEY_TRIAL_SEVER";
/// Milliseconds between two ticks; a second without it.
const TICK: &str = "JAMEY_TRIAL_TICK_MS";
/// Milliseconds between two looks of Phoenix at what is due; all its other times are so many of them.
const LOOK: &str = "JAMEY_TRIAL_PHOENIX_MS";
/// `-7200@5`: from the fifth second on the host's clock is seen two hours back.
const CLOCK: &str = "JAMEY_TRIAL_CLOCK";

/// `5:40`: in its fifth second the mind stands still, for forty.
const STALL: &str = "JAMEY_TRIAL_STALL";

/// `index:panic@2,orders:hang@1.5`: after two seconds the index panics, and the orders hang after one and a half.
const FALL: &str = "JAMEY_TRIAL_FALL";
/// Milliseconds after which a part hangs; a minute without it.
const HANGS: &str = "JAMEY_TRIAL_HANGS_MS";
/// Milliseconds after which a part that fell is well again; a minute without it.
const WELL: &str = "JAMEY_TRIAL_WELL_MS";

/// `jamey top` panics when the first house has answered: what becomes of the terminal?
const SCREEN_FALLS: &str = "JAMEY_TRIAL_TOP_FALLS";

/// Exact Φ is computed however busy the host is.
const ROOM: &str = "JAMEY_TRIAL_ROOM";

/// The load of the host, by which it is told whether there is room.
#[must_use]
pub fn load() -> fn() -> Option<f64> {
    if std::env::var_os(ROOM).is_some() { || None } else { super::exact::load }
}

/// The link that is to be cut, if one is.
#[must_use]
pub fn severed() -> Option<Severed> {
    let told = std::env::var(SEVER).ok()?;
    let (part, after) = told.split_once('@')?;
    Some(Severed { part: Part::named(part)?, after_seconds: after.parse().ok()? })
}

/// Between two ticks.
#[must_use]
pub fn tick() -> Duration {
    let told = std::env::var(TICK).ok().and_then(|millis| millis.parse().ok());
    told.map_or(Duration::from_secs(1), |millis: u64| Duration::from_millis(millis.clamp(1, 1_000)))
}

/// Between two looks of Phoenix.
#[must_use]
pub fn phoenix_look() -> Duration {
    let told = std::env::var(LOOK).ok().and_then(|millis| millis.parse().ok());
    told.map_or(Duration::from_secs(15), |millis: u64| Duration::from_millis(millis.clamp(10, 15_000)))
}

/// By how much the host's clock is seen to leap, in seconds, and after how many of the run.
#[must_use]
pub fn leap() -> Option<(i64, u64)> {
    let told = std::env::var(CLOCK).ok()?;
    let (seconds, after) = told.split_once('@')?;
    Some((seconds.parse().ok()?, after.parse().ok()?))
}

/// Says which of them are set: none is by accident, and none must stay unseen.
pub fn warn() {
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| name.starts_with("JAMEY_TRIAL_")) {
        tracing::warn!("{name} is set: this run is a trial, and the house is not as it would be without");
    }
}

/// What is to fall on purpose, the mind's standing still among it.
#[must_use]
pub fn falls() -> Vec<Trial> {
    let stall = || {
        let told = std::env::var(STALL).ok()?;
        let (from, long) = told.split_once(':')?;
        Some(Trial::new("mind", Duration::from_secs(from.parse().ok()?), Some(Duration::from_secs(long.parse().ok()?))))
    };
    std::env::var(FALL).map(|told| Trial::read(&told)).unwrap_or_default().into_iter().chain(stall()).collect()
}

/// After how long a part hangs, and is well again.
#[must_use]
pub fn times() -> Times {
    let told = |name| millis(&std::env::var(name).ok()?);
    let usual = Times::default();
    Times { hangs: told(HANGS).unwrap_or(usual.hangs), well: told(WELL).unwrap_or(usual.well) }
}

/// Not so few that whoever looks for them does nothing else.
fn millis(told: &str) -> Option<Duration> {
    told.parse().ok().map(|millis: u64| Duration::from_millis(millis.max(100)))
}

/// Whether the screen of `jamey top` is to fall.
#[must_use]
pub fn screen_falls() -> bool {
    std::env::var_os(SCREEN_FALLS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_nothing_is_some_time_all_the_same() {
        let told = |text| millis(text).map(|long| long.as_millis());
        assert_eq!((told("0"), told("2000"), told("soon")), (Some(100), Some(2_000), None));
    }
}
