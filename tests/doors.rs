//! Promise: MQTT 3.1.1 and 5 are spoken at every door, plain, TLS and WebSocket; a door opens to whom it should, waits for nobody, and takes new certificates while it is open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use futures_util::{SinkExt, StreamExt};
use rustls::version::{TLS12, TLS13};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use support::{
    authority::{Authority, NOW, Pair},
    carrier::to,
    *,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::{Error, Message as Frame, handshake::client::Request, protocol::frame::coding::CloseCode};

const DOORS: [&str; 4] = ["tls", "certified", "web", "secure-web"];
const ALERT: &str = "jamey/alert/certificate";

/// An authority, a server's certificate, and a config with a door of each kind.
struct Porch {
    _folder: TempDir,
    authority: Authority,
    server: Pair,
    client: Pair,
    runtime: Runtime,
}

fn porch() -> Porch {
    let folder = TempDir::with_prefix("porch-").unwrap();
    let authority = Authority::new(folder.path(), "ca");
    let (server, client) = (authority.server("server", NOW), authority.client("anna", NOW));
    Porch { _folder: folder, authority, server, client, runtime: Runtime::new().unwrap() }
}

impl Porch {
    fn folder(&self) -> &Path {
        self._folder.path()
    }

    fn tls(&self) -> String {
        format!("certificate = {:?}\nkey = {:?}\n", self.server.certificate, self.server.key)
    }

    fn clients(&self) -> String {
        format!("{}client_ca = {:?}\n", self.tls(), self.authority.ca())
    }

    /// The four doors, each with `more`.
    fn config(&self, broker: &str, more: &str) -> String {
        let web = "protocol = \"websocket\"\n";
        let doors = [self.tls(), self.clients(), web.to_owned(), format!("{}{web}", self.tls())];
        let doors = DOORS.iter().zip(doors).map(|(name, says)| door(name, &format!("{says}{more}")));
        format!("{broker}\n{}", doors.collect::<String>())
    }

    /// A plain port behind which a door of the house is.
    fn way(&self, house: &House, door: &str) -> SocketAddr {
        let way = to(house.listener(door));
        let ca = self.authority.ca();
        let way = match door {
            "tls" => way.tls(&ca, None),
            "certified" => way.tls(&ca, Some(&self.client)),
            "web" => way.web(),
            "secure-web" => way.tls(&ca, None).web(),
            other => panic!("{other}"),
        };
        way.carry(&self.runtime)
    }
}

fn door(name: &str, says: &str) -> String {
    format!("[[listener]]\nname = \"{name}\"\naddress = \"127.0.0.1:0\"\n{says}\n")
}

fn opens(at: SocketAddr) -> bool {
    dial(at, "visitor").try_open().is_ok()
}

#[test]
fn both_versions_are_spoken_at_every_door() {
    let porch = porch();
    let house = Plan::default().config(&porch.config("", "")).start();
    for name in DOORS {
        let at = porch.way(&house, name);
        for v5 in [false, true] {
            let id = format!("{name}-{v5}");
            let dial = |id: &str, at| if v5 { dial(at, id).v5() } else { dial(at, id) };
            let mut outside = dial(&id, at).open().listen("from/plain/#", 2);
            let mut plain = dial(&format!("plain-{id}"), house.mqtt()).open().listen("from/door/#", 2);
            for qos in 0..=2 {
                assert!(outside.publish(Message::new("from/door/x", &id).qos(qos)).taken());
                assert_eq!((plain.message().text(), id.as_str()), (id.clone(), id.as_str()));
                // One packet of many WebSocket messages, and far beyond what is read at once.
                let long = "x".repeat(300_000);
                assert!(plain.publish(Message::new("from/plain/x", &long).qos(qos)).taken());
                assert!(outside.message().text() == long, "at QoS {qos} through {name}");
                assert!(outside.publish(Message::new("from/door/x", &long).qos(qos)).taken());
                assert!(plain.message().text() == long, "at QoS {qos} from {name}");
            }
            outside.disconnect();
            plain.disconnect();
        }
    }
}

#[test]
fn a_stream_of_messages_keeps_its_order_and_one_who_does_not_read_delays_no_one() {
    let porch = porch();
    let mut house = Plan::default().config(&porch.config("", "")).start();
    for name in DOORS {
        let at = porch.way(&house, name);
        // It asks for all of it and reads nothing: far more than the sockets on the way hold.
        let deaf = dial(at, "deaf").silent().open().listen("stream/#", 0);
        let mut listener = dial(at, "listener").open().listen("stream/#", 1);
        let mut speaker = dial(at, "speaker").open();
        let long = "x".repeat(20_000);
        for n in 0..1_000 {
            speaker.post(Message::new("stream/x", format!("{n} {long}")).qos(1));
        }
        let heard: Vec<String> = listener.messages(1_000).iter().map(|m| m.text().split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(heard, (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>(), "{name}");
        deaf.vanish();
    }
    house.serves();
}

#[test]
fn it_stops_while_clients_are_at_every_door() {
    let porch = porch();
    let mut house = Plan::default().config(&porch.config("[broker]\nhandshake_seconds = 60", "")).start();
    let clients = DOORS.map(|name| dial(porch.way(&house, name), name).open());
    let idle = DOORS.map(|name| TcpStream::connect(house.listener(name)).unwrap());
    house.stop();
    for mut client in clients {
        assert!(client.closes_within(PATIENCE));
    }
    drop(idle);
}

#[test]
fn mosquittos_clients_speak_both_versions_over_tls() {
    let porch = porch();
    let house = Plan::default().config(&porch.config("", "")).start();
    let port = house.listener("certified").port().to_string();
    for version in ["mqttv311", "mqttv5"] {
        let mut listener = house.dial("listener").open().listen("mosquitto/#", 1);
        let mut publish = Command::new("mosquitto_pub");
        publish.args(["-h", "localhost", "-p", &port, "-V", version, "-q", "1", "-t", "mosquitto/x", "-m", version, "--cafile"]);
        publish.arg(porch.authority.ca()).arg("--cert").arg(&porch.client.certificate).arg("--key").arg(&porch.client.key);
        let done = publish.output().unwrap();
        assert!(done.status.success(), "{version}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(listener.message().text(), version);
    }
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_1_1_is_not() {
    let porch = porch();
    let house = Plan::default().config(&porch.config("", "")).start();
    let (at, ca) = (house.listener("tls"), porch.authority.ca());
    for version in [&TLS12, &TLS13] {
        assert!(opens(to(at).tls_of(&ca, None, &[version]).carry(&porch.runtime)), "{version:?}");
    }
    // ClientHello of TLS 1.1 (RFC 4346, 7.4.1.2) with two suites of its time.
    let mut hello = vec![0x16, 3, 1, 0, 47, 1, 0, 0, 43, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x13, 1, 0]);
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&hello).unwrap();
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer);
    assert_eq!(answer.first(), Some(&0x15), "an alert and no ServerHello: {answer:02x?}");
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

#[test]
fn idle_connections_at_every_door_delay_no_one() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(8_192), hard).unwrap();
    let porch = porch();
    // They stay as long as the test runs.
    let house = Plan::default().config(&porch.config("[broker]\nhandshake_seconds = 60", "")).start();
    let doors = DOORS.map(|name| house.listener(name));
    let mut idle = vec![];
    for (name, at) in DOORS.iter().zip(doors) {
        // Some begin, with the words of an upgrade or of a ClientHello, and stop.
        let begins: &[u8] = if *name == "web" { b"GET /mqtt" } else { b"\x16\x03\x01\x02\x00\x01" };
        for n in 0..200 {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(&begins[..n % begins.len()]).unwrap();
            idle.push(stream);
        }
    }
    for name in DOORS {
        let mut client = dial(porch.way(&house, name), name).open().listen("idle/#", 1);
        client.tell("idle/x", name);
        assert_eq!(client.message().text(), name);
    }
    for stream in &idle {
        stream.set_nonblocking(true).unwrap();
        let waits = (&*stream).read(&mut [0]).is_err_and(|e| e.kind() == std::io::ErrorKind::WouldBlock);
        assert!(waits, "the idle ones are still there");
    }
}

/// Sends byte by byte and never all of it; whether the other side ends it.
fn drips(at: SocketAddr, bytes: &[u8]) -> bool {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let deadline = Instant::now() + PATIENCE;
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return true;
        }
        match stream.read(&mut [0; 64]) {
            Ok(0) => return true,
            Err(e) if !matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => return true,
            _ => {}
        }
        if Instant::now() > deadline {
            return false;
        }
    }
    unreachable!()
}

