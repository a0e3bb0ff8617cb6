//! How the fields of a log line are written: whatever a stranger is called, it stays on its line and moves nobody's cursor.

use std::fmt::{self, Debug, Write};
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

/// As `tracing_subscriber` writes them, with each control character as what it is: the engine logs the ids of clients as they came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut line = Line { writer, has_begun: false, written: Ok(()) };
        fields.record(&mut line);
        line.written
    }
}

struct Line<'w> {
    writer: Writer<'w>,
    has_begun: bool,
    written: fmt::Result,
}

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // What the line begins with says these already.
        if field.name().starts_with("log.") {
            return;
        }
        let mut plain = Plain(&mut self.writer);
        let between = if std::mem::replace(&mut self.has_begun, true) { " " } else { "" };
        let written = match field.name() {
            "message" => write!(plain, "{between}{value:?}"),
            name => write!(plain, "{between}{name}={value:?}"),
        };
        self.written = self.written.and(written);
    }
}

/// Whether it moves a cursor or, for some who show it, ends a line.
pub(super) fn moves(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

struct Plain<'l, 'w>(&'l mut Writer<'w>);

impl Write for Plain<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| moves(*c)) {
            self.0.write_str(rest.get(..at).unwrap_or_default())?;
            write!(self.0, "{}", c.escape_default())?;
            rest = rest.get(at + c.len_utf8()..).unwrap_or_default();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Where a log is read again.
    #[derive(Clone, Default)]
    pub(in super::super) struct Page(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn logged(log: impl FnOnce()) -> String {
        let page = Page::default();
        let written = page.clone();
        let subscriber = tracing_subscriber::fmt().fmt_fields(Fields).with_ansi(false).without_time().with_writer(move || page.clone());
        tracing::subscriber::with_default(subscriber.finish(), log);
        written.text()
    }

    #[test]
    fn no_name_begins_another_line_or_moves_a_cursor() {
        let id = "lamp\nWARN jamey: forged\r\u{1b}[2J\u{9b}1A\u{7f}\u{2028}\tgrün";
        let said = logged(|| tracing::warn!(client_id = %id, count = 3, kind = "a\nb", "`{id}` is gone"));
        let shown = r"lamp\nWARN jamey: forged\r\u{1b}[2J\u{9b}1A\u{7f}\u{2028}\tgrün";
        assert!(said.ends_with(&format!(" `{shown}` is gone client_id={shown} count=3 kind=\"a\\nb\"\n")), "{said}");
        assert_eq!(said.lines().count(), 1);
        assert!(logged(|| tracing::info!("as it is: ä ☃ \\ \"")).ends_with(" as it is: ä ☃ \\ \"\n"));
    }
}
