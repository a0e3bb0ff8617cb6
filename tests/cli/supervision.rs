//! Promise: a part that panics or hangs in a running house is started again, said so while that is news, and nothing that was acknowledged is lost by
//! it; without its mind the house ends, to be started anew; and it stops within five seconds, whatever is going on.

use super::*;
use crate::support::scrape;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64},
};

/// A part, and how it is made to fall.
fn falling(trials: &str, hangs: &str) -> House {
    plan(trials, hangs).start()
}

fn plan(trials: &str, hangs: &str) -> Plan {
    Plan::default().env("JAMEY_TRIAL_FALL", trials).env("JAMEY_TRIAL_WELL_MS", "2000").env("JAMEY_TRIAL_HANGS_MS", hangs)
}

/// A command for whose answer nobody waits.
fn begun(house: &House, args: &[&str]) -> std::process::Child {
    let all = [&["--data", text(house.data())], args].concat();
    Command::new(binary()).args(all).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// It may have been told `online` more than once before.
fn says_offline(watcher: &mut Mqtt) {
    let last = std::iter::repeat_with(|| watcher.message().text()).find(|said| said != "online");
    assert_eq!(last.as_deref(), Some("offline"));
}

/// The alerts of these parts stand, and are over.
fn come_and_go(house: &House, parts: &[&str]) {
    let said = |part: &str| house.said().contains(&format!("{part} fell, and is started again"));
    for part in parts {
        wait_until(&format!("{part} falls"), PATIENCE, || said(part));
    }
    for part in parts {
        wait_until(&format!("{part} is well, and its alert over"), PATIENCE, || {
            retained(house, &format!("jamey/alert/restarted-{part}")).is_none()
        });
    }
}

#[test]
fn each_part_that_panics_comes_back_and_what_was_acknowledged_is_there() {
    let parts = [
        "speaker",
        "alerts",
        "home-assistant",
        "orders",
        "rules",
        "people",
        "conditions",
        "samples",
        "ticks",
        "guard-off",
        "answers",
        "words",
        "wishes",
        "rises",
        "index",
        "upkeep",
        "recall",
        "http",
        "proof",
        "watchdog",
        "webhook-phone",
        "listener-own",
        "snapshots",
        "phi",
    ];
    // The upkeep looks once a minute, and at the start; Jamey's own client comes once; exact Φ is for when enough was seen.
    let second = |part: &str| u8::from(!["upkeep", "listener-own", "phi"].contains(&part));
    let trials: Vec<String> = parts.iter().map(|part| format!("{part}:panic@{}", second(part))).collect();
    let webhook = format!("[[webhook]]\nname = \"phone\"\nurl = \"http://{NOWHERE}/\"\n");
    let folder = TempDir::new().unwrap();
    let snapshots = format!(
        "[[phoenix.repository]]\nname = \"nas\"\npath = \"{0}/nas\"\nkey_file = \"{0}/key\"\nschedule = \"\"\n",
        folder.path().display()
    );
    let plan = plan(&trials.join(","), "60000").config(&(webhook + &snapshots));
    let mut house = plan.env("WATCHDOG_USEC", "12000000").env("JAMEY_TRIAL_PHOENIX_MS", "200").start();
    assert!(house.said().contains("JAMEY_TRIAL_FALL is set"), "a trial says that it is one");
    let mut seen = house.client("watcher").listen("jamey/alert/#", 1);
    let mut speaker = house.client("kitchen");
    let mut told = 0;
    // Each of them falls while the house is spoken to.
    wait_until("all have fallen", PATIENCE, || {
        speaker.tell("jamey/in/kitchen/note", format!("note {told}"));
        told += 1;
        let _ = std::net::TcpStream::connect(house.http());
        let said = house.said();
        parts.iter().all(|part| said.contains(&format!("{part} fell, and is started again")))
    });
    assert!(house.said().lines().any(|line| line.contains("panicked at")), "the log has the panic");
    let raised = std::iter::repeat_with(|| seen.message()).find(|alert| alert.topic.starts_with("jamey/alert/restarted-")).unwrap();
    let text = raised.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("it panicked at src/runtime/"), "{raised:?}");
    assert!(!text.contains("a trial"), "what a panic says may be a stranger's, and is the log's alone");
    come_and_go(&house, &parts);
    let kept = house.count("select count(*) from memory_records where kind = 'note'", []);
    assert_eq!(kept, i64::from(told), "all that was acknowledged");
    let metrics = scrape::scrape(house.http(), &[]);
    assert!(parts.iter().all(|part| metrics.value(&format!("jamey_part_restarts_total{{part=\"{part}\"}}")) == 1.0), "{}", metrics.text);
    // Each does what it is there for again.
    assert_eq!(retained(&house, "jamey/status").unwrap().text(), "online");
    let alerts = at(&house, &["alert", "list", "--json"]).json();
    assert!(alerts["alerts"].is_array(), "orders are taken: {alerts}");
    at(&house, &["guard", "off", "--for", "1h"]).good();
    wait_until("break-glass is seen, and told", PATIENCE, || retained(&house, ALERT).is_some());
    wait_until("what was said is found again", PATIENCE, || at(&house, &["recall", "note 0", "--json"]).good().contains("kitchen"));
    assert!(house.client("stranger").publish(Message::new("serves/now", "1").qos(1)).taken());
    house.stop();
}

