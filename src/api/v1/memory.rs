//! `/v1/memory`: records, recall and figures.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