#[test]
fn who_takes_too_long_is_let_go_at_every_step() {
    let porch = porch();
    let mut house = Plan::default().config(&porch.config("[broker]\nhandshake_seconds = 1", "")).start();
    // A ClientHello of 512 bytes, an upgrade's first header, a CONNECT of 320 KiB: none is over before the deadline.
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 400]].concat();
    let upgrade = [&b"GET /mqtt HTTP/1.1\r\nX: "[..], &[b'x'; 4_000]].concat();
    let connect = [&[0x10, 0xff, 0xff, 0x13, 0, 4][..], b"MQTT\x04\x02\x00\x3c", &[0; 400]].concat();
    for (at, bytes) in [
        (house.mqtt(), &connect),
        (house.listener("tls"), &hello),
        (house.listener("certified"), &hello),
        (house.listener("web"), &upgrade),
        (house.listener("secure-web"), &hello),
        // Behind each handshake the same clock runs.
        (porch.way(&house, "tls"), &connect),
        (porch.way(&house, "certified"), &connect),
        (porch.way(&house, "web"), &connect),
        (porch.way(&house, "secure-web"), &connect),
        (to(house.listener("secure-web")).tls(&porch.authority.ca(), None).carry(&porch.runtime), &upgrade),
    ] {
        assert!(drips(at, bytes), "{at}");
    }
    house.serves();
}

