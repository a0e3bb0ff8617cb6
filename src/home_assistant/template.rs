//! Home Assistant's command templates, as far as they can be inverted: one value with text around it. All else is opaque, and never guessed.

use super::document::Document;
use crate::domain::CommandShape;
use serde_json::Value;
use std::collections::BTreeMap;

/// What stands between Home Assistant's value and the payload.
#[derive(Debug, PartialEq)]
pub enum Template<'d> {
    None,
    /// The payload is always this.
    Constant(&'d str),
    Framed(Frame<'d>),
    Opaque,
}

/// Text around one value, which filters may have changed.
#[derive(Debug, PartialEq)]
pub struct Frame<'d> {
    before: &'d str,
    after: &'d str,
    number: bool,
    case: Option<Case>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Case {
    Lower,
    Upper,
}

/// The names of the one value, by component.
const VALUES: [&str; 4] = ["value", "position", "tilt_position", "action"];

/// The template of a command topic: `command_template` for `command_topic`.
pub fn of<'d>(doc: &Document<'d>, role: &str) -> Template<'d> {
    let key = role.strip_suffix("topic").map(|stem| format!("{stem}template")).unwrap_or_default();
    let mut found = Template::None;
    for value in doc.all(&key) {
        let Value::String(text) = value else { return Template::Opaque };
        match (&found, read(text)) {
            (Template::None, read) => found = read,
            // Written twice, once abbreviated: which of them counts is not known.
            (first, read) if *first != read => return Template::Opaque,
            _ => {}
        }
    }
    found
}

fn read(text: &str) -> Template<'_> {
    let text = text.trim();
    let Some((before, rest)) = text.split_once("{{") else {
        return match text {
            "" => Template::None,
            _ if text.contains("{%") || text.contains("{#") => Template::Opaque,
            // A bare brace is JSON without a value in it, or a template that Home Assistant refuses.
            _ if text.contains(['{', '}']) => Template::Opaque,
            _ => Template::Constant(text),
        };
    };
    let Some((expression, after)) = rest.split_once("}}") else { return Template::Opaque };
    if [before, after].iter().any(|part| ["{{", "}}", "{%", "{#"].iter().any(|mark| part.contains(mark)) && !closes(part)) {
        return Template::Opaque;
    }
    let mut words = expression.split('|').map(str::trim);
    if !words.next().is_some_and(|name| VALUES.contains(&name)) {
        return Template::Opaque;
    }
    let mut frame = Frame { before, after, number: false, case: None };
    for filter in words {
        match filter {
            "int" | "float" | "round" | "round(0)" => frame.number = true,
            "string" | "trim" => {}
            "lower" => frame.case = Some(Case::Lower),
            "upper" => frame.case = Some(Case::Upper),
            _ => return Template::Opaque,
        }
    }
    match frame {
        Frame { before: "", after: "", case: None, number: false } => Template::None,
        _ => Template::Framed(frame),
    }
}

/// `}}` after the value closes JSON objects: `{"a":{"b":{{ value }}}}`. Jinja takes the first `}}` for the value's end.
fn closes(part: &str) -> bool {
    !["{{", "{%", "{#"].iter().any(|mark| part.contains(mark)) && part.trim_start_matches(['"', ' ', '}']).is_empty()
}

impl Frame<'_> {
    /// The shape with its frame. A filter that would change a word beyond recognition makes it opaque.
    pub fn around(&self, shape: CommandShape) -> CommandShape {
        let shape = match (shape, self.number, self.case) {
            (CommandShape::Words { .. }, true, _) | (CommandShape::Attributes | CommandShape::Opaque | CommandShape::Framed { .. }, ..) => {
                return CommandShape::Opaque;
            }
            (CommandShape::Words { words }, false, Some(case)) => {
                let changed: BTreeMap<String, String> = words.iter().map(|(word, verb)| (case.of(word), verb.clone())).collect();
                // Two words that become one say either.
                if changed.len() < words.len() {
                    return CommandShape::Opaque;
                }
                CommandShape::Words { words: changed }
            }
            (shape, ..) => shape,
        };
        if self.before.is_empty() && self.after.is_empty() {
            return shape;
        }
        CommandShape::Framed { before: self.before.to_owned(), after: self.after.to_owned(), within: Box::new(shape) }
    }
}

impl Case {
    fn of(self, word: &str) -> String {
        match self {
            Self::Lower => word.to_lowercase(),
            Self::Upper => word.to_uppercase(),
        }
    }
}
