//! MQTT packets as bytes, 3.1.1 and 5: only what a test or a load generator needs, and able to say things that no good client says.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V311,
    V5,
}

/// MQTT 5 properties in the order sent (MQTT 5.0, section 2.2.2.2).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(pub Vec<(u8, Value)>);

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(u32),
    Text(String),
    Bytes(Vec<u8>),
    Pair(String, String),
}

pub mod property {
    pub const CONTENT_TYPE: u8 = 0x03;
    pub const RESPONSE_TOPIC: u8 = 0x08;
    pub const CORRELATION_DATA: u8 = 0x09;
    pub const SESSION_EXPIRY: u8 = 0x11;
    pub const SERVER_KEEP_ALIVE: u8 = 0x13;
    pub const REASON_STRING: u8 = 0x1f;
    pub const USER_PROPERTY: u8 = 0x26;
}

impl Properties {
    pub fn text(mut self, id: u8, text: &str) -> Self {
        self.0.push((id, Value::Text(text.into())));
        self
    }

    pub fn bytes(mut self, id: u8, bytes: &[u8]) -> Self {
        self.0.push((id, Value::Bytes(bytes.into())));
        self
    }

    pub fn number(mut self, id: u8, number: u32) -> Self {
        self.0.push((id, Value::Number(number)));
        self
    }

    pub fn get(&self, id: u8) -> Option<&Value> {
        self.0.iter().find(|(at, _)| *at == id).map(|(_, value)| value)
    }

    /// The reason string, where the broker gave one.
    pub fn reason(&self) -> Option<&str> {
        match self.get(property::REASON_STRING) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// A PUBLISH, either way.
#[derive(Clone, Default, PartialEq)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    /// 0 at QoS 0.
    pub id: u16,
    pub properties: Properties,
}

impl Message {
    pub fn new(topic: &str, payload: impl AsRef<[u8]>) -> Self {
        Self { topic: topic.into(), payload: payload.as_ref().into(), ..Self::default() }
    }

    pub fn qos(mut self, qos: u8) -> Self {
        self.qos = qos;
        self
    }

    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    pub fn with(mut self, properties: Properties) -> Self {
        self.properties = properties;
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).unwrap_or_else(|e| panic!("{} is not JSON ({e}): {}", self.topic, self.text()))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text().chars().take(200).collect();
        let flags = (self.qos, self.retain, self.dup, self.id);
        write!(f, "{} (qos, retain, dup, id){flags:?} {} bytes: {text:?}", self.topic, self.payload.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pub {
    Ack,
    Rec,
    Rel,
    Comp,
}

/// What a broker sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet {
    ConnAck { session_present: bool, code: u8, properties: Properties },
    Publish(Message),
    Ack { kind: Pub, id: u16, code: u8, properties: Properties },
    SubAck { id: u16, codes: Vec<u8> },
    UnsubAck { id: u16 },
    PingResp,
    Disconnect { code: u8, properties: Properties },
}

#[derive(Debug, Clone, Default)]
pub struct Connect {
    pub id: String,
    pub user: Option<String>,
    pub password: Option<String>,
    pub will: Option<Message>,
    pub clean: bool,
    pub keep_alive: u16,
    pub properties: Properties,
}

pub fn connect(version: Version, c: &Connect) -> Vec<u8> {
    let mut flags = u8::from(c.clean) << 1;
    if let Some(will) = &c.will {
        flags |= 0x04 | will.qos << 3 | u8::from(will.retain) << 5;
    }
    flags |= u8::from(c.password.is_some()) << 6 | u8::from(c.user.is_some()) << 7;
    let mut body = vec![];
    put_bytes(&mut body, b"MQTT");
    body.extend([if version == Version::V5 { 5 } else { 4 }, flags]);
    body.extend(c.keep_alive.to_be_bytes());
    put_properties(&mut body, version, &c.properties);
    put_bytes(&mut body, c.id.as_bytes());
    if let Some(will) = &c.will {
        put_properties(&mut body, version, &will.properties);
        put_bytes(&mut body, will.topic.as_bytes());
        put_bytes(&mut body, &will.payload);
    }
    for text in [&c.user, &c.password].into_iter().flatten() {
        put_bytes(&mut body, text.as_bytes());
    }
    packet(0x10, &body)
}

pub fn publish(version: Version, m: &Message) -> Vec<u8> {
    let mut body = Vec::with_capacity(m.topic.len() + m.payload.len() + 8);
    put_bytes(&mut body, m.topic.as_bytes());
    if m.qos > 0 {
        body.extend(m.id.to_be_bytes());
    }
    put_properties(&mut body, version, &m.properties);
    body.extend(&m.payload);
    packet(0x30 | u8::from(m.dup) << 3 | m.qos << 1 | u8::from(m.retain), &body)
}

pub fn ack(kind: Pub, id: u16) -> [u8; 4] {
    let first = match kind {
        Pub::Ack => 0x40,
        Pub::Rec => 0x50,
        Pub::Rel => 0x62,
        Pub::Comp => 0x70,
    };
    let [high, low] = id.to_be_bytes();
    [first, 2, high, low]
}

pub fn subscribe(version: Version, id: u16, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    for (filter, options) in filters {
        put_bytes(&mut body, filter.as_bytes());
        body.push(*options);
    }
    packet(0x82, &body)
}

pub fn unsubscribe(version: Version, id: u16, filter: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    put_properties(&mut body, version, &Properties::default());
    put_bytes(&mut body, filter.as_bytes());
    packet(0xa2, &body)
}

pub const PING: [u8; 2] = [0xc0, 0];

/// DISCONNECT: normal (0x00) needs no reason at either version.
pub fn disconnect(code: u8) -> Vec<u8> {
    if code == 0 { packet(0xe0, &[]) } else { packet(0xe0, &[code]) }
}

/// A packet of any first byte and any content, well formed or not.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 5);
    out.push(first);
    put_varint(&mut out, body.len());
    out.extend(body);
    out
}

fn put_varint(out: &mut Vec<u8>, mut n: usize) {
    loop {
        let low = u8::try_from(n & 0x7f).unwrap_or(0);
        n >>= 7;
        out.push(if n > 0 { low | 0x80 } else { low });
        if n == 0 {
            return;
        }
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u16::try_from(bytes.len()).unwrap_or_else(|_| panic!("{} bytes do not fit an MQTT string", bytes.len())).to_be_bytes());
    out.extend(bytes);
}

fn put_properties(out: &mut Vec<u8>, version: Version, properties: &Properties) {
    if version != Version::V5 {
        return;
    }
    let mut all = vec![];
    for (id, value) in &properties.0 {
        all.push(*id);
        match value {
            Value::Number(n) => match width(*id) {
                Some(bytes) => all.extend(&n.to_be_bytes()[4 - bytes..]),
                None => put_varint(&mut all, *n as usize),
            },
            Value::Text(text) => put_bytes(&mut all, text.as_bytes()),
            Value::Bytes(bytes) => put_bytes(&mut all, bytes),
            Value::Pair(key, value) => {
                put_bytes(&mut all, key.as_bytes());
                put_bytes(&mut all, value.as_bytes());
            }
        }
    }
    put_varint(out, all.len());
    out.extend(all);
}

/// Bytes of a numeric property; None: a variable byte integer (subscription identifier).
fn width(id: u8) -> Option<usize> {
    match id {
        0x02 | 0x11 | 0x18 | 0x27 => Some(4),
        0x13 | 0x21 | 0x22 | 0x23 => Some(2),
        0x0b => None,
        _ => Some(1),
    }
}

/// The first packet of a buffer and its length; None while it is not whole.
///
/// # Errors
/// In words, when the broker sent what is no MQTT.
pub fn decode(buffer: &[u8], version: Version) -> Result<Option<(Packet, usize)>, String> {
    let (Some(&first), Some((length, head))) = (buffer.first(), varint(buffer.get(1..).unwrap_or_default())) else {
        return Ok(None);
    };
    let whole = 1 + head + length;
    let Some(body) = buffer.get(1 + head..whole) else { return Ok(None) };
    let mut r = Reader { rest: body, v5: version == Version::V5 };
    let packet = r.packet(first).ok_or_else(|| format!("malformed packet: first byte {first:#04x}, {} bytes", body.len()))?;
    Ok(Some((packet, whole)))
}

fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

struct Reader<'a> {
    rest: &'a [u8],
    v5: bool,
}

