//! Another broker beside Jamey: mosquitto, or NATS with its MQTT 3.1.1, started, stopped and started again where it was.

use super::{
    mqtt::{self, Mqtt, PATIENCE},
    ports::{at, free_port},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

pub struct Other {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

fn program(name: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    folders
        .iter()
        .map(|f| Path::new(f).join(name))
        .find(|p| p.exists())
        .unwrap_or_else(|| panic!("{name} is not here: tests/run installs it"))
}

/// mosquitto, with what its config says besides.
pub fn mosquitto(more: &str) -> Other {
    let (folder, address) = (TempDir::with_prefix("other-").unwrap(), at(free_port()));
    let place = folder.path().display();
    let anybody = if more.contains("allow_anonymous") { "" } else { "allow_anonymous true\n" };
    let text = format!(
        "per_listener_settings false\n{anybody}persistence true\npersistence_location {place}/\nuser root\nmax_queued_messages 0\nlistener {} 127.0.0.1\n{}",
        address.port(),
        more.replace("FOLDER", &place.to_string())
    );
    std::fs::write(folder.path().join("config"), text).unwrap();
    Other { program: program("mosquitto"), folder, address, child: None }
}

/// NATS as an MQTT 3.1.1 broker, on JetStream.
pub fn nats() -> Other {
    let (folder, address, own) = (TempDir::with_prefix("other-").unwrap(), at(free_port()), at(free_port()));
    let place = folder.path().display();
    let text = format!(
        "server_name: other\nlisten: \"{own}\"\njetstream {{ store_dir: \"{place}/stream\" }}\nmqtt {{ host: 127.0.0.1, port: {}, ack_wait: \"1s\" }}\n",
        address.port()
    );
    std::fs::write(folder.path().join("config"), text).unwrap();
    Other { program: program("nats-server"), folder, address, child: None }
}

impl Other {
    /// Starts it and waits until it listens.
    pub fn start(mut self) -> Self {
        self.rise();
        self
    }

    pub fn rise(&mut self) {
        let config = self.folder.path().join("config");
        let mut child = Command::new(&self.program)
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.path().join("said")).unwrap())
            .spawn()
            .unwrap();
        super::wait_until("the other broker listens", PATIENCE, || {
            assert!(child.try_wait().unwrap().is_none(), "it ended: {}", std::fs::read_to_string(self.folder.path().join("said")).unwrap());
            TcpStream::connect_timeout(&self.address, Duration::from_millis(100)).is_ok()
        });
        self.child = Some(child);
    }

    /// SIGTERM: mosquitto writes its database only then. What it loses when it is killed harder is its own.
    pub fn fall(&mut self) {
        let mut child = self.child.take().unwrap();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
    }

    /// SIGKILL: no chance to tidy up.
    pub fn die(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn dial(&self, id: &str) -> mqtt::Dial {
        mqtt::dial(self.address, id)
    }

    pub fn client(&self, id: &str) -> Mqtt {
        self.dial(id).open()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
