//! What opens a slot, what does not, and what a hostile one may ask for.

use super::*;
use crate::{domain::Timestamp, domain::limits, phoenix::error::PhoenixError};
use ciborium::Value;
use uuid::Uuid;

const HOUSE: Uuid = Uuid::from_u128(7);
const AT: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn passphrase(text: &str) -> Secret {
    Secret::Passphrase(Zeroizing::new(text.into()))
}

fn key_file(name: &str) -> Secret {
    let folder = tempfile::tempdir().unwrap();
    Secret::KeyFile(KeyFile::create(&folder.path().join(name)).unwrap())
}

fn quick(key: &RepositoryKey, words: &str) -> Slot {
    Slot::wrap_with(key, &passphrase(words), HOUSE, AT, Some(kdf::Kdf::quick())).unwrap()
}

fn said<T>(result: Result<T, PhoenixError>) -> String {
    result.err().expect("refused").to_string()
}

#[test]
fn what_is_derived_from_a_key_is_its_own_and_tells_nothing_of_the_rest() {
    let key = RepositoryKey::generate().unwrap();
    let all = [key.sealing(), key.naming(), key.proving(), key.0.clone()];
    for (n, one) in all.iter().enumerate() {
        assert!(all[..n].iter().all(|other| other != one));
        assert!(one.iter().any(|&byte| byte != 0));
        assert_ne!(one[..8], key.id());
    }
    let same = key.clone();
    assert_eq!((same.id(), same.sealing()), (key.id(), key.sealing()));
    assert_ne!(RepositoryKey::generate().unwrap().id(), key.id());
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let key = RepositoryKey(Zeroizing::new([0xAB; 32]));
    assert_eq!(format!("{key:?}"), "RepositoryKey(not shown)");
    let secrets = [Secret::Passphrase(Zeroizing::new("correct horse battery".into())), Secret::Words(key)];
    for secret in secrets {
        assert_eq!(format!("{secret:?}"), "Secret(not shown)");
    }
}

#[test]
fn each_secret_opens_its_slot_alone() {
    let key = RepositoryKey::generate().unwrap();
    let (ours, other) = (key_file("a"), key_file("b"));
    let by_file = Slot::wrap(&key, &ours, HOUSE, AT).unwrap();
    let by_words = quick(&key, "correct horse battery");
    assert_eq!((by_file.kind.as_str(), by_words.kind.as_str()), ("key_file", "passphrase"));
    assert_eq!((by_file.key, by_file.made_at), (key.id(), AT));
    assert_ne!(by_file.id, by_words.id);

    assert_eq!(by_file.unwrap(&ours, HOUSE).unwrap().0, key.0);
    assert_eq!(by_words.unwrap(&passphrase("correct horse battery"), HOUSE).unwrap().0, key.0);
    assert_eq!(by_words.unwrap(&Secret::Words(key.clone()), HOUSE).unwrap().0, key.0);

    assert_eq!(said(by_file.unwrap(&other, HOUSE)), "the key file is not the one of this slot");
    assert_eq!(said(by_words.unwrap(&passphrase("correct horse batter"), HOUSE)), "the passphrase is not the one of this slot");
    assert_eq!(said(by_words.unwrap(&ours, HOUSE)), format!("slot {} is of the kind passphrase", by_words.id));
    let words = Secret::Words(RepositoryKey::generate().unwrap());
    assert_eq!(said(by_file.unwrap(&words, HOUSE)), "the words are of another repository's key");
    let elsewhere = said(by_file.unwrap(&ours, Uuid::from_u128(8)));
    assert_eq!(elsewhere, format!("slot {} belongs to another repository ({HOUSE})", by_file.id));
}

/// With the parameters of every day: 64 MiB and three passes.
#[test]
fn a_passphrase_wraps_and_unwraps_however_it_was_typed() {
    let key = RepositoryKey::generate().unwrap();
    let slot = Slot::wrap(&key, &passphrase("Gru\u{308}ße\u{a0}an alle"), HOUSE, AT).unwrap();
    assert_eq!(slot.unwrap(&passphrase("Gr\u{fc}ße an alle"), HOUSE).unwrap().0, key.0);
}

#[test]
fn a_short_passphrase_makes_no_slot_and_words_need_none() {
    let key = RepositoryKey::generate().unwrap();
    // Eleven characters, though twelve as they are typed and more in bytes.
    for short in ["", "hunter2", "ünderground", "u\u{308}nderground"] {
        let said = said(Slot::wrap(&key, &passphrase(short), HOUSE, AT));
        assert!(said.ends_with("is soon guessed by whoever has the files: take at least 12, best some words"), "{said}");
    }
    assert_eq!("ünderground".chars().count() + 1, limits::PASSPHRASE_CHARS);
    Slot::wrap(&key, &passphrase("ünderground!"), HOUSE, AT).unwrap();
    let words = Secret::Words(key.clone());
    assert_eq!(said(Slot::wrap(&key, &words, HOUSE, AT)), "the words are the key itself: no slot is needed for them");
}

#[test]
fn a_slot_is_its_file() {
    let key = RepositoryKey::generate().unwrap();
    for slot in [quick(&key, "correct horse battery"), Slot::wrap(&key, &key_file("a"), HOUSE, AT).unwrap()] {
        let bytes = slot.to_bytes();
        assert!(bytes.len() < limits::SLOT_BYTES / 8, "{}", bytes.len());
        assert_eq!(Slot::from_bytes(&bytes).unwrap(), slot);
        assert!(slot.is_whole(&key));
        assert!(!slot.is_whole(&RepositoryKey::generate().unwrap()));
        assert!(!bytes.windows(32).any(|window| window == key.0.as_slice()));
    }
}

