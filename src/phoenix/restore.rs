//! Restoring: beside the target first, every hash compared, then put in its place in one step. Nothing half-restored is ever seen there.

use super::{
    Progress, Step, chunk,
    error::{At, PhoenixError},
    id::{Id, Sequence},
    manifest::{Manifest, SavedItem},
    pack::{Entry, Opener},
    places::Places,
    repository::Repository,
    snapshot::threads,
    source::Component,
    target::Target,
    vault::Vault,
};
use crate::runtime::files::Positioned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

/// What to restore.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// None: all that the snapshot holds.
    pub components: Option<BTreeSet<Component>>,
    /// Everything is read, opened and compared, and nothing written.
    pub dry_run: bool,
    /// It is not to stay: then nobody waits until all of it is on disk.
    pub for_trial: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    pub sequence: Sequence,
    pub bytes: u64,
    pub files: u64,
    /// Schema and counts of each component, as the manifest has them.
    pub parts: BTreeMap<Component, (u32, BTreeMap<String, u64>)>,
}

/// Chunks that wait for each thread.
const WAITING: usize = 4;

pub(super) fn restore<T, E: From<PhoenixError>>(
    repository: &Repository,
    manifest: &Manifest,
    choice: &Choice,
    into: &Path,
    progress: Progress<'_>,
    finish: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<(Restored, T), E> {
    let (restored, place) = fill(repository, manifest, choice, into, progress)?;
    let finished = finish(place.as_ref().map_or(into, |place| &place.folder))?;
    if let Some(place) = place {
        place.put(choice.for_trial)?;
    }
    Ok((restored, finished))
}

/// The folder is filled, and not in its place yet; none, where nothing is to be written.
fn fill<'a>(
    repository: &'a Repository,
    manifest: &Manifest,
    choice: &Choice,
    into: &Path,
    progress: Progress<'_>,
) -> Result<(Restored, Option<Target<'a>>), PhoenixError> {
    if let Some(wanted) = choice.components.iter().flatten().find(|wanted| manifest.part(**wanted).is_none()) {
        let held = manifest.parts.iter().map(|part| part.component).collect();
        return Err(PhoenixError::NoComponent { wanted: wanted.name(), held });
    }
    let chosen = |component: &Component| choice.components.as_ref().is_none_or(|wanted| wanted.contains(component));
    let parts: Vec<_> = manifest.parts.iter().filter(|part| chosen(&part.component)).collect();
    let items: Vec<&SavedItem> = parts.iter().flat_map(|part| &part.items).collect();
    let of = items.iter().map(|item| item.bytes).sum();

    let house = repository.house().filter(|_| choice.for_trial);
    let mut place = if choice.dry_run { None } else { Some(Target::beside(into, house)?) };
    let mut done = 0;
    read(repository, &items, &mut |item, chunk| {
        if let Some(place) = &mut place {
            place.take(item, chunk)?;
        }
        done += chunk.map_or(0, <[u8]>::len) as u64;
        if progress(Step { done, of }) { Ok(()) } else { Err(PhoenixError::Stopped) }
    })?;
    let restored = Restored {
        sequence: manifest.sequence,
        bytes: of,
        files: items.len() as u64,
        parts: parts.iter().map(|part| (part.component, (part.schema, part.counts.clone()))).collect(),
    };
    Ok((restored, place))
}

/// Takes each chunk of a file, and None when it is whole.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&SavedItem, Option<&[u8]>) -> Result<(), PhoenixError>;

/// Reads files in order.
pub(super) fn read(repository: &Repository, items: &[&SavedItem], sink: Sink<'_>) -> Result<(), PhoenixError> {
    let (vault, key) = (&repository.vault, repository.key());
    let places = &Places::read(vault, key)?;
    thread::scope(|scope| {
        let (mut lines, mut opened) = (Vec::new(), Vec::new());
        for _ in 0..threads() {
            let (line, jobs) = sync_channel(WAITING);
            let (to_sink, from) = sync_channel(WAITING);
            let opener = Opener::new(key, vault.id)?;
            scope.spawn(move || open(places, vault, opener, &jobs, &to_sink));
            lines.push(line);
            opened.push(from);
        }
        let opener = Opener::new(key, vault.id)?;
        scope.spawn(move || ask(places, vault, opener, items, &lines));

        let mut turn = opened.iter().cycle();
        for item in items {
            let (mut hasher, mut bytes) = (blake3::Hasher::new(), 0);
            while bytes < item.bytes {
                let chunk = turn.next().and_then(|line| line.recv().ok());
                let chunk = chunk.unwrap_or_else(|| Err(PhoenixError::Refused("a thread that reads ended".into())))?;
                let Some(chunk) = chunk else { break };
                hasher.update(&chunk);
                bytes += chunk.len() as u64;
                sink(item, Some(&chunk))?;
            }
            if bytes != item.bytes || Id(*hasher.finalize().as_bytes()) != item.hash {
                let what = format!("`{}` of it does not come to what it was", item.path);
                return Err(PhoenixError::Damaged { path: vault.folder().to_owned(), what });
            }
            sink(item, None)?;
        }
        Ok(())
    })
}

