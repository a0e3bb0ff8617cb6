//! Malformed packets from a seed: every way that MQTT 3.1.1 and 5 forbid, with what can vary left to chance.

mod inside;

use super::{Chance, Version, packet};
pub use inside::inside;

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
