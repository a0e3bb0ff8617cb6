//! Promise: `jamey doctor` finds each fault that was planted, says what to do and ends with 1; of a house that is well it finds none.

use super::*;
use crate::support::authority::{Authority, NOW};
use std::{
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Child, Command},
};

/// A data folder and a config on which no Jamey runs.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        Self { folder: TempDir::with_prefix("jamey-doctor-").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file with something in it, of this mode.
    fn file(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, "secret").unwrap();
        chmod(&path, mode);
        path
    }

    fn ask(&self, toml: &str, words: &[&str]) -> Answer {
        let (file, data) = (self.path("jamey.toml"), self.path("data"));
        std::fs::write(&file, format!("[http]\nlisten = \"127.0.0.1:0\"\n[broker]\nmqtt = [\"127.0.0.1:0\"]\n{toml}")).unwrap();
        chmod(&file, 0o644);
        jamey(&[&["--config", text(&file), "--data", text(&data)], words].concat())
    }

    /// What is wrong, by check.
    fn ill(&self, toml: &str) -> Vec<(String, String, String)> {
        ill(self.ask(toml, &["doctor", "--json"]))
    }

    /// A data folder that its owner alone may see.
    fn with_data(self) -> Self {
        std::fs::create_dir(self.path("data")).unwrap();
        chmod(&self.path("data"), 0o700);
        self
    }
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn ill(answer: Answer) -> Vec<(String, String, String)> {
    let told: Value = serde_json::from_str(&answer.out).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let all = told["findings"].as_array().unwrap();
    let ill: Vec<_> =
        all.iter().filter(|one| one["good"] == false).map(|one| (word(one, "check"), word(one, "text"), word(one, "what_to_do"))).collect();
    assert_eq!((told["good"] == true, answer.code), (ill.is_empty(), Some(i32::from(!ill.is_empty()))), "{told}");
    assert!(all.iter().all(|one| one["good"] == true || one["what_to_do"].as_str().is_some_and(|to_do| to_do.len() > 10)), "{told}");
    ill
}

/// Exactly this is wrong.
#[track_caller]
fn one(found: Vec<(String, String, String)>, check: &str, text: &str, to_do: &str) {
    assert!(found.len() == 1 && found[0].0 == check && found[0].1.contains(text) && found[0].2.contains(to_do), "{check}: {found:#?}");
}

