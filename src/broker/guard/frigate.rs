//! Frigate's grammar: `frigate/CAMERA/FEATURE/set`, `…/ptz`, `…/notifications/suspend`, `frigate/restart`.
//! After <https://docs.frigate.video/integrations/mqtt>.

use super::{
    Found, Message,
    attributes::Act,
    families::{self, Part, gateway},
};
use crate::domain::{Family, Registry, limits};

const BASE: &str = "frigate";

/// What is turned on and off of a camera.
const FEATURES: [&str; 17] = [
    "enabled",
    "detect",
    "audio",
    "audio_transcription",
    "recordings",
    "snapshots",
    "motion",
    "improve_contrast",
    "ptz_autotracker",
    "review_alerts",
    "review_detections",
    "object_descriptions",
    "review_descriptions",
    "birdseye",
    "notifications",
    "face_recognition",
    "license_plate_recognition",
];
const NUMBERS: [&str; 2] = ["motion_threshold", "motion_contour_area"];
/// `frigate/CAMERA/zone/NAME/set`.
const NAMED: [&str; 3] = ["motion_mask", "object_mask", "zone"];

/// A topic that Frigate listens to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spoken<'t> {
    /// `frigate/restart`: whatever is sent restarts it.
    Restart,
    /// `frigate/notifications/set`, `frigate/profile/set`.
    Global(&'t str),
    Ptz(&'t str),
    Suspend(&'t str),
    Set {
        camera: &'t str,
        /// `detect`, or `zone/NAME`.
        feature: &'t str,
    },
}

/// Reads a topic. Allocates nothing.
pub fn parse(topic: &str) -> Option<Spoken<'_>> {
    let rest = topic.strip_prefix(BASE)?.strip_prefix('/')?;
    if rest == "restart" {
        return Some(Spoken::Restart);
    }
    let (path, word) = rest.rsplit_once('/')?;
    match (word, path.split_once('/')) {
        ("ptz", None) => Some(Spoken::Ptz(path)),
        ("set", None) => Some(Spoken::Global(path)),
        ("suspend", Some((camera, "notifications"))) => Some(Spoken::Suspend(camera)),
        ("set", Some((camera, feature))) => Some(Spoken::Set { camera, feature }),
        _ => None,
    }
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    let text = std::str::from_utf8(message.payload).ok().filter(|t| t.len() <= limits::KIND_BYTES * 4);
    let (camera, act) = match *spoken {
        Spoken::Restart => return found.push(&gateway(Family::Frigate), Act::plain("restart")),
        _ if message.clean_up && !matches!(spoken, Spoken::Global(_)) => return,
        Spoken::Global(setting) => {
            let act = match (setting, text) {
                ("notifications", Some(text)) => {
                    on_off(text).map(|verb| Act { endpoint: Some("notifications".into()), ..Act::plain(verb) })
                }
                ("profile", Some(profile)) => Some(with("profile", "profile", profile)),
                _ => None,
            };
            return found.push(&gateway(Family::Frigate), act.unwrap_or_else(Act::unknown));
        }
        Spoken::Ptz(camera) => (camera, text.and_then(ptz).map(|act| Act { endpoint: Some("ptz".into()), ..act })),
        Spoken::Suspend(camera) => {
            let minutes = text.and_then(whole);
            (camera, minutes.map(|n| Act { value: Some(n), endpoint: Some("notifications".into()), ..Act::plain("suspend") }))
        }
        Spoken::Set { camera, feature } => (camera, text.and_then(|text| set(feature, text))),
    };
    let act = act.unwrap_or_else(Act::unknown);
    for target in families::targets(registry, Family::Frigate, &format!("{BASE}/{camera}"), camera, |_| Some(Part::Same)) {
        found.push(&target.id, act.clone());
    }
}

fn set(feature: &str, text: &str) -> Option<Act> {
    let (kind, name) = feature.split_once('/').map_or((feature, None), |(kind, name)| (kind, Some(name)));
    let act = match (kind, name) {
        (kind, None) if FEATURES.contains(&kind) => Act::plain(on_off(text)?),
        (kind, None) if NUMBERS.contains(&kind) => Act { value: Some(whole(text)?), ..Act::plain("set") },
        ("birdseye_mode", None) if ["CONTINUOUS", "MOTION", "OBJECTS"].contains(&text) => with("set", "mode", text),
        (kind, Some(name)) if NAMED.contains(&kind) && !name.contains('/') => with(on_off(text)?, "name", name),
        _ => return None,
    };
    Some(Act { endpoint: Some(kind.to_owned()), ..act })
}

/// Frigate compares exactly.
fn on_off(text: &str) -> Option<&'static str> {
    match text {
        "ON" => Some("on"),
        "OFF" => Some("off"),
        _ => None,
    }
}

/// Frigate looks for `preset` anywhere in what it takes in lower case, so `stop_preset_1` is a preset too: only what begins so is read.
fn ptz(text: &str) -> Option<Act> {
    let lower = text.to_lowercase();
    if let Some(name) = lower.strip_prefix("preset_") {
        return Some(with("move", "preset", name));
    }
    Some(match lower.as_str() {
        "stop" => Act::plain("stop"),
        "move_up" | "move_down" | "move_left" | "move_right" => with("move", "direction", lower.strip_prefix("move_")?),
        "zoom_in" | "zoom_out" => with("zoom", "direction", lower.strip_prefix("zoom_")?),
        "focus_in" | "focus_out" => with("focus", "direction", lower.strip_prefix("focus_")?),
        _ => return None,
    })
}

fn whole(text: &str) -> Option<f64> {
    text.parse::<u32>().ok().map(f64::from)
}

fn with(verb: &str, key: &str, value: &str) -> Act {
    let mut act = Act::plain(verb);
    act.args.insert(key.to_owned(), value.into());
    act
}
