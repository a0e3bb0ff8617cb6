//! A reader of Phoenix repositories, written from docs/phoenix-format.md and from nothing else: none of Jamey's code reads here.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::cast_possible_truncation, reason = "numbers of the format, compared with its limits before")]

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit},
};
use ciborium::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use unicode_normalization::UnicodeNormalization;

pub type Read<T> = Result<T, String>;
pub type Id = [u8; 32];

/// What opens a repository.
pub enum Way<'a> {
    Passphrase(&'a str),
    KeyFile(&'a Path),
    Words(&'a str),
}

pub struct Reader {
    folder: PathBuf,
    repository: [u8; 16],
    key: [u8; 32],
    /// Where each chunk lies.
    pub places: BTreeMap<Id, Place>,
}

/// An entry of a pack's index.
#[derive(Debug, Clone)]
pub struct Place {
    pub pack: PathBuf,
    pub offset: usize,
    pub length: usize,
    pub raw: usize,
}

/// A file as a snapshot has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Saved {
    pub component: String,
    pub mode: u32,
    pub content: Vec<u8>,
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn ensure(holds: bool, otherwise: &str) -> Read<()> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// Section 3. The crate wants a key as long as the hash.
pub fn expand<const N: usize>(key: &[u8; 32], info: &[u8]) -> [u8; N] {
    let padded = [key.as_slice(), &[0; 32]].concat();
    let mut out = [0; N];
    hkdf::Hkdf::<sha2::Sha512>::from_prk(&padded).unwrap().expand(info, &mut out).unwrap();
    out
}

/// Section 5.
fn unseal(key: &[u8; 32], repository: &[u8; 16], what: &str, which: &[u8], sealed: &[u8]) -> Read<Vec<u8>> {
    ensure(sealed.len() >= 56, "no seal")?;
    let (salt, rest) = sealed.split_at(24);
    let (commitment, mut rest) = rest.split_at(32);
    let mut info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0".to_vec();
    info.extend_from_slice(salt);
    info.extend_from_slice(repository);
    info.push(what.len() as u8);
    info.extend_from_slice(what.as_bytes());
    info.extend_from_slice(&(which.len() as u16).to_be_bytes());
    info.extend_from_slice(which);
    info.extend_from_slice(&1u32.to_be_bytes());
    let derived: [u8; 76] = expand(key, &info);
    ensure(&derived[44..] == commitment, "another key, or another place")?;
    let cipher = Aes256Gcm::new_from_slice(&derived[..32]).map_err(text)?;
    let mut plain = Vec::new();
    for number in 0u64.. {
        let chunk = &rest[..rest.len().min(16_384 + 16)];
        rest = &rest[chunk.len()..];
        let mut nonce: [u8; 12] = derived[32..44].try_into().unwrap();
        for (to, from) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *to ^= from;
        }
        plain.extend(cipher.decrypt(&Nonce::from(nonce), chunk).map_err(|_| format!("chunk {number} does not open"))?);
        if chunk.len() < 16_384 + 16 {
            break;
        }
    }
    ensure(rest.is_empty(), "it goes on behind its end")?;
    Ok(plain)
}

/// At most so many bytes.
fn decompress(small: &[u8], most: usize) -> Read<Vec<u8>> {
    let mut plain = Vec::new();
    zstd::stream::read::Decoder::new(small).map_err(text)?.take(most as u64 + 1).read_to_end(&mut plain).map_err(text)?;
    ensure(plain.len() <= most, "longer than it may be")?;
    Ok(plain)
}

fn get<'a>(map: &'a Value, name: &str) -> Read<&'a Value> {
    let pairs = map.as_map().ok_or("no map")?;
    pairs.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value).ok_or_else(|| format!("no `{name}`"))
}

fn number(map: &Value, name: &str) -> Read<u64> {
    get(map, name)?.as_integer().and_then(|n| n.try_into().ok()).ok_or_else(|| format!("`{name}` is no number"))
}

fn string<'a>(map: &'a Value, name: &str) -> Read<&'a str> {
    get(map, name)?.as_text().ok_or_else(|| format!("`{name}` is no text"))
}

fn bytes<const N: usize>(value: &Value) -> Read<[u8; N]> {
    value.as_bytes().and_then(|bytes| bytes.as_slice().try_into().ok()).ok_or_else(|| format!("not {N} bytes"))
}

fn list<'a>(map: &'a Value, name: &str) -> Read<&'a [Value]> {
    get(map, name)?.as_array().map(Vec::as_slice).ok_or_else(|| format!("`{name}` is no array"))
}

fn hex<const N: usize>(digits: &str) -> Read<[u8; N]> {
    ensure(digits.len() == 2 * N && digits.is_ascii(), "no hexadecimal digits")?;
    let mut out = [0; N];
    for (n, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).map_err(text)?;
    }
    Ok(out)
}

