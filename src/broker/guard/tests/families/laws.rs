//! What holds in each family for every message, and for every way to say the same.

use super::*;
use proptest::prelude::*;

/// Topics that are, or nearly are, in a family's grammar.
fn topics() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(house/|)(cmnd|stat|tele|pump|blind_south|ask)/(cmnd|pump|drive|heater_plug|tasmotas|é?)(/[a-z]{0,3})?/(POWER|power|Backlog|Shutter(Open|Position)|Rule|[A-Za-z_]{0,8})[0-9]{0,11}",
        "(esp-hall|esp-drive|n|)/(lock|cover|light|climate|switch|text|[a-z]{0,6})/(front|door|light|)(/(position|tilt|mode|[a-z]{0,5}))?/command",
        "shellies(/(x|shelly1-ABC|))?(/(relay|roller|light|color|new)/[0-9]{0,2})?/(command|set|status)(/pos)?",
        "(shellyplus2pm-1|x|events|)/(rpc|events/rpc|command/(switch|cover|light|new):[0-9]{0,5})",
        "zwave/(hall/|)(front|garage|5|)/(37|38|98|102|113|door_lock|[0-9]{1,4})/(endpoint_|)[0-9]{0,4}(/[a-zA-Z]{0,12}){0,2}/set",
        "zwave/_CLIENTS/(ZWAVE_GATEWAY-x|)/(api|broadcast|multicast|[a-z]{0,4})(/[a-zA-Z_]{0,8}){0,2}/set",
        "frigate/(restart|porch|)(/(detect|zone|ptz|notifications|[a-z_]{0,6})){0,2}/(set|ptz|suspend|state)",
    ]
}

