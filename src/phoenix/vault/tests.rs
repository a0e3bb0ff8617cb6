//! What a repository's files promise without a key.

use super::*;

fn vault(folder: &Path) -> Vault {
    Vault::create(folder, Uuid::from_u128(7), false, &[]).unwrap()
}

#[test]
fn what_is_kept_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let made = vault(folder.path());
    let pack = vec![5; 10_000];
    made.keep_pack(Id::of(&pack), &pack, Haste::Gentle(None)).unwrap();
    made.keep_snapshot(1, b"one").unwrap();
    made.keep_slot(&Uuid::from_u128(9).to_string(), b"wrapped").unwrap();
    let again = Vault::open(folder.path()).unwrap();
    assert_eq!((again.id, again.append_only), (Uuid::from_u128(7), false));
    assert_eq!(again.packs().unwrap(), [(Id::of(&pack), 10_000)]);
    assert_eq!((again.sequences().unwrap(), again.snapshot(1).unwrap()), (vec![1], b"one".to_vec()));
    assert_eq!(again.slots().unwrap(), [(Uuid::from_u128(9).to_string(), b"wrapped".to_vec())]);
    assert!(matches!(again.snapshot(2), Err(PhoenixError::NoSnapshot { sequence: 2 })));
    assert!(matches!(Vault::create(folder.path(), Uuid::nil(), false, &[]), Err(PhoenixError::Exists { .. })));
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
fn one_wrapped_key_that_cannot_be_read_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    vault.keep_slot(&Uuid::from_u128(1).to_string(), b"wrapped").unwrap();
    for (n, length) in [(2, 64 * 1_024), (3, 64 * 1_024 + 1)] {
        fs::write(folder.path().join("keys").join(Uuid::from_u128(n).to_string()), vec![0; length]).unwrap();
    }
    fs::create_dir(folder.path().join("keys").join(Uuid::from_u128(4).to_string())).unwrap();
    let upper = Uuid::from_u128(0xabc).to_string().to_uppercase();
    fs::write(folder.path().join("keys").join(&upper), b"wrapped").unwrap();
    assert_eq!(
        vault.slots().unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        [1, 2].map(|n| Uuid::from_u128(n).to_string())
    );
    assert!(vault.keep_slot(&upper, b"wrapped").is_err());
}

#[test]
fn a_link_leads_nothing_elsewhere_and_a_pipe_lets_nobody_wait() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&folder.path().join("r"));
    let live = folder.path().join("jamey.db");
    fs::write(&live, "alive").unwrap();
    std::os::unix::fs::symlink(&live, folder.path().join("r/partial/.new-0000000001")).unwrap();
    vault.keep_snapshot(1, b"one").unwrap();
    assert_eq!((fs::read(&live).unwrap(), vault.snapshot(1).unwrap()), (b"alive".to_vec(), b"one".to_vec()));
    nix::unistd::mkfifo(&vault.snapshot_path(2), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(vault.snapshot(2).unwrap_err().to_string().contains("is no file"));
    assert!(vault.keep_snapshot(2, b"two").is_err());
}

#[test]
fn a_number_has_one_form_and_ten_digits() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    for name in ["0000000007", "9999999999", "+000000005", "10000000000", "7", "00000000x1"] {
        fs::write(folder.path().join("snapshots").join(name), "").unwrap();
    }
    assert_eq!(vault.sequences().unwrap(), [7, 9_999_999_999]);
    assert_eq!(vault.strangers().unwrap().len(), 4);
}

#[test]
fn a_making_that_was_killed_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    vault(folder.path()).keep_slot(&Uuid::from_u128(1).to_string(), b"of no use").unwrap();
    fs::remove_file(folder.path().join(FILE)).unwrap();
    let slot = (Uuid::from_u128(2).to_string(), b"wrapped".to_vec());
    let made = Vault::create(folder.path(), Uuid::from_u128(8), false, std::slice::from_ref(&slot)).unwrap();
    assert_eq!(made.slots().unwrap(), [slot]);
    made.keep_snapshot(1, b"one").unwrap();
    fs::remove_file(folder.path().join(FILE)).unwrap();
    assert!(matches!(Vault::create(folder.path(), Uuid::from_u128(9), false, &[]), Err(PhoenixError::NotEmpty { .. })));
}

#[test]
fn other_folders_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::NoRepository { .. })));
    fs::write(folder.path().join("holiday.jpg"), "x").unwrap();
    assert!(matches!(Vault::create(folder.path(), Uuid::nil(), false, &[]), Err(PhoenixError::NotEmpty { .. })));
    fs::write(
        folder.path().join(FILE),
        r#"{"format":"jamey-phoenix","v":2,"repository":"00000000-0000-0000-0000-000000000000","append_only":false}"#,
    )
    .unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::Newer { found: 2, .. })));
    fs::write(folder.path().join(FILE), "nonsense").unwrap();
    assert!(matches!(Vault::open(folder.path()), Err(PhoenixError::Damaged { .. })));
}
