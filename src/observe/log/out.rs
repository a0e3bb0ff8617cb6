//! Where lines of the log go: each goes out whole, and to the journal with its level in front (`<3>`, as syslog counts them).

use super::queue::Queue;
use crate::runtime::systemd;
use std::{
    fmt::Write as _,
    io::{self, Write},
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

pub(super) enum Out {
    Terminal,
    Journal,
    File(Queue),
}

/// One line on its way out.
pub(super) struct Line<'o> {
    out: &'o Out,
    level: Level,
}

impl Out {
    /// Standard error, which is the journal where systemd says so.
    pub(super) fn standard_error() -> Self {
        if is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref(), systemd::standard_error()) { Self::Journal } else { Self::Terminal }
    }
}

impl<'o> MakeWriter<'o> for Out {
    type Writer = Line<'o>;

    fn make_writer(&'o self) -> Line<'o> {
        Line { out: self, level: Level::INFO }
    }

    fn make_writer_for(&'o self, metadata: &Metadata<'_>) -> Line<'o> {
        Line { out: self, level: *metadata.level() }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.out {
            Out::Terminal => io::stderr().lock().write_all(line)?,
            Out::Journal => io::stderr().lock().write_all(marked(self.level, &String::from_utf8_lossy(line)).as_bytes())?,
            Out::File(file) => file.put(line),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The journal takes each line for a message of its own.
fn marked(level: Level, text: &str) -> String {
    let priority = match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    };
    text.lines().fold(String::with_capacity(text.len() + 8), |mut out, line| {
        let _ = writeln!(out, "<{priority}>{line}");
        out
    })
}

/// Whether `JOURNAL_STREAM` names what standard error is: a child that was given another one inherits the variable all the same.
fn is_journal(named: Option<&str>, is: Option<(u64, u64)>) -> bool {
    let numbers = named.and_then(|named| named.split_once(':')).and_then(|(dev, ino)| Some((dev.parse().ok()?, ino.parse().ok()?)));
    numbers.is_some() && numbers == is
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_bears_its_level() {
        assert_eq!(marked(Level::ERROR, "a\n  b\n"), "<3>a\n<3>  b\n");
        assert_eq!([Level::WARN, Level::INFO, Level::TRACE].map(|level| marked(level, "x\n")), ["<4>x\n", "<6>x\n", "<7>x\n"]);
    }

    #[test]
    fn another_standard_error_is_no_journal() {
        assert!(is_journal(Some("8:4711"), Some((8, 4711))));
        for (named, is) in [(Some("8:4711"), Some((8, 4712))), (Some("8:4711"), None), (Some("x"), None), (None, Some((8, 4711)))] {
            assert!(!is_journal(named, is), "{named:?}");
        }
    }
}
