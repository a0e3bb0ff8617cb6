//! The configuration: file, then environment, then flags; every option typed, ranged and checked, and everything wrong told at once.

mod acl;
mod alerts;
mod beside;
mod check;
mod courier;
mod duties;
mod entries;
mod error;
mod families;
mod home_assistant;
mod http;
mod identity;
mod kinds;
mod limits;
mod listeners;
mod live;
mod load;
mod memory;
mod missions;
mod older;
mod phoenix;
mod reader;
mod schema;
mod shown;
mod signals;
mod tree;

#[cfg(test)]
pub(crate) mod tests;

pub use acl::acl;
pub use alerts::{Alerts, Least, WebhookEntry};
pub use beside::{ATTACHED, Attached, BridgeEntry, BridgeTopic, Direction, Remote};
pub use courier::Courier;
pub use entries::{DeviceEntry, EntityEntry};
pub use error::ConfigError;
pub use home_assistant::HomeAssistant;
pub use http::Http;
pub use limits::Limits;
pub use listeners::{ClientFiles, ListenerEntry, Protocol, Rate, TlsFiles};
pub use live::{at_once, others, taken};
pub use load::{Loaded, load, load_all, load_text};
pub use older::{Migrated, VERSION, migrate};
pub use phoenix::{Extra, Phoenix, RepositoryEntry};
pub use reader::{Older, Places};
pub use schema::{Approvals, Broker, Conscience, Durability, GuardMode, Inputs, Log, LogFormat, PROFILES, StoreConfig, WhenUnwritable};
pub use shown::{flat, hidden, shown};
pub use signals::shipped as shipped_signals;
pub use tree::{ENV_PREFIX, FLAGS};

use crate::domain::{DutySpec, IdentitySpec, InputSource, Keeping, MissionSpec, OwnerGuard, Retention, SignalSpec};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use reader::{Ledger, Reader};
use serde::Serialize;
use std::path::PathBuf;
use tree::{Origin, Table};

/// Everything that can be set. Serialised, it has the names of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    /// Where it was read from; none: from no file. No option of its own.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Of which version the options' names are.
    pub config_version: u32,
    /// This Jamey among others: `[a-z0-9_-]{1,32}`.
    pub node: String,
    /// What Jamey's own topics begin with: one level or more, no wildcard.
    pub root: String,
    /// An IANA name of the bundled database.
    pub timezone: String,
    pub broker: Broker,
    pub limits: Limits,
    pub http: Http,
    pub store: StoreConfig,
    pub inputs: Inputs,
    pub home_assistant: HomeAssistant,
    #[serde(rename = "listener")]
    pub listeners: Vec<ListenerEntry>,
    #[serde(rename = "guard")]
    pub guards: Vec<OwnerGuard>,
    #[serde(rename = "device")]
    pub devices: Vec<DeviceEntry>,
    /// The shipped ones and the owner's.
    #[serde(rename = "signal")]
    pub signals: Vec<SignalSpec>,
    #[serde(rename = "entity")]
    pub entities: Vec<EntityEntry>,
    #[serde(rename = "bridge")]
    pub bridges: Vec<BridgeEntry>,
    /// None: Jamey is no client of another broker.
    pub attached: Option<Attached>,
    pub conscience: Conscience,
    pub approvals: Approvals,
    #[serde(rename = "duty")]
    pub duties: Vec<DutySpec>,
    #[serde(rename = "mission")]
    pub missions: Vec<MissionSpec>,
    pub identity: IdentitySpec,
    pub memory: Keeping,
    #[serde(rename = "retention")]
    pub retentions: Vec<Retention>,
    pub phoenix: Phoenix,
    pub alerts: Alerts,
    #[serde(rename = "webhook")]
    pub webhooks: Vec<WebhookEntry>,
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            file: None,
            config_version: VERSION,
            node: "jamey".into(),
            root: "jamey".into(),
            timezone: "UTC".into(),
            broker: Broker::default(),
            limits: Limits::default(),
            http: Http::default(),
            store: StoreConfig::default(),
            inputs: Inputs::default(),
            home_assistant: HomeAssistant::default(),
            listeners: Vec::new(),
            guards: Vec::new(),
            devices: Vec::new(),
            signals: shipped_signals(),
            entities: Vec::new(),
            bridges: Vec::new(),
            attached: None,
            conscience: Conscience::default(),
            approvals: Approvals::default(),
            duties: duties::shipped(),
            missions: missions::shipped(),
            identity: IdentitySpec::default(),
            memory: Keeping::default(),
            retentions: Vec::new(),
            phoenix: Phoenix::default(),
            alerts: Alerts::default(),
            webhooks: Vec::new(),
            log: Log::default(),
        }
    }
}

/// What a configuration is read from; later ones override earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources<'a> {
    /// (name for messages, text). None: every option at its default.
    pub file: Option<(&'a str, &'a str)>,
    /// Variables; only those that begin with [`ENV_PREFIX`] are looked at.
    pub env: Vec<(String, String)>,
    /// (path, value): `("broker.mqtt", "127.0.0.1:0")`. See [`FLAGS`].
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// `config/jamey.toml` as it was built in: every option at its default.
    pub const EMBEDDED: &str = include_str!("../../config/jamey.toml");

    /// Reads and checks everything.
    ///
    /// # Errors
    /// Everything that is wrong: first what the file says, in its order, then the environment, then the flags.
    pub fn read(sources: &Sources) -> Result<Self, Vec<ConfigError>> {
        read_all(sources).map(|read| read.config)
    }

    /// All that is told besides `in/…`, by pattern, the first that fits.
    #[must_use]
    pub fn sources(&self) -> Vec<InputSource> {
        let theirs = self.home_assistant.source();
        let is_named = self.inputs.extra.iter().any(|own| own.pattern.read(&self.home_assistant.status()).is_some());
        // Before the families': ESPHome's pattern would take it for a node of hers.
        theirs.into_iter().filter(|_| !is_named).chain(self.inputs.sources()).collect()
    }

    /// The time zone, from the bundled database; UTC for a name that was never checked.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZoneDatabase::bundled().get(&self.timezone).unwrap_or(TimeZone::UTC)
    }
}

