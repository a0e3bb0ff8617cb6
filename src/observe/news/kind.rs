//! Kinds of events: what a subscriber chooses by. A kind is where something stands over MQTT.

use crate::domain::topics;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Verdict,
    Approval,
    Entity,
    Alert,
    Emotion,
    Consciousness,
    Phi,
    Identity,
    Mission,
    Phoenix,
    /// How the guard and the conscience stand.
    Guard,
    Bridge,
    Shadow,
    System,
}

impl Kind {
    pub const ALL: [Self; 14] = [
        Self::Verdict,
        Self::Approval,
        Self::Entity,
        Self::Alert,
        Self::Emotion,
        Self::Consciousness,
        Self::Phi,
        Self::Identity,
        Self::Mission,
        Self::Phoenix,
        Self::Guard,
        Self::Bridge,
        Self::Shadow,
        Self::System,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Approval => "approval",
            Self::Entity => "entity",
            Self::Alert => "alert",
            Self::Emotion => "emotion",
            Self::Consciousness => "consciousness",
            Self::Phi => "phi",
            Self::Identity => "identity",
            Self::Mission => "mission",
            Self::Phoenix => "phoenix",
            Self::Guard => "guard",
            Self::Bridge => "bridge",
            Self::Shadow => "shadow",
            Self::System => "system",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Of a state that is told on a topic; None: it is none that anybody listens for. Verdicts are told where they are stored.
    #[must_use]
    pub fn of_state(root: &str, topic: &str) -> Option<Self> {
        let below = topics::below(root, topic);
        let of_many = |prefix: &str| below.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
        match below {
            "soul/emotion" => Some(Self::Emotion),
            "consciousness/state" => Some(Self::Consciousness),
            "consciousness/phi" => Some(Self::Phi),
            "consciousness/identity" => Some(Self::Identity),
            "phoenix/state" => Some(Self::Phoenix),
            "info" => Some(Self::Guard),
            "conscience/shadow" => Some(Self::Shadow),
            "system" => Some(Self::System),
            _ if of_many("soul/entity/") => Some(Self::Entity),
            _ if of_many("consciousness/mission/") => Some(Self::Mission),
            _ if of_many("approval/") => Some(Self::Approval),
            _ if of_many("alert/") => Some(Self::Alert),
            _ if of_many("bridge/") => Some(Self::Bridge),
            _ => None,
        }
    }

    /// Its place in a list of counts.
    #[must_use]
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name_and_has_a_place_of_its_own() {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!((Kind::named(kind.as_str()), kind.place()), (Some(kind), at));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::named("everything"), None);
    }

    #[test]
    fn states_are_told_from_words_and_from_verdicts() {
        let of = |below: &str| Kind::of_state("jamey", &format!("jamey/{below}"));
        assert_eq!((of("soul/entity/lamp"), of("alert/disk"), of("info")), (Some(Kind::Entity), Some(Kind::Alert), Some(Kind::Guard)));
        for other in
            ["verdict/anna", "reply/in", "status", "approval/1/answer", "soul/entity/", "memory/recall/reply", "notice/verdict", ""]
        {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
