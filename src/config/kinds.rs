//! What single values may be: each function gives the value, or what to write instead of what was found.

use super::{
    error::{nearest, one_of},
    tree::{Node, Value},
};
use crate::domain::{DeviceClass, EntityId, InputPattern, SignalValue, Signed1, TopicFilter, Unit01, limits, pattern::kind_name, topic};
use jiff::tz::TimeZoneDatabase;
use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf};

pub(super) type Read<T> = Result<T, String>;

/// Names of people, places and clients: longer ones are no names that people gave.
const NAME_CHARS: usize = 128;
/// A node's name goes into topics, client ids and Home Assistant's unique ids.
const NODE_BYTES: usize = 32;
/// A signal's or role's name stands in rules.
const WORD_BYTES: usize = 32;

fn text(node: &Node, wanted: impl Fn() -> String, good: impl Fn(&str) -> bool) -> Read<String> {
    node.text().filter(|t| good(t)).map(str::to_owned).ok_or_else(wanted)
}

pub(super) fn truth(node: &Node) -> Read<bool> {
    match (&node.value, node.text()) {
        (Value::Bool(b), _) => Ok(*b),
        _ => Err("true or false".to_owned()),
    }
}

pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&Node) -> Read<T>
where
    T: Copy + PartialOrd + TryFrom<i64> + std::fmt::Display,
{
    move |node| {
        let Value::Integer(i) = node.value else { return Err(whole_wanted(&range)) };
        T::try_from(i).ok().filter(|n| range.contains(n)).ok_or_else(|| whole_wanted(&range))
    }
}

fn whole_wanted<T: std::fmt::Display>(range: &RangeInclusive<T>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}

pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&Node) -> Read<f64> {
    move |node| {
        let number = match node.value {
            Value::Number(n) => Some(n),
            // Whole numbers up to 2³² are all that any of these ranges needs, and they are exact.
            Value::Integer(i) => i32::try_from(i).ok().map(f64::from),
            _ => None,
        };
        number.filter(|n| range.contains(n)).ok_or_else(|| format!("a number from {} to {}", range.start(), range.end()))
    }
}

pub(super) fn risk(node: &Node) -> Read<Unit01> {
    number(0.0..=1.0)(node).map(Unit01::clamped)
}

/// How much something matters: below 0 for what must not be.
pub(super) fn signed(node: &Node) -> Read<Signed1> {
    number(-1.0..=1.0)(node).map(Signed1::clamped)
}

