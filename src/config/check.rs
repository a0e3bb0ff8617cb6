//! Every check of one option against another; it reads what is sound and adds to the ledger, and changes nothing.

use super::{Config, alerts, beside, courier, entries::repeated, home_assistant, memory, phoenix, reader::Ledger, tree::Origin};
use crate::domain::{TopicFilter, limits};
use std::{collections::BTreeSet, net::SocketAddr};

/// `numbers` are those of the listeners, guards, devices, inputs and entities in the file, since what could not be read is not in the lists.
pub(super) struct Numbers {
    pub listeners: Vec<usize>,
    pub guards: Vec<usize>,
    pub devices: Vec<usize>,
    pub inputs: Vec<usize>,
    pub entities: Vec<usize>,
}

pub(super) fn all(config: &Config, numbers: &Numbers, ledger: &mut Ledger) {
    listeners(config, ledger);
    sizes(config, ledger);
    doors(config, numbers, ledger);
    twice(config, numbers, ledger);
    beside::check(config, ledger);
    courier::check(config, ledger);
    alerts::check(config, ledger);
    memory::check(config, ledger);
    phoenix::check(config, ledger);
    if ledger.sound("root") {
        own_topics(config, numbers, ledger);
        home_assistant::check(config, ledger);
    }
    if ledger.sound("conscience") && !config.conscience.shipped && config.conscience.rules.is_empty() {
        let message = "found false while `conscience.rules` is empty, so nothing would be judged; name a rule file there, or write true";
        ledger.refuse_path("conscience.shipped", message);
    }
    if config.devices.len() > limits::DEVICES {
        let message = format!("found {} devices; write {} at most", config.devices.len(), limits::DEVICES);
        ledger.refuse_path("device", message);
    }
    if config.listeners.len() > limits::LISTENERS {
        let message = format!("found {} listeners; write {} at most", config.listeners.len(), limits::LISTENERS);
        ledger.refuse_path("listener", message);
    }
}

/// Whether two listeners would want the same port of the same host.
fn collide(a: &SocketAddr, b: &SocketAddr) -> bool {
    let same_family = a.is_ipv4() == b.is_ipv4();
    a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || (same_family && (a.ip().is_unspecified() || b.ip().is_unspecified())))
}

fn listeners(config: &Config, ledger: &mut Ledger) {
    if !ledger.sound("broker.mqtt") {
        return;
    }
    let broker = &config.broker;
    // Attached to another broker, Jamey may do without a door of its own.
    if broker.mqtt.is_empty() && config.listeners.is_empty() && config.attached.is_none() && ledger.sound("attached") {
        ledger.refuse_path(
            "broker.mqtt",
            "found an empty list and no `[[listener]]`, so nobody could connect; write at least one address, such as \"127.0.0.1:1883\"",
        );
    }
    for (i, address) in broker.mqtt.iter().enumerate() {
        let path = format!("broker.mqtt[{i}]");
        if broker.mqtt.iter().take(i).any(|before| collide(before, address)) {
            ledger.refuse_path(
                &path,
                format!("found \"{address}\", whose port an address before it takes; write another port, or remove it"),
            );
        }
        // Unsound after the first refusal, so that it is told once.
        if ledger.sound("http.listen") && collide(address, &config.http.listen) {
            ledger.refuse_path(
                "http.listen",
                format!("found \"{}\", whose port `broker.mqtt` takes; write another port", config.http.listen),
            );
        }
    }
}

/// One retained value must find room among all.
fn sizes(config: &Config, ledger: &mut Ledger) {
    let limits = &config.limits;
    if ledger.sound("limits.retained_bytes")
        && ledger.sound("limits.retained_message_bytes")
        && limits.retained_bytes < limits.retained_message_bytes
    {
        let message = format!(
            "found {}, less than one value may have (`limits.retained_message_bytes = {}`); write more here, or less there",
            limits.retained_bytes, limits.retained_message_bytes
        );
        ledger.refuse_path("limits.retained_bytes", message);
    }
}

/// Each `[[listener]]` beside the other doors.
fn doors(config: &Config, numbers: &Numbers, ledger: &mut Ledger) {
    let broker = &config.broker;
    let known = ["anonymous", "anonymous_beyond_loopback"].iter().all(|key| ledger.sound(&format!("broker.{key}")));
    for (at, (i, entry)) in numbers.listeners.iter().zip(&config.listeners).enumerate() {
        let (path, address) = (format!("listener[{i}].address"), entry.address);
        let open = known && entry.anonymous == Some(true) && !broker.anonymous_beyond_loopback;
        if open && !address.ip().to_canonical().is_loopback() {
            let message = format!(
                "found \"{address}\", which others on the network reach, while `anonymous = true` lets in anybody; \
                 remove that, or, if anybody may, write `broker.anonymous_beyond_loopback = true`"
            );
            ledger.refuse_path(&path, message);
        }
        let mut before = broker.mqtt.iter().chain(config.listeners.iter().take(at).map(|entry| &entry.address));
        if before.any(|other| collide(other, &address)) {
            let message = format!("found \"{address}\", whose port an address before it takes; write another port, or remove it");
            ledger.refuse_path(&path, message);
        }
        if ledger.sound("http.listen") && collide(&address, &config.http.listen) {
            let message = format!("found \"{}\", whose port `listener[{i}]` takes; write another port", config.http.listen);
            ledger.refuse_path("http.listen", message);
        }
    }
    let named = numbers.listeners.iter().copied().zip(&config.listeners).filter_map(|(i, entry)| Some((i, entry.name.clone()?)));
    for (i, name) in repeated(named) {
        let message = format!("found \"{name}\" a second time, and logs could not tell the two apart; write another name");
        ledger.refuse_path(&format!("listener[{i}].name"), message);
    }
}

