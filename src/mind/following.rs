//! Whether devices do what they are commanded: their state follows, or it does not, and that is evidence of their ability.

use super::Mind;
use crate::{
    domain::{Act, DeviceClass, EntityId, Judged, Origin, Timestamp, limits},
    soul::Evidence,
};
use serde::{Deserialize, Serialize};

/// A command whose effect is awaited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Following {
    at: Timestamp,
    verb: String,
    /// It was given up; that the state followed all the same tells how patient one must be.
    given_up: bool,
}

/// How long a device may take to follow: what only switches is quick.
const QUICK_SECONDS: f64 = 20.0;
/// What moves or warms, and battery devices that listen only now and then.
const SLOW_SECONDS: f64 = 120.0;
/// One that follows later than that is not awaited any more.
const MOST_SECONDS: f64 = 900.0;

impl Mind {
    /// Takes commands that go on to their devices. One to the same device stands in the place of the last.
    pub(super) fn await_effect(&mut self, judged: &[Judged], origin: Origin) {
        for one in judged.iter().filter(|j| origin.lets_on(j.verdict.decision)) {
            let (target, verb) = (&one.request.target, &one.request.verb);
            // Only who tells its state at all can be seen to follow, and only a change of it.
            let Some(state) = self.state.states.get(target) else { continue };
            if verb.is_unknown() || means(&verb.0).is_some_and(|words| words.contains(&state.as_str())) {
                self.state.following.remove(target);
                continue;
            }
            if self.state.following.len() >= limits::DEVICES && !self.state.following.contains_key(target) {
                continue;
            }
            let following = Following { at: self.state.now, verb: verb.0.clone(), given_up: false };
            self.state.following.insert(target.clone(), following);
        }
    }

    /// Takes that these devices told their state.
    pub(super) fn follow(&mut self, told: &[EntityId]) {
        let now = self.state.now;
        for device in told {
            let (Some(following), Some(state)) = (self.state.following.get(device), self.state.states.get(device)) else { continue };
            let obeyed = means(&following.verb).is_none_or(|words| words.contains(&state.as_str()));
            if !obeyed {
                continue;
            }
            let (seconds, late) = (now.seconds_since(following.at), following.given_up);
            self.state.following.remove(device);
            if late {
                self.state.soul.learn_patience(device, seconds, now);
            } else {
                if self.state.soul.hear(device, now, None, Evidence::Acknowledged) {
                    self.acted(Act::Moved, self.hearing, device);
                }
                self.count_command(true);
            }
            self.feel_obeyed(device, true);
        }
    }

    /// Once a second: commands that were not obeyed in time.
    pub(super) fn time_out_commands(&mut self) {
        let now = self.state.now;
        let mut timed_out = Vec::new();
        for (device, following) in &mut self.state.following {
            let usual = if is_slow(self.state.registry.device(device).map(|d| d.class)) { SLOW_SECONDS } else { QUICK_SECONDS };
            let patience = usual.max(self.state.soul.patience(device)).min(MOST_SECONDS);
            if !following.given_up && now.seconds_since(following.at) > patience {
                following.given_up = true;
                timed_out.push(device.clone());
            }
        }
        self.state.following.retain(|_, f| now.seconds_since(f.at) <= MOST_SECONDS);
        for device in timed_out {
            if self.state.soul.hear(&device, now, None, Evidence::TimedOut) {
                self.acted(Act::Moved, self.hearing, &device);
            }
            self.feel_obeyed(&device, false);
            self.count_command(false);
        }
    }
}

fn is_slow(class: Option<DeviceClass>) -> bool {
    use DeviceClass as C;
    matches!(class, None | Some(C::Cover | C::Garage | C::Gate | C::Door | C::Valve | C::Climate | C::Lock | C::AlarmPanel | C::Unknown))
}

/// The states that say that a verb was obeyed, as devices and Home Assistant tell them. None: any word of the device does.
fn means(verb: &str) -> Option<&'static [&'static str]> {
    Some(match verb {
        "on" => &["on", "true", "1", "opening", "open", "playing", "heating", "heat", "cooling", "cool", "auto", "idle"],
        "off" => &["off", "false", "0", "standby", "closed", "idle"],
        "lock" => &["locked", "locking", "lock", "on"],
        "unlock" => &["unlocked", "unlocking", "unlock", "off", "open"],
        "open" => &["open", "opening", "opened", "on", "unlocked"],
        "close" => &["closed", "closing", "close", "off"],
        "arm" => {
            &["armed", "arming", "armed_away", "armed_home", "armed_night", "armed_vacation", "armed_custom_bypass", "on", "exit_delay"]
        }
        "disarm" => &["disarmed", "disarm", "off"],
        "stop" => &["stopped", "stop", "open", "closed", "partial"],
        _ => return None,
    })
}