/// A truth or a number.
pub(super) fn signal_value(node: &Node) -> Read<SignalValue> {
    let wanted = |_| "true, false or a number, such as `default = false`".to_owned();
    match node.value {
        Value::Bool(b) => Ok(SignalValue::Bool(b)),
        _ => number(f64::MIN..=f64::MAX)(node).map(SignalValue::Number).map_err(wanted),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&Node) -> Read<T> {
    move |node| {
        let found = words.iter().find(|(word, _)| Some(*word) == node.text());
        found.map(|(_, value)| *value).ok_or_else(|| one_of(&words.iter().map(|(word, _)| *word).collect::<Vec<_>>()))
    }
}

const CLASSES: [DeviceClass; 23] = {
    use DeviceClass as D;
    [
        D::Interlock,
        D::Medical,
        D::SmokeAlarm,
        D::CoAlarm,
        D::GasAlarm,
        D::Gateway,
        D::Lock,
        D::AlarmPanel,
        D::Garage,
        D::Gate,
        D::Door,
        D::Valve,
        D::Siren,
        D::Camera,
        D::Microphone,
        D::Climate,
        D::Switch,
        D::Cover,
        D::Fan,
        D::Light,
        D::Media,
        D::Chime,
        D::Unknown,
    ]
};

pub(super) fn class(node: &Node) -> Read<DeviceClass> {
    CLASSES.into_iter().find(|c| Some(c.as_str()) == node.text()).ok_or_else(|| one_of(&CLASSES.map(DeviceClass::as_str)))
}

pub(super) fn address(node: &Node) -> Read<SocketAddr> {
    let wanted = || "an address and a port, such as \"127.0.0.1:1883\" or \"[::1]:1883\" (names are not looked up)".to_owned();
    node.text().and_then(|t| t.parse().ok()).ok_or_else(wanted)
}

pub(super) fn path(node: &Node) -> Read<PathBuf> {
    let good = |t: &str| !t.is_empty() && !t.contains('\0');
    text(node, || "a path in quotes, such as \"data\"".to_owned(), good).map(PathBuf::from)
}

/// As systemd has it: the name of a file, not a path.
pub(super) fn credential(node: &Node) -> Read<String> {
    let wanted = || "the name under which systemd hands it over (`LoadCredential=NAME:PATH`), such as \"phoenix-key\"".to_owned();
    let good = |t: &&str| !t.is_empty() && t.len() <= 255 && !t.contains(['/', '\0']) && !matches!(*t, "." | "..");
    node.text().filter(good).map(str::to_owned).ok_or_else(wanted)
}

/// Where on a host a WebSocket is asked for.
pub(super) fn url_path(node: &Node) -> Read<String> {
    let good =
        |t: &str| t.starts_with('/') && t.len() <= NAME_CHARS && t.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#'));
    text(node, || "a path that begins with `/`, such as \"/mqtt\", without `?` and `#`".to_owned(), good)
}

/// Where a page comes from, as browsers say it: no path, no slash at the end.
pub(super) fn origin(node: &Node) -> Read<String> {
    let host = |t: &str| !t.is_empty() && t.len() <= NAME_CHARS && t.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
    let good = |t: &str| t == "*" || t.split_once("://").is_some_and(|(scheme, rest)| host(scheme) && host(rest));
    text(node, || "where a page comes from, such as \"https://panel.example\", or \"*\" for everywhere".to_owned(), good)
}

/// A name as a person gives it: a room, a tag, a client id.
pub(super) fn name(node: &Node) -> Read<String> {
    let good = |t: &str| !t.trim().is_empty() && t.chars().count() <= NAME_CHARS && !t.chars().any(char::is_control);
    text(node, || format!("1 to {NAME_CHARS} characters in quotes, none of them a control character"), good)
}

/// Any text; whoever uses it says what is wrong in it.
pub(super) fn expression(node: &Node) -> Read<String> {
    text(node, || "text in quotes".to_owned(), |t| !t.trim().is_empty())
}

/// A duty's name: it stands in a topic.
pub(super) fn duty_id(node: &Node) -> Read<String> {
    let wanted = || format!("1 to {WORD_BYTES} of a-z, 0-9, `_` and `-`, such as \"leak-valve-open\"");
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    text(node, wanted, |t| !t.is_empty() && t.len() <= WORD_BYTES && t.bytes().all(allowed))
}

pub(super) fn node_name(node: &Node) -> Read<String> {
    let wanted = || format!("1 to {NODE_BYTES} of a-z, 0-9, `_` and `-`, such as \"jamey\"");
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    text(node, wanted, |t| !t.is_empty() && t.len() <= NODE_BYTES && t.bytes().all(allowed))
}

/// A name that rules use: an identifier of theirs.
pub(super) fn identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.len() <= WORD_BYTES && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed)
}

/// `hour` is the clock's; the others are words of the rules' own language (CEL), and `ctx.in` could not be written.
const TAKEN: [&str; 5] = ["hour", "true", "false", "null", "in"];

pub(super) fn signal_name(node: &Node) -> Read<String> {
    let wanted = || {
        format!(
            "a letter a-z, then up to {} of a-z, 0-9 and `_`, such as \"garden_watered\"; {} are taken",
            WORD_BYTES - 1,
            one_of_plain(&TAKEN)
        )
    };
    text(node, wanted, |t| identifier(t) && !TAKEN.contains(&t))
}

fn one_of_plain(words: &[&str]) -> String {
    one_of(words).replace(" or ", " and ").replace('"', "`")
}

pub(super) fn role(node: &Node) -> Read<String> {
    let wanted = || format!("a role of 1 to {WORD_BYTES} of a-z, 0-9 and `_`, such as \"operator\", or \"\" for none");
    text(node, wanted, |t| t.is_empty() || identifier(t))
}

/// A verb in the words of the rules.
pub(super) fn verb(_payload: &str, node: &Node) -> Read<String> {
    let wanted = || format!("a verb of 1 to {WORD_BYTES} of a-z, 0-9 and `_`, such as \"unlock\"");
    text(node, wanted, identifier)
}

