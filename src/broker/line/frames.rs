//! MQTT's framing over any split of the bytes: each PUBLISH as soon as it can be told, whole where it is short enough to be read ahead.

use crate::{broker::strict, domain::limits};

/// A longer PUBLISH is told by its head alone: nobody reads that far ahead.
const WHOLE_BYTES: usize = 8 * 1_024;
/// Properties further in than this are not looked for: a content type is a few words.
const HEAD_BYTES: usize = 1_024 + limits::TOPIC_BYTES;

/// Reasons of MQTT 5 for an end (MQTT 5.0, section 2.4).
const PROTOCOL_ERROR: u8 = 0x82;
pub const PACKET_TOO_LARGE: u8 = 0x95;

/// A PUBLISH as its bytes say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published<'b> {
    pub dup: bool,
    pub qos: u8,
    pub retain: bool,
    /// MQTT 5's properties with their length in front; empty in MQTT 3.1.1, and where they end beyond the head.
    pub properties: &'b [u8],
    /// MQTT 5's content type, where the head holds it.
    pub content_type: Option<&'b str>,
    /// The rest of it; None where it is malformed, or too long to be read ahead.
    pub whole: Option<Whole<'b>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<'b> {
    pub topic: &'b str,
    pub packet_id: Option<u16>,
    pub payload: &'b [u8],
}

/// Follows one direction of one connection.
#[derive(Debug, Default)]
pub struct Frames {
    reads_properties: bool,
    pub said_disconnect: bool,
    /// Nothing is read from here on, for this reason (MQTT 5.0, section 2.4): MQTT or our limit forbids what came last.
    pub broken: Option<u8>,
    /// Packets that ask for work: all but acknowledgements and farewells. Whoever counts them sets it back.
    pub spoken: usize,
    /// The longest packet announced.
    pub longest: usize,
    /// The largest packet.
    largest: usize,
    /// Of a packet told of by its head: bytes that are still to come.
    skip: usize,
    /// The beginning of a packet that has not come whole.
    partial: Vec<u8>,
}

impl Frames {
    /// `reads_properties`: they speak MQTT 5.
    pub fn new(reads_properties: bool, largest: usize) -> Self {
        Self { reads_properties, largest, ..Self::default() }
    }

    pub fn is_between_packets(&self) -> bool {
        self.partial.is_empty() && self.skip == 0
    }

    /// How many of the fresh bytes may go on: all, or those before a packet that MQTT forbids.
    pub fn scan(&mut self, fresh: &[u8], mut publish: impl FnMut(&Published<'_>)) -> usize {
        let all = fresh.len();
        let (skipped, fresh) = fresh.split_at(self.skip(all));
        let earlier = self.partial.len();
        let read = if self.partial.is_empty() {
            let read = self.read(fresh, &mut publish);
            self.partial.extend_from_slice(fresh.get(read..).unwrap_or_default());
            read
        } else {
            let mut held = std::mem::take(&mut self.partial);
            held.extend_from_slice(fresh);
            let read = self.read(&held, &mut publish);
            held.drain(..read.min(held.len()));
            self.partial = if held.is_empty() { Vec::new() } else { held };
            read
        };
        if self.broken.is_some() { skipped.len() + read.saturating_sub(earlier) } else { all }
    }

    fn skip(&mut self, available: usize) -> usize {
        let skipped = self.skip.min(available);
        self.skip -= skipped;
        skipped
    }

    /// Reads packet by packet; how many bytes need not come again.
    fn read(&mut self, bytes: &[u8], publish: &mut impl FnMut(&Published<'_>)) -> usize {
        let mut at = 0;
        while self.broken.is_none()
            && let Some(rest) = bytes.get(at..)
            && let Some((first, header, length)) = header(rest)
        {
            let (frame, is_publish) = (header + length, first >> 4 == 3);
            self.longest = self.longest.max(frame);
            if frame > self.largest {
                self.broken = Some(PACKET_TOO_LARGE);
                break;
            }
            let needed = match first >> 4 {
                3 if frame > WHOLE_BYTES => HEAD_BYTES.min(frame),
                8 if frame > WHOLE_BYTES => frame.min(header + 2),
                3 | 8 => frame,
                // A packet id.
                4..=7 | 10 => frame.min(header + 2),
                _ => header,
            };
            let Some(head) = rest.get(header..needed) else { break };
            if !strict::allows_packet(self.reads_properties, first, head) {
                self.broken = Some(PROTOCOL_ERROR);
                break;
            }
            self.said_disconnect |= first >> 4 == 14;
            // PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ.
            self.spoken += usize::from(matches!(first >> 4, 3 | 8 | 10 | 12));
            if is_publish {
                publish(&self.published(first, head, needed == frame));
            }
            at += needed;
            self.skip = frame - needed;
            at += self.skip(bytes.len() - at);
        }
        at
    }

    fn published<'b>(&self, first: u8, body: &'b [u8], is_whole: bool) -> Published<'b> {
        let (dup, qos, retain) = (first & 0x08 != 0, (first >> 1) & 3, first & 1 != 0);
        let mut published = Published { dup, qos, retain, properties: &[], content_type: None, whole: None };
        let Some((topic, after)) = text(body) else { return published };
        let (packet_id, after) = match after.split_first_chunk::<2>() {
            _ if qos == 0 => (None, after),
            Some((id, after)) => (Some(u16::from_be_bytes(*id)), after),
            None => return published,
        };
        let mut payload = after;
        if self.reads_properties {
            let Some((length, all)) = properties(after) else { return published };
            published.properties = all;
            published.content_type = content_type(all.get(length..).unwrap_or_default());
            payload = after.get(all.len()..).unwrap_or_default();
        }
        published.whole = std::str::from_utf8(topic).ok().filter(|_| is_whole && qos < 3).map(|topic| Whole { topic, packet_id, payload });
        published
    }
}