#[test]
fn a_part_that_hangs_is_started_again_and_others_go_on_meanwhile() {
    let house = falling("orders:hang@1", "3000");
    wait_until("it hung, and is started again", PATIENCE, || house.said().contains("orders fell, and is started again in 100 ms: it hung"));
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21");
    at(&house, &["alert", "list"]).good();
    come_and_go(&house, &["orders"]);
}

#[test]
fn who_came_since_the_start_is_told_of_still_when_the_speaker_fell() {
    // On a slow host it may fall before anybody came: then it is tried later.
    let tried = [2, 8, 30].into_iter().any(|after| {
        let house = falling(&format!("speaker:panic@{after}"), "60000");
        let mut watcher = house.client("watcher").listen("jamey/soul/entity/kitchen", 1);
        house.client("kitchen").tell("jamey/in/kitchen/temperature", "21");
        assert!(!watcher.message().payload.is_empty());
        if house.said().contains("speaker fell") {
            return false;
        }
        come_and_go(&house, &["speaker"]);
        assert!(watcher.rest().iter().all(|message| !message.payload.is_empty()), "nobody is taken back");
        retained(&house, "jamey/soul/entity/kitchen").is_some()
    });
    assert!(tried);
}

#[test]
fn it_says_offline_though_the_speaker_rests() {
    let mut house = falling(&["speaker:panic@0"; 4].join(","), "60000");
    let mut watcher = house.client("watcher").listen("jamey/status", 1);
    wait_until("the speaker rests", PATIENCE, || house.said().contains("speaker fell, and is started again in 6400 ms"));
    house.stop();
    says_offline(&mut watcher);
}

#[test]
fn to_forget_takes_as_long_as_it_takes_and_is_no_hanging() {
    // The index stands still, and whoever is forgotten has to wait for it.
    let house = falling("index:hang@0,http:hang@0,http:hang@0", "2000");
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21");
    let known = || house.count("select count(*) from soul_entities where entity = 'kitchen'", []);
    wait_until("somebody is known", PATIENCE, || known() == 1);
    let mut forgets = begun(&house, &["entity", "forget", "kitchen", "--yes"]);
    wait_until("it is forgotten", PATIENCE, || known() == 0);
    // Two that began to hang later were seen to.
    for times in 1..=2 {
        wait_until("it hung", PATIENCE, || {
            let _ = std::net::TcpStream::connect(house.http());
            house.said().matches("http fell").count() == times
        });
    }
    assert!(!house.said().contains("words fell") && !house.said().contains("speaker fell"), "{}", house.said());
    wait_until("the speaker speaks", PATIENCE, || retained(&house, "jamey/alert/restarted-http").is_some());
    forgets.kill().unwrap();
    forgets.wait().unwrap();
}

#[test]
fn a_choice_that_is_on_disk_counts_though_who_takes_it_fell_over_it() {
    let house = falling("rules:panic-within@0,orders:panic-within@0", "60000");
    let said = at(&house, &["rules", "profile", "strict"]).bad(1);
    assert!(said.contains("order it again"), "{said}");
    wait_until("it judges by it", PATIENCE, || retained(&house, "jamey/info").is_some_and(|info| info.json()["profile"] == "strict"));
    let mut ordered = begun(&house, &["guard", "mode", "enforce"]);
    wait_until("the guard enforces", PATIENCE, || retained(&house, "jamey/info").is_some_and(|info| info.json()["guard"] == "enforce"));
    assert!(house.said().contains("orders fell") && house.said().contains("an order was not seen through"), "{}", house.said());
    ordered.kill().unwrap();
    ordered.wait().unwrap();
}

#[test]
fn retained_commands_are_judged_though_who_judges_them_falls_in_the_midst() {
    let guard =
        "[[guard]]\ntopic = \"shed/bolt/set\"\ndevice = \"bolt\"\nclass = \"lock\"\npayloads = { UNLOCK = \"unlock\", LOCK = \"lock\" }\n";
    let house = plan("sweep:panic-within@0", "60000").config(guard).start();
    assert!(house.client("auto").publish(Message::new("shed/bolt/set", "UNLOCK").qos(1).retained()).taken());
    assert!(retained(&house, "shed/bolt/set").is_some(), "it only observes");
    std::fs::write(house.folder().join("jamey.toml"), format!("{guard}[broker]\nguard = \"enforce\"\n")).unwrap();
    wait_until("who judges falls", PATIENCE, || house.said().contains("sweep fell, and is started again"));
    wait_until("it is judged, and gone", PATIENCE, || retained(&house, "shed/bolt/set").is_none());
}

