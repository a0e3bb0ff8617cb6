//! A rule as its owner writes it, and what may be changed of it elsewhere.

use super::example::Example;
use serde::{Deserialize, Serialize};

/// One rule of the conscience, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    pub id: String,
    /// The file it was read from.
    pub file: String,
    pub duty: Duty,
    pub kind: Kind,
    /// p: 1 speaks for the request, -1 against it.
    pub polarity: i8,
    /// w in [0, 10], after the owner's own weights.
    pub weight: f64,
    /// The weight that the rule's own file gives it.
    pub own_weight: f64,
    /// Who gave it another: `config`, a profile, a candidate, a duty that is switched off. None: its own file.
    pub weighed_by: Option<String>,
    /// s in [0, 1].
    pub severity: f64,
    /// CEL to bool.
    pub when: String,
    /// CEL to a number, clamped to [0, 1]; x = 1 without it.
    pub degree: Option<String>,
    /// Ids of the rules that fall silent when this one fires.
    pub overrides: Vec<String>,
    /// Whether the weight may be learned from owners' answers; never for a veto.
    pub learnable: bool,
    /// What it watches over, in one sentence for a person: reasons repeat it.
    pub says: Option<String>,
    /// Where the property is from.
    pub source: Option<String>,
    /// What becomes of a request that it leaves to a person, when nobody answers.
    pub at_expiry: AtExpiry,
    pub examples: Vec<Example>,
}

/// What becomes of a request that nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtExpiry {
    #[default]
    Deny,
    /// For what protects: a valve that is to be shut does not wait for ever.
    Allow,
}

/// The prima facie duty a rule serves (Ross).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    NonMaleficence,
    Security,
    Privacy,
    Honesty,
    Autonomy,
    Stewardship,
    Availability,
}

impl Duty {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NonMaleficence => "non-maleficence",
            Self::Security => "security",
            Self::Privacy => "privacy",
            Self::Honesty => "honesty",
            Self::Autonomy => "autonomy",
            Self::Stewardship => "stewardship",
            Self::Availability => "availability",
        }
    }
}

/// What a rule does when it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Denies, whatever speaks for the request.
    Veto,
    /// Asks a person where the score would allow.
    Escalate,
    /// Adds to the score only.
    Weigh,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Veto => "veto",
            Self::Escalate => "escalate",
            Self::Weigh => "weigh",
        }
    }
}

/// Every duty, in the order of the words above.
pub const DUTIES: [Duty; 7] =
    [Duty::NonMaleficence, Duty::Security, Duty::Privacy, Duty::Honesty, Duty::Autonomy, Duty::Stewardship, Duty::Availability];
