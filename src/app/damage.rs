//! Whether the database is whole, looked at once after each start, beside everything else: a page that went bad at rest is told of before
//! something needs it.

use super::phoenix::rescue;
use crate::{
    broker::{Damage, Hall},
    store::Reader,
};
use std::{path::PathBuf, sync::Arc};
use tracing::error;

/// Looks through the database; what is found is on record and stays told until the next start.
pub async fn look(data: PathBuf, hall: Arc<Hall>) {
    let config = Arc::clone(&hall.config);
    let looked = tokio::task::spawn_blocking(move || {
        let found = Reader::open(&data).and_then(|store| store.damage()).ok()?.into_iter().next()?;
        let way = rescue(&config).unwrap_or_else(|| "put a backup of it in its place".to_owned());
        Some(Damage { found, to_do: format!("stop Jamey, keep a copy of the data folder, and {way}; `jamey memory verify` looks again") })
    });
    let Ok(Some(damage)) = looked.await else { return };
    error!("the database is damaged ({}): {}", damage.found, damage.to_do);
    hall.record("store.damaged", None, &damage.found).await;
    let _ = hall.damage.set(damage);
}
