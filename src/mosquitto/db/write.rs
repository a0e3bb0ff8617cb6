//! The database written, in format 6, as a mosquitto that ended in peace would have.

use super::{MAGIC, OUT, QUEUED, piece, properties};
use crate::domain::{Absent, Holdings, Letter, Subscribed};

/// What a mosquitto finds when it starts. `now` in seconds since 1970: from then on absent clients are awaited.
#[must_use]
pub fn write(holdings: &Holdings, now: i64) -> Vec<u8> {
    let mut all = MAGIC.to_vec();
    all.extend([0; 4]);
    all.extend(6_u32.to_be_bytes());
    let letters: Vec<&Letter> = holdings.absent.iter().flat_map(|one| &one.waiting).chain(&holdings.retained).collect();
    let mut config = u64::try_from(letters.len()).unwrap_or(u64::MAX).to_le_bytes().to_vec();
    config.extend([1, 8, 0, 0, 0, 0, 0, 0]);
    put(piece::CONFIG, &config, &mut all);
    for (id, letter) in (1_u64..).zip(&letters) {
        put(piece::MESSAGE, &message(id, letter), &mut all);
    }
    let mut ids = 1_u64..;
    for one in &holdings.absent {
        put(piece::CLIENT, &client(one, now), &mut all);
        for ((packet_id, letter), id) in (1..=u16::MAX).cycle().zip(&one.waiting).zip(&mut ids) {
            put(piece::WAITING, &waiting(id, packet_id, letter, &one.client_id), &mut all);
        }
    }
    for one in &holdings.absent {
        one.subscriptions.iter().for_each(|subscribed| put(piece::SUBSCRIPTION, &subscription(&one.client_id, subscribed), &mut all));
    }
    for (_, id) in holdings.retained.iter().zip(ids) {
        put(piece::RETAINED, &id.to_le_bytes(), &mut all);
    }
    all
}

fn put(kind: u32, bytes: &[u8], all: &mut Vec<u8>) {
    all.extend(kind.to_be_bytes());
    all.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    all.extend(bytes);
}

/// MQTT bounds texts to what two bytes count.
fn length(text: &str) -> [u8; 2] {
    u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes()
}

fn message(id: u64, letter: &Letter) -> Vec<u8> {
    let mut out = id.to_le_bytes().to_vec();
    out.extend(letter.expires_at.unwrap_or(0).to_le_bytes());
    out.extend(u32::try_from(letter.payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    // Packet id, client and user of who sent it: nobody's any more.
    out.extend([0; 6]);
    out.extend(length(&letter.topic));
    out.extend([0, 0, letter.qos, u8::from(letter.retained)]);
    out.extend(letter.topic.as_bytes());
    out.extend(&letter.payload);
    out.extend(properties::write(letter));
    out
}

fn client(one: &Absent, now: i64) -> Vec<u8> {
    let user = one.user.as_deref().unwrap_or_default();
    let ends_at = if one.expiry_seconds == u32::MAX { 0 } else { now.saturating_add(i64::from(one.expiry_seconds)) };
    let mut out = ends_at.to_le_bytes().to_vec();
    out.extend(one.expiry_seconds.to_be_bytes());
    out.extend(u16::try_from(one.waiting.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(length(&one.client_id));
    out.extend([0, 0]);
    out.extend(length(user));
    out.extend([0; 4]);
    out.extend(one.client_id.as_bytes());
    out.extend(user.as_bytes());
    out
}

fn waiting(id: u64, packet_id: u16, letter: &Letter, client: &str) -> Vec<u8> {
    let mut out = id.to_le_bytes().to_vec();
    out.extend(packet_id.to_be_bytes());
    out.extend(length(client));
    out.extend([letter.qos, QUEUED, if letter.retained { 0x10 } else { 0 }, OUT]);
    out.extend(client.as_bytes());
    out
}

fn subscription(client: &str, one: &Subscribed) -> Vec<u8> {
    let mut out = one.identifier.unwrap_or(0).to_be_bytes().to_vec();
    out.extend(length(client));
    out.extend(length(&one.filter));
    out.extend([one.qos, (u8::from(one.no_local) << 2) | (u8::from(one.as_published) << 3), 0, 0]);
    out.extend(client.as_bytes());
    out.extend(one.filter.as_bytes());
    out
}
