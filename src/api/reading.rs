//! Reading the database for an answer: on a thread that may wait for the disk, and in words that tell a stranger nothing of it.

use super::{Api, problem::Problem};
use crate::store::{Reader, StoreError};
use axum::http::StatusCode;
use std::sync::Arc;
use tracing::warn;

impl Api {
    /// # Errors
    /// When the store cannot be read: the log says why.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let failed = |why: &str| {
            warn!("HTTP: {why}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "the store cannot be read: the log tells more")
        };
        self.apart(move |api| api.readers.with(read)).await?.map_err(|error| failed(&error.to_string()))
    }

    /// Work of some milliseconds, on a thread where nobody's message waits meanwhile.
    ///
    /// # Errors
    /// When it panicked: the log says where.
    pub async fn apart<T: Send + 'static>(self: &Arc<Self>, work: impl FnOnce(&Self) -> T + Send + 'static) -> Result<T, Problem> {
        let api = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&api)).await.map_err(|error| {
            warn!("HTTP: {error}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "answer", "the answer cannot be made: the log tells more")
        })
    }
}
