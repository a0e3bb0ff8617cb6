//! What a sender has: a short offer, which stands retained, and the list that it names, which is fetched as any file is.

use super::{Kind, Object, Signer, VERSION, Voucher, known, read, written};
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
    /// Ed25519 over all before it; empty: nobody vouches for it.
    #[serde(default)]
    pub signature: Vec<u8>,
}

/// Stands before what is signed, so that no signature means two things.
const SIGNED: &[u8] = b"jamey-phoenix@v1 offer";

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
        Some(Self { v: VERSION, repository: listing.repository, sequence, snapshot, list: Id::of(list), list_bytes, signature: Vec::new() })
    }

    /// # Errors
    /// When it is none, or of a version that is not known.
    pub fn read(bytes: &[u8]) -> Result<Self, PhoenixError> {
        let offer: Self = read("an offer", bytes, OFFER_BYTES)?;
        known("an offer", offer.v)?;
        if !offer.listing().is_carried() {
            return Err(PhoenixError::Refused(format!("an offer whose list has {} bytes", offer.list_bytes)));
        }
        Ok(offer)
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(self)
    }

    #[must_use]
    pub fn signed(self, by: &Signer) -> Self {
        let signature = by.sign(&self.is_signed());
        Self { signature, ..self }
    }

    /// Whether whom we believe made it.
    #[must_use]
    pub fn is_of(&self, voucher: &Voucher) -> bool {
        voucher.is_of(&self.is_signed(), &self.signature)
    }

    /// What is signed: numbers are big-endian.
    fn is_signed(&self) -> Vec<u8> {
        let (v, sequence, list_bytes) = (self.v.to_be_bytes(), self.sequence.to_be_bytes(), self.list_bytes.to_be_bytes());
        [SIGNED, &v, self.repository.as_bytes(), &sequence, &self.snapshot.0, &self.list.0, &list_bytes].concat()
    }

    #[must_use]
    pub fn listing(&self) -> Object {
        Object { kind: Kind::Listing, id: self.list, bytes: self.list_bytes }
    }
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
            () if !self.objects().all(|o| o.is_carried()) => Some("with a file that is empty or too large"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phoenix::RepositoryKey;

    #[test]
    fn only_who_has_the_repositorys_key_vouches_and_for_every_word() {
        let signers = [(); 2].map(|()| Signer::of(&RepositoryKey::generate().unwrap()).unwrap());
        let ours: Voucher = signers[0].voucher().to_string().parse().unwrap();
        assert_eq!(ours, signers[0].voucher());
        let id = Id::of(b"one");
        let listing = Listing { v: VERSION, repository: Uuid::from_u128(7), keys: vec![], packs: vec![], snapshots: vec![(3, id, 3)] };
        let plain = Offer::of(&listing, &listing.to_bytes()).unwrap();
        let offer = plain.clone().signed(&signers[0]);
        assert!(Offer::read(&offer.to_bytes()).unwrap().is_of(&ours));
        assert!(!plain.is_of(&ours) && !plain.signed(&signers[1]).is_of(&ours));
        let other = Id::of(b"other");
        for changed in [
            Offer { v: 2, ..offer.clone() },
            Offer { repository: Uuid::from_u128(8), ..offer.clone() },
            Offer { sequence: 4, ..offer.clone() },
            Offer { snapshot: other, ..offer.clone() },
            Offer { list: other, ..offer.clone() },
            Offer { list_bytes: offer.list_bytes + 1, ..offer.clone() },
            Offer { signature: vec![0; 64], ..offer.clone() },
        ] {
            assert!(!changed.is_of(&ours), "{changed:?}");
        }
        for wrong in ["", "ab", &"g".repeat(64), &"a".repeat(65)] {
            assert!(wrong.parse::<Voucher>().is_err(), "{wrong}");
        }
    }
}
