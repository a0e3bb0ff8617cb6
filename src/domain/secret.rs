//! What is nobody's to search for: codes, PINs, passwords. By the name it stands under, or by the words before it. Pure.

use super::Body;
use serde_json::{Map, Value};

/// What stands in the place of a secret.
pub const NOT_KEPT: &str = "(not kept)";
/// Words that name a secret, alone or at the end of another: `code`, `userCode`, `PINs`.
const NAMES: [&str; 12] =
    ["code", "pin", "password", "passwd", "passcode", "passphrase", "pwd", "psk", "otp", "token", "secret", "credential"];
/// Names that hold a secret only as a word of their own: `monkey` has none.
const WHOLE: [&str; 2] = ["key", "pass"];
/// Words beside which people enter a code.
const ENTERED: [&str; 4] = ["disarm", "arm", "unlock", "lock"];
/// How far behind its name a code may stand: `the pin is now 1234`.
const WORDS_BETWEEN: usize = 3;
/// The shortest code: with fewer digits it is a count or an hour.
const DIGITS: usize = 3;

/// Whether what stands under this key, kind, verb or endpoint is a secret: `code`, `user_pin`, `userCode`, `set-PIN`.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    words(name).iter().any(|word| is_name(word))
}

/// A text of one who speaks, without the codes in it: `disarm 1234`, `pin=1234`, `my password is x9!`.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    // How many words ago something was named that may be followed by a code, and whether it was a secret's own name.
    let mut named: Option<(usize, bool)> = None;
    let (mut out, mut hidden) = (Vec::new(), false);
    for word in text.split_whitespace() {
        let (name, value) = word.split_once(['=', ':']).unwrap_or((word, ""));
        let is_digits = is_code(word);
        let follows = named.is_some_and(|(ago, own)| ago == 0 && own && !is_link(word));
        if !value.is_empty() && is_secret(name) {
            hidden = true;
            out.push(format!("{name} {NOT_KEPT}"));
            named = None;
            continue;
        }
        if named.is_some() && (is_digits || (follows && word.chars().any(|c| c.is_ascii_digit()))) {
            hidden = true;
            out.push(NOT_KEPT.to_owned());
            named = None;
            continue;
        }
        out.push(word.to_owned());
        let own = is_secret(name);
        let lower = name.to_lowercase();
        named = match named {
            _ if own => Some((0, true)),
            _ if words(&lower).iter().any(|w| ENTERED.contains(&w.as_str())) => Some((0, false)),
            Some((ago, own)) => {
                let ago = ago + usize::from(!is_link(word));
                // Right behind `disarm` a number is a code; behind `pin` it may stand farther off.
                Some((ago, own)).filter(|_| ago < if own { WORDS_BETWEEN } else { 1 })
            }
            _ => None,
        };
    }
    // As it came, where there was nothing to hide.
    if hidden { out.join(" ") } else { text.trim().to_owned() }
}

/// A value with all secrets in it gone, as it may be shown.
#[must_use]
pub fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_secrets(text)),
        Value::Array(items) => Value::Array(items.iter().map(shown).collect()),
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| {
                (key.clone(), if is_secret(key) { Value::String(NOT_KEPT.to_owned()) } else { shown(value) })
            };
            Value::Object(map.iter().map(one).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A payload of this kind as it may stand on a screen or in a report: without the codes in it. None: it is not text.
#[must_use]
pub fn payload(kind: &str, payload: &[u8]) -> Option<String> {
    let hidden = |text: &str| text.replace(NOT_KEPT, "(not shown)");
    let body = Body::parse(payload, None);
    if is_secret(kind) && body != Body::Empty {
        return Some(hidden(NOT_KEPT));
    }
    match body {
        Body::Json(value) | Body::Cbor(value) => Some(hidden(&shown(&value).to_string())),
        _ => {
            let text = std::str::from_utf8(payload).ok()?;
            let without = without_secrets(text);
            // As it came, where there is nothing to hide.
            Some(if without.contains(NOT_KEPT) { hidden(&without) } else { text.to_owned() })
        }
    }
}

fn is_link(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "is" | "=" | ":" | "now" | "the" | "with" | "to")
}

fn is_code(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    bare.len() >= DIGITS && bare.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

fn is_name(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    let is = |word: &str| WHOLE.contains(&word) || NAMES.contains(&word) || NAMES.iter().any(|name| name.len() > 3 && word.ends_with(name));
    is(word) || is(one)
}

/// The words of a name in lower case, at its marks and where a capital begins one: `userCode`, `PINCode`, `door-pin`.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut chars = name.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let begins =
            c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && chars.peek().is_some_and(|n| n.is_lowercase())));
        if (begins || !c.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_known_by_its_name_however_that_is_written() {
        let names = [
            "code",
            "userCode",
            "user_pin",
            "PINCode",
            "PIN",
            "pins",
            "door-pin",
            "wifiPassword",
            "pincode",
            "key",
            "apiKey",
            "pin1",
            "psk",
        ];
        for name in names {
            assert!(is_secret(name), "{name}");
        }
        for name in ["monkey", "spinner", "opinion", "temperature", "keypad", "shopping", "compass", ""] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn what_is_said_is_kept_without_its_codes() {
        for (said, kept) in [
            ("disarm 1234", "disarm (not kept)"),
            ("DISARM: 1234", "DISARM: (not kept)"),
            ("pin=1234 zone=2", "pin (not kept) zone=2"),
            ("my password is x9!", "my password is (not kept)"),
            ("the pin of the door is 4711.", "the pin of the door is (not kept)"),
            ("disarm at 7", "disarm at 7"),
            ("the pin is in the drawer", "the pin is in the drawer"),
            (" two  words ", "two  words"),
            ("a parcel 1234 came", "a parcel 1234 came"),
            ("the lock says battery 100", "the lock says battery 100"),
        ] {
            assert_eq!(without_secrets(said), kept);
        }
        assert_eq!(
            shown(&json!({"a": [{"userCode": 1234}], "say": "pin 1234", "n": 5})),
            json!({"a": [{"userCode": NOT_KEPT}], "say": "pin (not kept)", "n": 5})
        );
    }

    #[test]
    fn a_payload_is_shown_without_its_codes() {
        assert_eq!(payload("code", b"1234").as_deref(), Some("(not shown)"));
        assert_eq!(
            payload("action", br#"{"action":"disarm","userCode":"1234"}"#).as_deref(),
            Some(r#"{"action":"disarm","userCode":"(not shown)"}"#)
        );
        assert_eq!(payload("action", b"disarm 1234").as_deref(), Some("disarm (not shown)"));
        assert_eq!(payload("note", b"two  words").as_deref(), Some("two  words"));
        assert_eq!(payload("image", &[0xff, 0xfe]), None);
    }

    proptest! {
        #[test]
        fn no_code_outlives_its_name(code in "[0-9]{3,12}", name in "pin|userCode|disarm|Password") {
            for said in [format!("{name} {code}"), format!("so {name} is {code} then")] {
                prop_assert!(!without_secrets(&said).contains(&code), "{}", said);
            }
        }
    }
}
