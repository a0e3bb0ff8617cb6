//! What is asked of files holds on whichever host.

use super::*;
use std::fs::{DirBuilder, File, OpenOptions};

#[test]
fn what_is_made_for_its_owner_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let (file, own) = (folder.path().join("file"), folder.path().join("folder"));
    let made = OpenOptions::new().write(true).create_new(true).owners_alone().open(&file).unwrap();
    DirBuilder::new().owners_alone().create(&own).unwrap();
    assert_eq!((shared(&made.metadata().unwrap()), shared(&own.metadata().unwrap())), (None, None));
    if mode(&made.metadata().unwrap()).is_some() {
        set_mode(&made, 0o640).unwrap();
        assert_eq!((shared(&made.metadata().unwrap()), written_by_others(&made.metadata().unwrap())), (Some(0o640), None));
        set_mode(&made, 0o620).unwrap();
        assert_eq!(written_by_others(&made.metadata().unwrap()), Some(0o620));
    }
}

#[cfg(unix)]
#[test]
fn what_systemd_hands_over_may_be_read_by_its_group_and_nothing_else_may() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let file = OpenOptions::new().write(true).create_new(true).owners_alone().open(&path).unwrap();
    let told = |mode, place: &Path| {
        set_mode(&file, mode).unwrap();
        secret_in(&path, &file.metadata().unwrap(), &[None, Some(place)])
    };
    for (mode, here) in [(0o400, None), (0o440, None), (0o444, Some(0o444)), (0o460, Some(0o460)), (0o404, Some(0o404))] {
        assert_eq!(told(mode, folder.path()), here, "{mode:o}");
        assert_eq!(told(mode, Path::new("/elsewhere")), here.or((mode == 0o440).then_some(mode)), "{mode:o}");
    }
    set_mode(&file, 0o440).unwrap();
    assert_eq!(shared_secret(&path, &file.metadata().unwrap()), Some(0o440));
}

#[cfg(unix)]
#[test]
fn what_is_roots_in_anothers_folder_becomes_anothers() {
    use std::os::unix::fs::{MetadataExt, chown, symlink};
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    std::fs::write(&precious, "1").unwrap();
    let folder = outside.path().join("data");
    std::fs::create_dir_all(folder.join("index/deep")).unwrap();
    for name in ["lock", "index/segment", "index/deep/one"] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    symlink(&precious, folder.join("link")).unwrap();
    symlink(outside.path(), folder.join("way_out")).unwrap();
    std::fs::hard_link(&precious, folder.join("same")).unwrap();
    let owner = |path: &Path| path.symlink_metadata().unwrap().uid();
    let before = owner(&precious);
    hand_over(&folder).unwrap();
    assert_eq!(owner(&folder.join("lock")), before, "it is its owner's already");
    if !crate::runtime::processes::is_root() {
        return;
    }
    chown(&folder, Some(64_000), Some(64_001)).unwrap();
    chown(folder.join("index/segment"), Some(1_234), None).unwrap();
    hand_over(&folder).unwrap();
    for (name, uid) in [("lock", 64_000), ("index", 64_000), ("index/deep/one", 64_000), ("index/segment", 1_234), ("link", 0), ("same", 0)]
    {
        assert_eq!(owner(&folder.join(name)), uid, "{name}");
    }
    assert_eq!((owner(&precious), owner(outside.path())), (0, 0), "what links lead to is somebody else's");
    assert_eq!(folder.join("lock").metadata().unwrap().gid(), 64_001);
}

#[test]
fn another_file_in_its_place_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    assert!(stamp(&path).is_none() && open_once(&path).is_err());
    std::fs::write(&path, "one").unwrap();
    let (first, before) = (open_once(&path).unwrap(), stamp(&path));
    assert_eq!(stamp(&path), before);
    if number(&first.metadata().unwrap()).is_some() {
        assert!(std::sync::Arc::ptr_eq(&first, &open_once(&path).unwrap()), "it is opened once");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "two!").unwrap();
    assert_ne!(stamp(&path), before);
    let mut found = [0; 4];
    open_once(&path).unwrap().read_exact_at(&mut found, 0).unwrap();
    assert_eq!(found, *b"two!");
}

#[test]
fn bytes_are_read_and_written_at_their_place() {
    let file = tempfile::tempfile().unwrap();
    file.write_all_at(b"defg", 3).unwrap();
    file.write_all_at(b"abc", 0).unwrap();
    let mut found = [0; 4];
    file.read_exact_at(&mut found, 2).unwrap();
    assert_eq!(found, *b"cdef");
    assert_eq!((file.fill_at(&mut found, 5).unwrap(), file.fill_at(&mut found, 7).unwrap()), (2, 0));
    assert_eq!(file.read_exact_at(&mut found, 4).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_folder_is_held_by_one_until_it_lets_go() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join(".house.restoring");
    let held = hold(&folder).unwrap().unwrap();
    assert!(folder.is_dir() && hold(&folder).unwrap().is_none());
    std::fs::rename(&folder, parent.path().join("house")).unwrap();
    drop(held);
    assert!(hold(&folder).unwrap().is_some());
    assert!(hold(&parent.path().join("none/folder")).is_err());
}

#[test]
fn all_of_a_folder_is_brought_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    File::create(folder.path().join("in/file")).unwrap();
    brought_to_disk(folder.path()).unwrap();
    sync_folder(folder.path()).unwrap();
    assert!(sync_folder(&folder.path().join("none")).is_err() && brought_to_disk(&folder.path().join("none")).is_err());
}
