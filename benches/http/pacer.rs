//! Messages at a pace that does not depend on the answers: each client sends one in a millisecond.

use super::{
    broker::Door,
    load::{message, welcomed},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::LocalSet,
    time::{MissedTickBehavior, interval},
};

/// Publish to PUBACK of all, in µs sorted.
pub fn paced(door: &Door, clients: usize, seconds: Duration, from: &Cell<u64>) -> Vec<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let waits: Rc<RefCell<Vec<u32>>> = Rc::default();
        let next = Rc::new(Cell::new(from.get()));
        let tasks: Vec<_> = (0..clients)
            .map(|n| {
                let (door, waits, next) = (door.clone(), Rc::clone(&waits), Rc::clone(&next));
                tokio::task::spawn_local(async move { client(&door, n, seconds, &next, &waits).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        from.set(next.get());
        let mut all = waits.take();
        all.sort_unstable();
        all
    })
}

async fn client(door: &Door, n: usize, seconds: Duration, next: &Cell<u64>, waits: &Rc<RefCell<Vec<u32>>>) {
    let (mut acks, mut out) = tokio::io::split(welcomed(door, &format!("bench-pacer-{n}")).await);
    let count = u16::try_from(seconds.as_millis().min(60_000)).unwrap();
    let due: Rc<RefCell<Vec<Instant>>> = Rc::default();
    let (asked, waits) = (Rc::clone(&due), Rc::clone(waits));
    let reader = tokio::task::spawn_local(async move {
        let mut ack = [0; 4];
        for _ in 0..count {
            acks.read_exact(&mut ack).await.unwrap();
            let at = usize::from(u16::from_be_bytes([ack[2], ack[3]])) - 1;
            let waited = asked.borrow()[at].elapsed();
            waits.borrow_mut().push(waited.as_micros() as u32);
        }
    });
    let mut beat = interval(Duration::from_millis(1));
    // Who could not send in time sends what is due at once: the pace is kept.
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for id in 1..=count {
        let now = beat.tick().await;
        let bytes = message(next.replace(next.get() + 1), id);
        // From when it was due: a wait before it counts as well.
        due.borrow_mut().push(now.into_std());
        out.write_all(&bytes).await.unwrap();
        out.flush().await.unwrap();
    }
    tokio::time::timeout(Duration::from_secs(20), reader).await.expect("not all were acknowledged").unwrap();
}
