//! One piece of work on one repository, the same whether a thread of the running house does it or the command line on a house at rest.

use super::{
    Gathering, Snapped, Swept, Trial, drill, millis,
    place::Place,
    seen::{Known, Seen},
};
use crate::{
    domain::Timestamp,
    phoenix::{Drilled, Order, PhoenixError, Progress, Repository, Sequence},
};
use anyhow::{Context, Result};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::{path::Path, sync::Arc, time::Instant};
use uuid::Uuid;

/// What all work shares.
pub(super) struct Bench<'a> {
    pub data: &'a Path,
    pub node: &'a str,
    pub zone: &'a TimeZone,
    pub gathering: &'a Gathering,
    pub seen: &'a mut Seen,
}

/// How a repository was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub id: Uuid,
    pub snapshots: usize,
    pub newest: Option<Newest>,
    /// The drill of the newest snapshot that has one.
    pub drilled: Option<Drilled>,
    /// All of them, newest first, as others are told of them.
    pub listed: Arc<Vec<Value>>,
    /// All that lies there, in bytes.
    pub bytes: u64,
    pub known: Known,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Newest {
    pub sequence: Sequence,
    pub taken_at: Timestamp,
    pub reason: String,
    pub bytes: u64,
}

/// Why a snapshot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Asked,
    Scheduled,
    Changed,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Scheduled => "scheduled",
            Self::Changed => "changed",
        }
    }
}

impl Bench<'_> {
    /// Looks how it stands there, and whether it is an older state than was seen.
    pub fn survey(&mut self, repository: &Repository, now: Timestamp) -> Result<Found> {
        let listed = repository.list()?;
        let id = repository.vault.id;
        let mut known = self.seen.of(id);
        // Anybody who writes there may give a file any number.
        let highest = listed.iter().rev().find(|one| one.manifest.is_ok()).map_or(0, |one| one.sequence);
        if highest < known.highest && known.rolled_back.is_none() {
            known.rolled_back = Some((now, highest, known.highest));
        }
        // The newest whose manifest can be read; that of one that cannot is `verify`'s to name.
        let newest = listed.iter().rev().find_map(|one| {
            let manifest = one.manifest.as_ref().ok()?;
            let (taken_at, reason) = (manifest.taken_at, manifest.reason.clone());
            Some(Newest { sequence: one.sequence, taken_at, reason, bytes: manifest.bytes() })
        });
        known.highest = known.highest.max(highest);
        known.taken_at = newest.as_ref().map(|newest| newest.taken_at).or(known.taken_at);
        self.note(id, &known)?;
        let drilled = listed.iter().rev().find_map(|one| one.drilled);
        let bytes = repository.vault.packs()?.iter().map(|(_, bytes)| bytes).sum();
        let all = Arc::new(listed.iter().rev().map(super::listed).collect());
        Ok(Found { id, snapshots: listed.len(), listed: all, newest, drilled, bytes, known })
    }

    /// Takes one. The owner, who asks for it, takes an older state of the repository as it is.
    pub fn snapshot(
        &mut self,
        place: &Place,
        repository: &mut Repository,
        at: Timestamp,
        reason: Reason,
        marks: (i64, String),
        progress: Progress<'_>,
    ) -> Result<Snapped> {
        let began = Instant::now();
        let known = self.survey(repository, at)?.known;
        let gathered = self.gathering.gather(&place.entry.include, place.bytes_a_second(), progress)?;
        let order = Order {
            at,
            node: self.node.to_owned(),
            reason: reason.as_str().to_owned(),
            sources: gathered.sources,
            bytes_a_second: place.bytes_a_second(),
            after: known.highest,
        };
        let taken = repository.snapshot(order, progress)?;
        drop(gathered.folder);
        let rolled_back = known.rolled_back.filter(|_| reason != Reason::Asked);
        let (change, words) = marks;
        self.note(repository.vault.id, &Known { highest: taken.sequence, taken_at: Some(at), change, words, rolled_back })?;
        Ok(Snapped {
            sequence: taken.sequence,
            hash: taken.hash.to_string(),
            bytes: taken.bytes,
            written: taken.written,
            chunks: taken.chunks,
            new_chunks: taken.new_chunks,
            left_out: gathered.left_out,
            took_millis: millis(began.elapsed()),
        })
    }

    pub fn drill(
        &self,
        place: &Place,
        repository: &Repository,
        of: Option<Sequence>,
        at: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Trial> {
        drill::drill(repository, of, self.data, at, place.bytes_a_second(), progress)
    }

    /// # Errors
    /// Also where nothing may ever go.
    pub fn prune(&self, place: &Place, repository: &mut Repository, dry_run: bool, progress: Progress<'_>) -> Result<Swept> {
        let began = Instant::now();
        if repository.vault.append_only && !dry_run {
            return Err(PhoenixError::AppendOnly { path: place.entry.path.clone() }.into());
        }
        let pruned = repository.prune(&place.retention(), self.zone, dry_run, progress)?;
        Ok(Swept {
            removed: pruned.removed,
            kept: pruned.kept,
            bytes_before: pruned.bytes_before,
            bytes_after: pruned.bytes_after,
            lost: pruned.lost,
            dry_run,
            took_millis: millis(began.elapsed()),
        })
    }

    fn note(&mut self, repository: Uuid, known: &Known) -> Result<()> {
        self.seen.put(repository, known.clone()).context("what was seen of the repository cannot be kept in the data folder")
    }
}
