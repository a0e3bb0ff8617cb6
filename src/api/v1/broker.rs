//! `/v1/broker`: clients, sessions and retained topics, as the engine has them.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
