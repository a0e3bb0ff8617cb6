//! New secrets: a key file that is made, and a passphrase that is typed twice.

use super::secret::{self, ask, can_ask};
use crate::phoenix::{KeyFile, Secret};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const NEW_PASSPHRASE: &str = "JAMEY_PHOENIX_NEW_PASSPHRASE";
/// Who has the repository's files may guess as often as he likes.
const SHORTEST_PASSPHRASE: usize = 12;

#[derive(Debug, Clone, Default, Args)]
pub struct Fresh {
    /// A key file: made where there is none, taken as it is where there is one.
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
    /// A new passphrase: asked for twice, or from JAMEY_PHOENIX_NEW_PASSPHRASE.
    #[arg(long, conflicts_with = "new_passphrase_file")]
    pub new_passphrase: bool,
    /// A new passphrase, in this file, which only you may read.
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
}

/// New secrets, and a key file that goes again where nothing comes of it.
#[derive(Default)]
pub(super) struct Made {
    pub secrets: Vec<Secret>,
    pub key_file: Option<PathBuf>,
    pub passphrase: bool,
    fresh_file: Option<PathBuf>,
}

impl Fresh {
    pub fn is_given(&self) -> bool {
        self.new_key_file.is_some() || self.has_passphrase()
    }

    pub fn has_passphrase(&self) -> bool {
        self.new_passphrase || self.new_passphrase_file.is_some()
    }

    /// Asks first and makes the file last, so that who changes his mind leaves nothing behind.
    ///
    /// # Errors
    /// When a passphrase is too short or not the same twice, or the file can be neither made nor read.
    pub fn make(&self) -> Result<Made> {
        let mut made = Made::default();
        if let Some(passphrase) = self.passphrase()? {
            made.add(passphrase);
        }
        if let Some(path) = &self.new_key_file {
            let file = if path.exists() {
                KeyFile::read(path)?
            } else {
                let file = KeyFile::create(path)?;
                made.fresh_file = Some(path.clone());
                file
            };
            made.key_file = Some(path.clone());
            made.secrets.push(Secret::KeyFile(file));
        }
        Ok(made)
    }

    fn passphrase(&self) -> Result<Option<Zeroizing<String>>> {
        if let Some(path) = &self.new_passphrase_file {
            let said = secret::read(path)?;
            check(&said).with_context(|| path.display().to_string())?;
            return Ok(Some(said));
        }
        if !self.new_passphrase {
            return Ok(None);
        }
        if let Some(said) = std::env::var_os(NEW_PASSPHRASE).filter(|said| !said.is_empty()) {
            let said = Zeroizing::new(said.into_string().ok().with_context(|| format!("{NEW_PASSPHRASE} is no text"))?);
            check(&said).context(NEW_PASSPHRASE)?;
            return Ok(Some(said));
        }
        if !can_ask() {
            bail!("no terminal to ask for a new passphrase on: say --new-passphrase-file FILE, or set {NEW_PASSPHRASE}");
        }
        twice("New passphrase: ", ask).map(Some)
    }
}

impl Made {
    pub fn add(&mut self, passphrase: Zeroizing<String>) {
        self.secrets.push(Secret::Passphrase(passphrase));
        self.passphrase = true;
    }

    /// The work is done: the key file stays.
    pub fn keep(&mut self) {
        self.fresh_file = None;
    }

    pub fn file_is_new(&self) -> bool {
        self.fresh_file.is_some()
    }

    /// `the key file /etc/jamey/phoenix.key and the passphrase`.
    pub fn words(&self) -> String {
        let file = self.key_file.as_deref().map(|path: &Path| format!("the key file {}", path.display()));
        let passphrase = self.passphrase.then(|| "the passphrase".to_owned());
        file.into_iter().chain(passphrase).collect::<Vec<_>>().join(" and by ")
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.fresh_file {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A new passphrase, or none where none is given and none is wanted.
///
/// # Errors
/// When it is too short, or the two are not the same.
pub(super) fn maybe_twice(question: &str) -> Result<Option<Zeroizing<String>>> {
    let mut is_none = false;
    let said = twice(question, |question| {
        let said = ask(question)?;
        if said.is_empty() {
            is_none = true;
            bail!("none");
        }
        Ok(said)
    });
    if is_none { Ok(None) } else { said.map(Some) }
}

fn twice(question: &str, mut ask: impl FnMut(&str) -> Result<Zeroizing<String>>) -> Result<Zeroizing<String>> {
    let first = ask(question)?;
    check(&first)?;
    if *first != *ask("Again: ")? {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}

fn check(passphrase: &str) -> Result<()> {
    if passphrase.chars().count() < SHORTEST_PASSPHRASE {
        bail!(
            "a passphrase has at least {SHORTEST_PASSPHRASE} characters, for who has the files may guess as often as he likes: take four or five words"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &[&str]) -> Result<String, String> {
        let mut answers = answers.iter();
        let said = twice("New passphrase: ", |_| Ok(Zeroizing::new((*answers.next().unwrap()).to_owned())));
        said.map(|said| said.to_string()).map_err(|why| why.to_string())
    }

    #[test]
    fn a_new_passphrase_is_said_twice_and_is_long_enough() {
        assert_eq!(asked(&["correct horse", "correct horse"]).as_deref(), Ok("correct horse"));
        assert!(asked(&["correct horse", "correct house"]).unwrap_err().contains("not the same"));
        assert!(asked(&["correct hor"]).unwrap_err().contains("at least 12"), "one too short is not asked for again");
        assert!(asked(&["twelve chars", "twelve chars"]).is_ok());
    }
}
