//! Taking a snapshot: content is cut, named, compressed, sealed and packed; the manifest comes last, and only then it is there.

use super::{
    Progress, Step,
    chunk::{self, Cutter, INLINE},
    error::{At, PhoenixError},
    id::{Id, Sequence},
    key::RepositoryKey,
    manifest::{Kept, Manifest, Part, SavedItem, VERSION},
    pack::{Packer, Sealer},
    places::Places,
    repository::Repository,
    source::{Content, Item, Source, is_path},
    vault::{Haste, LAST, Vault},
};
use crate::domain::{Timestamp, limits};
use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

/// What to take.
#[derive(Debug)]
pub struct Order {
    pub at: Timestamp,
    pub node: String,
    /// `asked`, `scheduled`, `changed`.
    pub reason: String,
    pub sources: Vec<Source>,
    /// Content read a second at most, so that others get their turn at the disk; 0: as fast as it goes.
    pub bytes_a_second: u64,
    /// The highest number that was ever seen here, so that a number is never given twice; 0 where nobody knows.
    pub after: Sequence,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub sequence: Sequence,
    /// BLAKE3 of the manifest's file.
    pub hash: Id,
    /// Bytes of content.
    pub bytes: u64,
    /// Bytes that the repository grew by.
    pub written: u64,
    pub chunks: u64,
    pub new_chunks: u64,
}

/// Chunks that wait for each thread; at most 256 KiB each.
const WAITING: usize = 4;

pub(super) fn take(repository: &Repository, order: Order, progress: Progress<'_>) -> Result<Taken, PhoenixError> {
    let (vault, key) = (&repository.vault, repository.key());
    check(&order)?;
    let writing = vault.writing()?;
    vault.sweep(&writing)?;
    let before = vault.sequences()?;
    let places = Places::read(vault, key)?;
    let mut walk = Walk::new(key, &places, &order);
    let (parts, packed) = thread::scope(|scope| {
        let (to_pack, sealed) = sync_channel(2 * WAITING);
        let haste = if order.bytes_a_second > 0 { Haste::Gentle(repository.house()) } else { Haste::Full };
        let packer = scope.spawn(move || pack(vault, key, &sealed, haste));
        let mut lines = Vec::new();
        for _ in 0..threads() {
            let (line, chunks) = sync_channel(WAITING);
            let (sealer, to_pack) = (Sealer::new(key, vault.id)?, to_pack.clone());
            scope.spawn(move || seal(sealer, &chunks, &to_pack));
            lines.push(line);
        }
        drop(to_pack);
        walk.lines = lines;
        let parts = order.sources.iter().map(|source| walk.part(source, progress)).collect::<Result<Vec<_>, _>>();
        // The sealers end when nothing comes any more, and then the packer.
        walk.lines.clear();
        let packed = packer.join().unwrap_or_else(|_| Err(PhoenixError::Refused("the thread that packs ended".into())));
        // Where both failed, the packer's reason is the first one: without it nobody takes chunks.
        match packed {
            Err(error) => Err(error),
            Ok(packed) => Ok((parts?, packed)),
        }
    })?;

    // Of one that cannot be read nothing is known, and it must not keep the house from being saved.
    let read = |number: &Sequence| Some(Kept { sequence: *number, hash: Id::of(&vault.snapshot(*number).ok()?) });
    let kept: Vec<Kept> = before.iter().filter_map(read).collect();
    // Anybody who writes there may give a file any number: it counts where its manifest opens, and is stepped over where not.
    let mut sequence = repository.newest()?.unwrap_or_default().max(order.after) + 1;
    while before.contains(&sequence) {
        sequence += 1;
    }
    if sequence > LAST {
        return Err(PhoenixError::Refused("the numbers of snapshots have come to an end: begin another repository".into()));
    }
    let manifest = Manifest {
        v: VERSION,
        repository: vault.id,
        sequence,
        previous: kept.last().map(|kept| kept.hash),
        taken_at: order.at,
        version: env!("CARGO_PKG_VERSION").into(),
        node: order.node,
        reason: order.reason,
        parts,
        kept,
    };
    let bytes = manifest.seal(key)?;
    vault.keep_snapshot(sequence, &bytes)?;
    Ok(Taken {
        sequence,
        hash: Id::of(&bytes),
        bytes: manifest.bytes(),
        written: packed + bytes.len() as u64,
        chunks: walk.chunks,
        new_chunks: walk.new.len() as u64,
    })
}

/// What the manifest could not say, or a restore could not put anywhere, is refused before anything is read.
fn check(order: &Order) -> Result<(), PhoenixError> {
    let mut paths = BTreeSet::new();
    let mut components = BTreeSet::new();
    for source in &order.sources {
        if !components.insert(source.component) {
            return Err(PhoenixError::Refused(format!("{} is there twice", source.component)));
        }
        for item in &source.items {
            if !is_path(&item.path) {
                return Err(PhoenixError::Refused(format!("`{}` is no path below a folder", item.path)));
            }
            if !paths.insert(item.path.as_str()) {
                return Err(PhoenixError::Refused(format!("`{}` is there twice", item.path)));
            }
        }
    }
    if paths.len() > limits::SAVED_FILES {
        return Err(PhoenixError::Refused(format!("{} files are more than the {} of one snapshot", paths.len(), limits::SAVED_FILES)));
    }
    Ok(())
}

