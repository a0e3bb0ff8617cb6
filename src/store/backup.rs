//! A copy of the whole database as it stood at one moment, taken while the writer goes on. It is one file that needs no other, and pages that
//! did not change stand where they stood in the copy before.

use super::{
    connect::{self, Found},
    copies::Copy,
    database,
    error::{Doing, StoreError},
    giving_way::GivingWay,
    health::StoreHealth,
    inspect::{self, Inspected},
};
use crate::{
    domain::limits,
    runtime::files::{self, OwnersAlone, Positioned},
};
use rusqlite::Connection;
use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::atomic::Ordering::Relaxed,
    thread,
    time::{Duration, Instant},
};

/// What is to be copied, where to, and how fast.
pub struct Copying<'a> {
    /// The data folder.
    pub from: &'a Path,
    /// A folder that holds no copy yet; the file in it is called `FILE`.
    pub into: &'a Path,
    /// At most, so that others get their turn at the disk; 0: as fast as it goes.
    pub bytes_a_second: u64,
    /// Of the writer in this process, where there is one: it does not wait for the copy, and the copy gives way to it.
    pub health: Option<&'a StoreHealth>,
}

/// A copy that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub path: PathBuf,
    pub bytes: u64,
    /// What it holds, counted in the copy.
    pub holds: Inspected,
}

/// Read at once, and written before it is synced: a verdict's own sync waits behind it, so it is a millisecond's work for a disk.
const SLICE_BYTES: usize = 256 * 1024;
/// The longest sleep without a look at whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);
/// Between two looks at whether the log has come so far.
const BEAT: Duration = Duration::from_millis(5);
/// How long the copy waits for a log that is short, and then for one that is in the database up to its moment: some restarts of a busy house's.
const PATIENCE: Duration = Duration::from_secs(5);
/// A log that is shorter than this has room for what is added while it is held.
const SHORT_LOG_BYTES: u64 = limits::WAL_BYTES / 4;

/// Takes a copy. `progress` hears how many bytes of how many are there; false stops it. Where it fails, nothing is left of it.
///
/// # Errors
/// When the database cannot be read, the folder cannot be written, it is stopped, something is forgotten meanwhile, or the writer is so much
/// faster that its log would fill the disk.
pub fn copy(order: &Copying<'_>, progress: &mut dyn FnMut(u64, u64) -> bool) -> Result<Copied, StoreError> {
    let path = order.into.join(connect::FILE);
    let failed = |source| StoreError::Copy { path: path.clone(), source };
    let file = OpenOptions::new().read(true).write(true).create_new(true).owners_alone().open(&path).map_err(failed)?;
    let begun = Begun { path: &path, done: false };
    let from = order.from.join(connect::FILE);
    fill(order, &from, &path, &file, progress).map_err(|error| error.at(&from))?;
    let bytes = stand_alone(&file).and_then(|()| file.metadata()).map_err(failed)?.len();
    files::sync_folder(order.into).map_err(failed)?;
    let holds = inspect::inspect(&path)?;
    begun.keep();
    Ok(Copied { path, bytes, holds })
}

/// Twice over the file: at leisure first, whatever becomes of it meanwhile; then, while its moment is held, what has become other since. For as
/// long as a moment is held the log cannot begin anew, and each commit that makes the log's file longer takes the file system's journal with
/// it, and with that whatever others are writing. So it is held as shortly as can be.
fn fill(order: &Copying<'_>, from: &Path, to: &Path, file: &File, progress: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
    // Said before anything is read: what is forgotten from now on is not carried on.
    let way = order.health.map(|health| health.copies.enter());
    let reader = connect::open_reader(from)?;
    if connect::inspect(from, &reader)? == Found::Empty {
        return Err(StoreError::Again("there is nothing in the database to copy"));
    }
    let source = files::open_once(from).map_err(|source| StoreError::Folder { path: from.to_owned(), source })?;
    let mut wanted = |done: u64, of: u64| {
        if way.as_ref().is_some_and(Copy::must_give_way) {
            return Err(StoreError::GaveWay);
        }
        if progress(done, of.max(done)) { Ok(()) } else { Err(StoreError::Stopped) }
    };
    let mut slices = Slices {
        source: &source,
        from,
        file,
        to,
        sync: order.bytes_a_second > 0,
        ours: vec![0; SLICE_BYTES],
        theirs: vec![0; SLICE_BYTES],
    };
    let mut pace = Pace { began: Instant::now(), bytes_a_second: order.bytes_a_second, giving_way: GivingWay::to(order.health) };
    let (mut at, mut of) = (0, slices.of()?);
    while let Some(read) = slices.copy(at)? {
        at += read;
        of = of.max(at);
        wanted(at, of)?;
        pace.keep(at, &mut || wanted(at, of))?;
    }

    let log = connect::open_writer(from)?;
    wait_for_short_log(order.health, &mut || wanted(of, of))?;
    let held = way.as_ref().map(Copy::hold);
    hold(&reader, &log, &mut || wanted(of, of))?;
    let (mut at, of) = (0, slices.of()?);
    while let Some(read) = slices.mend(at)? {
        at += read;
        wanted(of, of)?;
        // What the writer adds cannot be taken out of its log before the copy is done.
        if order.health.is_some_and(|health| health.wal_bytes.load(Relaxed) > limits::COPY_WAL_BYTES) {
            return Err(StoreError::Again("the house writes faster than it can be copied: take the copy in a quieter hour"));
        }
    }
    drop((reader, held));
    slices.end(at)
}

