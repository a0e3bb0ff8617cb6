//! The lookout: gathers at each beat all that is wrong in the house, has the book make alerts of it, and says what became of each.

mod causes;
mod told;

pub use told::{payload, remembered};

use super::{
    doors::Trouble,
    outlets::{Alarms, Due},
    phoenix,
    slow::Slow,
    webhook::Webhooks,
};
use crate::{
    broker::Hall,
    domain::{Alarm, Timestamp},
    observe::{Alert, Turn},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{sync::watch, time::Instant};

/// Causes by code.
pub type Causes = BTreeMap<String, Alarm>;

/// Where the causes are told.
pub struct Sources {
    pub certificates: watch::Receiver<Option<Trouble>>,
    /// Duties that are due.
    pub due: watch::Receiver<Due>,
    /// Who fell silent.
    pub silent: watch::Receiver<Due>,
    /// What is wrong with the mind and its mission.
    pub alarms: watch::Receiver<Alarms>,
    /// What is wrong with the newest rules.
    pub wrong_rules: watch::Receiver<Option<String>>,
    /// How snapshots stand.
    pub phoenix: watch::Receiver<Arc<phoenix::News>>,
}

/// The one who looks.
pub struct Lookout {
    hall: Arc<Hall>,
    sources: Sources,
    webhooks: Webhooks,
    slow: Slow,
    slow_text: Option<String>,
}

impl Lookout {
    pub fn new(hall: Arc<Hall>, sources: Sources, webhooks: Webhooks) -> Self {
        Self { hall, sources, webhooks, slow: Slow::default(), slow_text: None }
    }

    /// Takes over what stood before the start.
    pub fn remember(&self, stood: Vec<Alert>) {
        let codes = stood.iter().map(|alert| alert.code.clone()).collect();
        self.hall.alerts.remember(stood);
        self.webhooks.reconcile(&codes, &self.hall.clock);
    }

    /// What turned since the last look.
    pub fn look(&mut self) -> Vec<Turn> {
        let causes = self.gather(self.hall.clock.now());
        let turns = self.hall.alerts.look(self.hall.clock.uptime(), &causes);
        self.webhooks.tell(&turns, &self.hall.clock);
        turns
    }

    fn gather(&mut self, now: Timestamp) -> Causes {
        if let Some(slow) = self.slow.look(&self.hall.counters, Instant::now()) {
            self.slow_text = slow;
        }
        let mut all = Causes::new();
        causes::house(&self.hall, now, &mut all);
        all.extend(self.slow_text.as_deref().map(|text| causes::slow(text, now)));
        all.extend(self.sources.certificates.borrow().as_ref().map(|trouble| causes::certificates(trouble, now)));
        all.extend(self.sources.wrong_rules.borrow().as_deref().map(|text| causes::rules(text, now)));
        causes::duties(&self.sources.due.borrow(), &mut all);
        causes::silences(&self.sources.silent.borrow(), &mut all);
        causes::known(&self.sources.alarms.borrow(), &mut all);
        causes::known(&self.sources.phoenix.borrow().alarms, &mut all);
        self.webhooks.alarms(self.hall.clock.uptime(), now, &mut all);
        all
    }
}
