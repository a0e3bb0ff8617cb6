//! The owner's word on entities.

use super::Mind;
use crate::{
    domain::{OwnersWord, Says},
    soul::Evidence,
};

impl Mind {
    pub(super) fn take_word(&mut self, word: &OwnersWord) {
        let now = self.state.now;
        if let Says::Trust | Says::Distrust = word.says {
            self.feel_owner(&word.about, word.says == Says::Trust);
        }
        match &word.says {
            Says::Trust => self.state.soul.hear(&word.about, now, None, Evidence::OwnerWord(true)),
            Says::Distrust => self.state.soul.hear(&word.about, now, None, Evidence::OwnerWord(false)),
            Says::Relate { .. } | Says::Unrelate { .. } | Says::Forget => false,
        };
    }
}
