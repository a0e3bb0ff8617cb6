//! How the house falls and rises: the power goes between any two steps, or it is stopped in order, and a start finds what is on disk.

use super::{
    faults,
    house::{After, House, folder},
    invariants::{self, Broken},
};
use jamey::{
    app::{self, Approvals, Journal},
    broker::repeats::Voices,
    domain::{Change, Input, audit::Event},
    store::{Batch, Reader, Store},
};
use tempfile::TempDir;

/// Torn no more from here on, of 255.
const WHOLE: u8 = 192;

impl House {
    /// The power goes between two steps, or in the middle of a write.
    pub fn crash(&mut self, torn: u8) -> Result<(), Broken> {
        let before = self.reader().counts().unwrap().batches;
        let mut log = u64::MAX;
        if torn > 0 && !self.broken {
            self.submit()?;
            if let Some((batch, _)) = &self.handed {
                let from = faults::log_bytes(self.folder.path());
                self.store.as_mut().unwrap().write(batch).map_err(|e| Broken::new("the_store_writes_where_the_disk_does", e))?;
                let to = faults::log_bytes(self.folder.path());
                if to > from {
                    // A quarter of them are on disk whole, and nobody was told.
                    log = from + (to - from) * u64::from(torn.min(WHOLE)) / u64::from(WHOLE);
                }
            }
        }
        let next = folder();
        faults::as_it_stands(self.folder.path(), next.path(), log);
        self.ledger.count("crashes");
        self.begin(next)?;
        // What was being written is there whole, or not at all.
        let lost = self.handed.take();
        self.batch = Batch::default();
        self.after = After::default();
        if let Some((batch, after)) = lost {
            let landed = self.reader().counts().unwrap().batches > before;
            self.ledger.count(if landed { "batches that had landed" } else { "batches lost" });
            if landed {
                self.has_stored(&batch, after, false)?;
            } else {
                // Nor was anybody forgotten.
                after.forgets.iter().for_each(|who| self.ledger.speaks(who));
                invariants::what_is_lost_is_lost_whole(self, &batch)?;
            }
        }
        self.rise()
    }

    /// In order: all is written, and then looked at as at rest.
    pub fn restart(&mut self) -> Result<(), Broken> {
        self.mend();
        self.write_all()?;
        invariants::at_rest(self)?;
        self.mind.settle();
        self.write_all()?;
        if let Some(follower) = self.follower.take() {
            follower.close().map_err(|e| Broken::new("the_index_can_be_kept", e))?;
        }
        let next = folder();
        self.reader = None;
        self.store = None;
        faults::as_it_stands(self.folder.path(), next.path(), u64::MAX);
        self.ledger.count("restarts");
        self.begin(next)?;
        self.rise()
    }

    pub fn end(&mut self) -> Result<(), Broken> {
        self.restart()?;
        self.follow()
    }

    /// Opens what the folder holds, as a start does.
    pub fn begin(&mut self, folder: TempDir) -> Result<(), Broken> {
        let broken = |e: &dyn std::fmt::Display| Broken::new("what_was_stored_can_be_read", e);
        (self.follower, self.reader, self.store) = (None, None, None);
        let had_index = folder.path().join("index").exists();
        if std::mem::take(&mut self.broken) {
            faults::mend(folder.path());
        }
        self.slow = 0;
        self.folder = folder;
        self.config.store.data = self.folder.path().to_owned();
        let mut store = Store::open(self.folder.path()).map_err(|e| broken(&e))?;
        store.scrub().map_err(|e| broken(&e))?;
        let wall = self.wall;
        let mut floor = wall;
        let (mind, saved) = app::wake(&self.config, self.sets.clone(), &mut store, |last| {
            floor = last.max(wall);
            floor
        })
        .map_err(|e| broken(&e))?;
        (self.clock, self.newest_id) = (floor, self.wall);
        self.voices = Voices::default();
        for recent in &saved.recent {
            self.voices.recall(&recent.client_id, recent.packet_id, recent.digest, recent.percept, recent.at);
        }
        self.ledger.found = saved.held.iter().map(|kept| kept.percept.id).collect();
        self.ledger.altered = saved.altered.clone();
        self.approvals = Approvals::new(saved.held);
        self.mind = mind;
        self.journal = Journal::default();
        self.store = Some(store);
        self.reader = Some(Reader::open(self.folder.path()).map_err(|e| broken(&e))?);
        self.ledger.since = self.reader().counts().unwrap().batches;
        if had_index { self.follow() } else { Ok(()) }
    }

    /// The start is on record, and whoever saw no acknowledgement says it again.
    pub fn rise(&mut self) -> Result<(), Broken> {
        invariants::after_start(self)?;
        let at = self.now();
        let event = Event::new(at, "jamey", "start", None, "the simulated house");
        self.step(&Input::Note(Box::new(Change::Audit(event))))?;
        self.ledger.restarts();
        let names: Vec<String> = self.clients.keys().cloned().collect();
        names.iter().try_for_each(|name| self.again(name))
    }
}
