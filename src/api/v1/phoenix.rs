//! `/v1/phoenix`: how the snapshots are.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
