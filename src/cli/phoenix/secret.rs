//! What opens a repository: from files of the owner's alone, the environment or a prompt, and never from the command line.

use super::{place::Found, sheet};
use crate::{
    app::phoenix::handed_over,
    phoenix::{KeyFile, RepositoryKey, Secret},
    runtime::files,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::{
    fs::File,
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The passphrase of a repository that is there.
pub(super) const PASSPHRASE: &str = "JAMEY_PHOENIX_PASSPHRASE";
/// A printed sheet with room to spare.
const SECRET_BYTES: u64 = 16 * 1_024;

#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct Opens {
    /// Open it with this key file.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Open it with the passphrase in this file, which only you may read.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Ask for the passphrase, whatever the config says.
    #[arg(long)]
    passphrase: bool,
    /// Open it with the recovery sheet's words in this file, which only you may read.
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
    /// Ask for the recovery sheet's words.
    #[arg(long)]
    words: bool,
}

/// A secret, and where it is from, for people.
pub(super) struct Opening {
    pub secret: Secret,
    pub from: String,
}

impl Opens {
    /// Whether the command line says what opens it.
    pub fn is_given(&self) -> bool {
        self.key_file.is_some() || self.passphrase_file.is_some() || self.words_file.is_some() || self.passphrase || self.words
    }

    /// The first that there is: the command line, the environment, the config, a person at a terminal.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn opening(&self, found: &Found) -> Result<Opening> {
        if let Some(path) = &self.key_file {
            return key_file(path);
        }
        if let Some(path) = &self.passphrase_file {
            let from = format!("the passphrase in {}", path.display());
            return Ok(Opening { secret: Secret::Passphrase(read(path)?), from });
        }
        if let Some(path) = &self.words_file {
            let key = RepositoryKey::from_words(&sheet::words_in(&read(path)?)).with_context(|| path.display().to_string())?;
            return Ok(Opening { secret: Secret::Words(key), from: format!("the words in {}", path.display()) });
        }
        if self.words {
            let said = ask("The 24 words of the recovery sheet, in order: ")?;
            return Ok(Opening { secret: Secret::Words(RepositoryKey::from_words(&sheet::words_in(&said))?), from: "these words".into() });
        }
        if self.passphrase {
            return prompt(found);
        }
        if let Some(said) = std::env::var_os(PASSPHRASE).filter(|said| !said.is_empty()) {
            let said = said.into_string().ok().with_context(|| format!("{PASSPHRASE} is no text"))?;
            return Ok(Opening { secret: Secret::Passphrase(Zeroizing::new(said)), from: format!("the passphrase in {PASSPHRASE}") });
        }
        let configured = configured(found);
        match configured.as_deref().map(key_file) {
            Some(Ok(opening)) => Ok(opening),
            Some(Err(why)) if !can_ask() => Err(why.context(ways())),
            None if !can_ask() => bail!("{}", ways()),
            why => {
                if let Some(Err(why)) = why {
                    eprintln!("The config's key file does not help: {why:#}");
                }
                prompt(found)
            }
        }
    }
}

/// The key file that the config names: at a path, or, under systemd, in its folder of credentials.
pub(super) fn configured(found: &Found) -> Option<PathBuf> {
    let entry = found.entry?;
    entry.key_file.clone().or_else(|| handed_over(entry.credential.as_ref()?))
}

fn key_file(path: &Path) -> Result<Opening> {
    Ok(Opening { secret: Secret::KeyFile(KeyFile::read(path)?), from: format!("the key file {}", path.display()) })
}

fn prompt(found: &Found) -> Result<Opening> {
    let said = ask(&format!("Passphrase of {}: ", found.name()))?;
    Ok(Opening { secret: Secret::Passphrase(said), from: "this passphrase".into() })
}

fn ways() -> String {
    format!(
        "nothing to open the repository with: say --key-file FILE, --passphrase-file FILE or --words-file FILE, set {PASSPHRASE}, \
         name a key_file in the config, or run it on a terminal, which asks"
    )
}

pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal()
}

/// # Errors
/// Without a terminal: what a pipe brings could stand in a history of commands.
pub(super) fn ask(question: &str) -> Result<Zeroizing<String>> {
    if !can_ask() {
        bail!("this asks for a secret, and there is no terminal to ask on: name a file that has it");
    }
    Ok(Zeroizing::new(rpassword::prompt_password(question)?))
}

/// The text of a file that nobody but its owner may read, without the end of its last line.
///
/// # Errors
/// When others may, when it is no text, or too long for a secret.
pub(in crate::cli) fn read(path: &Path) -> Result<Zeroizing<String>> {
    let cannot = || format!("{} cannot be read", path.display());
    let file = File::open(path).with_context(cannot)?;
    let about = file.metadata().with_context(cannot)?;
    if let Some(mode) = files::shared_secret(path, &about) {
        bail!("{}: others may read it (mode {mode:o}): `chmod 600` it, and ask yourself who has read it", path.display());
    }
    if about.len() > SECRET_BYTES {
        bail!("{}: longer than {SECRET_BYTES} bytes, so it is no secret", path.display());
    }
    // As long as it is: what grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(SECRET_BYTES)?));
    file.take(SECRET_BYTES).read_to_string(&mut text).with_context(cannot)?;
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    if text.trim().is_empty() {
        bail!("{} is empty", path.display());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let mut file = File::create(&path).unwrap();
        files::set_mode(&file, mode).unwrap();
        std::io::Write::write_all(&mut file, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_secret_is_read_from_a_file_of_its_owners_alone() {
        let (_folder, path) = written(b"correct horse\n", 0o600);
        assert_eq!(read(&path).unwrap().as_str(), "correct horse");
        let (_folder, path) = written(b"correct horse\n", 0o640);
        let why = read(&path).unwrap_err().to_string();
        assert!(why.contains("mode 640") && !why.contains("horse"), "{why}");
    }

    #[test]
    fn what_can_be_no_secret_is_refused() {
        let longest = usize::try_from(SECRET_BYTES).unwrap();
        for wrong in [&b""[..], b"\n\n", b"\xff\xfe", &vec![b'a'; longest + 1]] {
            let (_folder, path) = written(wrong, 0o600);
            assert!(read(&path).is_err(), "{} bytes", wrong.len());
        }
        let (_folder, path) = written(&vec![b'a'; longest], 0o600);
        assert_eq!(read(&path).unwrap().len(), longest);
    }
}
