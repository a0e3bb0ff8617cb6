//! The rules change between two inputs, whole; and a candidate judges beside them without changing a verdict.

use super::Mind;
use crate::{
    conscience::{RuleSet, turned_by},
    domain::{Change, Disagreement, Judged, Percept, Rulings, ShadowTally, Timestamp},
};
use std::sync::Arc;

impl Mind {
    /// Sets that were checked beforehand: the input that names them need not check them again.
    pub fn offer(&mut self, live: RuleSet, shadow: Option<RuleSet>) {
        self.offered = Some((live, shadow));
    }

    /// From now on these rules hold. Sets that were not offered are checked here: a run that is lived again has no other way.
    pub(super) fn adopt(&mut self, rulings: &Rulings) {
        self.think_anew();
        let offered = self
            .offered
            .take()
            .filter(|(live, shadow)| *live.ruling() == rulings.live && shadow.as_ref().map(RuleSet::ruling) == rulings.shadow.as_ref());
        let sets = offered.or_else(|| {
            let live = RuleSet::of(&rulings.live, &self.settings.signals).ok()?;
            let shadow = rulings.shadow.as_ref().and_then(|ruling| RuleSet::of(ruling, &self.settings.signals).ok());
            Some((live, shadow))
        });
        // What cannot be checked now was checked before it was sent: nothing changes.
        let Some((live, shadow)) = sets else { return };
        self.rules = live;
        self.shadow = shadow;
        self.state.rulings = Arc::new(rulings.clone());
        self.begin_tally();
    }

    /// A candidate goes on counting where it stopped, unless it is another one.
    pub(super) fn begin_tally(&mut self) {
        let Some(ruling) = &self.state.rulings.shadow else {
            self.state.shadow = None;
            return;
        };
        let digest = ruling.digest();
        if self.state.shadow.as_ref().is_none_or(|tally| tally.digest != digest) {
            let name = ruling.candidates.last().map(|c| c.name.clone()).unwrap_or_default();
            self.state.shadow = Some(ShadowTally::new(digest, name, self.state.now));
            self.shadow_moved = true;
        }
    }

    /// What an earlier run counted.
    pub fn remember_tally(&mut self, tally: Option<ShadowTally>) {
        if tally.is_some() {
            self.state.shadow = tally;
        }
        self.begin_tally();
    }

    #[must_use]
    pub fn shadow_tally(&self) -> Option<&ShadowTally> {
        self.state.shadow.as_ref()
    }

    /// Lets the candidate judge what was judged.
    pub(super) fn shade(&mut self, percept: &Percept, judged: &[Judged], now: Timestamp) {
        let (Some(shadow), Some(tally)) = (&mut self.shadow, &mut self.state.shadow) else { return };
        for (one, ordinal) in judged.iter().zip(0_u16..) {
            let verdict = shadow.judge(&one.facts);
            let disagreement = (verdict.decision != one.verdict.decision).then(|| Disagreement {
                percept: percept.id,
                ordinal,
                at: now,
                requester: percept.source.requester.clone(),
                target: one.request.target.clone(),
                verb: one.request.verb.0.clone(),
                live: one.verdict.decision,
                shadow: verdict.decision,
                rule: turned_by(&one.verdict.contributions, &verdict.contributions).map(str::to_owned),
                reason: verdict.reason,
            });
            tally.count(disagreement.as_ref());
            self.notes.extend(disagreement.map(|d| Change::Disagreed(Box::new(d))));
        }
        self.shadow_moved = true;
    }
}
