//! Promise: whenever the process is killed, while it writes, follows, commits, merges, sums up, forgets and recalls, nothing that was
//! acknowledged is lost unless it was forgotten, what is forgotten is gone whole, and the index has what the database has.
//!
//! `JAMEY_KILLS` sets how often (200), `JAMEY_SEED` the moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::{
    memory::{index::Index, verify::agreement},
    store::Reader,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use support::*;

const PACE: Duration = Duration::from_millis(5);
/// A guest says so much, and is forgotten.
const GUEST_SAYS: i64 = 5;
/// What the third sender says is summed up as soon as somebody asks for it: its records may go, and none of its words may go uncounted.
const SUMMED_UP: &str = "dev_3";
const CONFIG: &str = "[[retention]]\nentity = \"dev_3\"\ndays = 0\nsummaries = true\n";
/// A run so long sums something up: what is younger than two minutes is left alone, for a start knows by it what is said again.
const LASTING: Duration = Duration::from_secs(170);
const OPTIMISES_EVERY: u32 = 5;
/// Every so many kills a guest is forgotten, and the index is damaged before the next start.
const FORGETS_EVERY: u32 = 6;
const DAMAGES_EVERY: u32 = 25;

/// Asks for this and that until the connection breaks; how many answers came.
fn ask(house: SocketAddr, chance: &mut Chance) -> u32 {
    let Ok(mut asker) = dial(house, "asker").v5().try_open() else { return 0 };
    asker.send(&packet::subscribe(Version::V5, 1, &[("jamey/memory/recall/reply", 0)]));
    let mut answered = 0;
    loop {
        let query = ["reading", "guest", "last hour", "dev_1 -dev_2", "\"reading of\"", "kind:reading importance:0.1"];
        let at = usize::try_from(chance.between(0, query.len() as u64)).unwrap();
        asker.post(Message::new("jamey/memory/recall", json!({"query": query[at], "limit": 20}).to_string()));
        let until = Instant::now() + Duration::from_millis(60);
        while Instant::now() < until {
            match asker.read(until.saturating_duration_since(Instant::now())) {
                Got::Packet(Packet::Publish(reply)) => {
                    let reply: Value = reply.json();
                    assert_eq!(reply["status"], "ok", "{reply}");
                    answered += 1;
                }
                Got::Closed => return answered,
                Got::Packet(_) | Got::Nothing => {}
            }
        }
    }
}

