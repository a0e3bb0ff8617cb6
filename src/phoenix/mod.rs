//! Phoenix: what the house rises from again. It proves, a little each second, that what it would have to save can be read.

mod proof;

pub use proof::{Proof, Proved};
