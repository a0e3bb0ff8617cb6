//! How the house gets on disk what it was told: batches as the writer's thread takes them, the index, and memory kept in order.

use super::{
    faults,
    house::{After, House, Planted},
    invariants::{self, Broken},
    ledger::{Ack, Committed},
};
use jamey::{
    memory::index::Follower,
    store::{Batch, Chore, ChoreDone},
};
use std::time::Duration;

impl House {
    pub fn gather_changes(&mut self) {
        let changes = self.mind.take_changes();
        self.batch.changes.extend(changes);
    }

    pub fn submit(&mut self) -> Result<(), Broken> {
        if self.handed.is_some() {
            return Ok(());
        }
        self.gather_changes();
        let mut batch = std::mem::take(&mut self.batch);
        batch.at = self.mind.now();
        batch.journal = self.journal.take();
        let mut after = std::mem::take(&mut self.after);
        if self.planted == Planted::AcknowledgesEarly {
            let acks = std::mem::take(&mut after.acks);
            self.ledger.takes(&batch);
            self.acknowledge(&acks);
        }
        if !batch.entries.is_empty() || !batch.changes.is_empty() || !batch.journal.is_empty() {
            self.handed = Some((batch, after));
        }
        Ok(())
    }

    pub fn write(&mut self) -> Result<(), Broken> {
        let Some((batch, after)) = self.handed.take() else { return self.submit() };
        if self.slow > 0 {
            self.slow -= 1;
            self.handed = Some((batch, after));
            return Ok(());
        }
        match self.store.as_mut().unwrap().write(&batch) {
            Ok(_) => {
                if batch.forgets() {
                    self.store.as_mut().unwrap().scrub().map_err(|e| Broken::new("the_store_writes_where_the_disk_does", e))?;
                }
                self.has_stored(&batch, after, true)
            }
            Err(_) if self.broken => {
                self.ledger.count("writes failed");
                self.handed = Some((batch, after));
                Ok(())
            }
            Err(error) => Err(Broken::new("the_store_writes_where_the_disk_does", error)),
        }
    }

    /// What follows a commit. `lives`: there is somebody left to do it.
    pub fn has_stored(&mut self, batch: &Batch, after: After, lives: bool) -> Result<(), Broken> {
        self.ledger.takes(batch);
        if !after.forgets.is_empty() {
            invariants::forgetting_takes_what_names_whom(self, &after.forgets)?;
        }
        if lives {
            self.acknowledge(&after.acks);
            let committed = Committed { batch, released: &after.released };
            invariants::after_commit(self, &committed)?;
        }
        Ok(())
    }

    pub fn acknowledge(&mut self, acks: &[Ack]) {
        for ack in acks {
            self.ledger.acked.insert(ack.percept);
            if !ack.is_lost
                && let Some(client) = self.clients.get_mut(&ack.client)
            {
                client.waiting.retain(|sent| sent.packet_id != ack.packet_id);
            }
        }
    }

    /// As much as the disk takes.
    pub fn write_all(&mut self) -> Result<(), Broken> {
        loop {
            self.submit()?;
            if self.handed.is_none() {
                return Ok(());
            }
            self.write()?;
            if self.handed.is_some() {
                return Ok(());
            }
        }
    }

    pub fn mend(&mut self) {
        self.slow = 0;
        if std::mem::take(&mut self.broken) {
            faults::mend(self.folder.path());
        }
    }

    /// As the index's thread does it, and then it is looked whether it has what the database has.
    pub fn follow(&mut self) -> Result<(), Broken> {
        let broken = |e: &dyn std::fmt::Display| Broken::new("the_index_can_be_kept", e);
        let (mut follower, doubt) = match self.follower.take() {
            Some(follower) => (follower, false),
            None => {
                let (follower, doubt) = Follower::open(&self.folder.path().join("index"), self.reader()).map_err(|e| broken(&e))?;
                (follower, doubt.is_some())
            }
        };
        let reader = self.reader();
        if doubt || follower.is_to_purge(reader).map_err(|e| broken(&e))? {
            follower.rebuild(reader, |_| {}).map_err(|e| broken(&e))?;
        }
        while follower.follow(reader).map_err(|e| broken(&e))? > 0 {}
        follower.commit().map_err(|e| broken(&e))?;
        invariants::the_index_has_what_the_database_has(self, follower.index())?;
        let to = follower.index().applied();
        self.follower = Some(follower);
        // Where that fails the log stays as long as it is.
        let shortened = self.store.as_mut().unwrap().chore(&Chore::Followed { to });
        if shortened.is_err() && !self.broken {
            Err(Broken::new("the_store_writes_where_the_disk_does", "the change log stays"))
        } else {
            Ok(())
        }
    }

    pub fn keep(&mut self) -> Result<(), Broken> {
        let now = self.mind.now();
        for _ in 0..24 {
            let Some(chore) = self.upkeep.next(self.reader.as_ref().unwrap(), now).map_err(|e| Broken::new("memory_can_be_kept", e))?
            else {
                break;
            };
            match self.store.as_mut().unwrap().chore(&chore) {
                Ok(done) => {
                    self.ledger.lets_go(&chore, done.rows);
                    // A run is the same whatever the host's pace.
                    self.upkeep.done(&chore, ChoreDone { took: Duration::ZERO, ..done });
                }
                Err(_) if self.broken => break,
                Err(error) => return Err(Broken::new("the_store_writes_where_the_disk_does", error)),
            }
        }
        Ok(())
    }
}
