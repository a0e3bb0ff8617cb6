//! Tasmota's grammar: `cmnd/TOPIC/COMMAND` and the other full topics, group topics, `Backlog`. A command without data is a query.

mod commands;

use super::{
    Found, Message,
    attributes::{self, Act},
    families::{self, Part, Target, gateway},
};
use crate::domain::{DeviceClass, Family, Registry, Verb, limits};
use commands::Meaning;
use serde_json::Value;

/// The prefix of commands, unless a device has been given another (`Prefix1`).
const COMMANDS: &str = "cmnd";
/// The default group topics (`GroupTopic`), of Tasmota and of what it was called before: every device listens there.
const GROUPS: [&str; 2] = ["tasmotas", "sonoffs"];

/// A topic that a Tasmota device may listen to: it takes what follows the last slash for the command, and listens to all that is below its base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spoken<'t> {
    /// All before the command.
    path: &'t str,
    /// How much of the path any base must have at least.
    least: usize,
    command: &'t str,
}

impl<'t> Spoken<'t> {
    /// What all command topics of the device begin with.
    pub fn base(&self) -> &'t str {
        self.path
    }
}

/// Reads a topic. Allocates nothing.
pub fn parse<'t>(registry: &Registry, topic: &'t str) -> Option<Spoken<'t>> {
    let (path, command) = topic.rsplit_once('/')?;
    let Some(at) = level(path, COMMANDS) else {
        // Taught by `tasmota/discovery`.
        return registry.own_base(topic).map(|base| Spoken { path, least: base.len(), command });
    };
    // What devices tell: `stat/…/RESULT` of a device that is called `cmnd`.
    if matches!(topic.split('/').next(), Some("stat" | "tele")) {
        return None;
    }
    let end = at + COMMANDS.len();
    // `cmnd/TOPIC` has one level more; in `TOPIC/cmnd` it stands last.
    let least = if at == 0 { end + 1 + path.get(end + 1..)?.split('/').next()?.len() } else { end };
    Some(Spoken { path, least, command })
}

/// Where a whole level of a path begins.
fn level(path: &str, wanted: &str) -> Option<usize> {
    path.match_indices(wanted).map(|(at, _)| at).find(|at| {
        let (before, after) = (path.get(..*at).unwrap_or_default(), path.get(at + wanted.len()..).unwrap_or_default());
        (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
    })
}

/// Adds what a message on such a topic asks for.
pub fn read(registry: &Registry, spoken: &Spoken<'_>, message: Message<'_>, found: &mut Found<'_>) {
    let text = std::str::from_utf8(message.payload).ok().filter(|t| t.len() <= limits::BODY_BYTES);
    let module = module(spoken);
    for meaning in text.map_or_else(|| vec![Meaning::Acts(Vec::new(), Act::unknown())], |text| commands::read(spoken.command, text)) {
        match meaning {
            Meaning::Query => {}
            Meaning::Administration(mut act) => {
                act.endpoint = Some(module.chars().take(limits::ENTITY_BYTES).collect());
                found.push(&gateway(Family::Tasmota), act);
            }
            Meaning::Acts(same, act) => {
                for device in targets(registry, spoken, &module, &same) {
                    found.push(&device.id, for_class(act.clone(), device.class));
                }
                if found.too_many {
                    // The rest is not read any more, but the riskiest device of all may be meant by it.
                    let all = targets(registry, spoken, &module, &[]);
                    return all.into_iter().for_each(|device| found.push(&device.id, Act::unknown()));
                }
            }
        }
    }
}

/// The relays of a shutter move it, either way; that one of them is off does not close it.
fn for_class(act: Act, class: DeviceClass) -> Act {
    if class == DeviceClass::Cover && act.verb.0 == "off" && act.args.is_empty() {
        return Act { verb: Verb("stop".into()), ..act };
    }
    attributes::for_class(act, class)
}

/// What stands before the command without the prefix: `plug` in `cmnd/plug/POWER` and in `plug/cmnd/POWER`.
fn module(spoken: &Spoken<'_>) -> String {
    let base = spoken.path.get(..spoken.least).unwrap_or(spoken.path);
    // `home/cmnd/plug`: what follows the prefix names the device there.
    let base = if base.ends_with(COMMANDS) && spoken.path.len() > base.len() { spoken.path } else { base };
    let levels: Vec<&str> = base.split('/').filter(|level| *level != COMMANDS).collect();
    levels.join("/")
}

/// Each device that may obey: a base may end at any level, since a device listens to all that is below its own.
/// `same` are the commands that say the same, such as POWER and POWER1.
fn targets(registry: &Registry, spoken: &Spoken<'_>, module: &str, same: &[String]) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut add = |target: Target| {
        if !targets.contains(&target) {
            targets.push(target);
        }
    };
    let known = |base: &str| {
        let below = registry.commanded_below(base);
        let found = below.filter_map(|(topic, device)| {
            let command = topic.get(base.len() + 1..).filter(|rest| !rest.contains('/'))?;
            Some((part(same, command), families::target(registry, device.id.clone())))
        });
        families::obey(found.collect())
    };
    let ends = spoken.path.match_indices('/').map(|(at, _)| at).chain([spoken.path.len()]).filter(|end| *end >= spoken.least);
    for base in ends.filter_map(|end| spoken.path.get(..end)) {
        known(base).for_each(&mut add);
    }
    if GROUPS.contains(&module) {
        let listens = |d: &&crate::domain::Device| {
            d.commands().any(|c| level(&c.topic, COMMANDS).is_some())
                || d.claims.values().any(|c| c.family == Family::Tasmota && !c.commands.is_empty())
        };
        registry.devices().filter(listens).for_each(|d| add(Target { id: d.id.clone(), class: d.class }));
    }
    if let Some(named) = families::named(registry, Family::Tasmota, module) {
        add(named);
    }
    if targets.is_empty() {
        // Nothing listens below it that anybody described.
        return families::targets(registry, Family::Tasmota, spoken.path, module, |_| None);
    }
    targets
}

/// How a known command stands to those that are asked for. Output 0 is all of them.
fn part(same: &[String], command: &str) -> Part {
    let Some(known) = commands::normal(command) else { return Part::Perhaps };
    let split = |c: &str| {
        let name = c.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (c.get(..name).unwrap_or_default().to_owned(), c.get(name..).unwrap_or_default().to_owned())
    };
    let (name, number) = split(&known);
    if same.is_empty() || same.contains(&known) {
        return Part::Same;
    }
    let is_other = |asked: &String| matches!(split(asked), (n, other) if n == name && other != "0" && number != "0");
    if same.iter().any(is_other) { Part::Other } else { Part::Perhaps }
}

/// An argument as it is kept.
pub(super) fn argument(act: &mut Act, key: &str, text: &str) {
    act.args.insert(key.to_owned(), attributes::bounded(&Value::String(text.to_owned())));
}
