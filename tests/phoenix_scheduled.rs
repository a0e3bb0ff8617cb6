//! Promise: where a repository is configured the running Jamey saves itself, by the clock and after changes: each snapshot is restored for trial, old
//! ones go, and whatever is amiss is told until it is mended.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use jamey::{
    app::phoenix::{ForOnce, Which, drill_now, prune_now, snapshot_now},
    config::{self, Config},
    domain::Timestamp,
    phoenix::{Component, Content, Depth, Item, KeyFile, Order, Repository, Secret, Source},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use support::*;
use tempfile::TempDir;

/// A look of Phoenix each so often: its other times follow.
const LOOK: (&str, &str) = ("JAMEY_TRIAL_PHOENIX_MS", "50");
/// By the clock never in a test: on each 29 February.
const NEVER: &str = "schedule = \"0 0 29 2 *\"\n";

/// A repository and its key file, outside of every house.
struct There {
    folder: TempDir,
}

impl There {
    fn new() -> Self {
        let there = Self::bare();
        there.init();
        there
    }

    /// Only the key file.
    fn bare() -> Self {
        let folder = TempDir::with_prefix("jamey-repository-").unwrap();
        KeyFile::create(&folder.path().join("key")).unwrap();
        Self { folder }
    }

    fn init(&self) {
        Repository::init(&self.path(), &[self.secret()], false, now()).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("nas")
    }

    fn secret(&self) -> Secret {
        Secret::KeyFile(KeyFile::read(&self.folder.path().join("key")).unwrap())
    }

    fn open(&self) -> Repository {
        Repository::open(&self.path(), &self.secret()).unwrap()
    }

    fn sequences(&self) -> Vec<u64> {
        self.open().vault.sequences().unwrap()
    }

    /// The config of a house that saves itself here.
    fn config(&self, more: &str) -> String {
        let (path, key) = (self.path().display().to_string(), self.folder.path().join("key").display().to_string());
        format!("[[phoenix.repository]]\nname = \"nas\"\npath = {path:?}\nkey_file = {key:?}\njitter_seconds = 0\n{more}")
    }

    fn house(&self, more: &str) -> House {
        Plan::default().config(&self.config(more)).env(LOOK.0, LOOK.1).start()
    }

    /// As the command line reads it.
    fn read_config(&self, house: &House, more: &str) -> Config {
        let file = house.folder().join("asked.toml");
        fs::write(&file, self.config(more)).unwrap();
        config::load(Some(&file), vec![("store.data".into(), house.data().display().to_string())]).unwrap()
    }

    /// One that was taken so many days ago.
    fn take(&self, days_ago: i64) {
        let content = Content::Bytes(format!("day {days_ago}").into_bytes());
        let item = Item { path: "jamey.toml".into(), mode: 0o600, content };
        let source = Source { component: Component::Config, schema: 1, counts: BTreeMap::new(), items: vec![item] };
        let at = now().plus_seconds(-days_ago * 86_400);
        let order = Order { at, node: "jamey".into(), reason: "scheduled".into(), sources: vec![source], bytes_a_second: 0, after: 0 };
        self.open().snapshot(order, &mut |_| true).unwrap();
    }
}

fn now() -> Timestamp {
    jamey::runtime::Clock::new(Timestamp::default()).now()
}

/// What is told now on a retained topic; none: nothing is.
fn told(house: &House, topic: &str) -> Option<Value> {
    // Who connects without end is turned away.
    std::thread::park_timeout(MOMENT);
    let mut client = house.client("asks").listen(topic, 1);
    client.message_within(MOMENT).filter(|m| !m.payload.is_empty()).map(|m| m.json())
}

fn state(house: &House) -> Value {
    told(house, "jamey/phoenix/state").map_or(Value::Null, |state| state["repositories"]["nas"].clone())
}

