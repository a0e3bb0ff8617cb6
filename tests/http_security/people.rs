//! A house with one who may everything, one who may read, and a device; each with a password and a token.
#![allow(dead_code, reason = "each test takes what it needs")]

use crate::support::{
    House, PATIENCE, Plan, wait_until,
    web::{Answer, get, say},
};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse battery";
const PEOPLE: [(&str, &[&str]); 3] = [("anna", &["admin", "approver", "operator"]), ("rita", &["reader"]), ("lamp", &["device"])];

pub struct Peopled {
    pub house: House,
    pub data: TempDir,
    tokens: BTreeMap<&'static str, String>,
}

impl Peopled {
    /// Guesses are not kept waiting here, unless the config says so.
    pub fn start(config: &str) -> Self {
        let patient = if config.contains("[limits]") { "" } else { "[limits]\nfailed_logins = 1000\n" };
        let data = tempfile::tempdir().unwrap();
        let mut tokens = BTreeMap::new();
        for (name, roles) in PEOPLE {
            let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
            jamey(data.path(), &[&["user", "add", name], &*roles].concat(), &format!("{PASSWORD}\n"));
            tokens.insert(name, jamey(data.path(), &["token", "create", "--user", name], ""));
        }
        let house = Plan::default().config(&format!("{patient}{config}")).data(data.path()).start();
        Self { house, data, tokens }
    }

    pub fn at(&self) -> SocketAddr {
        self.house.http()
    }

    pub fn token(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    pub fn bearer(&self, name: &str) -> String {
        format!("Bearer {}", self.token(name))
    }

    pub fn get(&self, path: &str, name: &str) -> Answer {
        get(self.at(), path, &[("Authorization", &self.bearer(name))])
    }

    /// Takes the token away, and waits until it is gone.
    pub fn revoke(&self, name: &str) {
        let list: serde_json::Value = serde_json::from_str(&jamey(self.data.path(), &["token", "list", "--json"], "")).unwrap();
        let one = list["tokens"].as_array().unwrap().iter().find(|token| token["user"] == name).unwrap();
        jamey(self.data.path(), &["token", "revoke", one["id"].as_str().unwrap()], "");
        wait_until("the token is gone", PATIENCE, || self.get("/v1/audit", name).status == 401);
    }
}

pub fn jamey(data: &Path, args: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    let mut child = command.arg("--data").arg(data).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{args:?}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// Says something in JSON, or nothing where it is empty.
#[track_caller]
pub fn ask(at: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let host = if headers.iter().any(|(name, _)| *name == "Host") { String::new() } else { format!("Host: {at}\r\n") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{kind}Content-Length: {}\r\n{more}\r\n{body}", body.len());
    say(at, text.as_bytes()).unwrap_or_else(|| panic!("{method} {path} was not answered"))
}

pub fn encoded(text: &str) -> String {
    data_encoding::BASE64.encode(text.as_bytes())
}

pub fn basic(user: &str) -> String {
    format!("Basic {}", encoded(&format!("{user}:{PASSWORD}")))
}

/// Everything that is answered to some bytes, to the end.
pub fn whole(at: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

/// It is a problem document of this status and code, with something to do, and the request's id.
#[track_caller]
pub fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/problem+json")), "{answer:?}");
    if answer.body.is_empty() {
        return;
    }
    let json = answer.json();
    assert_eq!((json["status"].as_u64(), json["code"].as_str()), (Some(status.into()), Some(code)), "{json}");
    assert!(json["title"].is_string() && json["detail"].as_str().is_some_and(|d| d.len() > 20), "{json}");
    assert_eq!(json["request_id"].as_str(), answer.header("x-request-id"), "{json}");
}
