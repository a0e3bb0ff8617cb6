//! What the database holds of consciousness and this Jamey cannot read is put aside in a file, and begins anew: a tally is no reason for a
//! house to stand still.

use crate::{
    broker::Hall,
    config::Config,
    consciousness::{Identity, Missions},
    domain::audit::hex,
    store::{Saved, Store},
};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, path::Path};
use tracing::warn;

/// The folder of such files, in the data folder.
const FOLDER: &str = "set-aside";
/// Of the identity, which names entities.
const IDENTITY: &str = "identity";

/// Takes out of `saved` what cannot be read, and its rows out of the store. Gives what that is, in words, where there was any.
pub fn take(config: &Config, store: &mut Store, saved: &mut Saved) -> Option<String> {
    let aside = |name: &str, state: &[u8]| put(&config.store.data, name, state);
    let mut found = Vec::new();
    if let Some((state, why)) = saved.identity.take_if(|state| Identity::restored(state).is_err()).and_then(|state| {
        let why = Identity::restored(&state).err()?.to_string();
        Some((state, why))
    }) {
        found.push((why, aside(IDENTITY, &state), store.drop_identity()));
    }
    // Those that are not pursued now are nobody's business until they are again.
    let pursued = |id: &str| config.missions.iter().any(|mission| mission.id == id);
    saved.missions.retain(|(id, state)| {
        let Some(why) = Missions::default().restore(id, state).err().filter(|_| pursued(id)) else { return true };
        found.push((why.to_string(), aside(&format!("mission-{id}"), state), store.drop_mission(id)));
        false
    });
    let mut words = Vec::new();
    for (why, file, row) in found {
        warn!("{why}: it begins anew");
        // Neither is needed to go on: what is counted from now on is written over it.
        if let Err(error) = file {
            warn!("and it cannot be put aside in `{FOLDER}` of the data folder: {error}");
        }
        if let Err(error) = row {
            warn!("and its row stays until it is written over: {error}");
        }
        words.push(why);
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// Puts it on record, and has it told until the next start.
pub async fn tell(found: Option<String>, hall: &Hall) {
    let Some(found) = found else { return };
    hall.record("state.set-aside", None, &found).await;
    let _ = hall.aside.set(found);
}

/// Deletes what was put aside and may name one who is forgotten.
pub fn forget(data: &Path) {
    let files = fs::read_dir(data.join(FOLDER)).into_iter().flatten().flatten();
    for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(IDENTITY)) {
        if let Err(error) = fs::remove_file(file.path()) {
            warn!("{} may name who was forgotten, and cannot be deleted: {error}", file.path().display());
        }
    }
}

/// The same bytes are the same file, however often they are put aside.
fn put(data: &Path, name: &str, state: &[u8]) -> std::io::Result<()> {
    let folder = data.join(FOLDER);
    super::private_folder(&folder)?;
    let digest: String = hex(&Sha256::digest(state)).chars().take(16).collect();
    let mut options = fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(folder.join(format!("{name}-{digest}.cbor")))?;
    file.write_all(state)?;
    file.sync_all()
}