#[test]
fn without_its_mind_the_house_ends_in_order_and_the_next_start_has_all() {
    for part in ["mind", "store"] {
        let mut house = Plan::default().env("JAMEY_TRIAL_FALL", &format!("{part}:panic@2")).start();
        let mut watcher = house.client("watcher").listen("jamey/status", 1);
        watcher.rest();
        let mut speaker = house.client("kitchen");
        let mut told = 0;
        while speaker.publish(Message::new("jamey/in/kitchen/note", format!("note {told}")).qos(1)).taken() {
            told += 1;
        }
        assert_eq!(house.ends(), Some(1), "{part}");
        says_offline(&mut watcher);
        assert!(house.said().contains(&format!("{part} panicked, and what it held may be half done")), "{}", house.said());
        house.start_without("JAMEY_TRIAL_FALL");
        let kept = house.count("select count(*) from memory_records where kind = 'note'", []);
        assert!(kept >= told, "{part}: {told} were acknowledged, and {kept} are there");
        house.serves();
    }
}

#[test]
fn a_house_under_load_stops_within_five_seconds_says_so_and_keeps_what_it_acknowledged() {
    let mut house = house();
    let mut watcher = house.client("watcher").listen("jamey/status", 1);
    assert_eq!(watcher.message().text(), "online");
    watcher.rest();
    let (goes_on, told) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let speakers: Vec<_> = (0..8)
        .map(|n| {
            let (mut speaker, goes_on, told) = (house.client(&format!("load{n}")), Arc::clone(&goes_on), Arc::clone(&told));
            std::thread::spawn(move || {
                while goes_on.load(Ordering::Relaxed)
                    && speaker
                        .publish(Message::new(&format!("jamey/in/load{n}/note"), format!("{}", told.load(Ordering::Relaxed))).qos(1))
                        .taken()
                {
                    told.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    wait_until("there is load", PATIENCE, || told.load(Ordering::Relaxed) > 200);
    let begun = Instant::now();
    house.stop();
    let took = begun.elapsed();
    goes_on.store(false, Ordering::Relaxed);
    speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
    assert!(took < Duration::from_secs(5) + Duration::from_millis(500), "it took {took:?}");
    says_offline(&mut watcher);
    let kept = house.count("select count(*) from memory_records where entity like 'load%'", []);
    assert!(u64::try_from(kept).unwrap() >= told.load(Ordering::Relaxed));
}

#[test]
fn the_process_that_was_started_is_the_house_and_its_heap_gives_back_at_once_unless_its_owner_says_otherwise() {
    let delay = |house: &mut House| {
        house.serves();
        let environment = std::fs::read(format!("/proc/{}/environ", house.pid())).unwrap();
        let words = environment.split(|byte| *byte == 0).filter_map(|word| word.strip_prefix(b"MIMALLOC_PURGE_DELAY="));
        words.map(|value| String::from_utf8(value.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(delay(&mut house()), ["0"]);
    assert_eq!(delay(&mut Plan::default().env("MIMALLOC_PURGE_DELAY", "500").start()), ["500"]);
}

/// Its program is gone from the disk, so it cannot be begun anew: it goes on as it was, and who hangs up does not end it.
#[test]
#[cfg(target_os = "linux")]
fn a_house_that_cannot_begin_itself_anew_goes_on() {
    use std::{
        io::{BufRead, BufReader},
        os::{fd::AsRawFd, unix::process::CommandExt},
        process::{Command, Stdio},
    };
    const SIGPIPE: u32 = 13;

    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let gone = folder.path().join("jamey");
    std::fs::hard_link(env!("CARGO_BIN_EXE_jamey"), &gone).unwrap();
    let program = std::fs::File::open(&gone).unwrap();
    std::fs::remove_file(&gone).unwrap();
    let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    command
        .arg0("jamey (deleted)")
        .args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"));
    let mut child = command.env_remove("MIMALLOC_PURGE_DELAY").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let of_process = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", child.id())).unwrap();
    assert!(!of_process("environ").contains("MIMALLOC_PURGE_DELAY"), "it was not begun anew");
    let ignored = of_process("status").lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready.starts_with("ready mqtt="), "{ready}");
    assert!(ignored.unwrap() & (1 << (SIGPIPE - 1)) != 0, "{ignored:x?}");
}
