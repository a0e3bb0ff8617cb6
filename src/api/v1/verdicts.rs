//! `/v1/verdicts`: what was judged, newest first.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
