//! Which part acts on which: what one did in a second, the other works with in the next.

use crate::domain::Part;

/// From, to, and what it is called when it is lost.
pub const LINKS: [(Part, Part, &str); 8] = [
    (Part::Perception, Part::Workspace, "what is perceived is not attended to"),
    (Part::Workspace, Part::Perception, "the broadcast is not heard"),
    (Part::Workspace, Part::Soul, "the broadcast is not heard"),
    (Part::Soul, Part::Conscience, "the conscience does not hear the soul"),
    (Part::Conscience, Part::Memory, "memory is not asked"),
    (Part::Memory, Part::Workspace, "memory no longer answers recall"),
    (Part::Memory, Part::Phoenix, "memory no longer answers recall"),
    (Part::Phoenix, Part::Workspace, "phoenix does not say what is safe"),
];

/// The parts that act on one, in the order of `Part::ALL`.
#[must_use]
pub fn parents(of: Part) -> Vec<Part> {
    Part::ALL.into_iter().filter(|from| LINKS.iter().any(|(a, b, _)| a == from && *b == of)).collect()
}
