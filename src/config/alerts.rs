//! `[alerts]`, when Jamey calls something wrong, and `[[webhook]]`, whom it tells. What signs a webhook is named here and never read.

use super::{
    Config,
    entries::repeated,
    kinds::{self, Read},
    reader::{Ledger, Reader},
    tree::Node,
};
use crate::domain::limits;
use serde::Serialize;
use std::path::PathBuf;

const DAY_SECONDS: u32 = 86_400;
/// A disk of a pebibyte.
const MOST_MEGABYTES: u32 = 1_000_000_000;
/// Further ahead no pace of today says anything.
const MOST_DAYS: u32 = 365;
/// Who waits longer has turned to something else.
const MOST_MILLIS: u32 = 60_000;
const MOST_INCIDENTS: u32 = 10_000;
/// A receiver that thinks longer is down.
const MOST_TIMEOUT_SECONDS: u32 = 60;

/// From where on something is wrong; 0 stands for never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alerts {
    /// What is measured from moment to moment must hold for so long, and be gone for so long.
    pub raise_seconds: u32,
    pub clear_seconds: u32,
    /// Free on the data folder's disk; of a quarter of it the alert is critical.
    pub disk_free_mb: u32,
    /// At the pace of the last day the disk is full within so many days.
    pub disk_days: u32,
    /// The process's own.
    pub memory_mb: u32,
    /// The slowest hundredth of a minute's messages waited longer for their answer.
    pub answer_millis: u32,
    /// The slowest hundredth of a minute's batches took longer to be on disk.
    pub write_millis: u32,
    /// The clock leapt by so much, or Jamey's own time is so far ahead of it.
    pub clock_seconds: u32,
    /// Of one address within ten minutes.
    pub failed_logins: u32,
    /// Of one requester within ten minutes: what a veto denies, and what was said in another's name.
    pub denied_requests: u32,
    /// Answers to held requests within ten minutes that do not fit what was shown.
    pub forged_answers: u32,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            raise_seconds: 60,
            clear_seconds: 120,
            // A snapshot of a large house is made in a quarter of it.
            disk_free_mb: 512,
            disk_days: 7,
            // A quarter of a 4 GB host; a house of 300 devices takes some 150.
            memory_mb: 600,
            // A switch that answers later feels broken.
            answer_millis: 1_000,
            // An SD card writes a batch in 20 to 200.
            write_millis: 1_000,
            // What a radio clock or a summer without network drifts is less.
            clock_seconds: 60,
            // People mistype, and a device with an old password tries each minute.
            failed_logins: 20,
            denied_requests: 20,
            // The nonce is 128 random bits: nobody misses it by chance, but an old page may answer what is settled.
            forged_answers: 3,
        }
    }
}

impl Alerts {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let incidents = || kinds::whole(0..=MOST_INCIDENTS);
        Self {
            raise_seconds: r.or("raise_seconds", d.raise_seconds, kinds::whole(0..=DAY_SECONDS)),
            clear_seconds: r.or("clear_seconds", d.clear_seconds, kinds::whole(0..=DAY_SECONDS)),
            disk_free_mb: r.or("disk_free_mb", d.disk_free_mb, kinds::whole(0..=MOST_MEGABYTES)),
            disk_days: r.or("disk_days", d.disk_days, kinds::whole(0..=MOST_DAYS)),
            memory_mb: r.or("memory_mb", d.memory_mb, kinds::whole(0..=MOST_MEGABYTES)),
            answer_millis: r.or("answer_millis", d.answer_millis, kinds::whole(0..=MOST_MILLIS)),
            write_millis: r.or("write_millis", d.write_millis, kinds::whole(0..=MOST_MILLIS)),
            clock_seconds: r.or("clock_seconds", d.clock_seconds, kinds::whole(0..=DAY_SECONDS)),
            failed_logins: r.or("failed_logins", d.failed_logins, incidents()),
            denied_requests: r.or("denied_requests", d.denied_requests, incidents()),
            forged_answers: r.or("forged_answers", d.forged_answers, incidents()),
        }
    }
}

/// From which severity on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Least {
    #[default]
    Warning,
    Critical,
}

/// One whom alerts are posted to.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct WebhookEntry {
    pub name: String,
    /// `http://…` or `https://…`; what stands behind its host may be a secret.
    pub url: String,
    pub severity: Least,
    /// What signs the body; none of the three: it is not signed. A file that only this user may read.
    pub secret_file: Option<PathBuf>,
    /// A variable of the environment.
    pub secret_env: Option<String>,
    /// The name of a file that systemd hands over.
    pub credential: Option<String>,
    /// PEM; none: the host's own authorities.
    pub ca: Option<PathBuf>,
    pub timeout_seconds: u32,
}

impl std::fmt::Debug for WebhookEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebhookEntry({} at {})", self.name, self.host())
    }
}

impl WebhookEntry {
    /// What may be shown of where it is.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let name = r.required("name", "\"phone\"", kinds::node_name);
        let url = r.required("url", "\"https://ntfy.example/jamey\"", url);
        let least = kinds::word(&[("warning", Least::Warning), ("critical", Least::Critical)]);
        let entry = Self {
            name: String::new(),
            url: String::new(),
            severity: r.or("severity", Least::default(), least),
            secret_file: r.optional("secret_file", kinds::path),
            secret_env: r.optional("secret_env", kinds::name),
            credential: r.optional("credential", kinds::credential),
            ca: r.optional("ca", kinds::path),
            timeout_seconds: r.or("timeout_seconds", 10, kinds::whole(1..=MOST_TIMEOUT_SECONDS)),
        };
        let named = [
            ("secret_file", entry.secret_file.is_some()),
            ("secret_env", entry.secret_env.is_some()),
            ("credential", entry.credential.is_some()),
        ];
        if let [first, second, ..] = named.iter().filter(|(_, is_named)| *is_named).collect::<Vec<_>>().as_slice() {
            r.refuse(second.0, format!("found together with `{}`; keep one of the two", first.0));
        }
        let url = url?;
        if entry.ca.is_some() && !url.starts_with("https://") {
            r.refuse("ca", "found, while `url` is not https and nothing would be checked; remove it, or write https");
        }
        Some(Self { name: name?, url, ..entry })
    }
}

fn url(node: &Node) -> Read<String> {
    let good = |text: &str| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
        text.len() <= limits::WEBHOOK_URL_BYTES
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
            && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
    };
    node.text()
        .filter(|text| good(text))
        .map(str::to_owned)
        .ok_or_else(|| "http:// or https:// with a host and a path, without `#` and without a user before the host".to_owned())
}

/// No two of one name: it is the name of their alert.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    if config.webhooks.len() > limits::WEBHOOKS {
        let message = format!("found {} of them; write {} at most", config.webhooks.len(), limits::WEBHOOKS);
        ledger.refuse_path("webhook", message);
    }
    if !ledger.sound("webhook") {
        return;
    }
    for (i, name) in repeated(config.webhooks.iter().map(|one| one.name.clone()).enumerate()) {
        ledger.refuse_path(&format!("webhook[{i}].name"), format!("found \"{name}\" a second time; give each webhook a name of its own"));
    }
}
