//! What the soul holds of an entity, as others see it.

use super::{EntityId, Timestamp, Unit01};
use serde::{Deserialize, Serialize};

/// Why an entity starts with the base rate it has (Jøsang's base rate a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Declared in the config as an owner: a = 0.7 and 20 positive events to begin with.
    Owner,
    /// A declared or discovered device or service: a = 0.5.
    Paired,
    /// Seen for the first time: a = 0.3.
    Newcomer,
}

impl Standing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Paired => "paired",
            Self::Newcomer => "newcomer",
        }
    }
}

/// The sides of a character that evidence speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// Does what is commanded.
    Ability,
    /// Asks for what is right, and as itself.
    Integrity,
    /// Is there when it is expected.
    Availability,
    /// Tells what can be believed.
    Plausibility,
}

impl Facet {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ability => "ability",
            Self::Integrity => "integrity",
            Self::Availability => "availability",
            Self::Plausibility => "plausibility",
        }
    }
}

/// One facet of an opinion: belief + disbelief + uncertainty = 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FacetView {
    pub facet: Facet,
    pub belief: f64,
    pub disbelief: f64,
    pub uncertainty: f64,
    pub expectation: f64,
    pub lower_bound: f64,
    /// Pieces of evidence that the slow clock remembers, for and against.
    pub for_it: f64,
    pub against_it: f64,
    /// Clean events until probation ends; 0 without one.
    pub owed: u32,
}

/// How an entity's word stands: these are four different things, and nothing is resolved by silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// Too little was heard to know its rhythm.
    #[default]
    Learning,
    /// Heard within its rhythm, with news.
    Fresh,
    /// Heard within its rhythm, and always the same.
    Unchanged,
    /// What was heard is old: a retained value, or one that was sent before.
    Replayed,
    /// Nothing was heard for longer than its rhythm allows.
    Silent,
    /// It said itself, or its last will did, that it is gone.
    Offline,
}

impl Liveness {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Learning => "learning",
            Self::Fresh => "fresh",
            Self::Unchanged => "unchanged",
            Self::Replayed => "replayed",
            Self::Silent => "silent",
            Self::Offline => "offline",
        }
    }

    /// Whether it is gone, as far as anyone can tell.
    #[must_use]
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Silent | Self::Offline)
    }
}

/// An absence that begins, or is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    pub entity: EntityId,
    pub begins: bool,
    /// Its last sign of life before.
    pub heard: Option<Timestamp>,
    /// Since when it counts as gone.
    pub since: Timestamp,
    /// It said so itself, or its last will did.
    pub said_so: bool,
    pub every_seconds: Option<f64>,
    /// It is a bridge, through which so many others are heard.
    pub carries: Option<u32>,
    /// Nobody declared or discovered it.
    pub is_newcomer: bool,
}

/// Liveness with what it is told by.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LivenessView {
    pub state: Liveness,
    pub since: Option<Timestamp>,
    /// When it last spoke for itself.
    pub heard: Option<Timestamp>,
    /// Seconds between its words, as a rule (the median of what was learned).
    pub every_seconds: Option<f64>,
    /// Seconds of silence after which it counts as silent.
    pub silent_after_seconds: Option<f64>,
    /// The bridge whose outage explains the silence.
    pub because_of: Option<EntityId>,
    pub battery_percent: Option<f64>,
    /// In [0, 1]: the radio's quality as far as the family tells it.
    pub link: Option<f64>,
}

/// A series of readings that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnomalyView {
    /// The kind, or the field of its JSON body.
    pub field: String,
    /// In words: what is wrong, with numbers.
    pub text: String,
    pub since: Timestamp,
    /// Another one nearby sees the same: it happens in the house, not in the sensor.
    pub corroborated: bool,
}

/// How well an entity is understood: E = C^.4·A^.2·R^.4, each in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmpathyView {
    pub value: f64,
    /// C: how well its next event is predicted.
    pub cognitive: f64,
    /// A: how far Jamey's regard for it goes with its own state.
    pub affective: f64,
    /// R: how often its distress was followed by help.
    pub responsive: f64,
    /// It does not get what it needs, and nobody helped yet: what it is told is told gently.
    #[serde(default)]
    pub in_distress: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// Commands it.
    Controls,
    /// Reaches the broker through it.
    BridgedBy,
    /// Is in the same place, and sees the same things.
    Near,
    /// Belongs to a person.
    OwnedBy,
}

impl RelationKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Controls => "controls",
            Self::BridgedBy => "bridged_by",
            Self::Near => "near",
            Self::OwnedBy => "owned_by",
        }
    }

    /// All of them.
    pub const ALL: [Self; 4] = [Self::Controls, Self::BridgedBy, Self::Near, Self::OwnedBy];

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The like in [-1, 1] of a relation of which nobody said how close it is: our own choice; what belongs to a person is close to them.
    #[must_use]
    pub fn usual_like(self) -> f64 {
        match self {
            Self::OwnedBy => 0.8,
            Self::BridgedBy => 0.5,
            Self::Controls => 0.3,
            Self::Near => 0.2,
        }
    }
}

/// Who says that a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    Owner,
    Discovery,
    /// Seen by Jamey itself: who speaks for whom, who commands whom.
    Seen,
}

impl ToldBy {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Discovery => "discovery",
            Self::Seen => "seen",
        }
    }
}

/// How one entity stands to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    pub from: EntityId,
    pub kind: RelationKind,
    pub to: EntityId,
    /// How far what is good for `to` is good for `from`, in [-1, 1].
    pub like: f64,
    pub told_by: ToldBy,
}

/// What would have to happen for the last request that was not allowed to be allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// No trust would do: a veto, or a rule that asks a person whoever asks.
    Never,
    /// So many clean events of each of these facets, one a minute.
    After(Vec<(Facet, u32)>),
}

/// The last request of an entity that was not allowed, and what would change that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    pub target: EntityId,
    pub verb: String,
    pub at: Timestamp,
    /// The least trust with which it would have been allowed; None: none would have done.
    pub trust: Option<f64>,
    pub remedy: Remedy,
}

/// What the soul knows of an entity besides the opinion itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Those that have evidence, in order.
    pub facets: Vec<FacetView>,
    pub liveness: LivenessView,
    pub anomalies: Vec<AnomalyView>,
    pub empathy: Option<EmpathyView>,
    pub relations: Vec<Relation>,
    pub wanted: Option<Wanted>,
    /// What moved P last, in words.
    pub lately: Option<String>,
}

/// An opinion in public form: belief + disbelief + uncertainty = 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpinionView {
    pub entity: EntityId,
    pub standing: Standing,
    pub belief: f64,
    pub disbelief: f64,
    pub uncertainty: f64,
    pub base_rate: f64,
    /// P = b + a·u, the lesser of the two clocks, in [0, 1].
    pub expectation: Unit01,
    /// The 5 % quantile of the slow clock's Beta posterior, in [0, 1]: the trust t that the conscience uses.
    pub lower_bound: Unit01,
    /// The three contributions that moved P most, in words.
    pub reasons: Vec<String>,
    pub events: u64,
    pub last_seen: Timestamp,
    pub detail: Detail,
}

impl OpinionView {
    /// From here on it is as likely good as not, and reasons of verdicts say that it is trusted a little.
    const TRUSTED: f64 = 0.5;

    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.lower_bound.get() >= Self::TRUSTED
    }

    /// Whether something speaks against it: probation, or trusted less than it was to begin with.
    #[must_use]
    pub fn is_distrusted(&self) -> bool {
        self.expectation.get() < self.base_rate - 0.005 || self.detail.facets.iter().any(|f| f.owed > 0)
    }
}
