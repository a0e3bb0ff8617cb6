//! The real binary on a folder of its own, started, killed, stopped and asked.

use super::{
    mqtt::{self, Mqtt, PATIENCE},
    noon,
    packet::Message,
    wait_until,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rusqlite::{Connection, OpenFlags};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Between what two runs said.
const AGAIN: &str = "--- started again\n";
const READY: Duration = Duration::from_secs(30);

/// How a house is to be started.
#[derive(Default)]
pub struct Plan {
    enforce: bool,
    config: Option<String>,
    env: Vec<(String, String)>,
    data: Option<PathBuf>,
}

impl Plan {
    pub fn enforce(mut self) -> Self {
        self.enforce = true;
        self
    }

    /// The text of a config file; what it does not say stays at its default.
    pub fn config(mut self, toml: &str) -> Self {
        self.config = Some(toml.into());
        self
    }

    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// A data folder elsewhere than in the house's own.
    pub fn data(mut self, path: &Path) -> Self {
        self.data = Some(path.into());
        self
    }

    pub fn start(self) -> House {
        let folder = TempDir::with_prefix("jamey-").unwrap();
        let data = self.data.clone().unwrap_or_else(|| folder.path().join("data"));
        std::fs::create_dir_all(&data).unwrap();
        if let Some(text) = &self.config {
            std::fs::write(folder.path().join("jamey.toml"), text).unwrap();
        }
        let said = Arc::new(Mutex::new(String::new()));
        let running = run(&self, folder.path(), &data, &said).unwrap_or_else(|what| panic!("{what}"));
        House { plan: self, folder, data, said, running }
    }
}

pub struct House {
    plan: Plan,
    folder: TempDir,
    data: PathBuf,
    /// Standard error of all runs.
    said: Arc<Mutex<String>>,
    running: Running,
}

struct Running {
    child: Child,
    mqtt: SocketAddr,
    http: SocketAddr,
    listening: Option<thread::JoinHandle<()>>,
}

/// A house in observe mode with the shipped config.
pub fn house() -> House {
    Plan::default().start()
}

/// A house that enforces.
pub fn strict_house() -> House {
    Plan::default().enforce().start()
}

/// The binary under test; `JAMEY_BIN` names another build of it.
fn binary() -> PathBuf {
    std::env::var_os("JAMEY_BIN").map_or_else(|| env!("CARGO_BIN_EXE_jamey").into(), PathBuf::from)
}

fn run(plan: &Plan, folder: &Path, data: &Path, said: &Arc<Mutex<String>>) -> Result<Running, String> {
    static NOON: LazyLock<String> = LazyLock::new(noon);
    let mut command = Command::new(binary());
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("JAMEY__")) {
        command.env_remove(key);
    }
    command.current_dir(folder).args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]).arg(data);
    if plan.enforce {
        command.args(["--guard", "enforce"]);
    }
    if plan.config.is_some() {
        command.arg("--config").arg(folder.join("jamey.toml"));
    }
    // At night there are more reasons to deny: who says nothing of the hour lives at noon.
    if !plan.config.as_ref().is_some_and(|text| text.contains("timezone =")) {
        command.env("JAMEY__TIMEZONE", NOON.as_str());
    }
    command.envs(plan.env.iter().map(|(k, v)| (k, v)));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{} does not start: {e}", binary().display()))?;
    let errors = BufReader::new(child.stderr.take().unwrap());
    let kept = Arc::clone(said);
    let listening = thread::spawn(move || {
        for line in errors.split(b'\n').map_while(Result::ok) {
            let mut kept = kept.lock().unwrap();
            kept.push_str(&String::from_utf8_lossy(&line));
            kept.push('\n');
        }
    });
    let (tell, told) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let line = match told.recv_timeout(READY) {
        Ok(line) => line,
        Err(why) => {
            let _ = child.kill();
            let _ = child.wait();
            let _ = listening.join();
            return Err(format!("no `ready` line ({why}); it said:\n{}", said.lock().unwrap()));
        }
    };
    let part = |name: &str| line.split(' ').find_map(|w| w.strip_prefix(name)).and_then(|a| a.parse().ok());
    match (line.starts_with("ready "), part("mqtt="), part("http=")) {
        (true, Some(mqtt), Some(http)) => Ok(Running { child, mqtt, http, listening: Some(listening) }),
        _ => {
            let _ = child.kill();
            Err(format!("the first line is `{line}`, not `ready mqtt=ADDR http=ADDR`"))
        }
    }
}

