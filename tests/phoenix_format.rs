//! What Jamey writes, a reader written from docs/phoenix-format.md alone gives back, to the last byte, by each secret.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

#[path = "phoenix/reader.rs"]
mod reader;

use jamey::{
    domain::Timestamp,
    phoenix::{Component, Content, Drilled, Item, KeyFile, Order, Repository, RepositoryKey, Retention, Secret, Source},
};
use reader::{Reader, Saved, Way};
use std::{collections::BTreeMap, fs, path::Path};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "Grüße an alle, die heimkommen";
/// The same, as another keyboard has it.
const TYPED: &str = "Gru\u{308}ße\u{a0}an alle, die heimkommen";
const AT: i64 = 1_800_000_000_000_000;

/// Nothing compresses it.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Path, mode and content of each file of a component.
type House = Vec<(Component, Vec<(&'static str, u32, Vec<u8>)>)>;

/// A database that needs lists and a second pack, and small files of every length that is odd.
fn house(day: u64) -> House {
    let mut database = noise(1, 9_000_000);
    database[1_000_000..1_100_000].copy_from_slice(&noise(day, 100_000));
    vec![
        (Component::Database, vec![("jamey.db", 0o600, database), ("audit.key", 0o600, noise(2, 32))]),
        (
            Component::Broker,
            vec![("broker/retained", 0o640, b"jamey/status online\n".repeat(50_000)), ("broker/sessions", 0o640, Vec::new())],
        ),
        (Component::Config, vec![("config/jamey.toml", 0o644, format!("# day {day}\n").into_bytes())]),
        (Component::Rules, [16_383, 16_384, 16_385].map(|n| (["a", "b", "c"][n - 16_383], 0o600, noise(3, n))).into()),
        (Component::Access, vec![("zugänge/ä", 0o400, b"x".to_vec())]),
    ]
}

fn sources(house: House) -> Vec<Source> {
    let item = |(path, mode, content): (&str, u32, Vec<u8>)| Item { path: path.into(), mode, content: Content::Bytes(content) };
    let source = |(component, files): (Component, Vec<_>)| Source {
        component,
        schema: 7,
        counts: BTreeMap::from([("files".into(), files.len() as u64)]),
        items: files.into_iter().map(item).collect(),
    };
    house.into_iter().map(source).collect()
}

fn expected(house: House) -> BTreeMap<String, Saved> {
    let mut files = BTreeMap::new();
    for (component, items) in house {
        for (path, mode, content) in items {
            files.insert(path.to_owned(), Saved { component: component.name().into(), mode, content });
        }
    }
    files
}

fn take(repository: &mut Repository, day: u64) {
    let at = Timestamp::from_micros(AT + day.cast_signed() * 86_400_000_000);
    let order = Order { at, node: "haus".into(), reason: "scheduled".into(), sources: sources(house(day)), bytes_a_second: 0, after: 0 };
    assert_eq!(repository.snapshot(order, &mut |_| true).unwrap().sequence, day);
}

fn passphrase(text: &str) -> Secret {
    Secret::Passphrase(Zeroizing::new(text.into()))
}

/// All snapshots are as they were taken; without a word of what differs, for that would be megabytes.
fn whole(reader: &Reader, days: &[u64]) {
    assert_eq!(reader.numbers(), days);
    for &day in days {
        let files = reader.files(day).unwrap();
        let expected = expected(house(day));
        assert!(files.keys().eq(expected.keys()), "{:?}", files.keys());
        for (path, saved) in files {
            assert!(expected[&path] == saved, "{path} of day {day}");
        }
    }
}

#[test]
fn every_byte_comes_back_by_passphrase_key_file_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key_path) = (folder.path().join("r"), folder.path().join("house.key"));
    let secrets = [passphrase(PASSPHRASE), Secret::KeyFile(KeyFile::create(&key_path).unwrap())];
    let mut repository = Repository::init(&path, &secrets, false, Timestamp::from_micros(AT)).unwrap();
    take(&mut repository, 1);
    take(&mut repository, 2);
    repository.drilled(Drilled { sequence: 2, at: Timestamp::from_micros(AT + 5), passed: true }).unwrap();
    let words = repository.key().words();

    for way in [Way::Passphrase(TYPED), Way::KeyFile(&key_path), Way::Words(&words)] {
        let reader = Reader::open(&path, &way).unwrap();
        assert_eq!((reader.numbers(), reader.drill(2)), (vec![1, 2], Ok((AT as u64 + 5, true))));
    }
    let reader = Reader::open(&path, &Way::KeyFile(&key_path)).unwrap();
    whole(&reader, &[1, 2]);
    let first = fs::read(path.join("snapshots/0000000001")).unwrap();
    assert_eq!(reader.value(2, "previous").unwrap().as_bytes().unwrap(), blake3::hash(&first).as_bytes());
    assert_eq!(reader.value(1, "previous").unwrap(), ciborium::Value::Null);
    assert_eq!(reader.value(2, "reason").unwrap().as_text(), Some("scheduled"));
    assert_eq!(reader.value(2, "taken_at").unwrap().as_integer().map(i128::from), Some(i128::from(AT) + 2 * 86_400_000_000));
    let packs: std::collections::BTreeSet<_> = reader.places.values().map(|place| &place.pack).collect();
    assert!(packs.len() > 2, "the database has a second pack");

    for way in [Way::Passphrase("another one altogether"), Way::Words(&words.replacen(' ', " zoo ", 1)), Way::KeyFile(&path)] {
        assert!(Reader::open(&path, &way).is_err());
    }
    let foreign = RepositoryKey::generate().unwrap().words();
    assert!(Reader::open(&path, &Way::Words(&foreign)).is_err());

    // Pruned, and the key wrapped anew: the same format still.
    take(&mut repository, 3);
    let retention = Retention { last: 1, daily: 0, weekly: 0, monthly: 0 };
    repository.prune(&retention, &jiff::tz::TimeZone::UTC, false, &mut |_| true).unwrap();
    repository.rotate_keys(&[passphrase("another one altogether")], Timestamp::from_micros(AT)).unwrap();
    whole(&Reader::open(&path, &Way::Passphrase("another one altogether")).unwrap(), &[2, 3]);
    assert!(Reader::open(&path, &Way::KeyFile(&key_path)).is_err());
}

