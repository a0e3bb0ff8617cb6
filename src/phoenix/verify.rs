//! Whether a repository is whole: what is damaged, missing, exchanged or of an older day is named.

use super::{
    Progress, Step,
    error::PhoenixError,
    id::{Id, Sequence},
    manifest::Manifest,
    pack::{self, Opener},
    places::Places,
    repository::Repository,
    snapshot::threads,
    vault::read,
    walk::Ids,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Manifests and the indices of packs, and that every chunk has its place.
    Outline,
    /// All of it: each pack's name, each chunk's seal and hash.
    Everything,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub path: PathBuf,
    pub what: String,
    /// Those that cannot be restored whole because of it.
    pub snapshots: Vec<Sequence>,
    /// Whether something is lost or was exchanged; otherwise it is only odd: a snapshot that was pruned or taken away, a file that nobody needs.
    pub grave: bool,
}

impl Finding {
    fn grave(path: PathBuf, what: impl Into<String>, snapshots: Vec<Sequence>) -> Self {
        Self { path, what: what.into(), snapshots, grave: true }
    }

    fn odd(path: PathBuf, what: impl Into<String>) -> Self {
        Self { path, what: what.into(), snapshots: Vec::new(), grave: false }
    }
}

pub(super) fn verify(repository: &Repository, depth: Depth, progress: Progress<'_>) -> Result<Vec<Finding>, PhoenixError> {
    let (vault, key) = (&repository.vault, repository.key());
    let mut findings = strangers(repository)?;
    for name in vault.slot_names()? {
        let checked = vault.slot(&name).map_err(|e| e.to_string()).and_then(|bytes| repository.check_slot(&name, &bytes));
        if let Err(what) = checked {
            findings.push(Finding::grave(vault.folder().join("keys").join(name), what, Vec::new()));
        }
    }
    let manifests = manifests(repository, &mut findings)?;
    for sequence in vault.sequences()? {
        if let Err(what) = repository.drill(sequence) {
            findings.push(Finding::grave(vault.drill_path(sequence), what, Vec::new()));
        }
    }
    let places = Places::read(vault, key)?;
    let mut wrong: BTreeMap<Id, String> = places.wrong.iter().map(|(pack, _, what)| (*pack, what.clone())).collect();
    if depth == Depth::Everything {
        packs(repository, &places, &mut wrong, progress)?;
    }
    let mut hurt: BTreeMap<Option<Id>, BTreeSet<Sequence>> = BTreeMap::new();
    let mut ids = Ids::new(repository, &places)?;
    for manifest in &manifests {
        for item in manifest.parts.iter().flat_map(|part| &part.items) {
            let walked = ids.each(item, &mut |id| {
                if !places.all(id).any(|(pack, _)| !wrong.contains_key(&pack)) {
                    hurt.entry(places.get(id).map(|(pack, _)| pack)).or_default().insert(manifest.sequence);
                }
            });
            if walked.is_err() {
                hurt.entry(None).or_default().insert(manifest.sequence);
            }
        }
    }
    for (pack, what) in wrong {
        // Which chunks it held nobody can tell where its index is gone: those that are missing now.
        let unread = places.wrong.iter().any(|(id, ..)| *id == pack);
        let snapshots = hurt.remove(&Some(pack)).into_iter().chain(hurt.get(&None).cloned().filter(|_| unread)).flatten();
        findings.push(Finding::grave(vault.pack_path(pack), what, snapshots.collect::<BTreeSet<_>>().into_iter().collect()));
    }
    if let Some(snapshots) = hurt.remove(&None) {
        let what = "chunks are in none of its packs: one was taken away or is damaged";
        findings.push(Finding::grave(vault.folder().join("packs"), what, snapshots.into_iter().collect()));
    }
    Ok(findings)
}

