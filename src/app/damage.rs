//! Whether the database and the audit trail in it are whole, looked at once after each start, beside everything else: a page that went bad at
//! rest, or a row that was changed, is told of before something needs it.

use super::phoenix::rescue;
use crate::{
    broker::{Damage, Hall},
    runtime::step_back,
    store::{Reader, audit_key},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::oneshot;
use tracing::error;

/// Looks through the database; what is found is on record and stays told until the next start.
pub async fn look(data: PathBuf, hall: Arc<Hall>) {
    let (there, config) = (data.clone(), Arc::clone(&hall.config));
    let looked = behind(move || {
        let found =
            Reader::open(&there).and_then(|store| store.patient(|| true)).and_then(|store| store.damage()).ok()?.into_iter().next()?;
        let way = rescue(&config).unwrap_or_else(|| "put a backup of it in its place".to_owned());
        Some(Damage { found, to_do: format!("stop Jamey, keep a copy of the data folder, and {way}; `jamey memory verify` looks again") })
    });
    if let Some(Some(damage)) = looked.await {
        error!("the database is damaged ({}): {}", damage.found, damage.to_do);
        hall.record("store.damaged", None, &damage.found).await;
        let _ = hall.damage.set(damage);
        return;
    }
    // A damaged database has no whole trail, and says so already.
    if let Some(Some(found)) = behind(move || trail(&data)).await {
        error!("the audit trail is not whole ({found}): `jamey audit verify` names each row");
        let _ = hall.audit_wrong.set(found);
    }
}

/// What comes of a look, on a thread of its own behind all that is waited for: it reads everything, and keeps a core busy with it.
async fn behind<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = oneshot::channel();
    let job = move || {
        step_back();
        // The house may be gone.
        drop(tell.send(look()));
    };
    std::thread::Builder::new().name("look".into()).spawn(job).ok()?;
    told.await.ok()
}

/// What is wrong with the audit trail. None: nothing, or it could not be looked at.
fn trail(data: &Path) -> Option<String> {
    let key = audit_key(data).ok()?;
    let audited = Reader::open(data).and_then(|store| store.patient(|| true)).and_then(|reader| reader.verify_audit(key.as_ref())).ok()?;
    let first = audited.findings.first()?;
    Some(match audited.wrong {
        0 | 1 => first.to_string(),
        wrong => format!("{first}, and {} other rows", wrong - 1),
    })
}
