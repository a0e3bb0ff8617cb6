//! Malformed packets from a seed: every way that MQTT 3.1.1 and 5 forbid, with what can vary left to chance.

use super::{Chance, Message, Properties, Version, packet, property};

/// Bytes that are no MQTT, or none that a client may send.
pub struct Case {
    pub what: &'static str,
    pub bytes: Vec<u8>,
    /// MQTT has the broker close the connection. Where not, it may also wait for more, or answer.
    pub ends: bool,
}

fn ends(what: &'static str, bytes: Vec<u8>) -> Case {
    Case { what, bytes, ends: true }
}

fn open(what: &'static str, bytes: Vec<u8>) -> Case {
    Case { what, bytes, ends: false }
}

impl Chance {
    fn byte(&mut self, low: u8, high: u8) -> u8 {
        u8::try_from(self.between(low.into(), u64::from(high) + 1)).unwrap()
    }

    fn bytes(&mut self, low: u64, high: u64) -> Vec<u8> {
        (0..self.between(low, high)).map(|_| self.byte(0, 255)).collect()
    }

    fn word(&mut self) -> String {
        (0..self.between(1, 12)).map(|_| char::from(self.byte(b'a', b'z'))).collect()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.next()).unwrap_or(0) % all.len()]
    }

    /// A word that no MQTT string may hold: U+0000, bytes that are no UTF-8, a surrogate.
    fn bad_text(&mut self) -> Vec<u8> {
        let (mut text, bad) = (
            self.word().into_bytes(),
            self.one_of::<&[u8]>(&[b"\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80"]),
        );
        let at = usize::try_from(self.between(0, text.len() as u64 + 1)).unwrap();
        text.splice(at..at, bad.iter().copied());
        text
    }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

/// Properties as bytes, with their length; nothing under MQTT 3.1.1.
fn props(version: Version, bytes: &[u8]) -> Vec<u8> {
    match version {
        Version::V311 => vec![],
        Version::V5 => [&[u8::try_from(bytes.len()).unwrap()], bytes].concat(),
    }
}

/// CONNECT from its parts.
struct Parts {
    name: Vec<u8>,
    level: u8,
    flags: u8,
    properties: Vec<u8>,
    id: Vec<u8>,
    rest: Vec<u8>,
}

impl Parts {
    fn good(version: Version, chance: &mut Chance) -> Self {
        let level = if version == Version::V5 { 5 } else { 4 };
        Self { name: text(b"MQTT"), level, flags: 2, properties: props(version, &[]), id: text(chance.word().as_bytes()), rest: vec![] }
    }

    fn body(&self) -> Vec<u8> {
        [&self.name, [self.level, self.flags, 0, 60].as_slice(), &self.properties, &self.id, &self.rest].concat()
    }

    fn packet(&self) -> Vec<u8> {
        packet::packet(0x10, &self.body())
    }
}

/// First packets that begin no connection.
pub fn before(version: Version, chance: &mut Chance, count: usize) -> Vec<Case> {
    let v5 = version == Version::V5;
    let ways = if v5 { 34 } else { 22 };
    (0..count).map(|n| first(n % ways, version, chance)).collect()
}

