//! Whether what is secret is its owner's alone, and what Jamey needs is there for it to read.

use super::{Finding, House, good, wrong};
use crate::app::phoenix;
use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// For others to read or write.
const OTHERS: u32 = 0o077;
/// For others to write.
const WRITTEN: u32 = 0o022;

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
        all.extend(mode(&path).filter(|mode| mode & WRITTEN != 0).map(|mode| {
            let path = path.display();
            wrong(
                format!("{option}: {path} can be written by others (mode {mode:03o}), who could then say how the house is guarded"),
                format!("run `chmod go-w {path}`"),
            )
        }));
    }
    let secrets = secrets(house);
    all.extend(secrets.iter().flat_map(|(option, path)| secret(option, path)));
    if all.is_empty() {
        all.push(good(format!("the data folder and {} files of secrets are their owner's alone", secrets.len())));
    }
    all
}

/// Every file with a secret that the config names.
fn secrets(house: &House) -> Vec<(String, PathBuf)> {
    let config = house.config;
    let keys = phoenix::named_files(config).into_iter().filter(|one| one.option.ends_with(".key")).map(|one| (one.option, one.was));
    let http = config.http.tls.iter().map(|tls| ("http.tls.key".to_owned(), tls.key.clone()));
    let hooks = config.webhooks.iter().filter_map(|hook| Some(("webhook.secret_file".to_owned(), hook.secret_file.clone()?)));
    phoenix::named_secrets(config).into_iter().chain(keys).chain(http).chain(hooks).collect()
}

fn secret(option: &str, path: &Path) -> Option<Finding> {
    if let Err(why) = std::fs::File::open(path) {
        let text = format!("{option}: {} cannot be read: {why}", path.display());
        return Some(wrong(text, "put it there, as a file that the user of Jamey may read; or run the doctor as that user"));
    }
    private(option, path, "600")
}

fn private(option: &str, path: &Path, right: &str) -> Option<Finding> {
    let mode = mode(path).filter(|mode| mode & OTHERS != 0)?;
    let path = path.display();
    Some(wrong(format!("{option}: {path} is open to others (mode {mode:03o})"), format!("run `chmod {right} {path}`")))
}

/// A file in the data folder that belongs to somebody else than the folder: somebody ran a command as root.
fn others_own(data: &Path) -> Option<Finding> {
    let owner = data.metadata().ok()?.uid();
    let stranger = std::fs::read_dir(data).ok()?.flatten().find(|entry| entry.metadata().is_ok_and(|file| file.uid() != owner))?;
    let (path, folder) = (stranger.path(), data.display());
    let text = format!("{} does not belong to the owner of {folder}: the running Jamey may not be able to write it", path.display());
    Some(wrong(text, format!("run `chown -R --reference={folder} {folder}`, and commands as that user")))
}

fn mode(path: &Path) -> Option<u32> {
    Some(path.metadata().ok()?.permissions().mode() & 0o777)
}
