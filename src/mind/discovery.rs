//! Descriptions of devices: what they teach the registry.

use super::Mind;
use crate::{
    domain::{Act, Applied, EntityId, Outcome, Percept, Relation, RelationKind, ToldBy},
    home_assistant::{self, DiscoveryError, Learned, Own, Tie},
    memory::policy,
    soul::area_id,
};

impl Mind {
    pub(super) fn discover(&mut self, percept: &Percept) -> Outcome {
        if home_assistant::is_registry(&percept.topic, &self.settings.root) {
            return self.learn_areas(percept);
        }
        let mut outcome = Outcome::default();
        self.meet(percept);
        let learned =
            home_assistant::learn(&percept.topic, &percept.payload, &self.settings.discovery_prefixes, &self.settings.zigbee_bases);
        if let Some(why) = self.oversteps(percept, &learned) {
            (outcome.refused, outcome.forbidden) = (true, true);
            let text = policy::describes(percept, &format!("refused: {why}"), std::iter::empty());
            outcome.record = Some(self.remember(percept, None, 0.0, text));
            return outcome;
        }
        let said = match learned {
            Ok(Learned::Claims(claims)) => {
                let mut names = Vec::new();
                for claim in claims {
                    let id = claim.device.clone();
                    match self.state.registry.apply(claim) {
                        Applied::Changed { newly_guarded } => {
                            outcome.registry_changed = true;
                            outcome.newly_guarded.extend(newly_guarded);
                            names.push(id.to_string());
                            self.devices.insert(id);
                        }
                        Applied::Unchanged => {}
                        Applied::Full => {
                            outcome.refused = true;
                            names.push(format!("{id} (refused: the registry is full)"));
                        }
                    }
                }
                if names.is_empty() { "nothing new".to_owned() } else { names.join(", ") }
            }
            Ok(Learned::Nothing) => "no actuator".to_owned(),
            Err(error) => {
                outcome.refused = true;
                format!("refused: {error}")
            }
        };
        let mut named = Vec::new();
        if !outcome.refused {
            self.relate_as_described(percept);
            named = self.learn_names(percept);
        }
        let text = policy::describes(percept, &said, named.iter().map(|id| (id, self.known(id))));
        outcome.record = Some(self.remember(percept, None, 0.0, text));
        outcome
    }

    /// What the description tells of gateways and rooms. Where there is no room, or the owner said otherwise, it is not taken.
    fn relate_as_described(&mut self, percept: &Percept) {
        let told = home_assistant::ties(&percept.topic, &percept.payload, &self.settings.discovery_prefixes, &self.settings.zigbee_bases);
        for Tie { entity, area, via, identifiers } in told {
            for other in identifiers.iter().filter(|other| **other != entity) {
                self.state.soul.is_the_same(other, &entity);
            }
            self.place(&entity, area.as_deref());
            if let Some(via) = via {
                self.tie(&entity, RelationKind::BridgedBy, via);
            }
        }
    }

    /// Where a thing is, as discovery or the config says.
    pub(super) fn place(&mut self, entity: &EntityId, area: Option<&str>) {
        if let Some(area) = area.filter(|area| !area.is_empty()) {
            self.tie(entity, RelationKind::Near, area_id(area));
        }
    }

    fn tie(&mut self, from: &EntityId, kind: RelationKind, to: EntityId) {
        let relation = Relation { from: from.clone(), kind, to, like: kind.usual_like(), told_by: ToldBy::Discovery };
        // What the config says at a start is nothing that was learned.
        if self.state.soul.relate(relation) == Ok(true) && !self.hearing.is_nil() {
            self.acted(Act::Related, self.hearing, from);
        }
    }

    /// Why nobody may get it, if so.
    fn oversteps(&self, percept: &Percept, learned: &Result<Learned, DiscoveryError>) -> Option<&'static str> {
        let settings = &self.settings;
        let own = Own {
            node: &settings.node,
            root: &settings.root,
            prefixes: &settings.discovery_prefixes,
            zigbee_bases: &settings.zigbee_bases,
        };
        home_assistant::oversteps(&percept.topic, &percept.payload, own).or_else(|| {
            let Ok(Learned::Claims(claims)) = learned else { return None };
            let mut commands = claims.iter().flat_map(|claim| &claim.commands);
            commands.any(|command| home_assistant::commands_too_far(&command.topic, own)).then_some(home_assistant::COMMANDS)
        })
    }
}
