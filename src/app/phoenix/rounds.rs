//! What Phoenix's thread does in a repository, by itself or because somebody asks.

use super::{
    Snapped, Swept, Trial,
    changes::{self, Counted},
    keeper::{Tell, Work},
    kept::Kept,
    place::Place,
    wishes::{drill_words, is_stop, prune_words, snapshot_words},
    words,
    work::{Bench, Reason},
};
use crate::{
    domain::Input,
    phoenix::{Depth, PhoenixError, Repository, Sequence, Step},
    store::Reader,
};
use anyhow::{Error, Result};
use std::{sync::Arc, time::Instant};
use tracing::{info, warn};

/// After a start there is so much else to do: nothing is taken for so many looks.
const SOON: u32 = 4;

impl Work {
    /// Does what is due.
    pub(super) fn round(&mut self) {
        for i in 0..self.kept.len() {
            if self.is_over() {
                return;
            }
            let now = Instant::now();
            let Some(kept) = self.kept.get_mut(i) else { return };
            if kept.again.is_some_and(|again| now < again) {
                continue;
            }
            if kept.survey <= now || kept.again.is_some() {
                self.survey(i);
                self.publish();
            }
            if let Some(reason) = self.is_due(i) {
                self.take_by_itself(i, reason);
                self.publish();
            }
        }
    }

    /// Whether a snapshot is to be taken by itself.
    fn is_due(&mut self, i: usize) -> Option<Reason> {
        let (now, is_settled) = (self.hall.clock.wall(), self.started.elapsed() >= self.look * SOON);
        let kept = self.kept.get_mut(i)?;
        let due = kept.due(now);
        // Without a look at the repository it is not known what is due.
        let found = kept.standing.found.as_ref().filter(|_| is_settled && kept.again.is_none())?;
        if kept.owes.is_some() {
            return kept.owes;
        }
        if due.is_some_and(|at| at <= now) {
            return Some(Reason::Scheduled);
        }
        let entry = &kept.place.entry;
        let pause = f64::from(entry.after_changes_minutes) * 60.0;
        let is_rested = found.newest.as_ref().is_none_or(|newest| self.hall.clock.now().seconds_since(newest.taken_at) >= pause);
        if entry.after_changes == 0 || !is_rested {
            return None;
        }
        if !found.known.words.is_empty() && found.known.words != self.words.digest() {
            return Some(Reason::Changed);
        }
        // What cannot be counted now is counted at the next look.
        let counted = Reader::open(&self.data).and_then(|store| kept.counted.go_on(&store));
        (counted.is_ok() && kept.counted.changes >= u64::from(entry.after_changes)).then_some(Reason::Changed)
    }

    /// Looks how a repository stands.
    pub(super) fn survey(&mut self, i: usize) {
        let now = self.hall.clock.now();
        let found = self.with(i, |bench, place| bench.survey(&place.open()?, now));
        let Some(kept) = self.kept.get_mut(i) else { return };
        match found {
            Ok(found) => {
                kept.is_found(found, self.look);
                if kept.owes.is_none() {
                    kept.is_well();
                }
                kept.again = None;
            }
            Err(error) => self.failed(i, &error, None),
        }
        self.tell_mind();
    }

    /// What is taken by itself is also restored for trial, and what is old goes; what a drill did not find whole stays.
    fn take_by_itself(&mut self, i: usize, reason: Reason) {
        let taken = self.take(i, reason, "itself", &Tell::Nobody);
        if let Err(error) = taken {
            return self.failed(i, &error, Some(reason));
        }
        let drills = self.kept.get(i).is_some_and(|kept| kept.place.entry.drill);
        let is_whole = !drills || self.is_whole(i) || self.is_mended(i, reason);
        if is_whole && !self.is_over() {
            match self.prune(i, false, &Tell::Nobody) {
                Err(error) if !matches!(error.downcast_ref(), Some(PhoenixError::AppendOnly { .. })) => {
                    return self.failed(i, &error, None);
                }
                _ => {}
            }
        }
        if let Some(kept) = self.kept.get_mut(i) {
            kept.is_well();
        }
    }

    fn is_whole(&mut self, i: usize) -> bool {
        matches!(self.drill(i, None, &Tell::Nobody), Ok(Trial { passed: true, .. }))
    }

    /// A pack that rotted would be referred to by each snapshot that follows: it is put aside, and what it held is saved anew.
    fn is_mended(&mut self, i: usize, reason: Reason) -> bool {
        let aside = self.work(i, &Tell::Nobody, |_, _, repository, progress| {
            let findings = repository.verify(Depth::Everything, progress)?;
            Ok(repository.set_aside(&findings)?)
        });
        let Ok(packs @ 1..) = aside else { return false };
        warn!("{packs} damaged packs were put aside, and what the house still has of them is saved anew");
        self.take(i, reason, "itself", &Tell::Nobody).is_ok() && self.is_whole(i)
    }

    pub(super) fn take(&mut self, i: usize, reason: Reason, by: &str, tell: &Tell) -> Result<Snapped> {
        self.doing(i, "snapshot");
        let (at, marks) = (self.hall.clock.now(), (changes::end(&self.data), self.words.digest()));
        let change = marks.0;
        let taken =
            self.work(i, tell, |bench, place, repository, progress| bench.snapshot(place, repository, at, reason, marks, progress))?;
        if let Some(kept) = self.kept.get_mut(i) {
            kept.counted = Counted::from(change);
            kept.standing.last = Some(taken.clone());
        }
        for what in &taken.left_out {
            warn!("not in snapshot {}: {what}", taken.sequence);
        }
        self.record(i, "phoenix.snapshot", &snapshot_words(&taken, reason.as_str(), by));
        Ok(taken)
    }

