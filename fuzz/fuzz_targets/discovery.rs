//! Any document on any topic makes claims or is refused; and what is claimed never loosens what was guarded before.
#![no_main]

use jamey::{
    domain::{Registry, limits},
    home_assistant::{Learned, is_discovery, learn},
};
use libfuzzer_sys::fuzz_target;

const TOPICS: [&str; 9] = [
    "homeassistant/lock/front_door/lock/config",
    "homeassistant/climate/0x01/climate/config",
    "homeassistant/cover/garage/config",
    "homeassistant/light/lamp/config",
    "homeassistant/device/house/config",
    "homeassistant/siren/demo/siren/config",
    "zigbee2mqtt/bridge/devices",
    "zigbee2mqtt/bridge/groups",
    "tasmota/discovery/84CCA849A3BC/config",
];

fuzz_target!(|data: &[u8]| {
    let (prefixes, bases) = (["homeassistant".to_owned()], ["zigbee2mqtt".to_owned()]);
    let mut registry = Registry::default();
    let mut guarded: Vec<String> = Vec::new();
    // One document after another, each begun by the byte that chooses its topic: the later must not undo the earlier.
    for document in data.split(|b| *b == 0) {
        let Some((first, payload)) = document.split_first() else { continue };
        let chosen = TOPICS.get(usize::from(*first) % (TOPICS.len() + 1)).copied();
        // Beyond those, the topic itself is the fuzzer's too.
        let (topic, payload) = match chosen {
            Some(topic) => (topic.to_owned(), payload),
            None => {
                let end = payload.iter().position(|b| *b == b'\n').unwrap_or(payload.len());
                (String::from_utf8_lossy(&payload[..end]).into_owned(), payload.get(end + 1..).unwrap_or_default())
            }
        };
        match learn(&topic, payload, &prefixes, &bases) {
            Ok(Learned::Claims(claims)) => {
                assert!(is_discovery(&topic, &prefixes, &bases));
                for claim in claims {
                    assert!(claim.commands.len() <= limits::DEVICE_COMMANDS);
                    registry.apply(claim);
                }
            }
            Ok(Learned::Nothing) => {}
            Err(error) => assert!(!error.problem.is_empty()),
        }
        assert!(guarded.iter().all(|t| registry.commands(t)), "a guard was loosened");
        guarded = registry.devices().flat_map(|d| d.commands().map(|c| c.topic.clone())).filter(|t| registry.commands(t)).collect();
    }
});