pub(super) fn entity(node: &Node) -> Read<EntityId> {
    let wanted = || {
        let meant = node.text().filter(|t| !t.is_empty()).map(|t| format!("; Jamey knows that name as \"{}\"", EntityId::escaped(t)));
        format!("1 to {} of a-z, 0-9, `_`, `.` and `-`{}", limits::ENTITY_BYTES, meant.unwrap_or_default())
    };
    node.text().and_then(|t| EntityId::new(t).ok()).ok_or_else(wanted)
}

pub(super) fn kind(node: &Node) -> Read<String> {
    let wanted = || format!("1 to {} of a-z, 0-9, `_`, `.` and `-`, such as \"state\"", limits::KIND_BYTES);
    text(node, wanted, |t| !t.is_empty() && kind_name(t) == t)
}

pub(super) fn filter(node: &Node) -> Read<TopicFilter> {
    let wanted = |why: String| format!("a topic filter such as \"locks/+/set\": {why}");
    let text = node.text().ok_or_else(|| wanted("it is text in quotes".to_owned()))?;
    if text.starts_with("$share/") {
        return Err(wanted("`$share/` belongs to subscriptions, so leave it out".to_owned()));
    }
    TopicFilter::new(text).map_err(|e| wanted(e.to_string()))
}

pub(super) fn pattern(node: &Node) -> Read<InputPattern> {
    let wanted = |why: String| format!("a pattern such as \"sensors/{{entity}}/{{kind}}\": {why}");
    let text = node.text().ok_or_else(|| wanted("it is text in quotes".to_owned()))?;
    topic::check_input(text).map_err(|e| wanted(e.to_string()))?;
    let pattern = InputPattern::new(text).map_err(wanted)?;
    // `{entitiy}` or `x{kind}` would match only itself, so it is a slip.
    let slip = text.split('/').find(|l| l.contains(['{', '}']) && !matches!(*l, "{entity}" | "{kind}"));
    if slip.is_some() { Err(wanted("{entity} and {kind} are the placeholders, each alone in its level".to_owned())) } else { Ok(pattern) }
}

/// A topic that things are published on.
pub(super) fn topic_name(node: &Node) -> Read<String> {
    let wanted = || "a topic without `+`, `#` and `{}`, such as \"door/set\"".to_owned();
    text(node, wanted, |t| TopicFilter::new(t).is_ok() && !t.contains(['+', '#', '{', '}']) && !t.chars().any(char::is_control))
}

/// What other topics begin with: a root, or the base topic of Zigbee2MQTT.
pub(super) fn base(node: &Node) -> Read<String> {
    // The longest topic below a root is `in/{entity}/{kind}`, and it must still be an input.
    let longest = |t: &str| format!("{t}/in/{}/{}", "e".repeat(limits::ENTITY_BYTES), "k".repeat(limits::KIND_BYTES));
    let good = |t: &str| {
        topic_name(node).is_ok() && !t.starts_with('$') && t.split('/').all(|l| !l.is_empty()) && topic::check_input(&longest(t)).is_ok()
    };
    let bytes = limits::TOPIC_BYTES - longest("").len();
    let levels = limits::TOPIC_LEVELS - 3;
    let wanted = || {
        format!(
            "a topic of 1 to {levels} levels and {bytes} bytes, such as \"jamey\" or \"home/jamey\": no `+`, `#`, `{{}}` or `$` in front, no `/` at either end"
        )
    };
    text(node, wanted, good)
}

/// A time zone of the bundled database, by its proper name; the host's own database could differ, and a replay with it.
pub(super) fn timezone(node: &Node) -> Read<String> {
    let zones = TimeZoneDatabase::bundled();
    let text = node.text().unwrap_or_default();
    if let Some(name) = zones.get(text).ok().and_then(|zone| zone.iana_name().map(str::to_owned)) {
        return Ok(name);
    }
    let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
    let near = nearest(text, names.iter().map(String::as_str)).map(|near| format!("; did you mean \"{near}\"?"));
    Err(format!("a time zone by its IANA name, such as \"Europe/Berlin\" or \"UTC\"{}", near.unwrap_or_default()))
}

/// A list of directives such as `info,jamey::broker=debug`; whoever builds the log reads it whole.
pub(super) fn log_filter(node: &Node) -> Read<String> {
    let wanted = || "a level or a list, such as \"info\" or \"info,jamey::broker=debug\"".to_owned();
    text(node, wanted, |t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic()))
}
