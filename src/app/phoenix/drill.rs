//! The drill: a snapshot is restored for trial to a folder beside the data, its database is looked at and counted, it is looked whether a Jamey
//! could live in it, and it is cleared away again. What
//! was never restored is a hope and no snapshot.

use super::{Trial, letting_go::let_go, millis, rises};
use crate::{
    domain::Timestamp,
    phoenix::{Choice, Component, Drilled, Manifest, PhoenixError, Progress, Repository, Sequence, Step},
    runtime::Disk,
    store::{self, Look},
};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Where in the data folder: not in `/tmp`, which may be memory.
const FOLDER: &str = "phoenix-drill";
/// What is left free beside it: what the house itself writes meanwhile.
const ROOM_LEFT: u64 = 256 * 1024 * 1024;
/// The longest sleep without a look at whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);

/// Restores it, looks, and puts on record what came of it.
///
/// # Errors
/// When it could not be tried: it is stopped, there is no room, or the folder cannot be written. Of that nothing is on record.
pub(super) fn drill(
    repository: &Repository,
    of: Option<Sequence>,
    data: &Path,
    at: Timestamp,
    bytes_a_second: u64,
    progress: Progress<'_>,
) -> Result<Trial> {
    let began = Instant::now();
    let Some(of) = of.map_or_else(|| repository.vault.sequences().map(|all| all.last().copied()), |of| Ok(Some(of)))? else {
        bail!("{}: there is no snapshot yet", repository.vault.folder().display());
    };
    let folder = Folder::make(data)?;
    let tried = try_it(repository, of, at, &folder, &mut paced(bytes_a_second, progress))?;
    drop(folder);
    let passed = tried.wrong.is_empty();
    repository.drilled(Drilled { sequence: of, at, passed }).context("what came of the drill cannot be put on record")?;
    Ok(Trial { sequence: of, passed, took_millis: millis(began.elapsed()), ..tried })
}

/// Takes away what a drill left that was ended in the middle.
pub(super) fn clear_away(data: &Path) {
    let _ = let_go(&data.join(FOLDER));
}

fn try_it(repository: &Repository, of: Sequence, at: Timestamp, folder: &Folder, progress: Progress<'_>) -> Result<Trial> {
    let wrong = |why: String| Trial { sequence: of, passed: false, wrong: vec![why], bytes: 0, files: 0, took_millis: 0 };
    let manifest = match repository.manifest(of) {
        Ok(manifest) => manifest,
        Err(error @ PhoenixError::NoSnapshot { .. }) => return Err(error.into()),
        Err(error) => return Ok(wrong(error.to_string())),
    };
    folder.has_room(manifest.bytes())?;
    let into = folder.0.join("house");
    let restored = match repository.restore(of, &Choice { for_trial: true, ..Choice::default() }, &into, progress) {
        Ok(restored) => restored,
        // That there is no room here, or that it was stopped, says nothing of the snapshot.
        Err(PhoenixError::Stopped) => return Err(PhoenixError::Stopped.into()),
        Err(PhoenixError::File { path, doing, source }) if path.starts_with(&folder.0) => {
            return Err(PhoenixError::File { path, doing, source }.into());
        }
        Err(error) => return Ok(wrong(error.to_string())),
    };
    let mut found = look(&manifest, &into);
    found.extend(rises::obstacles(&into, &manifest, at));
    Ok(Trial { sequence: of, passed: false, wrong: found, bytes: restored.bytes, files: restored.files, took_millis: 0 })
}

/// What is not as the manifest has it. That each file has its bytes the restore itself made sure of.
fn look(manifest: &Manifest, restored: &Path) -> Vec<String> {
    let Some(part) = manifest.part(Component::Database) else { return Vec::new() };
    let mut wrong = Vec::new();
    let databases: Vec<PathBuf> =
        part.items.iter().filter(|item| item.path.ends_with(".db")).map(|item| restored.join(&item.path)).collect();
    if databases.is_empty() {
        wrong.push("the database is not in it".to_owned());
    }
    for path in databases {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match store::faults(&path, Look::Thorough) {
            Ok(faults) => wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}"))),
            Err(error) => wrong.push(error.to_string()),
        }
        match store::inspect(&path) {
            Ok(found) if i64::from(part.schema) != found.schema => {
                wrong.push(format!("{name}: it is of schema {}, and the snapshot says {}", found.schema, part.schema));
            }
            Ok(found) => wrong.extend(part.counts.iter().filter_map(|(what, saved)| {
                let there = found.counts.get(what).copied().unwrap_or(0);
                (there != *saved).then(|| format!("{name}: it holds {there} {what}, and the snapshot says {saved}"))
            })),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    wrong
}

/// The folder of a drill; it goes with it.
struct Folder(PathBuf);

impl Folder {
    fn make(data: &Path) -> Result<Self> {
        clear_away(data);
        let path = data.join(FOLDER);
        crate::app::private_folder(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    fn has_room(&self, bytes: u64) -> Result<()> {
        let needed = bytes.saturating_add(ROOM_LEFT);
        let free = Disk::of(&self.0)
            .map(|disk| disk.free)
            .with_context(|| format!("{}: how much room there is cannot be told", self.0.display()))?;
        if free < needed {
            let (free, needed) = (free / 1_000_000, needed / 1_000_000);
            bail!("{}: {free} MB are free, and a drill needs {needed}: make room, or set `drill = false`", self.0.display());
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = let_go(&self.0);
    }
}

/// The same progress, that holds back who goes faster than so many bytes a second; 0: nobody.
fn paced(bytes_a_second: u64, progress: Progress<'_>) -> impl FnMut(Step) -> bool {
    let began = Instant::now();
    move |step| {
        loop {
            if !progress(step) {
                return false;
            }
            let due = Duration::from_millis(step.done.saturating_mul(1_000).checked_div(bytes_a_second).unwrap_or(0));
            match due.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(NAP)),
                _ => return true,
            }
        }
    }
}
