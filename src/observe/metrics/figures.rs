//! What is told of Jamey, as plain numbers: counts are since the start, shares in [0, 1], times in seconds; None: it is not known yet.

use super::super::Asked;
use crate::domain::Taken;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub house: House,
    pub traffic: Traffic,
    pub store: Store,
    pub memory: Memory,
    pub mind: Mind,
    pub phi: Phi,
    pub missions: Vec<Mission>,
    pub entities: Entities,
    pub alerts: Vec<AlertNow>,
    /// Alerts that stand besides.
    pub more_alerts: u64,
    pub certificates: Vec<Expiry>,
    pub repositories: Vec<Repository>,
    pub courier: Option<Courier>,
    pub bridges: Vec<Bridge>,
    pub requests: Vec<Asked>,
}

/// The process and its host.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct House {
    pub version: &'static str,
    pub node: String,
    pub uptime_seconds: f64,
    /// Since 1970.
    pub started_seconds: f64,
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub open_files: Option<u64>,
    pub most_files: Option<u64>,
    /// What it wrote to disk.
    pub written_bytes: Option<u64>,
    pub host_memory_bytes: Option<u64>,
    pub host_available_bytes: Option<u64>,
    pub host_cores: Option<u64>,
    /// Those who want a core, over a minute.
    pub host_load: Option<f64>,
    /// Of the disk that the data folder is on.
    pub disk_bytes: Option<u64>,
    pub disk_free_bytes: Option<u64>,
    /// How far the host's clock was set back behind what Jamey has seen.
    pub clock_back_seconds: f64,
    /// How often each part was started again.
    pub restarts: BTreeMap<String, u64>,
}

/// What passes the broker, and what the conscience says to it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traffic {
    pub connections: u64,
    pub connects: u64,
    pub received: u64,
    pub sent: u64,
    pub sent_bytes: u64,
    pub refused: BTreeMap<&'static str, u64>,
    pub inbox: u64,
    pub retained: Option<u64>,
    pub retained_bytes: Option<u64>,
    pub verdicts: Vec<(&'static str, u64)>,
    /// From a request to its verdict on disk.
    pub judged: Taken,
    /// From something told to its commit.
    pub told: Taken,
    pub approvals_waiting: u64,
    pub enforces: bool,
    /// Break-glass.
    pub guard_off: bool,
    pub devices: u64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Store {
    pub failing: bool,
    pub failures: u64,
    pub batches: u64,
    pub entries: u64,
    pub written: Taken,
    pub wal_bytes: u64,
    pub checkpoints: u64,
    pub blocking_checkpoints: u64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// By layer.
    pub records: Vec<(String, u64)>,
    pub pinned: Option<u64>,
    /// By tier.
    pub summaries: Vec<(String, u64)>,
    pub database_bytes: Option<u64>,
    pub database_free_bytes: Option<u64>,
    pub index: Index,
    pub recall: Recall,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Index {
    pub records: Option<u64>,
    pub bytes: Option<u64>,
    /// Transactions that it is behind the database.
    pub lag: Option<u64>,
}

/// Questions to memory, and the records that are kept at hand for them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recall {
    pub took: Taken,
    pub failed: u64,
    pub hits: u64,
    pub misses: u64,
    pub hit_rate: Option<f64>,
    pub bytes: u64,
    pub room_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mind {
    /// Pleasure, arousal, dominance, each in [-1, 1].
    pub mood: Vec<(&'static str, f64)>,
    pub stability: Option<f64>,
    /// The strongest of each name, in [0, 1].
    pub emotions: Vec<(String, f64)>,
    /// The one it is in is 1.
    pub states: Vec<(&'static str, bool)>,
    pub broadcasts: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phi {
    /// In nats, each.
    pub flow: Option<f64>,
    pub geometric: Option<f64>,
    pub revised: Option<f64>,
    pub p: Option<f64>,
    /// Whether what was observed is enough to tell.
    pub powered: Option<bool>,
    pub exact: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mission {
    pub id: String,
    /// By window; 1 uses up exactly what may go wrong.
    pub burn: Vec<(String, f64)>,
    /// 1: all of it; below 0 more went wrong than may.
    pub budget_left: Option<f64>,
    pub met: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entities {
    pub all: u64,
    pub trusted: u64,
    pub distrusted: u64,
    pub silent: u64,
    /// Those with figures of their own.
    pub listed: Vec<Trust>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trust {
    pub entity: String,
    pub lower_bound: f64,
    pub expectation: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertNow {
    pub code: String,
    pub critical: bool,
    pub acknowledged: bool,
}

/// When a listener's certificate ends.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expiry {
    pub listener: String,
    pub file: String,
    pub ends_in_seconds: f64,
}

/// One repository of snapshots.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Repository {
    pub name: String,
    pub failing: bool,
    pub snapshots: Option<u64>,
    pub bytes: Option<u64>,
    pub last_age_seconds: Option<f64>,
    pub last_bytes: Option<u64>,
    pub last_written_bytes: Option<u64>,
    pub last_took_seconds: Option<f64>,
    pub drill_passed: Option<bool>,
    pub drill_age_seconds: Option<f64>,
    pub next_in_seconds: Option<f64>,
}

/// Snapshots on their way to other hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Courier {
    pub repository: String,
    pub connected: bool,
    pub offered: Option<u64>,
    pub receivers: Vec<Receiver>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receiver {
    pub name: String,
    pub whole: Option<u64>,
    pub left_bytes: u64,
    pub stuck: bool,
}

/// Another broker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bridge {
    pub name: String,
    pub up: bool,
    pub received: u64,
    pub sent: u64,
    pub refused: u64,
    pub dropped: u64,
    pub waiting: u64,
}
