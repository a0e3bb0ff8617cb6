//! The repository as a whole: what goes in comes out, what did not change is not written again, and what goes leaves room.

use super::{
    testing::{noise, repository},
    *,
};
use crate::domain::Timestamp;
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, fs, path::Path};

fn at(day: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).plus_seconds(day * 86_400)
}

fn bytes(path: &str, content: &[u8]) -> Item {
    Item { path: path.into(), mode: 0o640, content: Content::Bytes(content.to_vec()) }
}

fn source(component: Component, items: Vec<Item>) -> Source {
    Source { component, schema: 3, counts: BTreeMap::from([("records".into(), 7)]), items }
}

fn order(day: i64, sources: Vec<Source>) -> Order {
    Order { at: at(day), node: "home".into(), reason: "asked".into(), sources, bytes_a_second: 0, after: 0 }
}

fn take(repository: &mut Repository, day: i64, sources: Vec<Source>) -> Taken {
    repository.snapshot(order(day, sources), &mut |_| true).unwrap()
}

fn restored(repository: &Repository, sequence: Sequence, into: &Path) -> BTreeMap<String, Vec<u8>> {
    repository.restore(sequence, &Choice::default(), into, &mut |_| true).unwrap();
    let mut files = BTreeMap::new();
    walk(into, into, &mut files);
    files
}

fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            walk(root, &entry.path(), files);
        } else {
            files.insert(entry.path().strip_prefix(root).unwrap().display().to_string(), fs::read(entry.path()).unwrap());
        }
    }
}

fn sound(repository: &Repository) -> Vec<Finding> {
    repository.verify(Depth::Everything, &mut |_| true).unwrap().into_iter().filter(|finding| finding.grave).collect()
}

#[test]
fn what_goes_in_comes_out_and_again_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let database = noise(1, 12_000_000);
    let file = folder.path().join("copy.db");
    fs::write(&file, &database).unwrap();
    let sources = || {
        let copy = Item { path: "jamey.db".into(), mode: 0o600, content: Content::File(file.clone()) };
        let small = vec![bytes("config/jamey.toml", b"node = \"home\"\n"), bytes("config/empty", b"")];
        vec![source(Component::Database, vec![copy, bytes("audit.key", &[9; 32])]), source(Component::Config, small)]
    };
    let first = take(&mut repository, 0, sources());
    assert_eq!((first.sequence, first.bytes), (1, 12_000_000 + 32 + 14));
    assert!(first.written > 12_000_000 && first.new_chunks == first.chunks, "{first:?}");
    let second = take(&mut repository, 1, sources());
    assert_eq!((second.sequence, second.new_chunks), (2, 0));
    assert!(second.written < 2_000, "{second:?}");

    // Opened anew, with nothing but the folder and the key.
    let secret = Secret::KeyFile(KeyFile::read(&folder.path().join("key")).unwrap());
    let repository = Repository::open(&folder.path().join("repository"), &secret).unwrap();
    let files = restored(&repository, 2, &folder.path().join("new"));
    assert!(files["jamey.db"] == database && files["audit.key"] == [9; 32]);
    assert_eq!(
        (files["config/jamey.toml"].as_slice(), files["config/empty"].as_slice()),
        (b"node = \"home\"\n".as_slice(), b"".as_slice())
    );
    let found = fs::metadata(folder.path().join("new/config/jamey.toml")).unwrap();
    assert!(crate::runtime::files::mode(&found).is_none_or(|mode| mode == 0o640));
    assert_eq!(sound(&repository), []);
    let manifest = repository.manifest(2).unwrap();
    assert_eq!(manifest.previous, Some(first.hash));
    assert_eq!(repository.read(&manifest, Component::Config, "config/jamey.toml").unwrap(), b"node = \"home\"\n");
}

#[test]
fn one_hundredth_changed_is_little_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let mut database = noise(1, 20_000_000);
    take(&mut repository, 0, vec![source(Component::Database, vec![bytes("jamey.db", &database)])]);
    database[5_000_000..5_200_000].copy_from_slice(&noise(2, 200_000));
    let taken = take(&mut repository, 1, vec![source(Component::Database, vec![bytes("jamey.db", &database)])]);
    assert!(taken.written < 700_000, "{taken:?}");
    let differences = repository.diff(1, 2).unwrap();
    assert_eq!(differences.len(), 1);
    assert!(matches!(differences[0].standing, Standing::Changed { .. }));
    assert!((200_000..700_000).contains(&differences[0].new_bytes), "{differences:?}");
}

