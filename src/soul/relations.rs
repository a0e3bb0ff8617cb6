//! How entities stand to one another: who controls, bridges, owns, or is near whom. Bounded; the owner's word stands before discovery's.

use crate::domain::{EntityId, Relation};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Relations(Vec<Relation>);

impl Relations {
    /// Those in which an entity stands, either way.
    pub fn of<'r>(&'r self, entity: &'r EntityId) -> impl Iterator<Item = &'r Relation> {
        self.0.iter().filter(move |r| r.from == *entity || r.to == *entity)
    }
}