    pub(super) fn drill(&mut self, i: usize, of: Option<Sequence>, tell: &Tell) -> Result<Trial> {
        self.doing(i, "drill");
        let at = self.hall.clock.now();
        let tried = self.work(i, tell, |bench, place, repository, progress| bench.drill(place, repository, of, at, progress));
        let amiss = match &tried {
            Ok(tried) if tried.passed => None,
            Ok(tried) => Some(drill_words(tried)),
            Err(error) => Some(self.kept.get(i).map_or_else(String::new, |kept| words(error, &kept.place.entry.path))),
        };
        if let Ok(tried) = &tried {
            self.record(i, "phoenix.drill", &drill_words(tried));
        }
        if let Some(kept) = self.kept.get_mut(i).filter(|_| !tried.as_ref().is_err_and(is_stop)) {
            kept.standing.drill_failed = amiss.map(|why| (at, why));
            if let Some((_, why)) = &kept.standing.drill_failed {
                warn!("{}: {why}", kept.place.name);
            }
        }
        tried
    }

    pub(super) fn prune(&mut self, i: usize, dry_run: bool, tell: &Tell) -> Result<Swept> {
        self.doing(i, "prune");
        let swept = self.work(i, tell, |bench, place, repository, progress| bench.prune(place, repository, dry_run, progress))?;
        for (sequence, chunks) in &swept.lost {
            warn!(
                "snapshot {sequence} stays and is not whole: {chunks} of its chunks are lost; `jamey phoenix verify` says where they were"
            );
        }
        if !swept.removed.is_empty() && !dry_run {
            self.record(i, "phoenix.prune", &prune_words(&swept));
        }
        Ok(swept)
    }

    /// Opens the repository, works on it, and looks how it stands then.
    fn work<T>(
        &mut self,
        i: usize,
        tell: &Tell,
        work: impl FnOnce(&mut Bench<'_>, &Place, &mut Repository, &mut dyn FnMut(Step) -> bool) -> Result<T>,
    ) -> Result<T> {
        let (stop, now) = (self.stop.clone(), self.hall.clock.now());
        let (at_work, hall) = (self.at_work.clone(), Arc::clone(&self.hall));
        let mut progress = |step: Step| {
            at_work.step(hall.clock.now());
            if let Tell::Host(far) = tell {
                far.tell(step);
            }
            !*stop.borrow()
        };
        let done = self.with(i, |bench, place| {
            let mut repository = place.open()?;
            if let Some(running) = &bench.gathering.running {
                repository.give_way_to(Arc::clone(&running.health));
            }
            let done = work(bench, place, &mut repository, &mut progress);
            Ok((done, bench.survey(&repository, now)))
        });
        self.doing(i, "");
        let (done, found) = done?;
        if let (Some(kept), Ok(found)) = (self.kept.get_mut(i), found) {
            kept.is_found(found, self.look);
        }
        self.tell_mind();
        done
    }

    fn with<T>(&mut self, i: usize, work: impl FnOnce(&mut Bench<'_>, &Place) -> Result<T>) -> Result<T> {
        let Some(kept) = self.kept.get(i) else { return Err(Error::msg("there is no such repository")) };
        let mut bench =
            Bench { data: &self.data, node: &self.hall.config.node, zone: &self.zone, gathering: &self.gathering, seen: &mut self.seen };
        self.at_work.begin(&kept.place.name, kept.place.entry.path.clone(), self.hall.clock.now());
        let done = work(&mut bench, &kept.place);
        self.at_work.end();
        done
    }

    fn doing(&mut self, i: usize, what: &'static str) {
        if let Some(kept) = self.kept.get_mut(i) {
            kept.standing.doing = (!what.is_empty()).then_some(what);
            self.publish();
        }
    }

    fn failed(&mut self, i: usize, error: &Error, owes: Option<Reason>) {
        let (now, look) = (self.hall.clock.now(), self.look);
        if let Some(kept) = self.kept.get_mut(i).filter(|_| !is_stop(error)) {
            kept.failed(error, owes, now, look);
        }
    }

    /// On record, where the inbox takes it before a stop.
    fn record(&mut self, i: usize, action: &str, words: &str) {
        let Some(kept) = self.kept.get(i) else { return };
        let name = kept.place.name.clone();
        info!("{name}: {words}");
        let (hall, stop) = (Arc::clone(&self.hall), &mut self.stop);
        self.runtime.clone().block_on(async {
            tokio::select! {
                () = hall.record(action, Some(&name), words) => {}
                _ = stop.wait_for(|stops| *stops) => {}
            }
        });
    }

    /// The mind is told of the newest snapshot of all.
    fn tell_mind(&mut self) {
        let newest = |kept: &Kept| kept.standing.found.as_ref().and_then(|found| found.known.taken_at);
        let Some(taken_at) = self.kept.iter().filter_map(newest).max().filter(|at| self.saved != Some(*at)) else { return };
        self.saved = Some(taken_at);
        let (hall, stop) = (Arc::clone(&self.hall), &mut self.stop);
        self.runtime.clone().block_on(async {
            tokio::select! {
                _ = hall.inbox.leave(Input::Saved { at: hall.clock.now(), taken_at }, 0, None, None) => {}
                _ = stop.wait_for(|stops| *stops) => {}
            }
        });
    }
}