#[test]
fn a_component_alone_and_a_trial_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    take(
        &mut repository,
        0,
        vec![source(Component::Rules, vec![bytes("rules/a.toml", b"a")]), source(Component::Broker, vec![bytes("b", b"b")])],
    );
    let into = folder.path().join("new");
    let only = Choice { components: Some([Component::Rules].into()), ..Choice::default() };
    let done = repository.restore(1, &only, &into, &mut |_| true).unwrap();
    assert_eq!((done.files, done.parts.len()), (1, 1));
    assert!(into.join("rules/a.toml").exists() && !into.join("b").exists());

    let trial = folder.path().join("trial");
    repository.restore(1, &Choice { dry_run: true, ..Choice::default() }, &trial, &mut |_| true).unwrap();
    assert!(!trial.exists());
    let missing = Choice { components: Some([Component::Index].into()), ..Choice::default() };
    let error = repository.restore(1, &missing, &trial, &mut |_| true).unwrap_err().to_string();
    assert_eq!(error, "the snapshot holds no index; it holds rules, broker");
    let error = repository.restore(1, &Choice::default(), &into, &mut |_| true).unwrap_err();
    assert!(matches!(error, PhoenixError::NotEmpty { .. }), "{error}");
}

#[test]
fn stopping_leaves_nothing_to_see() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let database = noise(1, 3_000_000);
    let sources = || vec![source(Component::Database, vec![bytes("jamey.db", &database)])];
    let stopped = repository.snapshot(order(0, sources()), &mut |step| step.done < 1_000_000);
    assert!(matches!(stopped, Err(PhoenixError::Stopped)));
    assert_eq!(repository.list().unwrap(), []);
    take(&mut repository, 0, sources());
    let into = folder.path().join("new");
    let stopped = repository.restore(1, &Choice::default(), &into, &mut |step| step.done < 1_000_000);
    assert!(matches!(stopped, Err(PhoenixError::Stopped)) && !into.exists());
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).filter(|n| n != "key" && n != "repository").collect();
    assert_eq!(left, Vec::<std::ffi::OsString>::new());
}

#[test]
fn pruning_gives_the_room_back_and_keeps_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let shared = noise(0, 2_000_000);
    for day in 0..12 {
        let own = noise(day + 1, 1_000_000);
        let items = vec![bytes("shared", &shared), bytes("own", &own)];
        take(&mut repository, i64::try_from(day).unwrap(), vec![source(Component::Database, items)]);
    }
    repository.drilled(Drilled { sequence: 2, at: at(2), passed: true }).unwrap();
    repository.drilled(Drilled { sequence: 5, at: at(5), passed: false }).unwrap();
    let retention = Retention { last: 2, daily: 0, weekly: 0, monthly: 0 };
    let trial = repository.prune(&retention, &TimeZone::UTC, true, &mut |_| true).unwrap();
    assert_eq!(trial.kept, [2, 11, 12]);
    assert_eq!(repository.list().unwrap().len(), 12);
    let pruned = repository.prune(&retention, &TimeZone::UTC, false, &mut |_| true).unwrap();
    assert_eq!((&pruned.kept, pruned.removed.len()), (&vec![2, 11, 12], 9));
    assert!(pruned.bytes_before > 14_000_000 && pruned.bytes_after < 5_300_000, "{pruned:?}");
    assert_eq!(sound(&repository), []);
    for (sequence, seed) in [(2, 2), (11, 11), (12, 12)] {
        let files = restored(&repository, sequence, &folder.path().join(sequence.to_string()));
        assert!(files["shared"] == shared && files["own"] == noise(seed, 1_000_000));
    }
    let again = repository.prune(&retention, &TimeZone::UTC, false, &mut |_| true).unwrap();
    assert_eq!((again.removed.len(), again.bytes_after), (0, pruned.bytes_after));
    // A number is never given twice.
    assert_eq!(repository.snapshot(Order { after: 40, ..order(13, vec![]) }, &mut |_| true).unwrap().sequence, 41);
}

#[test]
fn what_no_restore_could_put_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let mut refused = |items| repository.snapshot(order(0, vec![source(Component::Config, items)]), &mut |_| true).unwrap_err().to_string();
    assert_eq!(refused(vec![bytes("../x", b"")]), "`../x` is no path below a folder");
    assert_eq!(refused(vec![bytes("x", b""), bytes("x", b"")]), "`x` is there twice");
    let gone = Item { path: "x".into(), mode: 0, content: Content::File("/nowhere/at/all".into()) };
    assert!(refused(vec![gone]).contains("/nowhere/at/all: cannot be read"));
    assert_eq!(repository.list().unwrap(), []);
}

#[test]
fn an_append_only_repository_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secret = Secret::KeyFile(KeyFile::create(&folder.path().join("key")).unwrap());
    let mut repository = Repository::init(&folder.path().join("r"), &[secret], true, at(0)).unwrap();
    let error = repository.prune(&Retention::default(), &TimeZone::UTC, false, &mut |_| true).unwrap_err();
    assert!(matches!(error, PhoenixError::AppendOnly { .. }));
}

