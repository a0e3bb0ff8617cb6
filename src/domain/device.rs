//! The registry of actuators: what can be commanded, on which topics, and how risky that is.

use super::{EntityId, Unit01, limits};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

/// What a device is, as far as risk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceClass {
    Interlock,
    Medical,
    SmokeAlarm,
    CoAlarm,
    GasAlarm,
    Gateway,
    Lock,
    AlarmPanel,
    Garage,
    Gate,
    Door,
    Valve,
    Siren,
    Camera,
    Microphone,
    Climate,
    Switch,
    Cover,
    Fan,
    Light,
    Media,
    Chime,
    /// A button, number, select, text or scene whose effect is not known.
    #[default]
    Unknown,
}

impl DeviceClass {
    /// Risk r in [0, 1] of commanding it.
    #[must_use]
    pub fn risk(self) -> Unit01 {
        Unit01::clamped(match self {
            Self::Interlock | Self::Medical => 1.0,
            Self::SmokeAlarm | Self::CoAlarm | Self::GasAlarm | Self::Gateway => 0.9,
            Self::Lock | Self::AlarmPanel => 0.8,
            Self::Garage | Self::Gate | Self::Door => 0.7,
            Self::Valve => 0.6,
            Self::Siren | Self::Camera | Self::Microphone | Self::Unknown => 0.5,
            Self::Climate => 0.4,
            Self::Switch => 0.3,
            Self::Cover | Self::Fan => 0.2,
            Self::Light | Self::Media | Self::Chime => 0.1,
        })
    }

    /// Whether a verb goes the safe way for this class; its risk then counts 0.2 at most.
    #[must_use]
    pub fn is_safe(self, verb: &str) -> bool {
        match self {
            Self::Lock => verb == "lock",
            Self::Garage | Self::Gate | Self::Door | Self::Valve | Self::Cover => verb == "close",
            Self::AlarmPanel => verb == "arm",
            Self::Climate => verb == "off",
            _ => false,
        }
    }

    /// Risk of one verb where the thing's own risk is `risk`: in the safe direction 0.2 at most.
    #[must_use]
    pub fn risk_of(self, risk: Unit01, verb: &str) -> Unit01 {
        if self.is_safe(verb) { Unit01::clamped(risk.get().min(0.2)) } else { risk }
    }

    /// The name used in rules and config: `smoke_alarm`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interlock => "interlock",
            Self::Medical => "medical",
            Self::SmokeAlarm => "smoke_alarm",
            Self::CoAlarm => "co_alarm",
            Self::GasAlarm => "gas_alarm",
            Self::Gateway => "gateway",
            Self::Lock => "lock",
            Self::AlarmPanel => "alarm_panel",
            Self::Garage => "garage",
            Self::Gate => "gate",
            Self::Door => "door",
            Self::Valve => "valve",
            Self::Siren => "siren",
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::Climate => "climate",
            Self::Switch => "switch",
            Self::Cover => "cover",
            Self::Fan => "fan",
            Self::Light => "light",
            Self::Media => "media",
            Self::Chime => "chime",
            Self::Unknown => "unknown",
        }
    }
}

/// Whose way of speaking a device follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Declared by the owner.
    Owner,
    HomeAssistant,
    Zigbee2mqtt,
    Tasmota,
    Esphome,
    Shelly,
    ZwaveJsUi,
    Frigate,
}

impl Family {
    /// The name in config and in what people read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::HomeAssistant => "home_assistant",
            Self::Zigbee2mqtt => "zigbee2mqtt",
            Self::Tasmota => "tasmota",
            Self::Esphome => "esphome",
            Self::Shelly => "shelly",
            Self::ZwaveJsUi => "zwave_js_ui",
            Self::Frigate => "frigate",
        }
    }
}

/// How a payload on a command topic is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as")]
pub enum CommandShape {
    /// Exact payload to verb: `LOCK` is `lock`. Any other payload is an unknown verb.
    Words { words: BTreeMap<String, String> },
    /// A number to set; `verb` is `set` unless the number says more (`position`: 0 closes, any other opens).
    Number { verb: String },
    /// A word to choose: verb with `args[argument]` the payload; `off` as a choice is the verb `off`.
    Choice { verb: String, argument: String },
    /// A JSON object of attributes as Zigbee2MQTT takes it: `{"state":"ON","brightness":20}`.
    Attributes,
    /// Whatever is sent presses it.
    Press { verb: String },
    /// A template that is text around one value: what stands between is read by `within`.
    Framed { before: String, after: String, within: Box<CommandShape> },
    /// A template that cannot be inverted: every payload is an unknown verb.
    Opaque,
}

