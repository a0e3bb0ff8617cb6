//! Promise: that Jamey itself does not do what it is there for is told by whatever of it still speaks, and over when it does again.
//!
//! These take time away from the whole process: its mind stands still, its descriptors are gone, its connection is cut (`ss --kill`, as root).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};
use support::*;

/// Longer than what holds an alert for a while.
const LONG: Duration = Duration::from_secs(180);

fn done(program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).output().unwrap();
    assert!(done.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// No file or connection is opened any more, beyond so many.
fn descriptors(house: &House, most: &str) {
    done("prlimit", &["--pid", &house.pid().to_string(), &format!("--nofile={most}:")]);
}

/// One connection that stays open: it needs no descriptor later.
struct Page(BufReader<TcpStream>);

impl Page {
    fn open(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        Self(BufReader::new(stream))
    }

    /// The alert of this code on the page.
    fn shows(&mut self, code: &str) -> Option<Value> {
        self.0.get_mut().write_all(b"GET /v1/alerts HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut length = None;
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the connection was closed");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(value.trim().parse::<usize>().unwrap());
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length.unwrap()];
        self.0.read_exact(&mut body).unwrap();
        let page: Value = serde_json::from_slice(&body).unwrap();
        page["alerts"].as_array().unwrap().iter().find(|alert| alert["code"] == code).cloned()
    }
}

/// Listens until it is told on MQTT: the alert, or its end.
#[track_caller]
fn told(ear: &mut Mqtt, code: &str) -> Option<Value> {
    let topic = format!("jamey/alert/{code}");
    let found = ear.find(LONG, |p| match p {
        Packet::Publish(m) if m.topic == topic => Some((!m.payload.is_empty()).then(|| m.json())),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_mind_that_stands_still_is_told_and_over_when_it_goes_on() {
    let mut house = Plan::default().env("JAMEY_TRIAL_STALL", "2:40").start();
    let mut ear = house.client("ear").listen("jamey/alert/#", 1);
    let alert = told(&mut ear, "availability-mind").unwrap();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().contains("the mind has taken nothing"), "{alert}");
    assert_eq!(told(&mut ear, "availability-mind"), None);
    house.serves();
}

#[test]
fn answers_that_come_late_are_told_until_they_come_in_time() {
    let house = Plan::default().config("[alerts]\nraise_seconds = 1\nclear_seconds = 1\n").env("JAMEY_TRIAL_STALL", "4:5").start();
    let mut ear = house.client("ear").listen("jamey/alert/#", 1);
    let mut asks = house.client("asks");
    let alert = loop {
        // Those that are asked while it stands still wait for their answers.
        asks.tell("jamey/act/lamp/turn_on", "{}");
        if let Some(alert) = ear.rest().into_iter().find(|m| m.topic == "jamey/alert/performance") {
            break alert.json();
        }
    };
    assert_eq!(alert["severity"], "warning");
    assert!(alert["text"].as_str().unwrap().contains("answer"), "{alert}");
    assert_eq!(told(&mut ear, "performance"), None, "the minute in which they were late is over");
}

#[test]
fn that_nobody_can_ask_by_http_is_told_until_somebody_can() {
    let house = house();
    let mut ear = house.client("ear").listen("jamey/alert/#", 1);
    descriptors(&house, "10");
    let knocking: Vec<_> = (0..4).map(|_| TcpStream::connect(house.http()).unwrap()).collect();
    let alert = told(&mut ear, "availability-http").unwrap();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["text"].as_str().unwrap().contains("nobody can ask"), "{alert}");
    descriptors(&house, "4096");
    drop(knocking);
    assert_eq!(told(&mut ear, "availability-http"), None);
    assert!(Page::open(house.http()).shows("availability-http").is_none());
}

#[test]
fn that_its_own_client_is_away_is_on_the_page_until_it_is_back() {
    let mut house = house();
    let mut page = Page::open(house.http());
    assert!(page.shows("availability-client").is_none());
    descriptors(&house, "10");
    // Its own connection is the one between two ends of the same process, beside those of MQTT and HTTP.
    let pid = format!("pid={},", house.pid());
    let listed = Command::new("ss").args(["-Htnp", "state", "established"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let ours: Vec<(String, String)> = listed
        .lines()
        .filter(|line| line.contains(&pid))
        .map(|line| {
            let mut words = line.split_whitespace().skip(2).map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect();
    let own: Vec<_> = ours.iter().filter(|(near, far)| ours.iter().any(|(n, f)| n == far && f == near)).collect();
    assert_eq!(own.len(), 2, "{listed}");
    for (near, far) in own {
        // The other end may be gone with the first.
        let _ = Command::new("ss").args(["--kill", "-tn", "src", near, "dst", far]).output().unwrap();
    }
    let mut alert = None;
    wait_until("that it is away is on the page", LONG, || {
        alert = page.shows("availability-client");
        alert.is_some()
    });
    assert_eq!(alert.unwrap()["severity"], "critical");
    descriptors(&house, "4096");
    wait_until("that it is back is seen on the page", LONG, || page.shows("availability-client").is_none());
    house.serves();
}
