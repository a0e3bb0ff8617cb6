//! `/v1/entities`: who is known, and what is held of each.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
