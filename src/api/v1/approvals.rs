//! `/v1/approvals`: what waits for a person, and the word of one who may give it.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
