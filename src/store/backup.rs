//! A copy of the whole database as it stood at one moment, taken while the writer goes on. It is one file that needs no other, and pages that
//! did not change stand where they stood in the copy before.

use super::{
    connect::{self, Found},
    copies::Copy,
    error::{Doing, StoreError},
    health::StoreHealth,
    inspect::{self, Inspected},
};
use crate::domain::limits;
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
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
    /// Of the writer in this process, where there is one: it does not wait for the copy then, and the copy gives way to it.
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

/// Pages between two looks at the clock: some milliseconds' work.
const STEP_PAGES: i32 = 64;
/// What is written before it is synced: a verdict's own sync waits behind it, so it is a millisecond's work for a disk.
const SYNC_BYTES: u64 = 256 * 1024;
/// The longest sleep without a look at whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);

/// Takes a copy. `progress` hears how many bytes of how many are there; false stops it. Where it fails, nothing is left of it.
///
/// # Errors
/// When the database cannot be read, the folder cannot be written, it is stopped, something is forgotten meanwhile, or the writer is so much
/// faster that its log would fill the disk.
pub fn copy(order: &Copying<'_>, progress: &mut dyn FnMut(u64, u64) -> bool) -> Result<Copied, StoreError> {
    let path = order.into.join(connect::FILE);
    let failed = |source| StoreError::Copy { path: path.clone(), source };
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
    let begun = Begun { path: &path, done: false };
    let from = order.from.join(connect::FILE);
    fill(order, &from, &path, &file, progress).map_err(|error| error.at(&from))?;
    let bytes = stand_alone(&file).and_then(|()| file.metadata()).map_err(failed)?.len();
    File::open(order.into).and_then(|folder| folder.sync_all()).map_err(failed)?;
    let holds = inspect::inspect(&path)?;
    begun.keep();
    Ok(Copied { path, bytes, holds })
}

fn fill(order: &Copying<'_>, from: &Path, to: &Path, file: &File, progress: &mut dyn FnMut(u64, u64) -> bool) -> Result<(), StoreError> {
    // Said before the moment is chosen: what is forgotten from now on is not carried on.
    let way = order.health.map(|health| health.copies.enter());
    let source = connect::open_reader(from)?;
    // The whole copy is of this moment. Without it SQLite would begin anew whenever the writer commits, and never end.
    source.execute_batch("BEGIN").doing("begin the copy")?;
    if connect::inspect(from, &source)? == Found::Empty {
        return Err(StoreError::Again("there is nothing in the database to copy"));
    }
    let mut copy =
        Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX).doing("open the copy")?;
    // Nobody else sees the copy before it is whole, and it is synced below.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1024;")
        .doing("configure the copy")?;
    let backup = Backup::new(&source, &mut copy).doing("begin the copy")?;
    let mut pace = Pace { began: Instant::now(), bytes_a_second: order.bytes_a_second, synced: 0 };
    loop {
        let step = backup.step(STEP_PAGES).doing("copy the database")?;
        let at = backup.progress();
        let pages = |n: i32| u64::try_from(n).unwrap_or(0).saturating_mul(connect::PAGE_BYTES);
        let (of, left) = (pages(at.pagecount), pages(at.remaining));
        let done = of.saturating_sub(left);
        let mut wanted = || {
            let given_way = way.as_ref().is_some_and(Copy::must_give_way);
            if given_way {
                return Err(StoreError::GaveWay);
            }
            if progress(done, of) { Ok(()) } else { Err(StoreError::Stopped) }
        };
        wanted()?;
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => pace.keep(done, file, to, order.health, &mut wanted)?,
            // It has the file alone: then nobody can be in its way.
            _ => thread::sleep(NAP),
        }
    }
}

/// How fast it may go, and what of it is on disk.
struct Pace {
    began: Instant,
    bytes_a_second: u64,
    synced: u64,
}

impl Pace {
    fn keep(
        &mut self,
        done: u64,
        file: &File,
        to: &Path,
        health: Option<&StoreHealth>,
        wanted: &mut dyn FnMut() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if done.saturating_sub(self.synced) >= SYNC_BYTES {
            file.sync_data().map_err(|source| StoreError::Copy { path: to.to_owned(), source })?;
            self.synced = done;
        }
        // What the writer adds cannot be taken out of its log before the copy is done.
        let log = health.map_or(0, |health| health.wal_bytes.load(Relaxed));
        if log > limits::COPY_WAL_BYTES {
            return Err(StoreError::Again("the house writes faster than it can be copied: take the copy in a quieter hour"));
        }
        if self.bytes_a_second == 0 || log > limits::COPY_HURRY_WAL_BYTES {
            return Ok(());
        }
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
