//! What one reading tells of its series, beyond itself.

use super::episode::What;
use crate::domain::Timestamp;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum News {
    /// An episode began: z in deviations, and whether it goes up, where it has a direction.
    Began {
        what: What,
        z: f64,
        up: Option<bool>,
    },
    Ended {
        what: What,
        since: Timestamp,
    },
    /// It is told in another unit: its place in the table.
    Unit(u8),
    /// Another sensor speaks.
    Swap {
        from: f64,
        to: f64,
    },
    /// It stays where it is, and that is how it is from now on.
    Accepted {
        from: f64,
        to: f64,
    },
}

impl News {
    /// The direction of an episode that begins; None: none begins.
    #[must_use]
    pub fn began(self) -> Option<Option<bool>> {
        match self {
            Self::Began { up, .. } => Some(up),
            _ => None,
        }
    }
}