/// One topic that commands a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub topic: String,
    /// The discovery key it came from: `command_topic`, `position_topic` …
    pub role: String,
    #[serde(flatten)]
    pub shape: CommandShape,
}

/// What one discovery document, inventory or config entry says of one actuator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Where it was said: a discovery topic (with `#component` for device-based discovery), an inventory, `config`.
    pub key: String,
    pub device: EntityId,
    pub name: Option<String>,
    pub class: DeviceClass,
    pub area: Option<String>,
    pub tags: BTreeSet<String>,
    /// The owner's own risk; never from discovery.
    pub risk: Option<Unit01>,
    pub family: Family,
    /// Zigbee2MQTT: the other names of the same device (IEEE address, friendly name), under its base topic.
    /// Tasmota: what its command topics begin with, the fallback topic among them.
    pub aliases: BTreeSet<String>,
    /// Zigbee2MQTT groups: the members, as IEEE addresses.
    pub members: BTreeSet<String>,
    pub commands: Vec<Command>,
    /// Where the device tells its state; never guarded by this claim.
    pub state_topic: Option<String>,
}

/// An actuator as it stands after all claims: classes and risks only ever tightened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub id: EntityId,
    pub name: Option<String>,
    pub class: DeviceClass,
    pub area: Option<String>,
    pub tags: BTreeSet<String>,
    pub risk: Unit01,
    pub aliases: BTreeSet<String>,
    pub members: BTreeSet<String>,
    /// By claim, so that a repeated document replaces its own commands; what it dropped stays guarded.
    pub claims: BTreeMap<String, Claim>,
}

impl Device {
    /// Whether the owner declared it in the config.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.claims.values().any(|c| c.family == Family::Owner)
    }

    /// Risk of one verb: in the class's safe direction 0.2 at most.
    #[must_use]
    pub fn risk_of(&self, verb: &str) -> Unit01 {
        self.class.risk_of(self.risk, verb)
    }

    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.claims.values().flat_map(|c| c.commands.iter())
    }
}

/// All actuators, and which topic commands which.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Registry {
    devices: BTreeMap<EntityId, Device>,
    /// Command topic to (device, claim, index in its commands).
    topics: BTreeMap<String, Vec<(EntityId, String, usize)>>,
    /// State topic to the devices that tell their state there.
    states: BTreeMap<String, BTreeSet<EntityId>>,
    /// What command topics of Tasmota devices begin with whose prefix is not the usual one.
    #[serde(default)]
    bases: BTreeSet<String>,
}

/// What a claim changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    Unchanged,
    /// The device changed; these topics are guarded now and were not before.
    Changed {
        newly_guarded: Vec<String>,
    },
    /// The registry or the device is full: nothing was taken.
    Full,
}

impl Registry {
    #[must_use]
    pub fn from_devices(devices: impl IntoIterator<Item = Device>) -> Self {
        let mut registry = Self { devices: devices.into_iter().map(|d| (d.id.clone(), d)).collect(), ..Self::default() };
        registry.index();
        registry
    }

    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    #[must_use]
    pub fn device(&self, id: &EntityId) -> Option<&Device> {
        self.devices.get(id)
    }

    /// The devices that a topic commands, each with how its payload is read.
    pub fn commanded_by(&self, topic: &str) -> impl Iterator<Item = (&Device, &Command)> {
        self.topics.get(topic).into_iter().flatten().filter_map(|(id, claim, at)| {
            let device = self.devices.get(id)?;
            Some((device, device.claims.get(claim)?.commands.get(*at)?))
        })
    }

    /// The devices that tell their state on a topic.
    pub fn told_on(&self, topic: &str) -> impl Iterator<Item = &EntityId> {
        self.states.get(topic).into_iter().flatten()
    }

