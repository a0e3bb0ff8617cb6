//! Which part acts on which: what one did in a second, the other works with in the next.

use crate::domain::Part;
use serde::{Deserialize, Serialize};

/// One way from a part to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// What is noticed becomes a candidate.
    PerceptionToWorkspace,
    /// What is broadcast is looked at more closely.
    WorkspaceToPerception,
    /// What is broadcast is felt again.
    WorkspaceToSoul,
    /// How far each is trusted now.
    SoulToConscience,
    /// What was decided before on the like.
    ConscienceToMemory,
    /// What was recalled becomes a candidate.
    MemoryToWorkspace,
    /// What was recalled matters, and is proved first.
    MemoryToPhoenix,
    /// What is safe on disk, and what is not.
    PhoenixToWorkspace,
}

impl Link {
    pub const ALL: [Self; 8] = [
        Self::PerceptionToWorkspace,
        Self::WorkspaceToPerception,
        Self::WorkspaceToSoul,
        Self::SoulToConscience,
        Self::ConscienceToMemory,
        Self::MemoryToWorkspace,
        Self::MemoryToPhoenix,
        Self::PhoenixToWorkspace,
    ];

    /// From and to.
    #[must_use]
    pub const fn ends(self) -> (Part, Part) {
        match self {
            Self::PerceptionToWorkspace => (Part::Perception, Part::Workspace),
            Self::WorkspaceToPerception => (Part::Workspace, Part::Perception),
            Self::WorkspaceToSoul => (Part::Workspace, Part::Soul),
            Self::SoulToConscience => (Part::Soul, Part::Conscience),
            Self::ConscienceToMemory => (Part::Conscience, Part::Memory),
            Self::MemoryToWorkspace => (Part::Memory, Part::Workspace),
            Self::MemoryToPhoenix => (Part::Memory, Part::Phoenix),
            Self::PhoenixToWorkspace => (Part::Phoenix, Part::Workspace),
        }
    }

    /// What is so when it carries nothing any more.
    #[must_use]
    pub const fn lost(self) -> &'static str {
        match self {
            Self::PerceptionToWorkspace => "what is perceived is not attended to",
            Self::WorkspaceToPerception | Self::WorkspaceToSoul => "the broadcast is not heard",
            Self::SoulToConscience => "the conscience does not hear the soul",
            Self::ConscienceToMemory => "memory is not asked",
            Self::MemoryToWorkspace | Self::MemoryToPhoenix => "memory no longer answers recall",
            Self::PhoenixToWorkspace => "phoenix does not say what is safe",
        }
    }
}

/// The parts that act on one, in the order of `Part::ALL`.
#[must_use]
pub fn parents(of: Part) -> Vec<Part> {
    Part::ALL.into_iter().filter(|from| Link::ALL.iter().any(|link| link.ends() == (*from, of))).collect()
}

/// The links from some parts to the others: those that a cut between them cuts.
pub fn cut(from: &[Part]) -> impl Iterator<Item = Link> {
    Link::ALL.into_iter().filter(|link| {
        let (a, b) = link.ends();
        from.contains(&a) && !from.contains(&b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_reaches_every_other() {
        for start in Part::ALL {
            let mut reached = vec![start];
            while let Some(next) = {
                let mut cut = cut(&reached);
                cut.next().map(|link| link.ends().1)
            } {
                reached.push(next);
            }
            assert_eq!(reached.len(), 6, "{start:?}");
        }
    }

    #[test]
    fn parents_stand_in_order() {
        assert_eq!(parents(Part::Workspace), [Part::Perception, Part::Memory, Part::Phoenix]);
        assert_eq!(parents(Part::Conscience), [Part::Soul]);
    }
}