/// Section 3: key files.
fn key_file(path: &Path) -> Read<[u8; 32]> {
    let file = fs::read_to_string(path).map_err(text)?;
    let (title, rest) = file.split_once('\n').ok_or("no key file")?;
    ensure(title.trim_end() == "jamey-phoenix-key 1" || title.starts_with("jamey-phoenix-key 1:"), "no key file")?;
    let mut rest = rest.split_whitespace();
    let secret: [u8; 32] = hex(rest.next().unwrap_or_default())?;
    let check: [u8; 4] = hex(rest.next().unwrap_or_default())?;
    ensure(blake3::hash(&secret).as_bytes()[..4] == check, "the key file's checksum is wrong")?;
    Ok(secret)
}

/// Section 4: the proof is looked at, then the rest of it.
fn slot(file: &[u8], name: &str, repository: &[u8; 16], way: &Way) -> Read<[u8; 32]> {
    ensure(file.len() <= 4_096 && file.len() > 32, "no slot")?;
    let (body, proof) = file.split_at(file.len() - 32);
    let map: Value = ciborium::from_reader(body).map_err(text)?;
    let id: [u8; 16] = bytes(get(&map, "id")?)?;
    ensure(number(&map, "v")? == 1 && uuid::Uuid::from_bytes(id).to_string() == name, "no slot of this name")?;
    ensure(bytes(get(&map, "repository")?)? == *repository, "another repository's slot")?;
    let opens = match (way, string(&map, "kind")?) {
        (Way::Passphrase(passphrase), "passphrase") => {
            let kdf = get(&map, "kdf")?;
            ensure(string(kdf, "algorithm")? == "argon2id", "unknown algorithm")?;
            let (memory, passes, lanes) = (number(kdf, "memory_kib")?, number(kdf, "passes")?, number(kdf, "lanes")?);
            ensure(memory <= 262_144 && passes <= 16 && lanes <= 16, "asks for too much")?;
            let params = argon2::Params::new(memory as u32, passes as u32, lanes as u32, Some(32)).map_err(text)?;
            let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            let space = |c: char| {
                let blank = matches!(c as u32, 0xA0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000);
                if blank { ' ' } else { c }
            };
            let plain: String = passphrase.chars().map(space).nfc().collect();
            let mut key = [0; 32];
            argon.hash_password_into(plain.as_bytes(), get(kdf, "salt")?.as_bytes().ok_or("no salt")?, &mut key).map_err(text)?;
            key
        }
        (Way::KeyFile(path), "key_file") => key_file(path)?,
        _ => return Err("a slot of another kind".into()),
    };
    let sealed = get(&map, "sealed")?.as_bytes().ok_or("no seal")?;
    let key: [u8; 32] = unseal(&opens, repository, "slot", &id, sealed)?.try_into().map_err(|_| "no key")?;
    ensure(bytes(get(&map, "key")?)? == expand::<8>(&key, b"jamey-phoenix@v1 id"), "of another key")?;
    ensure(blake3::keyed_hash(&expand(&key, b"jamey-phoenix@v1 proving"), body).as_bytes() == proof, "the slot was altered")?;
    Ok(key)
}

