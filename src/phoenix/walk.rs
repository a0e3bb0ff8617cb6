//! Walking over the chunks of a file, lists among them.

use super::{
    chunk, error::PhoenixError, id::Id, manifest::SavedItem, pack::Opener, places::Places, repository::Repository, restore::Packs,
};

/// Opens the lists that files with many chunks have.
pub(super) struct Ids<'a> {
    repository: &'a Repository,
    places: &'a Places,
    opener: Opener,
    packs: Packs,
}

impl<'a> Ids<'a> {
    pub(super) fn new(repository: &'a Repository, places: &'a Places) -> Result<Self, PhoenixError> {
        let opener = Opener::new(repository.key(), repository.vault.id)?;
        Ok(Self { repository, places, opener, packs: Packs::default() })
    }

    /// Calls with each list and each chunk that the file needs, in order.
    ///
    /// # Errors
    /// When a list is missing or damaged: then its chunks are unknown.
    pub(super) fn each(&mut self, item: &SavedItem, call: &mut dyn FnMut(&Id)) -> Result<(), PhoenixError> {
        item.chunks.iter().for_each(&mut *call);
        for list in &item.lists {
            call(list);
            for id in self.list(list)? {
                call(&id);
            }
        }
        Ok(())
    }

    fn list(&mut self, list: &Id) -> Result<Vec<Id>, PhoenixError> {
        let vault = &self.repository.vault;
        let blob = self.packs.find(self.places, vault, list, &mut self.opener)?;
        chunk::listed(&blob)
            .ok_or_else(|| PhoenixError::Damaged { path: vault.folder().to_owned(), what: "a list of chunks is none".into() })
    }
}
