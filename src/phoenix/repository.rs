//! A repository that is open: its files, and the key to them.

use super::{
    Progress,
    diff::{self, Difference},
    error::PhoenixError,
    header::{self, Kind},
    id::{Id, Sequence},
    key::{RepositoryKey, Secret, Slot},
    manifest::Manifest,
    prune::{self, Pruned},
    restore::{self, Choice, Restored},
    retention::Retention,
    seal::{Purpose, seal, unseal},
    snapshot::{self, Order, Taken},
    source::Component,
    vault::{Drilled, Vault},
    verify::{self, Depth, Finding},
};
use crate::{
    domain::{Timestamp, limits},
    store::StoreHealth,
};
use jiff::tz::TimeZone;
use std::{path::Path, sync::Arc};
use uuid::Uuid;

pub struct Repository {
    pub vault: Vault,
    key: RepositoryKey,
    house: Option<Arc<StoreHealth>>,
}

/// A snapshot in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub sequence: Sequence,
    /// Its manifest, or why it cannot be read.
    pub manifest: Result<Manifest, String>,
    /// The last drill of it.
    pub drilled: Option<Drilled>,
}

/// The version of a drill's record.
const DRILL_VERSION: u32 = 1;

impl Repository {
    /// Makes one, with a new key, that each of these secrets opens.
    ///
    /// # Errors
    /// When there is one already, no secret is given, or the folder cannot be written.
    pub fn init(folder: &Path, secrets: &[Secret], append_only: bool, at: Timestamp) -> Result<Self, PhoenixError> {
        let (key, id) = (RepositoryKey::generate()?, random_id()?);
        let slots = wrapped(&key, secrets, id, at)?;
        let slots: Vec<_> = slots.iter().map(|slot| (slot.id.to_string(), slot.to_bytes())).collect();
        Ok(Self { vault: Vault::create(folder, id, append_only, &slots)?, key, house: None })
    }

    /// # Errors
    /// When there is none, or the secret opens it not.
    pub fn open(folder: &Path, secret: &Secret) -> Result<Self, PhoenixError> {
        let vault = Vault::open(folder)?;
        // What says most is the answer of a slot of the same kind of secret.
        let (mut why, mut says_most, mut tries) = (None, false, 0);
        for (name, bytes) in vault.slots()? {
            let slot = Slot::from_bytes(&bytes);
            let alike = slot.as_ref().is_ok_and(|slot| slot.kind == secret.kind());
            // Each passphrase that is tried takes long, and who writes there may have put any number of slots: words and key files cost nothing.
            tries += usize::from(alike && matches!(secret, Secret::Passphrase(_)));
            if tries > limits::SLOTS {
                break;
            }
            match slot.and_then(|slot| opened(&slot, secret, vault.id)) {
                Ok(key) => return Ok(Self { vault, key, house: None }),
                Err(error) if alike || !says_most => {
                    why = Some(PhoenixError::Key(format!("{}: keys/{name}: {error}", folder.display())));
                    says_most = alike;
                }
                Err(_) => {}
            }
        }
        if let Secret::Words(key) = secret
            && fits(&vault, key)
        {
            return Ok(Self { vault, key: key.clone(), house: None });
        }
        Err(why.unwrap_or_else(|| {
            PhoenixError::Key(format!("{}: no wrapped key is left: the recovery sheet's words open it", folder.display()))
        }))
    }

    /// From now on whatever is written for long pauses while this store's commits are slow.
    pub fn give_way_to(&mut self, house: Arc<StoreHealth>) {
        self.house = Some(house);
    }

    pub(super) fn house(&self) -> Option<&StoreHealth> {
        self.house.as_deref()
    }

