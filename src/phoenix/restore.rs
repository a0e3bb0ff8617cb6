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
    vault::{SLICE_BYTES, Vault, sync_folder},
};
use crate::store::{GivingWay, StoreHealth};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
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

pub(super) fn restore(
    repository: &Repository,
    manifest: &Manifest,
    choice: &Choice,
    into: &Path,
    progress: Progress<'_>,
) -> Result<Restored, PhoenixError> {
    if let Some(wanted) = choice.components.iter().flatten().find(|wanted| manifest.part(**wanted).is_none()) {
        let held = manifest.parts.iter().map(|part| part.component).collect();
        return Err(PhoenixError::NoComponent { wanted: wanted.name(), held });
    }
    let chosen = |component: &Component| choice.components.as_ref().is_none_or(|wanted| wanted.contains(component));
    let parts: Vec<_> = manifest.parts.iter().filter(|part| chosen(&part.component)).collect();
    let items: Vec<&SavedItem> = parts.iter().flat_map(|part| &part.items).collect();
    let of = items.iter().map(|item| item.bytes).sum();

    let house = repository.house().filter(|_| choice.for_trial);
    let mut place = if choice.dry_run { None } else { Some(Place::beside(into, house)?) };
    let mut done = 0;
    read(repository, &items, &mut |item, chunk| {
        if let Some(place) = &mut place {
            place.take(item, chunk)?;
        }
        done += chunk.map_or(0, <[u8]>::len) as u64;
        if progress(Step { done, of }) { Ok(()) } else { Err(PhoenixError::Stopped) }
    })?;
    if let Some(place) = place {
        place.put(choice.for_trial)?;
    }
    Ok(Restored {
        sequence: manifest.sequence,
        bytes: of,
        files: items.len() as u64,
        parts: parts.iter().map(|part| (part.component, (part.schema, part.counts.clone()))).collect(),
    })
}

/// A folder beside the target, that becomes the target or goes.
struct Place<'a> {
    into: PathBuf,
    folder: PathBuf,
    open: Option<(PathBuf, File)>,
    /// Written in slices beside a house that is at work, else as fast as it goes.
    beside: Option<GivingWay<'a>>,
    unsynced: usize,
}

impl<'a> Place<'a> {
    fn beside(into: &Path, house: Option<&'a StoreHealth>) -> Result<Self, PhoenixError> {
        let name = into.file_name().and_then(|name| name.to_str()).filter(|name| !name.is_empty());
        let (Some(name), Some(parent)) = (name, into.parent()) else {
            return Err(PhoenixError::Refused(format!("{}: is no folder to restore to", into.display())));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        match fs::read_dir(into).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(PhoenixError::NotEmpty { path: into.to_owned() }),
            Ok(false) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(PhoenixError::File { path: into.to_owned(), doing: "cannot be read", source }),
        }
        DirBuilder::new().recursive(true).mode(0o700).create(parent).at(parent, "cannot be made")?;
        let device = |path: &Path| path.metadata().ok().map(|metadata| metadata.dev());
        if device(into).is_some_and(|own| Some(own) != device(parent)) {
            return Err(PhoenixError::Refused(format!("{}: another disk is mounted there: restore to a folder on it", into.display())));
        }
        let folder = parent.join(format!(".{name}.restoring"));
        if folder.exists() {
            // Of one that was killed.
            fs::remove_dir_all(&folder).at(&folder, "cannot be deleted")?;
        }
        DirBuilder::new().mode(0o700).create(&folder).at(&folder, "cannot be made")?;
        Ok(Self { into: into.to_owned(), folder, open: None, beside: house.map(|house| GivingWay::to(Some(house))), unsynced: 0 })
    }

    /// One more chunk of a file; none ends it.
    fn take(&mut self, item: &SavedItem, chunk: Option<&[u8]>) -> Result<(), PhoenixError> {
        let path = self.folder.join(&item.path);
        if self.open.as_ref().is_none_or(|(at, _)| *at != path) {
            if let Some(parent) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent).at(parent, "cannot be made")?;
            }
            let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).at(&path, "cannot be written")?;
            self.open = Some((path.clone(), file));
        }
        let Some((_, file)) = self.open.as_mut() else { return Ok(()) };
        match chunk {
            Some(chunk) => {
                file.write_all(chunk).at(&path, "cannot be written")?;
                self.unsynced += chunk.len();
                if let Some(beside) = self.beside.as_mut().filter(|_| self.unsynced >= SLICE_BYTES) {
                    file.sync_data().at(&path, "cannot be brought to disk")?;
                    self.unsynced = 0;
                    thread::sleep(beside.pause());
                }
                Ok(())
            }
            None => {
                let mode = fs::Permissions::from_mode(item.mode & 0o777);
                let done = file.set_permissions(mode).at(&path, "cannot be given its mode");
                self.open = None;
                done
            }
        }
    }

    /// All of it to disk, and then in its place.
    fn put(self, for_trial: bool) -> Result<(), PhoenixError> {
        if !for_trial {
            let folder = File::open(&self.folder).at(&self.folder, "cannot be read")?;
            nix::unistd::syncfs(&folder).map_err(std::io::Error::from).at(&self.folder, "cannot be brought to disk")?;
        }
        // An empty folder in its place is replaced.
        fs::rename(&self.folder, &self.into).at(&self.into, "cannot be put in its place")?;
        sync_folder(&self.into)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // It is not there any more where it was put in its place.
        let _ = fs::remove_dir_all(&self.folder);
    }
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
