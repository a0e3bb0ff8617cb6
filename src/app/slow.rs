//! Subscribers that are slower than what is said to them: what they lost is counted, and told while it goes on.

use crate::observe::{Counters, overheard};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// A subscriber that lost nothing for so long is well again.
const WELL_AFTER: Duration = Duration::from_secs(60);
/// Named in the alert; the rest is a number.
const NAMED: usize = 8;

/// Who lost something lately, and when.
#[derive(Debug, Default)]
pub struct Slow(BTreeMap<String, Instant>);

impl Slow {
    /// Counts what was lost since the last look. Some when the alert changes: to its text, or to none.
    pub fn look(&mut self, counters: &Counters, now: Instant) -> Option<Option<String>> {
        self.heed(overheard::lost(), counters, now)
    }

    fn heed(&mut self, lost: BTreeMap<String, u64>, counters: &Counters, now: Instant) -> Option<Option<String>> {
        let before: Vec<String> = self.0.keys().cloned().collect();
        for (client, count) in lost {
            counters.refuse_times(
                "slow-subscriber",
                count,
                &format!("`{client}` is slow and lost {count} messages: limits.queued_messages"),
            );
            self.0.insert(client, now);
        }
        self.0.retain(|_, last| now.duration_since(*last) < WELL_AFTER);
        let changed = !self.0.keys().eq(before.iter());
        changed.then(|| (!self.0.is_empty()).then(|| self.text()))
    }

    fn text(&self) -> String {
        let names =
            self.0.keys().take(NAMED).map(|c| format!("`{}`", c.chars().take(64).collect::<String>())).collect::<Vec<_>>().join(", ");
        let more = self.0.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "messages for {names}{more} are being lost: more waited than limits.queued_messages and limits.queued_bytes allow, and the oldest were dropped"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_when_it_begins_when_others_join_and_when_it_is_over() {
        let (mut slow, (counters, _complaints), began) = (Slow::default(), Counters::new(), Instant::now());
        let lost = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), 150)).collect::<BTreeMap<_, _>>();
        let at = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(slow.heed(lost(&[]), &counters, at(0)), None);
        assert!(slow.heed(lost(&["a"]), &counters, at(0)).unwrap().unwrap().contains("for `a` are"));
        assert_eq!(slow.heed(lost(&["a"]), &counters, at(1)), None, "known");
        assert!(slow.heed(lost(&["b"]), &counters, at(2)).unwrap().unwrap().contains("`a`, `b`"));
        assert!(slow.heed(lost(&[]), &counters, at(61)).unwrap().unwrap().contains("for `b` are"));
        assert_eq!(slow.heed(lost(&[]), &counters, at(62)), Some(None));
        assert_eq!(counters.refusals()["slow-subscriber"], 450);
    }
}
