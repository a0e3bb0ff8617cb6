//! `/v1/rules`: what the rules are, whether others hold, and what they would have said.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
