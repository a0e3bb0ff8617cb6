//! What brings a house back whose database is damaged: its newest snapshot, by name, and the command that restores it.

use super::{place::Place, settle::quoted};
use crate::{config::Config, domain::Timestamp, phoenix::Sequence, store::StoreError};
use anyhow::anyhow;

/// A snapshot that is there.
struct Snapshot {
    place: Place,
    sequence: Sequence,
    taken_at: Timestamp,
    /// What came of its trial; None: it was not tried.
    passed: Option<bool>,
    /// The newest that passed its trial.
    tried: Option<Sequence>,
}

/// How the newest snapshot of all repositories that can be opened is restored; None: there is none. Blocks on the disk.
#[must_use]
pub fn rescue(config: &Config) -> Option<String> {
    let all = config.phoenix.repositories.iter().filter_map(|entry| newest(Place::of(entry)));
    let Snapshot { place, sequence, taken_at, passed, tried } = all.max_by_key(|one| one.taken_at)?;
    let into = config.store.data.with_file_name(format!("{}-restored", config.store.data.file_name()?.display()));
    let into = std::path::absolute(&into).unwrap_or(into);
    let key = place.entry.key_file.as_ref().map_or_else(String::new, |file| format!(" --key-file {}", quoted(file)));
    let command =
        |sequence| format!("jamey phoenix restore {sequence} --repository {}{key} --into {}", quoted(&place.entry.path), quoted(&into));
    let trial = match (passed, tried) {
        (Some(true), _) => "it passed its trial".to_owned(),
        // What went bad here may have gone into it.
        (_, Some(tried)) => format!("not the one that passed its trial: that is {tried}"),
        (_, None) => "none passed its trial yet".to_owned(),
    };
    Some(format!("restore snapshot {sequence} of {}, taken {taken_at} ({trial}): `{}`", place.name, command(sequence)))
}

fn newest(place: Place) -> Option<Snapshot> {
    let listed = place.open().ok()?.list().ok()?;
    let passed = |one: &crate::phoenix::Listed| one.drilled.map(|drilled| drilled.passed);
    let tried = listed.iter().filter(|one| passed(one) == Some(true)).map(|one| one.sequence).max();
    let one = listed.iter().filter(|one| one.manifest.is_ok()).max_by_key(|one| one.sequence)?;
    let taken_at = one.manifest.as_ref().ok()?.taken_at;
    Some(Snapshot { sequence: one.sequence, taken_at, passed: passed(one), tried, place })
}

/// An error with the way back, where the database is damaged and there is one.
#[must_use]
pub fn rescued(config: &Config, error: anyhow::Error) -> anyhow::Error {
    let is_damage = error.chain().any(|cause| cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_damage));
    match is_damage.then(|| rescue(config)).flatten() {
        Some(way) => anyhow!("{error:#}. Keep a copy of the data folder, and {way}"),
        None => error,
    }
}