#[test]
fn a_web_socket_keeps_to_the_standard() {
    let porch = porch();
    let says = "protocol = \"websocket\"\npath = \"/mqtt\"\norigins = [\"https://panel.example\"]";
    let mut house = Plan::default().config(&door("web", says)).start();
    let way = to(house.listener("web"));
    let request = |change: &dyn Fn(&mut Request)| {
        let mut request = way.request();
        change(&mut request);
        request
    };
    let header =
        |name: &'static str, value: &'static str| move |r: &mut Request| drop(r.headers_mut().insert(name, value.parse().unwrap()));
    porch.runtime.block_on(async {
        for (what, request, status) in [
            ("no subprotocol", request(&|r| drop(r.headers_mut().remove("Sec-WebSocket-Protocol"))), Some(400)),
            ("another subprotocol", request(&header("Sec-WebSocket-Protocol", "chat, mqttx")), Some(400)),
            ("another path", request(&|r| *r.uri_mut() = "ws://localhost/other".parse().unwrap()), Some(404)),
            ("another host's page", request(&header("Origin", "https://evil.example")), Some(403)),
            ("the panel's page", request(&header("Origin", "https://panel.example")), None),
            ("this host's page", request(&header("Origin", "http://127.0.0.1:8123")), None),
            ("one subprotocol of several", request(&header("Sec-WebSocket-Protocol", "chat, mqtt")), None),
        ] {
            let got = match way.socket(request).await {
                Ok(_) => None,
                Err(Error::Http(response)) => Some(response.status().as_u16()),
                Err(other) => panic!("{what}: {other}"),
            };
            assert_eq!(got, status, "{what}");
        }
        let connect = packet::connect(Version::V5, &packet::Connect { id: "web".into(), clean: true, ..packet::Connect::default() });
        // What comes: binary ones by their first byte, others as they are.
        let mut web = way.socket(way.request()).await.unwrap();
        web.send(Frame::Ping(b"who".to_vec().into())).await.unwrap();
        assert_eq!(web.next().await.unwrap().unwrap(), Frame::Pong(b"who".to_vec().into()), "before CONNECT");
        web.send(Frame::binary(connect.clone())).await.unwrap();
        assert_eq!(web.next().await.unwrap().unwrap().into_data().first(), Some(&0x20), "CONNACK");
        web.send(Frame::Ping(b"how".to_vec().into())).await.unwrap();
        assert_eq!(web.next().await.unwrap().unwrap(), Frame::Pong(b"how".to_vec().into()), "after CONNECT");
        web.send(Frame::text("hello")).await.unwrap();
        let end = loop {
            match web.next().await {
                Some(Ok(Frame::Close(end))) => break end,
                Some(Ok(_)) => {}
                other => panic!("no close: {other:?}"),
            }
        };
        assert_eq!(end.unwrap().code, CloseCode::Unsupported, "a text frame");
        let mut web = way.socket(way.request()).await.unwrap();
        web.send(Frame::binary(connect)).await.unwrap();
        assert_eq!(web.next().await.unwrap().unwrap().into_data().first(), Some(&0x20), "CONNACK");
        // One message larger than any packet may be.
        let _ = web.send(Frame::binary(vec![0; 3 * 1_024 * 1_024])).await;
        let ended = loop {
            match web.next().await {
                Some(Ok(Frame::Close(Some(end)))) => break end.code == CloseCode::Size,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break true,
            }
        };
        assert!(ended, "too large a message ends it");
    });
    house.serves();
}

#[test]
fn each_door_has_places_of_its_own() {
    let porch = porch();
    let mut house = Plan::default().config(&porch.config("", "max_connections = 2\n")).start();
    for name in DOORS {
        let at = porch.way(&house, name);
        let one = dial(at, "one").open();
        let two = dial(at, "two").open();
        assert!(dial(at, "three").try_open().is_err(), "{name}");
        one.disconnect();
        wait_until("a place is free again", PATIENCE, || dial(at, "three").try_open().is_ok());
        two.disconnect();
    }
    house.serves();
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
    let house = Plan::default().config(&door("tls", &porch.tls())).start();
    let at = house.listener("tls");
    let mut watcher = house.dial("watcher").open().listen(ALERT, 1);
    assert_eq!(alert(&mut watcher, "server.pem of the listener tls ends at ")["severity"], "warning");
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