    /// The command topics directly or further below a topic, each with a device that it commands.
    pub fn commanded_below<'r>(&'r self, base: &'r str) -> impl Iterator<Item = (&'r str, &'r Device)> {
        let from = self.topics.range::<str, _>((Bound::Excluded(base), Bound::Unbounded));
        // `base-1` and `base.x` sort between `base` and `base/…`.
        let below = from.skip_while(move |(topic, _)| topic.strip_prefix(base).is_some_and(|rest| rest < "/"));
        let below = below.take_while(move |(topic, _)| topic.strip_prefix(base).is_some_and(|rest| rest.starts_with('/')));
        below.flat_map(|(topic, by)| by.iter().filter_map(|(id, ..)| Some((topic.as_str(), self.devices.get(id)?))))
    }

    /// What a topic begins with, where a Tasmota device with a prefix of its own listens below.
    #[must_use]
    pub fn own_base<'t>(&self, topic: &'t str) -> Option<&'t str> {
        if self.bases.is_empty() {
            return None;
        }
        topic.rmatch_indices('/').filter_map(|(at, _)| topic.get(..at)).find(|base| self.bases.contains(*base))
    }

    #[must_use]
    pub fn commands(&self, topic: &str) -> bool {
        self.topics.contains_key(topic)
    }

    /// Takes a claim. It may add topics and raise class and risk; it never lowers a risk, drops a guarded topic or
    /// gives a topic a milder reading than another claim gives it. Only an owner's claim (`Family::Owner`) reclassifies.
    pub fn apply(&mut self, claim: Claim) -> Applied {
        let known = self.devices.contains_key(&claim.device);
        if !known && self.devices.len() >= limits::DEVICES {
            return Applied::Full;
        }
        let mut device = self.devices.get(&claim.device).cloned().unwrap_or_else(|| Device {
            id: claim.device.clone(),
            name: None,
            class: claim.class,
            area: None,
            tags: BTreeSet::new(),
            risk: claim.risk.unwrap_or(claim.class.risk()),
            aliases: BTreeSet::new(),
            members: BTreeSet::new(),
            claims: BTreeMap::new(),
        });
        let before = device.clone();
        let mut claim = claim;
        // What the same document guarded before stays guarded: discovery never loosens.
        if let Some(old) = device.claims.get(&claim.key)
            && claim.family != Family::Owner
        {
            for command in &old.commands {
                match claim.commands.iter_mut().find(|c| c.topic == command.topic && c.role == command.role) {
                    None => claim.commands.push(command.clone()),
                    Some(new) if new.shape != command.shape => new.shape = CommandShape::Opaque,
                    Some(_) => {}
                }
            }
        }
        device.name = claim.name.clone().or(device.name);
        device.area = claim.area.clone().or(device.area);
        device.aliases.extend(claim.aliases.iter().cloned());
        device.members.extend(claim.members.iter().take(limits::GROUP_MEMBERS).cloned());
        while device.members.len() > limits::GROUP_MEMBERS {
            device.members.pop_last();
        }
        device.tags.extend(claim.tags.iter().cloned());
        let owned = device.is_declared();
        if claim.family == Family::Owner {
            device.class = claim.class;
            device.risk = claim.risk.unwrap_or(claim.class.risk());
        } else if !owned && claim.class.risk().get() > device.class.risk().get() {
            device.class = claim.class;
            device.risk = Unit01::clamped(device.risk.get().max(claim.class.risk().get()));
        }
        let stays = is_found_alike(device.claims.get(&claim.key), &claim);
        device.claims.insert(claim.key.clone(), claim);
        if device.claims.values().map(|c| c.commands.len()).sum::<usize>() > limits::DEVICE_COMMANDS {
            return Applied::Full;
        }
        if known && device == before {
            return Applied::Unchanged;
        }
        let newly_guarded: Vec<String> = device
            .commands()
            .map(|c| c.topic.clone())
            .filter(|t| !self.topics.contains_key(t))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        self.devices.insert(device.id.clone(), device);
        // Thousands are named at once.
        if !stays {
            self.index();
        }
        Applied::Changed { newly_guarded }
    }

    /// Forgets a device: the owner's act only.
    pub fn remove(&mut self, id: &EntityId) -> Option<Device> {
        let device = self.devices.remove(id);
        self.index();
        device
    }

    fn index(&mut self) {
        self.topics.clear();
        self.states.clear();
        self.bases.clear();
        for device in self.devices.values() {
            for (key, claim) in &device.claims {
                if let Some(topic) = &claim.state_topic {
                    self.states.entry(topic.clone()).or_default().insert(device.id.clone());
                }
                if claim.family == Family::Tasmota {
                    self.bases.extend(claim.aliases.iter().filter(|a| !a.split('/').any(|level| level == "cmnd")).cloned());
                }
                for (at, command) in claim.commands.iter().enumerate() {
                    self.topics.entry(command.topic.clone()).or_default().push((device.id.clone(), key.clone(), at));
                }
            }
        }
    }
}

