//! Promise: only a certificate that holds opens a door, and a renewed one is taken while it is open; `jamey certs` makes an authority, a server and clients that TLS takes, with keys nobody else can read, and never writes over one unasked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use rustls::version::{TLS12, TLS13};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use support::{
    authority::{Authority, NOW},
    carrier::to,
    porch::{Porch, door, opens, porch},
    *,
};
use tempfile::TempDir;

const ALERT: &str = "jamey/alert/certificate";

/// `jamey certs …` in a folder of its own.
fn certs(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_jamey")).current_dir(folder).arg("certs").args(args).output().unwrap()
}

#[track_caller]
fn made(folder: &Path, args: &[&str]) -> String {
    let answer = certs(folder, args);
    assert!(answer.status.success(), "{args:?}: {}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap()
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], why: &str) {
    let answer = certs(folder, args);
    let told = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.code() == Some(1) && told.contains(why), "{args:?}: {told}");
}

fn pair(folder: &Path, stem: &str) -> [PathBuf; 2] {
    ["pem", "key"].map(|kind| folder.join("certs").join(format!("{stem}.{kind}")))
}

#[test]
fn what_it_makes_opens_a_door_that_asks_for_certificates() {
    let folder = TempDir::with_prefix("certs-").unwrap();
    let at = folder.path();
    made(at, &["ca"]);
    let advice = made(at, &["server", "--name", "localhost,127.0.0.1,::1"]);
    made(at, &["client", "--name", "anna"]);
    for stem in ["ca", "server", "client-anna"] {
        let [certificate, key] = pair(at, stem);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "{stem}");
        assert!(fs::read_to_string(&certificate).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    }
    // What it says to paste works, with a free port for the usual one and whole paths.
    let lines = advice.split("\n\n").find(|part| part.starts_with("In the config:")).is_some();
    assert!(lines, "{advice}");
    let config: String =
        advice.lines().skip_while(|l| *l != "[[listener]]").take_while(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect();
    let config = config.replace("0.0.0.0:8883", "127.0.0.1:0").replace("\"certs/", &format!("\"{}/certs/", at.display()));
    let house = Plan::default().config(&format!("{config}name = \"devices\"\n")).start();
    let port = house.listener("devices").port().to_string();
    let ([ca, _], [certificate, key]) = (pair(at, "ca"), pair(at, "client-anna"));
    let publish = |shows: &[&Path]| {
        let mut publish = Command::new("mosquitto_pub");
        publish.args(["-h", "localhost", "-p", &port, "-q", "1", "-t", "made/x", "-m", "1", "--cafile"]).arg(&ca);
        if let [certificate, key] = shows {
            publish.arg("--cert").arg(certificate).arg("--key").arg(key);
        }
        publish.output().unwrap()
    };
    let mut listener = house.client("listener").listen("made/#", 1);
    let taken = publish(&[&certificate, &key]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    assert_eq!(listener.message().text(), "1");
    assert!(!publish(&[]).status.success(), "without a certificate");
}

#[test]
fn what_it_takes_back_opens_nothing_any_more() {
    let folder = TempDir::with_prefix("certs-").unwrap();
    let at = folder.path();
    for args in [&["ca"][..], &["server", "--name", "localhost"]] {
        made(at, args);
    }
    let users = ["anna", "camera", "tablet"];
    for user in users {
        made(at, &["client", "--name", user]);
    }
    refused(at, &["revoke", "--name", "nobody"], "client-nobody.pem cannot be read");
    made(at, &["revoke", "--name", "tablet"]);
    let file = |name: &str| at.join("certs").join(name);
    let config = format!(
        "[[listener]]\nname = \"x\"\naddress = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\nclient_crl = {:?}\n[limits]\nflapping_connects = 0\n",
        file("server.pem"),
        file("server.key"),
        file("ca.pem"),
        file("revoked.pem")
    );
    let house = Plan::default().config(&config).start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ways = users.map(|user| {
        let [certificate, key] = pair(at, &format!("client-{user}"));
        let pair = authority::Pair { certificate, key, serial: 0 };
        carrier::to(house.listener("x")).tls(&file("ca.pem"), Some(&pair)).carry(&runtime)
    });
    let open = || ways.map(|at| dial(at, "visitor").try_open().is_ok());
    assert_eq!(open(), [true, true, false]);
    made(at, &["revoke", "--name", "camera"]);
    let again: Value = serde_json::from_str(&made(at, &["revoke", "--name", "camera", "--json"])).unwrap();
    assert_eq!(again["revoked"], 2, "once each");
    wait_until("the list is read again", PATIENCE, || open() == [true, false, false]);
}

#[test]
fn nothing_is_replaced_unasked_and_all_of_it_when_asked() {
    let folder = TempDir::with_prefix("certs-").unwrap();
    let at = folder.path();
    refused(at, &["server", "--name", "jamey.lan"], "make an authority first, `jamey certs ca`");
    made(at, &["ca", "--name", "Our house"]);
    let read = || pair(at, "ca").map(|path| fs::read_to_string(path).unwrap());
    let before = read();
    refused(at, &["ca"], "ca.pem is there already");
    fs::remove_file(&pair(at, "ca")[0]).unwrap();
    refused(at, &["ca"], "ca.key is there already");
    fs::write(&pair(at, "ca")[0], &before[0]).unwrap();
    assert_eq!(read(), before);
    made(at, &["ca", "--force"]);
    let after = read();
    assert!(before.iter().zip(&after).all(|(before, after)| before != after));
    assert_eq!(fs::metadata(&pair(at, "ca")[1]).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(at.join("certs")).unwrap().count(), 2, "nothing is left lying about");
}

#[test]
fn names_that_cannot_be_are_refused() {
    let folder = TempDir::with_prefix("certs-").unwrap();
    let at = folder.path();
    made(at, &["ca"]);
    refused(at, &["server", "--name", "http://jamey.lan"], "neither an address nor a host's name");
    refused(at, &["client", "--name", "Anna Smith"], "`Anna Smith` cannot be a user");
    refused(at, &["client", "--name", "../anna"], "cannot be a user");
}

#[test]
fn it_shows_whose_certificates_there_are() {
    let folder = TempDir::with_prefix("certs-").unwrap();
    let at = folder.path();
    made(at, &["ca", "--name", "Our house", "--dir", "mine"]);
    let client: Value = serde_json::from_str(&made(at, &["client", "--name", "anna", "--dir", "mine", "--json"])).unwrap();
    let shown: Value = serde_json::from_str(&made(at, &["show", "--dir", "mine", "--json"])).unwrap();
    let rows = shown["certificates"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Our house", "anna"]);
    assert_eq!((&rows[1]["fingerprint"], &rows[1]["until"], &rows[1]["holds"]), (&client["fingerprint"], &client["until"], &true.into()));
    // What OpenSSL reads in it.
    let asked =
        Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(at.join("mine/client-anna.pem")).output();
    if let Ok(asked) = asked {
        let print = String::from_utf8_lossy(&asked.stdout).trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
        assert_eq!(rows[1]["fingerprint"], print);
    }
    assert!(made(at, &["show", "--dir", "mine"]).contains("Our house"));
}

#[test]
fn only_a_certificate_that_holds_opens() {
    let porch = porch();
    let (foreign, taken_back) = (Authority::new(porch.folder(), "foreign"), porch.authority.client("lost", NOW));
    let crl = porch.authority.revoke("crl.pem", &[taken_back.serial]);
    let crl = format!("{}client_crl = {crl:?}\n", porch.clients());
    let config = format!("{}{}", door("required", &crl), door("optional", &format!("{crl}client_certificate = \"optional\"\n")));
    let house = Plan::default().config(&config).start();
    let ca = porch.authority.ca();
    let cases = [
        ("good", Some(porch.client.clone()), true),
        ("ended", Some(porch.authority.client("ended", (-20, -10))), false),
        ("not yet", Some(porch.authority.client("early", (10, 20))), false),
        ("foreign", Some(foreign.client("anna", NOW)), false),
        ("taken back", Some(taken_back), false),
        ("a server's", Some(porch.authority.server("other", NOW)), false),
        ("none", None, false),
    ];
    for version in [&TLS12, &TLS13] {
        for (what, pair, good) in &cases {
            let way = |name| to(house.listener(name)).tls_of(&ca, pair.as_ref(), &[version]).carry(&porch.runtime);
            assert_eq!(opens(way("required")), *good, "{what} where one is required ({version:?})");
            assert_eq!(opens(way("optional")), *good || pair.is_none(), "{what} where one is optional ({version:?})");
        }
    }
    // The client, too, knows whom it speaks to.
    assert!(!opens(to(house.listener("required")).tls(&foreign.ca(), Some(&porch.client)).carry(&porch.runtime)));
}

#[test]
fn where_nobody_is_let_in_a_certificate_is() {
    let porch = porch();
    let optional = format!("{}client_certificate = \"optional\"\n", porch.clients());
    let house = Plan::default().config(&format!("[broker]\nanonymous = false\n{}", door("x", &optional))).start();
    let (at, ca) = (house.listener("x"), porch.authority.ca());
    assert!(opens(to(at).tls(&ca, Some(&porch.client)).carry(&porch.runtime)));
    let refused = dial(to(at).tls(&ca, None).carry(&porch.runtime), "nobody").v5().try_open();
    assert!(matches!(refused, Err(Sent::Code(0x87, _))), "not authorised");
    assert!(house.dial("nobody").try_open().is_err());
}

/// The next alert that says so; an earlier one may come twice, retained and as it is published.
fn alert(watcher: &mut Mqtt, says: &str) -> serde_json::Value {
    loop {
        let message = watcher.message();
        if message.text().contains(says) {
            return message.json();
        }
    }
}

/// The certificate that a door shows.
fn shown(porch: &Porch, at: SocketAddr) -> Vec<u8> {
    porch.runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(at).await.unwrap();
        let stream = to(at).tls(&porch.authority.ca(), None).secured(stream).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    })
}

#[test]
fn a_renewed_certificate_is_taken_without_a_restart_and_a_bad_one_is_not() {
    let porch = porch();
    porch.authority.server("server", (-1, 10));
    // Who looks after certificates falls once, too.
    let house = Plan::default().config(&door("tls", &porch.tls())).env("JAMEY_TRIAL_FALL", "certificates:panic@0").start();
    let at = house.listener("tls");
    let mut watcher = house.dial("watcher").open().listen(ALERT, 1);
    assert_eq!(alert(&mut watcher, "server.pem of the listener tls ends at ")["severity"], "warning");
    assert!(house.said().contains("certificates fell, and is started again"), "{}", house.said());
    let mut guest = dial(to(at).tls(&porch.authority.ca(), None).carry(&porch.runtime), "guest").open();

    // A key that others can read is not taken, and the old pair goes on.
    let first = shown(&porch, at);
    porch.authority.server("server", NOW);
    fs::set_permissions(&porch.server.key, fs::Permissions::from_mode(0o640)).unwrap();
    let told = alert(&mut watcher, "goes on with its old files");
    assert!(told["text"].as_str().unwrap().contains("chmod 600"), "{told}");
    assert!(shown(&porch, at) == first);

    fs::set_permissions(&porch.server.key, fs::Permissions::from_mode(0o600)).unwrap();
    wait_until("the new certificate is shown", PATIENCE, || shown(&porch, at) != first);
    while !watcher.message().payload.is_empty() {}
    assert!(guest.ping(), "who was there stays");
}

#[test]
fn a_certificate_that_has_ended_is_critical() {
    let porch = porch();
    porch.authority.server("server", (-20, -10));
    let house = Plan::default().config(&door("tls", &porch.tls())).start();
    let mut watcher = house.client("watcher").listen(ALERT, 1);
    assert_eq!(alert(&mut watcher, "server.pem of the listener tls ended at ")["severity"], "critical");
}

#[test]
fn files_that_cannot_be_used_are_told_all_at_once() {
    let porch = porch();
    let (folder, open) = (porch.folder(), porch.authority.server("open", NOW));
    fs::set_permissions(&open.key, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(folder.join("text.pem"), "no certificate").unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let pair = |certificate: &str, key: &str| format!("certificate = {:?}\nkey = {:?}\n", at(certificate), at(key));
    let config = [
        door("open", &pair("open.pem", "open.key")),
        door("missing", &pair("none.pem", "server.key")),
        door("text", &pair("text.pem", "server.key")),
        door("mixed", &pair("server.pem", "ca-anna.key")),
        door("no-ca", &format!("{}client_ca = {:?}\n", porch.tls(), at("text.pem"))),
        door("no-crl", &format!("{}client_crl = {:?}\n", porch.clients(), at("text.pem"))),
    ]
    .concat();
    fs::write(folder.join("jamey.toml"), config).unwrap();
    for command in ["check", "run"] {
        let asked = Command::new(env!("CARGO_BIN_EXE_jamey"))
            .args([command, "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"))
            .arg("--config")
            .arg(folder.join("jamey.toml"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&asked.stderr);
        assert_eq!(asked.status.code(), Some(1), "{told}");
        for line in [
            format!("listener[0] (open): {0} can be read by others (mode 644); run `chmod 600 {0}`", at("open.key")),
            format!("listener[1] (missing): {} cannot be read (No such file", at("none.pem")),
            format!("listener[2] (text): {} holds no certificate in PEM", at("text.pem")),
            format!("listener[3] (mixed): {} does not fit", at("ca-anna.key")),
            format!("listener[4] (no-ca): {} holds no certificate in PEM", at("text.pem")),
            format!("listener[5] (no-crl): {} holds no list of revoked certificates in PEM", at("text.pem")),
        ] {
            assert!(told.contains(&line), "`{line}` is missing in:\n{told}");
        }
    }
}
