//! What is posted: one turn of one alert, and the seal by which the receiver knows that it is ours. Pure.

use super::queue::Item;
use crate::{domain::audit::hex, observe::alerts::told::payload};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The body; each try of one item has the same.
pub fn body(item: &Item, node: &str) -> String {
    let mut alert = payload(&item.alert);
    if let Value::Object(map) = &mut alert {
        map.remove("v");
        map.insert("code".to_owned(), json!(item.alert.code));
    }
    json!({
        "v": 1,
        "id": item.id,
        "event": item.event.as_str(),
        "at": item.at.to_string(),
        "node": node,
        "version": env!("CARGO_PKG_VERSION"),
        "alert": alert,
    })
    .to_string()
}

/// `sha256=` and the HMAC-SHA256 of the body under the secret, in hex (RFC 2104). None: a secret of any length is a key.
pub fn signature(secret: &[u8], body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(body);
    Some(format!("sha256={}", hex(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seal_is_that_of_rfc_4231() {
        let sealed = signature(b"Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(sealed, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
