//! Promise: on a real disk files grow, are resumed, and take their names only whole; nothing is written over.

use super::*;
use crate::phoenix::Vault;
use std::fs;

fn original(folder: &std::path::Path) -> (Vault, Files) {
    let vault = Vault::create(folder, REPOSITORY, false, &[]).unwrap();
    let (mut files, mut chance) = (Files::default(), Chance(3));
    files.grow(&mut chance, 3, 600_000);
    files.grow(&mut chance, 2, 600_000);
    for (id, bytes) in &files.packs {
        fs::write(vault.partial_path(*id), bytes).unwrap();
        vault.adopt_pack(*id, &vault.partial_path(*id)).unwrap();
    }
    files.keys.iter().for_each(|(name, bytes)| vault.keep_slot(name, bytes).unwrap());
    files.snapshots.iter().for_each(|(sequence, bytes)| vault.keep_snapshot(*sequence, bytes).unwrap());
    (vault, files)
}

fn copy(folder: &std::path::Path) -> Landing {
    let vault = Vault::open(folder).or_else(|_| Vault::create(folder, REPOSITORY, true, &[]));
    Landing::new(vault.unwrap()).unwrap()
}

/// Serves at most so many pieces; the number that were sent.
fn serve(receiver: &mut Receiver, landing: &mut Landing, vault: &Vault, stock: &Stock, most: usize) -> usize {
    let mut sent = 0;
    loop {
        let says = receiver.says();
        if says.is_empty() {
            return sent;
        }
        for say in says {
            let Say::Want(want) = say else { continue };
            for (id, n) in Want::read(&want).unwrap().pieces {
                if sent == most {
                    return sent;
                }
                sent += 1;
                receiver.piece(&stock.piece(vault, &id, n).unwrap(), landing, 0).unwrap();
            }
        }
    }
}

#[test]
fn a_copy_is_the_original_and_is_resumed_where_it_was() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, files) = original(here.path());
    let stock = Stock::of(&vault).unwrap().unwrap();
    assert_eq!(stock, files.stock());
    assert_eq!(stock.manifest(&vault).unwrap(), files.piece(&stock, &stock.offer.snapshot, 0));
    let all: u32 = files.listing().objects().map(|object| object.pieces()).sum();
    let mut sent = 0;
    for most in [3, 4, 5, 1_000] {
        let (mut landing, mut receiver) = (copy(there.path()), Receiver::new());
        receiver.offered(stock.offer.clone(), &mut landing, 0);
        sent += serve(&mut receiver, &mut landing, &vault, &stock, most);
    }
    // Four times the list.
    assert_eq!(sent, all as usize + 4);
    let mut landing = copy(there.path());
    let kept = landing.here().unwrap();
    assert_eq!(kept, Disk { files: files.clone(), ..Disk::default() }.here().unwrap());
    for (id, bytes) in &files.packs {
        assert_eq!(&fs::read(landing.vault().pack_path(*id)).unwrap(), bytes);
    }
    assert_eq!(fs::read_dir(landing.vault().partial_path(Id::default()).parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn what_was_begun_and_is_wrong_is_fetched_anew() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, files) = original(here.path());
    let stock = Stock::of(&vault).unwrap().unwrap();
    let mut landing = copy(there.path());
    for (id, bytes) in &files.packs {
        let partial = landing.vault().partial_path(*id);
        fs::write(&partial, vec![0; bytes.len()]).unwrap();
        fs::write(partial.with_extension("map"), [0, 0, 0, 0, 0, 0, 0, 99, 7]).unwrap();
    }
    let mut receiver = Receiver::new();
    receiver.offered(stock.offer.clone(), &mut landing, 0);
    serve(&mut receiver, &mut landing, &vault, &stock, 1_000);
    assert!(receiver.news().iter().any(|news| matches!(news, News::Whole { sequence: 2, .. })));
    assert_eq!(landing.vault().packs().unwrap().len(), files.packs.len());
}

#[test]
fn one_alone_receives_and_a_pruned_file_is_refused_to_who_asks() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, files) = original(here.path());
    let landing = copy(there.path());
    assert!(matches!(Landing::new(Vault::open(there.path()).unwrap()), Err(PhoenixError::Busy { .. })));
    drop(landing);
    let stock = Stock::of(&vault).unwrap().unwrap();
    let id = *files.packs.keys().next().unwrap();
    fs::remove_file(vault.pack_path(id)).unwrap();
    assert!(stock.piece(&vault, &id, 0).is_err());
    assert!(stock.piece(&vault, &id, u32::MAX).is_err());
    assert_ne!(Stock::of(&vault).unwrap().unwrap().offer.list, stock.offer.list);
}

#[test]
fn a_repository_without_a_snapshot_is_not_offered() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::create(folder.path(), REPOSITORY, false, &[]).unwrap();
    assert_eq!(Stock::of(&vault).unwrap(), None);
}

#[test]
fn what_rots_in_a_copy_is_put_aside_and_fetched_again() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (vault, files) = original(here.path());
    let stock = Stock::of(&vault).unwrap().unwrap();
    let (mut landing, mut receiver) = (copy(there.path()), Receiver::new());
    receiver.offered(stock.offer.clone(), &mut landing, 0);
    serve(&mut receiver, &mut landing, &vault, &stock, 1_000);
    receiver.news();
    let mut looks = vec![landing.look_on(2).unwrap()];
    while looks.last().unwrap().goes_on {
        looks.push(landing.look_on(2).unwrap());
    }
    assert_eq!((looks.len(), looks.iter().map(|look| look.rotten).sum()), (files.packs.len().div_ceil(2), 0));

    let (id, whole) = files.packs.iter().nth(1).unwrap();
    let path = landing.vault().pack_path(*id);
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(landing.look_on(1_000).unwrap(), Looked { rotten: 1, goes_on: false });
    assert!(!path.exists() && there.path().join("damaged").join(id.to_string()).exists());
    receiver.again(&mut landing, 0);
    let sent = serve(&mut receiver, &mut landing, &vault, &stock, 1_000);
    assert_eq!(&fs::read(&path).unwrap(), whole);
    let object = stock.get(id).unwrap();
    assert_eq!(sent, 1 + object.pieces() as usize, "the list and that pack, and nothing else");
    assert!(receiver.news().iter().any(|news| matches!(news, News::Whole { .. })), "it is told again that all is here");
}
