//! Key files: 32 random bytes as a short text that names itself. Its owner alone may read it, and it is never overwritten.

use super::PhoenixError;
use crate::{
    domain::limits::KEY_FILE_BYTES,
    phoenix::{error::At, id::Id},
    runtime::files,
};
use std::{
    fmt,
    fs::File,
    io::{self, Read, Write},
    path::Path,
};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// The first line up to its version.
const TITLE: &str = "jamey-phoenix-key";
const VERSION: &str = "1";
/// How a key file is called until it is whole.
const FRESH: &str = ".jamey-key-";
/// Of the checksum: enough against a slip of the pen.
const CHECK_DIGITS: usize = 8;

/// 32 random bytes in a file of its owner's alone.
#[derive(Clone)]
pub struct KeyFile(Zeroizing<[u8; 32]>);

impl KeyFile {
    /// Makes one, readable by its owner alone.
    ///
    /// # Errors
    /// When the file is there already or cannot be written.
    pub fn create(path: &Path) -> Result<Self, PhoenixError> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(PhoenixError::Randomness)?;
        let made = Self(secret);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Whole or not there: half a key, of a process that was killed, would only be in the way of the next try.
        let mut fresh = NamedTempFile::with_prefix_in(FRESH, folder).at(path, "making the key file")?;
        fresh.write_all(made.text().as_bytes()).and_then(|()| fresh.as_file().sync_all()).at(path, "making the key file")?;
        let named = fresh.persist_noclobber(path).map_err(|refused| refused.error);
        if named.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
            return Err(PhoenixError::Key(format!(
                "{}: is there already, and a key file is never overwritten: name another",
                path.display()
            )));
        }
        named.and_then(|_| files::sync_folder(folder)).at(path, "making the key file")?;
        Ok(made)
    }

    /// # Errors
    /// When it cannot be read, others may read it, or it is no key file.
    pub fn read(path: &Path) -> Result<Self, PhoenixError> {
        let file = File::open(path).at(path, "reading the key file")?;
        if let Some(mode) = files::shared_secret(path, &file.metadata().at(path, "reading the key file")?) {
            return Err(PhoenixError::Key(format!(
                "{}: others may read this key file (mode {mode:o}): `chmod 600` it, and ask who did",
                path.display()
            )));
        }
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES + 1));
        let most = u64::try_from(KEY_FILE_BYTES).unwrap_or(u64::MAX);
        let read = file.take(most + 1).read_to_string(&mut text);
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) || text.len() > KEY_FILE_BYTES {
            return Err(PhoenixError::Key(format!("{}: {NONE}", path.display())));
        }
        read.at(path, "reading the key file")?;
        Self::parse(&text).map_err(|problem| PhoenixError::Key(format!("{}: {problem}", path.display())))
    }

    /// What the key of a repository is sealed with.
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.0
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES));
        text.push_str(&format!("{TITLE} {VERSION}: whoever has this file can open the repository\n"));
        text.push_str(&Zeroizing::new(Id(*self.0).to_string()));
        text.push(' ');
        text.push_str(&check(&self.0));
        text.push('\n');
        text
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (title, rest) = text.split_once('\n').ok_or(NONE)?;
        let version = title.strip_prefix(TITLE).and_then(|rest| rest.trim_start().split(':').next()).ok_or(NONE)?;
        if version != VERSION {
            return Err("a key file of a newer jamey: use that version");
        }
        let mut rest = rest.split_whitespace();
        let secret = rest.next().and_then(Id::read).map(|id| Self(Zeroizing::new(id.0))).ok_or(ALTERED)?;
        let checked = rest.next().is_some_and(|found| found.eq_ignore_ascii_case(&check(&secret.0)));
        if checked && rest.next().is_none() { Ok(secret) } else { Err(ALTERED) }
    }
}