impl<'a> Reader<'a> {
    fn packet(&mut self, first: u8) -> Option<Packet> {
        Some(match first >> 4 {
            2 => Packet::ConnAck { session_present: self.byte()? & 1 == 1, code: self.byte()?, properties: self.properties()? },
            3 => {
                let qos = first >> 1 & 3;
                Packet::Publish(Message {
                    qos,
                    retain: first & 1 == 1,
                    dup: first & 8 == 8,
                    topic: self.text()?,
                    id: if qos > 0 { self.two()? } else { 0 },
                    properties: self.properties()?,
                    payload: std::mem::take(&mut self.rest).into(),
                })
            }
            // MQTT 3.1.1 has no reason codes: its acknowledgements are a packet id and nothing more.
            4..=7 if !self.v5 && self.rest.len() != 2 => return None,
            kind @ 4..=7 => Packet::Ack {
                kind: [Pub::Ack, Pub::Rec, Pub::Rel, Pub::Comp][usize::from(kind) - 4],
                id: self.two()?,
                code: self.optional_byte(),
                properties: self.properties()?,
            },
            9 => {
                let id = self.two()?;
                self.properties()?;
                Packet::SubAck { id, codes: self.rest.into() }
            }
            11 => Packet::UnsubAck { id: self.two()? },
            13 => Packet::PingResp,
            14 => Packet::Disconnect { code: self.optional_byte(), properties: self.properties()? },
            _ => return None,
        })
    }

    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn optional_byte(&mut self) -> u8 {
        self.byte().unwrap_or(0)
    }

    fn two(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.two()?;
        Some(self.take(usize::from(length))?.into())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn properties(&mut self) -> Option<Properties> {
        // A packet may end before its properties: then there are none.
        if !self.v5 || self.rest.is_empty() {
            return Some(Properties::default());
        }
        let (length, head) = varint(self.rest)?;
        self.take(head)?;
        let mut inner = Reader { rest: self.take(length)?, v5: true };
        let mut all = vec![];
        while let Some(id) = inner.byte() {
            let value = match id {
                0x03 | 0x08 | 0x12 | 0x15 | 0x1a | 0x1c | 0x1f => Value::Text(inner.text()?),
                0x09 | 0x16 => Value::Bytes(inner.bytes()?),
                0x26 => Value::Pair(inner.text()?, inner.text()?),
                0x0b => {
                    let (n, head) = varint(inner.rest)?;
                    inner.take(head)?;
                    Value::Number(u32::try_from(n).ok()?)
                }
                _ => Value::Number(inner.take(width(id)?)?.iter().fold(0, |n, b| n << 8 | u32::from(*b))),
            };
            all.push((id, value));
        }
        Some(Properties(all))
    }
}
