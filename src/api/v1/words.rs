//! `/v1/entities/{entity}/…`: an owner's word on an entity.

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new()
}
