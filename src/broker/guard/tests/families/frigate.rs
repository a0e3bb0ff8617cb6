//! Frigate: <https://docs.frigate.video/integrations/mqtt>.

use super::*;

#[test]
fn cameras_are_commanded_by_feature() {
    table(&[
        ("frigate/porch/detect/set", "OFF", "porch", Some("detect"), "off", None),
        ("frigate/porch/recordings/set", "ON", "porch", Some("recordings"), "on", None),
        ("frigate/porch/enabled/set", "OFF", "porch", Some("enabled"), "off", None),
        ("frigate/porch/snapshots/set", "OFF", "porch", Some("snapshots"), "off", None),
        ("frigate/porch/audio/set", "ON", "porch", Some("audio"), "on", None),
        ("frigate/porch/motion/set", "OFF", "porch", Some("motion"), "off", None),
        ("frigate/porch/improve_contrast/set", "ON", "porch", Some("improve_contrast"), "on", None),
        ("frigate/porch/motion_threshold/set", "30", "porch", Some("motion_threshold"), "set", Some(30.0)),
        ("frigate/porch/motion_mask/tree/set", "OFF", "porch", Some("motion_mask"), "off", None),
        ("frigate/porch/zone/street/set", "ON", "porch", Some("zone"), "on", None),
        ("frigate/porch/birdseye_mode/set", "MOTION", "porch", Some("birdseye_mode"), "set", None),
        ("frigate/porch/detect/set", "off", "porch", None, "unknown", None),
        ("frigate/porch/new_feature/set", "ON", "porch", None, "unknown", None),
        ("frigate/porch/zone/a/b/set", "ON", "porch", None, "unknown", None),
        ("frigate/porch/ptz", "MOVE_UP", "porch", Some("ptz"), "move", None),
        ("frigate/porch/ptz", "preset_home", "porch", Some("ptz"), "move", None),
        ("frigate/porch/ptz", "ZOOM_IN", "porch", Some("ptz"), "zoom", None),
        ("frigate/porch/ptz", "STOP", "porch", Some("ptz"), "stop", None),
        ("frigate/porch/ptz", "stop_preset_1", "porch", None, "unknown", None),
        ("frigate/porch/notifications/suspend", "60", "porch", Some("notifications"), "suspend", Some(60.0)),
        ("frigate/notifications/set", "OFF", "frigate.admin", Some("notifications"), "off", None),
        ("frigate/profile/set", "night", "frigate.admin", None, "profile", None),
        ("frigate/restart", "", "frigate.admin", None, "restart", None),
        ("frigate/other/set", "ON", "frigate.admin", None, "unknown", None),
    ]);
    unguarded(&[
        "frigate/porch/detect/state",
        "frigate/porch/motion",
        "frigate/porch/person",
        "frigate/events",
        "frigate/available",
        "frigate/porch/person/snapshot",
        "frigate2/porch/detect/set",
    ]);
    let (registry, rules) = home();
    assert!(matches!(read(&registry, &rules, "frigate/restart", b"", true), Reading::Requests(_)));
    assert_eq!(read(&registry, &rules, "frigate/porch/detect/set", b"", true), Reading::Passes);
}