    /// The newest snapshot whose manifest opens: what else bears a number may be anybody's. None where there is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest(&self) -> Result<Option<Sequence>, PhoenixError> {
        Ok(self.vault.sequences()?.into_iter().rev().find(|sequence| self.manifest(*sequence).is_ok()))
    }

    /// For the recovery sheet and for wrapping it anew.
    #[must_use]
    pub fn key(&self) -> &RepositoryKey {
        &self.key
    }

    /// All snapshots, ascending.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, PhoenixError> {
        let sequences = self.vault.sequences()?;
        Ok(sequences
            .into_iter()
            .map(|sequence| Listed {
                sequence,
                manifest: self.manifest(sequence).map_err(|e| e.to_string()),
                drilled: self.drill(sequence).ok().flatten(),
            })
            .collect())
    }

    /// # Errors
    /// When there is none of this number, or it is damaged.
    pub fn manifest(&self, sequence: Sequence) -> Result<Manifest, PhoenixError> {
        let bytes = self.vault.snapshot(sequence)?;
        Manifest::unseal(&bytes, &self.key, self.vault.id, sequence)
            .map_err(|what| PhoenixError::Damaged { path: self.vault.snapshot_path(sequence), what })
    }

    /// # Errors
    /// When something cannot be read or written, or it is stopped: then nothing of it is seen.
    pub fn snapshot(&mut self, order: Order, progress: Progress<'_>) -> Result<Taken, PhoenixError> {
        snapshot::take(self, order, progress)
    }

    /// To a folder that is new or empty.
    ///
    /// # Errors
    /// When anything of it is damaged or missing: then nothing is there.
    pub fn restore(&self, sequence: Sequence, choice: &Choice, into: &Path, progress: Progress<'_>) -> Result<Restored, PhoenixError> {
        self.restore_and(sequence, choice, into, progress, |_| Ok(())).map(|(restored, ())| restored)
    }

    /// The same; `finish` has the folder beside the target before it is put in its place: what it cannot finish is not there either.
    ///
    /// # Errors
    /// As `restore`, and `finish`'s own.
    pub fn restore_and<T, E: From<PhoenixError>>(
        &self,
        sequence: Sequence,
        choice: &Choice,
        into: &Path,
        progress: Progress<'_>,
        finish: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<(Restored, T), E> {
        restore::restore(self, &self.manifest(sequence)?, choice, into, progress, finish)
    }

    /// One small file of a snapshot, at most 16 MiB.
    ///
    /// # Errors
    /// When it is not there, or damaged.
    pub fn read(&self, manifest: &Manifest, component: Component, path: &str) -> Result<Vec<u8>, PhoenixError> {
        let item = manifest.part(component).and_then(|part| part.items.iter().find(|item| item.path == path));
        let refused = |why: &str| PhoenixError::Refused(format!("snapshot {}: `{path}`: {why}", manifest.sequence));
        let item = item.ok_or_else(|| refused("there is none"))?;
        if item.bytes > limits::SAVED_READ_BYTES {
            return Err(refused("is too long to be looked at: restore it"));
        }
        let mut bytes = Vec::new();
        restore::read(self, &[item], &mut |_, chunk| {
            bytes.extend_from_slice(chunk.unwrap_or_default());
            Ok(())
        })?;
        Ok(bytes)
    }

    /// # Errors
    /// When the folder cannot be read at all.
    pub fn verify(&self, depth: Depth, progress: Progress<'_>) -> Result<Vec<Finding>, PhoenixError> {
        verify::verify(self, depth, progress)
    }

    /// Puts packs that `verify` found damaged out of the way, so that the next snapshot writes anew what it needs of them, as long as the house has
    /// it still. What only they held is lost to the snapshots that `verify` names. How many there were.
    ///
    /// # Errors
    /// When it is append-only, or cannot be written.
    pub fn set_aside(&mut self, findings: &[Finding]) -> Result<usize, PhoenixError> {
        if self.vault.append_only {
            return Err(PhoenixError::AppendOnly { path: self.vault.folder().to_owned() });
        }
        let writing = self.vault.writing()?;
        let damaged = |id: &Id| findings.iter().any(|finding| finding.grave && finding.path == self.vault.pack_path(*id));
        let packs: Vec<Id> = self.vault.packs()?.into_iter().map(|(id, _)| id).filter(damaged).collect();
        packs.iter().try_for_each(|id| self.vault.set_aside(&writing, *id))?;
        Ok(packs.len())
    }

    /// # Errors
    /// When it is append-only, or cannot be read or written.
    pub fn prune(&mut self, retention: &Retention, zone: &TimeZone, dry_run: bool, progress: Progress<'_>) -> Result<Pruned, PhoenixError> {
        prune::prune(self, retention, zone, dry_run, progress)
    }

    /// # Errors
    /// When one of them cannot be read.
    pub fn diff(&self, before: Sequence, after: Sequence) -> Result<Vec<Difference>, PhoenixError> {
        diff::diff(self, &self.manifest(before)?, &self.manifest(after)?)
    }

    /// Puts on record what a drill came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drilled(&self, drilled: Drilled) -> Result<(), PhoenixError> {
        let mut plain = Vec::new();
        ciborium::into_writer(&drilled, &mut plain).map_err(|e| PhoenixError::Refused(e.to_string()))?;
        let mut bytes = header::bytes(Kind::Drill, &self.key).to_vec();
        let sequence = drilled.sequence.to_be_bytes();
        bytes.extend(seal(&self.key.sealing(), drill(self.vault.id, &sequence), &plain)?);
        let _writing = self.vault.writing()?;
        self.vault.keep_drill(drilled.sequence, &bytes)
    }

    /// The record of the last drill; in words what is wrong with it.
    pub(super) fn drill(&self, sequence: Sequence) -> Result<Option<Drilled>, String> {
        let Some(bytes) = self.vault.drill(sequence).map_err(|e| e.to_string())? else { return Ok(None) };
        header::check(&bytes, Kind::Drill, &self.key)?;
        let sealed = bytes.get(header::BYTES..).unwrap_or_default();
        let plain = unseal(&self.key.sealing(), drill(self.vault.id, &sequence.to_be_bytes()), sealed).map_err(|e| e.to_string())?;
        let drilled: Drilled = ciborium::from_reader(plain.as_slice()).map_err(|e| format!("makes no sense: {e}"))?;
        if drilled.sequence == sequence { Ok(Some(drilled)) } else { Err("makes no sense".into()) }
    }

    /// Wraps the key by one more secret.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_key(&self, secret: &Secret, at: Timestamp) -> Result<Uuid, PhoenixError> {
        let _writing = self.vault.writing()?;
        let slot = Slot::wrap(&self.key, secret, self.vault.id, at)?;
        self.vault.keep_slot(&slot.id.to_string(), &slot.to_bytes())?;
        Ok(slot.id)
    }

    /// # Errors
    /// When there is none of this id, it is the last one, or it cannot be deleted.
    pub fn remove_key(&self, slot: Uuid) -> Result<(), PhoenixError> {
        let _writing = self.vault.writing()?;
        let slots = self.vault.slots()?;
        if !slots.iter().any(|(name, _)| *name == slot.to_string()) {
            return Err(PhoenixError::Refused(format!("{slot}: there is no such wrapped key: `jamey phoenix key list` shows them")));
        }
        let opens = |(name, bytes): &&(String, Vec<u8>)| *name != slot.to_string() && self.check_slot(name, bytes).is_ok();
        if slots.iter().filter(opens).count() == 0 {
            return Err(PhoenixError::Refused(format!("{slot}: is the last one: add another first, or nobody could open the repository")));
        }
        self.vault.remove_slot(slot)
    }

    /// Wraps the key by these secrets and by no other any more.
    ///
    /// # Errors
    /// When they cannot be written: then the old ones open it still.
    pub fn rotate_keys(&self, secrets: &[Secret], at: Timestamp) -> Result<Vec<Uuid>, PhoenixError> {
        let _writing = self.vault.writing()?;
        let slots = wrapped(&self.key, secrets, self.vault.id, at)?;
        let old = self.vault.slots()?;
        // The new ones first: killed in between, both open it.
        for slot in &slots {
            self.vault.keep_slot(&slot.id.to_string(), &slot.to_bytes())?;
        }
        for id in old.iter().filter_map(|(name, _)| Uuid::parse_str(name).ok()) {
            self.vault.remove_slot(id)?;
        }
        Ok(slots.iter().map(|slot| slot.id).collect())
    }

    /// In words what is wrong with a wrapped key, also with one whose secret is not at hand.
    pub(super) fn check_slot(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let slot = Slot::from_bytes(bytes).map_err(|e| e.to_string())?;
        if slot.id.to_string() != name || slot.key != self.key.id() {
            return Err("is of another repository, or lies under a wrong name".into());
        }
        if !slot.is_whole(&self.key) {
            return Err("was altered".into());
        }
        Ok(())
    }
}

