//! The proof that records on disk can be read: some each second, from the newest to the oldest, and then again. A page that rots is found
//! before it is needed.

use crate::store::{Reader, StoreError};
use std::path::PathBuf;
use uuid::Uuid;

/// Where it reads, and how far it is.
pub struct Proof {
    data: PathBuf,
    open: Option<Reader>,
    /// The record that was proved last.
    last: Option<Uuid>,
}

/// What a look at some records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proved {
    /// Looks that were answered; one that finds no record any more is.
    pub looks: u32,
    /// Records that were read, with all that they hold.
    pub records: u32,
}

impl Proof {
    #[must_use]
    pub fn new(data: PathBuf) -> Self {
        Self { data, open: None, last: None }
    }

    /// Reads the next records, at most so many.
    ///
    /// # Errors
    /// When the database cannot be read, or a record makes no sense: then it begins at the newest again.
    pub fn prove(&mut self, most: u32) -> Result<Proved, StoreError> {
        if most == 0 {
            return Ok(Proved::default());
        }
        let store = match self.open.take() {
            Some(store) => store,
            None => Reader::open(&self.data)?,
        };
        let store = self.open.insert(store);
        match store.records(most, self.last) {
            Ok(records) => {
                let read = u32::try_from(records.len()).unwrap_or(most);
                // A short page is the end, and the newest are next.
                self.last = records.last().map(|row| row.id).filter(|_| read == most);
                Ok(Proved { looks: most, records: read })
            }
            Err(error) => {
                self.open = None;
                self.last = None;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn an_empty_house_is_proved_at_once_and_no_house_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Proof::new(folder.path().join("nowhere")).prove(3).is_err());
        drop(Store::open(folder.path()).unwrap());
        let mut proof = Proof::new(folder.path().to_owned());
        assert_eq!(proof.prove(3).unwrap(), Proved { looks: 3, records: 0 });
        assert_eq!(proof.prove(0).unwrap(), Proved::default());
    }
}