/// The manifests that can be read, and what is wrong with them and between them.
fn manifests(repository: &Repository, findings: &mut Vec<Finding>) -> Result<Vec<Manifest>, PhoenixError> {
    let vault = &repository.vault;
    let (mut manifests, mut hashes) = (Vec::new(), BTreeMap::new());
    for sequence in vault.sequences()? {
        let path = vault.snapshot_path(sequence);
        match vault.snapshot(sequence).map_err(|e| e.to_string()) {
            Ok(bytes) => {
                hashes.insert(sequence, Id::of(&bytes));
                match Manifest::unseal(&bytes, repository.key(), vault.id, sequence) {
                    Ok(manifest) => manifests.push(manifest),
                    Err(what) => findings.push(Finding::grave(path, what, vec![sequence])),
                }
            }
            Err(what) => findings.push(Finding::grave(path, what, vec![sequence])),
        }
    }
    for manifest in &manifests {
        for kept in &manifest.kept {
            match hashes.get(&kept.sequence) {
                Some(hash) if *hash != kept.hash => findings.push(Finding::grave(
                    vault.snapshot_path(kept.sequence),
                    format!("is not the snapshot that was there when {} was taken: it was exchanged", manifest.sequence),
                    vec![kept.sequence],
                )),
                _ => {}
            }
        }
    }
    if let Some(newest) = manifests.last() {
        let gone: Vec<String> =
            newest.kept.iter().filter(|kept| !hashes.contains_key(&kept.sequence)).map(|kept| kept.sequence.to_string()).collect();
        if !gone.is_empty() {
            let what = format!(
                "of those that were there when {} was taken, {} are gone: pruned since, or taken away",
                newest.sequence,
                gone.join(", ")
            );
            findings.push(Finding::odd(vault.folder().join("snapshots"), what));
        }
    }
    Ok(manifests)
}

/// Reads every pack whole, on all cores.
fn packs(repository: &Repository, places: &Places, wrong: &mut BTreeMap<Id, String>, progress: Progress<'_>) -> Result<(), PhoenixError> {
    let of = places.packs().iter().map(|(_, length)| length).sum();
    let next = AtomicUsize::new(0);
    let openers = (0..threads()).map(|_| Opener::new(repository.key(), repository.vault.id)).collect::<Result<Vec<_>, _>>()?;
    let found = Mutex::new(wrong);
    let mut done = 0;
    thread::scope(|scope| {
        let (tell, told) = sync_channel(16);
        for opener in openers {
            let (next, found, tell) = (&next, &found, tell.clone());
            scope.spawn(move || each(repository, places, opener, next, found, &tell));
        }
        drop(tell);
        for length in told {
            done += length;
            if !progress(Step { done, of }) {
                // They end when nobody hears them any more.
                return Err(PhoenixError::Stopped);
            }
        }
        Ok(())
    })
}

fn each(
    repository: &Repository,
    places: &Places,
    mut opener: Opener,
    next: &AtomicUsize,
    found: &Mutex<&mut BTreeMap<Id, String>>,
    tell: &SyncSender<u64>,
) {
    while let Some((pack, length)) = places.packs().get(next.fetch_add(1, Relaxed)) {
        if let Err(what) = whole(repository, *pack, &mut opener)
            && let Ok(mut found) = found.lock()
        {
            found.insert(*pack, what);
        }
        if tell.send(*length).is_err() {
            return;
        }
    }
}

/// Whether a pack is what its name says, and every chunk in it what its own says.
pub(super) fn whole(repository: &Repository, pack: Id, opener: &mut Opener) -> Result<(), String> {
    let (vault, key) = (&repository.vault, repository.key());
    let path = vault.pack_path(pack);
    let bytes = read(&path, pack::BYTES as u64).map_err(|e| e.to_string())?;
    if Id::of(&bytes) != pack {
        return Err("is not what its name says: altered, damaged or exchanged".into());
    }
    for entry in pack::index(&path, key, vault.id).map_err(|e| e.to_string())? {
        let at = entry.offset as usize;
        let sealed = bytes.get(at..at + entry.length as usize).unwrap_or_default();
        opener.open(&entry, sealed).map_err(|what| format!("a chunk: {what}"))?;
    }
    Ok(())
}

/// Files that belong to no repository, or lie where they do not belong.
fn strangers(repository: &Repository) -> Result<Vec<Finding>, PhoenixError> {
    let strange = repository.vault.strangers()?;
    Ok(strange.into_iter().map(|path| Finding::odd(path, "is no file of the repository, or bears a wrong name")).collect())
}
