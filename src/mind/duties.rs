//! What must not stay as it is: each duty is looked at for each device, once a second.

use super::Mind;
use crate::{
    conscience::RuleSet,
    domain::{Act, Device, DeviceFacts, Due, DutySpec, EntityId, Facts, Signals, Timestamp, limits},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The owner's duties, and each one's `when` as a rule of the same id.
#[derive(Debug, Clone)]
pub struct Duties {
    specs: Vec<DutySpec>,
    rules: RuleSet,
}

/// Since when it is so, and whether it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    since: Timestamp,
    told: bool,
}

/// What is so now, by duty and device.
pub(super) type Pendings = BTreeMap<(String, EntityId), Pending>;

impl Duties {
    #[must_use]
    pub fn new(specs: Vec<DutySpec>, rules: RuleSet) -> Self {
        Self { specs, rules }
    }

    #[must_use]
    pub fn spec(&self, id: &str) -> Option<&DutySpec> {
        self.specs.iter().find(|d| d.id == id)
    }
}

impl Mind {
    #[must_use]
    pub fn duty(&self, id: &str) -> Option<&DutySpec> {
        self.settings.duties.spec(id)
    }

    /// Duties that begin to be due, and those that are over.
    pub(super) fn look_at_duties(&mut self) -> Vec<Due> {
        if self.settings.duties.specs.is_empty() {
            return Vec::new();
        }
        let now = self.state.now;
        let ctx = self.signals_now();
        let (mut stands, mut heard): (Pendings, Option<Signals>) = (BTreeMap::new(), None);
        for device in self.state.registry.devices() {
            let state = self.state.states.get(&device.id).cloned().unwrap_or_default();
            let facts = facts(device, state, &ctx);
            let mut firing = self.settings.duties.rules.firing(&facts);
            // What was due and is not heard of any more is due: a duty ends when something is heard that ends it, never by silence.
            let last = || self.state.duties.keys().filter(|(_, of)| *of == device.id).map(|(id, _)| id);
            if last().any(|id| !firing.contains(id)) {
                let facts = Facts { ctx: heard.get_or_insert_with(|| self.signals_as_heard(&ctx)).clone(), ..facts };
                firing.extend(self.settings.duties.rules.firing(&facts).into_iter().filter(|id| last().any(|before| before == id)));
            }
            for id in firing {
                if stands.len() < limits::DUTIES_DUE {
                    let key = (id, device.id.clone());
                    let before = self.state.duties.get(&key).copied();
                    stands.insert(key, before.unwrap_or(Pending { since: now, told: false }));
                }
            }
        }
        let mut turns = Vec::new();
        for ((duty, device), pending) in &self.state.duties {
            if pending.told && !stands.contains_key(&(duty.clone(), device.clone())) {
                turns.push(Due { duty: duty.clone(), device: device.clone(), since: pending.since, begins: false });
            }
        }
        for ((duty, device), pending) in &mut stands {
            let lasts = self.settings.duties.spec(duty).map_or(0, |d| d.after_seconds);
            if !pending.told && now.seconds_since(pending.since) >= f64::from(lasts) {
                pending.told = true;
                turns.push(Due { duty: duty.clone(), device: device.clone(), since: pending.since, begins: true });
            }
        }
        self.state.duties = stands;
        for due in turns.iter().filter(|due| due.begins) {
            self.acted(Act::Due, Uuid::nil(), &due.device);
        }
        turns
    }
}

/// A device as it stands, asked for nothing by nobody.
fn facts(device: &Device, state: String, ctx: &Signals) -> Facts {
    let dev = DeviceFacts {
        class: device.class,
        area: device.area.clone().unwrap_or_default(),
        tags: device.tags.clone(),
        state,
        risk: device.risk,
        cmds_60s: 0,
        opposite_5s: 0,
        name: None,
    };
    Facts::unasked(device.id.clone(), dev, ctx.clone())
}