/// QoS, topic and packet id of a whole PUBLISH; None for any other packet.
pub fn heading(packet: &[u8]) -> Option<(u8, &str, Option<u16>)> {
    let (first, header, _) = header(packet).filter(|(first, ..)| first >> 4 == 3)?;
    let (topic, after) = text(packet.get(header..)?)?;
    let qos = (first >> 1) & 3;
    let id = if qos == 0 { None } else { Some(u16::from_be_bytes(*after.first_chunk()?)) };
    Some((qos, std::str::from_utf8(topic).ok()?, id))
}

/// All that is told of a connection's bytes when they come in such pieces, and whether MQTT forbids some of them. For the fuzzer.
#[doc(hidden)]
pub fn tell_all(reads_properties: bool, bytes: &[u8], piece: usize) -> (Vec<String>, bool) {
    let (mut frames, mut told) = (Frames::new(reads_properties, limits::PACKET_BYTES), Vec::new());
    for fresh in bytes.chunks(piece.max(1)) {
        let good = frames.scan(fresh, |published| told.push(format!("{published:?}")));
        assert!(good <= fresh.len() && frames.partial.len() <= WHOLE_BYTES);
        if frames.broken.is_some() {
            break;
        }
    }
    (told, frames.broken.is_some())
}

/// A packet's first byte, the length of its fixed header, and that of what follows; None until it has come whole.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, after) = bytes.split_first()?;
    let (length, places) = variable(after)?;
    Some((*first, 1 + places, length))
}

/// MQTT's variable byte integer, and how many bytes it took. A fifth byte would be malformed, and is taken for the packet's own.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for places in 0..4 {
        let byte = *bytes.get(places)?;
        value |= usize::from(byte & 0x7f) << (7 * places);
        if byte & 0x80 == 0 || places == 3 {
            return Some((value, places + 1));
        }
    }
    None
}

/// Bytes with their length in two bytes in front, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = bytes.split_first_chunk::<2>()?;
    after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// MQTT 5 properties: how many bytes their length takes, and both.
fn properties(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, places) = variable(bytes)?;
    Some((places, bytes.get(..places + length)?))
}