#[test]
fn keys_come_and_go_and_the_last_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let path = folder.path().join("repository");
    let secret = |name: &str| Secret::KeyFile(KeyFile::create(&folder.path().join(name)).unwrap());
    let (first, second, third) = (Secret::KeyFile(KeyFile::read(&folder.path().join("key")).unwrap()), secret("second"), secret("third"));
    let id = repository.add_key(&second, at(1)).unwrap();
    assert!(Repository::open(&path, &second).is_ok());
    repository.remove_key(id).unwrap();
    assert!(matches!(Repository::open(&path, &second), Err(PhoenixError::Key(_))));
    let last = uuid::Uuid::parse_str(&repository.vault.slots().unwrap()[0].0).unwrap();
    assert!(repository.remove_key(last).unwrap_err().to_string().contains("is the last one"));
    repository.rotate_keys(std::slice::from_ref(&third), at(2)).unwrap();
    assert!(Repository::open(&path, &third).is_ok() && Repository::open(&path, &first).is_err());
    let words = RepositoryKey::from_words(&repository.key().words()).unwrap();
    assert!(Repository::open(&path, &Secret::Words(words)).is_ok());
    assert!(Repository::open(&path, &Secret::Words(RepositoryKey::generate().unwrap())).is_err());
}

#[test]
fn what_a_damaged_pack_held_is_written_anew_once_it_is_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let database = noise(1, 1_000_000);
    let sources = || vec![source(Component::Database, vec![bytes("jamey.db", &database)])];
    take(&mut repository, 0, sources());
    let path = repository.vault.pack_path(repository.vault.packs().unwrap()[0].0);
    let mut pack = fs::read(&path).unwrap();
    pack[500_000] ^= 1;
    fs::write(&path, pack).unwrap();
    // A snapshot does not read what is there already: it refers to what is damaged.
    assert_eq!(take(&mut repository, 1, sources()).new_chunks, 0);
    let findings = sound(&repository);
    assert_eq!((findings.len(), &findings[0].path, &findings[0].snapshots), (1, &path, &vec![1, 2]));
    assert_eq!(repository.set_aside(&findings).unwrap(), 1);
    assert_eq!(repository.set_aside(&findings).unwrap(), 0);
    let taken = take(&mut repository, 2, sources());
    assert_eq!(taken.new_chunks, taken.chunks);
    // All that it held is there again, and so the earlier ones are whole too.
    assert_eq!(sound(&repository), []);
    assert!(restored(&repository, 1, &folder.path().join("new"))["jamey.db"] == database);
}

#[test]
fn a_wrapped_key_that_was_altered_is_found_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let repository = repository(folder.path());
    let passphrase = Secret::Passphrase("correct horse battery staple".to_owned().into());
    let id = repository.add_key(&passphrase, at(0)).unwrap();
    let path = folder.path().join("repository/keys").join(id.to_string());
    let mut slot = fs::read(&path).unwrap();
    let middle = slot.len() / 2;
    slot[middle] ^= 1;
    fs::write(&path, slot).unwrap();
    let findings = sound(&repository);
    assert_eq!((findings.len(), &findings[0].path), (1, &path));
}

#[test]
fn of_a_chunk_that_lies_twice_the_good_one_is_read_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let database = noise(1, 1_000_000);
    take(&mut repository, 0, vec![source(Component::Database, vec![bytes("jamey.db", &database)])]);
    let (good, _) = repository.vault.packs().unwrap()[0];
    let mut forged = fs::read(repository.vault.pack_path(good)).unwrap();
    // Until its name comes before that of the good one.
    for at in (1_000..900_000).step_by(1_000) {
        forged[at] ^= 1;
        if Id::of(&forged) < good {
            break;
        }
    }
    let name = Id::of(&forged);
    assert!(name < good);
    let partial = repository.vault.partial_path(name);
    fs::write(&partial, forged).unwrap();
    repository.vault.adopt_pack(name, &partial).unwrap();
    assert!(restored(&repository, 1, &folder.path().join("new"))["jamey.db"] == database);
    let findings = sound(&repository);
    assert_eq!((findings.len(), findings[0].snapshots.len()), (1, 0), "it is named, and nothing is lost by it: {findings:?}");
    repository.prune(&Retention::default(), &TimeZone::UTC, false, &mut |_| true).unwrap();
    assert!(restored(&repository, 1, &folder.path().join("again"))["jamey.db"] == database);
    assert_eq!(repository.vault.packs().unwrap().iter().filter(|(id, _)| *id == name).count(), 0);
}

#[test]
fn a_number_that_anybody_could_write_leads_nobody_astray() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let items = || vec![source(Component::Config, vec![bytes("c", b"c")])];
    take(&mut repository, 0, items());
    fs::write(repository.vault.snapshot_path(9_999_999_999), "").unwrap();
    fs::write(repository.vault.snapshot_path(2), "").unwrap();
    assert_eq!(take(&mut repository, 1, items()).sequence, 3);
    assert_eq!(repository.newest().unwrap(), Some(3));
    assert!(sound(&repository).len() == 2);
    let last = repository.snapshot(Order { after: 9_999_999_999, ..order(2, items()) }, &mut |_| true);
    assert!(last.unwrap_err().to_string().contains("have come to an end"));
}

#[test]
fn a_manifest_that_cannot_be_read_keeps_the_house_from_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut repository = repository(folder.path());
    let items = || vec![source(Component::Config, vec![bytes("c", b"c")])];
    take(&mut repository, 0, items());
    let path = repository.vault.snapshot_path(1);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let taken = take(&mut repository, 1, items());
    assert_eq!(repository.manifest(taken.sequence).unwrap().kept, []);
}
