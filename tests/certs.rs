//! Promise: `jamey certs` makes an authority, a server and clients that TLS takes, with keys nobody else can read, and never writes over one unasked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use support::*;
use tempfile::TempDir;

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
        "[[listener]]\nname = \"x\"\naddress = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\nclient_crl = {:?}\n",
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