/// The content type among MQTT 5 properties.
fn content_type(mut properties: &[u8]) -> Option<&str> {
    while let Some((id, after)) = properties.split_first() {
        properties = match id {
            0x03 => return std::str::from_utf8(text(after)?.0).ok(),
            0x01 => after.get(1..)?,
            0x02 => after.get(4..)?,
            0x23 => after.get(2..)?,
            0x08 | 0x09 => text(after)?.1,
            0x26 => text(text(after)?.1)?.1,
            _ => return None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(first: u8, body: &[u8]) -> Vec<u8> {
        let mut packet = vec![first];
        let mut rest = body.len();
        loop {
            let byte = u8::try_from(rest & 0x7f).unwrap();
            rest >>= 7;
            packet.push(if rest > 0 { byte | 0x80 } else { byte });
            if rest == 0 {
                break;
            }
        }
        packet.extend(body);
        packet
    }

    fn publish(first: u8, topic: &str, id: Option<u16>, properties: Option<&[u8]>, payload: &[u8]) -> Vec<u8> {
        let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
        body.extend(topic.as_bytes());
        body.extend(id.map(u16::to_be_bytes).into_iter().flatten());
        if let Some(properties) = properties {
            body.push(u8::try_from(properties.len()).unwrap());
            body.extend(properties);
        }
        body.extend(payload);
        packet(first, &body)
    }

    /// What is told of the bytes, cut into pieces: the head's words, and where it is whole topic, packet id and payload.
    type Told = (bool, Option<String>, Option<(String, Option<u16>, Vec<u8>)>);
    fn told(reads_properties: bool, all: &[u8], step: usize) -> Vec<Told> {
        let (mut frames, mut told) = (Frames::new(reads_properties, limits::PACKET_BYTES), Vec::new());
        for piece in all.chunks(step) {
            frames.scan(piece, |p| {
                let whole = p.whole.map(|w| (w.topic.to_owned(), w.packet_id, w.payload.to_vec()));
                told.push((p.dup, p.content_type.map(str::to_owned), whole));
            });
        }
        assert!(frames.partial.is_empty() && frames.skip == 0, "all of it was read, in pieces of {step}");
        told
    }

    #[test]
    fn every_publish_is_told_once_and_whole_however_the_bytes_are_split() {
        let all = [
            publish(0x30, "a", None, None, b"x"),
            vec![0xc0, 0],
            publish(0x3a, &"t".repeat(200), Some(7), None, b""),
            publish(0x32, "a/b", Some(0x3838), None, &[0x30; 300]),
            vec![0x40, 2, 0x38, 0x38],
        ]
        .concat();
        let whole = |topic: &str, id, payload: &[u8]| Some((topic.to_owned(), id, payload.to_vec()));
        let expected = vec![
            (false, None, whole("a", None, b"x")),
            (true, None, whole(&"t".repeat(200), Some(7), b"")),
            (false, None, whole("a/b", Some(0x3838), &[0x30; 300])),
        ];
        for step in 1..all.len() {
            assert_eq!(told(false, &all, step), expected, "in pieces of {step}");
        }
    }

    #[test]
    fn the_content_type_is_found_wherever_the_bytes_are_split() {
        let properties = [&[0x01, 1, 0x26, 0, 1, b'k', 0, 1, b'v', 0x03, 0, 3], b"a/b".as_slice()].concat();
        let typed = publish(0x32, "t", Some(9), Some(&properties), b"payload");
        let all = [typed.clone(), vec![0xc0, 0], publish(0x30, "a", None, Some(&[]), b""), typed].concat();
        for step in 1..all.len() {
            let types: Vec<_> = told(true, &all, step).into_iter().map(|t| t.1).collect();
            assert_eq!(types, [Some("a/b".to_owned()), None, Some("a/b".to_owned())], "in pieces of {step}");
        }
    }

    #[test]
    fn a_long_publish_is_told_by_its_head_and_one_byte_less_is_whole() {
        // Fixed header 3, topic 3, id 2.
        let of = |bytes: usize| publish(0x32, "t", Some(1), None, &vec![b'x'; bytes - 8]);
        for step in [1, 100, 4_096, 20_000] {
            let all = [of(WHOLE_BYTES + 1), of(WHOLE_BYTES), of(WHOLE_BYTES + 70_000)].concat();
            let whole: Vec<_> = told(false, &all, step).into_iter().map(|t| t.2.is_some()).collect();
            assert_eq!(whole, [false, true, false], "in pieces of {step}");
        }
    }

    proptest! {
        #[test]
        fn what_is_told_does_not_depend_on_how_the_network_cuts(
            all in proptest::collection::vec((any::<u8>(), proptest::collection::vec(0..9_u8, 0..40)), 0..9),
            piece in 1..50_usize,
        ) {
            let bytes: Vec<u8> = all.iter().flat_map(|(first, body)| packet(*first, body)).collect();
            for reads_properties in [false, true] {
                prop_assert_eq!(tell_all(reads_properties, &bytes, piece), tell_all(reads_properties, &bytes, bytes.len()));
            }
        }

        #[test]
        fn no_bytes_make_it_fall_or_keep_more_than_a_packet(bytes in proptest::collection::vec(any::<u8>(), 0..500), step in 1..50_usize) {
            for reads_properties in [false, true] {
                let mut frames = Frames::new(reads_properties, limits::PACKET_BYTES);
                for piece in bytes.chunks(step) {
                    frames.scan(piece, |_| {});
                    prop_assert!(frames.partial.len() <= WHOLE_BYTES);
                }
            }
        }
    }
}