fn wait_for_state(house: &House, what: &str, mut is_so: impl FnMut(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let mut look = || {
        last = state(house);
        is_so(&last)
    };
    wait_until(what, Duration::from_secs(90), &mut look);
    last
}

fn alert(house: &House, code: &str) -> Option<Value> {
    told(house, &format!("jamey/alert/{code}"))
}

fn wait_for_alert(house: &House, code: &str) -> Value {
    let mut found = None;
    wait_until(code, Duration::from_secs(60), || {
        found = alert(house, code);
        found.is_some()
    });
    let found = found.unwrap();
    assert!(found["what_to_do"].as_str().is_some_and(|text| text.len() > 20), "{found}");
    found
}

fn on_record(house: &House, action: &str) -> i64 {
    house.count("SELECT count(*) FROM audit_log WHERE action = ?1", [action])
}

/// Nothing of the work is left in the data folder.
fn is_tidy(data: &Path) -> bool {
    !data.join("phoenix-drill").exists() && !data.join("phoenix-gather").exists()
}

#[test]
fn a_house_saves_itself_and_each_snapshot_is_restored_for_trial() {
    let there = There::new();
    let mut house = there.house("schedule = \"* * * * *\"\n");
    house.client("sensor").tell("jamey/in/sensor/reading", "21.5");
    let first = wait_for_state(&house, "the first is whole", |s| s["drill"]["passed"] == true && s["doing"].is_null());
    assert_eq!((&first["last"]["sequence"], &first["last"]["reason"], &first["snapshots"]), (&1.into(), &"scheduled".into(), &1.into()));
    assert_eq!((&first["drill"]["sequence"], &first["last"]["age_hours"]), (&1.into(), &0.0.into()));
    assert!(
        first["bytes"].as_u64() > Some(0) && first["last"]["written_bytes"].as_u64() > Some(0) && first["next_at"].is_string(),
        "{first}"
    );
    assert!(is_tidy(house.data()));
    let fresh = || told(&house, "jamey/consciousness/mission/snapshots_fresh").is_some_and(|m| m["valid"] == true);
    wait_until("the mission can be told", Duration::from_secs(60), fresh);
    // The clock brings the next.
    wait_for_state(&house, "the next is whole", |s| s["drill"]["sequence"] == 2 && s["drill"]["passed"] == true);
    wait_until("all is on record", PATIENCE, || on_record(&house, "phoenix.snapshot") >= 2 && on_record(&house, "phoenix.drill") >= 2);
    for code in ["phoenix-failed", "phoenix-stale", "phoenix-drill-failed", "phoenix-rolled-back"] {
        assert_eq!(alert(&house, code), None);
    }
    house.stop();
    let repository = there.open();
    let findings = repository.verify(Depth::Everything, &mut |_| true).unwrap();
    assert!(findings.iter().all(|finding| !finding.grave), "{findings:?}");
    let manifest = repository.manifest(2).unwrap();
    assert!(manifest.part(Component::Database).unwrap().counts["records"] >= 1);
}

#[test]
fn without_a_repository_it_does_nothing_and_says_so() {
    let house = house();
    let says_so = |told: Value| told["text"].as_str().is_some_and(|text| text.contains("no snapshot is ever taken"));
    wait_until("it says so", PATIENCE, || told(&house, "jamey/phoenix/state").is_some_and(says_so));
}

#[test]
fn what_was_missed_is_made_up_for_once_and_what_is_old_goes() {
    let there = There::new();
    (1..=9).rev().for_each(|days_ago| there.take(days_ago));
    let mut house = there.house("schedule = \"0 0 * * *\"\nkeep_last = 2\nkeep_daily = 3\nkeep_weekly = 0\nkeep_monthly = 0\n");
    let state =
        wait_for_state(&house, "one is made up for", |s| s["drill"]["sequence"] == 10 && s["snapshots"] == 3 && s["doing"].is_null());
    assert_eq!(state["last"]["reason"], "scheduled");
    assert_eq!(there.sequences(), [8, 9, 10], "the newest of three days");
    wait_until("it is on record", PATIENCE, || on_record(&house, "phoenix.prune") == 1);
    house.stop();
    house.start();
    let again = wait_for_state(&house, "it is looked at again", |s| s["last"]["sequence"] == 10 && s["next_at"].is_string());
    assert_eq!(again["next_at"], state["next_at"], "and no other is due before its time");
    house.stop();
    assert_eq!(there.sequences(), [8, 9, 10]);
}

#[test]
fn so_many_changes_are_saved_without_a_clock() {
    let there = There::new();
    let house = there.house("schedule = \"\"\nafter_changes = 20\nafter_changes_minutes = 1\n");
    let mut sensor = house.client("sensor");
    wait_for_state(&house, "it was looked at", |s| s["snapshots"] == 0);
    (0..10).for_each(|n| sensor.tell("jamey/in/sensor/reading", n.to_string()));
    std::thread::park_timeout(MOMENT);
    assert_eq!(there.sequences(), [] as [u64; 0], "ten are not twenty");
    (10..20).for_each(|n| sensor.tell("jamey/in/sensor/reading", n.to_string()));
    let state = wait_for_state(&house, "one is taken and tried", |s| s["drill"]["sequence"] == 1 && s["doing"].is_null());
    assert_eq!((&state["last"]["reason"], &state["drill"]["passed"]), (&"changed".into(), &true.into()));
}

#[test]
fn a_folder_that_is_gone_is_told_and_forgotten_when_it_is_back() {
    let there = There::bare();
    let mut house = there.house("schedule = \"0 0 * * *\"\n");
    let alert = wait_for_alert(&house, "phoenix-failed");
    assert!(alert["text"].as_str().unwrap().contains("nas: ") && alert["severity"] == "warning", "{alert}");
    assert!(state(&house)["error"].as_str().is_some_and(|text| text.contains("no repository")));
    there.init();
    wait_until("the alert ends", Duration::from_secs(60), || self::alert(&house, "phoenix-failed").is_none());
    wait_for_state(&house, "one is taken", |s| s["last"]["sequence"] == 1 && s["error"].is_null());
    house.is_well();
}

#[test]
fn an_older_state_is_told_until_the_owner_takes_it() {
    let there = There::new();
    let house = &mut there.house(NEVER);
    let config = there.read_config(house, NEVER);
    let older = there.folder.path().join("older");
    wait_for_state(house, "the first is taken", |s| s["drill"]["passed"] == true && s["doing"].is_null());
    copy(&there.path(), &older);
    let taken = snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| true).unwrap();
    assert_eq!((taken[0].repository.as_str(), taken[0].came.as_ref().unwrap().sequence), ("nas", 2));
    house.stop();
    fs::remove_dir_all(there.path()).unwrap();
    copy(&older, &there.path());
    house.start();
    let alert = wait_for_alert(house, "phoenix-rolled-back");
    assert_eq!((&alert["severity"], alert["text"].as_str().unwrap().contains("was 1, where 2 had been seen")), (&"critical".into(), true));
    house.stop();
    house.start();
    wait_for_alert(house, "phoenix-rolled-back");
    let taken = snapshot_now(&config, Which::Named("nas"), &ForOnce::default(), &mut |_| true).unwrap();
    assert_eq!(taken[0].came.as_ref().unwrap().sequence, 3, "no number is given twice");
    wait_until("the owner took it as it is", PATIENCE, || self::alert(house, "phoenix-rolled-back").is_none());
    assert_eq!(there.sequences(), [1, 3]);
}

