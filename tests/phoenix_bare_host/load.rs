//! A snapshot while everybody speaks: it is whole, of one moment, and nothing that was acknowledged before it is missing.

use super::{
    old::{PASSWORD, Place, people},
    support::*,
};
use jamey::store::{self, Look};
use rusqlite::Connection;
use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    thread,
};

const SPEAKERS: usize = 4;

#[test]
fn a_snapshot_under_full_load_loses_nothing_that_was_acknowledged() {
    let place = Place::new();
    let data = place.owners.path().join("data");
    fs::create_dir(&data).unwrap();
    let config = place.config("");
    people(&place, &data);
    let mut house = Plan::default().config(&config).data(&data).start();
    let (said, over) = ([const { AtomicU64::new(0) }; SPEAKERS], AtomicBool::new(false));
    let rounds: Vec<([u64; SPEAKERS], [u64; SPEAKERS])> = thread::scope(|scope| {
        for (of, said) in said.iter().enumerate() {
            let dial = house.dial(&format!("speaker-{of}")).v5().user("panel", PASSWORD);
            let over = &over;
            scope.spawn(move || {
                let mut speaker = dial.open();
                for n in 0_u64.. {
                    if over.load(SeqCst) {
                        return;
                    }
                    assert!(speaker.publish(Message::new(&format!("jamey/in/s{of}/count"), n.to_string()).qos(1)).taken());
                    said.store(n + 1, SeqCst);
                }
            });
        }
        let now = || std::array::from_fn(|of| said[of].load(SeqCst));
        wait_until("they speak", PATIENCE, || now().iter().all(|n| *n > 50));
        let rounds = (0..3)
            .map(|_| {
                let before = now();
                place.snapshot(&house);
                (before, now())
            })
            .collect();
        over.store(true, SeqCst);
        rounds
    });
    house.is_well();
    for (number, (before, after)) in (1..).zip(rounds) {
        let into = place.safe.path().join(format!("round-{number}"));
        let number = number.to_string();
        place.phoenix(&["restore", &number, "--repository", "nas", "--key-file", "key", "--into", into.to_str().unwrap()]);
        let db = into.join(store::FILE);
        assert_eq!(store::faults(&db, Look::Thorough).unwrap(), Vec::<String>::new());
        let db = Connection::open(db).unwrap();
        for of in 0..SPEAKERS {
            let sql = "SELECT count(*), coalesce(max(CAST(CAST(payload AS TEXT) AS INTEGER)), -1) FROM memory_records WHERE entity = ?1";
            let (count, last): (i64, i64) = db.query_row(sql, [format!("s{of}")], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            assert_eq!(count, last + 1, "none is missing before the last");
            // One more may be stored and not acknowledged yet.
            assert!(
                (before[of]..=after[of] + 1).contains(&u64::try_from(count).unwrap()),
                "{} then, {count} in it, {} afterwards",
                before[of],
                after[of]
            );
        }
    }
}
