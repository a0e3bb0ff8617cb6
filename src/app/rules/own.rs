//! The owner's own rules and weights that were set while Jamey ran: a file in the data folder, laid over what the config names, whole or not at all.

use super::{FILE_BYTES, Refused, Sets, compile, rulings_with};
use crate::{
    app::private_folder,
    config::Config,
    conscience::{RuleError, milder},
    domain::{RuleText, Timestamp, audit::hex},
    runtime::files::{self, OwnersAlone},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// As it is called where rules are told of; in the data folder it stands there.
pub const OWN: &str = "rules/own.toml";

/// What was set, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub text: String,
    pub at: Timestamp,
}

#[must_use]
pub fn path(data: &Path) -> PathBuf {
    data.join(OWN)
}

/// What is set; None: nothing is.
///
/// # Errors
/// When it cannot be read, or is no rule file.
pub fn read(data: &Path) -> Result<Option<Own>, Refused> {
    let path = path(data);
    let wrong = |why: String| {
        let to_do = "it is what was set while Jamey ran: see that Jamey's user may read it, or delete it";
        Refused(vec![RuleError::plain(OWN, format!("{} cannot be read ({why}); {to_do}", path.display()))])
    };
    let found = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error.to_string())),
        Ok(found) => found,
    };
    if !found.is_file() || found.len() > FILE_BYTES {
        return Err(wrong(format!("a rule file is a file of {FILE_BYTES} bytes at most")));
    }
    let mut text = String::new();
    File::open(&path).and_then(|file| file.take(FILE_BYTES).read_to_string(&mut text)).map_err(|error| wrong(error.to_string()))?;
    let at = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let micros = at.and_then(|at| i64::try_from(at.as_micros()).ok()).unwrap_or(0);
    Ok(Some(Own { text, at: Timestamp::from_micros(micros) }))
}

/// Sets it; on disk, whole, before it returns. Without a text there is no file.
///
/// # Errors
/// When the data folder cannot be written.
pub fn write(data: &Path, text: Option<&str>) -> io::Result<()> {
    let path = path(data);
    let folder = path.parent().unwrap_or(data);
    private_folder(folder)?;
    match text {
        Some(text) => {
            let fresh = path.with_extension("toml.new");
            // One that a killed process left, or that points elsewhere.
            let _ = fs::remove_file(&fresh);
            let mut file = fs::OpenOptions::new().write(true).create_new(true).owners_alone().open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(fresh, &path)?;
        }
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        },
    }
    files::sync_folder(folder)?;
    files::sync_folder(data)
}

/// As a rule text.
#[must_use]
pub fn named(text: &str) -> RuleText {
    RuleText { name: OWN.to_owned(), text: text.to_owned() }
}

/// As programs are told of it; `milder` says what of it is.
#[must_use]
pub fn told(own: Option<&Own>, milder: &[String]) -> Value {
    json!({
        "v": 1,
        "text": own.map_or("", |own| &own.text),
        "set": own.is_some(),
        "sha256": own.map(|own| digest(&own.text)),
        "set_at": own.map(|own| own.at.to_string()),
        "milder": milder,
    })
}

#[must_use]
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// What of a set is milder than it would be without what was set, in words.
#[must_use]
pub fn takes_away(config: &Config, sets: &Sets) -> Vec<String> {
    if sets.live.ruling().candidates.iter().all(|candidate| candidate.name != OWN) {
        return Vec::new();
    }
    let without = rulings_with(config, None).and_then(|rulings| compile(&rulings, &config.signals));
    // Where the others do not hold by themselves nobody can tell.
    without.map_or_else(|_| Vec::new(), |without| milder(&without.live, &sets.live))
}

/// The same as an alert has it, and since when.
#[must_use]
pub fn alarm(config: &Config, sets: &Sets) -> Option<(Timestamp, String)> {
    let found = takes_away(config, sets);
    let own = read(&config.store.data).ok().flatten()?;
    (!found.is_empty()).then(|| (own.at, format!("by the rules set while Jamey ran ({OWN} in the data folder) {}", found.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_again_and_what_is_no_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert_eq!(read(data).unwrap(), None);
        write(data, None).unwrap();
        fs::write(path(data).with_extension("toml.new"), "half").unwrap();
        write(data, Some("[weights]\n")).unwrap();
        assert_eq!(read(data).unwrap().unwrap().text, "[weights]\n");
        assert!(!path(data).with_extension("toml.new").exists());
        assert_eq!(files::shared(&fs::metadata(path(data)).unwrap()), None);
        write(data, None).unwrap();
        assert_eq!(read(data).unwrap(), None);
        fs::create_dir(path(data)).unwrap();
        assert!(read(data).unwrap_err().to_string().contains("delete it"));
        fs::remove_dir(path(data)).unwrap();
        fs::write(path(data), [0xff]).unwrap();
        assert!(read(data).is_err());
        fs::write(path(data), vec![b'#'; usize::try_from(FILE_BYTES).unwrap()]).unwrap();
        assert!(read(data).is_ok());
        fs::write(path(data), vec![b'#'; usize::try_from(FILE_BYTES).unwrap() + 1]).unwrap();
        assert!(read(data).is_err(), "one past");
    }
}
