//! Promise: who lies on the road can hinder, and changes nothing that is here, nor makes anybody work without end.

use super::*;
use crate::domain::Timestamp;

type Change = fn(&mut Listing);

fn files() -> Files {
    let (mut files, mut chance) = (Files::default(), Chance(7));
    files.grow(&mut chance, 2, 300_000);
    files.grow(&mut chance, 1, 300_000);
    files
}

/// Hands the receiver all that it asks for.
fn serve(receiver: &mut Receiver, disk: &mut Disk, files: &Files, stock: &Stock) {
    let mut now = 1;
    loop {
        let says = receiver.says();
        if says.is_empty() {
            return;
        }
        for say in says {
            let Say::Want(want) = say else { continue };
            for (id, n) in Want::read(&want).unwrap().pieces {
                now += 1;
                receiver.piece(&files.piece(stock, &id, n).unwrap(), disk, now).unwrap();
            }
        }
    }
}

fn copied(files: &Files) -> (Receiver, Disk) {
    let (mut receiver, mut disk) = (Receiver::new(), Disk::default());
    receiver.offered(files.stock().offer, &mut disk, 0);
    serve(&mut receiver, &mut disk, files, &files.stock());
    assert_eq!(&disk.files, files);
    (receiver, disk)
}

fn refusal(receiver: &mut Receiver) -> String {
    receiver.news().into_iter().find_map(|news| if let News::Refused(why) = news { Some(why) } else { None }).expect("it is refused")
}

#[test]
fn another_snapshot_under_a_number_that_is_here_is_refused() {
    let files = files();
    let (mut receiver, mut disk) = copied(&files);
    let mut forged = files.clone();
    forged.snapshots.insert(2, vec![6; 100]);
    forged.grow(&mut Chance(8), 1, 1_000);
    receiver.offered(forged.stock().offer, &mut disk, 0);
    serve(&mut receiver, &mut disk, &forged, &forged.stock());
    assert!(refusal(&mut receiver).contains("another snapshot 2 is offered"));
    assert_eq!(disk.files, files, "nothing was taken, nothing is gone");
    assert!(!receiver.is_fetching());
    // The true one is taken up again.
    receiver.offered(files.stock().offer, &mut disk, 0);
    serve(&mut receiver, &mut disk, &files, &files.stock());
    assert!(receiver.news().iter().any(|news| matches!(news, News::Whole { sequence: 2, .. })));
}

#[test]
fn an_older_state_and_another_key_are_refused() {
    let files = files();
    let (mut receiver, mut disk) = copied(&files);
    let mut older = files.clone();
    older.snapshots.remove(&2);
    receiver.offered(older.stock().offer, &mut disk, 0);
    serve(&mut receiver, &mut disk, &older, &older.stock());
    assert!(refusal(&mut receiver).contains("an older state"));
    let mut other = files.clone();
    other.keys.values_mut().for_each(|bytes| bytes.push(1));
    receiver.offered(other.stock().offer, &mut disk, 0);
    serve(&mut receiver, &mut disk, &other, &other.stock());
    assert!(refusal(&mut receiver).contains("another wrapped key"));
    assert_eq!(disk.files, files);
}

#[test]
fn a_forged_piece_makes_its_file_be_fetched_anew() {
    let (files, mut disk, mut receiver) = (files(), Disk::default(), Receiver::new());
    let stock = files.stock();
    receiver.offered(stock.offer.clone(), &mut disk, 0);
    let list = files.piece(&stock, &stock.offer.list, 0).unwrap();
    receiver.piece(&list, &mut disk, 0).unwrap();
    for (id, bytes) in &files.packs {
        let length = bytes.len().min(limits::PIECE_BYTES);
        receiver.piece(&Piece { object: *id, n: 0, content: &vec![1; length] }.to_bytes(), &mut disk, 0).unwrap();
        // Of another length, out of the file, of no file at all: of no use.
        for (object, n, length) in [(*id, 1, 0), (*id, 0, 1), (*id, 9_999, 10), (Id::default(), 0, 10)] {
            receiver.piece(&Piece { object, n, content: &vec![1; length] }.to_bytes(), &mut disk, 0).unwrap();
        }
    }
    for _ in 0..3 {
        receiver.tick(&mut disk, 1_000_000);
        serve(&mut receiver, &mut disk, &files, &stock);
    }
    assert_eq!(disk.files, files);
    let damaged = receiver.news().iter().filter(|news| matches!(news, News::Woe(woe) if woe.contains("came damaged"))).count();
    assert_eq!(damaged, files.packs.len());
}