fn twice(config: &Config, numbers: &Numbers, ledger: &mut Ledger) {
    let zip = |numbers: &[usize], names: Vec<String>| numbers.iter().copied().zip(names).collect::<Vec<_>>();
    let lists = [
        ("device", "id", zip(&numbers.devices, config.devices.iter().map(|d| d.id.to_string()).collect())),
        ("entity", "id", zip(&numbers.entities, config.entities.iter().map(|e| e.id.to_string()).collect())),
        ("guard", "topic", zip(&numbers.guards, config.guards.iter().map(|g| g.filter.to_string()).collect())),
        ("input", "topic", zip(&numbers.inputs, config.inputs.extra.iter().map(|i| String::from(i.pattern.clone())).collect())),
    ];
    for (list, key, names) in lists {
        for (i, name) in repeated(names) {
            ledger.refuse_path(&format!("{list}[{i}].{key}"), format!("found \"{name}\" a second time; keep one of the two"));
        }
    }
    for (list, names) in [
        ("broker.speaks_for_many", &config.broker.speaks_for_many),
        ("inputs.zigbee2mqtt", &config.inputs.zigbee2mqtt),
        ("inputs.discovery_prefixes", &config.inputs.discovery_prefixes),
    ] {
        if ledger.sound(list) {
            for (i, name) in repeated(names.iter().enumerate()) {
                ledger.refuse_path(&format!("{list}[{i}]"), format!("found \"{name}\" a second time; remove it"));
            }
        }
    }
}

/// What stands below the root is Jamey's own: neither an input nor a guard may reach into it.
fn own_topics(config: &Config, numbers: &Numbers, ledger: &mut Ledger) {
    let root = &config.root;
    let Ok(own) = TopicFilter::new(&format!("{root}/#")) else { return };
    for (i, guard) in numbers.guards.iter().zip(&config.guards).filter(|(_, g)| g.filter.overlaps(&own)) {
        reaches(ledger, &format!("guard[{i}].topic"), guard.filter.as_str(), &own);
    }
    for (i, input) in numbers.inputs.iter().zip(&config.inputs.extra).filter(|(_, s)| s.pattern.filter().overlaps(&own)) {
        reaches(ledger, &format!("input[{i}].topic"), &String::from(input.pattern.clone()), &own);
    }
    let topics = config.devices.iter().map(|d| [("command_topic", &d.command_topic), ("state_topic", &d.state_topic)]);
    for (i, (key, topic)) in numbers.devices.iter().zip(topics).flat_map(|(i, both)| both.map(|pair| (i, pair))) {
        if let Some(topic) = topic.as_ref().filter(|t| own.matches(t)) {
            reaches(ledger, &format!("device[{i}].{key}"), topic, &own);
        }
    }
    let bases = config.inputs.discovery_prefixes.iter().map(|p| ("inputs.discovery_prefixes", format!("{p}/#")));
    // A shipped pattern that begins with a placeholder meets every root: there the broker decides what is whose, so only the others are compared.
    let shipped = config.inputs.shipped().into_iter().map(|(option, s)| (option, String::from(s.pattern)));
    let mut told = BTreeSet::new();
    for (option, pattern) in shipped.filter(|(_, p)| !p.starts_with('{')).chain(bases) {
        let plain = pattern.replace("{entity}", "+").replace("{kind}", "+");
        let met = TopicFilter::new(&plain).is_ok_and(|f| f.overlaps(&own));
        // One pattern of a family is enough to say it.
        if met && ledger.sound(option) && told.insert(option) {
            // Blame the one that somebody wrote.
            let at_root =
                ledger.place("root") != Origin::Default && (*root != Config::default().root || ledger.place(option) == Origin::Default);
            if at_root {
                ledger.refuse_path(
                    "root",
                    format!("found \"{root}\", below which `{option}` listens (`{pattern}`); write another root, or change `{option}`"),
                );
            } else {
                ledger.refuse_path(
                    option,
                    format!("found a place of Jamey's own (`{pattern}` meets `{own}`); write another, or change `root`"),
                );
            }
        }
    }
}

fn reaches(ledger: &mut Ledger, path: &str, found: &str, own: &TopicFilter) {
    ledger.refuse_path(
        path,
        format!("found \"{found}\", which meets Jamey's own topics (`{own}`); write one that leaves them out, or change `root`"),
    );
}
