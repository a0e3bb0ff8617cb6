//! A line of words: one space between them, no control characters, and an end.

use super::Known;
use crate::domain::EntityId;

/// What a percept says, as it grows.
pub struct Line {
    text: String,
    most: usize,
}

impl Line {
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { text: String::with_capacity(64), most }
    }

    /// Adds a word after a space; control characters and runs of space become one space, and what no longer fits is left out.
    pub fn word(&mut self, word: &str) -> &mut Self {
        let mut gap = !self.text.is_empty();
        for c in word.chars() {
            if self.text.len() >= self.most {
                break;
            }
            if c.is_control() || c.is_whitespace() {
                gap = !self.text.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) {
                self.text.push(' ');
            }
            self.text.push(c);
        }
        self
    }

    /// Adds what stands right after a word: `:`, `, `.
    pub fn mark(&mut self, mark: &str) -> &mut Self {
        if self.text.len() < self.most {
            self.text.push_str(mark);
        }
        self
    }

    /// An entity as people call it; its id stays in it, by which it can be forgotten, and so does its place: `Front door (front_door, hall)`.
    pub fn who(&mut self, id: &EntityId, known: Known<'_>) -> &mut Self {
        let plain = unescaped(id.as_str());
        let name = known.name.or(plain.as_deref()).filter(|name| *name != id.as_str());
        self.word(name.unwrap_or(id.as_str()));
        let area = known.area.map(str::to_lowercase).filter(|area| !says(id.as_str(), area) && !name.is_some_and(|name| says(name, area)));
        match (name, area) {
            (Some(_), Some(area)) => self.word(&format!("({id}, {area})")),
            (Some(_), None) => self.word(&format!("({id})")),
            (None, Some(area)) => self.word(&format!("({area})")),
            (None, None) => self,
        }
    }

    #[must_use]
    pub fn end(mut self) -> String {
        self.text.truncate(self.text.floor_char_boundary(self.most));
        self.text
    }
}

/// Whether all words of `part` are in `whole`, however they are joined.
#[must_use]
pub fn says(whole: &str, part: &str) -> bool {
    words(part).all(|word| words(whole).any(|other| other.eq_ignore_ascii_case(word)))
}

/// What a part is called, in lower case, without the words that the whole's name has already: `temperature` of the kitchen's `Kitchen temperature`.
#[must_use]
pub fn beside(whole: &str, part: &str) -> String {
    let new = |word: &&str| words(word).any(|w| !words(whole).any(|other| other.eq_ignore_ascii_case(w)));
    part.split_whitespace().filter(new).collect::<Vec<_>>().join(" ").to_lowercase()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The outside name of which an id was made: `hall/lamp` of `hall.2flamp`; None where nothing in it stands for something else.
fn unescaped(id: &str) -> Option<String> {
    let (first, rest) = id.split_once('.')?;
    let mut bytes = first.as_bytes().to_vec();
    for part in rest.split('.') {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
