//! What goes into a snapshot, brought together so that it stands still while it is read. The broker comes first and the database last: what
//! was held and let on in between is then settled in the restored house, and goes on a second time in no life.
//!
//! Not in it: the lock, a guard that was switched off, letters between the command line and Jamey, and what waits to go to another broker. They
//! belong to the life that ends.

use super::{
    letting_go::let_go,
    named::{self, Named},
};
use crate::{
    broker::{Engine, keep},
    config::{Config, Extra},
    phoenix::{Component, Content, Item, PhoenixError, Progress, Source, Step},
    runtime::Disk,
    store::{self, Copying, KEY_FILE, StoreError, StoreHealth},
};
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::runtime::Handle;

/// Where it is brought together, in the data folder: not in `/tmp`, which may be memory.
const FOLDER: &str = "phoenix-gather";
/// The largest of the owner's files: a rule file has 2 MiB at most.
const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// What is left free beside it: what the house itself writes meanwhile.
const ROOM_LEFT: u64 = 128 * 1024 * 1024;
/// How often a copy is begun anew because something was forgotten meanwhile.
const TRIES: u32 = 5;
/// Of the layout of a component, where it has no other.
const LAYOUT: u32 = 1;

/// The house that a snapshot is taken of.
pub struct Gathering {
    pub config: Arc<Config>,
    /// The config file; none: the built-in one.
    pub file: Option<PathBuf>,
    /// None: it is at rest, and its data folder locked by who asks.
    pub running: Option<Running>,
}

/// What of the running Jamey is needed. Weakly: it does not stay for a snapshot.
pub struct Running {
    pub engine: Weak<Engine>,
    pub health: Arc<StoreHealth>,
    pub runtime: Handle,
}

/// What was brought together.
pub struct Gathered {
    pub sources: Vec<Source>,
    /// What the owner wanted and is not in it, and why.
    pub left_out: Vec<String>,
    /// Must stay until the sources have been read; it goes when it is dropped.
    pub folder: Folder,
}

/// A folder of one gathering.
pub struct Folder {
    path: PathBuf,
    _alone: File,
}

impl Gathering {
    /// Brings it together: the database, the broker, config, rules and access lists; certificates and the index where they are wanted. Not for
    /// an async task.
    ///
    /// # Errors
    /// When the database or the broker cannot be copied, there is no room for it, it is stopped, or another gathers at the moment.
    pub fn gather(&self, include: &[Extra], bytes_a_second: u64, progress: Progress<'_>) -> Result<Gathered> {
        let data = &self.config.store.data;
        let folder = Folder::make(data)?;
        let mut left_out = Vec::new();
        let broker = self.broker(&folder.path)?;
        let index = include.contains(&Extra::Index).then(|| index(data, &folder.path)).and_then(|linked| match linked {
            Ok(source) => Some(source),
            Err(why) => {
                left_out.push(format!("the index ({why:#}); it is built anew after a restore"));
                None
            }
        });
        let mut sources = vec![self.database(&folder.path, bytes_a_second, progress)?, broker];
        sources.extend(self.owners(include.contains(&Extra::Certificates), &mut left_out)?);
        sources.extend(index);
        Ok(Gathered { sources, left_out, folder })
    }

    fn database(&self, into: &Path, bytes_a_second: u64, progress: Progress<'_>) -> Result<Source> {
        let data = self.config.store.data.as_path();
        let health = self.running.as_ref().map(|running| &*running.health);
        let order = Copying { from: data, into, bytes_a_second, health };
        let mut tries = 0;
        let copied = loop {
            tries += 1;
            match store::copy(&order, &mut |done, of| progress(Step { done, of })) {
                Err(StoreError::GaveWay) if tries < TRIES => std::thread::sleep(Duration::from_secs(1)),
                Err(StoreError::Stopped) => return Err(PhoenixError::Stopped.into()),
                done => break done.context("the database cannot be copied")?,
            }
        };
        let mut items = vec![Item { path: store::FILE.into(), mode: 0o600, content: Content::File(copied.path) }];
        if let Some(key) = read(&data.join(KEY_FILE)).transpose()? {
            items.push(Item { path: KEY_FILE.into(), mode: 0o600, content: Content::Bytes(key) });
        }
        let schema = u32::try_from(copied.holds.schema).context("the database's schema")?;
        Ok(Source { component: Component::Database, schema, counts: copied.holds.counts, items })
    }

