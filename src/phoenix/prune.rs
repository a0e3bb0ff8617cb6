//! Pruning: snapshots go first, then what only they needed; what is still needed of a pack that is mostly idle moves to a new one. Whenever it
//! is killed, what stays is whole: a chunk lies in two packs for a while rather than in none.

use super::{
    Progress, Step,
    error::PhoenixError,
    id::Sequence,
    pack::{Opener, Packer},
    places::{Places, Usage},
    repository::Repository,
    restore::Packs,
    retention::Retention,
    snapshot::put,
    vault::Haste,
    verify,
    walk::Ids,
};
use crate::domain::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What came of it, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    pub removed: Vec<Sequence>,
    pub kept: Vec<Sequence>,
    /// Of all packs.
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Of each snapshot that stays and is not whole, how many of its chunks cannot be found. `verify` says where they were.
    pub lost: BTreeMap<Sequence, u64>,
}

/// A pack of which more than a fifth is idle is written anew: less would write much for little.
const IDLE: u64 = 5;
/// Packs shorter than this are joined when there are so many: each day leaves one.
const SHORT_BYTES: u64 = 1_024 * 1_024;
const SHORT: usize = 8;

pub(super) fn prune(
    repository: &Repository,
    retention: &Retention,
    zone: &TimeZone,
    dry_run: bool,
    progress: Progress<'_>,
) -> Result<Pruned, PhoenixError> {
    let vault = &repository.vault;
    if vault.append_only {
        return Err(PhoenixError::AppendOnly { path: vault.folder().to_owned() });
    }
    let writing = vault.writing()?;
    vault.sweep(&writing)?;
    let (mut all, mut drilled) = (Vec::new(), None);
    for listed in repository.list()? {
        // One that cannot be read may be mended yet: what it needs is unknown, so nothing is deleted at all.
        let manifest = listed.manifest.map_err(|what| PhoenixError::Damaged {
            path: vault.snapshot_path(listed.sequence),
            what: format!("{what}; nothing is pruned while it is there: delete this file first if it is lost"),
        })?;
        if listed.drilled.is_some_and(|drill| drill.passed) {
            drilled = Some(listed.sequence);
        }
        all.push((listed.sequence, manifest.taken_at));
    }
    let (kept, removed) = parted(retention, &all, drilled, zone);

    let places = Places::read(vault, repository.key())?;
    let mut marks = places.marks();
    let mut ids = Ids::new(repository, &places)?;
    let (mut lost, mut is_known) = (BTreeMap::new(), true);
    for sequence in &kept {
        let mut missing = 0_u64;
        for item in repository.manifest(*sequence)?.parts.iter().flat_map(|part| &part.items) {
            // What a list that is lost would name is needed as soon as somebody brings it back.
            is_known &= ids.each(item, &mut |id| missing += u64::from(!places.mark(&mut marks, id))).is_ok();
        }
        if missing > 0 {
            lost.insert(*sequence, missing);
        }
    }
    let (mut packs, mut opener) = (Packs::default(), Opener::new(repository.key(), vault.id)?);
    let mut sound = BTreeMap::new();
    places.choose(&mut marks, |pack| *sound.entry(pack).or_insert_with(|| verify::whole(repository, pack, &mut opener).is_ok()));
    let mut usage = places.used(&marks);
    let bytes_before = usage.iter().map(|pack| pack.length).sum();
    // Of a pack whose index cannot be read nobody knows what lies in it: it stays, for it may be mended yet.
    usage.retain(|pack| is_known && places.wrong.iter().all(|(wrong, ..)| *wrong != pack.pack));
    let (idle, anew) = plan(&usage);
    let freed: u64 = idle.iter().map(|pack| pack.length).sum::<u64>() + anew.iter().map(|pack| pack.idle).sum::<u64>();
    if dry_run {
        return Ok(Pruned { removed, kept, bytes_before, bytes_after: bytes_before - freed, lost });
    }

    for sequence in &removed {
        vault.remove_snapshot(*sequence)?;
    }
    // Nothing names what lies in these any more; and where the disk is full, this makes the room for what follows.
    for pack in &idle {
        vault.remove_pack(pack.pack)?;
    }
    let (mut packer, mut done, mut moved) = (Packer::new(repository.key()), 0, Vec::new());
    let of = anew.iter().map(|pack| pack.used).sum();
    for pack in &anew {
        let mut is_whole = true;
        for entry in places.used_of(pack.pack, &marks) {
            let sealed = packs.sealed(vault, pack.pack, &entry)?;
            // Damage must not move into a pack whose name is right: such a pack stays as it is, for `verify` to name.
            if opener.open(&entry, &sealed).is_err() {
                is_whole = false;
                break;
            }
            if !packer.has_room(sealed.len()) {
                put(
                    vault,
                    repository.key(),
                    std::mem::replace(&mut packer, Packer::new(repository.key())),
                    Haste::Gentle(repository.house()),
                )?;
            }
            packer.add(entry.id, entry.raw, &sealed);
            done += u64::from(entry.length);
            if !progress(Step { done, of }) {
                return Err(PhoenixError::Stopped);
            }
        }
        moved.extend(is_whole.then_some(pack.pack));
    }
    if !packer.is_empty() {
        put(vault, repository.key(), packer, Haste::Gentle(repository.house()))?;
    }
    // Only now, when all that is needed lies elsewhere. A pack of the same chunks in the same order has the same name only if its seal were the same.
    for pack in moved {
        vault.remove_pack(pack)?;
    }
    let bytes_after = vault.packs()?.iter().map(|(_, length)| length).sum();
    Ok(Pruned { removed, kept, bytes_before, bytes_after, lost })
}

fn parted(
    retention: &Retention,
    all: &[(Sequence, Timestamp)],
    drilled: Option<Sequence>,
    zone: &TimeZone,
) -> (Vec<Sequence>, Vec<Sequence>) {
    let keep = retention.keep(all, drilled, zone);
    all.iter().map(|(sequence, _)| *sequence).partition(|sequence| keep.contains(sequence))
}

/// Which packs go, and which are written anew.
fn plan(usage: &[Usage]) -> (Vec<Usage>, Vec<Usage>) {
    let (idle, needed): (Vec<Usage>, Vec<Usage>) = usage.iter().partition(|pack| pack.used == 0);
    let short = needed.iter().filter(|pack| pack.length < SHORT_BYTES).count() >= SHORT;
    let anew = |pack: &Usage| pack.idle * IDLE > pack.length || (short && pack.length < SHORT_BYTES);
    (idle, needed.into_iter().filter(anew).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::Id;

    fn pack(used: u64, idle: u64) -> Usage {
        Usage { pack: Id::of(&(used + idle).to_le_bytes()), length: used + idle, used, idle }
    }

    #[test]
    fn idle_packs_go_and_mostly_idle_and_many_short_ones_are_written_anew() {
        let (full, spoiled, empty) = (pack(8_000_000, 1_000_000), pack(5_000_000, 2_000_000), pack(0, 6_000_000));
        let (idle, anew) = plan(&[full, spoiled, empty]);
        assert_eq!(idle.iter().map(|p| p.length).collect::<Vec<_>>(), [6_000_000]);
        assert_eq!(anew.iter().map(|p| p.length).collect::<Vec<_>>(), [7_000_000]);
        let shorts: Vec<Usage> = (1..=8).map(|n| pack(n * 1_000, 0)).collect();
        assert_eq!(plan(&shorts[..7]).1.len(), 0);
        assert_eq!(plan(&shorts).1.len(), 8);
    }
}