#[test]
fn a_house_that_is_well_is_found_well_while_it_runs_and_at_rest() {
    let mut house = house();
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21.5");
    let (mqtt, http) = (house.mqtt().to_string(), house.http().to_string());
    let doctor = |house: &House, more: &[&str]| at(house, &[&["doctor", "--mqtt", &mqtt, "--http", &http], more].concat());
    chmod(house.data(), 0o700);
    assert_eq!(ill(doctor(&house, &["--json"])), []);
    let said = doctor(&house, &[]).good();
    for words in ["Jamey runs with", "it is ready, by HTTP", "it speaks MQTT on", "it is whole", "no door speaks TLS", "is open"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    house.stop();
    assert_eq!(ill(doctor(&house, &["--json"])), []);
    assert!(doctor(&house, &[]).good().contains("is free"));
}

#[test]
fn what_a_start_would_refuse_is_told_by_the_doctor_by_check_and_by_set() {
    let site = Site::new().with_data();
    let secret = site.file("open", 0o644);
    let bridge = format!(
        "[[bridge]]\nname = \"attic\"\naddress = \"127.0.0.1:1883\"\nuser = \"jamey\"\npassword_file = \"{}\"\n\
         [[bridge.topics]]\nfilter = \"a/#\"\ndirection = \"in\"\n",
        text(&secret)
    );
    for (toml, why) in [
        ("[conscience]\nrules = [\"/nowhere/rules.toml\"]\n", "/nowhere/rules.toml"),
        ("acl = \"/nowhere/acl.toml\"\n", "/nowhere/acl.toml"),
        ("[[duty]]\nid = \"mine\"\nwhen = \"dev.class ==\"\nsays = \"so\"\n", "mine"),
        ("[log]\nfilter = \"a=b=c\"\n", "log.filter"),
        ("[[listener]]\naddress = \"0.0.0.0:0\"\n", "there is nobody who may sign in"),
        (&*bridge, "can be read by others"),
    ] {
        let found = site.ill(toml);
        assert!(found[0].0 == "config" && found[0].1.contains(why) && found[0].2.contains("jamey check"), "{why}: {found:#?}");
        assert!(found.iter().skip(1).all(|(check, ..)| ["permissions", "brokers"].contains(&check.as_str())), "{found:#?}");
        let said = site.ask(toml, &["check"]).bad(1);
        assert!(said.contains(why), "{said}");
        let said = site.ask(toml, &["config", "set", "limits.in_flight=5"]).bad(1);
        assert!(said.contains("nothing was written") && said.contains(why), "{said}");
    }
    one(site.ill("[log]\nfile = \"/nowhere/jamey.log\"\n"), "config", "/nowhere/jamey.log cannot be written", "take `log.file` out");
    let log = site.path("jamey.log");
    assert_eq!(site.ill(&format!("[log]\nfile = \"{}\"\n", text(&log))), []);
    assert!(!log.exists(), "it changes nothing");
    // What systemd or the environment hands to the service alone is not asked of who looks.
    let handed = "[[webhook]]\nname = \"phone\"\nurl = \"http://127.0.0.1:9/\"\ncredential = \"webhook-secret\"\n";
    assert_eq!(site.ill(handed), []);
    site.ask(handed, &["config", "set", "limits.in_flight=5"]).good();
}

#[test]
fn a_store_that_knows_of_times_to_come_is_told_of() {
    let mut house = house();
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21.5");
    house.stop();
    chmod(house.data(), 0o700);
    let db = rusqlite::Connection::open(house.data().join("jamey.db")).unwrap();
    // An hour ahead of the host's clock.
    assert!(db.execute("update journal set at = at + 3600000000", []).unwrap() > 0);
    drop(db);
    one(ill(at(&house, &["doctor", "--json", "--mqtt", ANY, "--http", ANY])), "clock", "the store knows of", "timedatectl");
}

#[test]
fn a_full_disk_and_a_folder_for_others_are_told_of() {
    let site = Site::new().with_data();
    one(site.ill("[alerts]\ndisk_free_mb = 1000000000\n"), "disk", "free for", "larger one");
    chmod(&site.path("data"), 0o755);
    one(site.ill(""), "permissions", "mode 755", "chmod 700");
    let said = site.ask("", &["doctor"]);
    assert!(said.code == Some(1) && said.out.contains("WRONG  permissions") && said.err.contains("one thing is wrong"), "{said:?}");
}

#[test]
fn a_secret_that_others_may_read_or_that_is_not_there_is_told_of() {
    let site = Site::new().with_data();
    let (open, own) = (site.file("open", 0o644), site.file("own", 0o600));
    let hook = |path: &Path| format!("[[webhook]]\nname = \"phone\"\nurl = \"http://127.0.0.1:9/\"\nsecret_file = \"{}\"\n", text(path));
    // A start would refuse them, which is told besides.
    let besides = |mut found: Vec<(String, String, String)>| {
        assert!(found[0].0 == "config" && found[0].1.contains("the webhook phone cannot be used"), "{found:#?}");
        found.split_off(1)
    };
    one(besides(site.ill(&hook(&open))), "permissions", "mode 644", "chmod 600");
    one(besides(site.ill(&hook(&site.path("none")))), "permissions", "cannot be read", "put it there");
    assert_eq!(site.ill(&hook(&own)), []);
    let acl = site.file("acl.toml", 0o666);
    std::fs::write(&acl, "").unwrap();
    one(site.ill(&format!("acl = \"{}\"\n", text(&acl))), "permissions", "can be written by others", "chmod go-w");
}

#[test]
fn a_damaged_database_and_a_row_that_was_changed_are_told_of() {
    let mut house = house();
    for n in 0..100 {
        house.client("gate").tell("jamey/in/gate/note", json!({"text": format!("{n} {}", "lorem ".repeat(60))}).to_string());
    }
    house.stop();
    chmod(house.data(), 0o700);
    let doctor = || ill(at(&house, &["doctor", "--json", "--mqtt", ANY, "--http", ANY]));
    let path = house.data().join("jamey.db");
    let whole = std::fs::read(&path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    for trigger in db
        .prepare("select name from sqlite_schema where type = 'trigger' and tbl_name = 'audit_log'")
        .unwrap()
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
    {
        db.execute_batch(&format!("drop trigger {}", trigger.unwrap())).unwrap();
    }
    assert_eq!(db.execute("update audit_log set detail = 'nothing' where seq = 1", []).unwrap(), 1);
    drop(db);
    one(doctor(), "database", "the audit trail is not whole", "jamey audit verify");
    let mut bad = whole.clone();
    let middle = bad.len() / 2 / 4_096 * 4_096;
    bad[middle..middle + 4_096].fill(0xa5);
    std::fs::write(&path, bad).unwrap();
    let _ = std::fs::remove_file(house.data().join("jamey.db-wal"));
    let found = doctor();
    assert!(
        found.iter().any(|(check, text, to_do)| check == "database" && text.contains("damaged") && to_do.contains("keep a copy")),
        "{found:#?}"
    );
}

#[test]
fn a_port_that_another_has_is_told_of_with_who_to_ask() {
    let (site, other) = (Site::new(), TcpListener::bind(ANY).unwrap());
    let at = other.local_addr().unwrap();
    let listener = format!("[[listener]]\naddress = \"{at}\"\n");
    one(site.ill(&listener), "ports", "cannot be listened on", &format!("sport = :{}", at.port()));
    drop(other);
    assert_eq!(site.ill(&listener), []);
}

#[test]
fn where_a_jamey_with_another_data_folder_answers_it_is_said_so() {
    let (house, site) = (house(), Site::new().with_data());
    let (mqtt, http, data) = (house.mqtt().to_string(), house.http().to_string(), site.path("data"));
    let all = ["--data", text(&data), "--mqtt", &mqtt, "--http", &http];
    let found = ill(jamey(&[&all[..], &["doctor", "--json"]].concat()));
    let is_right = |(check, text, to_do): &(String, String, String)| {
        check == "ports" && text.contains("cannot be listened on") && to_do.contains("name it with --data")
    };
    assert!(found.len() == 2 && found.iter().all(is_right), "{found:#?}");
    assert!(jamey(&[&all[..], &["config", "diff", "--running"]].concat()).bad(1).contains("with --data"));
}

#[test]
fn a_service_is_installed_with_a_config_that_says_where_its_data_is() {
    let (root, source) = (TempDir::with_prefix("jamey-root-").unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")));
    let mut install = Command::new(source.join("deploy/systemd/install.sh"));
    // Nothing is started here: any program will do.
    let done = install.args(["--root", text(root.path()), "--prefix", "/usr", "--binary", "/bin/sh"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let file = root.path().join("etc/jamey/jamey.toml");
    let differs = jamey(&["config", "diff", "--json", "--config", text(&file)]).json();
    assert_eq!(differs["differs"], json!([{"option": "store.data", "value": "/var/lib/jamey", "default": "data"}]));
    let unit = std::fs::read_to_string(root.path().join("etc/systemd/system/jamey.service")).unwrap();
    assert!(unit.contains("JAMEY__STORE__DATA=%S/jamey\n") && unit.contains("\nStateDirectory=jamey\n"), "they are the same: {unit}");
}

#[test]
fn who_holds_the_folder_and_says_nothing_is_told_of() {
    let site = Site::new().with_data();
    let lock = File::create(site.path("data/lock")).unwrap();
    lock.try_lock().unwrap();
    // Somebody who takes connections and hangs up.
    let mute = TcpListener::bind(ANY).unwrap();
    let at = mute.local_addr().unwrap();
    std::thread::spawn(move || while mute.accept().is_ok() {});
    let found = ill(jamey(&["--data", text(&site.path("data")), "--mqtt", &at.to_string(), "--http", NOWHERE, "doctor", "--json"]));
    let checks: Vec<&str> = found.iter().map(|(check, ..)| check.as_str()).collect();
    assert_eq!(checks, ["ports", "answers", "answers"], "{found:#?}");
    assert!(found[0].1.contains(NOWHERE) && found[1].1.contains("by HTTP") && found[2].1.contains("does not speak MQTT"), "{found:#?}");
}

#[test]
fn a_certificate_that_ends_soon_has_ended_or_cannot_be_used_is_told_of() {
    let site = Site::new().with_data();
    let authority = Authority::new(site.folder.path(), "ca");
    let listener = |name: &str, days| {
        let pair = authority.server(name, days);
        format!("[[listener]]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\n", text(&pair.certificate), text(&pair.key))
    };
    assert_eq!(site.ill(&listener("good", NOW)), []);
    one(site.ill(&listener("soon", (-1, 10))), "certificates", " ends at ", "jamey certs");
    one(site.ill(&listener("late", (-10, -1))), "certificates", " ended at ", "jamey certs");
    let toml = listener("broken", NOW);
    std::fs::write(authority.server("broken", NOW).certificate, "no certificate").unwrap();
    let found = site.ill(&toml);
    assert!(found.iter().any(|(check, text, _)| check == "certificates" && text.contains("holds no")), "{found:#?}");
}

#[test]
fn another_broker_that_is_not_reached_is_told_of() {
    let (site, there) = (Site::new(), TcpListener::bind(ANY).unwrap());
    let bridge =
        |at: &str| format!("[[bridge]]\nname = \"attic\"\naddress = \"{at}\"\n[[bridge.topics]]\nfilter = \"a/#\"\ndirection = \"in\"\n");
    assert_eq!(site.ill(&bridge(&there.local_addr().unwrap().to_string())), []);
    one(site.ill(&bridge(NOWHERE)), "brokers", "the bridge attic", "firewall");
}

#[test]
fn snapshots_that_are_missing_or_old_are_told_of() {
    let site = Site::new().with_data();
    let toml = format!(
        "[[phoenix.repository]]\nname = \"nas\"\npath = \"{}\"\nkey_file = \"{}\"\nschedule = \"\"\n",
        text(&site.path("nas")),
        text(&site.path("key"))
    );
    site.file("key", 0o600);
    one(site.ill(&toml), "snapshots", "nas: ", "jamey phoenix init");
    std::fs::remove_file(site.path("key")).unwrap();
    site.ask(&toml, &["phoenix", "init", "--repository", "nas", "--new-key-file", text(&site.path("key"))]).good();
    one(site.ill(&toml), "snapshots", "no snapshot was taken yet", "jamey phoenix snapshot");
    // It needs something to take.
    let mut run = begun(&site);
    run.kill().unwrap();
    run.wait().unwrap();
    site.ask(&toml, &["phoenix", "snapshot"]).good();
    assert_eq!(site.ill(&toml), []);
    let seen = site.path("data/phoenix-seen.json");
    let mut told: Value = serde_json::from_str(&std::fs::read_to_string(&seen).unwrap()).unwrap();
    let known = told["repositories"].as_object_mut().unwrap().values_mut().next().unwrap();
    known["taken_at"] = json!(known["taken_at"].as_i64().unwrap() - 27 * 3_600 * 1_000_000);
    std::fs::write(&seen, told.to_string()).unwrap();
    one(site.ill(&toml), "snapshots", "27 h old", "jamey phoenix snapshot");
}

/// A Jamey on this site's data folder, ready.
fn begun(site: &Site) -> Child {
    let mut child = Command::new(binary())
        .args(["run", "--mqtt", ANY, "--http", ANY, "--data", text(&site.path("data"))])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    assert!(line.starts_with("ready "), "{line}");
    child
}
