//! Documents that are wrong, too large or made up: an error that says where, and never a panic.

use super::*;
use proptest::prelude::*;

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let topic = "homeassistant/lock/x/config";
    for (payload, said) in [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        (r#"{"command_topic":"a/#"}"#, "`command_topic` = `a/#`"),
        (r#"{"command_topic":""}"#, "no topic name"),
        (r#"{"cmd_t":5}"#, "no text"),
        (r#"{"~":"a+b","cmd_t":"~/x"}"#, "`a+b/x`"),
    ] {
        let error = learn(topic, payload.as_bytes(), &prefixes(), &bases()).unwrap_err();
        assert!(error.to_string().contains(said) && error.to_string().contains(topic), "{error}");
    }
    assert!(tell("homeassistant/device/x/config", &json!({"a": 1})).is_err());
    assert!(tell("homeassistant/device/x/config", &json!({"cmps": {"a": {"p": "lock", "cmd_t": "#"}}})).is_err());
    assert!(tell("zigbee2mqtt/bridge/devices", &json!({})).is_err());
    assert!(tell("zigbee2mqtt/bridge/devices", &json!([{"ieee_address": "x"}])).is_err());
    assert!(learn("elsewhere", b"{}", &prefixes(), &bases()).is_err());
}

#[test]
fn one_command_or_byte_past_the_limit_is_refused() {
    let many = |n: usize| Value::Object((0..n).map(|i| (format!("x{i}_command_topic"), json!(format!("t/{i}")))).collect());
    assert_eq!(one("homeassistant/light/x/config", &many(limits::DEVICE_COMMANDS)).commands.len(), limits::DEVICE_COMMANDS);
    assert!(tell("homeassistant/light/x/config", &many(limits::DEVICE_COMMANDS + 1)).is_err());
    let long = |n: usize| learn("homeassistant/sensor/x/config", format!("{{{}}}", " ".repeat(n - 2)).as_bytes(), &prefixes(), &bases());
    assert_eq!(long(limits::PACKET_BYTES), Ok(Learned::Nothing));
    assert!(long(limits::PACKET_BYTES + 1).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "(cmd_t|~|cmps|components|p|platform|dev|device|ids|dev_cla|pl_on|state_topic|uniq_id|schema|set_pos_t|cmd_tpl|definition|exposes|features|type|ieee_address|friendly_name|members|id|access|x_cmd_t|t|ft|tp|rl|mac|st|hn|lt_st|if|val_tpl|stat_t)",
        "\\PC{0,4}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(~|~/x|x/~|a/b|zigbee2mqtt/lamp/set|zigbee2mqtt/é/set/x|lock|switch|light|device|garage|0x00158d0001e2a3b4|\\{\\{ value \\}\\}|\\{\"a\": \\{\\{ (value|action|x) (\\| (int|lower|é))? ?\\}\\}\\}?|\\{\\{ value_json(.[a-zé\\[']{0,4}){0,3} \\}\\}|%prefix%/%topic%/|binary_sensor|\\PC{0,6})"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..8).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_panics_and_every_claim_is_sound(
        document in any_json(),
        topic in "(homeassistant/(lock|light|cover|device|valve|siren|binary_sensor|\\PC{1,4})/x/config|tasmota/discovery/[0-9A-F]{0,12}/config|zigbee2mqtt/bridge/(devices|groups)|\\PC{0,9})",
    ) {
        for payload in [document.to_string(), format!("[{document}]"), format!("{{\"cmps\":{{\"a\":{document}}}}}")] {
            for sensing in senses(&topic, payload.as_bytes(), &prefixes()) {
                prop_assert!(!sensing.state_topic.is_empty() && !sensing.state_topic.contains(['+', '#', '\0']));
            }
            if let Ok(Learned::Claims(claims)) = learn(&topic, payload.as_bytes(), &prefixes(), &bases()) {
                prop_assert!(is_discovery(&topic, &prefixes(), &bases()) && !claims.is_empty());
                for claim in claims {
                    prop_assert!((1..=limits::DEVICE_COMMANDS).contains(&claim.commands.len()));
                    prop_assert!(claim.commands.iter().all(|c| !c.topic.is_empty() && !c.topic.contains(['+', '#', '\0'])));
                    prop_assert!(claim.risk.is_none());
                }
            }
        }
    }

    #[test]
    fn no_bytes_panic(payload: Vec<u8>, topic: String) {
        for topic in [topic.as_str(), "homeassistant/lock/x/config", "zigbee2mqtt/bridge/devices", "tasmota/discovery/84CCA849A3BC/config"] {
            let _ = learn(topic, &payload, &prefixes(), &bases());
        }
    }
}
