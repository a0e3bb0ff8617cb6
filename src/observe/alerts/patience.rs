//! How long each kind of alert waits before it is raised and before it is cleared, so that what comes and goes is one alert.

use std::time::Duration;

/// Waits of what is measured from moment to moment: load, memory, room on the disk. The owner may set them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A cause must hold for so long.
    pub raise: Duration,
    /// And must be gone for so long.
    pub clear: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { raise: Duration::from_secs(60), clear: Duration::from_secs(120) }
    }
}

/// The waits of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub raise: Duration,
    pub clear: Duration,
    /// What stood before a start may take so long to be seen again.
    pub grace: Duration,
    /// It is what somebody set, not what was measured: it is over when it is over, however often that was.
    pub is_exact: bool,
}

const NONE: Duration = Duration::ZERO;
/// What is looked at each second is seen by then.
const GRACE: Duration = Duration::from_secs(10);

/// Codes of many alerts each; the rest of the code says whose it is.
const FAMILIES: [&str; 10] =
    ["silent-", "outage-", "bridge-", "mission-", "duty-", "phoenix-", "security-", "availability-", "webhook-", "restarted-"];

/// To which of the many it belongs; one of its own kind is a family of one.
pub(super) fn family(code: &str) -> &str {
    FAMILIES.into_iter().find(|family| code.starts_with(family)).map_or(code, |family| family.trim_end_matches('-'))
}

impl Patience {
    pub(super) fn of(&self, code: &str) -> Kind {
        let own = Kind { raise: NONE, clear: NONE, grace: GRACE, is_exact: false };
        match family(code) {
            "disk" | "memory" | "performance" => {
                let grace = GRACE + self.raise + self.clear;
                Kind { raise: self.raise, clear: self.clear, grace, is_exact: false }
            }
            "guard-off" | "guard-milder" | "guard-unread" | "rules" | "config" | "lists" => Kind { is_exact: true, ..own },
            // Each write that fails or does not turns it.
            "store" => Kind { clear: Duration::from_secs(5), ..own },
            // Upkeep waits for an hour after a long absence, and begins a round each ten minutes.
            "memory-room" => Kind { grace: Duration::from_secs(3_600 + 1_200), ..own },
            // They reckon with a minute's absence themselves before they call it one.
            "bridge" => Kind { clear: Duration::from_secs(30), grace: Duration::from_secs(90), ..own },
            // Repositories on shares are looked at each quarter of a minute.
            "phoenix" => Kind { grace: Duration::from_secs(60), ..own },
            // A restart of a part is no outage.
            "availability" => Kind { raise: Duration::from_secs(10), clear: Duration::from_secs(10), ..own },
            // The others have thresholds of their own to enter and to leave, which lie apart.
            _ => own,
        }
    }
}
