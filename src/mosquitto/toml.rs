//! Texts as TOML has them.

use serde_json::Value;

/// In quotes. What JSON escapes, TOML's strings escape alike.
#[must_use]
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// `["a", "b"]`.
#[must_use]
pub fn list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}
