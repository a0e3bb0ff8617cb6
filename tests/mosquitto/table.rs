//! Clients and what they try, asked of mosquitto, of the Jamey that took its place, and of the mosquitto that took it back.

use crate::{
    support::{Message, Mqtt, Sent, at, dial, free_port},
    town::{Running, Town, mosquitto},
};
use std::collections::{BTreeMap, BTreeSet};

/// Who tries: client id, user with a password, and at which of the ports.
type Client = (&'static str, Option<(&'static str, &'static str)>, usize);

/// What of it a broker lets: none, it does not come in; else the topics on which it is heard, and those that it hears.
type Table = BTreeMap<String, Option<(BTreeSet<String>, BTreeSet<String>)>>;

const WATCHER: (&str, &str) = ("watcher", "sees everything");

fn enter(port: u16, id: &str, login: Option<(&str, &str)>) -> Result<Mqtt, Sent> {
    let dial = dial(at(port), id).v5();
    match login {
        Some((user, password)) => dial.user(user, password),
        None => dial,
    }
    .try_open()
}

/// `watcher`: who hears and says everything.
fn table(ports: &[u16], clients: &[Client], topics: &[&str], watcher: Option<(&str, &str)>, watches_at: usize) -> Table {
    let mut watch = enter(ports[watches_at], "watch", watcher).unwrap();
    watch = watch.listen("#", 1);
    let mut table = Table::new();
    for (at, (id, login, port)) in clients.iter().enumerate() {
        let name = format!("{id} as {login:?} at {port}");
        let Ok(mut client) = enter(ports[*port], id, *login) else {
            table.insert(name, None);
            continue;
        };
        for topic in topics {
            client.publish(Message::new(topic, format!("from {at}")).qos(1));
        }
        // What is not let on is not heard before what is said after it.
        watch.publish(Message::new("mark", format!("{at}")).qos(1));
        let mut heard = BTreeSet::new();
        loop {
            let message = watch.message();
            if message.topic == "mark" && message.text() == at.to_string() {
                break;
            }
            if message.text() == format!("from {at}") {
                heard.insert(message.topic);
            }
        }
        for topic in topics {
            client.subscribe(&[(topic, 1)]);
        }
        for topic in topics {
            watch.publish(Message::new(topic, format!("to {at}")).qos(1));
        }
        let hears = client.rest().into_iter().filter(|message| message.text() == format!("to {at}")).map(|message| message.topic).collect();
        client.disconnect();
        table.insert(name, Some((heard, hears)));
    }
    table
}

/// Asks mosquitto, imports, asks Jamey, exports, and asks mosquitto again.
fn the_same(town: &Town, ports: &[u16], clients: &[Client], topics: &[&str], watcher: Option<(&str, &str)>, watches_at: usize) -> Table {
    let ask = |running: Running| {
        let table = table(ports, clients, topics, watcher, watches_at);
        running.stop();
        table
    };
    let there = ask(town.mosquitto(ports[0]));
    let told = town.import(&[]);
    let conf = std::fs::read_to_string(town.path("mosquitto.conf")).unwrap();
    let named: BTreeSet<u64> = told["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["file"].as_str().unwrap().ends_with("mosquitto.conf"))
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    for (line, text) in conf.lines().enumerate().filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
        assert!(named.contains(&u64::try_from(line + 1).unwrap()), "{text}: {told:#}");
    }
    let here = ask(town.jamey(ports[0], &[]));
    compare("Jamey", &there, &here);
    town.export("back", &[]);
    let back = ask(mosquitto(&town.path("back/mosquitto.conf"), ports[0]));
    compare("the mosquitto that took it back", &there, &back);
    there
}

#[track_caller]
fn compare(who: &str, there: &Table, here: &Table) {
    let differ: Vec<String> = there
        .iter()
        .filter(|(name, may)| here.get(*name) != Some(*may))
        .map(|(name, may)| format!("{name}:\n  mosquitto {may:?}\n  {who} {:?}", here.get(name)))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn users_access_lists_and_patterns_say_the_same_on_both() {
    let port = free_port();
    let town = Town::new(&format!(
        "allow_anonymous true\npassword_file FOLDER/passwords\nacl_file FOLDER/access\nlistener {port} 127.0.0.1\nmax_queued_messages 500\nlog_type all\n"
    ));
    town.passwords(
        "passwords",
        &[
            ("watcher", WATCHER.1, "sha512"),
            ("anna", "correct horse", "sha512-pbkdf2"),
            ("DVES_USER", "tasmota pass", "sha512"),
            ("bob", "b", "sha512-pbkdf2"),
            ("nobody", "has no lines", "sha512-pbkdf2"),
        ],
    );
    town.write(
        "access",
        "topic read open/#\ntopic write in/anonymous\n\nuser watcher\ntopic readwrite #\n\nuser anna\ntopic readwrite home/#\ntopic deny home/secret\ntopic read open/#\n\
         \nuser DVES_USER\ntopic write tele/#\n\nuser bob\ntopic home/bob\ntopic write home/secret\n\npattern readwrite %u/#\npattern write devices/%c/state\n\
         pattern read tele/%u/STATE\n",
    );
    let right = |user, password| Some((user, password));
    let clients: [Client; 9] = [
        ("phone", right("anna", "correct horse"), 0),
        ("phone", right("anna", "wrong"), 0),
        ("tasmota", right("DVES_USER", "tasmota pass"), 0),
        ("tasmota2", right("dves_user", "tasmota pass"), 0),
        ("b", right("bob", "b"), 0),
        ("n", right("nobody", "has no lines"), 0),
        ("c", right("carl", "who?"), 0),
        ("free", None, 0),
        ("phone2", right("anna", ""), 0),
    ];
    let topics = [
        "home/lamp",
        "home/secret",
        "home/bob",
        "open/x",
        "in/anonymous",
        "tele/x",
        "tele/DVES_USER/STATE",
        "tele/bob/STATE",
        "anna/x/y",
        "DVES_USER/x",
        "devices/phone/state",
        "devices/free/state",
        "other",
    ];
    let table = the_same(&town, &[port], &clients, &topics, Some(WATCHER), 0);
    // The table tells something: some come in and some do not, and they differ in what they may.
    assert_eq!(table.values().filter(|may| may.is_none()).count(), 4, "{table:#?}");
    let anna = table.values().flatten().find(|(says, _)| says.contains("home/lamp")).unwrap();
    assert!(
        !anna.0.contains("home/secret")
            && anna.1.contains("open/x")
            && anna.0.contains("anna/x/y")
            && anna.0.contains("devices/phone/state"),
        "{table:#?}"
    );
}

#[test]
fn passwords_alone_let_everybody_in_do_everything() {
    let port = free_port();
    let town = Town::new(&format!("password_file FOLDER/passwords\nlistener {port} 127.0.0.1\n"));
    town.passwords("passwords", &[("watcher", WATCHER.1, "sha512-pbkdf2"), ("anna", "correct horse", "sha512-pbkdf2")]);
    let clients: [Client; 3] = [("a", Some(("anna", "correct horse")), 0), ("b", Some(("anna", "x")), 0), ("c", None, 0)];
    let table = the_same(&town, &[port], &clients, &["a", "b/c"], Some(WATCHER), 0);
    assert_eq!(table.values().filter(|may| may.is_some()).count(), 1);
}

#[test]
fn a_house_without_users_stays_one() {
    let port = free_port();
    let town = Town::new(&format!("listener {port} 127.0.0.1\nallow_anonymous true\n"));
    let clients: [Client; 2] = [("a", None, 0), ("b", Some(("anna", "whatever")), 0)];
    let table = the_same(&town, &[port], &clients, &["a", "b/c"], None, 0);
    assert!(table.values().all(Option::is_some));
}

#[test]
fn each_listener_lets_in_whom_it_let_in() {
    let ports = [free_port(), free_port()];
    let town = Town::new(&format!(
        "per_listener_settings true\nlistener {} 127.0.0.1\nallow_anonymous true\nacl_file FOLDER/open\nlistener {} 127.0.0.1\npassword_file FOLDER/passwords\n",
        ports[0], ports[1]
    ));
    town.passwords("passwords", &[("watcher", WATCHER.1, "sha512-pbkdf2"), ("anna", "correct horse", "sha512-pbkdf2")]);
    town.write("open", "topic read a\ntopic write b/c\n");
    let clients: [Client; 4] =
        [("a", None, 0), ("b", None, 1), ("c", Some(("anna", "correct horse")), 1), ("d", Some(("anna", "wrong")), 1)];
    let table = the_same(&town, &ports, &clients, &["a", "b/c"], Some(WATCHER), 1);
    assert_eq!(table.values().filter(|may| may.is_none()).count(), 2, "{table:#?}");
}

#[test]
fn a_certificate_says_who_it_is_on_both() {
    let port = free_port();
    let town = Town::new(&format!(
        "acl_file FOLDER/access\nlistener {port} 127.0.0.1\ncafile FOLDER/certs/ca.pem\ncertfile FOLDER/certs/server.pem\nkeyfile FOLDER/certs/server.key\n\
         require_certificate true\nuse_identity_as_username true\n"
    ));
    town.write("access", "user porch\ntopic write porch/#\ntopic read porch/+\n\nuser hall\ntopic read #\n");
    let certs = town.path("certs");
    for args in [&["ca"][..], &["server", "--name", "localhost,127.0.0.1"], &["client", "--name", "porch"], &["client", "--name", "hall"]] {
        let made = town.command(&[&["certs"], args, &["--dir", certs.to_str().unwrap()]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let there = {
        let _running = town.mosquitto(port);
        by_certificate(&town, port)
    };
    let told = town.import(&[]);
    assert_eq!(told["users"].as_array().unwrap().len(), 2, "{told:#}");
    let here = {
        let _running = town.jamey(port, &[]);
        by_certificate(&town, port)
    };
    assert_eq!(there, here);
    town.export("back", &[]);
    let _running = mosquitto(&town.path("back/mosquitto.conf"), port);
    assert_eq!(by_certificate(&town, port), there);
    assert_eq!(there, ["porch comes in", "hall comes in", "nobody stays out", "hall hears porch/x"]);
}

/// Who comes in, and what `hall` hears of what `porch` says.
fn by_certificate(town: &Town, port: u16) -> Vec<String> {
    let file = |name: &str| town.path(&format!("certs/{name}")).display().to_string();
    let client = |program: &str, who: Option<&str>, more: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "--cafile", &file("ca.pem"), "-q", "1"]);
        if let Some(who) = who {
            command.args(["--cert", &file(&format!("client-{who}.pem")), "--key", &file(&format!("client-{who}.key"))]);
        }
        command.args(more).output().unwrap()
    };
    let mut all: Vec<String> = [Some("porch"), Some("hall"), None]
        .into_iter()
        .map(|who| {
            let comes = client("mosquitto_sub", who, &["-t", "porch/x", "-E"]).status.success();
            format!("{} {}", who.unwrap_or("nobody"), if comes { "comes in" } else { "stays out" })
        })
        .collect();
    for topic in ["porch/x", "other/x"] {
        client("mosquitto_pub", Some("porch"), &["-r", "-t", topic, "-m", "said"]);
    }
    let heard = client("mosquitto_sub", Some("hall"), &["-t", "porch/#", "-t", "other/#", "-v", "-W", "1"]);
    let heard = String::from_utf8(heard.stdout).unwrap();
    all.extend(heard.lines().filter_map(|line| Some(format!("hall hears {}", line.strip_suffix(" said")?))));
    all
}
