//! `info` says how the guard and the conscience stand now, and not only how they stood at the start.

use super::{Speaker, told::Told};
use crate::{
    config::GuardMode,
    domain::topics::{self, Topic},
};
use serde_json::json;

impl Speaker {
    /// Tells it anew where it is another one, however little: a strictness moves by hundredths.
    pub(super) fn tell_info(&mut self, root: &str, told: &mut Told) {
        let guard = if self.hall.guard().enforce { GuardMode::Enforce } else { GuardMode::Observe };
        let bearing = *self.hall.bearing.borrow();
        let Some(info) = self.info.as_object_mut() else { return };
        let mut is_news = false;
        for (key, value) in [("guard", json!(guard)), ("profile", json!(bearing.profile)), ("strictness", json!(bearing.strictness))] {
            is_news |= info.get(key) != Some(&value);
            info.insert(key.to_owned(), value);
        }
        if is_news {
            let topic = topics::name(root, Topic::Info);
            told.last.remove(&topic);
            told.next.insert(topic, self.info.to_string().into_bytes());
        }
    }
}