#[test]
fn the_examples_on_the_page_are_true() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/phoenix-format.md")).unwrap();
    let zero = [0; 32];
    let key = RepositoryKey::from_words(&format!("{}art", "abandon ".repeat(23))).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let id: [u8; 8] = reader::expand(&zero, b"jamey-phoenix@v1 id");
    assert_eq!(key.id(), id);
    assert!(page.contains(&hex(&id)));
    let derived = |name: &str| reader::expand::<32>(&zero, format!("jamey-phoenix@v1 {name}").as_bytes());
    assert_eq!((*key.sealing(), *key.naming()), (derived("sealing"), derived("naming")));
    for name in ["sealing", "naming", "proving"] {
        assert!(page.contains(&format!("{name} `{}`", hex(&derived(name)))), "{name}");
    }

    // The label has one form, and it is the one on the page.
    let (from, to) = (page.find("```json\n").unwrap() + 8, page.find("}\n```").unwrap() + 2);
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("r");
    let secret = Secret::KeyFile(KeyFile::create(&folder.path().join("house.key")).unwrap());
    let repository = Repository::init(&made, &[secret], false, Timestamp::from_micros(AT)).unwrap();
    let label = fs::read_to_string(made.join("repository")).unwrap();
    assert_eq!(label.replace(&repository.vault.id.to_string(), "0d2f3c4e-1b1a-4c5d-8e9f-a0b1c2d3e4f5"), page[from..to]);
}
