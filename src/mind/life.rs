//! Whether those who speak are there: rhythm, silence, bridges that went away.

use super::Mind;
use crate::{
    domain::{Act, Percept, Silence},
    soul::Via,
};

impl Mind {
    /// Takes a percept as a sign of life. Gives how much it concerns the home, in [0, 1].
    pub(super) fn hear_life(&mut self, percept: &Percept) -> f64 {
        let via = self.via(percept);
        self.state.soul.hear_life(percept, via, self.state.now);
        0.0
    }

    /// Once a second: who should have spoken and did not.
    pub(super) fn look_for_silence(&mut self) {
        self.state.soul.look_for_silence(self.state.now, &self.settings.unwatched);
    }

    /// Absences that began or ended, each with what it means for the mission.
    pub(super) fn take_silences(&mut self) -> Vec<Silence> {
        let silences = self.state.soul.take_silences();
        for silence in &silences {
            self.feel_silence(&silence.entity, silence.begins);
            if silence.begins {
                self.acted(Act::Silent, self.hearing, &silence.entity);
            }
        }
        silences
    }

    /// Through whom it came, where that is not its own subject: the bridge that speaks on such topics, else whoever sent it.
    fn via(&self, percept: &Percept) -> Option<Via> {
        let speaks_there = |prefix: &str| percept.topic.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
        if let Some((_, bridge)) = self.settings.bridges.iter().find(|(prefix, _)| speaks_there(prefix)) {
            return (percept.entity != *bridge).then(|| Via { bridge: bridge.clone(), declared: true });
        }
        let source = &percept.source;
        let another = source.requester != percept.entity && source.requester.as_str() != "anonymous";
        another.then(|| Via { bridge: source.requester.clone(), declared: source.speaks_for_many })
    }
}
