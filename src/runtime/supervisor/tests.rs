//! Parts that fall, in a runtime and on threads of their own.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_millis(200);

fn supervisor(trials: &str) -> (Supervisor, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    (Supervisor::new(stopped, Trial::read(trials), Times { hangs: SOON, well: SOON }), stop)
}

/// Hands on what it hears; falls as it is told.
async fn hands_on(state: &mut (mpsc::Receiver<u32>, mpsc::Sender<u32>)) {
    loop {
        pulse::waits();
        let Some(heard) = state.0.recv().await else { return };
        pulse::works().await;
        if heard == 13 {
            panic!("thirteen");
        }
        let _ = state.1.send(heard).await;
    }
}

#[tokio::test]
async fn a_task_that_panics_goes_on_with_what_it_had_and_its_cause_is_told() {
    let (supervisor, stop) = supervisor("");
    let ((say, hear), (pass, mut passed)) = (mpsc::channel(8), mpsc::channel(8));
    let task = supervisor.task_of("post", (hear, pass), |mut state| async move { hands_on(&mut state).await });
    for n in [1, 13, 2] {
        say.send(n).await.unwrap();
    }
    assert_eq!((passed.recv().await, passed.recv().await), (Some(1), Some(2)));
    let fallen = supervisor.fallen();
    assert_eq!((fallen.len(), fallen[0].part, fallen[0].cause.as_str()), (1, "post", "it panicked: thirteen"));
    assert_eq!(supervisor.restarts(), [Part { name: "post", restarts: 1 }]);
    while !supervisor.fallen().is_empty() {
        tokio::time::sleep(SOON / 10).await;
    }
    stop.send_replace(true);
    drop(say);
    task.await.unwrap();
}

#[tokio::test]
async fn a_task_that_hangs_is_started_again_and_one_that_waits_does_not_hang() {
    let (supervisor, _stop) = supervisor("post:hang@0");
    let ((say, hear), (pass, mut passed)) = (mpsc::channel(8), mpsc::channel(8));
    supervisor.task_of("post", (hear, pass), |mut state| async move { hands_on(&mut state).await });
    say.send(1).await.unwrap();
    say.send(2).await.unwrap();
    assert_eq!(passed.recv().await, Some(2), "what was in hand is lost, and it goes on");
    assert_eq!(supervisor.fallen()[0].cause, "it hung");
    tokio::time::sleep(SOON * 2).await;
    say.send(3).await.unwrap();
    assert_eq!(passed.recv().await, Some(3));
    assert_eq!(supervisor.restarts()[0].restarts, 1);
}

#[tokio::test]
async fn what_falls_again_and_again_ends_the_process_with_its_cause() {
    let (supervisor, _stop) = supervisor("");
    {
        // Five falls are forgiven; the rests between them are not waited for here.
        let mut book = supervisor.book();
        for _ in 0..5 {
            let _ = book.fell("post", "x", Duration::ZERO);
        }
    }
    supervisor.task("post", || async { panic!("for good") });
    assert_eq!(supervisor.ends().await, "post falls again and again: it panicked: for good");
}

#[tokio::test]
async fn a_vital_thread_that_panics_ends_the_process_and_one_that_ends_well_does_not() {
    let (supervisor, _stop) = supervisor("mind:panic@0");
    let quiet = supervisor.vital("store");
    thread::spawn(move || drop(quiet)).join().unwrap();
    assert!(supervisor.0.end.borrow().is_none());
    let vital = supervisor.vital("mind");
    assert!(thread::spawn(move || vital.turns()).join().is_err());
    assert!(supervisor.ends().await.starts_with("mind panicked"));
}

#[test]
fn a_thread_that_panics_is_held_and_nothing_is_started_when_the_house_stops() {
    let (supervisor, stop) = supervisor("");
    let times = AtomicU32::new(0);
    supervisor.hold("index", || {
        if times.fetch_add(1, SeqCst) == 0 {
            panic!("once");
        }
    });
    assert_eq!((times.load(SeqCst), supervisor.restarts()[0].restarts), (2, 1));
    stop.send_replace(true);
    supervisor.hold("upkeep", || {
        times.fetch_add(1, SeqCst);
        panic!("at the end");
    });
    assert_eq!(times.load(SeqCst), 3);
}

#[test]
fn trials_are_read_as_they_are_written() {
    let read: Vec<_> =
        Trial::read("index:panic@2, orders:hang@1.5,nonsense,a:b@c").into_iter().map(|t| (t.part, t.after, t.hangs.is_some())).collect();
    assert_eq!(read, [("index".into(), Duration::from_secs(2), false), ("orders".into(), Duration::from_millis(1_500), true)]);
}
