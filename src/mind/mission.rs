//! How well each objective goes: looked at each ten seconds, and when something happens of which it speaks; and what that means to the soul.

use super::Mind;
use crate::{
    consciousness::{Turn, advice},
    domain::{Alarm, Change, Condition, Figure, Figures, Judged, Occasion, Turned},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Mind {
    /// Once a second.
    pub(super) fn look_at_missions(&mut self) {
        if self.state.missions.take_look(self.state.now) {
            let figures = self.figures_now();
            *self.state.missions.figures_mut() = figures;
            self.count(Occasion::Look, |_| {});
        }
    }

    /// Requests were judged, or what waited is let on. `went_on`: they reach their devices.
    pub(super) fn count_requests(&mut self, judged: &[Judged], went_on: bool, approved: bool) {
        use crate::domain::Decision;
        for one in judged {
            let (verdict, risk) = (&one.verdict, one.facts.dev.risk.get());
            self.count(Occasion::Request, |figures| {
                figures.set(Figure::RequestRisk, risk);
                figures.set(Figure::RequestScore, verdict.score);
                figures.set(Figure::RequestDenied, verdict.decision == Decision::Deny);
                figures.set(Figure::RequestAsked, verdict.decision == Decision::Escalate);
                figures.set(Figure::RequestApproved, approved);
                figures.set(Figure::RequestWentOn, went_on);
            });
        }
    }

    /// A device did what it was commanded to, or not in time.
    pub(super) fn count_command(&mut self, obeyed: bool) {
        self.count(Occasion::Command, |figures| figures.set(Figure::CommandObeyed, obeyed));
    }

    /// Somebody said something that is good or bad.
    pub(super) fn count_word(&mut self, sentiment: f64) {
        self.count(Occasion::Word, |figures| figures.set(Figure::WordSentiment, sentiment));
    }

    /// A condition of the house begins or ends.
    pub(super) fn note_condition(&mut self, turned: &Turned) {
        let figure = match turned.condition {
            Condition::StoreFailing => Figure::StoreFailing,
            Condition::Damaged => Figure::Damaged,
            Condition::Consolidating | Condition::Stopping => return,
        };
        self.state.missions.figures_mut().set(figure, turned.holds);
    }

    /// Looks at every objective that speaks of what happened; `tell` adds what is known of that.
    fn count(&mut self, occasion: Occasion, tell: impl FnOnce(&mut Figures)) {
        let is_look = occasion == Occasion::Look;
        if !is_look && !self.settings.missions.counted().iter().any(|one| one.occasion == occasion) {
            return;
        }
        let ctx = self.signals_now();
        let mut figures = self.state.missions.figures().clone();
        tell(&mut figures);
        let mut turns: Vec<(String, Turn)> = Vec::new();
        for one in self.settings.missions.counted() {
            let Some(standing) = self.state.missions.get_mut(&one.id) else { continue };
            let turn = if one.occasion == occasion {
                standing.take(one.tells(&ctx, &figures), self.state.now)
            } else if is_look {
                standing.weigh(self.state.now)
            } else {
                None
            };
            turns.extend(turn.map(|turn| (one.id.clone(), turn)));
        }
        for (id, turn) in turns {
            self.feel_turn(&id, &turn);
        }
    }

    /// The payloads of `consciousness/mission/{id}` that are news.
    pub(super) fn mission_views(&mut self) -> Vec<(String, Value)> {
        let now = self.state.now;
        self.state.missions.iter_mut().filter_map(|standing| standing.take_view(now).map(|view| (standing.id().to_owned(), view))).collect()
    }

    pub(super) fn mission_alarms(&self, alarms: &mut BTreeMap<String, Alarm>) {
        for standing in self.state.missions.iter() {
            if let Some(alarm) = standing.alarm() {
                alarms.insert(format!("mission-{}", standing.id()), Alarm { what_to_do: advice(standing.id()), ..alarm.clone() });
            }
        }
    }

    pub(super) fn mission_changes(&mut self, changes: &mut Vec<Change>) {
        let now = self.state.now;
        for standing in self.state.missions.iter_mut() {
            for (at, good, bad) in standing.take_hours(now) {
                let metric = format!("mission.{}", standing.id());
                let value = f64::from(good) / (f64::from(good) + f64::from(bad)).max(1.0);
                changes.push(Change::Metric { at, metric, value, detail: json!({"good": good, "bad": bad}) });
            }
            if let Some((view, state)) = standing.take_row(now) {
                changes.push(Change::Mission { id: standing.id().to_owned(), at: now, view, state });
            }
        }
    }
}
