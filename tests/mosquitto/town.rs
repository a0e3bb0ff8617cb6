//! A folder with a mosquitto in it, and the Jamey that takes its place at the same port.

use crate::support::{PATIENCE, at, wait_until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;

pub struct Town {
    folder: TempDir,
}

/// A broker that runs, and ends with this.
pub struct Running(Child);

impl Town {
    /// With a `mosquitto.conf` whose `FOLDER` is this one. mosquitto would not be root, so it is told to be.
    pub fn new(conf: &str) -> Self {
        let folder = TempDir::with_prefix("town-").unwrap();
        let town = Self { folder };
        let text = format!("user root\npersistence true\npersistence_location FOLDER/\n{conf}");
        fs::write(town.path("mosquitto.conf"), text.replace("FOLDER", &town.place())).unwrap();
        town
    }

    pub fn place(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A password file made by mosquitto's own program; `hash` is `sha512` or `sha512-pbkdf2`.
    pub fn passwords(&self, name: &str, users: &[(&str, &str, &str)]) {
        fs::write(self.path(name), "").unwrap();
        for (user, password, hash) in users {
            let done =
                Command::new("mosquitto_passwd").args(["-b", "-H", hash]).arg(self.path(name)).args([user, password]).status().unwrap();
            assert!(done.success());
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text.replace("FOLDER", &self.place())).unwrap();
    }

    pub fn mosquitto(&self, port: u16) -> Running {
        mosquitto(&self.path("mosquitto.conf"), port)
    }

    /// The Jamey that came of the import.
    pub fn jamey(&self, port: u16, more: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
        command.args(["run", "--http", "127.0.0.1:0", "--config"]).arg(self.path("jamey.toml")).args(more);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(self.path("said")).unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let running = Running(child);
        assert!(line.starts_with("ready "), "{line}{}", fs::read_to_string(self.path("said")).unwrap());
        TcpStream::connect_timeout(&at(port), Duration::from_secs(5)).unwrap();
        running
    }

    pub fn command(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_jamey"))
            .current_dir(self.folder.path())
            .args(args)
            .arg("--config")
            .arg(self.path("jamey.toml"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// `jamey import mosquitto`, as JSON.
    #[track_caller]
    pub fn import(&self, more: &[&str]) -> serde_json::Value {
        let conf = self.path("mosquitto.conf");
        let data = self.path("data");
        let args = [&["import", "mosquitto", conf.to_str().unwrap(), "--json", "--data", data.to_str().unwrap()][..], more].concat();
        json(&self.command(&args))
    }

    #[track_caller]
    pub fn export(&self, into: &str, more: &[&str]) -> serde_json::Value {
        json(&self.command(&[&["export", "mosquitto", self.path(into).to_str().unwrap(), "--json"][..], more].concat()))
    }
}

/// A mosquitto on a config, as root, for what it is to read is root's.
pub fn mosquitto(conf: &Path, port: u16) -> Running {
    let mut text = fs::read_to_string(conf).unwrap();
    if !text.contains("user root") {
        text = format!("user root\n{text}");
    }
    let copy = conf.with_extension("as-root");
    fs::write(&copy, text).unwrap();
    let said = conf.with_extension("said");
    let child = Command::new("/usr/sbin/mosquitto")
        .arg("-c")
        .arg(&copy)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .expect("mosquitto is here (tests/run installs it)");
    let mut running = Running(child);
    wait_until("mosquitto listens", PATIENCE, || {
        assert!(running.0.try_wait().unwrap().is_none(), "it ended: {}", fs::read_to_string(&said).unwrap());
        TcpStream::connect_timeout(&at(port), Duration::from_millis(100)).is_ok()
    });
    running
}

#[track_caller]
fn json(out: &Output) -> serde_json::Value {
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

impl Running {
    /// In peace: it writes what it has to.
    pub fn stop(mut self) {
        self.ended();
    }

    fn ended(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), Signal::SIGTERM).unwrap();
        }
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ended();
    }
}
