//! The chain's laws: whoever touches it without the key is found.

use super::*;
use proptest::{prelude::*, sample::Index};

fn key() -> Key {
    Key::new(&[7; Key::BYTES])
}

fn event(n: i64, detail: &str) -> Event {
    let subject = (n % 2 == 0).then_some("front_door");
    Event::new(Timestamp::from_micros(1_795_000_000_000_000 + n), "phone", "guard", subject, detail)
}

fn head_of(rows: &[Row]) -> Head {
    let last = rows.last().unwrap();
    Head { since: 1, seq: last.seq, hash: last.hash.clone().try_into().unwrap(), at: last.event.at }
}

fn chain(details: &[String]) -> (Vec<Row>, SealedHead) {
    let mut rows: Vec<Row> = Vec::new();
    for (detail, seq) in details.iter().zip(1..) {
        rows.push(after(rows.last(), seq, event(seq, detail), Some(&key())));
    }
    let head = head_of(&rows).sealed(&key());
    (rows, head)
}

/// A row that follows another as it should; without the key, its seal is a guess.
fn after(before: Option<&Row>, seq: i64, event: Event, key: Option<&Key>) -> Row {
    let previous = before.map_or(NOTHING.to_vec(), |row| row.hash.clone());
    let hash = chained(seq, &previous, &event);
    let seal = key.map_or([9; 32], |key| key.seal_row(seq, &hash));
    Row { seq, event, previous, hash: hash.to_vec(), seal: Some(seal.to_vec()) }
}

/// Numbers and plain hashes put right from a row on, as anyone can who has no key.
fn mend(rows: &mut [Row], from: usize) {
    for at in from..rows.len() {
        let (before, rest) = rows.split_at_mut(at);
        rest[0] = after(before.last(), i64::try_from(at + 1).unwrap(), rest[0].event.clone(), None);
    }
}

fn findings(rows: &[Row], head: Option<SealedHead>, key: Option<&Key>) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut check = Check::new(key, head);
    let mut tell = |finding| all.push(finding);
    rows.iter().for_each(|row| check.row(row, false, &mut tell));
    check.end(&mut tell);
    all
}

fn named(rows: &[Row], head: &SealedHead) -> Vec<(i64, Wrong)> {
    findings(rows, Some(head.clone()), Some(&key())).into_iter().map(|f| (f.seq, f.wrong)).collect()
}

#[test]
fn every_field_counts_and_none_runs_into_the_next() {
    let one = event(1, "d");
    let hash = chained(1, &NOTHING, &one);
    let mut others = vec![chained(2, &NOTHING, &one), chained(1, &[1; 32], &one)];
    let mut differing = |change: &dyn Fn(&mut Event)| {
        let mut other = one.clone();
        change(&mut other);
        others.push(chained(1, &NOTHING, &other));
    };
    differing(&|e| e.at = Timestamp::from_micros(2));
    differing(&|e| (e.actor, e.action) = ("phoneg".into(), "uard".into()));
    differing(&|e| e.subject = Some(String::new()));
    differing(&|e| e.detail.clear());
    others.push(hash);
    let all = others.len();
    others.sort_unstable();
    others.dedup();
    assert_eq!(others.len(), all);
}

#[test]
fn a_seal_of_a_row_is_no_seal_of_a_head() {
    let (rows, _) = chain(&["a".into(), "b".into()]);
    let mut forged = head_of(&rows[..1]).sealed(&key());
    forged.seal = hex(rows[0].seal.as_ref().unwrap());
    assert_eq!(named(&rows[..1], &forged), [(1, Wrong::Head)]);
}

#[test]
fn without_a_key_it_says_what_cannot_be_shown() {
    let (rows, head) = chain(&["a".into(), "b".into()]);
    let found = findings(&rows, Some(head.clone()), None);
    assert!(matches!(found.as_slice(), [Finding { wrong: Wrong::Key, text, .. }] if text.contains("is not")), "{found:?}");
    let cut = findings(&rows[..1], Some(head), None);
    assert!(cut.iter().any(|f| f.wrong == Wrong::Missing), "the head says as much as nobody changed it: {cut:?}");
    assert_eq!(findings(&rows, None, Some(&key())).first().map(|f| f.wrong), Some(Wrong::Head));
}

