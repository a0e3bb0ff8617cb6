//! The watch over all entities: who speaks for himself and for others, who should have spoken and did not, and one cause where there is one.

use super::{
    Heard, Life,
    carrier::Via,
    word::{Word, digest_of},
};
use crate::{
    domain::{EntityId, Liveness, Percept, RelationKind, Silence, Timestamp},
    soul::{Entity, Evidence, Soul},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Between two looks there is a second. After a longer pause it was Jamey, or its host, that was away.
const PAUSE_SECONDS: f64 = 300.0;
/// `EntityId::anonymous`.
const NOBODY: &str = "anonymous";

/// Who is to be looked for, and when. Nobody is looked at before his time.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub struct Watch {
    /// One entry an entity that can be missed; it may be earlier than the entity's own time, never later.
    queue: BTreeSet<(Timestamp, EntityId)>,
    /// Since when Jamey hears.
    woke: Timestamp,
    looked: Option<Timestamp>,
    /// Absences that others were told of before the last start are told again.
    recall: bool,
    turns: Vec<Silence>,
}

impl Soul {
    /// Jamey hears from now on: what was not heard before is nobody's silence.
    pub fn wake(&mut self, at: Timestamp) {
        self.watch = Watch { woke: at, recall: true, ..Watch::default() };
        let ids: Vec<EntityId> = self.entities.keys().cloned().collect();
        for id in ids {
            if let Some(one) = self.entities.get_mut(&id) {
                let life = &mut one.senses.life;
                life.queued = None;
                if life.next.is_some() {
                    life.next = life.deadline(at).or(life.next);
                }
                self.watch.enter(&id, life);
            }
        }
    }

    /// Takes a percept as a sign of life of whom it is about, and of the bridge that brought it.
    pub fn hear_life(&mut self, percept: &Percept, via: Option<Via>, at: Timestamp) {
        if percept.entity.as_str() == NOBODY {
            // Many, whom nobody can tell apart: that one of them speaks says nothing of the others.
            self.hear(&percept.entity, at, None, Evidence::OnTime);
            return;
        }
        let word = Word::of(percept);
        let from = self.watch.woke;
        let client = digest_of(&percept.source.client_id);
        let via = via.filter(|via| self.is_worth(via));
        let bridge = via.as_ref().and_then(|via| self.life(&via.bridge)?.carrier.as_ref()).filter(|c| c.is_bridge());
        let (back, again) = bridge.map_or((from, false), |carrier| (carrier.back.max(from), carrier.repeats(at)));
        let forges =
            !percept.source.speaks_for_many && bridge.is_none() && !percept.retained && via.as_ref().is_none_or(|via| !via.declared);
        let itself = percept.source.requester == percept.entity;
        let heard = self.with(&percept.entity, at, |one| {
            let life = &mut one.senses.life;
            let heard = life.hear(&word, at, back, again);
            let stays = match &via {
                // It came on nobody knows what way.
                _ if word.stored => true,
                Some(via) => life.via.as_ref() == Some(&via.bridge),
                // It speaks for itself now, whoever spoke for it before.
                None => !itself || life.via.is_none(),
            };
            let left = (!stays).then(|| std::mem::replace(&mut life.via, via.as_ref().map(|via| via.bridge.clone())));
            for (says, evidence) in [
                (heard.on_time, Evidence::OnTime),
                (word.power.battery_low, Evidence::BatteryLow),
                (word.power.link_weak, Evidence::WeakLink),
                // A bridge that restarts, or a queue that is sent late, is no forger: only who speaks for himself is held to it.
                (heard.replay && forges && itself, Evidence::Replay),
            ] {
                if says {
                    one.known.weigh(at, None, evidence, evidence.weight());
                }
            }
            if heard.turned {
                one.known.touch();
                one.senses.due();
            }
            (heard, left)
        });
        let Some((heard, left)) = heard else { return };
        let new = left.is_some() && via.is_some();
        left.flatten().into_iter().for_each(|bridge| self.carries_one_less(&bridge));
        if heard.replay && forges && !itself {
            self.hear(&percept.source.requester, at, Some(&percept.entity), Evidence::Replay);
        }
        self.settle_life(&percept.entity, heard, word.there, at);
        if let Some(via) = via.filter(|_| !word.stored) {
            self.hear_bridge(&via, client, new, heard, at);
            let bridges = self.life(&via.bridge).and_then(|life| life.carrier.as_ref()).is_some_and(|c| c.is_bridge());
            if bridges && (new || !via.declared) {
                self.relate_seen(&percept.entity, RelationKind::BridgedBy, &via.bridge);
            }
        }
    }

