//! What the owner says for once goes before the words of the config.

use crate::config::{Extra, RepositoryEntry};
use serde::{Deserialize, Serialize};

/// Nothing said: as the config has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForOnce {
    /// Taken in too.
    pub include: Vec<Extra>,
    pub keep_last: Option<u32>,
    pub keep_daily: Option<u32>,
    pub keep_weekly: Option<u32>,
    pub keep_monthly: Option<u32>,
}

impl ForOnce {
    pub(super) fn change(&self, entry: &mut RepositoryEntry) {
        for extra in &self.include {
            if !entry.include.contains(extra) {
                entry.include.push(*extra);
            }
        }
        for (said, keep) in [
            (self.keep_last, &mut entry.keep_last),
            (self.keep_daily, &mut entry.keep_daily),
            (self.keep_weekly, &mut entry.keep_weekly),
            (self.keep_monthly, &mut entry.keep_monthly),
        ] {
            *keep = said.unwrap_or(*keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_another_than_in_the_config() {
        let mut entry = RepositoryEntry { include: vec![Extra::Index], ..RepositoryEntry::default() };
        let before = entry.clone();
        ForOnce::default().change(&mut entry);
        assert_eq!(entry, before);
        ForOnce { include: vec![Extra::Index, Extra::Certificates], keep_daily: Some(0), ..ForOnce::default() }.change(&mut entry);
        assert_eq!(entry, RepositoryEntry { include: vec![Extra::Index, Extra::Certificates], keep_daily: 0, ..before });
    }
}