#[test]
fn a_damaged_snapshot_fails_its_drill_and_nothing_is_pruned_for_it() {
    let there = There::new();
    let house = there.house(NEVER);
    let config = there.read_config(&house, NEVER);
    wait_for_state(&house, "the first is whole", |s| s["drill"]["passed"] == true && s["doing"].is_null());
    let hidden = there.folder.path().join("hidden");
    fs::rename(there.path().join("packs"), &hidden).unwrap();
    let tried = drill_now(&config, Which::All, None, &mut |_| true).unwrap();
    let tried = tried[0].came.as_ref().unwrap();
    assert!(!tried.passed && !tried.wrong.is_empty(), "{tried:?}");
    let alert = wait_for_alert(&house, "phoenix-drill-failed");
    assert_eq!(alert["severity"], "critical");
    assert!(is_tidy(house.data()));
    let _ = fs::remove_dir_all(there.path().join("packs"));
    fs::rename(&hidden, there.path().join("packs")).unwrap();
    let tried = drill_now(&config, Which::All, Some(1), &mut |_| true).unwrap();
    assert!(tried[0].came.as_ref().unwrap().passed);
    wait_until("the alert ends", PATIENCE, || self::alert(&house, "phoenix-drill-failed").is_none());
}

#[test]
fn a_share_that_does_not_answer_is_told_while_it_does_not_and_holds_nothing_else() {
    let there = There::new();
    // Who reads a pipe waits as for a share whose server is gone.
    let shelf = there.path().join("packs/ab");
    fs::create_dir(&shelf).unwrap();
    let pipe = shelf.join(format!("ab{}", "0".repeat(62)));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut house = there.house("schedule = \"* * * * *\"\n");
    let told = wait_for_alert(&house, "phoenix-failed");
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("no snapshot can be taken to nas") && text.contains("does not answer"), "{text}");
    assert_eq!(state(&house)["doing"], "snapshot");
    house.client("sensor").tell("jamey/in/sensor/reading", "21.5");

    let answer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    fs::remove_file(&pipe).unwrap();
    drop(answer);
    wait_until("it goes on", PATIENCE, || alert(&house, "phoenix-failed").is_none());
    wait_for_state(&house, "it is taken", |s| s["drill"]["passed"] == true && s["doing"].is_null());
    house.stop();
}

