//! Once a second each part does a little of its own accord, and passes on what it did: that is how they work as one, and how it shows
//! when they do not.

use super::Mind;
use serde_json::{Map, Value};

impl Mind {
    /// Closes a second: how much each part did in it, in the order of `Part::ALL`.
    fn close_second(&mut self, did: [u32; 6]) {
        self.state.observed.see(did);
    }

    /// What is published of the live Φ, where it is news.
    pub(super) fn flow_view(&mut self) -> Option<Map<String, Value>> {
        None
    }
}
