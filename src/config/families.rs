//! Where the shipped families of devices speak: the patterns of their topics, and nothing of what they command.

use super::schema::Inputs;
use crate::domain::{EntityId, InputPattern, InputSource};

/// (pattern, entity where the pattern has none, kind where the pattern has none)
type Shipped = (&'static str, Option<&'static str>, Option<&'static str>);

/// `tele/PLUG/SENSOR`, `tele/PLUG/LWT`, `stat/PLUG/RESULT`; `cmnd/…` asks, and is the guard's.
const TASMOTA: [Shipped; 2] = [("tele/{entity}/{kind}", None, None), ("stat/{entity}/{kind}", None, None)];

/// `NODE/COMPONENT/OBJECT/state`. Only what senses: the states of switches repeat what was commanded. And `NODE/status`, birth and last will.
const ESPHOME: [Shipped; 3] = [
    ("{entity}/sensor/{kind}/state", None, None),
    ("{entity}/binary_sensor/{kind}/state", None, None),
    ("{entity}/status", None, Some("status")),
];

/// Generation 1 is `shellies/ID/…`: `sensor/temperature`, `relay/0`, `online`; with two levels named, since `shellies/ID/command` asks.
/// Generation 2 is `ID/status/switch:0` and `ID/online`.
const SHELLY: [Shipped; 6] = [
    ("shellies/{entity}/sensor/{kind}", None, None),
    ("shellies/{entity}/{kind}/+", None, None),
    ("shellies/{entity}/online", None, Some("online")),
    ("shellies/{entity}/info", None, Some("info")),
    ("{entity}/status/{kind}", None, None),
    ("{entity}/online", None, Some("online")),
];

/// `zwave/NODE/status` and `zwave/NODE/CLASS/ENDPOINT/PROPERTY`. Not `zwave/NODE/#`: its `…/set` asks, and would count as the node's word.
/// `zwave/_CLIENTS/ZWAVE_GATEWAY-NAME/status` is the gateway's.
const ZWAVE_JS_UI: [Shipped; 3] = [
    ("zwave/_CLIENTS/+/status", Some(ZWAVE), Some("status")),
    ("zwave/{entity}/status", None, Some("status")),
    ("zwave/{entity}/{kind}/+/+", None, None),
];
const ZWAVE: &str = "zwave_js_ui";

/// `frigate/CAMERA/person`, `frigate/CAMERA/motion`; the service's own availability has one level less.
const FRIGATE: [Shipped; 2] = [("frigate/available", Some(FRIGATE_ITSELF), Some("availability")), ("frigate/{entity}/{kind}", None, None)];
const FRIGATE_ITSELF: &str = "frigate";

impl Inputs {
    /// Every source besides `<root>/in/{entity}/{kind}`, the owner's own first, signals' own topics last: of those that match a topic, the first one reads it.
    /// Patterns that begin with `{entity}` also match topics below the root: what stands there is decided before these are asked.
    #[must_use]
    pub fn sources(&self) -> Vec<InputSource> {
        self.extra.iter().cloned().chain(self.shipped().into_iter().map(|(_, source)| source)).chain(self.signals.iter().cloned()).collect()
    }

    /// Bridges, by the first part of the topics on which they speak for their devices.
    #[must_use]
    pub fn bridges(&self) -> Vec<(String, EntityId)> {
        let zigbee = self.zigbee2mqtt.iter().map(|base| (base.clone(), EntityId::bridge(base)));
        let others = [(self.zwave_js_ui, "zwave", ZWAVE), (self.frigate, "frigate", FRIGATE_ITSELF)];
        let others = others.into_iter().filter(|(on, ..)| *on);
        zigbee.chain(others.map(|(_, prefix, entity)| (prefix.to_owned(), EntityId::escaped(entity)))).collect()
    }

    /// The shipped sources, each with the option that turns it off.
    pub(super) fn shipped(&self) -> Vec<(&'static str, InputSource)> {
        let mut all = Vec::new();
        for base in &self.zigbee2mqtt {
            // `base/bridge/…` is the service's and not a device's: whether it is there, and its own health, each ten minutes.
            for (last, kind) in [("state", "availability"), ("health", "health")] {
                let bridge = source(&format!("{base}/bridge/{last}"), None, Some(kind));
                let bridge = bridge.map(|s| InputSource { entity: Some(EntityId::bridge(base)), ..s });
                all.extend(bridge.map(|s| ("inputs.zigbee2mqtt", s)));
            }
            all.extend(source(&format!("{base}/{{entity}}"), None, Some("state")).map(|s| ("inputs.zigbee2mqtt", s)));
            all.extend(source(&format!("{base}/{{entity}}/availability"), None, Some("availability")).map(|s| ("inputs.zigbee2mqtt", s)));
        }
        let families: [(&'static str, bool, &[Shipped]); 5] = [
            ("inputs.tasmota", self.tasmota, &TASMOTA),
            ("inputs.esphome", self.esphome, &ESPHOME),
            ("inputs.shelly", self.shelly, &SHELLY),
            ("inputs.zwave_js_ui", self.zwave_js_ui, &ZWAVE_JS_UI),
            ("inputs.frigate", self.frigate, &FRIGATE),
        ];
        for (option, on, patterns) in families {
            let patterns = patterns.iter().filter(|_| on);
            all.extend(patterns.filter_map(|(pattern, entity, kind)| Some((option, source(pattern, *entity, *kind)?))));
        }
        all
    }
}

/// None for a base topic that is none, which `Config::read` lets nobody write.
fn source(pattern: &str, entity: Option<&str>, kind: Option<&str>) -> Option<InputSource> {
    let entity = entity.map(EntityId::escaped);
    Some(InputSource { pattern: InputPattern::new(pattern).ok()?, entity, kind: kind.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first source that matches: (entity, kind).
    fn read(inputs: &Inputs, topic: &str) -> Option<(String, String)> {
        let sources = inputs.sources();
        let (source, (entity, kind)) = sources.iter().find_map(|s| Some((s, s.pattern.read(topic)?)))?;
        let entity = entity.map(str::to_owned).or(source.entity.as_ref().map(ToString::to_string));
        Some((entity.unwrap(), kind.map(str::to_owned).or(source.kind.clone()).unwrap()))
    }

    #[test]
    fn no_shipped_pattern_is_lost() {
        assert_eq!(Inputs::default().sources().len(), 4 + 2 + 3 + 6 + 3 + 2);
        let none = Inputs {
            zigbee2mqtt: vec![],
            tasmota: false,
            esphome: false,
            shelly: false,
            zwave_js_ui: false,
            frigate: false,
            ..Inputs::default()
        };
        assert_eq!(none.sources(), vec![]);
    }

    #[test]
    fn what_devices_say_is_read_and_what_they_are_asked_is_not() {
        let inputs = Inputs { zigbee2mqtt: vec!["zigbee2mqtt".into(), "z/attic".into()], ..Inputs::default() };
        for (topic, entity, kind) in [
            ("zigbee2mqtt/hall_lamp", "hall_lamp", "state"),
            ("z/attic/fan/availability", "fan", "availability"),
            ("tele/plug/SENSOR", "plug", "SENSOR"),
            ("attic/sensor/temperature/state", "attic", "temperature"),
            ("shellies/shellyht-1/sensor/humidity", "shellyht-1", "humidity"),
            ("shellies/shelly1-1/relay/0", "shelly1-1", "relay"),
            ("shellies/shelly1-1/online", "shelly1-1", "online"),
            ("shellyplus1-1/status/switch:0", "shellyplus1-1", "switch:0"),
            ("zwave/porch/38/0/currentValue", "porch", "38"),
            ("zigbee2mqtt/bridge/state", "zigbee2mqtt.bridge", "availability"),
            ("z/attic/bridge/state", "z.2fattic.bridge", "availability"),
            ("zigbee2mqtt/bridge/health", "zigbee2mqtt.bridge", "health"),
            ("tele/plug/LWT", "plug", "LWT"),
            ("attic/status", "attic", "status"),
            ("shellyplus1-1/online", "shellyplus1-1", "online"),
            ("zwave/porch/status", "porch", "status"),
            ("zwave/_CLIENTS/ZWAVE_GATEWAY-home/status", "zwave_js_ui", "status"),
            ("frigate/available", "frigate", "availability"),
            ("frigate/drive/person", "drive", "person"),
        ] {
            assert_eq!(read(&inputs, topic), Some((entity.to_owned(), kind.to_owned())), "{topic}");
        }
        for topic in [
            "zigbee2mqtt/bridge/info",
            "zigbee2mqtt/hall_lamp/set",
            "cmnd/plug/POWER",
            "attic/switch/pump/command",
            "shellies/shelly1-1/relay/0/command",
            "shellies/shelly1-1/command",
            "shellies/command",
            "zwave/porch/38/0/targetValue/set",
        ] {
            assert_eq!(read(&inputs, topic), None, "{topic}");
        }
    }

    #[test]
    fn the_owners_word_comes_first() {
        let own = source("tele/{entity}/SENSOR", None, Some("power")).unwrap();
        let inputs = Inputs { extra: vec![own], ..Inputs::default() };
        assert_eq!(read(&inputs, "tele/plug/SENSOR"), Some(("plug".into(), "power".into())));
    }
}
