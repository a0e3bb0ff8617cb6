//! The writer thread: order, waiting, retrying, ending.

use super::{Batch, batch, told, uuid};
use crate::domain::limits;
use crate::store::{Chore, FILE, Reader, Store, Writer, writer::CHORES};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_secs(20);

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < DEADLINE, "{what}");
        thread::yield_now();
    }
}

/// Makes every write fail, as a bad card would, until it is called with false.
fn break_disk(folder: &Path, broken: bool) {
    let sql = if broken {
        "CREATE TRIGGER worn BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'the card is worn'); END"
    } else {
        "DROP TRIGGER worn"
    };
    let conn = Connection::open(folder.join(FILE)).unwrap();
    conn.busy_timeout(DEADLINE).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[test]
fn done_means_on_disk_and_order_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let idle = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&idle);
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), move || {
        count.fetch_add(1, SeqCst);
    })
    .unwrap();
    let (tell, told_by) = mpsc::channel();
    for n in 0..20 {
        let (tell, path) = (tell.clone(), folder.path().to_owned());
        let done = move |_, _| tell.send((n, Reader::open(&path).unwrap().record(uuid(n)).unwrap().is_some())).unwrap();
        writer.submit(batch(vec![told(n)]), Box::new(done));
    }
    assert_eq!(
        (0..20).map(|_| told_by.recv_timeout(DEADLINE).unwrap()).collect::<Vec<_>>(),
        (0..20).map(|n| (n, true)).collect::<Vec<_>>()
    );
    until("idle after each", || idle.load(SeqCst) == 20);
    let health = writer.health().now();
    assert_eq!((health.batches, health.entries, health.failing, health.failures), (20, 20, false, 0));
    assert!(health.write_p50_micros > 0 && health.write_p50_micros <= health.write_p99_micros);
    writer.stop();
    assert!(!folder.path().join("jamey.db-wal").exists());
}

#[test]
fn the_next_batch_waits_while_one_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    let (go, gate) = mpsc::channel::<()>();
    let (entered, inside) = mpsc::channel();
    writer.submit(
        batch(vec![told(1)]),
        Box::new(move |_, _| {
            entered.send(()).unwrap();
            gate.recv().unwrap();
        }),
    );
    inside.recv_timeout(DEADLINE).unwrap();
    assert!(!writer.is_idle());
    let (refused, done) = writer.try_submit(batch(vec![told(2)]), Box::new(|_, _| {})).err().unwrap();
    assert_eq!(refused.entries[0].percept.id, uuid(2));
    let (second, written) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            writer.submit(refused, done);
            second.send(()).unwrap();
        });
        assert!(written.try_recv().is_err());
        go.send(()).unwrap();
        written.recv_timeout(DEADLINE).unwrap();
    });
    writer.stop();
    assert_eq!(Reader::open(folder.path()).unwrap().counts().unwrap().batches, 2);
}

/// Upkeep, the index and an owner's command may ask at one time; one more than may wait is told so at once.
#[test]
fn chores_wait_for_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    let (go, gate) = mpsc::channel::<()>();
    writer.submit(batch(vec![told(1)]), Box::new(move |_, _| gate.recv().unwrap()));
    let (tell, came) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..=CHORES {
            let (chores, tell) = (writer.chores(), tell.clone());
            scope.spawn(move || tell.send(chores.run(Chore::Vacuum { pages: 1 })).unwrap());
        }
        let refused = came.recv_timeout(DEADLINE).unwrap().unwrap_err();
        assert!(refused.to_string().contains("chores enough"), "{refused}");
        go.send(()).unwrap();
        (0..CHORES).for_each(|_| assert!(came.recv_timeout(DEADLINE).unwrap().is_ok()));
    });
    writer.stop();
}

#[test]
fn a_failing_store_says_so_keeps_the_batch_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    let health = writer.health();
    break_disk(folder.path(), true);
    let (tell, done) = mpsc::channel();
    writer.submit(batch((0..5).map(told).collect()), Box::new(move |_, _| tell.send(()).unwrap()));
    until("it fails again and again", || health.now().failures >= 3);
    assert!(health.failing());
    assert!(health.error().unwrap().contains("the card is worn"), "{:?}", health.error());
    assert!(done.try_recv().is_err());
    assert!(!writer.is_idle());
    break_disk(folder.path(), false);
    done.recv_timeout(DEADLINE).unwrap();
    assert!(!health.failing());
    writer.stop();
    let counts = Reader::open(folder.path()).unwrap().counts().unwrap();
    assert_eq!((counts.batches, counts.records), (1, 5));
}

#[test]
fn at_the_end_a_store_that_cannot_write_gives_up_without_saying_done() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    break_disk(folder.path(), true);
    let (tell, done) = mpsc::channel();
    writer.submit(batch(vec![told(1)]), Box::new(move |_, _| tell.send(()).unwrap()));
    let begun = Instant::now();
    writer.stop();
    assert!(begun.elapsed() >= Duration::from_secs(limits::STORE_WAIT_SECONDS));
    assert_eq!(done.recv_timeout(DEADLINE), Err(mpsc::RecvTimeoutError::Disconnected));
    break_disk(folder.path(), false);
    assert_eq!(Reader::open(folder.path()).unwrap().counts().unwrap().records, 0);
}

#[test]
fn a_panic_in_what_follows_a_commit_does_not_end_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    writer.submit(batch(vec![told(1)]), Box::new(|_, _| panic!("a test's own")));
    let (tell, done) = mpsc::channel();
    writer.submit(batch(vec![told(2)]), Box::new(move |_, _| tell.send(()).unwrap()));
    done.recv_timeout(DEADLINE).unwrap();
    writer.stop();
}

#[test]
fn the_log_is_copied_beside_the_writer_and_begun_anew_past_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(Store::open(folder.path()).unwrap(), || {}).unwrap();
    let health = writer.health();
    let block = || Batch { journal: vec![7; 6 * 1024 * 1024], ..Batch::default() };
    writer.submit(block(), Box::new(|_, _| {}));
    until("a checkpoint beside the writer", || health.now().checkpoints > 0);
    // A reader that stays lets nothing be begun anew: the log grows past its limit, and on.
    let reader = Connection::open(folder.path().join(FILE)).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM journal").unwrap();
    let limit = limits::WAL_BYTES;
    while health.now().wal_bytes <= limit {
        writer.submit(block(), Box::new(|_, _| {}));
    }
    until("idle", || writer.is_idle());
    assert_eq!(health.now().restarts, 0);
    reader.execute_batch("ROLLBACK").unwrap();
    let begun = Instant::now();
    while health.now().restarts == 0 && health.now().wal_bytes > limit {
        assert!(begun.elapsed() < DEADLINE);
        writer.submit(block(), Box::new(|_, _| {}));
        until("idle", || writer.is_idle());
    }
    writer.submit(block(), Box::new(|_, _| {}));
    until("idle", || writer.is_idle());
    assert!(health.now().wal_bytes < limit, "{:?}", health.now());
    writer.stop();
}
