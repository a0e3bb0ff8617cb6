//! Promise: a database that was damaged while it lay there is never served as if all was well: a start refuses it or the house says so, with
//! what to do; and a full disk takes nothing from recall.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::json;
use std::{
    io::{Read, Seek, SeekFrom, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};
use support::*;

const PAGE: u64 = 4_096;

/// A house that remembers enough for many pages, at rest.
fn at_rest() -> House {
    let mut house = house();
    let mut speaker = house.client("speaker");
    for n in 0..300 {
        speaker.tell("jamey/in/gate/note", json!({"text": format!("parcel p{n}x {}", "lorem ipsum ".repeat(40))}).to_string());
    }
    house.stop();
    house
}

/// Starts it and waits for its end: the exit code and what it said.
fn refused(data: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]).arg(data);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut status = None;
    wait_until("it refuses to start", PATIENCE, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.unwrap().code(), said)
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_database_that_was_cut_off_or_overwritten_at_its_head_is_refused_with_what_to_do() {
    let house = at_rest();
    let db = house.data().join("jamey.db");
    let whole = std::fs::read(&db).unwrap();
    for (what, bytes) in [
        ("cut in the middle", whole[..whole.len() / 2].to_vec()),
        ("cut by one page", whole[..whole.len() - usize::try_from(PAGE).unwrap()].to_vec()),
        ("overwritten at its head", [vec![0xa5; 100], whole[100..].to_vec()].concat()),
    ] {
        std::fs::write(&db, bytes).unwrap();
        let (code, said) = refused(house.data());
        assert_eq!(code, Some(1), "{what}: {said}");
        assert!(said.contains("damaged") && said.contains("put a backup of the data folder in its place"), "{what}: {said}");
    }
    std::fs::write(&db, whole).unwrap();
}

#[test]
fn a_page_that_went_bad_is_found_told_and_on_health_and_nothing_is_answered_from_it() {
    let mut house = at_rest();
    let db = house.data().join("jamey.db");
    let whole = std::fs::read(&db).unwrap();
    // Where all records begin: without it the house cannot wake.
    let root =
        house.db().query_row("select rootpage from sqlite_schema where name = 'memory_records'", [], |row| row.get::<_, u32>(0)).unwrap();
    overwrite(&db, u64::from(root - 1) * PAGE, &[0xa5; 512]);
    let (code, said) = refused(house.data());
    assert!(code == Some(1) && said.contains("damaged") && said.contains("put a backup of the data folder in its place"), "{said}");
    std::fs::write(&db, &whole).unwrap();
    // A page with memories of long ago: the last 4,096, which a start looks through, are whole.
    let conn = rusqlite::Connection::open(&db).unwrap();
    conn.execute_batch("begin").unwrap();
    for n in 0..5_000_u64 {
        let id = [0x0190_0000_0000_7000 + n, 0x8000_0000_0000_0000 + n].map(u64::to_be_bytes).concat();
        let sql =
            "insert into memory_records (id, at, entity, kind, topic, body_kind, payload, text, importance, layer, requester, client_id,
                       qos, retained)
                   values (?1, 0, 'gate', 'note', 't', 'text', zeroblob(400), ?2, 0.5, 'short_term', 'gate', 'gate', 0, 0)";
        conn.execute(sql, rusqlite::params![id, format!("ancient a{n}z")]).unwrap();
    }
    conn.execute_batch("commit").unwrap();
    drop(conn);
    let rebuilt = Command::new(env!("CARGO_BIN_EXE_jamey")).args(["memory", "rebuild", "--data"]).arg(house.data()).status().unwrap();
    assert!(rebuilt.success());
    let whole = std::fs::read(&db).unwrap();
    let page_of = |n: u64| {
        let text = format!("ancient a{n}z");
        let at = whole.windows(text.len()).position(|bytes| bytes == text.as_bytes()).unwrap() as u64;
        at / PAGE * PAGE
    };
    // A leaf: without an inner page more would be gone.
    const LEAF: u8 = 0x0a;
    let lost = (50..150).find(|n| whole[usize::try_from(page_of(*n)).unwrap()] == LEAF).unwrap();
    overwrite(&db, page_of(lost), &[0xa5; 512]);
    let out = Command::new(env!("CARGO_BIN_EXE_jamey")).args(["memory", "verify", "--data"]).arg(house.data()).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert!(out.status.code() == Some(1) && said.contains("damaged"), "{said}");
    house.start();
    let mut all = house.client("all").listen("jamey/alert/damaged", 1);
    let alert = all.message_on("jamey/alert/damaged").json();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["what_to_do"].as_str().unwrap().contains("put a backup of it in its place"), "{alert}");
    let mut stream = TcpStream::connect(house.http()).unwrap();
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("store is damaged"), "{answer}");
    let mut asker = house.dial("asker").v5().open().listen("jamey/memory/recall/reply", 1);
    asker.tell("jamey/memory/recall", json!({"query": format!("a{lost}z")}).to_string());
    let reply = asker.message_on("jamey/memory/recall/reply").json();
    assert!(reply["status"] == "error" && reply["error"].as_str().unwrap().contains("malformed"), "{reply}");
}