/// As many threads as there are cores, and no more than help.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(4)
}

/// Reads all content, in order, and sends what is new to be sealed.
struct Walk<'a> {
    cutter: Cutter,
    places: &'a Places,
    lines: Vec<SyncSender<(Id, Vec<u8>)>>,
    new: BTreeSet<Id>,
    chunks: u64,
    done: u64,
    of: u64,
    began: Instant,
    bytes_a_second: u64,
}

impl<'a> Walk<'a> {
    fn new(key: &RepositoryKey, places: &'a Places, order: &Order) -> Self {
        let length = |item: &Item| match &item.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(path) => path.metadata().map_or(0, |m| m.len()),
        };
        Self {
            cutter: Cutter::new(key),
            places,
            lines: Vec::new(),
            new: BTreeSet::new(),
            chunks: 0,
            done: 0,
            of: order.sources.iter().flat_map(|source| &source.items).map(length).sum(),
            began: Instant::now(),
            bytes_a_second: order.bytes_a_second,
        }
    }

    fn part(&mut self, source: &Source, progress: Progress<'_>) -> Result<Part, PhoenixError> {
        let items = source.items.iter().map(|item| self.item(item, progress)).collect::<Result<_, _>>()?;
        Ok(Part { component: source.component, schema: source.schema, counts: source.counts.clone(), items })
    }

    fn item(&mut self, item: &Item, progress: Progress<'_>) -> Result<SavedItem, PhoenixError> {
        let (content, path): (Box<dyn Read + '_>, PathBuf) = match &item.content {
            Content::Bytes(bytes) => (Box::new(bytes.as_slice()), item.path.clone().into()),
            Content::File(path) => (Box::new(File::open(path).at(path, "cannot be read")?), path.clone()),
        };
        let mut hasher = blake3::Hasher::new();
        let (mut ids, mut bytes) = (Vec::new(), 0);
        let before = self.done;
        let cutter = self.cutter.clone();
        for chunk in cutter.cut(content, &path) {
            let chunk = chunk?;
            hasher.update(&chunk);
            bytes += chunk.len() as u64;
            ids.push(self.chunk(chunk)?);
            self.done = before + bytes;
            if !progress(Step { done: self.done, of: self.of.max(self.done) }) {
                return Err(PhoenixError::Stopped);
            }
            self.rest();
        }
        let mut lists = Vec::new();
        if ids.len() > INLINE {
            for list in chunk::lists(&ids) {
                lists.push(self.chunk(list.iter().flat_map(|id| id.0).collect())?);
            }
            ids.clear();
        }
        let hash = Id(*hasher.finalize().as_bytes());
        Ok(SavedItem { path: item.path.clone(), mode: item.mode, bytes, hash, chunks: ids, lists })
    }

    /// Names it, and sends it on where it is new.
    fn chunk(&mut self, chunk: Vec<u8>) -> Result<Id, PhoenixError> {
        let id = self.cutter.name(&chunk);
        self.chunks += 1;
        if self.places.get(&id).is_none() && self.new.insert(id) {
            if self.places.len() + self.new.len() > limits::CHUNKS {
                return Err(PhoenixError::Refused(format!("more than {} chunks: prune it, or begin another repository", limits::CHUNKS)));
            }
            let line = self.lines.get(self.new.len() % self.lines.len().max(1));
            let sent = line.is_some_and(|line| line.send((id, chunk)).is_ok());
            if !sent {
                return Err(PhoenixError::Refused("a thread that seals ended".into()));
            }
        }
        Ok(id)
    }

    /// Sleeps where it has been faster than it should.
    fn rest(&self) {
        if self.bytes_a_second > 0 {
            let micros = u128::from(self.done) * 1_000_000 / u128::from(self.bytes_a_second);
            let due = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
            thread::sleep(due.saturating_sub(self.began.elapsed()));
        }
    }
}

type Sealed = Result<(Id, u32, Vec<u8>), PhoenixError>;

fn seal(mut sealer: Sealer, chunks: &Receiver<(Id, Vec<u8>)>, to_pack: &SyncSender<Sealed>) {
    for (id, chunk) in chunks {
        let raw = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let sealed = sealer.seal(&id, &chunk).map(|sealed| (id, raw, sealed));
        if to_pack.send(sealed).is_err() {
            return;
        }
    }
}

/// Writes packs until no chunk comes any more; how many bytes they have.
fn pack(vault: &Vault, key: &RepositoryKey, sealed: &Receiver<Sealed>, haste: Haste<'_>) -> Result<u64, PhoenixError> {
    let (mut packer, mut written) = (Packer::new(key), 0);
    for sealed in sealed {
        let (id, raw, sealed) = sealed?;
        if !packer.has_room(sealed.len()) {
            written += put(vault, key, std::mem::replace(&mut packer, Packer::new(key)), haste)?;
        }
        packer.add(id, raw, &sealed);
    }
    if !packer.is_empty() {
        written += put(vault, key, packer, haste)?;
    }
    Ok(written)
}

/// Ends a pack and keeps it; how many bytes it has.
pub(super) fn put(vault: &Vault, key: &RepositoryKey, packer: Packer, haste: Haste<'_>) -> Result<u64, PhoenixError> {
    let (id, bytes) = packer.finish(key, vault.id)?;
    vault.keep_pack(id, &bytes, haste)?;
    Ok(bytes.len() as u64)
}
