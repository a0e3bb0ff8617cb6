//! What the courier is tried with: a repository of random files in memory, a road that loses, repeats and reorders, and a disk in memory.

mod bytes;
mod disk;
mod hostile;
mod road;

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Chances from a seed (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, high: u64) -> u64 {
        self.next() % high
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| self.next().to_le_bytes()).take(length / 8 + 1).flatten().collect();
        bytes.truncate(length);
        bytes
    }
}

pub const REPOSITORY: Uuid = Uuid::from_u128(0x0ff1_ce00_dead_beef);

/// A repository's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    pub keys: BTreeMap<String, Vec<u8>>,
    pub packs: BTreeMap<Id, Vec<u8>>,
    pub snapshots: BTreeMap<Sequence, Vec<u8>>,
}

impl Files {
    /// One more snapshot, with some new packs.
    pub fn grow(&mut self, chance: &mut Chance, packs: u64, largest: u64) {
        if self.keys.is_empty() {
            self.keys.insert(Uuid::from_u128(u128::from(chance.next())).to_string(), chance.bytes(200));
        }
        for _ in 0..packs {
            let length = usize::try_from(1 + chance.below(largest)).unwrap();
            let bytes = chance.bytes(length);
            self.packs.insert(Id::of(&bytes), bytes);
        }
        let sequence = self.snapshots.last_key_value().map_or(1, |(last, _)| last + 1);
        self.snapshots.insert(sequence, chance.bytes(300));
    }

    pub fn listing(&self) -> Listing {
        let named = |bytes: &Vec<u8>| (Id::of(bytes), bytes.len() as u64);
        Listing {
            v: VERSION,
            repository: REPOSITORY,
            keys: self.keys.iter().map(|(name, bytes)| (name.clone(), named(bytes).0, named(bytes).1)).collect(),
            packs: self.packs.values().map(named).collect(),
            snapshots: self.snapshots.iter().map(|(sequence, bytes)| (*sequence, named(bytes).0, named(bytes).1)).collect(),
        }
    }

    pub fn stock(&self) -> Stock {
        Stock::new(&self.listing()).unwrap().unwrap()
    }

    /// A piece as the sender makes it; None: the file is gone.
    pub fn piece(&self, stock: &Stock, id: &Id, n: u32) -> Option<Vec<u8>> {
        let object = stock.get(id)?;
        let list = self.listing().to_bytes();
        let bytes = match &object.kind {
            Kind::Listing => (Id::of(&list) == *id).then_some(&list)?,
            Kind::Key(name) => self.keys.get(name)?,
            Kind::Pack => self.packs.get(id)?,
            Kind::Snapshot(sequence) => self.snapshots.get(sequence)?,
        };
        let range = object.range(n)?;
        let content = &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        Some(Piece { object: *id, n, content }.to_bytes())
    }
}

/// A disk in memory: it outlives the receiver. It tells when something is kept out of order.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    pub files: Files,
    pub partial: BTreeMap<Id, BTreeMap<u32, Vec<u8>>>,
    /// Bytes that find room; None: as many as come.
    pub room: Option<usize>,
    pub puts: u64,
}

impl Keeping for Disk {
    fn here(&mut self) -> Result<Kept, PhoenixError> {
        let kept = &self.files;
        Ok(Kept {
            keys: kept.keys.iter().map(|(name, bytes)| (name.clone(), Id::of(bytes))).collect(),
            packs: kept.packs.iter().map(|(id, bytes)| (*id, bytes.len() as u64)).collect(),
            snapshots: kept.snapshots.iter().map(|(sequence, bytes)| (*sequence, Id::of(bytes))).collect(),
        })
    }

    fn begun(&mut self, object: &Object) -> Result<BTreeSet<u32>, PhoenixError> {
        Ok(self.partial.get(&object.id).map(|pieces| pieces.keys().copied().collect()).unwrap_or_default())
    }

    fn put(&mut self, object: &Object, n: u32, content: &[u8]) -> Result<(), PhoenixError> {
        if let Some(room) = &mut self.room {
            *room = room.checked_sub(content.len()).ok_or_else(|| PhoenixError::Refused("the disk is full".into()))?;
        }
        self.puts += 1;
        self.partial.entry(object.id).or_default().insert(n, content.to_vec());
        Ok(())
    }

    fn keep(&mut self, object: &Object) -> Result<Option<Vec<u8>>, PhoenixError> {
        let bytes: Vec<u8> = self.partial.get(&object.id).into_iter().flat_map(|pieces| pieces.values().flatten().copied()).collect();
        if Id::of(&bytes) != object.id {
            return Err(PhoenixError::Damaged { path: object.name().into(), what: "is another".into() });
        }
        self.partial.remove(&object.id);
        match &object.kind {
            Kind::Listing => return Ok(Some(bytes)),
            Kind::Key(name) => assert_eq!(self.files.keys.insert(name.clone(), bytes), None),
            Kind::Pack => assert_eq!(self.files.packs.insert(object.id, bytes), None),
            Kind::Snapshot(sequence) => assert_eq!(self.files.snapshots.insert(*sequence, bytes), None),
        }
        Ok(None)
    }

    fn forget(&mut self, object: &Object) {
        self.partial.remove(&object.id);
    }

    fn tidy(&mut self, wanted: &BTreeSet<Id>) {
        self.partial.retain(|id, _| wanted.contains(id));
    }
}