#[test]
fn a_list_that_is_not_the_offers_or_makes_no_sense_is_refused() {
    let (files, mut disk) = (files(), Disk::default());
    let wrong: [(&str, Change); 7] = [
        ("another repository", |l| l.repository = Uuid::nil()),
        ("no order", |l| l.snapshots.swap(0, 1)),
        ("empty or too large", |l| l.packs[0].1 = 0),
        ("empty or too large", |l| l.packs[0].1 = limits::CARRIED_BYTES + 1),
        ("names a file twice", |l| l.packs.push(l.packs[0])),
        ("wrong names", |l| l.keys[0].0 = "../../etc/passwd".into()),
        ("more wrapped keys", |l| l.keys = vec![l.keys[0].clone(); limits::CARRIED_KEYS + 1]),
    ];
    for (what, change) in wrong {
        let mut listing = files.listing();
        change(&mut listing);
        let list = listing.to_bytes();
        let mut offer = Offer::of(&listing, &list).unwrap();
        offer.repository = REPOSITORY;
        let mut receiver = Receiver::new();
        receiver.offered(offer.clone(), &mut disk, 0);
        receiver.piece(&Piece { object: offer.list, n: 0, content: &list }.to_bytes(), &mut disk, 0).unwrap();
        let why = refusal(&mut receiver);
        assert!(why.contains(what) || why.contains("does not end with the offered"), "{what}: {why}");
        assert!(Stock::new(&listing).is_err() || listing.repository.is_nil(), "{what}: nor is it offered");
    }
    assert_eq!(disk.files, Files::default());
}

#[test]
fn a_greedy_receiver_gets_what_is_offered_and_no_more_at_a_time() {
    let files = files();
    let stock = files.stock();
    let mut sender = Sender::new(0);
    sender.offer(Some(stock.clone()));
    let id = *files.packs.keys().next().unwrap();
    let want = |repository, pieces| Want::new(repository, pieces, 0, "").to_bytes();
    assert!(sender.wanted("attic", &want(Uuid::nil(), vec![(id, 0)]), 0).is_err());
    assert!(sender.wanted("attic", &want(REPOSITORY, vec![(id, 0); limits::PIECES_ASKED + 1]), 0).is_err());
    assert!(sender.wanted("a/b", &want(REPOSITORY, vec![(id, 0)]), 0).is_err());
    sender.wanted("attic", &want(REPOSITORY, vec![(id, u32::MAX), (Id::default(), 0)]), 0).unwrap();
    assert_eq!(sender.next(0), Next::Nothing);
    // The same again and again waits once.
    for _ in 0..1_000 {
        sender.wanted("attic", &want(REPOSITORY, vec![(id, 0)]), 0).unwrap();
    }
    assert_eq!((sender.next(0), sender.next(0)), (Next::Piece(id, 0), Next::Nothing));
    for n in 0..100 {
        sender.wanted(&format!("attic-{n}"), &want(REPOSITORY, vec![(id, 0)]), n).unwrap();
    }
    assert_eq!(sender.deliveries().count(), limits::RECEIVERS);
    let mut slow = Sender::new(1_000);
    slow.offer(Some(stock.clone()));
    slow.wanted("attic", &want(REPOSITORY, vec![(id, 0), (stock.offer.list, 0)]), 0).unwrap();
    assert!(matches!(slow.next(0), Next::Piece(..)));
    assert!(matches!(slow.next(0), Next::Wait(at) if at > 1_000));
}

#[test]
fn a_receipt_counts_only_for_what_is_offered() {
    let files = files();
    let mut sender = Sender::new(0);
    sender.offer(Some(files.stock()));
    let hash = files.stock().offer.snapshot;
    let done = |sequence, hash| Done::new(REPOSITORY, sequence, hash).to_bytes();
    for wrong in [done(1, hash), done(3, hash), done(2, Id::default()), Done::new(Uuid::nil(), 2, hash).to_bytes(), vec![]] {
        assert!(sender.done("attic", &wrong, 0, Timestamp::default()).is_err());
    }
    assert_eq!(sender.deliveries().count(), 0);
    let at = Timestamp::from_micros(5);
    sender.done("attic", &done(2, hash), 0, at).unwrap();
    sender.done("attic", &done(2, hash), 0, Timestamp::from_micros(9)).unwrap();
    assert_eq!(sender.deliveries().collect::<Vec<_>>(), [("attic", &Delivery { whole: Some((2, at)), ..Delivery::default() })]);
}

#[test]
fn two_receivers_share_what_both_want_and_wait_in_turn() {
    let files = files();
    let stock = files.stock();
    let mut sender = Sender::new(0);
    sender.offer(Some(stock.clone()));
    let mut ids: Vec<(Id, u32)> = files.packs.keys().map(|id| (*id, 0)).collect();
    let want = |pieces: &[(Id, u32)]| Want::new(REPOSITORY, pieces.to_vec(), 0, "").to_bytes();
    sender.wanted("a", &want(&ids), 0).unwrap();
    ids.reverse();
    sender.wanted("b", &want(&ids), 0).unwrap();
    let sent: Vec<Next> = std::iter::from_fn(|| Some(sender.next(0)).filter(|next| *next != Next::Nothing)).collect();
    assert_eq!(sent, [Next::Piece(ids[2].0, 0), Next::Piece(ids[0].0, 0), Next::Piece(ids[1].0, 0)]);
}
