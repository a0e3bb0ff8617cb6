//! Who says what makes no sense, says too much, or are too many.

use super::*;
use tokio_tungstenite::tungstenite::{
    Message as Frame,
    protocol::frame::{
        Frame as Raw,
        coding::{Data, OpCode},
    },
};

fn open(house: &House) -> Listener {
    Listener::open(house.http(), "/v1/stream", &[]).0
}

#[test]
fn what_cannot_be_read_ends_the_line_with_a_reason() {
    let mut house = house();
    for said in ["", "x", "[]", r#"{"type":"publish"}"#, r#"{"type":"subscribe","kinds":["all"]}"#, r#"{"type":"subscribe","from":"1"}"#] {
        let mut listener = open(&house);
        listener.say(said);
        let (code, reason) = listener.closed();
        assert!(code == 1008 && reason.len() > 20, "{said}: {code} {reason}");
    }
    let mut listener = open(&house);
    listener.socket.send(Frame::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(listener.closed().0, 1003);
    let mut listener = open(&house);
    listener.say(&format!(r#"{{"type":"subscribe","kinds":[{}]}}"#, " ".repeat(4_096)));
    assert_eq!(listener.closed().0, 1009, "one past");
    let mut listener = open(&house);
    let most = format!("{{\"type\":\"subscribe\",\"kinds\":[{}]}}", " ".repeat(4_096 - 31));
    assert_eq!(most.len(), 4_096);
    listener.say(&most);
    assert_eq!(listener.said()["type"], "subscribed");
    house.serves();
}

#[test]
fn a_message_may_come_in_fragments_but_not_without_end() {
    let mut house = house();
    let fragment = |listener: &mut Listener, text: &str, first: bool, last: bool| {
        let code = OpCode::Data(if first { Data::Text } else { Data::Continue });
        listener.socket.send(Frame::Frame(Raw::message(text.as_bytes().to_vec(), code, last)))
    };
    let mut listener = open(&house);
    fragment(&mut listener, r#"{"type":"#, true, false).unwrap();
    listener.socket.send(Frame::Ping(vec![1].into())).unwrap();
    fragment(&mut listener, r#""subscribe"}"#, false, true).unwrap();
    assert_eq!(listener.said()["type"], "subscribed");
    let mut listener = open(&house);
    let _ = (0..=64).try_for_each(|n| fragment(&mut listener, &" ".repeat(64), n == 0, false));
    assert_eq!(listener.closed().0, 1009);
    // A continuation of nothing, a text within a text, and bits that nobody has agreed on.
    for bytes in
        [&[0x80, 0x80, 0, 0, 0, 0][..], &[0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0], &[0xf1, 0x80, 0, 0, 0, 0], &[0x81, 0x01, b'x']]
    {
        let mut listener = open(&house);
        listener.socket.get_mut().write_all(bytes).unwrap();
        assert_eq!(listener.closed().0, 1002, "{bytes:?}");
    }
    // No UTF-8.
    let mut listener = open(&house);
    listener.socket.get_mut().write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]).unwrap();
    assert_eq!(listener.closed().0, 1007);
    // Half a frame, and nothing more.
    let listener = open(&house);
    listener.socket.get_ref().write_all(&[0x81, 0xfe]).unwrap();
    listener.drop_line();
    house.serves();
}

#[test]
fn who_changes_his_mind_without_end_is_let_go() {
    let house = house();
    let mut listener = open(&house);
    for _ in 0..60 {
        listener.subscribe(json!({"kinds": []}));
    }
    listener.say(r#"{"type":"subscribe","kinds":[]}"#);
    let (code, reason) = listener.closed();
    assert!(code == 1008 && reason.contains("more than 60 subscriptions"), "{reason}");
}

#[test]
fn who_pings_without_end_is_let_go_and_takes_no_memory() {
    let mut house = house();
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", house.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB");
        line.parse::<u64>().unwrap() / 1_024
    };
    let mut listener = open(&house);
    (0..200).for_each(|_| listener.socket.send(Frame::Ping(vec![0; 125].into())).unwrap());
    listener.subscribe(json!({"kinds": []}));
    let before = resident();
    // 125 MB of answers, of which none is read.
    let sent = (0..1_000_000).take_while(|_| listener.socket.send(Frame::Ping(vec![0; 125].into())).is_ok()).count();
    assert!(sent < 1_000_000, "nobody ended it");
    assert!(resident() < before + 16, "{before} to {} MiB", resident());
    house.serves();
}

#[test]
fn as_many_listen_as_may_and_one_past_finds_no_place() {
    let mut house = Plan::default().config("[http]\nmax_connections = 64\nrequests_per_second = 0\n").start();
    let mut all: Vec<Listener> = (0..256).map(|_| open(&house)).collect();
    let Err((status, body)) = Listener::try_open(house.http(), "/v1/stream", &[]) else { panic!("there are 257") };
    assert_eq!(status, 503);
    assert!(body.contains("256 listen already"), "{body}");
    assert!(Events::open(house.http(), "/v1/events", &[]).is_err_and(|head| head.starts_with("HTTP/1.1 503")));
    assert_eq!(web::get(house.http(), "/health/ready", &[]).status, 200, "who only asks finds a place all the same");
    all.pop().unwrap().drop_line();
    wait_until("there is a place again", PATIENCE, || Listener::try_open(house.http(), "/v1/stream", &[]).is_ok());
    drop(all);
    house.serves();
}

#[test]
fn a_query_that_makes_no_sense_is_refused() {
    let house = house();
    for path in [
        "/v1/stream?kinds=all",
        "/v1/stream?kinds=verdict,",
        "/v1/stream?entities=A%20B",
        "/v1/stream?from=1",
        "/v1/stream?from=",
        "/v1/stream?form=1.00000000",
        "/v1/stream?kinds=verdict&kinds=alert",
    ] {
        let answer = Listener::try_open(house.http(), path, &[]).map(|_| ()).unwrap_err();
        assert_eq!(answer.0, 400, "{path}: {answer:?}");
    }
    let answer = Events::open(house.http(), "/v1/events", &[("Last-Event-ID", "7")]).map(|_| ()).unwrap_err();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