/// Whether a device is found by the same topics, in the same order, by a claim as by the one before it.
fn is_found_alike(before: Option<&Claim>, now: &Claim) -> bool {
    let topics = |claim: &Claim| claim.commands.iter().map(|command| command.topic.clone()).collect::<Vec<_>>();
    match before {
        None => now.commands.is_empty() && now.state_topic.is_none() && now.family != Family::Tasmota,
        Some(before) => {
            (&before.state_topic, before.family, &before.aliases) == (&now.state_topic, now.family, &now.aliases)
                && topics(before) == topics(now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(key: &str, class: DeviceClass, topic: &str) -> Claim {
        Claim {
            key: key.into(),
            device: EntityId::new("front_door").unwrap(),
            name: None,
            class,
            area: None,
            tags: BTreeSet::new(),
            risk: None,
            family: Family::HomeAssistant,
            aliases: BTreeSet::new(),
            members: BTreeSet::new(),
            commands: vec![Command {
                topic: topic.into(),
                role: "command_topic".into(),
                shape: CommandShape::Words { words: BTreeMap::from([("UNLOCK".into(), "unlock".into())]) },
            }],
            state_topic: None,
        }
    }

    #[test]
    fn discovery_tightens_and_never_loosens() {
        let mut r = Registry::default();
        let id = EntityId::new("front_door").unwrap();
        assert_eq!(r.apply(claim("a", DeviceClass::Lock, "x/set")), Applied::Changed { newly_guarded: vec!["x/set".into()] });
        assert_eq!(r.apply(claim("a", DeviceClass::Lock, "x/set")), Applied::Unchanged);
        r.apply(claim("a", DeviceClass::Light, "y/set"));
        let door = r.device(&id).unwrap();
        assert_eq!((door.class, door.risk.get()), (DeviceClass::Lock, 0.8));
        assert!(r.commands("x/set") && r.commands("y/set"), "what was guarded stays guarded");
        let mut other = claim("a", DeviceClass::Light, "x/set");
        other.commands[0].shape = CommandShape::Words { words: BTreeMap::from([("UNLOCK".into(), "lock".into())]) };
        r.apply(other);
        assert!(r.commanded_by("x/set").all(|(_, c)| c.shape == CommandShape::Opaque), "a changed reading is not believed");
    }

    #[test]
    fn a_device_is_found_as_if_all_had_been_indexed_anew() {
        let mut r = Registry::default();
        let named = |topics: &[&str]| {
            let mut c = claim("a", DeviceClass::Lock, "x/set");
            c.commands = topics.iter().map(|t| Command { topic: (*t).to_owned(), ..c.commands[0].clone() }).collect();
            c.name = Some(format!("{topics:?}"));
            c
        };
        let placed = Claim { key: "home assistant".into(), area: Some("Hall".into()), ..named(&[]) };
        let told = Claim { state_topic: Some("x".into()), ..named(&["b", "a"]) };
        let tasmota = Claim { key: "t".into(), family: Family::Tasmota, aliases: BTreeSet::from(["own/base".into()]), ..named(&[]) };
        for c in [placed.clone(), named(&["a"]), placed, named(&["b", "a"]), told, tasmota] {
            r.apply(c);
            let mut anew = r.clone();
            anew.index();
            assert_eq!(r, anew);
        }
        assert!(r.commands("b") && r.told_on("x").count() == 1 && r.own_base("own/base/x").is_some());
    }

    #[test]
    fn only_the_owner_reclassifies() {
        let mut r = Registry::default();
        r.apply(claim("a", DeviceClass::Lock, "x/set"));
        let mut owner = claim("config", DeviceClass::Light, "x/set");
        owner.family = Family::Owner;
        r.apply(owner);
        let id = EntityId::new("front_door").unwrap();
        assert_eq!(r.device(&id).unwrap().class, DeviceClass::Light);
        r.apply(claim("a", DeviceClass::Lock, "x/set"));
        assert_eq!(r.device(&id).unwrap().class, DeviceClass::Light);
    }

    #[test]
    fn one_command_past_the_limit_is_refused_and_nothing_is_lost() {
        let mut r = Registry::default();
        let mut c = claim("a", DeviceClass::Switch, "t");
        c.commands = (0..limits::DEVICE_COMMANDS)
            .map(|i| Command { topic: format!("t/{i}"), role: "command_topic".into(), shape: CommandShape::Opaque })
            .collect();
        assert!(matches!(r.apply(c), Applied::Changed { .. }));
        assert_eq!(r.apply(claim("b", DeviceClass::Switch, "one/more")), Applied::Full);
        assert!(r.commands("t/0") && !r.commands("one/more"));
    }
}
