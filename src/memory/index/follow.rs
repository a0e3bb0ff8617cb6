//! The one who keeps the index beside the store: follows the change log, commits now and then, and builds it anew on any doubt.

use super::{
    Index, IndexError,
    schema::{self, Fields, Seen},
};
use crate::store::{Indexed, Reader, StoreError, Turns};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tantivy::{
    IndexWriter, TantivyError, Term,
    indexer::{IndexWriterOptions, LogMergePolicy},
};
use uuid::Uuid;

/// Memory of the one indexing thread; Tantivy takes no less than 15 MB.
const HEAP_BYTES: usize = 16_000_000;
/// A commit when so many documents wait, but not more often than so; with fewer after a while: each writes and syncs several files, and a
/// card wears. What waits is found all the same.
const COMMIT_DOCUMENTS: usize = 1_000;
const COMMIT_GAP: Duration = Duration::from_secs(1);
const COMMIT_SOON_DOCUMENTS: usize = 250;
const COMMIT_SOON: Duration = Duration::from_secs(2);
const COMMIT_EVERY: Duration = Duration::from_secs(60);
/// Segments with more deleted documents than that are merged: what was forgotten does not stay on the card.
const DELETED_RATIO: f32 = 0.2;
/// Records read at a time while it is built anew, and transactions while it follows.
const PAGE: u32 = 2_000;
const TRANSACTIONS: u32 = 16;
/// How often a merge is begun again that another is in the way of, and after what pause.
const TRIES: u32 = 240;
const BREATH: Duration = Duration::from_millis(250);
/// Records read at a time while it follows.
const RECORDS: usize = 1_000;

/// Why the index is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("there was none")]
    Missing,
    #[error("it cannot be read ({0})")]
    Unreadable(String),
    #[error("it says nothing of how far it followed, or is of another format")]
    Format,
    #[error("it followed to {applied}, and the store knows changes up to {last} only")]
    Ahead { applied: i64, last: i64 },
    #[error("it followed to {applied}, and the store remembers changes from {first} on only")]
    Behind { applied: i64, first: i64 },
    #[error("a file of it is not as it was written: {0}")]
    Damaged(String),
    #[error("it may hold words that were forgotten since")]
    Forgotten,
}

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub struct Follower {
    index: Index,
    fields: Fields,
    writer: IndexWriter,
    /// All changes up to here are in the writer's hands.
    seen: Seen,
    /// No record in the writer's hands or in the index is newer than this id.
    newest: Uuid,
    pending: usize,
    since: Option<Instant>,
    committed: Option<Instant>,
}

impl Follower {
    /// Opens the index of a folder for writing, or makes an empty one. With it the doubt, if there is one: then `rebuild` is due.
    ///
    /// # Errors
    /// When the folder cannot be written, or someone else writes there.
    pub fn open(path: &Path, store: &Reader) -> Result<(Self, Option<Doubt>), FollowError> {
        let (index, mut doubt) = match Index::open(path) {
            Ok(index) => (index, None),
            Err(error) => {
                (anew(path)?, Some(if path_is_new(&error) { Doubt::Missing } else { Doubt::Unreadable(error.source.to_string()) }))
            }
        };
        let seen = index.seen().unwrap_or_default();
        if doubt.is_none() {
            doubt = index.doubt(store)?;
        }
        let options = IndexWriterOptions::builder().memory_budget_per_thread(HEAP_BYTES).num_worker_threads(1).num_merge_threads(1).build();
        let wrap = |source: TantivyError| IndexError { path: path.to_owned(), source };
        let writer: IndexWriter = index.index.writer_with_options(options).map_err(wrap)?;
        let mut policy = LogMergePolicy::default();
        policy.set_del_docs_ratio_before_merge(DELETED_RATIO);
        writer.set_merge_policy(Box::new(policy));
        // Of an index that is not believed all is taken to be in it.
        let newest = if doubt.is_none() { index.newest()? } else { Uuid::max() };
        Ok((Self { fields: index.fields, index, writer, seen, newest, pending: 0, since: None, committed: None }, doubt))
    }

    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Takes some of what changed since; how many records. 0: it has all.
    ///
    /// # Errors
    /// When the store cannot be read or the index not written.
    pub fn follow(&mut self, store: &Reader) -> Result<usize, FollowError> {
        let changes = store.changed_records(self.seen.applied, TRANSACTIONS)?;
        let Some((last, _)) = changes.last() else { return Ok(0) };
        let last = *last;
        let mut ids: Vec<Uuid> = changes.into_iter().flat_map(|(_, ids)| ids).collect();
        ids.sort_unstable();
        ids.dedup();
        for some in ids.chunks(RECORDS) {
            // What is newer than all that it has it cannot have. A delete is sought in every segment: that is spared for nearly all.
            for id in some.iter().filter(|id| **id <= self.newest) {
                self.writer.delete_term(self.term(*id));
            }
            self.take(&store.indexed(some)?)?;
        }
        self.newest = ids.last().copied().unwrap_or_default().max(self.newest);
        self.seen.applied = last;
        if !ids.is_empty() {
            self.pending += ids.len();
            self.since.get_or_insert_with(Instant::now);
        }
        // Also where none was of a record, there may be more.
        Ok(ids.len().max(1))
    }

