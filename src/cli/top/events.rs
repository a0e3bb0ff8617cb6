//! Server-sent events (HTML, section 9.2.6), as far as the house uses them: what is told, one document after another.

use crate::domain::limits;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Verdict(Value),
    /// Some verdicts were left out: they have to be looked for.
    Missed,
    /// Something that is no news.
    Other,
}

/// A line that does not end, with what was not read to its end.
pub struct Events<S> {
    stream: S,
    text: Text,
}

impl<S, E> Events<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub const fn new(stream: S) -> Self {
        Self { stream, text: Text { rest: Vec::new(), data: Vec::new() } }
    }

    /// The next of it. It may be given up at any time, and nothing is lost. None: it ended, or is nothing that can be read.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.text.take() {
                return Some(heard);
            }
            let chunk = self.stream.next().await?.ok()?;
            if !self.text.push(&chunk) {
                return None;
            }
        }
    }
}

#[derive(Debug, Default)]
struct Text {
    /// What came and was not read yet.
    rest: Vec<u8>,
    /// The lines of `data` since the last event.
    data: Vec<u8>,
}

impl Text {
    /// False: an event is too long.
    fn push(&mut self, chunk: &[u8]) -> bool {
        self.rest.extend_from_slice(chunk);
        self.rest.len() + self.data.len() <= limits::TOP_EVENT_BYTES + chunk.len()
    }

    /// The next event that is whole, or a line that tells that the house lives.
    fn take(&mut self) -> Option<Heard> {
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = line.trim_ascii_end();
            if line.is_empty() {
                if !self.data.is_empty() {
                    return Some(read(&std::mem::take(&mut self.data)));
                }
            } else if let Some(data) = line.strip_prefix(b"data:") {
                self.data.extend_from_slice(data.trim_ascii_start());
            } else if line.starts_with(b":") {
                return Some(Heard::Other);
            }
        }
        None
    }
}

fn read(data: &[u8]) -> Heard {
    let Ok(mut event) = serde_json::from_slice::<Value>(data) else { return Heard::Other };
    let word = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    match (word("type"), word("kind")) {
        ("event", "verdict") => match event.get_mut("data").map(Value::take) {
            Some(Value::Object(verdict)) => Heard::Verdict(Value::Object(verdict)),
            _ => Heard::Other,
        },
        ("gap" | "summary", _) => Heard::Missed,
        _ => Heard::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const TOLD: &str = "retry: 2000\n\nid: 1\nevent: hello\ndata: {\"type\":\"hello\"}\n\nid: 2\ndata: {\"type\":\"event\",\"kind\":\"verdict\",\
                        \"data\":{\"decision\":\"deny\"}}\n\n: \n\nevent: summary\r\ndata: {\"type\":\"summary\"}\r\n\r\ndata: {\"type\":\"event\",\"kind\":\"alert\"}\n\n";

    fn heard(chunks: &[&[u8]]) -> Vec<Heard> {
        let (mut text, mut all) = (Text::default(), Vec::new());
        for chunk in chunks {
            assert!(text.push(chunk));
            all.extend(std::iter::from_fn(|| text.take()));
        }
        all
    }

    #[test]
    fn what_is_told_is_heard_whole() {
        let verdict = Heard::Verdict(json!({"decision": "deny"}));
        assert_eq!(heard(&[TOLD.as_bytes()]), [Heard::Other, verdict, Heard::Other, Heard::Missed, Heard::Other]);
    }

    #[test]
    fn an_event_is_as_long_as_it_may_be_and_no_longer() {
        let mut text = Text::default();
        assert!(text.push(&vec![b'a'; limits::TOP_EVENT_BYTES]), "it came at once");
        assert!(text.take().is_none());
        assert!(text.push(b""), "it is as long as it may be");
        assert!(text.push(b"a"));
        assert!(!text.push(b""), "one too long");
    }

    proptest! {
        #[test]
        fn it_is_the_same_however_it_is_cut(cuts in prop::collection::vec(0..TOLD.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([TOLD.len()]);
            let begins = [0].into_iter().chain(cuts.iter().copied());
            let chunks: Vec<&[u8]> = begins.zip(ends).map(|(begin, end)| &TOLD.as_bytes()[begin..end]).collect();
            prop_assert_eq!(heard(&chunks), heard(&[TOLD.as_bytes()]));
        }

        #[test]
        fn nothing_that_is_sent_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut text = Text::default();
            text.push(&bytes);
            while text.take().is_some() {}
        }
    }
}