fn drill(repository: Uuid, sequence: &[u8]) -> Purpose<'_> {
    Purpose { repository, what: "drill", which: sequence, version: DRILL_VERSION }
}

fn wrapped(key: &RepositoryKey, secrets: &[Secret], repository: Uuid, at: Timestamp) -> Result<Vec<Slot>, PhoenixError> {
    if secrets.is_empty() {
        return Err(PhoenixError::Key("a passphrase or a key file is needed: without one nobody could open it".into()));
    }
    secrets.iter().map(|secret| Slot::wrap(key, secret, repository, at)).collect()
}

fn opened(slot: &Slot, secret: &Secret, repository: Uuid) -> Result<RepositoryKey, PhoenixError> {
    match secret {
        // The words are the key; a slot says only whether it is this repository's.
        Secret::Words(key) if slot.key == key.id() => Ok(key.clone()),
        Secret::Words(_) => Err(PhoenixError::Key("the words are of another repository".into())),
        secret => slot.unwrap(secret, repository),
    }
}

/// Whether anything in the repository was sealed with this key.
fn fits(vault: &Vault, key: &RepositoryKey) -> bool {
    let sealed = |sequence: Sequence| vault.snapshot(sequence).is_ok_and(|bytes| header::check(&bytes, Kind::Snapshot, key).is_ok());
    vault.sequences().is_ok_and(|all| all.into_iter().any(sealed))
}

fn random_id() -> Result<Uuid, PhoenixError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(PhoenixError::Randomness)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
