//! Promise: a real Prometheus reads what Jamey tells, its rules find each danger and nothing else, and no panel of the dashboard is empty or wrong
//! (deploy/prometheus, deploy/grafana).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "other tests need more of it")]
#[path = "phoenix_courier/copy.rs"]
mod copy;
mod support;

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use support::{
    authority::{Authority, NOW},
    web::get,
    *,
};
use tempfile::TempDir;

/// Two scrapes more than the longest rate needs, and the minute that exact Φ takes.
const LONG: Duration = Duration::from_secs(240);

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn program(name: &str) -> Command {
    let there = ["/usr/bin", "/usr/local/bin", "/bin"].iter().any(|folder| Path::new(folder).join(name).exists());
    assert!(there, "{name} is not here: tests/run installs it (apt: prometheus)");
    Command::new(name)
}

fn promtool(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = program("promtool")
        .current_dir(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn well(out: &Output) {
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}");
}

#[test]
fn the_rules_are_sound_and_each_finds_its_danger() {
    let folder = deploy("prometheus");
    well(&promtool(&folder, &["check", "config", "prometheus.yml"], ""));
    well(&promtool(&folder, &["check", "rules", "rules.yml"], ""));
    well(&promtool(&folder, &["test", "rules", "rules.test.yml"], ""));
    // None is without a test of its own.
    let (rules, tests) =
        (fs::read_to_string(folder.join("rules.yml")).unwrap(), fs::read_to_string(folder.join("rules.test.yml")).unwrap());
    let mut named = 0;
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ").or(line.trim().strip_prefix("- record: "))) {
        named += 1;
        assert!(tests.contains(name), "{name} is in no test");
    }
    assert!(named > 25, "{named}");
    // And a broken one is found.
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join("rules.yml"), rules.replace("up{job=\"jamey\"} == 0", "up{job=\"jamey\"} == 1")).unwrap();
    fs::write(broken.path().join("rules.test.yml"), &tests).unwrap();
    assert!(!promtool(broken.path(), &["test", "rules", "rules.test.yml"], "").status.success());
}

