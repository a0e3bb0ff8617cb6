//! Lines that drop, listeners that are slow, and a Jamey that dies.

use super::*;
use std::net::SocketAddr;

/// Drops its line at random, and goes on from the last id that it had.
struct Restless {
    last: String,
    /// Percept and request of each verdict, in the order heard.
    seen: Vec<String>,
    lines: u32,
    gaps: Vec<Value>,
}

impl Restless {
    /// Listens until it has so many, or the line breaks.
    fn listen(&mut self, at: SocketAddr, chance: &mut Chance, until: usize) {
        let Ok(stream) = std::net::TcpStream::connect(at) else { return };
        let Ok(mut listener) = Listener::over(stream, at, &format!("/v1/stream?kinds=verdict&from={}", self.last), &[]) else { return };
        self.lines += 1;
        let most = self.seen.len() + usize::try_from(chance.between(1, 90)).unwrap();
        while self.seen.len() < until.min(most) {
            let Heard::Said(said) = listener.hear() else { return };
            match said["type"].as_str().unwrap() {
                "event" => {
                    self.last = ids(&said).to_owned();
                    self.seen.push(format!("{} {}", said["data"]["percept"].as_str().unwrap(), said["data"]["request"]["id"]));
                }
                "gap" => self.gaps.push(said),
                "hello" | "position" => {}
                other => panic!("{other}: {said}"),
            }
        }
        listener.drop_line();
    }
}

/// Every verdict in the store, in the order of its rows.
fn stored(house: &House) -> Vec<String> {
    let db = house.db();
    let mut all = db.prepare("SELECT percept, json_extract(request, '$.id') FROM verdicts ORDER BY rowid").unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let percept = uuid::Uuid::from_bytes(row.get(0)?);
        Ok(format!("{percept} {}", json!(row.get::<_, Option<String>>(1)?)))
    };
    all.query_map([], read).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_verdict_is_heard_once_and_in_order_though_the_line_drops_and_jamey_is_killed() {
    let mut house = Plan::default().config(&format!("{GUARD}[http]\nrequests_per_second = 0\n")).start();
    let mut chance = Chance::seeded(10);
    let mut one = Restless { last: "0.00000000".into(), seen: vec![], lines: 0, gaps: vec![] };
    let (mut sent, want) = (0, 2_000);
    // Of the last part so many are surely stored; the rest is heard when it is known how many there are.
    for (killed_at, kills) in [(600, true), (1_300, true), (1_950, false)] {
        let (mqtt, http) = (house.mqtt(), house.http());
        let from = sent;
        sent += std::thread::scope(|scope| {
            let sender = scope.spawn(move || {
                let mut client = dial(mqtt, "panel").open();
                (from..want).take_while(|n| lit(&mut client, *n).taken()).count() as u64
            });
            while one.seen.len() < killed_at {
                one.listen(http, &mut chance, killed_at);
            }
            if kills {
                house.kill9();
            }
            sender.join().unwrap()
        });
        if kills {
            house.start();
        }
    }
    let all = stored(&house);
    assert!(all.len() >= 2_000, "{}", all.len());
    while one.seen.len() < all.len() {
        one.listen(house.http(), &mut chance, all.len());
    }
    assert!(one.seen == all, "{} heard, {} stored, over {} lines", one.seen.len(), all.len(), one.lines);
    assert!(one.lines > 20 && one.gaps.is_empty(), "{} lines, {:?}", one.lines, one.gaps);
}

