//! What looks like somebody who tries: bursts of what is refused, by one who does it, and an audit trail that is not whole. Pure.

use super::{Causes, causes};
use crate::{
    config,
    domain::{Alarm, Timestamp},
    observe::Incident,
};
use std::collections::BTreeMap;

/// Named in one alert; the rest is a number.
const NAMED: usize = 8;

/// Who crossed a threshold, since when, and the most that was counted: it is over when nothing more was tried for ten minutes.
#[derive(Debug, Default)]
pub(super) struct Wary(BTreeMap<(Incident, String), (Timestamp, u32)>);

struct Told {
    code: &'static str,
    did: &'static str,
    what_to_do: &'static str,
    critical: bool,
}

const fn told(of: Incident) -> Told {
    match of {
        Incident::Login => Told {
            code: "security-logins",
            did: "failed to sign in",
            what_to_do: "see who that address is (`jamey audit list`): a device with an old password is given the new one, a stranger is kept from \
                         the port; each answer to it waits longer already",
            critical: false,
        },
        Incident::Vetoed => Told {
            code: "security-vetoed",
            did: "asked for what is never allowed",
            what_to_do: "see what it asks for (`jamey entity show NAME`) and what makes it: an automation gone wrong is mended, a client that is not \
                         itself any more gets a new password (`jamey user password`)",
            critical: false,
        },
        Incident::Posed => Told {
            code: "security-names",
            did: "spoke in another's name",
            what_to_do: "see on which topics it speaks (`jamey audit list`); a bridge that carries what others say stands in `broker.speaks_for_many`",
            critical: false,
        },
        Incident::Forged => Told {
            code: "security-forged",
            did: "answered held requests with a nonce or hash that nobody was shown",
            what_to_do: "find out who has that account (`jamey audit list`), and give it a new password: somebody tries to approve what nobody read",
            critical: true,
        },
    }
}

const fn limit(of: Incident, limits: &config::Alerts) -> u32 {
    match of {
        Incident::Login => limits.failed_logins,
        Incident::Vetoed | Incident::Posed => limits.denied_requests,
        Incident::Forged => limits.forged_answers,
    }
}

impl Wary {
    /// Takes what was counted within the last minutes.
    pub(super) fn look(&mut self, lately: Vec<(Incident, String, u32)>, now: Timestamp, limits: &config::Alerts, all: &mut Causes) {
        let lately: BTreeMap<(Incident, String), u32> = lately.into_iter().map(|(what, who, count)| ((what, who), count)).collect();
        self.0.retain(|key, _| lately.contains_key(key));
        for (key, count) in lately {
            let limit = limit(key.0, limits);
            if let Some((_, most)) = self.0.get_mut(&key) {
                *most = count.max(*most);
            } else if limit > 0 && count >= limit {
                self.0.insert(key, (now, count));
            }
        }
        for what in Incident::ALL {
            all.extend(self.alarm(what));
        }
    }

    fn alarm(&self, of: Incident) -> Option<(String, Alarm)> {
        let theirs: Vec<(&str, Timestamp, u32)> =
            self.0.iter().filter(|((what, _), _)| *what == of).map(|((_, who), (since, most))| (who.as_str(), *since, *most)).collect();
        let since = theirs.iter().map(|(_, since, _)| *since).min()?;
        let Told { code, did, what_to_do, critical } = told(of);
        // In powers of two, so that it is not told anew with each.
        let name = |(who, _, most): &(&str, Timestamp, u32)| format!("`{who}` {did} {} times or more", 1_u32 << most.max(&1).ilog2());
        let names: Vec<String> = theirs.iter().take(NAMED).map(name).collect();
        let rest = theirs.len().saturating_sub(NAMED);
        let rest = if rest > 0 { format!(", and {rest} others") } else { String::new() };
        let alarm = causes::warning(since, format!("{}{rest} within ten minutes", names.join(", ")), what_to_do);
        Some((code.to_owned(), Alarm { critical, ..alarm }))
    }
}

/// The audit trail was looked through after the start, and something is wrong with it.
pub(super) fn audit(found: &str, now: Timestamp) -> (String, Alarm) {
    let to_do = "`jamey audit verify` names each row: what stands in the trail may not be what was done. Compare its head with one that you kept \
                 elsewhere (`jamey/audit/head`), and find out who could write the database";
    ("security-audit".to_owned(), causes::critical(now, format!("the audit trail is not whole: {found}"), to_do))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_burst_is_told_until_nothing_was_tried_for_ten_minutes() {
        let (mut wary, limits) = (Wary::default(), config::Alerts { failed_logins: 5, ..config::Alerts::default() });
        let mut look = |counts: &[(&str, u32)], second| {
            let mut all = Causes::new();
            wary.look(counts.iter().map(|(who, n)| (Incident::Login, (*who).to_owned(), *n)).collect(), at(second), &limits, &mut all);
            all.remove("security-logins").map(|alarm| (alarm.since, alarm.text))
        };
        assert_eq!(look(&[("10.0.0.1", 4)], 0), None);
        let said = |text: &str| Some((at(1), text.to_owned()));
        assert_eq!(look(&[("10.0.0.1", 5)], 1), said("`10.0.0.1` failed to sign in 4 times or more within ten minutes"));
        assert_eq!(look(&[("10.0.0.1", 7)], 2), said("`10.0.0.1` failed to sign in 4 times or more within ten minutes"));
        let both = "`10.0.0.1` failed to sign in 8 times or more, `10.0.0.2` failed to sign in 64 times or more within ten minutes";
        assert_eq!(look(&[("10.0.0.1", 9), ("10.0.0.2", 99)], 3), said(both));
        assert_eq!(look(&[("10.0.0.1", 1), ("10.0.0.2", 99)], 4), said(both), "it goes on as long as one goes on");
        assert!(look(&[("10.0.0.2", 1)], 5).unwrap().1.starts_with("`10.0.0.2`"));
        assert_eq!(look(&[], 6), None);
        let mut none = Causes::new();
        let never = config::Alerts { failed_logins: 0, ..limits };
        Wary::default().look(vec![(Incident::Login, "x".into(), u32::MAX)], at(0), &never, &mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn each_kind_has_its_alert_and_only_forgery_is_critical() {
        let mut all = Causes::new();
        let lately = Incident::ALL.map(|what| (what, "x".to_owned(), 1_000)).to_vec();
        Wary::default().look(lately, at(0), &config::Alerts::default(), &mut all);
        let told: Vec<(&str, bool)> = all.iter().map(|(code, alarm)| (code.as_str(), alarm.critical)).collect();
        assert_eq!(told, [("security-forged", true), ("security-logins", false), ("security-names", false), ("security-vetoed", false)]);
        let many: Vec<_> = (0..=NAMED).map(|n| (Incident::Login, format!("{n}"), 50)).collect();
        let mut all = Causes::new();
        Wary::default().look(many, at(0), &config::Alerts::default(), &mut all);
        assert!(all["security-logins"].text.ends_with(", and 1 others within ten minutes"), "{all:?}");
    }
}