    /// Once a second: who should have spoken and did not. `unwatched`: whom the owner does not want to be told of.
    pub fn look_for_silence(&mut self, at: Timestamp, unwatched: &BTreeSet<EntityId>) {
        if self.watch.looked.replace(at).is_some_and(|looked| at.seconds_since(looked) > PAUSE_SECONDS) {
            self.watch.woke = at;
        }
        if std::mem::take(&mut self.watch.recall) {
            let told = self.entities.iter().filter(|(_, one)| one.senses.life.told);
            let turns: Vec<Silence> = told.map(|(id, one)| one.silence(id, true)).collect();
            self.watch.turns.extend(turns);
        }
        let mut due = Vec::new();
        while self.watch.queue.first().is_some_and(|(next, _)| *next <= at) {
            let Some((_, id)) = self.watch.queue.pop_first() else { break };
            let Some(life) = self.life_mut(&id) else { continue };
            life.queued = None;
            match life.next {
                Some(next) if next <= at => due.push((life.carrier.is_none(), id)),
                _ => self.enter(&id),
            }
        }
        // Bridges first: what they explain is explained.
        due.sort();
        for (_, id) in due {
            self.look_at(&id, at, unwatched.contains(&id));
        }
    }

    /// One is forgotten: its absence is nobody's any more, and nobody is heard through it.
    pub fn leave(&mut self, id: &EntityId) {
        let through = self.entities.iter().filter(|(_, one)| one.senses.life.via.as_ref() == Some(id));
        for other in through.map(|(other, _)| other.clone()).collect::<Vec<_>>() {
            if let Some(one) = self.entities.get_mut(&other) {
                one.senses.life.via = None;
                one.senses.life.because_of = None;
                one.senses.due();
            }
            self.touch(&other);
        }
        self.part(id);
    }

    /// The same for one through whom nobody is heard: at once, however many are known.
    pub fn part(&mut self, id: &EntityId) {
        let Some(one) = self.entities.get(id) else { return };
        let (told, via) = (one.senses.life.told, one.senses.life.via.clone());
        if told {
            self.watch.turns.push(one.silence(id, false));
        }
        via.into_iter().for_each(|bridge| self.carries_one_less(&bridge));
    }

    /// Whether others may be heard through it.
    pub fn is_carrier(&self, id: &EntityId) -> bool {
        self.life(id).is_some_and(|life| life.carrier.is_some())
    }

    fn carries_one_less(&mut self, bridge: &EntityId) {
        if let Some(carrier) = self.life_mut(bridge).and_then(|life| life.carrier.as_mut()) {
            carrier.carries = carrier.carries.saturating_sub(1);
        }
    }

    /// Absences that began or ended since the last call.
    pub fn take_silences(&mut self) -> Vec<Silence> {
        std::mem::take(&mut self.watch.turns)
    }

    /// One that has not spoken in its time.
    fn look_at(&mut self, id: &EntityId, at: Timestamp, is_unwatched: bool) {
        let mut from = self.watch.woke;
        let Some(life) = self.life(id) else { return };
        let says_so = life.state == Liveness::Offline;
        if !says_so
            && let Some(bridge) = life.via.clone()
            && let Some(other) = self.life(&bridge)
            && let Some(carrier) = other.carrier.as_ref().filter(|c| c.is_bridge())
        {
            from = from.max(carrier.back);
            if other.state.is_gone() {
                return self.change(id, at, |life| life.cut_off(&bridge, at));
            }
            // Nobody spoke through the bridge since: it is looked for first. Two that speak for each other do not wait for each other.
            let alone = other.heard <= life.heard && other.via.as_ref() != Some(id);
            if let Some(next) = other.next.filter(|next| alone && *next > at) {
                self.change(id, at, |life| {
                    life.next = Some(next.plus_seconds(1));
                    false
                });
                return self.enter(id);
            }
        }
        if !says_so && let Some(deadline) = life.deadline(from).filter(|deadline| *deadline > at) {
            self.change(id, at, |life| {
                life.next = Some(deadline);
                false
            });
            return self.enter(id);
        }
        let mut gone = false;
        self.with(id, at, |one| {
            let looked = one.senses.life.miss(at);
            if is_unwatched {
                one.senses.life.told = false;
            } else {
                one.known.weigh(at, None, Evidence::Silence, Evidence::Silence.weight());
                gone = looked.gone;
            }
            if looked.turned {
                one.known.touch();
                one.senses.due();
            }
        });
        self.enter(id);
        if gone {
            self.tell_turn(id, true);
        }
    }