    /// When the next commit is due, if anything waits for one.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        let since = self.since?;
        Some(match self.pending {
            COMMIT_DOCUMENTS.. => self.committed.map_or(since, |last| last + COMMIT_GAP),
            COMMIT_SOON_DOCUMENTS.. => since + COMMIT_SOON,
            _ => since + COMMIT_EVERY,
        })
    }

    /// Makes what was taken seen and lasting.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn commit(&mut self) -> Result<(), FollowError> {
        let wrap = |source| IndexError { path: self.index.path.clone(), source };
        let mut prepared = self.writer.prepare_commit().map_err(wrap)?;
        prepared.set_payload(&schema::payload(self.seen));
        prepared.commit().map_err(wrap)?;
        (self.pending, self.since, self.committed) = (0, None, Some(Instant::now()));
        self.index.refresh()?;
        Ok(())
    }

    /// Builds it anew from the store, while others go on reading what was there. `progress` is told how many are done.
    ///
    /// # Errors
    /// When the store cannot be read or the index not written.
    pub fn rebuild(&mut self, store: &Reader, mut progress: impl FnMut(u64)) -> Result<u64, FollowError> {
        let path = self.index.path.clone();
        let wrap = |source| IndexError { path: path.clone(), source };
        // What was taken and not committed would stay, and be there twice.
        self.writer.rollback().map_err(wrap)?;
        self.writer.delete_all_documents().map_err(wrap)?;
        self.newest = Uuid::nil();
        // What changes from here on is followed again afterwards: to take a record twice does no harm.
        self.seen = Seen { applied: store.change_log()?.map_or(0, |(_, last)| last), purged: store.purges()? };
        let (mut after, mut done) = (Uuid::nil(), 0);
        loop {
            let page = store.indexed_after(after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            self.newest = after;
            self.take(&page)?;
            done += u64::try_from(page.len()).unwrap_or(0);
            progress(done);
        }
        self.commit()?;
        // What it was before goes from the disk now, and not some day.
        self.writer.garbage_collect_files().wait().map_err(wrap)?;
        Ok(done)
    }

    /// Takes all that changed, and merges the segments in which something was deleted: what is gone takes no room any more.
    ///
    /// # Errors
    /// When the store cannot be read or the index not written.
    pub fn compact(&mut self, store: &Reader) -> Result<(), FollowError> {
        while self.follow(store)? > 0 {}
        self.commit()?;
        for left in (0..TRIES).rev() {
            let path = &self.index.path;
            let wrap = |source| IndexError { path: path.clone(), source };
            let metas = self.index.index.searchable_segment_metas().map_err(wrap)?;
            let some: Vec<_> = metas.iter().filter(|segment| segment.num_deleted_docs() > 0).map(|segment| segment.id()).collect();
            if some.is_empty() {
                break;
            }
            match self.writer.merge(&some).wait() {
                Ok(_) => {}
                // One of them is being merged already.
                Err(_) if left > 0 => std::thread::sleep(BREATH),
                Err(source) => return Err(wrap(source).into()),
            }
        }
        self.index.refresh()?;
        self.writer.garbage_collect_files().wait().map_err(|source| self.index.wrap(source))?;
        Ok(())
    }

    /// Whether words that were forgotten may still stand in its files: then `rebuild` is due.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_to_purge(&self, store: &Reader) -> Result<bool, FollowError> {
        Ok(store.purges()? > self.seen.purged)
    }

    /// Waits for merges to end, and lets the folder go.
    ///
    /// # Errors
    /// When a merge failed.
    pub fn close(self) -> Result<(), FollowError> {
        let path = self.index.path.clone();
        self.writer.wait_merging_threads().map_err(|source| IndexError { path, source }.into())
    }

    fn take(&self, records: &[Indexed]) -> Result<(), IndexError> {
        let turns = Turns::default();
        for record in records {
            turns.pass();
            self.writer.add_document(self.fields.document(record)).map_err(|source| self.index.wrap(source))?;
        }
        Ok(())
    }

    fn term(&self, id: Uuid) -> Term {
        Term::from_field_u64(self.fields.low, id.as_u64_pair().1)
    }
}

fn path_is_new(error: &IndexError) -> bool {
    matches!(
        error.source,
        TantivyError::OpenDirectoryError(_) | TantivyError::OpenReadError(tantivy::directory::error::OpenReadError::FileDoesNotExist(_))
    )
}

/// An empty index, in the place of whatever is there.
fn anew(path: &Path) -> Result<Index, IndexError> {
    let wrap = |source: TantivyError| IndexError { path: path.to_owned(), source };
    let io = |error: std::io::Error| wrap(TantivyError::IoError(std::sync::Arc::new(error)));
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    std::fs::create_dir_all(path).map_err(io)?;
    let index = tantivy::Index::builder().schema(schema::schema()).settings(schema::settings()).create_in_dir(path).map_err(wrap)?;
    Index::of(path, index).map_err(wrap)
}
