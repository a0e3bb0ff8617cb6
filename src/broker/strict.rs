//! What MQTT forbids and the engine lets pass. It judges whole packets by their bytes alone; what the engine refuses itself is left to it.

use super::wire::{Property, Reader, Value};

/// Where properties stand, and which may stand there (MQTT 5.0, table 2-4). A user property may stand anywhere.
const CONNECT: &[u8] = &[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x27];
const WILL: &[u8] = &[0x01, 0x02, 0x03, 0x08, 0x09, 0x18];
const PUBLISH: &[u8] = &[0x01, 0x02, 0x03, 0x08, 0x09, 0x23];
const SUBSCRIBE: &[u8] = &[0x0b];

/// Whether a CONNECT packet, its fixed header aside, says what MQTT lets it say. Other protocols and versions are not looked into.
pub fn allows_connect(body: &[u8]) -> bool {
    let mut rest = Reader(body);
    match (rest.bytes(), rest.byte()) {
        (Some(b"MQTT"), Some(level @ (4 | 5))) => connect(&mut rest, level == 5) == Some(true),
        _ => true,
    }
}

fn connect(rest: &mut Reader<'_>, v5: bool) -> Option<bool> {
    let flags = rest.byte()?;
    let _keep_alive = rest.two()?;
    let mut good = !v5 || allows(rest.properties()?, CONNECT);
    good &= is_text(rest.bytes()?);
    if flags & 0x04 != 0 {
        good &= !v5 || allows(rest.properties()?, WILL);
        good &= is_topic(rest.bytes()?);
        rest.bytes()?;
    }
    if flags & 0x80 != 0 {
        good &= is_text(rest.bytes()?);
    }
    if flags & 0x40 != 0 {
        rest.bytes()?;
    }
    Some(good && rest.0.is_empty())
}

/// Whether a client may send this packet after CONNECT: its first byte, and what follows the length, whole or in part.
pub fn allows_packet(v5: bool, first: u8, body: &[u8]) -> bool {
    let mut rest = Reader(body);
    // What is not there, the engine misses too.
    match first >> 4 {
        2 | 9 | 11 | 13 => Some(false),
        3 => publish(&mut rest, v5, first),
        4..=7 | 10 => rest.two().map(|id| id != 0),
        8 => subscribe(&mut rest, v5),
        _ => None,
    }
    .unwrap_or(true)
}

fn publish(rest: &mut Reader<'_>, v5: bool, first: u8) -> Option<bool> {
    rest.bytes()?;
    let has_id = first & 0x06 == 0 || rest.two()? != 0;
    Some(has_id && (!v5 || allows(rest.properties()?, PUBLISH)))
}

fn subscribe(rest: &mut Reader<'_>, v5: bool) -> Option<bool> {
    let has_id = rest.two()? != 0;
    if v5 {
        return Some(has_id && rest.properties().is_none_or(|all| allows(all, SUBSCRIBE)));
    }
    let mut good = has_id;
    // MQTT 5 gives these bits a meaning, and the engine looks at them.
    while let (Some(_), Some(options)) = (rest.bytes(), rest.byte()) {
        good &= options < 3;
    }
    Some(good)
}

/// Whether each property may stand where it stands, once, with such a value.
fn allows(mut all: Reader<'_>, place: &[u8]) -> bool {
    let mut met = 0u64;
    while !all.0.is_empty() {
        let Some(Property { id, value }) = all.property() else { return false };
        let bit = 1 << (id & 0x3f);
        if id != 0x26 && (!place.contains(&id) || met & bit != 0) {
            return false;
        }
        met |= bit;
        let good = match value {
            Value::Number(n) => match id {
                0x01 | 0x17 | 0x19 => n < 2,
                0x0b | 0x21 | 0x23 | 0x27 => n > 0,
                _ => true,
            },
            Value::Text(topic) if id == 0x08 => is_topic(topic),
            Value::Text(text) => is_text(text),
            Value::Pair(key, value) => is_text(key) && is_text(value),
            Value::Bytes(_) => true,
        };
        if !good {
            return false;
        }
    }
    // Authentication data goes with a method.
    met & (1 << 0x16) == 0 || met & (1 << 0x15) != 0
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

fn is_topic(bytes: &[u8]) -> bool {
    !bytes.is_empty() && is_text(bytes) && !bytes.iter().any(|b| matches!(b, b'+' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"\0\x04MQTT\x05";

    #[test]
    fn a_connect_may_say_all_that_mqtt_has_and_no_more() {
        let full = [HEAD, b"\xc6\0\x3c\x08\x11\0\0\0\x09\x21\0\x01", b"\0\x01c\x02\x01\x01\0\x01t\0\x01p\0\x01u\0\x01s"].concat();
        assert!(allows_connect(&full));
        assert!(!allows_connect(&[full.as_slice(), b"x"].concat()), "something behind");
        for end in HEAD.len()..full.len() {
            assert!(!allows_connect(&full[..end]), "cut at {end}");
        }
        for wrong in [b"\x03\x21\0\0".as_slice(), b"\x03\x23\0\x01", b"\x02\x17\x02", b"\x04\x16\0\x01x", b"\x04\x17\0\x17\0"] {
            assert!(!allows_connect(&[HEAD, b"\x02\0\0", wrong, b"\0\x01c"].concat()), "{wrong:02x?}");
        }
        for topic in [b"#".as_slice(), b"+", b"\0", b"\xff"] {
            assert!(!allows_connect(&[HEAD, b"\x06\0\0\0\0\x01c\0\0\x01", topic, b"\0\0"].concat()), "a will on {topic:02x?}");
        }
        assert!(allows_connect(b"\0\x06MQIsdp\x03"), "not ours to judge");
    }

    #[test]
    fn a_packet_id_is_never_0_and_a_broker_s_word_is_no_client_s() {
        for (first, body) in
            [(0x32, b"\0\x01a\0\x00x".as_slice()), (0x40, b"\0\0"), (0x62, b"\0\0"), (0x82, b"\0\0\0\x01a\0"), (0xa2, b"\0\0")]
        {
            assert!(!allows_packet(false, first, body), "{first:#04x}");
            let named: Vec<u8> = match first {
                0x32 => b"\0\x01a\0\x01x".to_vec(),
                _ => [b"\0\x01", body.get(2..).unwrap()].concat(),
            };
            assert!(allows_packet(false, first, &named), "{first:#04x}");
        }
        assert!(!allows_packet(true, 0xd0, b"") && !allows_packet(false, 0x20, b"\0\0"));
        assert!(!allows_packet(false, 0x82, b"\0\x01\0\x01a\x04") && allows_packet(true, 0x82, b"\0\x01\0\0\x01a\x04"));
        assert!(!allows_packet(true, 0x82, b"\0\x01\x02\x0b\0\0\x01a\0"), "subscription identifier 0");
        assert!(!allows_packet(true, 0x30, b"\0\x01a\x02\x01\x02") && allows_packet(true, 0x30, b"\0\x01a\x02\x01\x01"));
        assert!(allows_packet(true, 0x30, b"\0\x01a\x02\x01"), "cut short: the engine sees it");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(first: u8, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (allows_connect(&body), allows_packet(true, first, &body), allows_packet(false, first, &body));
        }
    }
}
