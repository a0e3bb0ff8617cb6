//! What a sender has: a short offer, which stands retained, and the list that it names, which is fetched as any file is.

use super::{Kind, Object, VERSION, known, read, written};
use crate::{
    domain::limits,
    phoenix::{Id, PhoenixError, Sequence},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An offer is far smaller.
const OFFER_BYTES: usize = 4 * 1024;

/// Which snapshot is the newest, and where it is told what there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub v: u32,
    pub repository: Uuid,
    pub sequence: Sequence,
    /// BLAKE3 of the sealed manifest.
    pub snapshot: Id,
    /// BLAKE3 of the list.
    pub list: Id,
    pub list_bytes: u64,
}

/// All files of a repository that are needed to restore any of its snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub v: u32,
    pub repository: Uuid,
    /// Wrapped keys: name, BLAKE3, bytes.
    pub keys: Vec<(String, Id, u64)>,
    pub packs: Vec<(Id, u64)>,
    /// Sealed manifests, ascending: number, BLAKE3, bytes.
    pub snapshots: Vec<(Sequence, Id, u64)>,
}

impl Offer {
    #[must_use]
    pub fn of(listing: &Listing, list: &[u8]) -> Option<Self> {
        let (sequence, snapshot, _) = *listing.snapshots.last()?;
        let list_bytes = list.len() as u64;
        Some(Self { v: VERSION, repository: listing.repository, sequence, snapshot, list: Id::of(list), list_bytes })
    }

    /// # Errors
    /// When it is none, or of a version that is not known.
    pub fn read(bytes: &[u8]) -> Result<Self, PhoenixError> {
        let offer: Self = read("an offer", bytes, OFFER_BYTES)?;
        known("an offer", offer.v)?;
        if !is_carried(offer.list_bytes) {
            return Err(PhoenixError::Refused(format!("an offer whose list has {} bytes", offer.list_bytes)));
        }
        Ok(offer)
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(self)
    }

    #[must_use]
    pub fn listing(&self) -> Object {
        Object { kind: Kind::Listing, id: self.list, bytes: self.list_bytes }
    }
}

fn is_carried(bytes: u64) -> bool {
    (1..=limits::CARRIED_BYTES).contains(&bytes)
}

impl Listing {
    /// # Errors
    /// When it is none, or not the one that the offer speaks of, or makes no sense.
    pub fn read(bytes: &[u8], offer: &Offer) -> Result<Self, PhoenixError> {
        let most = usize::try_from(limits::CARRIED_BYTES).unwrap_or(usize::MAX);
        let listing: Self = read("a list", bytes, most)?;
        known("a list", listing.v)?;
        match listing.wrong(offer) {
            Some(why) => Err(PhoenixError::Refused(format!("a list {why}"))),
            None => Ok(listing),
        }
    }

    fn wrong(&self, offer: &Offer) -> Option<&'static str> {
        let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
        let ascending = self.snapshots.iter().zip(self.snapshots.iter().skip(1)).all(|(a, b)| a.0 < b.0);
        let newest = self.snapshots.last().map(|(sequence, id, _)| (*sequence, *id));
        let good_name = |name: &String| Uuid::parse_str(name).is_ok_and(|id| id.to_string() == *name);
        match () {
            () if self.repository != offer.repository => Some("of another repository than the offer's"),
            () if newest != Some((offer.sequence, offer.snapshot)) => Some("that does not end with the offered snapshot"),
            () if !ascending => Some("whose snapshots are in no order"),
            () if self.keys.len() > limits::CARRIED_KEYS => Some("with more wrapped keys than a repository has"),
            () if !self.keys.iter().all(|(name, ..)| good_name(name) && names.insert(name)) => Some("with wrapped keys of wrong names"),
            () if !self.objects().all(|o| is_carried(o.bytes)) => Some("with a file that is empty or too large"),
            () if !self.objects().all(|o| ids.insert(o.id)) => Some("that names a file twice"),
            () => None,
        }
    }

    /// In the order in which they are to be fetched: a snapshot counts only when all before it is there.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        let keys = self.keys.iter().map(|(name, id, bytes)| Object { kind: Kind::Key(name.clone()), id: *id, bytes: *bytes });
        let packs = self.packs.iter().map(|(id, bytes)| Object { kind: Kind::Pack, id: *id, bytes: *bytes });
        let snapshots =
            self.snapshots.iter().map(|(sequence, id, bytes)| Object { kind: Kind::Snapshot(*sequence), id: *id, bytes: *bytes });
        keys.chain(packs).chain(snapshots)
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(self)
    }
}
