//! The words of the house, as types: parsed once at the door, then trusted. Imports no other room and performs no effect.

pub mod acl;
pub mod approval;
pub mod audit;
pub mod body;
pub mod consciousness;
pub mod device;
pub mod duty;
pub mod entity;
pub mod identity;
pub mod limits;
pub mod mission;
pub mod names;
pub mod opinion;
pub mod outcome;
pub mod pattern;
pub mod people;
pub mod percept;
pub mod quantile;
pub mod question;
pub mod retention;
pub mod ruling;
pub mod secret;
pub mod series;
pub mod shadow;
pub mod signal;
pub mod summary;
pub mod time;
pub mod topic;
pub mod topics;
pub mod unit;
pub mod uses;
pub mod verdict;
pub mod word;

pub use acl::{Acl, Granted};
pub use approval::{Answer, Ending, Held, Kept, Settled, Unanswered, WayOn};
pub use body::Body;
pub use consciousness::{Alarm, Asks, Condition, ExactPhi, Observation, Part, Report, Severed, Turned};
pub use device::{Applied, Claim, Command, CommandShape, Device, DeviceClass, Family, Registry};
pub use duty::{Due, DutySpec};
pub use entity::{EntityId, is_named};
pub use identity::{Act, Context, IdentitySpec};
pub use mission::MissionSpec;
pub use names::{Names, ValueName};
pub use opinion::{
    AnomalyView, Detail, EmpathyView, Facet, FacetView, Liveness, LivenessView, OpinionView, Relation, RelationKind, Remedy, Silence,
    Standing, ToldBy, Wanted,
};
pub use outcome::{Change, Judged, Layer, MemoryRecord, Outcome};
pub use pattern::{InputPattern, InputSource, OwnerGuard};
pub use people::{People, Token, User};
pub use percept::{Forgery, Input, Origin, Percept, Purpose, Request, Source, Verb};
pub use quantile::beta_quantile;
pub use question::{Question, Unanswerable};
pub use retention::{Keeping, NamePattern, Retention};
pub use ruling::{RuleText, Ruling, Rulings};
pub use secret::is_secret;
pub use series::{Number, Series, Values, Words};
pub use shadow::{Disagreement, ShadowTally};
pub use signal::{Combine, SignalSource, SignalSpec, SignalType, SignalValue, Signals};
pub use summary::{Summary, Tier, Told};
pub use time::Timestamp;
pub use topic::TopicFilter;
pub use unit::{Signed1, Unit01};
pub use uses::Uses;
pub use verdict::{ActFacts, Contribution, Decision, DeviceFacts, Facts, RequestFacts, Verdict};
pub use word::{Forgetting, OwnersWord, Says};
