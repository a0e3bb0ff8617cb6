//! Discovery documents that stand, and those that are wanted: each is told when it is another one, never two within a second. Home Assistant drops
//! parts of a document that comes while it still works on the one before. And none is taken away before Home Assistant could see it go: it is connected
//! to this very broker, so it was away as long as Jamey was, and of what is gone when it comes back it keeps all entities.

use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// Between two documents on one topic.
const APART: Duration = Duration::from_secs(1);
/// Told at one beat: each is retained and costs the disk a sync.
const A_BEAT: usize = 64;

/// Between its birth and what is taken away: it is heard after it asked for what is retained, and works on that first.
const AT_WORK: Duration = Duration::from_secs(2);
/// After which what is not wanted goes though nobody came who could see it: an update of Home Assistant's host takes minutes.
const NOBODY_COMES: Duration = Duration::from_secs(3_600);

/// All of them by topic.
#[derive(Debug)]
pub struct Documents {
    all: BTreeMap<String, Document>,
    /// When those that are not wanted may go.
    parting: Instant,
}

#[derive(Debug, Default)]
struct Document {
    /// Empty: it is to go.
    wanted: Vec<u8>,
    /// As it stands retained; empty: it does not.
    told: Vec<u8>,
    at: Option<Instant>,
}

impl Documents {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { all: BTreeMap::new(), parting: now + NOBODY_COMES }
    }

    /// Home Assistant is there.
    pub fn seen(&mut self, now: Instant) {
        self.parting = self.parting.min(now + AT_WORK);
    }

    /// It went, and sees nothing go until it is back.
    pub fn away(&mut self, now: Instant) {
        self.parting = now + NOBODY_COMES;
    }

    /// Takes in what stands from an earlier run: it goes unless it is wanted again.
    pub fn adopt(&mut self, topic: String, told: Vec<u8>) {
        self.all.insert(topic, Document { told, ..Document::default() });
    }

    pub fn want(&mut self, topic: String, document: Vec<u8>) {
        self.all.entry(topic).or_default().wanted = document;
    }

    pub fn drop(&mut self, topic: &str) {
        if let Some(document) = self.all.get_mut(topic) {
            document.wanted.clear();
        }
    }

    /// As it stands now; empty where none does.
    #[must_use]
    pub fn standing(&self, topic: &str) -> &[u8] {
        self.all.get(topic).map_or(&[], |document| &document.told)
    }

    /// What is to be told now, an empty one to take it away; it counts as told.
    pub fn due(&mut self, now: Instant) -> Vec<(String, Vec<u8>)> {
        let parting = self.parting <= now;
        let is_due = |document: &Document| {
            (parting || !document.wanted.is_empty())
                && document.wanted != document.told
                && document.at.is_none_or(|at| now.saturating_duration_since(at) >= APART)
        };
        let due: Vec<(String, Vec<u8>)> = self
            .all
            .iter_mut()
            .filter(|(_, document)| is_due(document))
            .take(A_BEAT)
            .map(|(topic, document)| {
                document.told.clone_from(&document.wanted);
                document.at = Some(now);
                (topic.clone(), document.told.clone())
            })
            .collect();
        // One that is gone is kept for its second.
        self.all.retain(|_, document| {
            let is_over = document.at.is_none_or(|at| now.saturating_duration_since(at) >= APART);
            !(document.told.is_empty() && document.wanted.is_empty() && is_over)
        });
        due
    }

    /// All that stand, to be told once more. Those that are about to change are told when they do.
    pub fn again(&mut self, now: Instant) -> Vec<(String, Vec<u8>)> {
        let all = self.all.iter_mut().filter(|(_, document)| !document.told.is_empty() && document.told == document.wanted);
        all.map(|(topic, document)| {
            document.at = Some(now);
            (topic.clone(), document.told.clone())
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(told: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
        told.iter().map(|(topic, document)| (topic.as_str(), document.as_slice())).collect()
    }

    /// Of a house in which Home Assistant is.
    fn there(now: Instant) -> Documents {
        Documents { parting: now, ..Documents::new(now) }
    }

    #[test]
    fn none_goes_before_home_assistant_can_see_it() {
        let begin = Instant::now();
        for (seen, goes) in [(Some(10), 12), (None, 3_600)] {
            let mut all = Documents::new(begin);
            all.adopt("gone".into(), b"1".to_vec());
            all.want("new".into(), b"2".to_vec());
            let after = |seconds| begin + Duration::from_secs(seconds);
            assert_eq!(topics(&all.due(begin)), [("new", &b"2"[..])]);
            if let Some(seconds) = seen {
                all.seen(after(seconds));
                all.seen(after(seconds + 1));
            }
            assert!(all.due(after(goes - 1)).is_empty());
            assert_eq!(topics(&all.due(after(goes))), [("gone", &b""[..])]);
        }
    }

    #[test]
    fn no_two_documents_within_a_second_and_the_last_one_wins() {
        let (mut all, begin) = (there(Instant::now()), Instant::now());
        let after = |millis| begin + Duration::from_millis(millis);
        all.want("a".into(), b"1".to_vec());
        assert_eq!(topics(&all.due(begin)), [("a", &b"1"[..])]);
        assert!(all.due(after(500)).is_empty(), "told already");
        all.want("a".into(), b"2".to_vec());
        all.want("a".into(), b"3".to_vec());
        assert!(all.due(after(999)).is_empty());
        assert_eq!(topics(&all.due(after(1_000))), [("a", &b"3"[..])]);
        assert_eq!(topics(&all.again(after(1_900))), [("a", &b"3"[..])]);
        all.want("a".into(), b"4".to_vec());
        assert!(all.again(after(2_100)).is_empty(), "about to change");
        assert!(all.due(after(2_899)).is_empty(), "it was told again meanwhile");
        all.drop("a");
        assert_eq!(topics(&all.due(after(2_900))), [("a", &b""[..])]);
        all.want("a".into(), b"5".to_vec());
        assert!(all.due(after(3_800)).is_empty(), "also after it was taken away");
        assert_eq!(topics(&all.due(after(3_900))), [("a", &b"5"[..])]);
    }

    #[test]
    fn what_stands_from_before_goes_unless_it_is_wanted_as_it_is() {
        let (mut all, now) = (there(Instant::now()), Instant::now());
        for topic in ["same", "other", "gone"] {
            all.adopt(topic.into(), b"1".to_vec());
        }
        all.want("same".into(), b"1".to_vec());
        all.want("other".into(), b"2".to_vec());
        assert_eq!(topics(&all.due(now)), [("gone", &b""[..]), ("other", &b"2"[..])]);
        assert!(all.due(now + APART).is_empty());
        assert_eq!(topics(&all.again(now + APART)), [("other", &b"2"[..]), ("same", &b"1"[..])]);
    }

    #[test]
    fn nothing_goes_while_home_assistant_is_away_again() {
        let (mut all, begin) = (there(Instant::now()), Instant::now());
        all.adopt("gone".into(), b"1".to_vec());
        all.away(begin);
        assert!(all.due(begin + AT_WORK).is_empty());
        all.seen(begin + AT_WORK);
        assert_eq!(topics(&all.due(begin + AT_WORK + AT_WORK)), [("gone", &b""[..])]);
    }

    #[test]
    fn of_many_only_so_many_at_a_beat() {
        let (mut all, now) = (there(Instant::now()), Instant::now());
        for n in 0..A_BEAT + 3 {
            all.want(format!("{n:04}"), b"1".to_vec());
        }
        assert_eq!((all.due(now).len(), all.due(now).len(), all.due(now).len()), (A_BEAT, 3, 0));
    }
}
