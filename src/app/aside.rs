//! What the database holds of soul and consciousness and this Jamey cannot read is put aside in a file, and begins anew: an opinion or a tally
//! is no reason for a house to stand still.

use crate::{
    broker::Hall,
    config::Config,
    consciousness::{Identity, Missions},
    domain::audit::hex,
    runtime::files::OwnersAlone,
    soul::{Soul, SoulError},
    store::{Saved, Store, StoreError},
};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, path::Path};
use tracing::warn;

/// The folder of such files, in the data folder.
const FOLDER: &str = "set-aside";
/// Of an objective, which is the only thing of these that names nobody.
const MISSION: &str = "mission-";
/// So many are told by name.
const NAMED: usize = 3;

/// Takes out of `saved` what cannot be read, and its rows out of the store. Gives the soul as it was, and in words what was unreadable, where
/// there was any.
///
/// # Errors
/// When there are more entities than may be.
pub fn take(config: &Config, store: &mut Store, saved: &mut Saved) -> Result<(Soul, Option<String>), SoulError> {
    let mut found = Found { data: &config.store.data, why: Vec::new() };
    let soul = soul(&mut found, store, saved)?;
    if let Some(why) = saved.identity.as_deref().and_then(|state| Identity::restored(state).err()) {
        let state = saved.identity.take().unwrap_or_default();
        found.put("identity", &state, store.drop_identity(), why.to_string());
    }
    // Those that are not pursued now are nobody's business until they are again.
    let pursued = |id: &str| config.missions.iter().any(|mission| mission.id == id);
    saved.missions.retain(|(id, state)| {
        let Some(why) = Missions::default().restore(id, state).err().filter(|_| pursued(id)) else { return true };
        found.put(&format!("{MISSION}{id}"), state, store.drop_mission(id), why.to_string());
        false
    });
    let more = found.why.len().saturating_sub(NAMED);
    found.why.truncate(NAMED);
    if more > 0 {
        found.why.push(format!("and so for {more} more"));
    }
    Ok((soul, (!found.why.is_empty()).then(|| found.why.join("; "))))
}

fn soul(found: &mut Found<'_>, store: &mut Store, saved: &mut Saved) -> Result<Soul, SoulError> {
    let mut soul = Soul::new();
    let mut gone = Vec::new();
    for (entity, state, senses) in &mut saved.entities {
        let Err(why) = soul.restore(entity.clone(), state, senses.as_deref()) else { continue };
        let unreadable = |error| matches!(error, SoulError::Unreadable { .. });
        if !unreadable(why.clone()) {
            return Err(why);
        }
        // Of the two it may be what it senses alone: then what is held of it stays.
        match soul.restore(entity.clone(), state, None) {
            Ok(()) => {
                let senses = senses.take().unwrap_or_default();
                found.put(&format!("senses-{entity}"), &senses, store.drop_senses(entity), format!("of what {entity} tells: {why}"));
            }
            Err(_) => {
                found.put(&format!("entity-{entity}"), state, store.drop_entity(entity), why.to_string());
                gone.push(entity.clone());
            }
        }
    }
    saved.entities.retain(|(entity, ..)| !gone.contains(entity));
    saved.departed.retain(|(id, state)| {
        let Err(why) = soul.restore_departed(*id, state) else { return true };
        found.put(&format!("departed-{}", hex(id)), state, store.drop_departed(id), why.to_string());
        false
    });
    for (relation, denied) in &saved.relations {
        soul.restore_relation(relation.clone(), *denied);
    }
    if let Some(why) = saved.emotion.as_deref().and_then(|state| soul.restore_mood(state).err()) {
        let state = saved.emotion.take().unwrap_or_default();
        found.put("mood", &state, store.drop_mood(), why.to_string());
    }
    Ok(soul)
}

/// What was found, in words.
struct Found<'d> {
    data: &'d Path,
    why: Vec<String>,
}

impl Found<'_> {
    fn put(&mut self, name: &str, state: &[u8], row: Result<(), StoreError>, why: String) {
        warn!("{why}: it begins anew");
        // Neither is needed to go on: what is counted from now on is written over it.
        if let Err(error) = put(self.data, name, state) {
            warn!("and it cannot be put aside in `{FOLDER}` of the data folder: {error}");
        }
        if let Err(error) = row {
            warn!("and its row stays until it is written over: {error}");
        }
        self.why.push(why);
    }
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
    for file in files.filter(|file| !file.file_name().to_string_lossy().starts_with(MISSION)) {
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
    let mut file =
        fs::OpenOptions::new().create(true).write(true).truncate(true).owners_alone().open(folder.join(format!("{name}-{digest}.cbor")))?;
    file.write_all(state)?;
    file.sync_all()
}