#[test]
fn what_rotted_is_put_aside_and_saved_anew_without_anybody() {
    let there = There::new();
    let mut house = there.house(NEVER);
    let mut speaker = house.client("speaker");
    // So much that most of what the next snapshot is made of stood in the packs before, and that no two pieces of it are alike.
    let mut chance = 0x2545_f491_u32;
    let mut letter = || {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from((chance >> 16) % 26).unwrap())
    };
    for _ in 0..40 {
        speaker.tell("jamey/in/speaker/text", (0..100_000).map(|_| letter()).collect::<String>());
    }
    let config = there.read_config(&house, NEVER);
    let first = snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| true).unwrap()[0].came.as_ref().unwrap().sequence;
    house.stop();
    for (id, length) in there.open().vault.packs().unwrap() {
        // Its index stays whole, so nobody sees it who only looks what is there.
        let (path, length) = (there.open().vault.pack_path(id), usize::try_from(length).unwrap());
        let mut bytes = fs::read(&path).unwrap();
        (length / 5..length / 2).step_by(2_000).for_each(|at| bytes[at] ^= 1);
        fs::write(&path, bytes).unwrap();
    }
    fs::write(house.folder().join("jamey.toml"), there.config("schedule = \"* * * * *\"\n")).unwrap();
    house.start();
    let mended = |s: &Value| s["drill"]["passed"] == true && s["drill"]["sequence"].as_u64() > Some(first + 1) && s["doing"].is_null();
    wait_for_state(&house, "it is mended", mended);
    assert!(fs::read_dir(there.path().join("damaged")).unwrap().count() >= 1);
    wait_until("no alert is left", PATIENCE, || alert(&house, "phoenix-drill-failed").is_none());
}

