//! Whether the database is whole, looked at once after each start, beside everything else: a page that went bad at rest is told of before
//! something needs it.

use crate::{broker::Hall, store::Reader};
use std::{path::PathBuf, sync::Arc};
use tracing::error;

/// Looks through the database; what is found is on record and stays told until the next start.
pub async fn look(data: PathBuf, hall: Arc<Hall>) {
    let found = tokio::task::spawn_blocking(move || Reader::open(&data).and_then(|store| store.damage()));
    let Ok(Ok(found)) = found.await else { return };
    let Some(found) = found.into_iter().next() else { return };
    error!("the database is damaged ({found}): stop Jamey, keep a copy of the data folder, and put a backup of it in its place");
    hall.record("store.damaged", None, &found).await;
    let _ = hall.damage.set(found);
}
