//! Parts that fall, in a runtime and on threads of their own.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use tokio::sync::mpsc;

/// Soon enough for a test, and not so soon that a busy host would be taken for it.
const HANGS: Duration = Duration::from_secs(1);
const WELL: Duration = Duration::from_secs(600);

fn supervisor(trials: &str) -> (Supervisor, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    (Supervisor::new(stopped, Trial::read(trials), Times { hangs: HANGS, well: WELL }), stop)
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
    assert_eq!((fallen.len(), &*fallen[0].part), (1, "post"));
    let place = fallen[0].cause.strip_prefix("it panicked at ").unwrap();
    assert!(place.starts_with(file!()) && !place.contains("thirteen"), "where, and not what it said: {place}");
    assert_eq!(supervisor.restarts(), [Part { name: "post".into(), restarts: 1 }]);
    stop.send_replace(true);
    drop(say);
    task.await.unwrap();
}

#[tokio::test]
async fn a_task_that_hangs_is_started_again() {
    let (supervisor, _stop) = supervisor("post:hang@0");
    let ((say, hear), (pass, mut passed)) = (mpsc::channel(8), mpsc::channel(8));
    supervisor.task_of("post", (hear, pass), |mut state| async move { hands_on(&mut state).await });
    say.send(1).await.unwrap();
    say.send(2).await.unwrap();
    assert_eq!(passed.recv().await, Some(2), "what was in hand is lost, and it goes on");
    assert_eq!(supervisor.fallen()[0].cause, "it hung");
    assert_eq!(supervisor.restarts()[0].restarts, 1);
}

/// It fell five times; the rests between them are not waited for here.
fn fell_often(supervisor: &Supervisor, part: &str) {
    (0..5).for_each(|_| {
        let _ = supervisor.book().fell(part, "x", Duration::ZERO);
    });
}

#[tokio::test]
async fn what_falls_again_and_again_ends_the_process_with_its_cause() {
    let (supervisor, _stop) = supervisor("");
    fell_often(&supervisor, "post");
    supervisor.task("post", || async { panic!("for good") });
    let why = supervisor.ends().await;
    assert!(why.starts_with("post falls again and again: it panicked at "), "{why}");
}

#[tokio::test]
async fn what_can_be_spared_falls_again_and_again_and_the_process_goes_on() {
    let (supervisor, _stop) = supervisor("");
    fell_often(&supervisor, "recall");
    let (falls, mut fell) = mpsc::channel(1);
    supervisor.sparing().task("recall", move || {
        let falls = falls.clone();
        async move {
            falls.send(()).await.unwrap();
            panic!("for good")
        }
    });
    fell.recv().await.unwrap();
    while !supervisor.fallen()[0].often {
        tokio::task::yield_now().await;
    }
    assert!(supervisor.inner.end.borrow().is_none());
    let thread = supervisor.sparing();
    fell_often(&thread, "webhook-phone");
    assert_eq!(thread.fell("webhook-phone", "x"), Some(Duration::from_secs(30)), "it rests, and is tried again");
    assert!(supervisor.inner.end.borrow().is_none());
}

#[tokio::test]
async fn a_vital_thread_that_panics_ends_the_process_and_one_that_ends_well_does_not() {
    let (supervisor, _stop) = supervisor("mind:panic@0");
    let quiet = supervisor.vital("store");
    thread::spawn(move || drop(quiet)).join().unwrap();
    assert!(supervisor.inner.end.borrow().is_none());
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
    let read: Vec<_> = Trial::read("index:panic@2, orders:hang@1.5,nonsense,a:b@c,rules:panic-within@0")
        .into_iter()
        .map(|t| (t.part, t.after, t.hangs.is_some(), t.within))
        .collect();
    let millis = Duration::from_millis;
    assert_eq!(
        read,
        [
            ("index".into(), millis(2_000), false, false),
            ("orders".into(), millis(1_500), true, false),
            ("rules".into(), millis(0), false, true)
        ]
    );
}
