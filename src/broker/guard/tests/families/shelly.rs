//! Shelly: <https://shelly-api-docs.shelly.cloud/gen1> ("MQTT") and <https://shelly-api-docs.shelly.cloud/gen2> ("Mqtt", "MQTT Control").

use super::*;

#[test]
fn generation_1_takes_words_numbers_and_json() {
    table(&[
        ("shellies/shelly1-ABC/relay/0/command", "on", "shelly_boiler", Some("relay:0"), "on", None),
        ("shellies/shelly1-ABC/relay/0/command", "toggle", "shelly_boiler", Some("relay:0"), "toggle", None),
        ("shellies/x/relay/1/command", "off", "x", Some("relay:1"), "off", None),
        ("shellies/x/relay/0/command", "1", "x", Some("relay:0"), "unknown", None),
        ("shellies/x/roller/0/command", "open", "x", Some("roller:0"), "open", None),
        ("shellies/x/roller/0/command", "stop", "x", Some("roller:0"), "stop", None),
        ("shellies/x/roller/0/command/pos", "50", "x", Some("roller:0"), "set", Some(50.0)),
        ("shellies/x/roller/0/command/pos", "0", "x", Some("roller:0"), "close", Some(0.0)),
        ("shellies/x/roller/0/command/pos", "101", "x", Some("roller:0"), "unknown", None),
        ("shellies/x/color/0/command", "on", "x", Some("color:0"), "on", None),
        ("shellies/x/white/2/set", r#"{"turn":"on"}"#, "x", Some("white:2"), "on", None),
        ("shellies/x/light/0/set", r#"{"brightness":30}"#, "x", Some("light:0"), "set", Some(30.0)),
        ("shellies/x/light/0/set", r#"{"turn":"off","turn":"on"}"#, "x", Some("light:0"), "unknown", None),
        ("shellies/x/light/0/set", "on", "x", Some("light:0"), "unknown", None),
        ("shellies/x/thermostat/0/command/target_t", "21.5", "x", Some("thermostat:0"), "set", Some(21.5)),
        ("shellies/x/new/0/command", "on", "x", Some("new:0"), "unknown", None),
        ("shellies/x/relay/0/command/new", "on", "x", Some("relay:0"), "unknown", None),
        ("shellies/command", "update_fw", "shelly.admin", Some("all"), "update_fw", None),
        ("shellies/x/command", "update_fw", "shelly.admin", Some("x"), "update_fw", None),
        ("shellies/x/command", "reboot", "shelly.admin", Some("x"), "unknown", None),
    ]);
    pass(&[("shellies/command", "announce"), ("shellies/command", "update"), ("shellies/x/command", "announce")]);
    unguarded(&["shellies/x/relay/0", "shellies/x/relay/0/power", "shellies/x/online", "shellies/announce", "shellies/x/light/0/status"]);
}

#[test]
fn generation_2_takes_words_for_each_component() {
    table(&[
        ("shellyplus1-a/command/switch:0", "on", "shellyplus1-a", Some("switch:0"), "on", None),
        ("home/attic/command/switch:3", "toggle", "home.2fattic", Some("switch:3"), "toggle", None),
        ("x/command/switch:0", "on,x", "x", Some("switch:0"), "unknown", None),
        ("x/command/switch:0", "ON", "x", Some("switch:0"), "unknown", None),
        ("shellyplus2pm-1/command/cover:0", "open", "shelly_gate", Some("cover:0"), "open", None),
        ("shellyplus2pm-1/command/cover:0", "open,5", "shelly_gate", Some("cover:0"), "open", None),
        ("shellyplus2pm-1/command/cover:0", "pos,50", "shelly_gate", Some("cover:0"), "open", Some(50.0)),
        ("shellyplus2pm-1/command/cover:0", "pos,0", "shelly_gate", Some("cover:0"), "close", Some(0.0)),
        ("shellyplus2pm-1/command/cover:0", "rel,-10", "shelly_gate", Some("cover:0"), "close", None),
        ("x/command/light:0", "set,50", "x", Some("light:0"), "set", Some(50.0)),
        ("x/command/new:0", "on", "x", Some("new:0"), "unknown", None),
    ]);
    pass(&[("x/command/switch:0", "status_update")]);
    unguarded(&["x/command", "x/status/switch:0", "x/online", "/command/switch:0", "x/command/switch", "x/command/switch:a"]);
    // Off for ten seconds is off, and then on.
    let verbs: Vec<String> = reads("x/command/switch:0", "off,10").into_iter().map(|r| r.2).collect();
    assert_eq!(verbs, ["off", "on"]);
}

#[test]
fn a_call_is_read_by_its_method() {
    let rpc = |method: &str, params: &str| format!(r#"{{"id":1,"src":"ha","method":"{method}","params":{params}}}"#);
    for (method, params, device, endpoint, verb, value) in [
        ("Switch.Set", r#"{"id":0,"on":true}"#, "x", "switch:0", "on", None),
        ("switch.set", r#"{"id":0,"on":false}"#, "x", "switch:0", "off", None),
        ("Switch.Set", r#"{"id":0,"on":"true"}"#, "x", "switch:0", "unknown", None),
        ("Switch.Set", r#"{"id":0}"#, "x", "switch:0", "unknown", None),
        ("Switch.Set", r#"{"id":0,"on":true,"on":false}"#, "x", "", "unknown", None),
        ("Switch.Toggle", r#"{"id":1}"#, "x", "switch:1", "toggle", None),
        ("Switch.Toggle", "{}", "x", "", "unknown", None),
        ("Cover.Open", r#"{"id":0}"#, "x", "cover:0", "open", None),
        ("Cover.Close", r#"{"id":0,"duration":5}"#, "x", "cover:0", "close", None),
        ("Cover.Stop", r#"{"id":0}"#, "x", "cover:0", "stop", None),
        ("Cover.GoToPosition", r#"{"id":0,"pos":0}"#, "x", "cover:0", "close", Some(0.0)),
        ("Cover.GoToPosition", r#"{"id":0,"pos":40}"#, "x", "cover:0", "set", Some(40.0)),
        ("Light.Set", r#"{"id":0,"brightness":40}"#, "x", "light:0", "set", Some(40.0)),
        ("Light.Set", r#"{"id":0,"on":true}"#, "x", "light:0", "on", None),
        ("Light.ToggleAll", "{}", "x", "", "toggle", None),
        ("Smoke.Mute", r#"{"id":0}"#, "x", "smoke:0", "mute", None),
        ("Frob.Nicate", r#"{"id":0}"#, "x", "frob:0", "unknown", None),
        ("Unlock", "{}", "x", "", "unknown", None),
        ("Script.Start", r#"{"id":1}"#, "shelly.admin", "x", "script_start", None),
        ("Script.PutCode", r#"{"id":1,"code":"x"}"#, "shelly.admin", "x", "script_putcode", None),
        ("Shelly.Reboot", "{}", "shelly.admin", "x", "shelly_reboot", None),
        ("Shelly.FactoryReset", "{}", "shelly.admin", "x", "shelly_factoryreset", None),
        ("Shelly.Update", r#"{"stage":"beta"}"#, "shelly.admin", "x", "shelly_update", None),
        ("KVS.Set", r#"{"key":"a","value":1}"#, "shelly.admin", "x", "kvs_set", None),
        ("HTTP.GET", r#"{"url":"http://x"}"#, "shelly.admin", "x", "http_get", None),
        ("Switch.SetConfig", r#"{"id":0,"config":{}}"#, "shelly.admin", "x", "switch_setconfig", None),
        ("Schedule.Create", "{}", "shelly.admin", "x", "schedule_create", None),
    ] {
        let endpoint = Some(endpoint).filter(|e| !e.is_empty());
        table(&[("x/rpc", &rpc(method, params), device, endpoint, verb, value)]);
    }
    for (method, params) in
        [("Switch.GetStatus", r#"{"id":0}"#), ("Shelly.GetConfig", "{}"), ("Shelly.GetDeviceInfo", "null"), ("Script.List", "{}")]
    {
        pass(&[("x/rpc", &rpc(method, params))]);
    }
    // Answers and notifications go to topics that end so as well.
    pass(&[
        ("ha/rpc", r#"{"id":1,"src":"shellyplus1-a","dst":"ha","result":{"was_on":false}}"#),
        ("ha/rpc", r#"{"id":1,"src":"shellyplus1-a","dst":"ha","error":{"code":-105}}"#),
        ("shellyplus1-a/events/rpc", r#"{"src":"shellyplus1-a","method":"NotifyStatus","params":{"switch:0":{"output":true}}}"#),
    ]);
    for unread in ["", "on", "[]", "{}", r#"{method:"Switch.Set"}"#, r#"[{"method":"Switch.Set"}]"#] {
        table(&[("x/rpc", unread, "x", None, "unknown", None)]);
    }
    // The gate that discovery knows by another topic.
    table(&[("shellyplus2pm-1/rpc", &rpc("Cover.Open", r#"{"id":0}"#), "shelly_gate", Some("cover:0"), "open", None)]);
}
