//! Promise: a full disk costs memory of what was said, never a command that nobody judged; and it heals without a restart.
//!
//! Needs root: the data folder of each test is a tmpfs of its own of 8 MB.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use support::*;
use tempfile::TempDir;

/// A small disk of its own; unmounted at the end, however that comes.
struct Disk(TempDir);

impl Disk {
    fn mounted(size: &str) -> Self {
        let folder = TempDir::with_prefix("jamey-disk-").unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path()).output().unwrap();
        assert!(done.status.success(), "this test must mount a tmpfs, so it must run as root: {}", String::from_utf8_lossy(&done.stderr));
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        for size in [65_536, 4_096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the house may still be going.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

const LOCK: &str = r#"{"command_topic":"zigbee2mqtt/front_door/set","state_topic":"zigbee2mqtt/front_door","value_template":"{{ value_json.state }}",
    "state_locked":"LOCK","state_unlocked":"UNLOCK","name":null,"unique_id":"0x00158d0001a2b3c4_lock_zigbee2mqtt",
    "device":{"identifiers":["zigbee2mqtt_0x00158d0001a2b3c4"],"name":"front_door"}}"#;

#[test]
fn a_full_disk_fails_closed_where_it_matters_and_heals() {
    let disk = Disk::mounted("8m");
    let data = disk.path().join("data");
    let mut house = Plan::default().enforce().data(&data).start();
    let mut bridge = house.client("zigbee2mqtt").listen("zigbee2mqtt/front_door/set", 1);
    assert!(bridge.publish(Message::new("homeassistant/lock/0x00158d0001a2b3c4/lock/config", LOCK).qos(1).retained()).taken());
    let mut owner = house.client("wall_panel").listen("jamey/verdict/wall_panel", 1);
    owner.tell("zigbee2mqtt/front_door/set", "LOCK");
    assert_eq!(owner.message().json()["request"]["verb"], "lock", "while there is room, the lock is judged");
    bridge.rest();
    let mut old_sensor = house.client("old_sensor");
    let commands = [(1, "UNLOCK"), (1, "LOCK"), (2, "UNLOCK"), (0, "UNLOCK")];
    let mut panels = commands.map(|(qos, word)| house.dial(&format!("panel-{qos}-{word}")).v5().open());
    let mut listener = house.client("listener").listen("plain/#", 1);
    let mut speaker = house.client("speaker");
    let mut sensor = house.dial("sensor").v5().open();
    sensor.tell("jamey/in/sensor/reading", r#"{"id":"before","value":1}"#);
    let mut watcher = house.client("watcher").listen("jamey/consciousness/state", 1);
    let becomes = |phases: &[&str], watcher: &mut Mqtt| {
        wait_until(&phases.join(" or "), Duration::from_secs(90), || {
            watcher.message_within(MOMENT).is_some_and(|m| phases.iter().any(|phase| m.json()["state"] == *phase))
        });
    };
    becomes(&["waking", "attentive"], &mut watcher);

    let filler = disk.fill();
    // The log still has room inside; big bodies use it up. Then nothing is acknowledged, and the connection is closed after some 5 s.
    let body = |n: usize| format!(r#"{{"id":"full-{n}","pad":"{}"}}"#, "x".repeat(60_000));
    let mut acked = vec![];
    let (ended, waited) = loop {
        let asked = Instant::now();
        let sent = sensor.publish(Message::new("jamey/in/sensor/reading", body(acked.len())).qos(1));
        if !sent.taken() {
            break (sent, asked.elapsed());
        }
        acked.push(format!("full-{}", acked.len()));
        assert!(acked.len() < 200, "12 MB were acknowledged on a full disk of 8 MB");
    };
    assert!(matches!(ended, Sent::Closed(Some(0x97)) | Sent::Code(0x97, _)), "quota exceeded, said plainly: {ended:?}");
    assert!((3..=15).contains(&waited.as_secs()), "after about 5 s, not {waited:?}");
    let sent = old_sensor.publish(Message::new("jamey/in/old_sensor/reading", body(0)).qos(2));
    assert_eq!(sent, Sent::Closed(None), "a 3.1.1 sender is let go unacknowledged");

    becomes(&["degraded"], &mut watcher);

    // What nobody guards and nothing remembers goes on, without waiting.
    for n in 0..50 {
        let asked = Instant::now();
        speaker.tell("plain/x", n.to_string());
        assert_eq!(listener.message().text(), n.to_string());
        assert!(asked.elapsed() < Duration::from_secs(2), "unguarded traffic waits {:?}", asked.elapsed());
    }

    // A command to a lock that cannot be written down is not given.
    for ((qos, word), panel) in commands.into_iter().zip(&mut panels) {
        let sent = panel.publish_within(Duration::from_secs(15), Message::new("zigbee2mqtt/front_door/set", word).qos(qos));
        assert!(qos == 0 || !sent.taken(), "{word} at QoS {qos} was acknowledged: {sent:?}");
        assert_eq!(bridge.rest(), [], "{word} at QoS {qos} reached the lock");
    }
    // Who comes back meanwhile, as everything in a home does that loses its radio for a second, is let in.
    for n in 0..20 {
        disk.fill();
        let newcomer = house.dial(&format!("newcomer-{n}")).try_open();
        let mut newcomer = newcomer.unwrap_or_else(|sent| panic!("newcomer {n} was not let in: a clean session needs no disk: {sent:?}"));
        newcomer.tell("plain/x", n.to_string());
        assert_eq!(listener.message().text(), n.to_string());
    }
    house.is_well();

    std::fs::remove_file(filler).unwrap();
    let mut attempt = 0;
    wait_until("inputs are acknowledged again", Duration::from_secs(60), || {
        attempt += 1;
        let mut sensor = house.dial("sensor").v5().open();
        sensor.publish(Message::new("jamey/in/sensor/reading", format!(r#"{{"id":"after-{attempt}"}}"#)).qos(1)).taken()
    });
    let mut owner = house.client("wall_panel").listen("jamey/verdict/wall_panel", 1);
    owner.tell("zigbee2mqtt/front_door/set", "LOCK");
    assert_eq!(owner.message().json()["request"]["verb"], "lock", "the lock is judged again");
    for id in acked.iter().map(String::as_str).chain(["before", &format!("after-{attempt}")]) {
        assert_eq!(house.count("select count(*) from memory_records where own_id = ?1", [id]), 1, "{id} was acknowledged");
    }
    let state = house.client("late").listen("jamey/consciousness/state", 1).message().json();
    assert_eq!((&state["state"], &state["reason"]), (&"degraded".into(), &"the store cannot write".into()), "{state}");
    becomes(&["attentive", "idle"], &mut watcher);
    house.serves();
    house.stop();
    let last = std::iter::from_fn(|| watcher.message_within(MOMENT)).last().map(|m| m.json());
    assert_eq!(last.map(|state| state["state"].clone()), Some("stopping".into()));
}

const LIGHT: &str = r#"{"schema":"json","brightness":true,"command_topic":"zigbee2mqtt/hall_light/set","state_topic":"zigbee2mqtt/hall_light",
    "name":null,"unique_id":"0x00158d0001a2b3c5_light_zigbee2mqtt",
    "device":{"identifiers":["zigbee2mqtt_0x00158d0001a2b3c5"],"name":"hall_light"}}"#;

#[test]
fn where_the_owner_says_open_what_risks_little_goes_on_unstored_and_an_unlock_does_not() {
    let disk = Disk::mounted("8m");
    let data = disk.path().join("data");
    let mut house = Plan::default().enforce().data(&data).config("[store]\nguarded_when_unwritable = \"open\"\n").start();
    let mut bridge = house.client("zigbee2mqtt").listen("zigbee2mqtt/+/set", 2);
    for (kind, address, document) in [("lock", "0x00158d0001a2b3c4", LOCK), ("light", "0x00158d0001a2b3c5", LIGHT)] {
        let topic = format!("homeassistant/{kind}/{address}/{kind}/config");
        assert!(bridge.publish(Message::new(&topic, document).qos(1).retained()).taken());
    }
    let mut sensor = house.dial("sensor").v5().open();
    let mut panels: Vec<Mqtt> = (0..6).map(|n| house.dial(&format!("panel-{n}")).v5().open()).collect();
    let filler = disk.fill();
    let body = |n: usize| format!(r#"{{"id":"full-{n}","pad":"{}"}}"#, "x".repeat(60_000));
    let full = (0..200).any(|n| !sensor.publish(Message::new("jamey/in/sensor/reading", body(n)).qos(1)).taken());
    assert!(full, "12 MB were acknowledged on a full disk of 8 MB");

    let verdicts = house.count("select count(*) from verdicts", []);
    for (qos, panel) in (0..=2).zip(&mut panels) {
        let sent = panel.publish_within(Duration::from_secs(15), Message::new("zigbee2mqtt/hall_light/set", r#"{"state":"ON"}"#).qos(qos));
        assert!(qos == 0 || sent.taken(), "the light at QoS {qos}: {sent:?}");
        let heard = bridge.message_within(Duration::from_secs(15)).unwrap_or_else(|| panic!("the light at QoS {qos} did not go on"));
        assert_eq!((heard.topic.as_str(), heard.text().as_str()), ("zigbee2mqtt/hall_light/set", r#"{"state":"ON"}"#));
    }
    for (qos, panel) in (0..=2).zip(&mut panels[3..]) {
        let sent = panel.publish_within(Duration::from_secs(15), Message::new("zigbee2mqtt/front_door/set", "UNLOCK").qos(qos));
        assert!(qos == 0 || !sent.taken(), "UNLOCK at QoS {qos} was acknowledged: {sent:?}");
        assert_eq!(bridge.rest(), [], "UNLOCK at QoS {qos} went on unstored");
    }
    // To lock is the safe way for a lock (domain/device.rs): its risk is 0.2.
    let sent = panels[0].publish_within(Duration::from_secs(15), Message::new("zigbee2mqtt/front_door/set", "LOCK").qos(1));
    assert!(sent.taken(), "LOCK: {sent:?}");
    assert_eq!(bridge.message().text(), "LOCK");
    assert_eq!(house.count("select count(*) from verdicts", []), verdicts, "nothing was stored meanwhile");
    house.is_well();
    std::fs::remove_file(filler).unwrap();
    let mut panel = house.client("wall_panel");
    wait_until("the lock is judged again", Duration::from_secs(60), || {
        panel = house.client("wall_panel");
        panel.publish_within(Duration::from_secs(15), Message::new("zigbee2mqtt/front_door/set", "LOCK").qos(1)).taken()
    });
    assert!(house.count("select count(*) from verdicts", []) > verdicts);
    house.stop();
}

#[test]
fn what_is_remembered_is_recalled_on_a_full_disk_as_before() {
    const ASK: &str = "jamey/memory/recall";
    const REPLY: &str = "jamey/memory/recall/reply";
    let disk = Disk::mounted("24m");
    let data = disk.path().join("data");
    let mut house = Plan::default().data(&data).start();
    let mut asker = house.dial("asker").v5().open().listen(REPLY, 1);
    for n in 0..40 {
        asker.tell("jamey/in/gate/note", format!("{{\"text\": \"parcel p{n}x came\"}}"));
    }
    let filler = disk.fill();
    // What was written last is not in the index yet, and cannot come into it now.
    for n in [0, 20, 39] {
        asker.tell(ASK, format!("{{\"query\": \"p{n}x\"}}"));
        let reply = asker.message_on(REPLY).json();
        assert_eq!(reply["data"]["records"].as_array().map(Vec::len), Some(1), "{reply}");
    }
    // Nor does the index's upkeep stop anything: it goes on when there is room.
    let mut sensor = house.dial("sensor").v5().open();
    let body = format!("{{\"pad\": \"{}\"}}", "x".repeat(60_000));
    while sensor.publish(Message::new("jamey/in/sensor/reading", &body).qos(1)).taken() {}
    asker.tell(ASK, "{\"query\": \"parcel\", \"limit\": 100}");
    assert_eq!(asker.message_on(REPLY).json()["data"]["records"].as_array().map(Vec::len), Some(40));
    std::fs::remove_file(filler).unwrap();
    wait_until("inputs are acknowledged again", Duration::from_secs(60), || {
        let mut sensor = house.dial("sensor").v5().open();
        sensor.publish(Message::new("jamey/in/sensor/reading", "{\"text\": \"zebra\"}").qos(1)).taken()
    });
    asker.tell(ASK, "{\"query\": \"zebra\"}");
    assert_eq!(asker.message_on(REPLY).json()["status"], "ok");
    house.serves();
    house.stop();
}
