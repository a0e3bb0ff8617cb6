//! The town that the house stands in: its config, who lives there, and what they say.

pub const CONFIG: &str = r#"
timezone = "Europe/Berlin"

[[signal]]
name = "home"
entity = "family"
kind = "presence"
default = true

[[signal]]
name = "asleep"
entity = "family"
kind = "asleep"
default = false

[[signal]]
name = "smoke"
entity = "hall_alarm"
kind = "smoke"
default = false
stale_after_seconds = 3600

[[signal]]
name = "leak"
entity = "cellar"
kind = "leak"
default = false

[[device]]
id = "siren"
class = "siren"

[[device]]
id = "front_door"
class = "lock"
command_topic = "door/front/set"
state_topic = "door/front/state"
payloads = { LOCK = "lock", UNLOCK = "unlock" }

[[device]]
id = "valve"
class = "valve"
command_topic = "water/valve/set"
state_topic = "water/valve/state"
payloads = { CLOSE = "close", OPEN = "open" }

[[guard]]
topic = "bolt/+/set"
device = "bolt"
class = "switch"
payloads = { ON = "on" }

[[duty]]
id = "leak-valve-open"
after_seconds = 30

[[retention]]
entity = "sensor_3"
days = 0
summaries = true

[[retention]]
entity = "sensor_4"
days = 0
"#;

pub const ASKERS: [&str; 6] = ["panel", "phone", "guest", "intruder", "anna", "nodered"];
pub const ANSWERERS: [&str; 4] = ["anna", "panel", "phone", "guest"];
pub const SIGNALS: [(&str, &str); 4] = [("family", "presence"), ("family", "asleep"), ("hall_alarm", "smoke"), ("cellar", "leak")];
/// Topic and payload; those below `act/` are requests of Jamey itself.
pub const ASKED: [(&str, &str); 12] = [
    ("act/lamp/on", "{}"),
    ("act/siren/off", "{}"),
    ("bolt/1/set", "ON"),
    ("bolt/1/set", "WHAT"),
    ("bolt/2/set", "HOW"),
    ("door/front/set", "UNLOCK"),
    ("door/front/set", "LOCK"),
    ("water/valve/set", "CLOSE"),
    ("water/valve/set", "OPEN"),
    ("act/kettle/brew", "{}"),
    ("act/front_door/unlock", "{}"),
    ("blinds/1/set", "OPEN"),
];
pub const DESCRIBED: [(&str, &str, &str); 4] =
    [("cover", "blind_1", "blinds/1/set"), ("lock", "shed", "shed/set"), ("switch", "pump", "pump/set"), ("light", "lamp", "lamp/set")];