/// In a busy house the log begins anew every few seconds; just after that there is most room in it.
fn wait_for_short_log(health: Option<&StoreHealth>, wanted: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
    let begun = Instant::now();
    while health.is_some_and(|health| health.wal_bytes.load(Relaxed) > SHORT_LOG_BYTES) && begun.elapsed() < PATIENCE {
        thread::sleep(BEAT);
        wanted()?;
    }
    Ok(())
}

/// From its return on and until `reader` ends, the file is the database of one moment, and nobody changes it. Only a checkpoint writes to it, and
/// a checkpoint stops at the moment that a reader sees (sqlite.org/wal.html, 2.2): so the reader begins, and what was committed before is brought
/// into the file.
fn hold(reader: &Connection, log: &Connection, wanted: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
    let begun = Instant::now();
    let mut next = || {
        if begun.elapsed() > PATIENCE {
            return Err(StoreError::Again("its log does not come into the database: somebody reads there for long; take the copy later"));
        }
        wanted()
    };
    let moment = loop {
        next()?;
        let before = database::checkpoint(log, "NOOP")?.used;
        reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").doing("begin the copy")?;
        // Nobody committed meanwhile, so this is what the reader sees.
        if database::checkpoint(log, "NOOP")?.used == before {
            break before;
        }
        reader.execute_batch("ROLLBACK").doing("begin the copy anew")?;
    };
    while database::checkpoint(log, "PASSIVE")?.copied < moment {
        thread::sleep(BEAT);
        next()?;
    }
    Ok(())
}

/// The file, slice by slice.
struct Slices<'a> {
    source: &'a File,
    from: &'a Path,
    file: &'a File,
    to: &'a Path,
    /// Each slice before the next: one large sync would be in the way of the writer's own.
    sync: bool,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

impl Slices<'_> {
    fn of(&self) -> Result<u64, StoreError> {
        self.source.metadata().map(|metadata| metadata.len()).map_err(|source| self.unread(source))
    }

    /// The slice at `at`: how long it is; none at the end.
    fn read(&mut self, at: u64) -> Result<Option<usize>, StoreError> {
        let read = self.source.fill_at(&mut self.ours, at);
        read.map(|read| (read > 0).then_some(read)).map_err(|source| self.unread(source))
    }

    fn copy(&mut self, at: u64) -> Result<Option<u64>, StoreError> {
        let Some(read) = self.read(at)? else { return Ok(None) };
        self.write(read, at)?;
        if self.sync {
            self.file.sync_data().map_err(|source| self.unwritten(source))?;
        }
        Ok(Some(read as u64))
    }

    /// Writes it where it is another than there.
    fn mend(&mut self, at: u64) -> Result<Option<u64>, StoreError> {
        let Some(read) = self.read(at)? else { return Ok(None) };
        let there = self.file.fill_at(&mut self.theirs, at).map_err(|source| self.unwritten(source))?;
        if self.theirs.get(..there.min(read)) != self.ours.get(..read) {
            self.write(read, at)?;
        }
        Ok(Some(read as u64))
    }

    fn write(&self, read: usize, at: u64) -> Result<(), StoreError> {
        self.file.write_all_at(self.ours.get(..read).unwrap_or_default(), at).map_err(|source| self.unwritten(source))
    }

    /// What the file held beyond its end before it became shorter.
    fn end(&self, bytes: u64) -> Result<(), StoreError> {
        self.file.set_len(bytes).map_err(|source| self.unwritten(source))
    }

    fn unread(&self, source: io::Error) -> StoreError {
        StoreError::Folder { path: self.from.to_owned(), source }
    }

    fn unwritten(&self, source: io::Error) -> StoreError {
        StoreError::Copy { path: self.to.to_owned(), source }
    }
}

/// How fast it may go.
struct Pace<'a> {
    began: Instant,
    bytes_a_second: u64,
    giving_way: GivingWay<'a>,
}

impl Pace<'_> {
    fn keep(&mut self, done: u64, wanted: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
        if self.bytes_a_second == 0 {
            return Ok(());
        }
        thread::sleep(self.giving_way.pause());
        let due = Duration::from_millis(done.saturating_mul(1_000) / self.bytes_a_second);
        while let Some(left) = due.checked_sub(self.began.elapsed()).filter(|left| !left.is_zero()) {
            thread::sleep(left.min(NAP));
            wanted()?;
        }
        Ok(())
    }
}

/// The file says that it has a write-ahead log (bytes 18 and 19 of SQLite's header, 2): whoever only reads it would make one. `Store::open`
/// turns it on again.
fn stand_alone(file: &File) -> io::Result<()> {
    file.write_all_at(&[1, 1], 18)?;
    file.sync_all()
}

/// What was begun and not ended goes.
struct Begun<'a> {
    path: &'a Path,
    done: bool,
}

impl Begun<'_> {
    fn keep(mut self) {
        self.done = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.done
            && let Err(error) = std::fs::remove_file(self.path)
        {
            tracing::warn!(%error, "{} could not be removed", self.path.display());
        }
    }
}