const NONE: &str = "no key file of Jamey's: `jamey phoenix init` makes one";
const ALTERED: &str = "the key in it was altered: its digits and their checksum do not agree; take another copy";

/// Tells a digit that was altered; it stands beside the secret and needs to hide nothing.
fn check(secret: &[u8; 32]) -> String {
    Id::of(secret).to_string().chars().take(CHECK_DIGITS).collect()
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn mode(path: &Path, mode: u32) {
        files::set_mode(&File::open(path).unwrap(), mode).unwrap();
    }

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.key");
        let made = KeyFile::create(&path).unwrap();
        assert_eq!(files::shared(&fs::metadata(&path).unwrap()), None);
        assert_eq!(KeyFile::read(&path).unwrap().0, made.0);
        let before = fs::read(&path).unwrap();
        let said = KeyFile::create(&path).unwrap_err().to_string();
        assert_eq!(said, format!("{}: is there already, and a key file is never overwritten: name another", path.display()));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_ne!(KeyFile::create(&folder.path().join("other.key")).unwrap().0, made.0);
        assert!(KeyFile::create(&folder.path().join("nowhere/house.key")).is_err());
        assert_eq!(format!("{made:?}"), "KeyFile(not shown)");
    }

    #[test]
    fn it_says_what_it_is_and_is_read_from_a_copy_by_hand() {
        let key = KeyFile(Zeroizing::new([0xAB; 32]));
        let text = key.text();
        let hex = "ab".repeat(32);
        let checked = check(&key.0);
        assert_eq!(*text, format!("jamey-phoenix-key 1: whoever has this file can open the repository\n{hex} {checked}\n"));
        for copy in
            [text.replace('\n', "\r\n"), text.trim_end().into(), format!("jamey-phoenix-key 1\n\n {}\n{checked}", hex.to_uppercase())]
        {
            assert_eq!(KeyFile::parse(&copy).unwrap().0, key.0, "{copy}");
        }
    }

    #[test]
    fn no_file_that_others_may_read_opens_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.key");
        KeyFile::create(&path).unwrap();
        for open in [0o640, 0o604, 0o660, 0o601, 0o610] {
            mode(&path, open);
            let said = KeyFile::read(&path).unwrap_err().to_string();
            assert!(said.ends_with(&format!("others may read this key file (mode {open:o}): `chmod 600` it, and ask who did")), "{said}");
        }
        for own in [0o400, 0o600] {
            mode(&path, own);
            KeyFile::read(&path).unwrap();
        }
    }

    #[test]
    fn every_character_of_the_key_counts() {
        let text = KeyFile(Zeroizing::new([0xAB; 32])).text();
        let from = text.find('\n').unwrap() + 1;
        for at in from..text.len() - 1 {
            let mut other = text.as_bytes().to_vec();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(KeyFile::parse(&other).unwrap_err(), ALTERED, "{at}");
        }
        for to in from..text.len() - 1 {
            assert_eq!(KeyFile::parse(&text[..to]).unwrap_err(), ALTERED, "{to}");
        }
        assert_eq!(KeyFile::parse(&format!("{}x", *text)).unwrap_err(), ALTERED);
    }

    #[test]
    fn what_is_no_key_file_is_told_from_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.key");
        let long = format!("jamey-phoenix-key 1\n{}", "\n".repeat(KEY_FILE_BYTES));
        let said = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            mode(&path, 0o600);
            KeyFile::read(&path).unwrap_err().to_string().split_off(path.display().to_string().len() + 2)
        };
        for bytes in [&b""[..], b"\n", b"-----BEGIN PRIVATE KEY-----\nabc", &[0xFF; 40], long.as_bytes()] {
            assert_eq!(said(bytes), NONE);
        }
        assert_eq!(said(b"jamey-phoenix-key 2: other\nabc"), "a key file of a newer jamey: use that version");
        assert!(KeyFile::read(&folder.path().join("none")).unwrap_err().to_string().contains("reading the key file"));
    }
}
