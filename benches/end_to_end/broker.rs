//! A broker that is measured: mosquitto or Jamey, started on a folder of its own, and what the kernel says of it.

use super::authority::{Authority, NOW};
use jamey::{
    domain::Timestamp,
    phoenix::{KeyFile, Repository, Secret},
};
use rusqlite::{Connection, OpenFlags};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The kernel's USER_HZ, which is 100 on all its platforms that Jamey runs on.
const TICKS_PER_SECOND: f64 = 100.0;

const CONFIG: &str = r#"
[[guard]]
topic = "bench/+/set"
class = "light"
reads = "attributes"

[http]
requests_per_second = 0
"#;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Mosquitto,
    Jamey,
}

/// Where a broker is reached, and how.
#[derive(Clone)]
pub struct Door {
    pub addr: SocketAddr,
    pub tls: Option<Arc<ClientConfig>>,
}

/// A broker that runs on a folder of its own, and dies with this value.
pub struct Broker {
    pub kind: Kind,
    child: Child,
    pub plain: Door,
    pub tls: Door,
    /// Where Jamey is asked by HTTP; mosquitto has none.
    pub http: Option<SocketAddr>,
    folder: TempDir,
    pub spawned: Instant,
}

impl Broker {
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, "")
    }

    /// With more in the config of Jamey.
    pub fn start_with(kind: Kind, more: &str) -> Self {
        let folder = TempDir::with_prefix_in("bench-", scratch()).unwrap();
        // The same kind of certificate for both: ECDSA with P-256.
        let authority = Authority::new(folder.path(), "ca");
        let pair = authority.server("server", NOW);
        let tls = client_config(&authority);
        match kind {
            Kind::Mosquitto => {
                let [port, secure] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
                let config = format!(
                    "listener {port} 127.0.0.1\nlistener {secure} 127.0.0.1\ncertfile {}\nkeyfile {}\nallow_anonymous true\nuser root\n\
                     persistence false\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n",
                    pair.certificate.display(),
                    pair.key.display()
                );
                fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
                let spawned = Instant::now();
                let child = Command::new("mosquitto").arg("-c").arg(folder.path().join("mosquitto.conf")).stderr(Stdio::null()).spawn();
                let child = child.expect("mosquitto must be installed, and be on the PATH: it is what Jamey is measured against");
                let addr = SocketAddr::from(([127, 0, 0, 1], port));
                let secure = SocketAddr::from(([127, 0, 0, 1], secure));
                while TcpStream::connect(addr).is_err() || TcpStream::connect(secure).is_err() {
                    assert!(spawned.elapsed() < Duration::from_secs(10), "mosquitto does not listen");
                }
                let (plain, tls) = (Door { addr, tls: None }, Door { addr: secure, tls: Some(tls) });
                Self { kind, child, plain, tls, http: None, folder, spawned }
            }
            Kind::Jamey => {
                let door = format!(
                    "[[listener]]\nname = \"tls\"\naddress = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\n",
                    pair.certificate, pair.key
                );
                let (repository, key) = (folder.path().join("repository"), folder.path().join("key"));
                let secret = Secret::KeyFile(KeyFile::create(&key).unwrap());
                Repository::init(&repository, &[secret], false, Timestamp::default()).unwrap();
                let saved =
                    format!("[[phoenix.repository]]\nname = \"bench\"\npath = {repository:?}\nkey_file = {key:?}\nschedule = \"\"\n");
                fs::write(folder.path().join("jamey.toml"), format!("{CONFIG}{door}{saved}{more}")).unwrap();
                let mut command = Command::new(binary());
                command.args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--guard", "observe", "--data"]);
                command.arg(folder.path().join("data")).arg("--config").arg(folder.path().join("jamey.toml"));
                let errors = fs::File::create(folder.path().join("stderr")).unwrap();
                let spawned = Instant::now();
                let mut child = command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
                let part = |name: &str| line.trim().split(' ').find_map(|w| w.strip_prefix(name)).and_then(|a| a.parse().ok());
                let (addr, http) = (part("mqtt="), part("http="));
                let said = || fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
                let addr = addr.unwrap_or_else(|| panic!("`{}` is not `ready mqtt=ADDR http=ADDR`:\n{}", line.trim(), said()));
                let secure = said();
                let secure = secure.lines().find_map(|l| l.strip_prefix("The listener tls is at mqtts://")?.parse().ok());
                let secure = secure.unwrap_or_else(|| panic!("no TLS listener:\n{}", said()));
                let (plain, tls) = (Door { addr, tls: None }, Door { addr: secure, tls: Some(tls) });
                Self { kind, child, plain, tls, http, folder, spawned }
            }
        }
    }

    /// Asks the running Jamey for a snapshot or a drill: the program that waits for it.
    pub fn phoenix(&self, what: &str) -> Child {
        let mut command = Command::new(binary());
        command.args(["phoenix", what, "--data"]).arg(self.folder.path().join("data"));
        command.arg("--config").arg(self.folder.path().join("jamey.toml")).stdout(Stdio::null()).spawn().unwrap()
    }

    /// User and system seconds spent so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / TICKS_PER_SECOND
    }

    /// A line of /proc/PID/status in MiB.
    pub fn mib(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    fn database(&self) -> Connection {
        let db = Connection::open_with_flags(self.folder.path().join("data/jamey.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        db.busy_timeout(Duration::from_secs(10)).unwrap();
        db
    }

    /// How many records there are in memory.
    pub fn records(&self) -> u64 {
        self.database().query_row("select count(*) from memory_records", [], |row| row.get::<_, i64>(0)).unwrap() as u64
    }

    /// Verdict rows by decision.
    pub fn verdicts(&self) -> Vec<(String, u64)> {
        let db = self.database();
        let mut rows = db.prepare("select decision, count(*) from verdicts group by decision").unwrap();
        rows.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)? as u64))).unwrap().map(Result::unwrap).collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the load's clients trust.
fn client_config(authority: &Authority) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority.ca()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Where data folders and the disk's own figure are: beside the build, which is on a disk where /tmp may be memory.
pub fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

fn binary() -> PathBuf {
    let path = std::env::var_os("JAMEY_BIN").map_or_else(|| scratch().with_file_name("release").join("jamey"), PathBuf::from);
    assert!(path.exists(), "{} is not there: cargo build --release, or set JAMEY_BIN", path.display());
    path
}
