//! `/v1/guard`: mode, profile, strictness and coverage, and what approvers may make of them.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