    fn broker(&self, folder: &Path) -> Result<Source> {
        let into = folder.join(KEPT);
        crate::app::private_folder(&into).with_context(|| format!("{} cannot be made", into.display()))?;
        let counts = match &self.running {
            Some(running) => {
                let Some(engine) = running.engine.upgrade() else { bail!("Jamey is stopping") };
                // On one of the runtime's own threads: what reads files for it is not to be as patient as the thread that asks, for it serves others later.
                let place = into.clone();
                running
                    .runtime
                    .block_on(running.runtime.spawn(async move { engine.export(&place).await }))
                    .context("the broker's export ended")??
            }
            None => tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(keep::export_at_rest(
                &self.config,
                &self.config.store.data.join(BROKER),
                &into,
            ))?,
        };
        let item = |name: &&str| Item { path: format!("{KEPT}/{name}"), mode: 0o600, content: Content::File(into.join(name)) };
        Ok(Source { component: Component::Broker, schema: keep::LAYOUT, counts, items: keep::FILES.iter().map(item).collect() })
    }

    /// What the owner wrote. A file that cannot be read now is left out: the rest of the house is not to burn for it.
    fn owners(&self, certificates: bool, left_out: &mut Vec<String>) -> Result<Vec<Source>> {
        let bytes = |path: String, bytes| Item { path, mode: 0o600, content: Content::Bytes(bytes) };
        let mut config = Vec::new();
        let (mut kept, mut parts) = (Vec::<Named>::new(), BTreeMap::<Component, Vec<Item>>::new());
        for named in named::files(&self.config).into_iter().filter(|named| certificates || named.component != Component::Certificates) {
            match read(&named.was) {
                Some(Ok(content)) => {
                    let items = parts.entry(named.component).or_default();
                    if items.iter().all(|item| item.path != named.item) {
                        items.push(bytes(named.item.clone(), content));
                    }
                    kept.push(named);
                }
                Some(Err(why)) => left_out.push(format!("{} ({}): {why:#}", named.was.display(), named.option)),
                None => left_out.push(format!("{} ({}): it is not there", named.was.display(), named.option)),
            }
        }
        if let Some(file) = &self.file {
            match read(file) {
                Some(Ok(content)) => config.push(bytes(named::FILE.into(), content)),
                Some(Err(why)) => left_out.push(format!("{}: {why:#}", file.display())),
                None => left_out.push(format!("{}: it is not there", file.display())),
            }
        }
        let chosen = self.config.store.data.join(crate::app::orders::FILE);
        match read(&chosen) {
            Some(Ok(content)) => config.push(bytes(named::CHOSEN.into(), content)),
            Some(Err(why)) => left_out.push(format!("{}: {why:#}", chosen.display())),
            None => {}
        }
        let own = crate::app::rules::own_path(&self.config.store.data);
        match read(&own) {
            // It stands there in the data folder, and so in a restored one.
            Some(Ok(content)) => parts.entry(Component::Rules).or_default().push(bytes(crate::app::rules::OWN.into(), content)),
            Some(Err(why)) => left_out.push(format!("{}: {why:#}", own.display())),
            None => {}
        }
        config.push(bytes(named::IN_EFFECT.into(), serde_json::to_vec_pretty(&*self.config)?));
        config.push(bytes(named::PLACES.into(), serde_json::to_vec_pretty(&kept)?));
        parts.insert(Component::Config, config);
        Ok(parts
            .into_iter()
            .map(|(component, items)| {
                let files = u64::try_from(items.len()).unwrap_or(u64::MAX);
                Source { component, schema: LAYOUT, counts: [("files".to_owned(), files)].into(), items }
            })
            .collect())
    }
}

/// Where the engine's files stand in the data folder, and where what was kept of them stands in a snapshot.
pub(super) const BROKER: &str = "broker";
pub(super) const KEPT: &str = "kept";