fn first(way: usize, version: Version, chance: &mut Chance) -> Case {
    let mut parts = Parts::good(version, chance);
    let with = |parts: &mut Parts, bytes: &[u8]| parts.properties = props(version, bytes);
    let will = |parts: &mut Parts, flags: u8, properties: &[u8], topic: &[u8]| {
        parts.flags |= 0x04 | flags;
        parts.rest = [props(version, properties), text(topic), text(b"gone")].concat();
    };
    let what = match way {
        0 => {
            parts.flags |= 1;
            "CONNECT with its reserved flag"
        }
        1 => {
            will(&mut parts, 0x18, &[], b"a");
            "a will of quality 3"
        }
        2 => {
            parts.flags |= chance.one_of(&[0x08, 0x10, 0x20, 0x28]);
            "a quality of no will"
        }
        3 => {
            parts.flags |= 0x80 | 0x40;
            "user and password announced, none sent"
        }
        4 => {
            parts.name = text(chance.word().to_uppercase().as_bytes());
            "another protocol's name"
        }
        5 => {
            parts.level = chance.byte(6, 255);
            "a protocol level that does not exist"
        }
        6 => {
            parts.id = text(&chance.bad_text());
            "a client id that is no text"
        }
        7 => {
            let topic = chance.bad_text();
            will(&mut parts, 0, &[], &topic);
            "a will topic that is no text"
        }
        8 => {
            parts.flags |= 0x80;
            parts.rest = text(&chance.bad_text());
            "a user name that is no text"
        }
        9 => {
            let topic = chance.one_of(&["a/+", "#", "a/#/b", ""]);
            will(&mut parts, 0, &[], topic.as_bytes());
            "a will topic with wildcards, or none"
        }
        10 => {
            let more = chance.byte(1, 200);
            parts.id[1] += more.max(13);
            "a client id longer than its packet"
        }
        11 => return ends("CONNECT with flags", packet::packet(0x10 | chance.byte(1, 15), &parts.body())),
        12 => {
            let mut bytes = parts.packet();
            bytes[1] -= chance.byte(1, bytes[1] - 1);
            return ends("CONNECT that says it is shorter", bytes);
        }
        13 => {
            parts.rest = chance.bytes(1, 40);
            "bytes behind the last field of CONNECT"
        }
        14 => {
            return ends(
                "a remaining length of five bytes",
                [&[0x10, 0x80 | chance.byte(0, 127), 0xff, 0xff, 0xff, 0x01], parts.body().as_slice()].concat(),
            );
        }
        15 => {
            return ends(
                "CONNECT of megabytes",
                [&[0x10, 0xff, 0xff, chance.byte(0x80, 0xff), chance.byte(1, 0x7f)], parts.body().as_slice()].concat(),
            );
        }
        16 => return ends("no CONNECT first", packet::packet(chance.byte(2, 15) << 4 | chance.byte(0, 15), &chance.bytes(0, 40))),
        17 => return ends("packet type 0 first", packet::packet(chance.byte(0, 15), &chance.bytes(0, 40))),
        18 => {
            let bytes = parts.body();
            let end = usize::try_from(chance.between(0, bytes.len() as u64 - 1)).unwrap();
            return ends("CONNECT cut short", packet::packet(0x10, &bytes[..end]));
        }
        19 => return ends("noise", std::iter::once(chance.byte(0x11, 0xff)).chain(chance.bytes(0, 200)).collect()),
        20 => return ends("noise in a CONNECT", packet::packet(0x10, &chance.bytes(0, 200))),
        21 if version == Version::V311 => {
            parts.flags |= 0x40;
            parts.rest = text(b"secret");
            "a password without a user"
        }
        21 => {
            parts.properties = vec![chance.byte(0x30, 0x7f)];
            "properties longer than their packet"
        }
        22 => {
            with(&mut parts, &[chance.one_of(&[0x00, 0x04, 0x05, 0x0a, 0x2b, 0x7f]), 0, 0]);
            "a property that does not exist"
        }
        23 => {
            with(&mut parts, &[0x21, 0, 9, 0x21, 0, chance.byte(1, 255)]);
            "a property twice"
        }
        24 => {
            with(&mut parts, &[0x11, 0, 0, 0, 9, 0x11, 0, 0, 0, 9]);
            "session expiry twice"
        }
        25 => {
            with(&mut parts, &[0x21, 0, 0]);
            "a receive maximum of 0"
        }
        26 => {
            with(&mut parts, &[0x27, 0, 0, 0, 0]);
            "a maximum packet size of 0"
        }
        27 => {
            with(
                &mut parts,
                chance.one_of::<&[u8]>(&[&[0x23, 0, 1], &[0x0b, 1], &[0x01, 1], &[0x24, 1], &[0x13, 0, 9], &[0x02, 0, 0, 0, 1]]),
            );
            "a property of another packet"
        }
        28 => {
            with(&mut parts, &[chance.one_of(&[0x17, 0x19]), chance.byte(2, 255)]);
            "a flag that is neither 0 nor 1"
        }
        29 => {
            with(&mut parts, &[0x16, 0, 1, chance.byte(0, 255)]);
            "authentication data without a method"
        }
        30 => {
            with(&mut parts, &[&[0x26], text(&chance.bad_text()).as_slice(), &text(b"v")].concat());
            "a user property that is no text"
        }
        31 => {
            will(&mut parts, 0, &[0x01, chance.byte(2, 255)], b"a");
            "a will of a payload format that does not exist"
        }
        32 => {
            will(&mut parts, 0, &[0x18, 0, 0, 0, 1, 0x18, 0, 0, 0, 1], b"a");
            "a will property twice"
        }
        _ => {
            will(&mut parts, 0, chance.one_of::<&[u8]>(&[&[0x11, 0, 0, 0, 1], &[0x23, 0, 1], &[0x7e, 1]]), b"a");
            "a property that no will has"
        }
    };
    ends(what, parts.packet())
}

