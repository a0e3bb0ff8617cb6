//! An event's id: how far who has it has read. It holds the place of the newest stored verdict at that time, which outlives any restart, and
//! the event's own number in this run, which does not.

use std::fmt;
use uuid::Uuid;

/// The place of a stored verdict, and a piece of its percept's id: a database that was put back to an earlier state uses places again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// 0: before all verdicts.
    pub row: i64,
    pub check: u32,
}

impl Mark {
    #[must_use]
    pub fn new(row: i64, percept: Uuid) -> Self {
        let [.., a, b, c, d] = *percept.as_bytes();
        Self { row, check: u32::from_be_bytes([a, b, c, d]) }
    }
}

/// Where an event stands in one run of Jamey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Which run; each has another.
    pub boot: u32,
    pub number: u64,
}

/// `1042.5f3a9c1e-0badcafe-88231`: place and check, run and number; one that was read from the disk has only the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    pub mark: Mark,
    pub moment: Option<Moment>,
}

impl EventId {
    /// None: it is no id.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (row, check) = parts.next()?.split_once('.')?;
        let mark = Mark { row: number(row)?, check: hex(check)? };
        let moment = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(boot), Some(at), None) => Some(Moment { boot: hex(boot)?, number: number(at)? }),
            _ => return None,
        };
        Some(Self { mark, moment })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}", self.mark.row, self.mark.check)?;
        self.moment.map_or(Ok(()), |moment| write!(f, "-{:08x}-{}", moment.boot, moment.number))
    }
}

/// Digits alone: what is written has neither a sign nor more than is needed.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let is_plain = !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

fn hex(text: &str) -> Option<u32> {
    let is_plain = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    u32::from_str_radix(text, 16).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_is_one() {
        let mark = Mark::new(1_042, Uuid::from_u128(0x5f3a_9c1e));
        let whole = EventId { mark, moment: Some(Moment { boot: 0x0bad_cafe, number: 88_231 }) };
        assert_eq!(whole.to_string(), "1042.5f3a9c1e-0badcafe-88231");
        for id in [whole, EventId { mark, moment: None }, EventId { mark: Mark::default(), moment: None }] {
            assert_eq!(EventId::read(&id.to_string()), Some(id));
        }
        for wrong in [
            "",
            "1042",
            "1042.5f3a9c1",
            "1042.5F3A9C1E",
            "-1.00000000",
            "+1.00000000",
            "1.00000000-",
            "1.00000000-00000000",
            "1.00000000-00000000-",
            "1.00000000-00000000-1-",
            "99999999999999999999.00000000",
            "9223372036854775808.00000000",
            "1.00000000 ",
        ] {
            assert_eq!(EventId::read(wrong), None, "{wrong}");
        }
    }
}
