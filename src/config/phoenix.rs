//! `[[phoenix.repository]]`: where snapshots go, when, and how long they stay. What opens a repository is named here and never read.

use super::{Config, courier::Courier, entries::repeated, kinds, kinds::Read, reader::Ledger, reader::Reader, tree::Node};
use crate::domain::limits;
use croner::{Cron, errors::CronError};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A year: who waits longer for a snapshot does not want one.
const LONGEST_STALE_HOURS: u32 = 8_760;
/// A day: more would move a nightly snapshot into another one.
const LONGEST_JITTER_SECONDS: u32 = 86_400;
/// A week of minutes.
const LONGEST_PAUSE_MINUTES: u32 = 10_080;
/// Faster than any disk of a small host.
const FASTEST_MEGABYTES: u32 = 10_000;
/// Ten years of days.
const MOST_KEPT: u32 = 3_650;
const MOST_CHANGES: u32 = 1_000_000_000;
const ANY_DAY: Date = Date::constant(2026, 1, 1);

/// What is taken into a snapshot only where the owner wants that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extra {
    Certificates,
    Index,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Phoenix {
    #[serde(rename = "repository")]
    pub repositories: Vec<RepositoryEntry>,
    /// None: nothing is carried to other hosts.
    pub courier: Option<Courier>,
}

/// One repository, and what is done there by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepositoryEntry {
    pub name: String,
    pub path: PathBuf,
    /// A file that only this user may read; exactly one of this and `credential`.
    pub key_file: Option<PathBuf>,
    /// The name of a key file that systemd hands over.
    pub credential: Option<String>,
    /// Five fields, as cron has them, in the house's time zone; empty: by the clock none is taken.
    pub schedule: String,
    pub jitter_seconds: u32,
    /// One is taken after so many changes of what is remembered, or when config or rules changed; 0: never.
    pub after_changes: u32,
    /// But at most one in so many minutes.
    pub after_changes_minutes: u32,
    pub keep_last: u32,
    pub keep_daily: u32,
    pub keep_weekly: u32,
    pub keep_monthly: u32,
    pub include: Vec<Extra>,
    /// Read a second at most; 0: as fast as it goes.
    pub megabytes_per_second: u32,
    pub drill: bool,
    /// Older than this the newest snapshot raises an alert; 0: never.
    pub stale_hours: u32,
}

impl Default for RepositoryEntry {
    fn default() -> Self {
        Self {
            name: String::new(),
            path: PathBuf::new(),
            key_file: None,
            credential: None,
            schedule: "30 3 * * *".into(),
            jitter_seconds: 900,
            after_changes: 0,
            after_changes_minutes: 60,
            keep_last: 3,
            keep_daily: 7,
            keep_weekly: 4,
            keep_monthly: 6,
            include: Vec::new(),
            megabytes_per_second: 20,
            drill: true,
            stale_hours: 26,
        }
    }
}

impl Phoenix {
    pub(super) fn read(r: &mut Reader) -> Self {
        let all = r.sections("repository", RepositoryEntry::read);
        if let Some((i, _)) = all.get(limits::REPOSITORIES) {
            let path = format!("{}.repository[{i}]", r.path);
            r.ledger.refuse_path(&path, format!("found one more than {}: each reads all that is to be saved", limits::REPOSITORIES));
        }
        Self { repositories: all.into_iter().map(|(_, one)| one).collect(), courier: Courier::read(r) }
    }
}

impl RepositoryEntry {
    fn read(r: &mut Reader) -> Option<Self> {
        let d = Self::default();
        let name = r.required("name", "\"nas\"", kinds::node_name);
        let path = r.required("path", "\"/mnt/nas/jamey\"", kinds::path);
        let extras = kinds::word(&[("certificates", Extra::Certificates), ("index", Extra::Index)]);
        let entry = Self {
            name: String::new(),
            path: PathBuf::new(),
            key_file: r.optional("key_file", kinds::path),
            credential: r.optional("credential", kinds::credential),
            schedule: r.or("schedule", d.schedule, schedule),
            jitter_seconds: r.or("jitter_seconds", d.jitter_seconds, kinds::whole(0..=LONGEST_JITTER_SECONDS)),
            after_changes: r.or("after_changes", d.after_changes, kinds::whole(0..=MOST_CHANGES)),
            after_changes_minutes: r.or("after_changes_minutes", d.after_changes_minutes, kinds::whole(1..=LONGEST_PAUSE_MINUTES)),
            keep_last: r.or("keep_last", d.keep_last, kinds::whole(0..=MOST_KEPT)),
            keep_daily: r.or("keep_daily", d.keep_daily, kinds::whole(0..=MOST_KEPT)),
            keep_weekly: r.or("keep_weekly", d.keep_weekly, kinds::whole(0..=MOST_KEPT)),
            keep_monthly: r.or("keep_monthly", d.keep_monthly, kinds::whole(0..=MOST_KEPT)),
            include: r.list("include", "[\"certificates\"]", extras).unwrap_or(d.include),
            megabytes_per_second: r.or("megabytes_per_second", d.megabytes_per_second, kinds::whole(0..=FASTEST_MEGABYTES)),
            drill: r.or("drill", d.drill, kinds::truth),
            stale_hours: r.or("stale_hours", d.stale_hours, kinds::whole(0..=LONGEST_STALE_HOURS)),
        };
        match (&entry.key_file, &entry.credential) {
            (Some(_), Some(_)) => r.refuse("credential", "found together with `key_file`; keep one of the two"),
            (None, None) if r.ledger.sound(&r.path_of("key_file")) && r.ledger.sound(&r.path_of("credential")) => {
                r.refuse("key_file", "missing, so nothing would open the repository; write `key_file = \"/etc/jamey/phoenix.key\"`");
            }
            _ => {}
        }
        Some(Self { name: name?, path: path?, ..entry })
    }
}

fn schedule(node: &Node) -> Read<String> {
    let wanted = |why: String| {
        format!("minute, hour, day of the month, month and day of the week as cron has them, such as \"30 3 * * *\", or \"\" for none{why}")
    };
    let text = node.text().ok_or_else(|| wanted(String::new()))?;
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.split_whitespace().count() != 5 {
        return Err(wanted(": it has five fields".to_owned()));
    }
    let cron: Cron = text.parse().map_err(|error: CronError| wanted(format!(" ({error})")))?;
    // From any day on: what never comes from there never comes.
    let comes = cron.find_next_occurrence(&ANY_DAY.to_datetime(Time::midnight()), false).is_ok();
    if comes { Ok(text.to_owned()) } else { Err(wanted(": this one never comes".to_owned())) }
}

/// Two under one name could not be told apart, and two at one place would prune each other's.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    if !ledger.sound("phoenix") {
        return;
    }
    let all = &config.phoenix.repositories;
    for (i, name) in repeated(all.iter().map(|one| one.name.clone()).enumerate()) {
        let message = format!("found \"{name}\" a second time; give each repository a name of its own");
        ledger.refuse_path(&format!("phoenix.repository[{i}].name"), message);
    }
    for (i, path) in repeated(all.iter().map(|one| one.path.as_path()).enumerate()) {
        let message = format!("found \"{}\" a second time; give each repository a folder of its own", path.display());
        ledger.refuse_path(&format!("phoenix.repository[{i}].path"), message);
    }
    for (i, one) in all.iter().enumerate() {
        if one.path.starts_with(&config.store.data) {
            let message = format!(
                "found \"{}\", which lies in the data folder, and would be lost with it; write a place on another disk or host",
                one.path.display()
            );
            ledger.refuse_path(&format!("phoenix.repository[{i}].path"), message);
        }
    }
}