    /// What follows for others when one spoke, or said that it goes.
    fn settle_life(&mut self, id: &EntityId, heard: Heard, there: Option<bool>, at: Timestamp) {
        self.enter(id);
        let Some(life) = self.life(id) else { return };
        let (gone, bridges) = (life.state.is_gone(), life.carrier.as_ref().is_some_and(|c| c.is_bridge()));
        if heard.back {
            self.tell_turn(id, false);
        }
        if bridges && gone && heard.turned {
            self.each_through(id, at, |life| life.cut_off(id, at));
        } else if bridges && !gone && (there == Some(true) || heard.returned) {
            self.bridge_is_back(id, at);
        }
    }

    fn hear_bridge(&mut self, via: &Via, client: u32, new: bool, spoke: Heard, at: Timestamp) {
        let from = self.watch.woke;
        let heard = self.with(&via.bridge, at, |one| {
            let life = &mut one.senses.life;
            let carrier = life.carrier.get_or_insert_default();
            carrier.note(via.declared, client);
            carrier.carries = carrier.carries.saturating_add(u32::from(new));
            // What is old may be anybody's; and who only hands on a farewell is there himself.
            if !spoke.sign {
                return Heard::default();
            }
            let heard = life.carry(at, from);
            if heard.on_time {
                one.known.weigh(at, None, Evidence::OnTime, 1.0);
            }
            if heard.turned {
                one.known.touch();
                one.senses.due();
            }
            heard
        });
        let Some(heard) = heard else { return };
        self.enter(&via.bridge);
        if heard.back {
            self.tell_turn(&via.bridge, false);
        }
        if heard.returned {
            self.bridge_is_back(&via.bridge, at);
        }
    }

    /// From now on its devices have their usual time to speak.
    fn bridge_is_back(&mut self, bridge: &EntityId, at: Timestamp) {
        if let Some(carrier) = self.life_mut(bridge).and_then(|life| life.carrier.as_mut()) {
            carrier.back = at;
        }
        self.each_through(bridge, at, |life| life.uncovered(at));
    }

    fn each_through(&mut self, bridge: &EntityId, at: Timestamp, change: impl Fn(&mut Life) -> bool) {
        let through = self.entities.iter().filter(|(_, one)| one.senses.life.via.as_ref() == Some(bridge));
        let ids: Vec<EntityId> = through.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.change(&id, at, &change);
            self.enter(&id);
        }
    }

    /// Changes the life of one; true: others see it.
    fn change(&mut self, id: &EntityId, at: Timestamp, change: impl FnOnce(&mut Life) -> bool) {
        self.with(id, at, |one| {
            if change(&mut one.senses.life) {
                one.known.touch();
                one.senses.due();
            }
        });
    }

    /// A bridge that is not declared one is believed to be one only under a name of its own.
    fn is_worth(&self, via: &Via) -> bool {
        via.declared || self.life(&via.bridge).and_then(|life| life.carrier.as_ref()).is_none_or(|c| !c.is_shared())
    }

    fn tell_turn(&mut self, id: &EntityId, begins: bool) {
        if let Some(one) = self.entities.get(id) {
            self.watch.turns.push(one.silence(id, begins));
        }
    }

    fn enter(&mut self, id: &EntityId) {
        if let Some(one) = self.entities.get_mut(id) {
            self.watch.enter(id, &mut one.senses.life);
        }
    }

    fn life(&self, id: &EntityId) -> Option<&Life> {
        self.entities.get(id).map(|one| &one.senses.life)
    }

    fn life_mut(&mut self, id: &EntityId) -> Option<&mut Life> {
        self.entities.get_mut(id).map(|one| &mut one.senses.life)
    }
}

impl Watch {
    /// Puts one where it will be looked at in time.
    fn enter(&mut self, id: &EntityId, life: &mut Life) {
        let Some(next) = life.next else { return };
        match life.queued {
            Some(queued) if queued <= next => return,
            Some(queued) => {
                self.queue.remove(&(queued, id.clone()));
            }
            None => {}
        }
        life.queued = Some(next);
        self.queue.insert((next, id.clone()));
    }
}

impl Entity {
    fn silence(&self, id: &EntityId, begins: bool) -> Silence {
        let life = &self.senses.life;
        Silence {
            entity: id.clone(),
            begins,
            heard: life.heard,
            since: life.since.unwrap_or_default(),
            said_so: life.state == Liveness::Offline,
            every_seconds: life.kinds.every(),
            carries: life.carrier.as_ref().filter(|c| c.is_bridge()).map(|c| c.carries),
            is_newcomer: self.known.is_newcomer(),
        }
    }
}
