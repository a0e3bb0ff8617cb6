//! What a snapshot restored becomes a data folder that `jamey run` takes. It is laid out so:
//!
//! `jamey.db` and `audit.key`, brought to this Jamey's schema; `broker/`, filled through the engine from `kept/`, which goes; `index/`, where it was
//! saved, else the first start makes it; `config/jamey.toml`, which names what was restored here and not what may lie at the old places, and
//! `config/jamey.toml.was` as it was; `rules/`, `access/`, `certificates/`; and `RESTORED.txt`, which says all that to a person.

use super::{
    gather::{BROKER, KEPT},
    named::{self, Named},
    rewrite::rewrite,
};
use crate::{
    broker::keep,
    config::{Config, Sources},
    domain::{Change, Timestamp, audit::Event},
    phoenix::Manifest,
    runtime::Clock,
    store::{self, Batch, Store},
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// What came of it, and what a person has to know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settled {
    /// What the broker got back; none: it was not restored.
    pub broker: Option<BTreeMap<String, u64>>,
    /// The database's schema before and after; none: it was not restored.
    pub schema: Option<(i64, i64)>,
    /// The config file to start with; none: there was none, and the built-in one holds.
    pub config: Option<PathBuf>,
    /// Files of the owner's that the config now names here.
    pub files: Vec<Named>,
    /// Files that the config names and that are not here, as option and path.
    pub missing: Vec<(String, PathBuf)>,
    /// What the old house had by its environment or flags, as option and value.
    pub besides: Vec<(String, String)>,
}

/// Tells a person what this folder is.
const NOTE: &str = "RESTORED.txt";
const WAS: &str = "jamey.toml.was";
/// Options that another house has by its flags; more are counted.
const MOST_BESIDES: usize = 40;

/// Settles what was restored into a folder that is to be called `home`. Not for an async task; done again, it goes on where it was ended. It is
/// on disk when whoever restores has brought all of it there.
///
/// # Errors
/// When the broker's files or the database cannot be read, or the folder not written.
pub fn settle(into: &Path, home: &Path, manifest: &Manifest) -> Result<Settled> {
    let (into, home) = (std::path::absolute(into)?, std::path::absolute(home)?);
    let clock = Clock::new(Timestamp::default());
    let now = clock.wall();
    let mut settled = Settled { broker: broker(&into, manifest.taken_at, now)?, ..Settled::default() };
    if into.join(store::FILE).exists() {
        settled.schema = Some(database(&into, manifest, now)?);
    }
    config(&into, &home, &mut settled)?;
    let note = settled.note(&home, manifest, now);
    fs::write(into.join(NOTE), note).with_context(|| format!("{} cannot be written", into.join(NOTE).display()))?;
    Ok(settled)
}

pub(super) fn broker(into: &Path, taken_at: Timestamp, now: Timestamp) -> Result<Option<BTreeMap<String, u64>>> {
    let (kept, place, fresh) = (into.join(KEPT), into.join(BROKER), into.join("broker.new"));
    if !kept.is_dir() {
        return Ok(None);
    }
    if place.exists() {
        bail!("{}: there is a broker already; restore to a new folder", place.display());
    }
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    let away = Duration::try_from_secs_f64(now.seconds_since(taken_at)).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let counts = runtime.block_on(keep::import(&kept, &fresh, away))?;
    drop(runtime);
    fs::rename(&fresh, &place)?;
    fs::remove_dir_all(&kept)?;
    Ok(Some(counts))
}

/// Brings it to this Jamey's schema, and puts on record that there is a gap behind it.
fn database(into: &Path, manifest: &Manifest, now: Timestamp) -> Result<(i64, i64)> {
    let before = store::inspect(&into.join(store::FILE))?.schema;
    let mut store = Store::open(into).context("the restored database cannot be opened")?;
    let last = store.load().context("the restored database cannot be read")?.last_at;
    let at = now.max(last.unwrap_or_default());
    let detail = format!("of {}, taken at {} in {}", manifest.node, manifest.taken_at, manifest.repository);
    let change = Change::Audit(Event::new(at, "host", "phoenix.restored", Some(&format!("snapshot {}", manifest.sequence)), &detail));
    store.write(&Batch { changes: vec![change], at, ..Batch::default() }).context("that it was restored cannot be put on record")?;
    Ok((before, store::schema_version()))
}