/// The same, with where each option was set, and what stands under an older name.
fn read_all(sources: &Sources) -> Result<Loaded, Vec<ConfigError>> {
    let mut ledger = Ledger::default();
    let config = read(sources, &mut ledger);
    let (places, older) = (ledger.places(), std::mem::take(&mut ledger.older));
    let errors = ledger.into_errors();
    if errors.is_empty() { Ok(Loaded { config, places, older }) } else { Err(errors) }
}

fn read(sources: &Sources, ledger: &mut Ledger) -> Config {
    let mut whole = true;
    let mut table = match sources.file.map(|(name, text)| (name, tree::of_file(name, text))) {
        Some((_, Ok(table))) => table,
        Some((name, Err(wrong))) => {
            whole = false;
            for (at, message) in wrong {
                ledger.refuse(name, at, format!("not TOML: {message}"));
            }
            Table::new()
        }
        None => Table::new(),
    };
    overlay(sources, &mut table, ledger);
    older::rename(&mut table, older::RENAMED, ledger);
    let mut top = Reader::new(ledger, "", table);
    let (config, numbers) = sections(&mut top);
    top.end();
    // Half a file compared with the other half would be blamed for what it did say.
    if whole {
        check::all(&config, &numbers, ledger);
    }
    config
}

fn overlay(sources: &Sources, table: &mut Table, ledger: &mut Ledger) {
    let mut env: Vec<&(String, String)> = sources.env.iter().filter(|(name, _)| name.starts_with(ENV_PREFIX)).collect();
    // In the order of their names a whole section comes before its own options, whatever the environment's order.
    env.sort();
    for (name, raw) in env {
        let at = Origin::Env(name.as_str().into());
        match tree::env_path(name) {
            Some(path) => lay(table, &path, raw, &at, ledger),
            None => ledger.refuse(&error::shown_key(name), at, "names no option; write JAMEY__SECTION__KEY, such as JAMEY__BROKER__GUARD"),
        }
    }
    for (path, raw) in &sources.flags {
        let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
        lay(table, &parts, raw, &Origin::flag(path), ledger);
    }
}

fn lay(table: &mut Table, path: &[String], raw: &str, at: &Origin, ledger: &mut Ledger) {
    if let Err((path, message)) = tree::lay(table, path, tree::of_words(raw, at)) {
        ledger.refuse(&path, at.clone(), message);
    }
}

fn sections(top: &mut Reader) -> (Config, check::Numbers) {
    let d = Config::default();
    let (listener_numbers, listeners) = top.sections("listener", ListenerEntry::read).into_iter().unzip();
    let (guard_numbers, guards) = top.sections("guard", entries::guard).into_iter().unzip();
    let (device_numbers, devices) = top.sections("device", DeviceEntry::read).into_iter().unzip();
    let (input_numbers, extra) = top.sections("input", entries::input).into_iter().unzip();
    let (entity_numbers, entities) = top.sections("entity", EntityEntry::read).into_iter().unzip();
    let root = top.or("root", d.root, kinds::base);
    let mut inputs = Inputs { extra, ..top.section("inputs", Inputs::read) };
    let signals = signals::read(top, &mut inputs, &root);
    let missions = missions::read(top, &signals);
    let identity = top.section("identity", |r| identity::read(r, &signals));
    let config = Config {
        file: None,
        config_version: top.or("config_version", d.config_version, older::version),
        node: top.or("node", d.node, kinds::node_name),
        root,
        timezone: top.or("timezone", d.timezone, kinds::timezone),
        broker: top.section("broker", Broker::read),
        limits: top.section("limits", Limits::read),
        http: top.section("http", Http::read),
        store: top.section("store", StoreConfig::read),
        inputs,
        home_assistant: top.section("home_assistant", HomeAssistant::read),
        listeners,
        guards,
        devices,
        signals,
        entities,
        bridges: top.sections("bridge", BridgeEntry::read).into_iter().map(|(_, bridge)| bridge).collect(),
        attached: Attached::read(top),
        conscience: top.section("conscience", Conscience::read),
        approvals: top.section("approvals", Approvals::read),
        duties: duties::read(top),
        missions,
        identity,
        memory: top.section("memory", memory::keeping),
        retentions: memory::retentions(top),
        phoenix: top.section("phoenix", Phoenix::read),
        alerts: top.section("alerts", Alerts::read),
        webhooks: top.sections("webhook", WebhookEntry::read).into_iter().map(|(_, webhook)| webhook).collect(),
        log: top.section("log", Log::read),
    };
    let numbers = check::Numbers {
        listeners: listener_numbers,
        guards: guard_numbers,
        devices: device_numbers,
        inputs: input_numbers,
        entities: entity_numbers,
    };
    (config, numbers)
}
