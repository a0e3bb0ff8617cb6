//! What is said of entities: the owner's word (trust and distrust, relations, forgetting), and what others hold of them.

use super::Mind;
use crate::{
    domain::{Act, Change, Device, DeviceClass, EntityId, Forgetting, Outcome, OwnersWord, Percept, Relation, Says, ToldBy, Unit01},
    soul::Evidence,
};
use uuid::Uuid;

impl Mind {
    /// Takes the owner's word; the outcome says whether it counted.
    pub(super) fn take_word(&mut self, word: &OwnersWord) -> Outcome {
        let mut outcome = Outcome::default();
        let about = &word.about;
        let said = match &word.says {
            Says::Forget => {
                self.forget(word, &mut outcome);
                Ok(())
            }
            _ if !self.knows(about) => Err(format!("nobody is called `{about}`: `jamey entity list` shows who is")),
            Says::Trust => self.vouch(about, true),
            Says::Distrust => self.vouch(about, false),
            Says::Relate { kind, to, like } => {
                let (from, to) = (about.clone(), to.clone());
                let relation = Relation { from, kind: *kind, to, like: *like, told_by: ToldBy::Owner };
                self.state.soul.relate(relation).map(|_| ()).map_err(|why| format!("not taken: {why}"))
            }
            Says::Unrelate { kind, to } => match self.state.soul.unrelate(about, *kind, to) {
                true => Ok(()),
                false => Err(format!("nobody said that {about} {} {to}: `jamey entity show {about}` shows its relations", kind.as_str())),
            },
        };
        // To count a forgetting would name who is forgotten.
        if said.is_ok() && word.says != Says::Forget {
            self.acted(Act::Word, word.id, about);
        }
        outcome.word = Some(said);
        outcome
    }

    fn knows(&self, entity: &EntityId) -> bool {
        self.state.soul.events(entity).is_some() || self.state.registry.device(entity).is_some()
    }

    /// Whether there is anything of it to be forgotten here; the store may hold more.
    #[must_use]
    pub fn keeps(&self, entity: &EntityId) -> bool {
        self.knows(entity) || self.state.soul.keeps(entity) || self.state.identity.names(entity)
    }

    fn vouch(&mut self, about: &EntityId, good: bool) -> Result<(), String> {
        self.feel_owner(about, good);
        match self.state.soul.hear(about, self.state.now, None, Evidence::OwnerWord(good)) {
            true => Ok(()),
            false => Err("there is no room for it: forget some entities".to_owned()),
        }
    }

    /// Lets go of all that was learned of an entity; the store is told to do the same. What the config declares stays.
    fn forget(&mut self, word: &OwnersWord, outcome: &mut Outcome) {
        let entity = &word.about;
        self.state.soul.forget(entity);
        self.forget_inside(&word.about);
        self.forget_acts(entity);
        self.state.workspace.forget(entity);
        self.state.habits.forget(entity);
        self.state.states.remove(entity);
        self.told.remove(entity);
        self.state.names.remove(entity);
        self.named.remove(entity);
        self.state.commands.remove(entity);
        self.state.following.remove(entity);
        self.state.commands.values_mut().for_each(|commands| commands.forget(entity));
        self.state.holds.retain(|(_, who)| who != entity);
        self.state.duties.retain(|(_, device), _| device != entity);
        let of_it = |id: &&Uuid| self.state.held.get(*id).is_some_and(|held| super::holding::concerns(&held.percept, entity));
        let held: Vec<Uuid> = self.state.held.keys().filter(of_it).copied().collect();
        let refused = held.len();
        outcome.settled.extend(held.into_iter().filter_map(|id| self.let_go(id)));
        // What the config or a family's grammar stands for is described by nobody who could do it again.
        let stays = |device: &Device| device.is_declared() || device.class == DeviceClass::Gateway;
        if self.state.registry.device(entity).is_some_and(|device| !stays(device)) {
            self.state.registry.remove(entity);
            self.devices.insert(entity.clone());
            outcome.registry_changed = true;
        }
        let signals = self.forget_signals(entity);
        let forgetting =
            Forgetting { word: word.id, at: self.state.now, by: word.by.clone(), entity: entity.clone(), signals, held: refused };
        self.notes.push(Change::Forget(Box::new(forgetting)));
    }

    /// Values that only it told are not known any more.
    fn forget_signals(&mut self, entity: &EntityId) -> Vec<String> {
        let mut forgotten = Vec::new();
        for spec in &self.settings.signals {
            for source in spec.from.iter().filter(|source| source.entity == *entity) {
                let key = spec.key(source);
                let others = spec.from.iter().any(|other| other.entity != *entity && spec.key(other) == key);
                if !others && self.state.heard.remove(&key).is_some() {
                    self.signals.remove(&key);
                    forgotten.push(key);
                }
            }
        }
        self.moment = None;
        forgotten
    }

    /// Takes what an entity tells of another: kind `opinion`, `{"about": "x", "belief": .8, "disbelief": .1}`.
    pub(super) fn hear_say(&mut self, percept: &Percept) {
        if percept.kind != "opinion" {
            return;
        }
        let Some(said) = percept.body.object() else { return };
        let number = |key: &str| Unit01::clamped(said.get(key).and_then(serde_json::Value::as_f64).unwrap_or(0.0));
        let about = said.get("about").and_then(|about| about.as_str()).and_then(|about| EntityId::new(about).ok());
        if let Some(about) = about {
            self.state.soul.hear_say(&percept.entity, &about, number("belief"), number("disbelief"), self.state.now);
        }
    }
}
