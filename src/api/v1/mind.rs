//! `/v1/mind`: state and focus, mood, Φ, identity and mission.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
