//! The guides, executed as they stand: their blocks in one shell each page, with the programs of this build and folders of the test's own.

use crate::support::{
    free_port, noon,
    page::{Example, blocks, run, words_fit},
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};
use tempfile::TempDir;

/// What `sudo` and `systemctl` are on a host, for the two services that the guide names.
const SUDO: &str = "#!/bin/sh\nexec \"$@\"\n";
const SYSTEMCTL: &str = r#"#!/bin/bash
set -eu
action=$1 now= unit=${@: -1}
[ "$2" = "$unit" ] || now=$2
pid=ROOT/$unit.pid
case $action$now in
enable | enable--now) touch ROOT/$unit.enabled ;;
disable | disable--now) rm -f ROOT/$unit.enabled ;;
esac
case $action$now in enable--now) action=start ;; disable--now) action=stop ;; esac
case $action in
stop) kill "$(cat "$pid")"; tail --pid="$(cat "$pid")" -s 0.05 -f /dev/null ;;
start)
    if [ "$unit" = jamey ]; then
        jamey run --config ROOT/etc/jamey/jamey.toml --http 127.0.0.1:0 >ROOT/$unit.log 2>&1 &
    else
        { echo "user root"; cat ROOT/etc/mosquitto/mosquitto.conf; } >ROOT/as-root.conf
        /usr/sbin/mosquitto -c ROOT/as-root.conf >ROOT/$unit.log 2>&1 &
    fi
    echo $! >"$pid"
    until (exec 3<>/dev/tcp/127.0.0.1/PORT) 2>/dev/null; do kill -0 "$(cat "$pid")"; sleep 0.05; done ;;
esac
"#;

/// A folder that is `/`, with programs on its path and mosquitto's clients told the port.
struct Host {
    root: TempDir,
    port: u16,
}

impl Host {
    fn new() -> Self {
        let host = Self { root: TempDir::with_prefix("host-").unwrap(), port: free_port() };
        let root = host.root.path();
        for folder in ["bin", "etc/mosquitto", "etc/jamey", "var/lib/mosquitto", ".config", "work"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_jamey"), root.join("bin/jamey")).unwrap();
        host.program("sudo", SUDO);
        host.program("systemctl", SYSTEMCTL);
        for client in ["mosquitto_pub", "mosquitto_sub"] {
            fs::write(root.join(".config").join(client), format!("-h 127.0.0.1\n-p {}\n", host.port)).unwrap();
        }
        host
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, self.here(text)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn here(&self, text: &str) -> String {
        text.replace("ROOT", &self.root.path().display().to_string()).replace("PORT", &self.port.to_string())
    }

    /// Runs a page in one shell; its folders are this host's.
    #[track_caller]
    fn walk(&self, page: &str, at_least: usize) {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide").join(page)).unwrap();
        let mut all: Vec<Example> = blocks(&text).into_iter().flatten().collect();
        assert!(all.len() >= at_least, "{page} has {} commands", all.len());
        let root = self.root.path().display().to_string();
        for example in &mut all {
            for folder in ["/etc/mosquitto", "/etc/jamey", "/var/lib/jamey"] {
                example.command = example.command.replace(folder, &format!("{root}{folder}"));
            }
        }
        let path = format!("{root}/bin:{}", std::env::var("PATH").unwrap());
        let (mqtt, http) = (format!("127.0.0.1:{}", self.port), format!("127.0.0.1:{}", free_port()));
        let (config, zone) = (format!("{root}/.config"), noon());
        let mut env = vec![("PATH", path.as_str()), ("HOME", root.as_str()), ("XDG_CONFIG_HOME", config.as_str())];
        if page.starts_with("first") {
            env.extend([
                ("JAMEY__BROKER__MQTT", mqtt.as_str()),
                ("JAMEY__HTTP__LISTEN", http.as_str()),
                ("JAMEY__TIMEZONE", zone.as_str()),
            ]);
        }
        let said = run(&all, &env, &self.path("work"));
        let wrong: Vec<String> = all
            .iter()
            .zip(said)
            .filter_map(|(example, said)| {
                let why = words_fit(&example.shown, &said).err()?;
                Some(format!("docs/guide/{page}:{}: {why}\n  $ {}\n{said}", example.line, example.command))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for unit in ["mosquitto", "jamey"] {
            if let Some(pid) = fs::read_to_string(self.path(&format!("{unit}.pid"))).ok().and_then(|text| text.trim().parse().ok()) {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
            }
        }
    }
}

#[test]
fn mosquitto_is_replaced_and_put_back_as_the_guide_says() {
    let host = Host::new();
    let conf = "# Of the house.\nper_listener_settings false\npersistence true\npersistence_location ROOT/var/lib/mosquitto/\npassword_file ROOT/etc/mosquitto/passwd\n\
                log_type all\nacl_file ROOT/etc/mosquitto/acl\nlistener PORT 127.0.0.1\n";
    fs::write(host.path("etc/mosquitto/mosquitto.conf"), host.here(conf)).unwrap();
    fs::write(host.path("etc/mosquitto/acl"), "user anna\ntopic readwrite home/#\n\npattern readwrite %u/#\n").unwrap();
    fs::write(host.path("etc/mosquitto/passwd"), "").unwrap();
    for user in ["anna", "homeassistant", "DVES_USER"] {
        let done = std::process::Command::new("mosquitto_passwd")
            .arg("-b")
            .arg(host.path("etc/mosquitto/passwd"))
            .args([user, "correct horse"])
            .status();
        assert!(done.unwrap().success());
    }
    let before: Vec<Example> = blocks(
        "```console\n$ sudo systemctl start mosquitto\n$ mosquitto_pub -u anna -P 'correct horse' -t home/lamp -m on -r -q 1\n\
         $ mosquitto_pub -u DVES_USER -P 'correct horse' -t DVES_USER/x -m 1 -r -q 1\n```\n",
    )
    .into_iter()
    .flatten()
    .collect();
    let root = host.root.path().display().to_string();
    let path = format!("{root}/bin:{}", std::env::var("PATH").unwrap());
    let config = format!("{root}/.config");
    run(&before, &[("PATH", path.as_str()), ("HOME", root.as_str()), ("XDG_CONFIG_HOME", config.as_str())], &host.path("work"));
    fs::write(host.path("mosquitto.enabled"), "").unwrap();
    host.walk("replacing-mosquitto.md", 12);
    // What starts with the host is what runs.
    assert!(host.path("mosquitto.enabled").exists() && !host.path("jamey.enabled").exists());
    assert!(host.path("jamey.log").exists(), "it ran in between");
}

#[test]
fn the_first_lock_is_guarded_as_the_guide_says() {
    Host::new().walk("first-lock.md", 14);
}

#[test]
fn what_the_guide_says_of_building_is_what_the_readme_says() {
    let read = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (guide, readme, operations) = (read("docs/guide/first-lock.md"), read("README.md"), read("docs/operations.md"));
    assert!(readme.contains("With Rust (rustup), git and a C compiler:") && guide.contains("With Rust (rustup), git and a C compiler:"));
    assert!(operations.contains("cargo build --release") && guide.contains("\ncargo build --release\n"));
    assert!(readme.contains("\ntests/run ") && guide.contains("`tests/run`"));
    // What is built there is what is put on the path.
    assert!(guide.contains("export PATH=$PWD/target/release:$PATH") && read("Cargo.toml").contains("default-run = \"jamey\""));
}
