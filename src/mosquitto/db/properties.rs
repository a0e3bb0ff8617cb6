//! MQTT 5's properties of a PUBLISH (MQTT 5.0, section 3.3.2.3), as mosquitto keeps them: as in the packet, their length first.

use super::read::Cursor;
use crate::domain::Letter;

mod id {
    pub const FORMAT: u8 = 0x01;
    pub const EXPIRY: u8 = 0x02;
    pub const CONTENT_TYPE: u8 = 0x03;
    pub const RESPONSE_TOPIC: u8 = 0x08;
    pub const CORRELATION: u8 = 0x09;
    pub const SUBSCRIPTION: u8 = 0x0b;
    pub const ALIAS: u8 = 0x23;
    pub const USER: u8 = 0x26;
}

/// Reads them into a letter; none where they make no sense.
pub(super) fn read(bytes: &[u8], letter: &mut Letter) -> Option<()> {
    let mut all = Cursor::new(bytes);
    let length = all.variable()?;
    let mut all = Cursor::new(all.take(length)?);
    while !all.is_empty() {
        match all.byte()? {
            id::FORMAT => letter.is_text = Some(all.byte()? == 1),
            // The message has it as a time.
            id::EXPIRY => {
                all.take(4)?;
            }
            id::CONTENT_TYPE => letter.content_type = Some(text(&mut all)?),
            id::RESPONSE_TOPIC => letter.response_topic = Some(text(&mut all)?),
            id::CORRELATION => letter.correlation = Some(counted(&mut all)?.to_vec()),
            id::SUBSCRIPTION => {
                all.variable()?;
            }
            id::ALIAS => {
                all.take(2)?;
            }
            id::USER => letter.user_properties.push((text(&mut all)?, text(&mut all)?)),
            _ => return None,
        }
    }
    Some(())
}

/// Writes those of a letter; nothing where it has none.
pub(super) fn write(letter: &Letter) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(is_text) = letter.is_text {
        all.extend([id::FORMAT, u8::from(is_text)]);
    }
    let texts = [(id::CONTENT_TYPE, &letter.content_type), (id::RESPONSE_TOPIC, &letter.response_topic)];
    for (id, text) in texts.into_iter().filter_map(|(id, text)| Some((id, text.as_ref()?))) {
        all.push(id);
        put(text.as_bytes(), &mut all);
    }
    if let Some(correlation) = &letter.correlation {
        all.push(id::CORRELATION);
        put(correlation, &mut all);
    }
    for (key, value) in &letter.user_properties {
        all.push(id::USER);
        put(key.as_bytes(), &mut all);
        put(value.as_bytes(), &mut all);
    }
    if all.is_empty() {
        return all;
    }
    let (mut out, mut rest) = (Vec::new(), all.len());
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or_default();
        rest >>= 7;
        out.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    out.extend(all);
    out
}

fn counted<'b>(all: &mut Cursor<'b>) -> Option<&'b [u8]> {
    let length = all.be16()?;
    all.take(usize::from(length))
}

fn text(all: &mut Cursor<'_>) -> Option<String> {
    Some(std::str::from_utf8(counted(all)?).ok()?.to_owned())
}

/// With its length, which MQTT bounds.
fn put(bytes: &[u8], out: &mut Vec<u8>) {
    let bytes = bytes.get(..usize::from(u16::MAX)).unwrap_or(bytes);
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}