/// A chunk to be read, or why it cannot be; none where a file ends before it should.
type Job = Result<Option<Id>, PhoenixError>;
type Opened = Result<Option<Vec<u8>>, PhoenixError>;

/// Asks for each chunk in order, the threads in turn.
fn ask(places: &Places, vault: &Vault, mut opener: Opener, items: &[&SavedItem], lines: &[SyncSender<Job>]) {
    let mut turn = lines.iter().cycle();
    let mut send = |job: Job| {
        let fails = job.is_err();
        turn.next().is_some_and(|line| line.send(job).is_ok()) && !fails
    };
    let mut packs = Packs::default();
    for item in items {
        if item.bytes == 0 {
            continue;
        }
        let mut left = item.bytes;
        let lists = item.lists.iter().map(|list| {
            let blob = packs.find(places, vault, list, &mut opener)?;
            chunk::listed(&blob)
                .ok_or_else(|| PhoenixError::Damaged { path: vault.folder().to_owned(), what: "a list of chunks is none".into() })
        });
        for ids in std::iter::once(Ok(item.chunks.clone())).chain(lists) {
            let ids = match ids {
                Ok(ids) => ids,
                Err(error) => {
                    send(Err(error));
                    return;
                }
            };
            for id in ids {
                let raw = places.get(&id).map_or(0, |(_, entry)| u64::from(entry.raw));
                // More than there should be is not asked for: the reader takes as many as the file has bytes.
                if left == 0 {
                    break;
                }
                left = left.saturating_sub(raw);
                if !send(Ok(Some(id))) {
                    return;
                }
            }
        }
        if left > 0 && !send(Ok(None)) {
            return;
        }
    }
}

fn missing(places: &Places, vault: &Vault) -> PhoenixError {
    let wrong = places.wrong.first().map(|(_, path, what)| format!("; {}: {what}", path.display())).unwrap_or_default();
    PhoenixError::Damaged {
        path: vault.folder().to_owned(),
        what: format!("a chunk is in none of its packs: one is missing or damaged{wrong}"),
    }
}

fn damaged(vault: &Vault, pack: Id, what: &str) -> PhoenixError {
    PhoenixError::Damaged { path: vault.pack_path(pack), what: what.to_owned() }
}

fn open(places: &Places, vault: &Vault, mut opener: Opener, jobs: &Receiver<Job>, to_sink: &SyncSender<Opened>) {
    let mut packs = Packs::default();
    for job in jobs {
        let opened = job.and_then(|job| job.map(|id| packs.find(places, vault, &id, &mut opener)).transpose());
        if to_sink.send(opened).is_err() {
            return;
        }
    }
}

/// The packs that were read last: chunks that lie together are read together.
#[derive(Default)]
pub(super) struct Packs {
    open: Vec<(Id, File)>,
}

/// Descriptors for each thread.
const OPEN_PACKS: usize = 8;

impl Packs {
    /// The chunk, from whichever pack has it whole.
    pub(super) fn find(&mut self, places: &Places, vault: &Vault, id: &Id, opener: &mut Opener) -> Result<Vec<u8>, PhoenixError> {
        let mut why = None;
        for (pack, entry) in places.all(id) {
            match self.open(vault, pack, &entry, opener) {
                Ok(chunk) => return Ok(chunk),
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(why.unwrap_or_else(|| missing(places, vault)))
    }

    pub(super) fn open(&mut self, vault: &Vault, pack: Id, entry: &Entry, opener: &mut Opener) -> Result<Vec<u8>, PhoenixError> {
        let sealed = self.sealed(vault, pack, entry)?;
        opener.open(entry, &sealed).map_err(|what| damaged(vault, pack, &format!("a chunk: {what}")))
    }

    pub(super) fn sealed(&mut self, vault: &Vault, pack: Id, entry: &Entry) -> Result<Vec<u8>, PhoenixError> {
        let path = vault.pack_path(pack);
        let there = self.open.iter().position(|(id, _)| *id == pack);
        let file = match there {
            Some(at) => self.open.remove(at).1,
            None => File::open(&path).at(&path, "cannot be read")?,
        };
        let mut bytes = vec![0; entry.length as usize];
        let read = file.read_exact_at(&mut bytes, u64::from(entry.offset)).at(&path, "cannot be read");
        if self.open.len() >= OPEN_PACKS {
            self.open.remove(0);
        }
        self.open.push((pack, file));
        read.map(|()| bytes)
    }
}
