//! Promise: any bytes are read or refused; what was written reads back; one bit more or less is noticed.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let files = Files { snapshots: BTreeMap::from([(1, vec![1])]), ..Files::default() };
        let _ = (Offer::read(&bytes), Want::read(&bytes), Done::read(&bytes), Piece::read(&bytes));
        let _ = Listing::read(&bytes, &files.stock().offer);
        let mut receiver = Receiver::new();
        receiver.offered(files.stock().offer, &mut Disk::default(), 0);
        receiver.manifest(&bytes);
        let _ = receiver.piece(&bytes, &mut Disk::default(), 0);
        let mut sender = Sender::new(0);
        sender.offer(Some(files.stock()));
        let _ = sender.wanted("attic", &bytes, 0);
    }

    /// A message with one byte changed is refused, or is another: it is never read as the same.
    #[test]
    fn a_changed_byte_is_noticed(at in any::<proptest::sample::Index>(), flip in 1..=255_u8, content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let piece = Piece { object: Id::of(&content), n: 7, content: &content };
        let mut bytes = piece.to_bytes();
        prop_assert_eq!(Piece::read(&bytes).unwrap(), piece);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Piece::read(&bytes).is_err());
    }

    #[test]
    fn what_was_written_reads_back(n in any::<u32>(), left in any::<u64>(), woe in ".{0,300}", sequence in any::<u64>()) {
        let want = Want::new(REPOSITORY, vec![(Id::of(b"x"), n)], left, &woe);
        prop_assert!(want.woe.len() <= limits::WOE_BYTES && woe.starts_with(&want.woe));
        prop_assert_eq!(Want::read(&want.to_bytes()).unwrap(), want);
        let done = Done::new(REPOSITORY, sequence, Id::of(b"y"));
        prop_assert_eq!(Done::read(&done.to_bytes()).unwrap(), done);
    }
}

#[test]
fn the_largest_are_read_and_one_more_is_not() {
    let most = vec![3; limits::PIECE_BYTES + 1];
    let piece = Piece { object: Id::default(), n: 0, content: &most[1..] }.to_bytes();
    assert!(piece.len() <= 128 * 1024);
    assert!(Piece::read(&piece).is_ok());
    assert!(Piece::read(&Piece { object: Id::default(), n: 0, content: &most }.to_bytes()).is_err());
    let full = vec![(Id([0xff; 32]), u32::MAX); limits::PIECES_ASKED];
    let want = Want::new(REPOSITORY, full, u64::MAX, &"x".repeat(limits::WOE_BYTES)).to_bytes();
    assert!(Want::read(&want).is_ok() && want.len() <= limits::WANT_BYTES, "{}", want.len());
    assert!(Want::read(&[want, vec![0; limits::WANT_BYTES]].concat()).is_err());
}

#[test]
fn another_version_is_named() {
    let mut piece = Piece { object: Id::default(), n: 0, content: b"x" }.to_bytes();
    piece[0] = 2;
    assert!(Piece::read(&piece).unwrap_err().to_string().contains("version 2"));
    let mut offer = Files { snapshots: BTreeMap::from([(1, vec![1])]), ..Files::default() }.stock().offer;
    offer.v = 2;
    assert!(Offer::read(&offer.to_bytes()).unwrap_err().to_string().contains("version 2"));
}