#[test]
fn a_stop_in_the_middle_ends_it_and_leaves_nothing_and_the_next_start_does_it() {
    let there = There::new();
    let slowly = "schedule = \"\"\nmegabytes_per_second = 1\n";
    let mut house = there.house(slowly);
    let mut speaker = house.client("speaker");
    for n in 0..60 {
        let text: String = (0..100_000_u32).map(|i| char::from(b'a' + u8::try_from((i * (n + 7) / 3) % 26).unwrap())).collect();
        speaker.tell("jamey/in/speaker/text", text);
    }
    let whole = |house: &House| {
        assert!(is_tidy(house.data()));
        assert_eq!(there.sequences(), [] as [u64; 0]);
        let findings = there.open().verify(Depth::Everything, &mut |_| true).unwrap();
        assert!(findings.iter().all(|finding| !finding.grave), "{findings:?}");
    };
    let config = there.read_config(&house, slowly);
    let asking = std::thread::spawn(move || snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| true));
    wait_for_state(&house, "it is at work", |s| s["doing"] == "snapshot");
    house.stop();
    let stopping = asking.join().unwrap().unwrap_err().to_string();
    assert!(stopping.contains("Jamey is stopping"), "{stopping}");
    whole(&house);

    let daily = "schedule = \"0 0 * * *\"\n";
    fs::write(house.folder().join("jamey.toml"), there.config(&format!("{daily}megabytes_per_second = 1\n"))).unwrap();
    house.start();
    wait_for_state(&house, "it is at work by itself", |s| s["doing"] == "snapshot");
    house.stop();
    whole(&house);

    fs::write(house.folder().join("jamey.toml"), there.config(daily)).unwrap();
    house.start();
    let state = wait_for_state(&house, "it is done", |s| s["drill"]["passed"] == true);
    assert_eq!((&state["last"]["sequence"], &state["last"]["reason"]), (&1.into(), &"scheduled".into()));
}

#[test]
fn a_snapshot_that_is_too_old_is_told_until_there_is_another() {
    let there = There::new();
    there.take(3);
    let house = there.house("schedule = \"\"\n");
    let config = there.read_config(&house, "");
    let alert = wait_for_alert(&house, "phoenix-stale");
    assert!(alert["text"].as_str().unwrap().contains("older than 26 hours"), "{alert}");
    snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| true).unwrap()[0].came.as_ref().unwrap();
    wait_until("the alert ends", PATIENCE, || self::alert(&house, "phoenix-stale").is_none());
}

#[test]
fn on_a_house_at_rest_the_host_does_it_itself() {
    let there = There::new();
    let mut house = there.house("schedule = \"\"\nkeep_last = 1\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0\n");
    house.stop();
    let config = there.read_config(&house, "schedule = \"\"\nkeep_last = 1\nkeep_daily = 0\nkeep_weekly = 0\nkeep_monthly = 0\n");
    let mut steps = 0;
    for sequence in 1..=2 {
        let taken = snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| {
            steps += 1;
            true
        });
        assert_eq!(taken.unwrap()[0].came.as_ref().unwrap().sequence, sequence);
    }
    assert!(steps > 0, "how far it is was told");
    assert!(drill_now(&config, Which::Named("nas"), None, &mut |_| true).unwrap()[0].came.as_ref().unwrap().passed);
    let would = prune_now(&config, Which::All, &ForOnce::default(), true, &mut |_| true).unwrap();
    assert_eq!((&would[0].came.as_ref().unwrap().removed[..], there.sequences().len()), (&[1][..], 2));
    assert_eq!(prune_now(&config, Which::All, &ForOnce::default(), false, &mut |_| true).unwrap()[0].came.as_ref().unwrap().removed, [1]);
    let secret = there.secret();
    let other = Which::Other { folder: &there.path(), secret: &secret };
    assert_eq!(snapshot_now(&config, other, &ForOnce::default(), &mut |_| true).unwrap()[0].came.as_ref().unwrap().sequence, 3);
    let records = [("phoenix.snapshot", 3), ("phoenix.drill", 1), ("phoenix.prune", 1)];
    records.iter().for_each(|(action, n)| assert_eq!(on_record(&house, action), *n, "{action}"));
    let wrong = snapshot_now(&config, Which::Named("attic"), &ForOnce::default(), &mut |_| true).unwrap_err().to_string();
    assert_eq!(wrong, "`attic` is no repository of the config; there is nas");
    assert_eq!(snapshot_now(&config, Which::All, &ForOnce::default(), &mut |_| false).unwrap_err().to_string(), "stopped");
    house.start();
    let running = snapshot_now(&config, other, &ForOnce::default(), &mut |_| true).unwrap_err().to_string();
    assert!(running.contains("the running Jamey knows no repository but those of its config"), "{running}");
}