fn jamey(house: &House, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(house.data()).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The owner says so while the house is about to die.
fn forget(house: &House, guest: &str) -> Child {
    jamey(house, &["entity", "forget", guest, "--yes", "--json"]).spawn().unwrap()
}

/// What was remembered, by the senders' own ids.
fn remembered(house: &House) -> BTreeSet<String> {
    let db = house.db();
    let mut rows = db.prepare("select own_id from memory_records where own_id is not null").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Index and database agree; by the library, and now and then as a person looks.
#[track_caller]
fn agrees(house: &House, kill: u32) {
    let store = Reader::open(house.data()).unwrap();
    let open = || Index::open(&house.data().join("index"));
    // The index may be made anew at this moment.
    wait_until("there is an index", PATIENCE, || open().is_ok());
    let mut last = None;
    let agrees = || {
        let told = open().map_err(|e| e.to_string()).and_then(|index| agreement(&index, &store, |_| {}).map_err(|e| e.to_string()));
        let is_whole = told.as_ref().is_ok_and(|told| told.is_whole());
        last = Some(told);
        is_whole
    };
    let damaged = kill.is_multiple_of(DAMAGES_EVERY);
    // One that was damaged is built anew while the house is open already; any other must agree at once.
    wait_until(&format!("kill {kill}: index and database agree"), if damaged { PATIENCE } else { Duration::ZERO }, agrees);
    if kill.is_multiple_of(20) {
        let out = jamey(house, &["memory", "verify", "--json"]).output().unwrap();
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(told["good"], true, "kill {kill}: {told}");
    }
}

/// Cuts one file of the index in the middle.
fn damage(house: &House, chance: &mut Chance) {
    let mut files: Vec<_> = std::fs::read_dir(house.data().join("index")).unwrap().flatten().map(|f| f.path()).collect();
    files.retain(|path| path.is_file() && path.metadata().unwrap().len() > 1);
    files.sort();
    let path = &files[usize::try_from(chance.between(0, files.len() as u64)).unwrap()];
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn nothing_acknowledged_is_lost_and_index_and_database_agree_after_every_kill() {
    let kills: u32 = std::env::var("JAMEY_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(200);
    let mut chance = Chance::seeded(6);
    let mut house = Plan::default().config(CONFIG).start();
    let mut senders = [
        Sender::new("dev_1", false, 1, false),
        Sender::new("dev_2", true, 1, false),
        Sender::new("dev_3", true, 2, false),
        Sender::new("panel", true, 1, true),
    ];
    senders.iter_mut().for_each(|sender| sender.pace = Some(PACE));
    let began = Instant::now();
    let (mut answers, mut forgotten, mut summed) = (0, 0, 0);
    for kill in 1..=kills {
        let moment = Duration::from_micros(chance.between(10_000, 400_000));
        let addr = house.mqtt();
        let guest = format!("guest_{kill}");
        let forgets = kill.is_multiple_of(FORGETS_EVERY);
        if forgets {
            let mut client = house.client(&guest);
            (0..GUEST_SAYS).for_each(|n| client.tell(&format!("jamey/in/{guest}/note"), format!("{{\"text\": \"guest says {n}\"}}")));
        }
        let mut word = forgets.then(|| forget(&house, &guest));
        let mut wish =
            (!forgets && kill.is_multiple_of(OPTIMISES_EVERY)).then(|| jamey(&house, &["memory", "optimise", "--json"]).spawn().unwrap());
        let waits = forgets || wish.is_some();
        thread::scope(|scope| {
            for sender in &mut senders {
                scope.spawn(move || sender.send(addr, true));
            }
            let asks = scope.spawn(|| ask(addr, &mut chance));
            // A word is taken within a second: these kills come about then.
            thread::sleep(if waits { moment * 4 } else { moment });
            house.kill9();
            answers += asks.join().unwrap();
        });
        for told in word.iter_mut().chain(&mut wish) {
            let _ = told.kill();
            let _ = told.wait();
        }
        if kill.is_multiple_of(DAMAGES_EVERY) {
            damage(&house, &mut chance);
        }
        house.start();
        let rows = remembered(&house);
        for sender in senders.iter().filter(|sender| sender.name != SUMMED_UP) {
            let lost: Vec<&String> = sender.acked.iter().filter(|id| !rows.contains(*id)).take(5).collect();
            assert!(lost.is_empty(), "kill {kill}: acknowledged and lost: {lost:?} (of {})", sender.acked.len());
        }
        let (acked, sent) = (senders[2].acked.len(), senders[2].sent.len());
        let of_it = |sql: &str| usize::try_from(house.count(sql, [SUMMED_UP])).unwrap();
        for tier in ["five_minutes", "hour", "day"] {
            let in_sums = format!("select coalesce(sum(records), 0) from memory_summaries where entity = ?1 and tier = '{tier}'");
            summed = of_it(&in_sums);
            // In one look: what was kept a moment ago may be in the sums now.
            let all = of_it(&format!("select (select count(*) from memory_records where entity = ?1) + ({in_sums})"));
            assert!((acked..=sent).contains(&all), "kill {kill}: {all} kept and in {tier}, {summed} of them in sums, of {acked} to {sent}");
        }
        // A word that was not taken before the kill is taken after it.
        for guest in (FORGETS_EVERY..=kill).step_by(FORGETS_EVERY as usize).map(|n| format!("guest_{n}")) {
            let left = house.count("select count(*) from memory_records where entity = ?1", [&guest]);
            assert!(left == 0 || left == GUEST_SAYS, "kill {kill}: {guest} is forgotten by half: {left}");
        }
        forgotten = house.count("select count(*) from forgettings", []);
        agrees(&house, kill);
        assert!(!house.said().contains("panicked"), "kill {kill}: a thread panicked");
    }
    for sender in &mut senders {
        sender.send(house.mqtt(), false);
        assert!(sender.open.is_empty() && sender.sent.len() >= kills as usize, "{} sent only {}", sender.name, sender.sent.len());
    }
    house.stop();
    let rows = remembered(&house);
    let mut one_by_one = senders.iter().filter(|sender| sender.name != SUMMED_UP);
    assert!(one_by_one.all(|sender| sender.sent.iter().all(|id| rows.contains(id))), "what was open at the last kill is there as well");
    agrees(&house, DAMAGES_EVERY * 20);
    println!(
        "{kills} kills, {} messages, {answers} answers, {forgotten} of {} guests forgotten, {summed} of {} summed up",
        rows.len(),
        kills / FORGETS_EVERY,
        senders[2].sent.len()
    );
    assert!(answers > 0 && (kills < 4 * FORGETS_EVERY || (forgotten > 0 && (began.elapsed() < LASTING || summed > 0))));
}
