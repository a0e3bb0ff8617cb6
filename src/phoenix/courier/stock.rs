//! What a sender has to give: a repository's files as they were all there at one time, and their pieces.

use super::{Kind, Listing, Object, Offer, Piece, Signer, VERSION};
use crate::{
    domain::limits,
    phoenix::{Id, PhoenixError, Vault, error::At},
    runtime::files::Positioned,
};
use std::{collections::BTreeMap, fs::File};

/// Looks until two agree; a repository changes a few times a day.
const LOOKS: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub offer: Offer,
    list: Vec<u8>,
    objects: BTreeMap<Id, Object>,
}

impl Stock {
    /// What there is now; none while there is no snapshot.
    ///
    /// # Errors
    /// When the repository cannot be read, or does not stand still.
    pub fn of(vault: &Vault) -> Result<Option<Self>, PhoenixError> {
        let mut before = look(vault)?;
        for _ in 0..LOOKS {
            let now = look(vault)?;
            // What two looks agree on was all there between them: no file that went comes back.
            if now == before {
                return Self::new(&now);
            }
            before = now;
        }
        Err(PhoenixError::Refused(format!("{}: it changes all the time: it is offered when that is over", vault.folder().display())))
    }

    /// # Errors
    /// When it is more than can be carried.
    pub fn new(listing: &Listing) -> Result<Option<Self>, PhoenixError> {
        let list = listing.to_bytes();
        let Some(offer) = Offer::of(listing, &list) else { return Ok(None) };
        // What no receiver would take is not offered.
        Listing::read(&list, &offer)?;
        let objects = listing.objects().chain([offer.listing()]).map(|object| (object.id, object)).collect();
        Ok(Some(Self { offer, list, objects }))
    }

    /// The same, offered by who has the repository's key.
    #[must_use]
    pub fn signed(self, by: &Signer) -> Self {
        Self { offer: self.offer.signed(by), ..self }
    }

    #[must_use]
    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id)
    }

    /// A piece as it is sent.
    ///
    /// # Errors
    /// When there is no such piece, or the file is gone or cannot be read.
    pub fn piece(&self, vault: &Vault, id: &Id, n: u32) -> Result<Vec<u8>, PhoenixError> {
        let none = || PhoenixError::Refused(format!("no piece {n} of {id} is offered"));
        let object = self.get(id).ok_or_else(none)?;
        let range = object.range(n).ok_or_else(none)?;
        let mut content = vec![0; usize::try_from(range.end - range.start).unwrap_or(limits::PIECE_BYTES)];
        let from = |bytes: &[u8]| {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            bytes.get(range).map(<[u8]>::to_vec)
        };
        match &object.kind {
            Kind::Pack => {
                let path = vault.pack_path(*id);
                let file = File::open(&path).at(&path, "cannot be read")?;
                file.read_exact_at(&mut content, range.start).at(&path, "cannot be read")?;
            }
            Kind::Listing => content = from(&self.list).ok_or_else(none)?,
            Kind::Snapshot(sequence) => content = from(&vault.snapshot(*sequence)?).ok_or_else(none)?,
            Kind::Key(name) => {
                let slots = vault.slots()?;
                content = slots.iter().find(|(slot, _)| slot == name).and_then(|(_, bytes)| from(bytes)).ok_or_else(none)?;
            }
        }
        Ok(Piece { object: *id, n, content: &content }.to_bytes())
    }

    /// The newest sealed manifest as it stands retained: its only piece. A larger one is fetched as other files are.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn manifest(&self, vault: &Vault) -> Result<Option<Vec<u8>>, PhoenixError> {
        let id = self.offer.snapshot;
        if self.get(&id).is_some_and(|object| object.pieces() == 1) { self.piece(vault, &id, 0).map(Some) } else { Ok(None) }
    }
}

fn look(vault: &Vault) -> Result<Listing, PhoenixError> {
    let mut snapshots = Vec::new();
    for sequence in vault.sequences()? {
        match vault.snapshot(sequence) {
            Ok(bytes) => snapshots.push((sequence, Id::of(&bytes), bytes.len() as u64)),
            // Pruned meanwhile.
            Err(PhoenixError::NoSnapshot { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut packs = vault.packs()?;
    packs.sort_unstable();
    let mut keys: Vec<_> = vault.slots()?.into_iter().map(|(name, bytes)| (name, Id::of(&bytes), bytes.len() as u64)).collect();
    keys.sort_unstable();
    Ok(Listing { v: VERSION, repository: vault.id, keys, packs, snapshots })
}