/// The index as it was committed last. Its files never change: they are linked, and are its own if its list is the same afterwards.
fn index(data: &Path, folder: &Path) -> Result<Source> {
    let (from, into) = (data.join(crate::app::INDEX), folder.join(crate::app::INDEX));
    for _ in 0..TRIES {
        let Some(list) = read(&from.join(META)).transpose()? else { bail!("there is none yet") };
        crate::app::private_folder(&into)?;
        let listed: serde_json::Value = serde_json::from_slice(&list).context("its list cannot be read")?;
        let segments: Vec<String> = listed
            .get("segments")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|segment| Some(segment.get("segment_id")?.as_str()?.replace('-', "")))
            .collect();
        let linked = link(&from, &into, &segments);
        let is_the_same = read(&from.join(META)).transpose()?.is_some_and(|after| after == list);
        if let (Ok(names), true) = (linked, is_the_same) {
            let file = |name: String| Item {
                path: format!("{}/{name}", crate::app::INDEX),
                mode: 0o600,
                content: Content::File(into.join(&name)),
            };
            let mut items: Vec<Item> = names.into_iter().map(file).collect();
            let path = format!("{}/{META}", crate::app::INDEX);
            items.push(Item { path, mode: 0o600, content: Content::Bytes(list) });
            let files = u64::try_from(items.len()).unwrap_or(u64::MAX);
            return Ok(Source { component: Component::Index, schema: LAYOUT, counts: [("files".to_owned(), files)].into(), items });
        }
        fs::remove_dir_all(&into)?;
    }
    bail!("it changed again and again while its files were looked up")
}

/// The index's list of what it is made of.
const META: &str = "meta.json";

fn link(from: &Path, into: &Path, segments: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if segments.iter().any(|segment| name.strip_prefix(segment.as_str()).is_some_and(|rest| rest.starts_with('.'))) {
            let (file, place) = (from.join(&name), into.join(&name));
            // Where there are no links, it is copied.
            fs::hard_link(&file, &place).or_else(|_| fs::copy(&file, &place).map(drop))?;
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// One of the owner's files; none: it is not there.
fn read(path: &Path) -> Option<Result<Vec<u8>>> {
    // A pipe would never end.
    let found =
        fs::metadata(path).and_then(|found| if found.is_file() { File::open(path) } else { Err(std::io::Error::other("it is no file")) });
    let file = match found {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(error.into())),
    };
    let mut bytes = Vec::new();
    Some(match file.take(FILE_BYTES + 1).read_to_end(&mut bytes) {
        Ok(_) if u64::try_from(bytes.len()).is_ok_and(|n| n <= FILE_BYTES) => Ok(bytes),
        Ok(_) => Err(anyhow::anyhow!("it has more than {FILE_BYTES} bytes")),
        Err(error) => Err(error.into()),
    })
}

/// Takes away what a gathering left that was ended in the middle; not of one that is under way.
pub(super) fn clear_away(data: &Path) {
    drop(Folder::make(data));
}

impl Folder {
    fn make(data: &Path) -> Result<Self> {
        let path = data.join(FOLDER);
        // Beside it: what is locked is not taken away with it.
        let lock = data.join(format!("{FOLDER}.lock"));
        let alone = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .with_context(|| format!("{} cannot be written", lock.display()))?;
        if alone.try_lock().is_err() {
            bail!("another snapshot of {} is being taken: wait for it", data.display());
        }
        let_go(&path).with_context(|| format!("{} cannot be cleared", path.display()))?;
        crate::app::private_folder(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        let folder = Self { path, _alone: alone };
        folder.has_room(data)?;
        Ok(folder)
    }

    /// A disk that is full stops the house: it is not filled for a snapshot.
    fn has_room(&self, data: &Path) -> Result<()> {
        let bytes = fs::metadata(data.join(store::FILE)).map_or(0, |found| found.len());
        let (free, needed) = (Disk::of(&self.path)?.free, bytes.saturating_add(ROOM_LEFT));
        if free < needed {
            let (free, needed) = (free / 1_000_000, needed / 1_000_000);
            bail!("{}: {free} MB are free, and a snapshot needs {needed} for its copy of the database: make room", data.display());
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = let_go(&self.path);
    }
}