#[test]
fn every_bit_and_every_byte_of_a_slot_counts() {
    let key = RepositoryKey::generate().unwrap();
    let secret = key_file("a");
    let bytes = Slot::wrap(&key, &secret, HOUSE, AT).unwrap().to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << bit;
            if let Ok(slot) = Slot::from_bytes(&other) {
                assert!(!slot.is_whole(&key), "bit {bit} of byte {at}");
                assert!(slot.unwrap(&secret, HOUSE).is_err(), "bit {bit} of byte {at}");
                assert!(slot.unwrap(&Secret::Words(key.clone()), HOUSE).is_err(), "bit {bit} of byte {at}");
            }
        }
    }
    for to in 0..bytes.len() {
        assert!(Slot::from_bytes(&bytes[..to]).map_or(true, |slot| !slot.is_whole(&key)), "{to}");
    }
}

/// The body of a slot with one value replaced, and a proof, which nobody looks at before the key is there.
fn with(slot: &Slot, path: &[&str], value: Value) -> Vec<u8> {
    let bytes = slot.to_bytes();
    let mut body: Value = ciborium::from_reader(bytes.as_slice()).unwrap();
    let mut at = &mut body;
    for name in path {
        let map = at.as_map_mut().unwrap();
        let place = map.iter().position(|(key, _)| key.as_text() == Some(name)).unwrap_or_else(|| {
            map.push((Value::Text((*name).into()), Value::Null));
            map.len() - 1
        });
        at = &mut map[place].1;
    }
    *at = value;
    let mut out = Vec::new();
    ciborium::into_writer(&body, &mut out).unwrap();
    out.extend_from_slice(&[0; 32]);
    out
}

#[test]
fn a_hostile_slot_cannot_ask_for_more_than_the_host_has() {
    let slot = quick(&RepositoryKey::generate().unwrap(), "correct horse battery");
    let set = |name, value: u64| Slot::from_bytes(&with(&slot, &["kdf", name], Value::Integer(value.into())));
    let most = u64::from(limits::KDF_MEMORY_KIB);
    set("memory_kib", most).unwrap();
    set("passes", u64::from(limits::KDF_PASSES)).unwrap();
    assert_eq!(said(set("memory_kib", most + 1)), "no slot of a key: memory in KiB of 262145 (from 8 to 262144 are taken)");
    assert_eq!(said(set("passes", u64::from(limits::KDF_PASSES) + 1)), "no slot of a key: passes of 17 (from 1 to 16 are taken)");
    assert_eq!(said(set("lanes", u64::from(limits::KDF_LANES) + 1)), "no slot of a key: lanes of 17 (from 1 to 16 are taken)");
    for (name, value) in [("memory_kib", 7), ("memory_kib", u64::MAX), ("passes", 0), ("lanes", 0), ("lanes", 2)] {
        assert!(set(name, value).is_err(), "{name} {value}");
    }
    for salt in [0, 15, 65] {
        let short = Slot::from_bytes(&with(&slot, &["kdf", "salt"], Value::Bytes(vec![1; salt])));
        assert_eq!(said(short), format!("no slot of a key: a salt of {salt} bytes"));
    }
    let other = Slot::from_bytes(&with(&slot, &["kdf", "algorithm"], Value::Text("md5".into())));
    assert_eq!(said(other), "no slot of a key: passphrases made keys by `md5`, which this jamey does not know");
}

#[test]
fn what_is_no_slot_is_refused_in_words() {
    let key = RepositoryKey::generate().unwrap();
    let slot = quick(&key, "correct horse battery");
    let set = |name, value| said(Slot::from_bytes(&with(&slot, &[name], value)));
    assert_eq!(set("v", Value::Integer(2.into())), "no slot of a key: it was written by a newer jamey (version 2): use that one");
    assert_eq!(set("v", Value::Integer(0.into())), "no slot of a key: it goes on behind its end, or is of no version");
    assert_eq!(set("kind", Value::Text("key_file".into())), "no slot of a key: of the kind `key_file`");
    assert_eq!(set("kind", Value::Text("words".into())), "no slot of a key: of the kind `words`");
    assert_eq!(set("key", Value::Bytes(vec![1; 9])), "no slot of a key: a key's id of 9 bytes");
    assert!(set("more", Value::Integer(1.into())).contains("unknown field"));
    assert_eq!(said(Slot::from_bytes(&[0; 31])), "no slot of a key: it is too short");
    assert_eq!(said(Slot::from_bytes(&[0; limits::SLOT_BYTES + 1])), "no slot of a key: it is too long");
    let mut longer = slot.to_bytes();
    longer.extend_from_slice(&[0; 5]);
    assert_eq!(said(Slot::from_bytes(&longer)), "no slot of a key: it goes on behind its end, or is of no version");
    // A byte string that claims to be 2^60 bytes long takes no memory.
    assert!(Slot::from_bytes(&[&[0xA1, 0x61, b'v', 0x5B, 0x10, 0, 0, 0, 0, 0, 0, 0][..], &[0; 40]].concat()).is_err());
}
