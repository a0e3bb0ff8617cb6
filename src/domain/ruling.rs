//! What a rule set is made of, as text: with the declared signals it says all that a conscience judges by, so that a run can be lived again.

use super::audit::{fields, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One file and its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    pub name: String,
    pub text: String,
}

/// Everything that a rule set is made of, in the order in which it counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ruling {
    /// Rule files.
    pub sources: Vec<RuleText>,
    /// The profile: what it says of rules that are not there is let be.
    pub profile: Option<RuleText>,
    /// The owner's weights, by rule.
    pub weights: BTreeMap<String, f64>,
    /// Duties whose rules are silent, vetoes excepted.
    pub silent: Vec<String>,
    /// What is tried: laid over all of it.
    pub candidates: Vec<RuleText>,
    /// Added to the profile's caution, in [0, `limits::CAUTION`].
    #[serde(default)]
    pub strictness: f64,
}

/// The rules that hold from now on, and those that judge beside them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rulings {
    pub live: Ruling,
    pub shadow: Option<Ruling>,
}

impl Ruling {
    /// SHA-256 over all of it, in hex.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut take = |kind: &[u8], text: &RuleText| fields(&mut hasher, &[kind, text.name.as_bytes(), text.text.as_bytes()]);
        self.sources.iter().for_each(|t| take(b"source", t));
        self.profile.iter().for_each(|t| take(b"profile", t));
        self.candidates.iter().for_each(|t| take(b"candidate", t));
        for (id, weight) in &self.weights {
            fields(&mut hasher, &[b"weight", id.as_bytes(), &weight.to_bits().to_be_bytes()]);
        }
        self.silent.iter().for_each(|duty| fields(&mut hasher, &[b"silent", duty.as_bytes()]));
        // A set without it has the digest that it always had.
        if self.strictness != 0.0 {
            fields(&mut hasher, &[b"strictness", &self.strictness.to_bits().to_be_bytes()]);
        }
        hex(&hasher.finalize())
    }

    /// The same with one more file laid over it.
    #[must_use]
    pub fn with(&self, candidate: RuleText) -> Self {
        let mut more = self.clone();
        more.candidates.push(candidate);
        more
    }
}
