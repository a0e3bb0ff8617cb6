//! Whether Jamey is there for those who need it: the mind answers, its own client speaks, doors and HTTP are open. Pure.

use super::{Causes, causes};
use crate::domain::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// The mind takes a tick each second; a copy or a burst may keep it for some.
const TICK: Duration = Duration::from_secs(15);

/// How the parts stand at one look.
pub(super) struct Parts {
    pub up: Duration,
    pub ticked: Duration,
    /// The store cannot write, so that the mind waits: that has an alert of its own.
    pub waits_for_store: bool,
    pub own_client: bool,
    /// What is wrong with a part, by its name.
    pub ailing: BTreeMap<String, String>,
}

pub(super) fn look(parts: Parts, now: Timestamp, all: &mut Causes) {
    let mut tell = |part: &str, text: String, what_to_do: &str| {
        all.insert(format!("availability-{part}"), causes::critical(now, text, what_to_do));
    };
    if !parts.waits_for_store && parts.up.saturating_sub(parts.ticked) > TICK {
        let text =
            format!("the mind has taken nothing for more than {} s: guarded commands wait, and nothing new is remembered", TICK.as_secs());
        tell(
            "mind",
            text,
            "look at the log and at the load of the host; if it does not end, restart Jamey: what was acknowledged is on disk",
        );
    }
    if !parts.own_client {
        let text = "Jamey's own client is not connected: states, verdicts and alerts are not published".to_owned();
        tell("client", text, "it connects again by itself; if it does not, look at the log");
    }
    for (part, why) in parts.ailing {
        tell(&part, format!("{part}: {why}"), "look at the log, and restart Jamey if it does not end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(parts: Parts) -> Vec<String> {
        let mut all = Causes::new();
        look(parts, Timestamp::default(), &mut all);
        assert!(all.values().all(|alarm| alarm.critical));
        all.into_keys().collect()
    }

    fn well() -> Parts {
        let up = Duration::from_secs(100);
        Parts { up, ticked: up, waits_for_store: false, own_client: true, ailing: BTreeMap::new() }
    }

    #[test]
    fn each_part_that_is_away_has_its_alert() {
        assert_eq!(codes(well()), [""; 0]);
        assert_eq!(codes(Parts { ticked: Duration::from_secs(85), ..well() }), [""; 0]);
        assert_eq!(codes(Parts { ticked: Duration::from_secs(84), ..well() }), ["availability-mind"]);
        assert_eq!(codes(Parts { ticked: Duration::ZERO, waits_for_store: true, ..well() }), [""; 0], "the store's alert says it");
        assert_eq!(codes(Parts { own_client: false, ..well() }), ["availability-client"]);
        let ailing = BTreeMap::from([("http".to_owned(), "it ended".to_owned())]);
        assert_eq!(codes(Parts { ailing, ..well() }), ["availability-http"]);
    }
}
