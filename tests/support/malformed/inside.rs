//! Those that come after CONNECT.

use super::{
    super::{Chance, Message, Properties, Version, packet, property},
    Case, ends, open, props, text,
};

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
