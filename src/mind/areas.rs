//! What Home Assistant says of areas and names, taken for those whom Jamey knows already; the owner's word stands before it.

use super::Mind;
use crate::{
    domain::{Act, Applied, Claim, Device, EntityId, Family, Names, Outcome, Percept, Relation, RelationKind, ToldBy, limits},
    home_assistant::{self, Placed},
    memory::policy,
    soul::area_id,
};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

impl Mind {
    /// Takes the document on `in/{user}/registry`.
    pub(super) fn learn_areas(&mut self, percept: &Percept) -> Outcome {
        let mut outcome = Outcome::default();
        self.meet(percept);
        let said = match home_assistant::areas(&percept.payload) {
            Ok(all) => {
                let aliases = self.aliases();
                let mut known: BTreeMap<EntityId, Placed> = BTreeMap::new();
                for one in all {
                    let Some(entity) = self.whom(&one, &aliases) else { continue };
                    // Devices come first; an entity of one may stand elsewhere, and be called otherwise.
                    match known.entry(entity) {
                        Entry::Vacant(free) => drop(free.insert(one)),
                        Entry::Occupied(mut taken) => {
                            let before = taken.get_mut();
                            before.name = one.name.or(before.name.take());
                            before.area = one.area.or(before.area.take());
                        }
                    }
                }
                for (entity, placed) in &known {
                    outcome.registry_changed |= self.take_place(entity, placed);
                }
                format!("areas and names of {} whom it knows", known.len())
            }
            Err(error) => {
                outcome.refused = true;
                format!("refused: {error}")
            }
        };
        let text = policy::describes(percept, &said, std::iter::empty());
        outcome.record = Some(self.remember(percept, None, 0.0, text));
        outcome
    }

    /// Devices by their other names in inventories.
    fn aliases(&self) -> BTreeMap<String, EntityId> {
        let devices = self.state.registry.devices();
        devices.flat_map(|device| device.aliases.iter().map(|alias| (alias.clone(), device.id.clone()))).collect()
    }

    /// Whom it means, where it is one whom Jamey knows.
    fn whom(&self, placed: &Placed, aliases: &BTreeMap<String, EntityId>) -> Option<EntityId> {
        let by_alias = placed.aliases.iter().find_map(|alias| aliases.get(alias).cloned());
        let is_known = |id: &&EntityId| self.state.registry.device(id).is_some() || self.state.soul.knows(id);
        by_alias.or_else(|| placed.known_as.iter().find(is_known).cloned())
    }

    /// Gives whether the registry changed. What the owner declared stays as it is.
    fn take_place(&mut self, entity: &EntityId, placed: &Placed) -> bool {
        if self.state.registry.device(entity).is_some_and(Device::is_declared) {
            return false;
        }
        if let Some(area) = &placed.area {
            let relation = Relation {
                from: entity.clone(),
                kind: RelationKind::Near,
                to: area_id(area),
                like: RelationKind::Near.usual_like(),
                told_by: ToldBy::Discovery,
            };
            if self.state.soul.moves(&relation) {
                self.acted(Act::Related, self.hearing, entity);
            }
        }
        let names = Names { name: placed.name.clone(), area: placed.area.clone(), ..Names::default() };
        let has_room = self.state.names.len() < limits::NAMED || self.state.names.contains_key(entity);
        if has_room && self.state.names.entry(entity.clone()).or_default().learn(names) {
            self.named.insert(entity.clone());
        }
        let Some(class) = self.state.registry.device(entity).map(|device| device.class) else { return false };
        // It says nothing of risk: the class is the one that it has.
        let claim = Claim {
            key: KEY.to_owned(),
            device: entity.clone(),
            name: placed.name.clone(),
            class,
            area: placed.area.clone(),
            tags: BTreeSet::new(),
            risk: None,
            family: Family::HomeAssistant,
            aliases: BTreeSet::new(),
            members: BTreeSet::new(),
            commands: Vec::new(),
            state_topic: None,
        };
        let is_changed = matches!(self.state.registry.apply(claim), Applied::Changed { .. });
        if is_changed {
            self.devices.insert(entity.clone());
        }
        is_changed
    }
}

/// Under which all of it is kept with a device.
const KEY: &str = "home assistant";
