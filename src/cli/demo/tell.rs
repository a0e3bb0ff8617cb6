//! How the demo speaks: plain sentences with coloured verdicts for a person, one JSON object a line for a program. Prints only what it is given.

use super::seen::{Decision, Seen};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::{Value, json};
use std::{future::Future, io::IsTerminal, io::Write, pin::pin, time::Duration};

/// What is over sooner needs no spinner.
const SOON: Duration = Duration::from_millis(300);
/// Time to read a scene before the next begins, for a person only.
const BREATH: Duration = Duration::from_millis(1_200);
/// A line wraps here, so that it reads well in a narrow terminal.
const WIDTH: usize = 96;

/// The narrator.
pub struct Teller {
    json: bool,
    person: bool,
    colour: bool,
    scene: u8,
    title: &'static str,
}

impl Teller {
    #[must_use]
    pub fn new(json: bool) -> Self {
        let person = !json && std::io::stdout().is_terminal();
        let colour = person && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { json, person, colour, scene: 0, title: "" }
    }

    /// Begins a scene.
    pub async fn scene(&mut self, number: u8, title: &'static str) {
        if self.person && number > 1 {
            tokio::time::sleep(BREATH).await;
        }
        (self.scene, self.title) = (number, title);
        let heading = format!("\n{}  {}", self.paint("1;36", &number.to_string()), self.paint("1", title));
        self.event("scene", &heading, Value::Null);
    }

    /// A sentence of narration.
    pub fn say(&self, text: &str) {
        self.event("said", &wrapped(text, "   "), json!({"text": text}));
    }

    /// Something that was expected and did not come.
    pub fn missing(&self, text: &str) {
        let mark = self.paint("33", "not seen:");
        self.event("not_seen", &wrapped(&format!("{mark} {text}"), "   "), json!({"text": text}));
    }

    /// A verdict as Jamey published it, its rules, and what the device heard afterwards.
    pub fn verdict(&self, seen: &Seen, outcome: &str) {
        let (ink, word) = match seen.decision {
            Decision::Allow => ("1;32", "ALLOW"),
            Decision::Deny => ("1;31", "DENY"),
            Decision::Escalate => ("1;33", "ESCALATE"),
        };
        let head = format!("   {} {}  (score {:+.2})", self.paint(ink, word), seen.asked(), seen.score);
        let lines = [head, wrapped(&seen.reason, "     "), wrapped(&seen.rules(), "     "), wrapped(outcome, "     ")];
        self.event("verdict", &lines.join("\n"), json!({"verdict": seen.payload, "outcome": outcome}));
    }

    /// A retained state as Jamey published it, in words.
    pub fn state(&self, topic: &str, payload: &Value, text: &str) {
        self.event("state", &wrapped(text, "   "), json!({"topic": topic, "payload": payload, "text": text}));
    }

    /// Lines to be copied, as they are.
    pub fn copy(&self, lines: &[&str]) {
        let text: Vec<String> = lines.iter().map(|l| format!("     {}", self.paint("36", l))).collect();
        self.event("try", &text.join("\n"), json!({"lines": lines}));
    }

    /// Waits; on a terminal a spinner says for what.
    pub async fn while_waiting<T>(&self, what: &str, wait: impl Future<Output = T>) -> T {
        let mut wait = pin!(wait);
        tokio::select! {
            biased;
            done = &mut wait => return done,
            () = tokio::time::sleep(SOON) => {}
        }
        let target = if self.person { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let spinner = ProgressBar::with_draw_target(None, target).with_message(what.to_owned());
        spinner.enable_steady_tick(Duration::from_millis(100));
        let done = wait.await;
        spinner.finish_and_clear();
        done
    }

    fn event(&self, kind: &str, text: &str, data: Value) {
        let mut out = std::io::stdout().lock();
        // A reader that closed the pipe has seen enough.
        let _ = if self.json {
            let mut object = json!({"v": 1, "scene": self.scene, "title": self.title, "event": kind});
            if let (Some(object), Value::Object(data)) = (object.as_object_mut(), data) {
                object.extend(data);
            }
            writeln!(out, "{object}")
        } else {
            writeln!(out, "{text}")
        };
        let _ = out.flush();
    }

    fn paint(&self, ink: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{ink}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Breaks a text into lines of at most `WIDTH` characters, each with the indent; a word that is longer stays whole.
fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_wraps_and_keeps_its_words() {
        let text = "word ".repeat(60);
        let lines = wrapped(&text, "   ");
        assert!(lines.lines().all(|l| l.len() <= WIDTH && l.starts_with("   word")));
        assert_eq!(lines.split_whitespace().count(), 60);
        assert_eq!(wrapped("", "   "), "");
    }
}
