//! Promise: MQTT 3.1.1 and 5 are spoken at every door, plain, TLS and WebSocket; a door opens to whom it should, waits for nobody, and takes new certificates while it is open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;
use futures_util::{SinkExt, StreamExt};
use rustls::version::{TLS12, TLS13};
use std::{
    fs,
    io::{BufRead, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};
use support::{
    carrier::to,
    porch::{DOORS, door, opens, porch},
    *,
};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, handshake::client::Request, protocol::frame::coding::CloseCode};

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
    let mut house =
        Plan::default().config(&porch.config("[limits]\nconnections_per_address = 0\n[broker]\nhandshake_seconds = 60", "")).start();
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
fn idle_connections_at_every_door_delay_no_one() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(8_192), hard).unwrap();
    let porch = porch();
    // They stay as long as the test runs.
    let house =
        Plan::default().config(&porch.config("[limits]\nconnections_per_address = 0\n[broker]\nhandshake_seconds = 60", "")).start();
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

#[test]
fn a_listener_that_falls_lets_in_whoever_comes_next() {
    let listener = "[[listener]]\nname = \"hall\"\naddress = \"127.0.0.1:0\"\n";
    let house = Plan::default().config(listener).env("JAMEY_TRIAL_FALL", "listener-hall:panic@0").start();
    let at = house.listener("hall");
    assert!(dial(at, "first").try_open().is_err(), "the listener fell over it");
    wait_until("who comes next is let in", PATIENCE, || dial(at, "next").try_open().is_ok());
    assert!(house.said().contains("listener-hall fell, and is started again"), "{}", house.said());
}

#[test]
fn a_house_with_listeners_alone_is_one() {
    let porch = porch();
    let config = format!("[broker]\nmqtt = []\n{}", door("certified", &porch.clients()));
    fs::write(porch.folder().join("jamey.toml"), config).unwrap();
    let mut house = Command::new(env!("CARGO_BIN_EXE_jamey"))
        .args(["run", "--http", "127.0.0.1:0", "--data"])
        .arg(porch.folder().join("data"))
        .arg("--config")
        .arg(porch.folder().join("jamey.toml"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = |out: Box<dyn Read>| std::io::BufReader::new(out).lines().map_while(Result::ok);
    let ready = lines(Box::new(house.stdout.take().unwrap())).next();
    let at = lines(Box::new(house.stderr.take().unwrap()))
        .find_map(|line| Some(line.strip_prefix("The listener certified is at mqtts://")?.to_owned()));
    let opened = at.map(|at| opens(to(at.parse().unwrap()).tls(&porch.authority.ca(), Some(&porch.client)).carry(&porch.runtime)));
    house.kill().unwrap();
    house.wait().unwrap();
    assert!(ready.is_some_and(|line| line.starts_with("ready mqtt= http=")));
    assert_eq!(opened, Some(true));
}
