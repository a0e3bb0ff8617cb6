//! What a repository's files promise without a key.

use super::*;

fn vault(folder: &Path) -> Vault {
    Vault::create(folder, Uuid::from_u128(7), false).unwrap()
}

#[test]
fn what_is_kept_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let made = vault(folder.path());
    let pack = vec![5; 10_000];
    made.keep_pack(Id::of(&pack), &pack).unwrap();
    made.keep_snapshot(1, b"one").unwrap();
    made.keep_slot(&Uuid::from_u128(9).to_string(), b"wrapped").unwrap();
    let again = Vault::open(folder.path()).unwrap();
    assert_eq!((again.id, again.append_only), (Uuid::from_u128(7), false));
    assert_eq!(again.packs().unwrap(), [(Id::of(&pack), 10_000)]);
    assert_eq!((again.sequences().unwrap(), again.snapshot(1).unwrap()), (vec![1], b"one".to_vec()));
    assert_eq!(again.slots().unwrap(), [(Uuid::from_u128(9).to_string(), b"wrapped".to_vec())]);
    assert!(matches!(again.snapshot(2), Err(PhoenixError::NoSnapshot { sequence: 2 })));
    assert!(matches!(Vault::create(folder.path(), Uuid::nil(), false), Err(PhoenixError::Exists { .. })));
}

#[test]
fn nothing_is_written_over_and_one_alone_writes() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    vault.keep_snapshot(1, b"one").unwrap();
    vault.keep_snapshot(1, b"one").unwrap();
    assert!(vault.keep_snapshot(1, b"another").unwrap_err().to_string().contains("nothing is written over it"));
    let writing = vault.writing().unwrap();
    assert!(matches!(Vault::open(folder.path()).unwrap().writing(), Err(PhoenixError::Busy { .. })));
    drop(writing);
    vault.writing().unwrap();
}

#[test]
fn a_pack_is_taken_in_only_whole() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let (bytes, partial) = (vec![1; 3_000], vault.partial_path(Id::of(&[1; 3_000])));
    fs::write(&partial, &bytes[..2_999]).unwrap();
    assert!(vault.adopt_pack(Id::of(&bytes), &partial).is_err());
    fs::write(&partial, &bytes).unwrap();
    vault.adopt_pack(Id::of(&bytes), &partial).unwrap();
    assert_eq!(vault.packs().unwrap(), [(Id::of(&bytes), 3_000)]);
    assert!(!partial.exists());
}

#[test]
fn wrapped_keys_are_so_many_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    for n in 0..limits::SLOTS {
        vault.keep_slot(&Uuid::from_u128(n as u128).to_string(), b"wrapped").unwrap();
    }
    assert_eq!(vault.slots().unwrap().len(), limits::SLOTS);
    vault.keep_slot(&Uuid::from_u128(99).to_string(), b"one more").unwrap();
    assert!(vault.slots().unwrap_err().to_string().contains("33 wrapped keys are more than 32"));
}

#[test]
fn other_folders_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::NoRepository { .. })));
    fs::write(folder.path().join("holiday.jpg"), "x").unwrap();
    assert!(matches!(Vault::create(folder.path(), Uuid::nil(), false), Err(PhoenixError::NotEmpty { .. })));
    fs::write(
        folder.path().join(FILE),
        r#"{"format":"jamey-phoenix","v":2,"repository":"00000000-0000-0000-0000-000000000000","append_only":false}"#,
    )
    .unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::Newer { found: 2, .. })));
    fs::write(folder.path().join(FILE), "nonsense").unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::Damaged { .. })));
}
