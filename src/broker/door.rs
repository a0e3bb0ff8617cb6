//! The first packet of a connection, read before the engine sees it: the version it speaks, and a client id that the engine can file.

use super::strict;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A CONNECT packet as it goes on to the engine, and what was read off it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival {
    pub packet: Vec<u8>,
    pub version: u8,
    /// As the client sent it.
    pub client_id: String,
    /// As the engine files it.
    pub filed: String,
    /// Its session ends with the connection: nothing of it needs the disk.
    pub transient: bool,
    /// In seconds, as the client sent it; 0 for none.
    pub keep_alive: u16,
}

#[derive(Debug, thiserror::Error)]
pub enum Turned {
    #[error("no {0} in time: broker.handshake_seconds is over")]
    Late(&'static str),
    #[error("Jamey is stopping")]
    Stopping,
    #[error("no TLS: {0}")]
    Tls(std::io::Error),
    #[error("no WebSocket: {0}")]
    Web(Box<tokio_tungstenite::tungstenite::Error>),
    #[error("the first packet is no CONNECT")]
    NotConnect,
    #[error("the CONNECT packet has {0} bytes, at most {CONNECT_BYTES} are read")]
    TooLong(usize),
    #[error("the CONNECT packet is malformed")]
    Malformed,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A CONNECT holds names, a password and a will of up to 64 KiB each.
const CONNECT_BYTES: usize = 320 * 1024;

/// Reads the CONNECT packet; the caller bounds its time.
///
/// # Errors
/// When it is not a CONNECT, is malformed, or is too long.
pub async fn arrive<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Arrival, Turned> {
    if stream.read_u8().await? != 0x10 {
        return Err(Turned::NotConnect);
    }
    let mut length = 0usize;
    for place in 0..4u32 {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
        if place == 3 {
            return Err(Turned::Malformed);
        }
    }
    if length > CONNECT_BYTES {
        return Err(Turned::TooLong(length));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    admit(&body).ok_or(Turned::Malformed)
}

/// A CONNECT packet by what follows its fixed header; None where MQTT forbids it.
#[doc(hidden)]
pub fn admit(body: &[u8]) -> Option<Arrival> {
    parse(body).filter(|_| strict::allows_connect(body))
}

fn parse(body: &[u8]) -> Option<Arrival> {
    let name = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
    let version = *body.get(2 + name)?;
    // Protocol name, version, flags, keep alive.
    let clean = *body.get(2 + name + 1)? & 0x02 != 0;
    let mut transient = clean;
    let mut at = 2 + name + 1 + 1 + 2;
    let keep_alive = u16::from_be_bytes([*body.get(at - 2)?, *body.get(at - 1)?]);
    if version == 5 {
        let mut properties = 0usize;
        for place in 0..4u32 {
            let byte = *body.get(at)?;
            at += 1;
            properties |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let end = at.checked_add(properties)?;
        transient &= !outlives(body.get(at..end)?);
        at = end;
    }
    let length = usize::from(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let id = body.get(at + 2..at + 2 + length)?;
    let client_id = std::str::from_utf8(id).ok()?.to_owned();
    let filed = filed(&client_id);
    let mut out = body.get(..at)?.to_vec();
    if version == 4 && keep_alive == 0 {
        never_ends(&mut out, name);
    }
    out.extend(u16::try_from(filed.len()).ok()?.to_be_bytes());
    out.extend(filed.as_bytes());
    out.extend(body.get(at + 2 + length..)?);
    let mut packet = vec![0x10];
    let mut rest = out.len();
    loop {
        let byte = u8::try_from(rest & 0x7f).ok()?;
        rest >>= 7;
        packet.push(if rest > 0 { byte | 0x80 } else { byte });
        if rest == 0 {
            break;
        }
    }
    packet.extend(out);
    Some(Arrival { packet, version, client_id, filed, transient, keep_alive })
}

/// Without a keep-alive nobody is to be cut off for silence. The engine does so after 300 s; of the longest it makes 27 hours.
fn never_ends(connect: &mut [u8], name: usize) {
    if let Some(keep_alive) = connect.get_mut(2 + name + 2..2 + name + 4) {
        keep_alive.copy_from_slice(&u16::MAX.to_be_bytes());
    }
}

/// Whether MQTT 5's CONNECT properties may ask for a session that outlives its connection: Session Expiry Interval (0x11) above 0.
fn outlives(properties: &[u8]) -> bool {
    let mut rest = properties;
    while let Some((id, after)) = rest.split_first() {
        let size = match id {
            0x11 => return after.get(..4).is_none_or(|n| n != [0; 4]),
            0x21 | 0x22 => 2,
            0x27 => 4,
            0x17 | 0x19 => 1,
            // Strings and pairs, or what is not known: taken for one that may.
            _ => return true,
        };
        rest = after.get(size..).unwrap_or_default();
    }
    false
}

/// Longer ids are filed under their beginning and a digest: the engine takes 128 bytes, and file names have an end.
const FILED_BYTES: usize = 120;

/// The engine files sessions under the client id and takes no slash in it; MQTT and mosquitto do.
/// Slashes, and `%` before two hex digits, are escaped as in a URL, so that two ids never meet.
pub fn filed(client_id: &str) -> String {
    if client_id == "." || client_id == ".." {
        return client_id.replace('.', "%2E");
    }
    let escaped = client_id.replace('%', "%25").replace('/', "%2F").replace('\\', "%5C");
    if escaped.len() <= FILED_BYTES {
        return escaped;
    }
    let digest: String = Sha256::digest(client_id.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    // `%~` stands in no escaped id.
    format!("{}%~{digest}", escaped.chars().filter(char::is_ascii_alphanumeric).take(32).collect::<String>())
}

/// The id of what is filed so; of one that was too long, the name under which it is filed.
pub fn unfiled(filed: &str) -> String {
    if filed.contains("%~") {
        return filed.to_owned();
    }
    // The percent sign last: what it makes is no escape.
    filed.replace("%2F", "/").replace("%5C", "\\").replace("%2E", ".").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn connect(version: u8, id: &str) -> Vec<u8> {
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', version, 2, 0, 60];
        if version == 5 {
            body.extend([5, 0x11, 0, 0, 0, 9]);
        }
        body.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        body.extend(id.as_bytes());
        body
    }

    proptest! {
        #[test]
        fn what_is_filed_is_found_again(id in "[a-z0-9%/\\\\.25F]{1,40}") {
            prop_assert_eq!(unfiled(&filed(&id)), id);
        }
    }

    #[test]
    fn an_id_with_a_slash_is_filed_under_an_escaped_name() {
        for version in [4, 5] {
            let arrival = parse(&connect(version, "dev/1")).unwrap();
            assert_eq!((arrival.client_id.as_str(), arrival.version), ("dev/1", version));
            assert_eq!(arrival.packet.get(2..).unwrap(), connect(version, "dev%2F1"));
            assert_eq!(parse(&connect(version, "plain")).unwrap().packet.get(2..).unwrap(), connect(version, "plain"));
        }
        assert!(parse(&connect(4, "a")).unwrap().transient);
        assert!(!parse(&connect(5, "a")).unwrap().transient, "it asks for nine seconds");
        let mut silent = connect(4, "a");
        silent[9] = 0;
        let arrival = parse(&silent).unwrap();
        assert_eq!((arrival.keep_alive, &arrival.packet[10..12]), (0, [0xff; 2].as_slice()), "no keep-alive is the longest");
        assert_eq!(parse(&connect(4, "a")).unwrap().packet[10..12], [0, 60]);
        assert_ne!(filed("a/b"), filed("a%2Fb"));
        assert_eq!(filed(".."), "%2E%2E");
        let long = "ü".repeat(2_000);
        assert!(filed(&long).len() <= FILED_BYTES);
        assert_ne!(filed(&long), filed(&format!("{long}x")));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_door_fall(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn every_id_stays_its_own(a in ".{0,20}", b in ".{0,20}") {
            prop_assert_eq!(a == b, filed(&a) == filed(&b));
        }
    }
}