impl Reader {
    /// # Errors
    /// In words, when it opens not, or a pack is damaged.
    pub fn open(folder: &Path, way: &Way) -> Read<Self> {
        let label: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("repository")).map_err(text)?).map_err(text)?;
        ensure(label["format"] == "jamey-phoenix" && label["v"] == 1, "no repository, or of another version")?;
        let id = label["repository"].as_str().and_then(|id| uuid::Uuid::parse_str(id).ok()).ok_or("no id")?;
        let repository = id.into_bytes();
        let key = match way {
            Way::Words(words) => {
                let sheet = bip39::Mnemonic::parse_in(bip39::Language::English, *words).map_err(text)?;
                sheet.to_entropy().try_into().map_err(|_| "not 24 words")?
            }
            way => {
                let tried: Vec<_> = names(&folder.join("keys"))
                    .into_iter()
                    .map(|name| slot(&fs::read(folder.join("keys").join(&name)).map_err(text)?, &name, &repository, way))
                    .collect();
                tried.iter().find_map(|key| key.as_ref().ok()).copied().ok_or_else(|| format!("no slot opens: {tried:?}"))?
            }
        };
        let mut reader = Self { folder: folder.to_owned(), repository, key, places: BTreeMap::new() };
        for shelf in names(&folder.join("packs")) {
            for name in names(&folder.join("packs").join(&shelf)) {
                reader.index(&folder.join("packs").join(&shelf).join(name))?;
            }
        }
        Ok(reader)
    }

    fn sealing(&self) -> [u8; 32] {
        expand(&self.key, b"jamey-phoenix@v1 sealing")
    }

    fn body<'a>(&self, kind: u8, file: &'a [u8]) -> Read<&'a [u8]> {
        let id: [u8; 8] = expand(&self.key, b"jamey-phoenix@v1 id");
        let header = [b"JPHX".as_slice(), &[1, kind, 0, 0], &id].concat();
        file.strip_prefix(header.as_slice()).ok_or_else(|| "not the header that is wanted here".into())
    }

    /// Section 6.
    fn index(&mut self, path: &Path) -> Read<()> {
        let file = fs::read(path).map_err(text)?;
        ensure(file.len() <= 8_388_608, "too long for a pack")?;
        ensure(path.file_name().unwrap().to_str() == Some(blake3::hash(&file).to_hex().as_str()), "not what its name says")?;
        self.body(2, &file)?;
        let rest = file.strip_suffix(b"JPHXPACK").ok_or("no end")?;
        let (rest, length) = rest.split_last_chunk::<4>().ok_or("no length")?;
        let start = rest.len().checked_sub(u32::from_be_bytes(*length) as usize).ok_or("no index")?;
        let index = unseal(&self.sealing(), &self.repository, "index", &[], &rest[start..])?;
        ensure(index.len().is_multiple_of(44), "no index")?;
        for entry in index.chunks(44) {
            let at = |from: usize| u32::from_be_bytes(entry[from..from + 4].try_into().unwrap()) as usize;
            let place = Place { pack: path.to_owned(), offset: at(32), length: at(36), raw: at(40) };
            ensure(place.offset >= 16 && place.offset + place.length <= start && place.raw <= 262_144, "an entry makes no sense")?;
            self.places.insert(entry[..32].try_into().unwrap(), place);
        }
        Ok(())
    }

    fn chunk(&self, id: &Id) -> Read<Vec<u8>> {
        let place = self.places.get(id).ok_or("a chunk is nowhere")?;
        let mut sealed = vec![0; place.length];
        fs::File::open(&place.pack).and_then(|pack| pack.read_exact_at(&mut sealed, place.offset as u64)).map_err(text)?;
        let chunk = decompress(&unseal(&self.sealing(), &self.repository, "blob", id, &sealed)?, place.raw)?;
        let named = blake3::keyed_hash(&expand(&self.key, b"jamey-phoenix@v1 naming"), &chunk);
        ensure(chunk.len() == place.raw && named.as_bytes() == id, "a chunk is not what its name says")?;
        Ok(chunk)
    }

    pub fn numbers(&self) -> Vec<u64> {
        names(&self.folder.join("snapshots")).iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// Section 7.
    pub fn manifest(&self, sequence: u64) -> Read<Value> {
        let file = fs::read(self.folder.join("snapshots").join(format!("{sequence:010}"))).map_err(text)?;
        let small = unseal(&self.sealing(), &self.repository, "manifest", &sequence.to_be_bytes(), self.body(1, &file)?)?;
        let manifest: Value = ciborium::from_reader(decompress(&small, 32 * 1_048_576)?.as_slice()).map_err(text)?;
        ensure(number(&manifest, "v")? == 1 && number(&manifest, "sequence")? == sequence, "not this snapshot")?;
        ensure(bytes(get(&manifest, "repository")?)? == self.repository, "another repository's snapshot")?;
        for kept in list(&manifest, "kept")? {
            let path = self.folder.join("snapshots").join(format!("{:010}", number(kept, "sequence")?));
            if let Ok(file) = fs::read(path) {
                ensure(blake3::hash(&file).as_bytes() == &bytes::<32>(get(kept, "hash")?)?, "a snapshot was exchanged")?;
            }
        }
        Ok(manifest)
    }

    /// Every file of a snapshot, by its path.
    pub fn files(&self, sequence: u64) -> Read<BTreeMap<String, Saved>> {
        let manifest = self.manifest(sequence)?;
        let mut files = BTreeMap::new();
        for part in list(&manifest, "parts")? {
            for item in list(part, "items")? {
                let mut ids: Vec<Id> = list(item, "chunks").unwrap_or_default().iter().map(bytes).collect::<Read<_>>()?;
                for list in list(item, "lists").unwrap_or_default() {
                    let listed = self.chunk(&bytes(list)?)?;
                    ids.extend(listed.as_chunks::<32>().0);
                }
                let content = ids.iter().map(|id| self.chunk(id)).collect::<Read<Vec<_>>>()?.concat();
                ensure(content.len() as u64 == number(item, "bytes")?, "not as long as it was")?;
                ensure(blake3::hash(&content).as_bytes() == &bytes::<32>(get(item, "hash")?)?, "not what it was")?;
                let saved = Saved { component: string(part, "component")?.into(), mode: number(item, "mode")? as u32, content };
                files.insert(string(item, "path")?.to_owned(), saved);
            }
        }
        Ok(files)
    }

    /// Section 8: when, and whether it passed.
    pub fn drill(&self, sequence: u64) -> Read<(u64, bool)> {
        let file = fs::read(self.folder.join("drills").join(format!("{sequence:010}"))).map_err(text)?;
        let plain = unseal(&self.sealing(), &self.repository, "drill", &sequence.to_be_bytes(), self.body(3, &file)?)?;
        let drill: Value = ciborium::from_reader(plain.as_slice()).map_err(text)?;
        ensure(number(&drill, "sequence")? == sequence, "not this drill")?;
        Ok((number(&drill, "at")?, get(&drill, "passed")?.as_bool().ok_or("no answer")?))
    }

    /// A value at the top of a manifest.
    pub fn value(&self, sequence: u64, name: &str) -> Read<Value> {
        get(&self.manifest(sequence)?, name).cloned()
    }
}

/// In order; files that are not whole yet are none.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let mut names: Vec<String> = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