impl House {
    pub fn mqtt(&self) -> SocketAddr {
        self.running.mqtt
    }

    pub fn http(&self) -> SocketAddr {
        self.running.http
    }

    /// Where a `[[listener]]` is, by its name.
    pub fn listener(&self, name: &str) -> SocketAddr {
        let said = format!("The listener {name} is at ");
        let find = || {
            let all = self.said();
            // An earlier run's port is somebody else's now.
            let run = all.rsplit(AGAIN).next()?;
            let line = run.lines().rev().find_map(|line| line.strip_prefix(&said))?;
            line.split_once("://")?.1.parse().ok()
        };
        wait_until(&said, PATIENCE, || find().is_some());
        find().unwrap()
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where its `jamey.toml` stands.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn pid(&self) -> u32 {
        self.running.child.id()
    }

    /// A connection to be made, 3.1.1 and clean unless more is said.
    pub fn dial(&self, id: &str) -> mqtt::Dial {
        mqtt::dial(self.mqtt(), id)
    }

    /// A 3.1.1 client.
    pub fn client(&self, id: &str) -> Mqtt {
        self.dial(id).open()
    }

    /// All it has written to standard error.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Kills it as the kernel does: no chance to tidy up.
    pub fn kill9(&mut self) {
        self.running.child.kill().unwrap();
        self.gone();
    }

    /// SIGTERM; it must end by itself, well, within 20 s.
    pub fn stop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while self.running.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not stop on SIGTERM");
            thread::park_timeout(Duration::from_millis(5));
        }
        let status = self.gone();
        assert_eq!(status.code(), Some(0), "the exit code after SIGTERM");
        assert!(!self.said().contains("did not end in time"), "every connection ends when it is asked to");
    }

    /// Waits until it ends by itself; its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        let deadline = Instant::now() + READY;
        while self.running.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            thread::park_timeout(Duration::from_millis(5));
        }
        self.gone().code()
    }

    /// Starts it again on the same folder, without this variable, which may be what made it fall: what it said until then is let go.
    pub fn start_without(&mut self, key: &str) {
        self.plan.env.retain(|(name, _)| name != key);
        self.said.lock().unwrap().clear();
        self.start();
    }

    fn gone(&mut self) -> ExitStatus {
        let status = self.running.child.wait().unwrap();
        if let Some(listening) = self.running.listening.take() {
            let _ = listening.join();
        }
        status
    }

    /// Starts it again on the same folder, after `stop` or `kill9`. The ports are new ones.
    pub fn start(&mut self) {
        self.said.lock().unwrap().push_str(AGAIN);
        self.running = run(&self.plan, self.folder.path(), &self.data, &self.said).unwrap_or_else(|what| panic!("{what}"));
    }

    /// Whether the process is still the one that was started, without a panic in any of its threads.
    pub fn is_well(&mut self) {
        if let Some(status) = self.running.child.try_wait().unwrap() {
            panic!("it died: {status}");
        }
        let said = self.said();
        assert!(!said.contains("panicked"), "a thread of it panicked");
    }

    /// It lives, and takes a message from a new client to another, both ways of speaking MQTT.
    pub fn serves(&mut self) {
        let mut listener = self.dial("serves-listener").v5().open().listen("serves/#", 1);
        let mut speaker = self.client("serves-speaker");
        for qos in 0..=2 {
            let sent = speaker.publish(Message::new("serves/now", [b'0' + qos]).qos(qos));
            assert!(sent.taken(), "QoS {qos}: {sent:?}");
            assert_eq!(listener.message().payload, [b'0' + qos]);
        }
        self.is_well();
    }

    /// The database, to read.
    pub fn db(&self) -> Connection {
        let db = Connection::open_with_flags(self.data.join("jamey.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.busy_timeout(PATIENCE).unwrap();
        db
    }

    /// One number out of the database.
    pub fn count(&self, sql: &str, args: impl rusqlite::Params) -> i64 {
        self.db().query_row(sql, args, |row| row.get(0)).unwrap_or_else(|e| panic!("{sql}: {e}"))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.running.child.kill();
        self.gone();
        if thread::panicking() {
            let said = self.said();
            let tail: Vec<&str> = said.lines().rev().take(60).collect();
            eprintln!("--- the house said (last {} lines):", tail.len());
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
