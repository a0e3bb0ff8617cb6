//! Promise: the demo plays itself to its end against a real Jamey, tells programs what it saw line by line, and leaves the broker as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use support::*;

/// The README promises a minute; a busy test host may need two.
const A_DEMO: Duration = Duration::from_secs(120);
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.99:1";

struct Demo {
    child: Child,
    lines: Receiver<String>,
    err: JoinHandle<String>,
    deadline: Instant,
}

/// Starts `jamey demo` against this address.
fn demo(mqtt: &str, options: &[&str]) -> Demo {
    let binary = std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), PathBuf::from);
    let mut command = Command::new(binary);
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY__")) {
        command.env_remove(key);
    }
    let command = command.current_dir(std::env::temp_dir()).args(["demo", "--mqtt", mqtt]).args(options);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (tell, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
    let mut err = child.stderr.take().unwrap();
    let err = std::thread::spawn(move || {
        let mut said = String::new();
        let _ = err.read_to_string(&mut said);
        said
    });
    Demo { child, lines, err, deadline: Instant::now() + A_DEMO }
}

impl Demo {
    /// The next line; None when there are no more.
    fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(self.deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                panic!("the demo does not end");
            }
        }
    }

    /// The next event, which every line is.
    fn event(&mut self) -> Option<Value> {
        let line = self.line()?;
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"));
        assert!(event["v"] == 1 && event["scene"].is_u64() && event["event"].is_string(), "{event}");
        Some(event)
    }

    /// The exit code and standard error, once standard output has ended.
    fn end(mut self) -> (Option<i32>, String) {
        while self.line().is_some() {}
        let status = self.child.wait().unwrap();
        (status.code(), self.err.join().unwrap())
    }
}

/// What the demo's house left retained; what Jamey itself holds of its names is Jamey's.
fn left_behind(house: &House) -> Vec<Message> {
    static NEWCOMERS: AtomicUsize = AtomicUsize::new(0);
    let mut newcomer = house.client(&format!("newcomer-{}", NEWCOMERS.fetch_add(1, Ordering::Relaxed)));
    newcomer.subscribe(&[("#", 1)]);
    newcomer.rest().into_iter().filter(|m| m.retain && m.topic.contains("demo_") && !m.topic.starts_with("jamey/soul/entity/")).collect()
}

/// Plays it to the end and gives its events.
fn played(house: &House) -> Vec<Value> {
    let mut demo = demo(&house.mqtt().to_string(), &["--json"]);
    let events: Vec<Value> = std::iter::from_fn(|| demo.event()).collect();
    assert_eq!(demo.end(), (Some(0), String::new()), "{events:?}");
    let scenes: Vec<u64> = events.iter().filter(|e| e["event"] == "scene").map(|e| e["scene"].as_u64().unwrap()).collect();
    assert_eq!(scenes, [1, 2, 3, 4, 5, 6, 7, 8]);
    let missing: Vec<&Value> = events.iter().filter(|e| e["event"] == "not_seen").collect();
    assert!(missing.is_empty(), "all that it expects of Jamey came: {missing:?}");
    assert_eq!(left_behind(house), []);
    events
}

/// Whether a guarded command of a kind went on: as the verdict says, and as the device heard.
fn unlocks(events: &[Value]) -> Vec<(bool, bool)> {
    let verdicts = events.iter().filter(|e| e["event"] == "verdict" && e["verdict"]["request"]["verb"] == "unlock");
    verdicts
        .map(|e| {
            assert_ne!(e["verdict"]["decision"], "allow", "{e}");
            (e["verdict"]["forwarded"].as_bool().unwrap(), e["outcome"].as_str().unwrap().starts_with("forwarded"))
        })
        .collect()
}

#[test]
fn it_plays_to_its_end_and_leaves_the_broker_as_it_was() {
    let mut house = house();
    let events = played(&house);
    assert_eq!(
        unlocks(&events),
        [(false, false), (true, true)],
        "asked on jamey/act: held; retained on its own topic: observed, and taken back"
    );
    house.serves();
}

#[test]
fn where_the_guard_enforces_no_unlock_reaches_the_lock() {
    let mut house = strict_house();
    let events = played(&house);
    assert_eq!(unlocks(&events), [(false, false), (false, false)]);
    house.serves();
}

#[test]
fn it_can_be_played_twice() {
    let house = house();
    for _ in 0..2 {
        played(&house);
    }
}

#[test]
fn an_interrupted_demo_takes_back_what_it_left() {
    let mut house = house();
    let mut demo = demo(&house.mqtt().to_string(), &["--json"]);
    while demo.event().expect("a third scene")["scene"] != 3 {}
    assert_ne!(left_behind(&house), [], "its devices are announced by then");
    kill(Pid::from_raw(i32::try_from(demo.child.id()).unwrap()), Signal::SIGINT).unwrap();
    let (code, said) = demo.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(left_behind(&house), []);
    house.serves();
}

#[test]
fn without_a_jamey_it_says_how_to_start_one() {
    let (code, said) = demo(NOWHERE, &[]).end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("Jamey is not running at {NOWHERE}: start it with `jamey run`")), "{said}");
    let (code, said) = demo(NOWHERE, &["--json"]).end();
    let error: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("not JSON ({e}): {said}"));
    assert_eq!(code, Some(1));
    assert!(error["error"].as_str().unwrap().contains("`jamey run`"), "{error}");
}

#[test]
fn what_is_not_jamey_is_not_taken_for_it() {
    let house = Plan::default().config("root = \"butler\"\n").start();
    let (code, said) = demo(&house.mqtt().to_string(), &["--json"]).end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not as Jamey") && said.contains("`root`"), "{said}");
    assert_eq!(left_behind(&house), [], "and nothing was put there");
}
