//! `/v1/broker`: figures, clients, sessions and retained topics, as the engine has them.

mod clients;
mod figures;
mod retained;

use crate::{
    api::{Api, Routes, problem::Problem},
    broker::Engine,
};
use axum::http::StatusCode;
use std::sync::Arc;

pub fn routes() -> Routes {
    Routes::new().merge(figures::routes()).merge(clients::routes()).merge(retained::routes())
}

impl Api {
    /// The engine, for the time of one answer.
    fn engine(&self) -> Result<Arc<Engine>, Problem> {
        let gone = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Jamey is stopping: ask again when it has started");
        self.engine.upgrade().ok_or_else(gone)
    }
}
