//! What becomes of each line of mosquitto's files, in words: nothing is dropped in silence.

use serde::Serialize;

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub file: String,
    /// From 1.
    pub number: usize,
    pub key: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Jamey does the same.
    Taken,
    /// Nothing is to be done: Jamey does so always, or has no use for it.
    Needless,
    /// Jamey does nearly the same.
    Changed,
    /// Jamey has no counterpart.
    Lost,
}

/// What becomes of one line, and what that means for who runs the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub file: String,
    /// 0: it stands in no line.
    pub line: usize,
    /// As it stands there, without secrets.
    pub text: String,
    pub fate: Fate,
    pub means: String,
}

impl Line {
    #[must_use]
    pub fn note(&self, fate: Fate, means: impl Into<String>) -> Note {
        let text = if is_secret(&self.key) {
            // What follows a tab or `=` is of the key here, and may be what was meant as the value.
            let end = self.key.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(self.key.len());
            format!("{} (not shown)", self.key.get(..end).unwrap_or_default())
        } else {
            format!("{} {}", self.key, self.value).trim_end().to_owned()
        };
        Note { file: self.file.clone(), line: self.number, text, fate, means: means.into() }
    }
}

/// Whether what stands behind this key may be a secret; what a plugin is told may always be.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key != "password_file"
        && (["psk", "pass", "secret", "token"].iter().any(|word| key.contains(word))
            || ["auth_opt_", "plugin_opt_"].iter().any(|begin| key.starts_with(begin)))
}

impl Note {
    /// What no line says.
    #[must_use]
    pub fn of_the_whole(file: &str, fate: Fate, means: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, text: String::new(), fate, means: means.into() }
    }
}

/// The lines of a file that say something, as mosquitto reads them: a key, and all that follows it.
#[must_use]
pub fn lines(file: &str, text: &str) -> Vec<Line> {
    let of = |(at, line): (usize, &str)| {
        let line = if line.starts_with('#') { "" } else { line.trim() };
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        (!key.is_empty()).then(|| Line { file: file.to_owned(), number: at + 1, key: key.to_owned(), value: value.trim().to_owned() })
    };
    text.lines().enumerate().filter_map(of).collect()
}
