//! Rows that the reader of what they hold cannot read any more, and drops.

use super::{
    database::Store,
    error::{Doing, StoreError},
};
use crate::domain::EntityId;
use rusqlite::Params;

impl Store {
    /// Drops the row of the identity that has a state: those of days before have none.
    ///
    /// # Errors
    /// When the database cannot be written; so for all of these.
    pub fn drop_identity(&mut self) -> Result<(), StoreError> {
        self.lose("DELETE FROM identity_matrices WHERE length(state) > 0", [])
    }

    /// Drops the row of an objective.
    ///
    /// # Errors
    /// As above.
    pub fn drop_mission(&mut self, id: &str) -> Result<(), StoreError> {
        self.lose("DELETE FROM mission_objectives WHERE id = ?1", [id])
    }

    /// Drops what is held of an entity now; how that moved before stays.
    ///
    /// # Errors
    /// As above.
    pub fn drop_entity(&mut self, entity: &EntityId) -> Result<(), StoreError> {
        self.lose("DELETE FROM soul_entities WHERE entity = ?1", [entity.as_str()])
    }

    /// Drops what an entity is known to tell, and how often.
    ///
    /// # Errors
    /// As above.
    pub fn drop_senses(&mut self, entity: &EntityId) -> Result<(), StoreError> {
        self.lose("UPDATE soul_entities SET senses = NULL WHERE entity = ?1", [entity.as_str()])
    }

    /// Drops what stood against one who left.
    ///
    /// # Errors
    /// As above.
    pub fn drop_departed(&mut self, id: &[u8; 16]) -> Result<(), StoreError> {
        self.lose("DELETE FROM soul_departed WHERE id = ?1", [id])
    }

    /// Drops mood, emotions and what they are about.
    ///
    /// # Errors
    /// As above.
    pub fn drop_mood(&mut self) -> Result<(), StoreError> {
        self.lose("DELETE FROM soul_emotions WHERE slot = 1", [])
    }

    fn lose(&mut self, sql: &str, whose: impl Params) -> Result<(), StoreError> {
        self.connection()?.execute(sql, whose).map(|_| ()).doing("drop what cannot be read")
    }
}