#[test]
fn who_may_asks_for_it_over_mqtt_and_others_do_not() {
    let there = There::new();
    let data = TempDir::with_prefix("jamey-").unwrap();
    for (name, role) in [("olga", "operator"), ("hugo", "human")] {
        user(data.path(), name, role);
    }
    let house = Plan::default().config(&there.config("schedule = \"\"\n")).env(LOOK.0, LOOK.1).data(data.path()).start();
    let sign_in = |name: &str| house.dial(name).v5().user(name, PASSWORD).open();
    let mut olga = sign_in("olga").listen("jamey/reply/#", 1);
    assert!(!sign_in("hugo").publish(Message::new("jamey/cmd/phoenix-snapshot", "").qos(1)).taken());
    olga.tell("jamey/cmd/phoenix-snapshot", r#"{"transaction": 7}"#);
    let reply = olga.message_on("jamey/reply/phoenix-snapshot").json();
    assert_eq!(
        (&reply["status"], &reply["transaction"], &reply["data"][0]["came"]["Ok"]["sequence"]),
        (&"ok".into(), &7.into(), &1.into())
    );
    olga.tell("jamey/cmd/phoenix-drill", r#"{"repository": "nas", "snapshot": 1}"#);
    let reply = olga.message_on("jamey/reply/phoenix-drill").json();
    assert_eq!((&reply["status"], &reply["data"][0]["came"]["Ok"]["passed"]), (&"ok".into(), &true.into()), "{reply}");
    olga.tell("jamey/cmd/phoenix-drill", r#"{"snapshot": 9}"#);
    let reply = olga.message_on("jamey/reply/phoenix-drill").json();
    assert_eq!(reply["status"], "error");
    olga.tell("jamey/cmd/phoenix-snapshot", r#"{"repository": "attic"}"#);
    let reply = olga.message_on("jamey/reply/phoenix-snapshot").json();
    assert_eq!((&reply["status"], &reply["error"]), (&"error".into(), &"`attic` is no repository of the config; there is nas".into()));
    assert!(!olga.publish(Message::new("jamey/cmd/phoenix-snapshot", "[]").qos(1)).taken());
}

#[test]
fn a_full_disk_there_is_told_and_taken_up_again_when_there_is_room() {
    let there = There::bare();
    fs::create_dir(there.path()).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(there.path()).output().unwrap();
    assert!(mount.status.success(), "this test must mount a tmpfs, so it must run as root: {}", String::from_utf8_lossy(&mount.stderr));
    let _mounted = Mounted(there.path());
    there.init();
    let filler = there.path().join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    for size in [65_536, 4_096, 512] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    drop(file);
    let mut house = there.house("schedule = \"0 0 * * *\"\n");
    wait_for_alert(&house, "phoenix-failed");
    assert_eq!(there.sequences(), [] as [u64; 0]);
    fs::remove_file(&filler).unwrap();
    wait_for_state(&house, "one is taken", |s| s["last"]["sequence"] == 1 && s["error"].is_null());
    wait_until("the alert ends", PATIENCE, || alert(&house, "phoenix-failed").is_none());
    house.is_well();
    house.stop();
}

const PASSWORD: &str = "a long enough password";

fn user(data: &Path, name: &str, role: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.arg("--data").arg(data).args(["user", "add", name, "--role", role]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Unmounted at the end, however that comes.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
