//! `/v1/stream` and `/v1/events`: what happens, as it happens.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