#[test]
fn promtool_has_nothing_to_say_against_a_live_scrape() {
    let house = house();
    house.client("kitchen").tell("jamey/in/kitchen/temperature", "21");
    assert!(house.client("lamp").publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken());
    let text = get(house.http(), "/metrics", &[]).body;
    let out = promtool(Path::new("/"), &["check", "metrics"], &text);
    well(&out);
    assert!(
        out.stdout.is_empty() && out.stderr.is_empty(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    let wrong = text.replace("# TYPE jamey_connections gauge", "# TYPE jamey_connections counter");
    assert!(!promtool(Path::new("/"), &["check", "metrics"], &wrong).status.success(), "it would have said so");
}

/// A Prometheus of its own, in a folder that goes with it.
struct Prometheus {
    child: Child,
    at: SocketAddr,
    _folder: TempDir,
}

impl Prometheus {
    /// As deploy/prometheus says, but for the address, the token and how often.
    fn beside(house: &House, token: &str) -> Self {
        let folder = TempDir::with_prefix("prometheus-").unwrap();
        let config = fs::read_to_string(deploy("prometheus/prometheus.yml")).unwrap();
        let config = config
            .replace("127.0.0.1:8420", &house.http().to_string())
            .replace("interval: 15s", "interval: 1s")
            .replace("    # authorization:\n    #   credentials_file: token\n", "    authorization:\n      credentials_file: token\n");
        assert!(config.contains("\n      credentials_file: token\n"), "the shipped file says how a token is given:\n{config}");
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        fs::write(folder.path().join("token"), token).unwrap();
        fs::copy(deploy("prometheus/rules.yml"), folder.path().join("rules.yml")).unwrap();
        let at = at(free_port());
        let child = program("prometheus")
            .current_dir(folder.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"])
            .arg(format!("--web.listen-address={at}"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut this = Self { child, at, _folder: folder };
        wait_until("Prometheus listens", PATIENCE, || {
            assert!(this.child.try_wait().unwrap().is_none(), "Prometheus ended");
            TcpStream::connect(at).is_ok() && get(at, "/-/ready", &[]).status == 200
        });
        this
    }

    /// What a query gives now.
    fn ask(&self, query: &str) -> Result<Vec<Value>, String> {
        let path: String = query
            .bytes()
            .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        // Its answers come in one piece where HTTP/1.0 is spoken.
        let request = format!("GET /api/v1/query?query={path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.at);
        let answer = web::say(self.at, request.as_bytes()).ok_or("no answer")?.json();
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"]["result"].as_array().unwrap().clone()),
            _ => Err(format!("{query}: {}", answer["error"])),
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every query of the dashboard, as Grafana would send it where all is chosen.
fn queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(deploy("grafana/jamey.json")).unwrap()).unwrap();
    let mut all = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap().replace("$instance", ".*").replace("$__rate_interval", "1m");
            assert!(!query.contains('$'), "{query}");
            all.push((panel["title"].as_str().unwrap().to_owned(), query));
        }
    }
    all
}

#[test]
fn the_dashboard_is_one_that_grafana_takes() {
    let text = fs::read_to_string(deploy("grafana/jamey.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "each has its own id");
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{}", panel["title"]);
        for (x, y) in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
            assert!(places.insert((x, y)), "{} lies over another", panel["title"]);
        }
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "whoever takes it chooses the source");
        }
    }
    assert!(queries().len() > 60);
    let row: Vec<&str> = dashboard["panels"].as_array().unwrap().iter().take(3).map(|p| p["title"].as_str().unwrap()).collect();
    assert_eq!(row, ["In plain words", "The house", "The guard"]);
}

#[test]
fn every_query_of_the_dashboard_and_of_the_rules_has_an_answer() {
    let site = copy::site(100_000);
    let (data, copied) = (site.at("data"), site.at("copy"));
    copy::users(&data, &[("root", "admin"), ("attic", "receiver"), ("watcher", "reader")]);
    let other = mosquitto("").start();
    let pair = Authority::new(&site.at(""), "authority").server("server", NOW);
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let more = format!(
        "[[bridge]]\nname = \"far\"\naddress = \"{}\"\ntopics = [{{ filter = \"far/#\", direction = \"out\" }}]\n\
         [[listener]]\nname = \"secure\"\naddress = \"127.0.0.1:0\"\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n",
        other.address()
    );
    let config = site.config(&more).replace("schedule = \"\"", "schedule = \"0 0 29 2 *\"");
    let house = Plan::default().config(&config).data(&data).env("JAMEY_TRIAL_TICK_MS", "40").env("JAMEY_TRIAL_ROOM", "1").start();
    let command = |args: &[&str]| {
        let config = house.folder().join("jamey.toml");
        let out =
            Command::new(env!("CARGO_BIN_EXE_jamey")).arg("--data").arg(&data).arg("--config").arg(config).args(args).output().unwrap();
        well(&out);
        String::from_utf8(out.stdout).unwrap()
    };
    let token = command(&["token", "create", "--user", "watcher"]).trim().to_owned();
    let prometheus = Prometheus::beside(&house, &token);
    let _receiving = copy::receive(house.mqtt(), &copied, Some("attic"), &[]);
    site.takes_another(&house);
    command(&["phoenix", "drill"]);

    let mut root = house.dial("root").v5().user("root", copy::PASSWORD).open();
    let mut turn = 0_u32;
    let mut live = || {
        turn += 1;
        root.tell("jamey/in/root/temperature", format!("{}", 20 + turn % 3));
        assert!(root.publish(Message::new("jamey/act/lamp/on", "{}").qos(1)).taken());
        assert!(root.publish(Message::new("jamey/memory/recall", "{\"query\": \"temperature\"}").qos(1)).taken());
        root.publish(Message::new("far/word", "x").qos(1));
        if turn % 10 == 1 {
            root.publish(Message::new("jamey/status", "forged").qos(1));
        }
    };
    let mut left = queries();
    let deadline = Instant::now() + LONG;
    while !left.is_empty() {
        live();
        left.retain(|(panel, query)| prometheus.ask(query).unwrap_or_else(|why| panic!("{panel}: {why}")).is_empty());
        assert!(Instant::now() < deadline, "these are empty: {left:#?}");
        std::thread::park_timeout(MOMENT);
    }

    let rules = fs::read_to_string(deploy("prometheus/rules.yml")).unwrap();
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")) {
        wait_until(name, LONG, || {
            live();
            !prometheus.ask(name).unwrap().is_empty()
        });
    }
    let loaded =
        web::say(prometheus.at, format!("GET /api/v1/rules HTTP/1.0\r\nHost: {}\r\n\r\n", prometheus.at).as_bytes()).unwrap().json();
    let all: Vec<&Value> =
        loaded["data"]["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert_eq!(all.len(), rules.matches("- alert: ").count() + rules.matches("- record: ").count());
    for rule in all {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    // It asked for OpenMetrics, and took it.
    assert_eq!(prometheus.ask("up{job=\"jamey\"}").unwrap()[0]["value"][1], "1");
    assert!(prometheus.ask("rate(jamey_http_requests_total{status!=\"200\"}[1m]) > 0").unwrap().is_empty());
}