/// Packets that end a connection, or leave the broker waiting.
pub fn inside(version: Version, chance: &mut Chance, count: usize) -> Vec<Case> {
    let ways = if version == Version::V5 { 45 } else { 31 };
    (0..count).map(|n| later(n % ways, version, chance)).collect()
}

fn publish(version: Version, first: u8, topic: &[u8], id: Option<u16>, properties: &[u8]) -> Vec<u8> {
    let id = id.map_or(vec![], |id| id.to_be_bytes().to_vec());
    packet::packet(first, &[text(topic), id, props(version, properties), b"x".to_vec()].concat())
}

/// SUBSCRIBE or UNSUBSCRIBE.
fn ask(version: Version, first: u8, id: u16, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    packet::packet(first, &[&id.to_be_bytes(), props(version, properties).as_slice(), payload].concat())
}

fn filter(filter: &[u8], options: u8) -> Vec<u8> {
    [text(filter), vec![options]].concat()
}

fn later(way: usize, version: Version, chance: &mut Chance) -> Case {
    let v = version;
    let word = chance.word();
    let name = word.as_bytes();
    let one = filter(name, 0);
    let ack = chance.one_of(&[0x40_u8, 0x50, 0x62, 0x70]);
    match way {
        0 => ends("PUBLISH of quality 3", publish(v, 0x36 | chance.one_of(&[0, 1, 8, 9]), name, Some(7), &[])),
        1 => ends("a repetition at quality 0", publish(v, 0x38 | chance.byte(0, 1), name, None, &[])),
        2 => {
            let topic = chance.one_of(&["a/+/b", "+", "#", "a/#", "a+b", "x#"]);
            ends("PUBLISH to a wildcard", publish(v, 0x30, topic.as_bytes(), None, &[]))
        }
        3 => ends("PUBLISH to no text", publish(v, 0x32, &chance.bad_text(), Some(7), &[])),
        4 => ends("PUBLISH to nothing", publish(v, 0x30, b"", None, &[])),
        5 => ends("PUBLISH with packet id 0", publish(v, chance.one_of(&[0x32, 0x34, 0x3a]), name, Some(0), &[])),
        6 => ends("a topic longer than its packet", packet::packet(0x30, &[&[chance.byte(1, 255), chance.byte(0, 255)], name].concat())),
        7 => ends("PUBLISH without its packet id", packet::packet(0x32, &text(name))),
        8 => ends(
            "a remaining length of five bytes",
            vec![chance.byte(3, 11) << 4, 0xff, 0xff, 0xff, 0x80 | chance.byte(0, 127), 0x01, 0, 0],
        ),
        9 => ends(
            "PUBLISH of megabytes",
            [&[0x30, 0xff, 0xff, chance.byte(0x80, 0xff), chance.byte(2, 0x7f)], publish(v, 0x30, name, None, &[]).as_slice()].concat(),
        ),
        10 => ends("an empty PUBLISH", packet::packet(0x30, &chance.bytes(0, 2))),
        11 => ends("SUBSCRIBE with wrong flags", ask(v, 0x80 | chance.one_of(&[0, 1, 3, 4, 8, 15]), 7, &[], &one)),
        12 => ends("SUBSCRIBE with packet id 0", ask(v, 0x82, 0, &[], &one)),
        13 => ends("SUBSCRIBE to nothing", ask(v, 0x82, 7, &[], &[])),
        14 => ends("SUBSCRIBE of quality 3", ask(v, 0x82, 7, &[], &filter(name, 3))),
        15 => ends("SUBSCRIBE with reserved options", ask(v, 0x82, 7, &[], &filter(name, chance.one_of(&[0x40, 0x80, 0xc0])))),
        16 => ends("SUBSCRIBE to no text", ask(v, 0x82, 7, &[], &filter(&chance.bad_text(), 0))),
        17 => ends("a filter longer than its packet", ask(v, 0x82, 7, &[], &[&[chance.byte(1, 255), 0], name].concat())),
        18 => ends("UNSUBSCRIBE with wrong flags", ask(v, 0xa0 | chance.one_of(&[0, 1, 3, 4, 8, 15]), 7, &[], &text(name))),
        19 => ends("UNSUBSCRIBE with packet id 0", ask(v, 0xa2, 0, &[], &text(name))),
        20 => ends("UNSUBSCRIBE from nothing", ask(v, 0xa2, 7, &[], &[])),
        21 => ends("UNSUBSCRIBE from no text", ask(v, 0xa2, 7, &[], &text(&chance.bad_text()))),
        22 => ends("an acknowledgement with wrong flags", packet::packet(ack ^ chance.byte(1, 15), &[0, 7])),
        23 => ends("an acknowledgement cut short", packet::packet(ack, &chance.bytes(0, 2))),
        24 => ends("an acknowledgement of packet id 0", packet::packet(ack, &[0, 0])),
        25 => ends("CONNECT again", packet::connect(v, &packet::Connect { id: word, clean: true, ..Default::default() })),
        26 => ends("what only a broker says", packet::packet(chance.one_of(&[0x20, 0x90, 0xb0, 0xd0]), &chance.bytes(0, 9))),
        27 => ends(
            "a packet type that does not exist",
            packet::packet(if v == Version::V5 { chance.byte(0, 15) } else { chance.one_of(&[0x00, 0xf0, 0xf5]) }, &chance.bytes(0, 9)),
        ),
        28 => ends("PINGREQ or DISCONNECT with flags", packet::packet(chance.one_of(&[0xc0, 0xe0]) | chance.byte(1, 15), &[])),
        29 => {
            let whole = publish(v, 0x32, name, Some(7), &[]);
            let end = usize::try_from(chance.between(1, whole.len() as u64)).unwrap();
            open("PUBLISH cut short, and others' bytes in its place", whole[..end].to_vec())
        }
        30 => open("noise", chance.bytes(1, 120)),
        31 => ends(
            "a property that does not exist",
            publish(v, 0x32, name, Some(7), &[chance.one_of(&[0x00, 0x04, 0x05, 0x0a, 0x2b, 0x7f]), 0, 0]),
        ),
        32 => {
            let twice = chance.one_of::<&[u8]>(&[&[0x01, 0, 0x01, 0], &[0x23, 0, 1, 0x23, 0, 1], &[0x02, 0, 0, 0, 9, 0x02, 0, 0, 0, 9]]);
            ends("a property twice", publish(v, 0x30, name, None, twice))
        }
        33 => ends(
            "a property of another packet",
            publish(v, 0x32, name, Some(7), chance.one_of::<&[u8]>(&[&[0x11, 0, 0, 0, 1], &[0x21, 0, 1], &[0x24, 1], &[0x13, 0, 9]])),
        ),
        34 => ends("a subscription identifier from a client", publish(v, 0x30, name, None, &[0x0b, chance.byte(1, 127)])),
        35 => ends("properties longer than their packet", packet::packet(0x30, &[text(name), vec![chance.byte(9, 0x7f), 0x01]].concat())),
        36 => ends("a payload format that does not exist", publish(v, 0x30, name, None, &[0x01, chance.byte(2, 255)])),
        37 => ends("topic alias 0", publish(v, 0x32, name, Some(7), &[0x23, 0, 0])),
        38 => ends("a topic alias never given", publish(v, 0x32, b"", Some(7), &[0x23, 0, chance.byte(1, 255)])),
        39 => ends(
            "a response topic with wildcards",
            publish(v, 0x30, name, None, &[&[0x08], text(chance.one_of(&["a/#", "+"]).as_bytes()).as_slice()].concat()),
        ),
        40 => ends("subscription identifier 0", ask(v, 0x82, 7, &[0x0b, 0], &one)),
        41 => ends("no local on a shared subscription", ask(v, 0x82, 7, &[], &filter(&[b"$share/g/", name].concat(), 4))),
        42 => ends("retain handling 3", ask(v, 0x82, 7, &[], &filter(name, 0x30))),
        43 => ends(
            "AUTH without a method",
            packet::packet(0xf0, chance.one_of::<&[u8]>(&[&[], &[0x18, 0], &[0x19, 0], &[0x00, 0], &[0x42, 0]])),
        ),
        _ => {
            let properties = Properties::default().text(property::CONTENT_TYPE, "a").text(property::CONTENT_TYPE, "b");
            ends("two content types", packet::publish(v, &Message::new(&word, "x").with(properties)))
        }
    }
}
