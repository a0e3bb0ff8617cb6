//! What the engine says to a client, as MQTT has it: the engine speaks MQTT 5 to old clients here and there, and adds to what senders say.

use crate::broker::wire::{Reader, Value};

/// User properties with which the engine names the sender. MQTT 5 has a server pass on a sender's properties unaltered
/// (MQTT-3.3.2-17), and who spoke is nobody else's business.
const ADDED: [&[u8]; 2] = [b"x-mqtt-client-id", b"x-mqtt-sender"];

/// MQTT 5.0, section 2.4.
const NOT_AUTHORIZED: u8 = 0x87;

/// An acknowledgement as MQTT 3.1.1 knows it: the engine says MQTT 5's reasons to old clients too, and they break on it.
pub fn plain(packet: &[u8]) -> Option<[u8; 4]> {
    let [kind @ (0x40 | 0x50 | 0x62 | 0x70), length, high, low, ..] = *packet else { return None };
    (length > 2 && usize::from(length) + 2 == packet.len()).then_some([kind, 2, high, low])
}

/// A refused acknowledgement of MQTT 5 without the engine's words, where they only repeat the code: not every client can read them.
pub fn bare(packet: &[u8]) -> Option<[u8; 5]> {
    let [kind @ (0x40 | 0x50), length, high, low, code @ NOT_AUTHORIZED, ..] = *packet else { return None };
    (length > 3 && usize::from(length) + 2 == packet.len()).then_some([kind, 3, high, low, code])
}

/// A PUBLISH of MQTT 5 without what the engine added to it. None where it is as its sender sent it, or no PUBLISH.
pub fn as_sent(packet: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Reader(packet);
    let first = rest.byte().filter(|first| first >> 4 == 3)?;
    rest.variable()?;
    let body = rest.0;
    rest.bytes()?;
    if first & 0x06 != 0 {
        rest.two()?;
    }
    let head = body.get(..body.len() - rest.0.len())?;
    let mut properties = rest.properties()?;
    let all = properties.0;
    let mut kept = Vec::with_capacity(all.len());
    while !properties.0.is_empty() {
        let before = properties.0;
        let property = properties.property()?;
        if !matches!(property.value, Value::Pair(key, _) if ADDED.contains(&key)) {
            kept.extend_from_slice(before.get(..before.len() - properties.0.len())?);
        }
    }
    if kept.len() == all.len() {
        return None;
    }
    let mut length = Vec::with_capacity(4);
    put_variable(&mut length, kept.len());
    let mut out = Vec::with_capacity(packet.len());
    out.push(first);
    put_variable(&mut out, head.len() + length.len() + kept.len() + rest.0.len());
    for part in [head, &length, &kept, rest.0] {
        out.extend_from_slice(part);
    }
    Some(out)
}

fn put_variable(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        out.push(if number > 0 { low | 0x80 } else { low });
        if number == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(key: &str, value: &str) -> Vec<u8> {
        let text = |t: &str| [&u16::try_from(t.len()).unwrap().to_be_bytes(), t.as_bytes()].concat();
        [vec![0x26], text(key), text(value)].concat()
    }

    fn publish(properties: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut body = b"\0\x01t\0\x07".to_vec();
        put_variable(&mut body, properties.len());
        body.extend(properties);
        body.extend(payload);
        let mut out = vec![0x32];
        put_variable(&mut out, body.len());
        out.extend(body);
        out
    }

    #[test]
    fn what_the_engine_adds_is_taken_away_and_nothing_else() {
        let own = [vec![0x01, 1], pair("a", "2"), vec![0x0b, 0x81, 0x01], pair("c", &"3".repeat(200))].concat();
        let added = [own.clone(), pair("x-mqtt-sender", "u"), pair("x-mqtt-client-id", "c")].concat();
        for payload in [b"".as_slice(), b"x", &[7; 300]] {
            assert_eq!(as_sent(&publish(&added, payload)), Some(publish(&own, payload)));
            assert_eq!(as_sent(&publish(&own, payload)), None);
        }
        assert_eq!(as_sent(&[0xd0, 0]), None);
        assert_eq!(bare(&[0x40, 7, 0, 1, 0x87, 3, 0x1f, 0, 0]), Some([0x40, 3, 0, 1, 0x87]));
        assert_eq!((bare(&[0x40, 7, 0, 1, 0x97, 3, 0x1f, 0, 0]), bare(&[0x40, 2, 0, 1])), (None, None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (as_sent(&bytes), plain(&bytes), bare(&bytes));
        }
    }
}
