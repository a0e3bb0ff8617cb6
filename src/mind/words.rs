//! What is said of entities: the owner's word, and what others hold of them.

use super::Mind;
use crate::{
    domain::{EntityId, OwnersWord, Percept, Says, Unit01},
    soul::Evidence,
};

impl Mind {
    pub(super) fn take_word(&mut self, word: &OwnersWord) {
        let now = self.state.now;
        match &word.says {
            Says::Trust => self.state.soul.hear(&word.about, now, None, Evidence::OwnerWord(true)),
            Says::Distrust => self.state.soul.hear(&word.about, now, None, Evidence::OwnerWord(false)),
            Says::Relate { .. } | Says::Unrelate { .. } | Says::Forget => false,
        };
    }

    /// Takes what an entity tells of another: kind `opinion`, `{"about": "x", "belief": .8, "disbelief": .1}`.
    pub(super) fn hear_say(&mut self, percept: &Percept) {
        if percept.kind != "opinion" {
            return;
        }
        let Some(said) = percept.body.object() else { return };
        let number = |key: &str| Unit01::clamped(said.get(key).and_then(serde_json::Value::as_f64).unwrap_or(0.0));
        let about = said.get("about").and_then(|about| about.as_str()).and_then(|about| EntityId::new(about).ok());
        if let Some(about) = about {
            self.state.soul.hear_say(&percept.entity, &about, number("belief"), number("disbelief"), self.state.now);
        }
    }
}