#[test]
fn who_falls_behind_is_told_how_much_he_missed_and_can_have_it_again() {
    let house = Plan::default().config(&format!("{GUARD}[http]\npatience_seconds = 120\n")).start();
    let mut panel = house.client("panel");
    // Little room on the way to him, and large commands: the ring is bounded by bytes as well.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&house.http().into()).unwrap();
    let mut slow = Listener::over(socket.into(), house.http(), "/v1/stream?kinds=verdict", &[]).unwrap();
    assert_eq!(slow.said()["type"], "hello");
    let large = " ".repeat(1_024);
    let mut asked = 0_u64;
    // 4,096 fit into the ring, and no kernel holds as many more for one line.
    while asked < 12_000 {
        let ids: Vec<u16> = (asked..asked + 100)
            .map(|n| panel.post(Message::new(&format!("lamps/{}/set", n % 4_000), format!(r#"{{"state":"ON","id":"{n}"{large}}}"#)).qos(1)))
            .collect();
        ids.into_iter().for_each(|id| assert!(panel.acked(PATIENCE, Pub::Ack, id).taken()));
        asked += 100;
    }
    let (mut heard, mut missed, mut summaries) = (0, 0, vec![]);
    while heard + missed < asked {
        let said = slow.said();
        match said["type"].as_str().unwrap() {
            "event" => heard += 1,
            "summary" => {
                missed += said["missed"]["verdict"].as_u64().unwrap();
                summaries.push(said);
            }
            other => panic!("{other}: {said}"),
        }
    }
    assert_eq!(heard + missed, asked);
    let summary = summaries.first().expect("so much cannot wait for him");
    assert!(summary["detail"].as_str().unwrap().contains("too slow"));
    // From there on all of them, once more.
    let (mut again, _) = Listener::open(house.http(), &format!("/v1/stream?kinds=verdict&from={}", summary["from"].as_str().unwrap()), &[]);
    let first: u64 = again.event("verdict")["data"]["request"]["id"].as_str().unwrap().parse().unwrap();
    for n in first + 1..asked {
        assert_eq!(again.event("verdict")["data"]["request"]["id"], n.to_string());
    }
}

#[test]
fn server_sent_events_go_on_from_the_last_id() {
    let mut house = Plan::default().config(GUARD).start();
    let mut panel = house.client("panel");
    let mut events = Events::open(house.http(), "/v1/events?kinds=verdict", &[]).unwrap();
    assert_eq!(events.next().unwrap().event, "hello");
    (1..=3).for_each(|n| assert!(lit(&mut panel, n).taken()));
    let id = |sent: &support::listener::Sent| sent.data["data"]["request"]["id"].as_str().unwrap().to_owned();
    let first = events.event("verdict");
    assert_eq!((id(&first), first.id.as_str(), first.event.as_str()), ("1".into(), ids(&first.data), ""));
    drop(events);
    let mut events = Events::open(house.http(), "/v1/events?kinds=verdict&from=0.00000000", &[("Last-Event-ID", &first.id)]).unwrap();
    assert_eq!((id(&events.event("verdict")), id(&events.event("verdict"))), ("2".into(), "3".into()), "the header is the newer word");
    drop(events);
    house.kill9();
    house.start();
    let mut events = Events::open(house.http(), "/v1/events?kinds=verdict,alert", &[("Last-Event-ID", &first.id)]).unwrap();
    let gap = loop {
        let next = events.next().unwrap();
        if next.event == "gap" {
            break next;
        }
        assert_eq!(next.event, "hello");
    };
    assert_eq!((gap.data["lost"].clone(), gap.data["counted"].clone()), (json!(["alert"]), json!(0)), "what is not kept is said");
    assert_eq!((id(&events.event("verdict")), id(&events.event("verdict"))), ("2".into(), "3".into()));
}

#[test]
fn refusals_that_were_only_counted_are_heard_live_and_said_to_be_gone_afterwards() {
    // A lock's commands are refused to whom nobody knows, and beyond a hundred an hour they have no row.
    let mut house =
        Plan::default().enforce().config("[[guard]]\ntopic = \"locks/+/set\"\nclass = \"lock\"\nreads = \"attributes\"\n").start();
    let mut panel = house.client("panel");
    let (mut listener, hello) = Listener::open(house.http(), "/v1/stream?kinds=verdict", &[]);
    let asked = 130;
    for n in 0..asked {
        // Some are held, most are refused; all are acknowledged.
        let _ = panel.publish(Message::new(&format!("locks/{n}/set"), format!(r#"{{"state":"UNLOCK","id":"{n}"}}"#)).qos(1));
    }
    let mut first = vec![];
    while first.len() < asked {
        let event = listener.event("verdict");
        if event["data"]["settled"].is_null() {
            first.push(event["data"]["request"]["id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(first, (0..asked).map(|n| n.to_string()).collect::<Vec<_>>(), "live all are heard, with a row or without");
    assert!(house.count("SELECT sum(summarised) FROM summaries", []) > 0);
    let (mut again, _) = Listener::open(house.http(), &format!("/v1/stream?kinds=verdict&from={}", ids(&hello)), &[]);
    assert_eq!(again.event("verdict")["data"]["request"]["id"], "0");
    house.kill9();
    house.start();
    let mut again = Listener::try_open(house.http(), &format!("/v1/stream?kinds=verdict&from={}", ids(&hello)), &[])
        .unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(again.said()["type"], "hello");
    let gap = again.said();
    assert_eq!(gap["type"], "gap", "{gap}");
    assert!(gap["counted"].as_u64().unwrap() > 0, "{gap}");
    assert_eq!(again.event("verdict")["data"]["request"]["id"], "0");
}

#[test]
fn an_id_of_another_store_is_said_to_be_one() {
    let house = Plan::default().config(GUARD).start();
    let mut panel = house.client("panel");
    assert!(lit(&mut panel, 1).taken());
    let mut listener =
        Listener::try_open(house.http(), "/v1/stream?kinds=verdict&from=1.0badcafe", &[]).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(listener.said()["type"], "hello");
    let gap = listener.said();
    assert!(gap["type"] == "gap" && gap["detail"].as_str().unwrap().contains("not of this store"), "{gap}");
    assert!(lit(&mut panel, 2).taken());
    assert_eq!(listener.event("verdict")["data"]["request"]["id"], "2");
}

#[test]
fn whoever_is_forgotten_is_named_to_nobody_who_comes_back() {
    let house = Plan::default().config(GUARD).start();
    let (mut panel, mut button) = (house.client("panel"), house.client("button"));
    let (mut listener, hello) = Listener::open(house.http(), "/v1/stream?kinds=verdict", &[]);
    assert!(lit(&mut panel, 1).taken() && lit(&mut button, 2).taken());
    assert_eq!(listener.event("verdict")["entity"], "panel");
    panel.send(&[0xe0, 0]);
    jamey(house.data(), &["entity", "forget", "panel", "--yes"], "");
    let (mut again, _) = Listener::open(house.http(), &format!("/v1/stream?kinds=verdict&from={}", ids(&hello)), &[]);
    let first = again.event("verdict");
    assert!(!first.to_string().contains("panel"), "{first}");
    assert_eq!(first["data"]["reason"], "forgotten");
    assert_eq!(again.event("verdict")["entity"], "button");
}