#[test]
fn rows_of_schema_1_are_proved_by_the_first_sealed_one() {
    let mut rows: Vec<Row> = Vec::new();
    for seq in 1..4 {
        let mut event = event(seq, "old");
        event.subject = None;
        let previous = rows.last().map_or(NOTHING.to_vec(), |row: &Row| row.hash.clone());
        let hash = chained_by_schema_1(&previous, &event).to_vec();
        rows.push(Row { seq, event, previous, hash, seal: None });
    }
    rows.push(after(rows.last(), 4, event(4, "new"), Some(&key())));
    let head = Head { since: 4, ..head_of(&rows) }.sealed(&key());
    assert_eq!(named(&rows, &head), []);
    let mut changed = rows.clone();
    changed[1].event.detail = "another".into();
    assert_eq!(named(&changed, &head), [(2, Wrong::Changed)]);
    let mut old_again = rows.clone();
    old_again[3].seal = None;
    old_again[3].hash = chained_by_schema_1(&old_again[3].previous, &old_again[3].event).to_vec();
    assert!(named(&old_again, &head).contains(&(4, Wrong::Forged)), "no row falls back to the old form");
}

#[test]
fn texts_one_past_their_limit_are_cut() {
    let long = "ü".repeat(limits::AUDIT_DETAIL_BYTES);
    let event = Event::new(Timestamp::default(), &long, &long, Some(&long), &long);
    assert_eq!((event.actor.len(), event.action.len()), (limits::AUDIT_NAME_BYTES, limits::AUDIT_NAME_BYTES));
    assert_eq!((event.subject.unwrap().len(), event.detail.len()), (limits::TOPIC_BYTES, limits::AUDIT_DETAIL_BYTES));
}

proptest! {
    #[test]
    fn an_untouched_chain_holds(details in prop::collection::vec(".{0,20}", 1..30)) {
        let (rows, head) = chain(&details);
        prop_assert_eq!(named(&rows, &head), []);
    }

    #[test]
    fn any_change_is_named(details in prop::collection::vec("[a-z]{0,9}", 1..30), at: Index, field in 0..8u8, bit in 0..256usize) {
        let (mut rows, head) = chain(&details);
        let row = at.get(&rows).seq;
        let one = &mut rows[usize::try_from(row - 1).unwrap()];
        let flip = |bytes: &mut Vec<u8>| bytes[bit / 8] ^= 1 << (bit % 8);
        match field {
            0 => one.event.at = Timestamp::from_micros(one.event.at.micros() ^ 1),
            1 => one.event.actor.push('x'),
            2 => one.event.action.insert(0, 'x'),
            3 => one.event.subject = match &one.event.subject { None => Some(String::new()), Some(_) => None },
            4 => one.event.detail.push('x'),
            5 => flip(&mut one.previous),
            6 => flip(&mut one.hash),
            _ => flip(one.seal.as_mut().unwrap()),
        }
        prop_assert!(named(&rows, &head).iter().any(|(seq, _)| *seq == row), "row {row}: {:?}", named(&rows, &head));
    }

    #[test]
    fn whatever_is_taken_out_is_named(details in prop::collection::vec("[a-z]{0,9}", 1..30), at: Index, many in 1..4usize, mended: bool) {
        let (mut rows, head) = chain(&details);
        let from = at.index(rows.len());
        let to = (from + many).min(rows.len());
        rows.drain(from..to);
        let cut_off = from == rows.len();
        if mended {
            mend(&mut rows, from);
        }
        let found = named(&rows, &head);
        prop_assert!(found.iter().any(|(_, wrong)| *wrong == Wrong::Missing), "{found:?}");
        if mended && !cut_off {
            prop_assert!(found.contains(&(i64::try_from(from + 1).unwrap(), Wrong::Forged)), "{found:?}");
        }
    }

    #[test]
    fn whatever_is_swapped_or_put_in_is_named(details in prop::collection::vec("[a-z]{0,9}", 2..30), a: Index, b: Index, mended: bool, swap: bool) {
        let (mut rows, head) = chain(&details);
        let (first, second) = (a.index(rows.len()), b.index(rows.len()));
        if swap {
            prop_assume!(rows[first].event != rows[second].event && first != second);
            rows.swap(first, second);
            (rows[first].seq, rows[second].seq) = (rows[second].seq, rows[first].seq);
        } else {
            rows.insert(first, after(None, 0, event(99, "never happened"), None));
            rows.iter_mut().zip(1..).for_each(|(row, seq)| row.seq = seq);
        }
        let touched = if swap { first.min(second) } else { first };
        if mended {
            mend(&mut rows, touched);
        }
        let row = i64::try_from(touched + 1).unwrap();
        let found = named(&rows, &head);
        prop_assert!(found.iter().any(|(seq, _)| *seq == row), "row {row}: {found:?}");
    }

    #[test]
    fn no_head_text_makes_it_fall(text in ".{0,80}", hash in "[0-9a-fü]{0,70}") {
        let _ = serde_json::from_str::<SealedHead>(&text).map(|head| head.open(&key()));
        prop_assert_eq!(SealedHead { since: 1, seq: 1, hash, at_micros: 0, seal: text }.open(&key()), None);
    }
}
