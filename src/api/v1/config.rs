//! `/v1/config`: the options that hold, without a secret.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
