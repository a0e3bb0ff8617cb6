//! Promise: `jamey top` shows what the house decides as it falls and why, on any terminal that there is; it gives the terminal back however it
//! ends, comes back to a house that went away, and shows nobody who may not read anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
#[path = "top/tmux.rs"]
mod tmux;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};
use support::{
    porch::porch,
    zigbee::{DOOR, announce},
    *,
};
use tmux::Tmux;

const PASSWORD: &str = "correct horse battery";

/// One command, with standard input from this text.
fn jamey(args: &[&str], env: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jamey"));
    command.env_remove("JAMEY_TOKEN").env_remove("COLUMNS").env_remove("LINES").envs(env.iter().copied()).args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn good(out: &Output) -> String {
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout.clone()).unwrap()
}

fn bad(out: &Output) -> String {
    assert!(out.status.code() == Some(1) && out.stdout.is_empty(), "{out:?}");
    String::from_utf8(out.stderr.clone()).unwrap()
}

/// Somebody has the door unlocked at every reconnect.
fn unlock(house: &House, who: &str) {
    house.client(who).publish(Message::new(&DOOR.command_topic(), r#"{"state": "UNLOCK"}"#).qos(1).retained());
}

/// Whether something is in this one of the eight colours, whichever way it was said.
fn is_painted(painted: &str, ink: u8) -> bool {
    let ways = [format!("[3{ink}m"), format!(";3{ink}m"), format!("38;5;{ink}m")];
    ways.iter().any(|way| painted.contains(way))
}

/// A plain port that leads to the house wherever it is now, or to nobody.
struct Bridge {
    at: SocketAddr,
    to: Arc<Mutex<SocketAddr>>,
}

impl Bridge {
    fn to(house: SocketAddr) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, to) = (socket.local_addr().unwrap(), Arc::new(Mutex::new(house)));
        let leads = Arc::clone(&to);
        thread::spawn(move || {
            for here in socket.incoming().map_while(Result::ok) {
                let Ok(there) = TcpStream::connect(*leads.lock().unwrap()) else { continue };
                for (from, on) in [(&here, &there), (&there, &here)] {
                    let (mut from, mut on) = (from.try_clone().unwrap(), on.try_clone().unwrap());
                    thread::spawn(move || {
                        let mut chunk = [0; 8_192];
                        while let Ok(n) = from.read(&mut chunk)
                            && n > 0
                            && on.write_all(&chunk[..n]).is_ok()
                        {}
                        let _ = on.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { at, to }
    }

    fn leads_to(&self, house: SocketAddr) {
        *self.to.lock().unwrap() = house;
    }
}

#[test]
fn a_denied_unlock_is_seen_as_it_falls_and_opens_with_its_why() {
    let house = Plan::default().enforce().config(&format!("timezone = \"{}\"\n", noon())).start();
    announce(&mut house.client("bridge"), &[DOOR]);
    let at = house.http().to_string();
    let tmux = Tmux::open(120, 34, &[]);
    tmux.begin(&["--http", &at]);
    tmux.shows("nothing was judged yet");
    tmux.shows("guard enforce");
    unlock(&house, "old-script");
    let screen = tmux.shows("DENIED");
    assert!(screen.contains("old-script → front_door unlock"), "{screen}");
    let painted = tmux.painted();
    assert!(is_painted(&painted, 1), "a refusal is red:\n{painted:?}");
    tmux.press(&["Enter"]);
    let screen = tmux.shows("what would have changed it");
    for said in
        ["SEC-3-retained-command", "it would have been escalate had it not been retained", "it did not reach the device", "retained", "██"]
    {
        assert!(screen.contains(said), "{said}:\n{screen}");
    }
    tmux.press(&["Escape"]);
    tmux.shows("who → what");

    // What does not have the word in it is not shown.
    tmux.write("/nobody");
    tmux.press(&["Enter"]);
    tmux.is("no row", |screen| {
        screen.contains("nothing here has that in it") && screen.contains("only `nobody`") && !screen.contains("DENIED")
    });
    tmux.press(&["Escape"]);
    tmux.shows("DENIED");

    // A pause holds what is shown, and what fell meanwhile is there after it.
    tmux.press(&["p"]);
    tmux.shows("PAUSED");
    unlock(&house, "second-script");
    house.client("probe").publish(Message::new("jamey/in/kitchen/temperature", "21.5").qos(1));
    assert!(!tmux.screen().contains("second-script"));
    tmux.press(&["p"]);
    tmux.is("both", |screen| screen.contains("second-script") && screen.contains("old-script") && !screen.contains("PAUSED"));

    // Any size; tabs by number.
    tmux.resize(40, 10);
    tmux.is("a small screen", |screen| screen.contains("DENIED") && !screen.contains("score"));
    tmux.resize(200, 50);
    tmux.is("a large screen", |screen| screen.contains("score") && screen.contains("would be carried out again at every reconnect"));
    let _client = house.dial("evil\u{202e}\u{9b}31m").v5().try_open();
    let _turned = house.client("turned\u{202e}around");
    tmux.press(&["3"]);
    tmux.shows("turned\u{fffd}around");
    assert!(!tmux.painted().contains(['\u{202e}', '\u{9b}']));
    tmux.press(&["2"]);
    tmux.shows("opinion");
    tmux.press(&["4"]);
    tmux.shows("whether the parts work as one");
    tmux.press(&["?"]);
    tmux.shows("Ctrl-C too");
    // tmux brings lines of another size back into the shell's screen, whoever drew them.
    tmux.resize(120, 34);
    tmux.press(&["?", "q"]);
    tmux.is_given_back(0);
}

#[test]
fn a_house_that_goes_away_is_said_and_joined_again_and_the_terminal_is_given_back_on_a_signal() {
    let mut house = strict_house();
    announce(&mut house.client("bridge"), &[DOOR]);
    let bridge = Bridge::to(house.http());
    let tmux = Tmux::open(100, 24, &[("NO_COLOR", "1")]);
    tmux.begin(&["--http", &bridge.at.to_string(), "--tab", "verdicts"]);
    unlock(&house, "before");
    tmux.shows("before → front_door");
    let painted = tmux.painted();
    assert!((1..=7).all(|ink| !is_painted(&painted, ink)), "no colours are wanted:\n{painted:?}");
    house.kill9();
    let screen = tmux.shows("STALE since");
    assert!(screen.contains("before → front_door"), "what was known is still shown:\n{screen}");
    house.start();
    bridge.leads_to(house.http());
    tmux.is("it is back", |screen| !screen.contains("STALE") && screen.contains("before → front_door"));
    unlock(&house, "after");
    tmux.is("both", |screen| screen.contains("after → front_door") && screen.contains("before → front_door"));
    kill(Pid::from_raw(tmux.pid()), Signal::SIGTERM).unwrap();
    tmux.is_given_back(0);
}

#[test]
fn a_panic_and_an_error_give_the_terminal_back_and_say_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    good(&jamey(&["--data", data.to_str().unwrap(), "user", "add", "anna", "--role", "reader"], &[], &format!("{PASSWORD}\n")));
    let token = good(&jamey(&["--data", data.to_str().unwrap(), "token", "create", "--user", "anna", "--json"], &[], ""));
    let token: Value = serde_json::from_str(&token).unwrap();
    let house = Plan::default().data(&data).start();
    let at = house.http().to_string();
    let tmux = Tmux::open(100, 24, &[("JAMEY_TOKEN", token["token"].as_str().unwrap()), ("JAMEY_TRIAL_TOP_FALLS", "1")]);
    tmux.begin(&["--http", &at]);
    let screen = tmux.is_given_back(101);
    assert!(screen.contains("the screen falls, for trial"), "{screen}");

    let tmux = Tmux::open(100, 24, &[("JAMEY_TOKEN", token["token"].as_str().unwrap())]);
    tmux.begin(&["--http", &at]);
    tmux.shows("nothing was judged yet");
    good(&jamey(&["--data", data.to_str().unwrap(), "token", "revoke", token["id"].as_str().unwrap()], &[], ""));
    let screen = tmux.is_given_back(1);
    assert!(screen.contains("holds no longer"), "{screen}");
}

#[test]
fn scripts_get_one_frame_or_one_document_and_nobody_else_draws_without_a_terminal() {
    let house = strict_house();
    announce(&mut house.client("bridge"), &[DOOR]);
    unlock(&house, "old-script");
    let at = house.http().to_string();
    let top = |args: &[&str], env: &[(&str, &str)]| jamey(&[&["top", "--http", &at], args].concat(), env, "");
    let frame = good(&top(&["--once"], &[]));
    assert!(frame.contains("DENIED  old-script → front_door") && frame.lines().all(|line| line.chars().count() <= 80), "{frame}");
    assert!(!frame.contains('\u{1b}') && frame.lines().count() <= 24);
    let wide = good(&top(&["--once", "--tab", "clients"], &[("COLUMNS", "150"), ("LINES", "30")]));
    assert!(wide.contains("here for") && wide.contains("nobody is connected"), "{wide}");
    let document: Value = serde_json::from_str(&good(&top(&["--json"], &[]))).unwrap();
    assert_eq!(document["v"], 1);
    assert_eq!(document["glance"]["guard"], "enforce");
    assert_eq!(document["verdicts"]["data"][0]["decision"], "deny");
    for part in ["system", "alerts", "entities", "clients", "mind", "emotion", "phi", "identity", "mission", "phoenix", "snapshots"] {
        assert!(document.get(part).is_some(), "{part}");
    }
    let why = bad(&top(&[], &[("TERM", "xterm")]));
    assert!(why.contains("--once") && why.contains("--json"), "{why}");
    let nobody = bad(&jamey(&["top", "--once", "--http", "127.0.0.99:1"], &[], ""));
    assert!(nobody.contains("nothing answers on 127.0.0.99:1") && nobody.contains("is Jamey running?"), "{nobody}");
}

#[test]
fn once_there_are_users_a_token_of_one_who_may_read_is_needed_and_comes_from_a_file_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let host = |args: &[&str], input: &str| good(&jamey(&[&["--data", data.to_str().unwrap()], args].concat(), &[], input));
    host(&["user", "add", "anna", "--role", "admin"], &format!("{PASSWORD}\n"));
    host(&["user", "add", "lamp", "--role", "device"], &format!("{PASSWORD}\n"));
    let token = |user: &str| {
        let told: Value = serde_json::from_str(&host(&["token", "create", "--user", user, "--json"], "")).unwrap();
        told["token"].as_str().unwrap().to_owned()
    };
    let (annas, lamps) = (token("anna"), token("lamp"));
    let house = Plan::default().data(&data).start();
    let at = house.http().to_string();
    let once = |args: &[&str], env: &[(&str, &str)]| jamey(&[&["top", "--once", "--http", &at], args].concat(), env, "");
    let why = bad(&once(&[], &[]));
    assert!(why.contains("show who you are") && why.contains("--token-file"), "{why}");
    assert!(good(&once(&[], &[("JAMEY_TOKEN", annas.as_str())])).contains("guard observe"));
    let why = bad(&once(&[], &[("JAMEY_TOKEN", lamps.as_str())]));
    assert!(why.contains("may hear everything") && !why.contains(&lamps), "{why}");
    let file = folder.path().join("token");
    let put = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        once(&["--token-file", file.to_str().unwrap()], &[])
    };
    assert!(good(&put(&format!("{annas}\n"), 0o600)).contains("guard observe"));
    let why = bad(&put(&annas, 0o644));
    assert!(why.contains("others may read it") && !why.contains(&annas), "{why}");
    let why = bad(&put("jamey\u{7f}_x\ny", 0o600));
    assert!(why.contains("letters that no token has"), "{why}");
    // What everybody on the way could read is not sent at all.
    let far = bad(&jamey(&["top", "--once", "--http", "192.0.2.1:8420"], &[("JAMEY_TOKEN", annas.as_str())], ""));
    assert!(far.contains("for everybody on the way to read") && !far.contains(&annas), "{far}");
}

#[test]
fn a_house_that_speaks_tls_alone_is_known_by_its_own_certificate() {
    let porch = porch();
    let tls = |pair: &support::authority::Pair| format!("[http.tls]\ncertificate = {:?}\nkey = {:?}\n", pair.certificate, pair.key);
    let house = Plan::default().config(&tls(&porch.server)).start();
    let once = |config: &Path| {
        let at = house.http().to_string();
        jamey(&["top", "--once", "--http", &at, "--config", config.to_str().unwrap()], &[], "")
    };
    assert!(good(&once(&house.folder().join("jamey.toml"))).contains("guard observe"));
    let other = porch.authority.server("other", support::authority::NOW);
    let wrong = porch.folder().join("wrong.toml");
    std::fs::write(&wrong, tls(&other)).unwrap();
    assert!(bad(&once(&wrong)).contains("no TLS with"), "somebody else answers there");
}
