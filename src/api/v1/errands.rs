//! `/v1/phoenix/{snapshot,drill}`: errands to Phoenix, taken now and done one after the other.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
