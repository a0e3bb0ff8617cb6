//! What consciousness kept, read back: who Jamey has been, how its objectives stand.

use super::{
    error::StoreError,
    load::{all, from_json},
    reader::Reader,
};
use serde_json::Value;

impl Reader {
    /// Who Jamey is, as it was stored last.
    ///
    /// # Errors
    /// When the database cannot be read; so for all that follow.
    pub fn identity(&self) -> Result<Option<Value>, StoreError> {
        let rows = all(self.conn(), "SELECT view, at FROM identity_matrices ORDER BY at DESC LIMIT 1", [], |row| {
            from_json("identity_matrices", row, 0, 1)
        })?;
        Ok(rows.into_iter().next())
    }

    /// How each objective stands, by id.
    ///
    /// # Errors
    /// As above.
    pub fn missions(&self) -> Result<Vec<(String, Value)>, StoreError> {
        all(self.conn(), "SELECT id, view FROM mission_objectives ORDER BY id", [], |row| {
            Ok((row.get(0)?, from_json("mission_objectives", row, 1, 0)?))
        })
    }
}
