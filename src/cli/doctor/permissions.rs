//! Whether what is secret is its owner's alone, and what Jamey needs is there for it to read.

use super::{Finding, House, good, wrong};
use crate::{
    app::phoenix,
    runtime::{files, processes},
};
use std::path::{Path, PathBuf};

/// For others to read, by a group or as anybody.
const OTHERS_READ: u32 = 0o044;

pub(super) fn look(house: &House) -> Vec<Finding> {
    let data = &house.config.store.data;
    let mut all = Vec::new();
    if data.is_dir() {
        all.extend(private("store.data", data, "700"));
        all.extend(others_own(data));
    }
    // Who may write them says what is judged, and how.
    let told = house.file.iter().map(|file| ("the config", file.to_path_buf()));
    let named: Vec<_> = phoenix::named_files(house.config).into_iter().map(|one| (one.option, one.was)).collect();
    let named = named.iter().filter(|(option, _)| !option.ends_with(".key")).map(|(option, path)| (option.as_str(), path.clone()));
    for (option, path) in told.chain(named) {
        all.extend(path.metadata().ok().and_then(|found| files::written_by_others(&found)).map(|mode| {
            let path = path.display();
            wrong(
                format!("{option}: {path} can be written by others (mode {mode:03o}), who could then say how the house is guarded"),
                format!("run `chmod go-w {path}`"),
            )
        }));
    }
    let secrets = secrets(house);
    // Whoever asks as root may read everything: it is Jamey who is to.
    let jamey = data.metadata().ok().and_then(|data| files::owner(&data)).filter(|_| processes::is_root());
    all.extend(secrets.iter().flat_map(|(option, path)| secret(option, path, jamey.map(|uid| (uid, data.as_path())))));
    if all.is_empty() {
        all.push(good(format!("the data folder and {} files of secrets are their owner's alone", secrets.len())));
    }
    all
}

/// Every file with a secret that the config names.
fn secrets(house: &House) -> Vec<(String, PathBuf)> {
    let config = house.config;
    let keys = phoenix::named_files(config).into_iter().filter(|one| one.option.ends_with(".key")).map(|one| (one.option, one.was));
    phoenix::named_secrets(config).into_iter().chain(keys).collect()
}

/// `jamey` is who owns the data folder, where somebody else may ask for him.
fn secret(option: &str, path: &Path, jamey: Option<(u32, &Path)>) -> Option<Finding> {
    if let Err(why) = std::fs::File::open(path) {
        let text = format!("{option}: {} cannot be read: {why}", path.display());
        return Some(wrong(text, "put it there, as a file that the user of Jamey may read; or run the doctor as that user"));
    }
    if let (Some((uid, data)), Ok(found)) = (jamey, path.metadata())
        && let (Some(owner), Some(mode)) = (files::owner(&found), files::mode(&found))
        && is_kept_from(uid, owner, mode)
    {
        let (path, data) = (path.display(), data.display());
        let text =
            format!("{option}: {path} belongs to the user {owner}, and Jamey, whose data folder is of the user {uid}, cannot read it");
        return Some(wrong(text, format!("run `chown --reference={data}/ {path}`; or have systemd hand it over (`LoadCredential=`)")));
    }
    private(option, path, "600")
}

fn private(option: &str, path: &Path, right: &str) -> Option<Finding> {
    let mode = files::shared_secret(path, &path.metadata().ok()?)?;
    let path = path.display();
    Some(wrong(format!("{option}: {path} is open to others (mode {mode:03o})"), format!("run `chmod {right} {path}`")))
}

/// Whether one user cannot read a file of another, by its mode.
fn is_kept_from(user: u32, owner: u32, mode: u32) -> bool {
    user != 0 && owner != user && mode & OTHERS_READ == 0
}

/// A file in the data folder that belongs to somebody else than the folder: somebody ran a command as root.
fn others_own(data: &Path) -> Option<Finding> {
    let owner = files::owner(&data.metadata().ok()?);
    let stranger = std::fs::read_dir(data).ok()?.flatten().find(|entry| entry.metadata().is_ok_and(|file| files::owner(&file) != owner))?;
    let (path, folder) = (stranger.path(), data.display());
    let text = format!("{} does not belong to the owner of {folder}: the running Jamey may not be able to write it", path.display());
    Some(wrong(text, format!("run `chown -R --reference={folder}/ {folder}/`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_can_read_and_jamey_cannot_is_known_by_owner_and_mode() {
        let (root, jamey, other) = (0, 61_184, 1_000);
        for owner in [root, other] {
            assert!(is_kept_from(jamey, owner, 0o100_600), "{owner}");
            assert!(!is_kept_from(jamey, owner, 0o100_640) && !is_kept_from(jamey, owner, 0o100_604), "it may be: {owner}");
        }
        assert!(!is_kept_from(jamey, jamey, 0o100_600));
        assert!(!is_kept_from(root, other, 0o100_600), "a Jamey of root reads it");
    }
}