pub(super) fn config(into: &Path, home: &Path, settled: &mut Settled) -> Result<()> {
    let read = |path: &Path| fs::read_to_string(path).ok();
    let places = read(&into.join(named::PLACES)).and_then(|text| serde_json::from_str::<Vec<Named>>(&text).ok()).unwrap_or_default();
    let chosen = into.join(named::CHOSEN);
    if chosen.is_file() {
        fs::rename(chosen, into.join(crate::app::orders::FILE))?;
    }
    let (here, gone): (Vec<_>, Vec<_>) = places.into_iter().partition(|one| into.join(&one.item).is_file());
    settled.files = here;
    settled.missing = gone.into_iter().map(|one| (one.option, one.was)).collect();
    let (file, was) = (into.join(named::FILE), into.join(named::FILE).with_file_name(WAS));
    if !was.exists() && file.exists() {
        fs::rename(&file, &was)?;
    }
    let text = read(&was);
    if let Some(text) = &text {
        let new = rewrite(text, &settled.files, home);
        let fresh = file.with_extension("new");
        fs::write(&fresh, &new).and_then(|()| fs::set_permissions(&fresh, fs::metadata(&was)?.permissions()))?;
        fs::rename(&fresh, &file)?;
        settled.config = Some(home.join(named::FILE));
    }
    let text = text.unwrap_or_else(|| Config::EMBEDDED.to_owned());
    let Ok(config) = Config::read(&Sources { file: Some((named::FILE, &text)), env: vec![], flags: vec![] }) else { return Ok(()) };
    let saved = |path: &Path| settled.files.iter().any(|one| one.was == path) || settled.missing.iter().any(|(_, was)| was == path);
    let unsaved = named::files(&config).into_iter().map(|one| (one.option, one.was)).filter(|(_, was)| !saved(was));
    let missing: Vec<_> = unsaved.chain(named::secrets(&config).into_iter().filter(|(_, path)| !path.exists())).collect();
    settled.missing.extend(missing);
    let in_effect = read(&into.join(named::IN_EFFECT)).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if let (Some(in_effect), Ok(written)) = (in_effect, serde_json::to_value(&config)) {
        differ(&written, &in_effect, "", &mut settled.besides);
        // Where it lies now is another place in any case.
        settled.besides.retain(|(option, _)| option != "store.data");
    }
    Ok(())
}

/// What stands in the second and otherwise in the first.
fn differ(written: &Value, in_effect: &Value, above: &str, tell: &mut Vec<(String, String)>) {
    match (written, in_effect) {
        (Value::Object(written), Value::Object(in_effect)) => {
            for (key, value) in in_effect {
                let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
                // An option that only one of two versions knows differs by no one's will.
                if let Some(before) = written.get(key) {
                    differ(before, value, &path, tell);
                }
            }
        }
        (a, b) if a != b && tell.len() < MOST_BESIDES => tell.push((above.to_owned(), b.to_string())),
        _ => {}
    }
}

impl Settled {
    /// The commands that are left to do once it is restored: look, and start. Options of the old house that came by flags are among them.
    #[must_use]
    pub fn commands(&self, into: &Path) -> [String; 2] {
        let into = std::path::absolute(into).unwrap_or_else(|_| into.to_owned());
        let config = self.config.as_ref().map_or_else(String::new, |path| format!(" --config {}", quoted(path)));
        let mut flags = String::new();
        for (flag, option) in crate::config::FLAGS.iter().filter(|(flag, _)| *flag != "--data") {
            if let Some((_, value)) = self.besides.iter().find(|(name, _)| name == option) {
                flags.push_str(&format!(" {flag} {}", quoted(Path::new(&plain(value)))));
            }
        }
        ["check", "run"].map(|command| format!("jamey {command}{config} --data {}{flags}", quoted(&into)))
    }

    fn note(&self, into: &Path, manifest: &Manifest, now: Timestamp) -> String {
        let mut text = format!(
            "Restored at {now} from snapshot {} of {}, taken at {} by jamey {}.\nWhat happened after that is not in it.\n\nStart it:\n",
            manifest.sequence, manifest.node, manifest.taken_at, manifest.version
        );
        for command in self.commands(into) {
            text.push_str(&format!("  {command}\n"));
        }
        let list = |text: &mut String, title: &str, lines: &mut dyn Iterator<Item = String>| {
            let lines: Vec<String> = lines.collect();
            if !lines.is_empty() {
                text.push_str(&format!("\n{title}\n"));
                lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
            }
        };
        let missing = self.missing.iter().map(|(option, path)| format!("{option}: {}", path.display()));
        list(&mut text, "The config names these files, and they are not in it; put them there before the start:", &mut { missing });
        let besides = self.besides.iter().map(|(option, value)| format!("{option} = {value}"));
        list(&mut text, "The old house had these otherwise than its config file says, by its environment or its flags:", &mut { besides });
        let files = self.files.iter().map(|one| format!("{}: {} is {} here", one.option, one.was.display(), one.item));
        list(&mut text, "The config in config/jamey.toml names these files here; as it was it is beside it, in jamey.toml.was:", &mut {
            files
        });
        text
    }
}

/// A list of addresses as flags take it, and a text without its quotes.
fn plain(value: &str) -> String {
    let texts = |value: &Value| value.as_str().map(str::to_owned);
    match serde_json::from_str::<Value>(value) {
        Ok(Value::Array(items)) => items.iter().filter_map(texts).collect::<Vec<_>>().join(","),
        Ok(value) => texts(&value).unwrap_or_else(|| value.to_string()),
        Err(_) => value.to_owned(),
    }
}

/// For a shell.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-,:@+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