fn payloads() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        Just(Vec::new()),
        "(ON|on|OFF|toggle|UNLOCK|open|STOP|0|1|255|-1|1e9|pos,5|on,10|\\?|true|PRESS)( |;|\0|)".prop_map(String::into_bytes),
        "((POWER[0-9]?|Rule1|Backlog|shutteropen|[{};%a-zA-Z/]{0,5}) (ON|1|\\{|;|)[;]?){0,4}".prop_map(String::into_bytes),
        "\\{(\"(method|params|value|state|turn|id|on|args)\":(1|true|null|\"(Switch.Set|Cover.Open|NotifyStatus|on|x.y|\\.)\"|\\{\"id\":0,\"on\":true\\}|\\[\\]),?){0,4}\\}"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_sent_to_a_family_panics_or_exceeds_the_limit(topic in topics(), payload in payloads(), retained: bool) {
        let (registry, rules) = home();
        let reading = read(&registry, &rules, &topic, &payload, retained);
        match &reading {
            Reading::Requests(requests) => {
                prop_assert!(!requests.is_empty() && requests.len() <= limits::REQUESTS_PER_PUBLISH);
                prop_assert!(requests.iter().all(|r| r.value.is_none_or(f64::is_finite) && !r.verb.0.is_empty()));
                prop_assert!(is_guarded(&registry, &rules, &topic));
            }
            Reading::Unguarded => prop_assert!(!is_guarded(&registry, &rules, &topic)),
            Reading::Passes => {}
        }
        prop_assert_eq!(&reading, &read(&registry, &rules, &topic, &payload, retained));
    }

    /// Of a message that is no query, nothing is left out: it is read, or it is unknown.
    #[test]
    fn what_cannot_be_read_is_an_unknown_verb(word in "[b-eg-z]{3,12}") {
        // A word that no family knows, for topics where words are commands.
        prop_assume!(!["stop", "close", "blink", "lock", "unlock", "toggle", "update", "true"].contains(&word.as_str()));
        for topic in [
            "cmnd/pump/POWER1", "esp-hall/lock/front/command", "esp-drive/cover/door/position/command", "shellies/x/relay/0/command", "x/command/cover:0", "x/rpc",
            "zwave/hall/front/98/0/targetMode/set", "frigate/porch/detect/set", "frigate/porch/ptz",
        ] {
            let all = reads(topic, &word);
            prop_assert!(!all.is_empty() && all.iter().all(|r| r.2 == "unknown"), "{} {} {:?}", topic, word, all);
        }
    }

    /// Whatever one topic of a device is registered, its other topics mean the same device.
    #[test]
    fn each_alias_of_an_actuator_is_judged_like_its_main_topic(name in "[a-z][a-z0-9_]{0,10}", node in "[a-z][a-z0-9-]{0,8}", pick in 0usize..6, main in any::<prop::sample::Index>()) {
        let class = DeviceClass::Garage;
        let families: [Vec<(String, String)>; 6] = [
            // (topic, a payload that opens there)
            ["POWER", "power", "POWER1", "Power0", "x/POWER1"].iter().map(|c| (format!("cmnd/{name}/{c}"), "ON".to_owned()))
                .chain([(format!("cmnd/{name}/Backlog"), "Delay 1;POWER1 1".to_owned()), (format!("cmnd/{name}/ShutterOpen"), String::new())]).collect(),
            vec![(format!("{node}/cover/{name}/command"), "open".into()), (format!("{node}/cover/{name}/position/command"), "40".into())],
            vec![(format!("shellies/{name}/roller/0/command"), "open".into()), (format!("shellies/{name}/roller/0/command/pos"), "40".into())],
            vec![
                (format!("{node}/command/cover:0"), "open".into()),
                (format!("{node}/command/cover:0"), "pos,7".into()),
                (format!("{node}/rpc"), r#"{"id":1,"src":"a","method":"Cover.Open","params":{"id":0}}"#.into()),
                (format!("{node}/rpc"), r#"{"id":1,"src":"a","method":"cover.gotoposition","params":{"id":0,"pos":50}}"#.into()),
            ],
            vec![
                (format!("zwave/{name}/102/0/targetState/set"), "255".into()),
                (format!("zwave/{name}/102/0/currentState/set"), "true".into()),
                (format!("zwave/{name}/barrier_operator/endpoint_0/targetState/set"), r#"{"value":255}"#.into()),
                (format!("zwave/{name}/38/0/targetValue/set"), "99".into()),
            ],
            vec![
                (format!("zigbee2mqtt/{name}/set"), r#"{"state":"OPEN"}"#.into()),
                (format!("zigbee2mqtt/{name}/set/position"), "30".into()),
                (format!("zigbee2mqtt/{name}/l1/set"), "ON".into()),
                (format!("zigbee2mqtt/{name}/set"), r#"{"state":"TOGGLE"}"#.into()),
            ],
        ];
        let ways = &families[pick];
        let (_, rules) = house();
        let mut registry = Registry::default();
        let shape = if pick == 5 { CommandShape::Attributes } else { CommandShape::Opaque };
        // Zigbee2MQTT's lists name the device on its main topic; of the others any may be the one that is known.
        let (main, _) = if pick == 5 { &ways[0] } else { main.get(ways) };
        // A device may well be called `NAME/x`; then it is another one.
        prop_assume!(!main.contains("/x/"));
        registry.apply(claim(Family::HomeAssistant, "the_gate", class, &[(main, shape)]));
        for (topic, payload) in ways {
            let Reading::Requests(requests) = read(&registry, &rules, topic, payload.as_bytes(), false) else { panic!("{topic} is not judged") };
            let of_gate: Vec<&str> = requests.iter().filter(|r| r.target.as_str() == "the_gate").map(|r| r.verb.0.as_str()).collect();
            prop_assert!(of_gate.contains(&"open") || (topic == main && of_gate.contains(&"unknown")), "{} {} with {} known: {:?}", topic, payload, main, requests);
        }
    }

    /// A document more may add requests, and turn what was unknown into a device; what was asked of a known device stays asked,
    /// unless that device was asked for want of a better one: known only by the same part with other numbers.
    #[test]
    fn another_claim_never_loosens(topic in topics(), payload in payloads(), named in any::<bool>(), word in "(ON|on|open|0|255|)", verb in "(lock|close|off|arm)") {
        let (mut registry, rules) = home();
        let before = read(&registry, &rules, &topic, &payload, false);
        let known: Vec<EntityId> = registry.devices().map(|d| d.id.clone()).collect();
        let numbered: Vec<EntityId> = registry.devices().filter(|d| d.commands().all(|c| is_numbered(&c.topic, &topic))).map(|d| d.id.clone()).collect();
        let mild = words(&[(&word, &verb), (std::str::from_utf8(&payload).unwrap_or("x"), &verb)]);
        let device = if named { EntityId::escaped(&topic).to_string() } else { "a_lamp".to_owned() };
        let mut added = claim(Family::HomeAssistant, &device, DeviceClass::Light, &[(&topic, mild)]);
        added.device = EntityId::escaped(&device);
        registry.apply(added);
        let after = read(&registry, &rules, &topic, &payload, false);
        if let Reading::Requests(before) = before {
            let Reading::Requests(after) = after else { panic!("no longer judged") };
            for request in before {
                let worst = after.iter().any(|r| r.verb.is_unknown());
                let kept = after.iter().any(|r| r.target == request.target && r.verb == request.verb);
                // A stranger may have got a name; then the same is asked of that one.
                let named = !known.contains(&request.target) && after.iter().any(|r| r.verb == request.verb);
                prop_assert!(kept || named || worst || numbered.contains(&request.target), "{:?} is gone: {:?}", request, after);
            }
        }
    }
}

/// Whether two topics name the same part of a device with different numbers, whichever word moves it.
fn is_numbered(a: &str, b: &str) -> bool {
    let part = |topic: &str| {
        let bare = topic.trim_start_matches("shellies/shelly1-ABC").to_ascii_lowercase().replace("shutterposition", "shutteropen");
        bare.chars().filter(|c| !c.is_ascii_digit()).collect::<String>()
    };
    a != b && part(a) == part(b)
}

#[test]
fn a_part_of_another_name_may_move_the_same_thing_and_loses_nobody() {
    for (topic, payload, device, claimed) in [
        ("shellies/shelly1-ABC/light/0/set", r#"{"turn":"on"}"#, "shelly_boiler", "shellies/shelly1-ABC/light/0/set"),
        ("shellyplus2pm-1/command/switch:0", "on", "shelly_gate", "shellyplus2pm-1/command/switch:0"),
        ("shellyplus2pm-1/command/switch:0", "on", "shelly_gate", "shellyplus2pm-1/rpc"),
        ("house/blind_south/cmnd/POWER1", "ON", "blind_south", "house/blind_south/cmnd/POWER1"),
        ("zwave/garage/38/0/targetValue/set", "99", "zw_garage", "zwave/garage/38/0/targetValue/set"),
        ("zwave/garage/102/1/targetState/set", "255", "zw_garage", "zwave/garage/102/1/targetState/set"),
    ] {
        let (mut registry, rules) = home();
        let targets = |registry: &Registry| match read(registry, &rules, topic, payload.as_bytes(), false) {
            Reading::Requests(requests) => requests.into_iter().map(|r| r.target.to_string()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(targets(&registry), [device], "{topic}");
        registry.apply(claim(Family::HomeAssistant, "a_lamp", DeviceClass::Light, &[(claimed, words(&[(payload, "on")]))]));
        assert!(targets(&registry).iter().any(|t| t == device), "{topic} with {claimed}: {:?}", targets(&registry));
    }
    // Another number is another output.
    let (mut registry, rules) = home();
    registry.apply(claim(
        Family::HomeAssistant,
        "a_lamp",
        DeviceClass::Light,
        &[("shellies/shelly1-ABC/relay/1/command", words(&[("on", "on")]))],
    ));
    let Reading::Requests(requests) = read(&registry, &rules, "shellies/shelly1-ABC/relay/1/command", b"on", false) else { panic!() };
    assert!(requests.iter().all(|r| r.target.as_str() == "a_lamp"), "{requests:?}");
}

#[test]
fn reading_an_unguarded_topic_allocates_nothing_by_way_of_the_families() {
    // What parse returns borrows from the topic: this does not compile otherwise.
    fn borrowed<'t>(registry: &Registry, rules: &'t GuardRules, topic: &'t str) -> Spoken<'t> {
        Spoken::parse(registry, rules, topic)
    }
    let (registry, rules) = home();
    assert!(borrowed(&registry, &rules, "zigbee2mqtt/front_door").is_none());
}

#[test]
fn coverage_tells_the_truth_of_every_topic_it_names() {
    let (registry, rules) = home();
    let mut concrete = 0;
    for device in registry.devices() {
        let rows = coverage::of(&registry, &rules, device);
        assert!(!rows.is_empty(), "{}", device.id);
        for command in device.commands() {
            assert!(rows.iter().any(|r| r.topic == command.topic), "{} is left out", command.topic);
        }
        for row in rows.iter().filter(|r| !r.topic.contains(['+', '#', '[', '(', '…']) && r.topic != "-") {
            concrete += 1;
            assert_eq!(is_guarded(&registry, &rules, &row.topic), row.judged == coverage::Judged::Yes, "{row:?}");
        }
    }
    assert!(concrete > 20, "{concrete} topics");
    let off = coverage::of(&registry, &GuardRules::default(), registry.device(&id("pump")).unwrap());
    assert!(off.iter().any(|r| r.judged == coverage::Judged::No && r.why.contains("inputs.tasmota")), "{off:?}");
}
