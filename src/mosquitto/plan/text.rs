//! The config as it is written: what differs from Jamey's defaults, and nothing else.

use super::{Opened, Places, Read};
use crate::{
    domain::limits,
    mosquitto::{
        conf::{Bridge, Conf, Way},
        note::{Fate, Note},
        toml::{list, quoted},
    },
};
use std::{collections::BTreeSet, net::SocketAddr};

/// mosquitto keeps sessions for ever; Jamey for a year at most.
const YEAR_SECONDS: u64 = 31_536_000;
/// Where Jamey's HTTP is, unless a listener was there.
const HTTP_PORT: u16 = 8420;

/// The text, and the secrets that it names, by path.
pub(super) fn config(
    read: &Read<'_>,
    places: &Places<'_>,
    opened: &[Opened<'_>],
    access: Option<&str>,
    home_assistant: Option<&str>,
    notes: &mut Vec<Note>,
) -> (String, Vec<(String, String)>) {
    let conf = read.conf;
    let anonymous = opened.iter().any(|one| one.anonymous);
    let is_plain = |one: &&Opened<'_>| {
        let door = one.door;
        !door.websocket && door.certificate.is_none() && door.max_connections.is_none() && one.anonymous == anonymous
    };
    let plain: Vec<&SocketAddr> = opened.iter().filter(is_plain).flat_map(|one| &one.addresses).collect();
    let beyond = opened.iter().any(|one| one.anonymous && one.addresses.iter().any(|a| !a.ip().is_loopback()));
    let mut text =
        "# Written by `jamey import mosquitto`: what mosquitto's config came to. config/jamey.toml tells every option.\n\n[broker]\n"
            .to_owned();
    let line = |text: &mut String, key: &str, value: &str| text.push_str(&format!("{key} = {value}\n"));
    line(&mut text, "mqtt", &list(plain.iter().map(ToString::to_string)));
    line(&mut text, "guard", &quoted(places.guard));
    line(&mut text, "anonymous", &anonymous.to_string());
    if beyond {
        line(&mut text, "anonymous_beyond_loopback", "true");
    }
    if let Some(access) = access {
        line(&mut text, "acl", &quoted(access));
    }
    let sizes = &conf.sizes;
    if let Some(bytes) = sizes.packet_bytes.filter(|bytes| *bytes > 0) {
        let most = u64::try_from(limits::PACKET_BYTES).unwrap_or(u64::MAX);
        line(&mut text, "max_packet_bytes", &bytes.clamp(1_024, most).to_string());
    }
    line(&mut text, "keep_sessions_seconds", &sizes.sessions_seconds.unwrap_or(YEAR_SECONDS).min(YEAR_SECONDS).to_string());
    text.push_str(&format!("\n[store]\ndata = {}\n", quoted(&places.data)));
    text.push_str(&of_limits(conf));
    if opened.iter().any(|one| one.door.port == Some(HTTP_PORT)) {
        text.push_str(&format!("\n[http]\nlisten = \"127.0.0.1:{}\"\n", HTTP_PORT + 1));
        let means = format!("port {HTTP_PORT}, where Jamey's HTTP would be, is a listener's: it is at port {} here", HTTP_PORT + 1);
        notes.push(Note::of_the_whole("", Fate::Changed, means));
    }
    if let Some(user) = home_assistant {
        text.push_str(&format!("\n[home_assistant]\n# Guessed by the name.\nuser = {}\n", quoted(user)));
    }
    for one in opened.iter().filter(|one| !is_plain(one)) {
        one.addresses.iter().for_each(|address| text.push_str(&listener(one, *address, anonymous, places, notes)));
    }
    let mut secrets = Vec::new();
    let mut names = BTreeSet::new();
    for bridge in &conf.bridges {
        let mut name: String = bridge.name.clone();
        while !names.insert(name.clone()) {
            name = format!("{}_{}", bridge.name.chars().take(29).collect::<String>(), names.len());
        }
        text.push_str(&of_bridge(bridge, &name, places, &mut secrets, notes));
    }
    (text, secrets)
}

fn of_limits(conf: &Conf) -> String {
    let sizes = &conf.sizes;
    let most = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    // 0 is no limit to mosquitto.
    let within = |number: Option<u64>, least: u64, most: u64| number.map(|n| if n == 0 { most } else { n.clamp(least, most) });
    let all = [
        ("queued_messages", within(sizes.queued_messages, 1, most(limits::MOST_QUEUED_MESSAGES))),
        ("queued_bytes", within(sizes.queued_bytes, 1_024, most(limits::MOST_QUEUED_BYTES))),
        ("in_flight", within(sizes.in_flight, 1, u64::from(u16::MAX))),
        ("keep_alive_max_seconds", within(sizes.keep_alive_seconds, 10, u64::from(u16::MAX))),
    ];
    let lines: String = all.iter().filter_map(|(key, number)| Some(format!("{key} = {}\n", (*number)?))).collect();
    if lines.is_empty() { lines } else { format!("\n[limits]\n{lines}") }
}

fn listener(one: &Opened<'_>, address: SocketAddr, anonymous: bool, places: &Places<'_>, notes: &mut Vec<Note>) -> String {
    let door = one.door;
    let mut text = format!("\n[[listener]]\naddress = {}\n", quoted(&address.to_string()));
    if door.websocket {
        text.push_str("protocol = \"websocket\"\n");
    }
    if one.anonymous != anonymous {
        text.push_str(&format!("anonymous = {}\n", one.anonymous));
    }
    if let Some(most) = door.max_connections {
        let all = u64::try_from(limits::CONNECTIONS).unwrap_or(u64::MAX);
        text.push_str(&format!("max_connections = {}\n", most.clamp(1, all)));
    }
    let (Some(certificate), Some(key)) = (&door.certificate, &door.key) else { return text };
    text.push_str(&format!("certificate = {}\nkey = {}\n", quoted(&(places.whole)(certificate)), quoted(&(places.whole)(key))));
    if let Some(wrong) = (places.key)(key) {
        notes.push(Note::of_the_whole(key, Fate::Lost, wrong));
    }
    for file in [Some(certificate), door.ca.as_ref().filter(|_| door.requires_certificate)].into_iter().flatten() {
        if let Some(wrong) = (places.certificate)(file) {
            notes.push(Note::of_the_whole(file, Fate::Lost, wrong));
        }
    }
    match &door.ca {
        Some(ca) if door.requires_certificate => {
            text.push_str(&format!("client_ca = {}\nclient_certificate = \"required\"\n", quoted(&(places.whole)(ca))));
            if let Some(crl) = &door.crl {
                text.push_str(&format!("client_crl = {}\n", quoted(&(places.whole)(crl))));
            }
        }
        None if door.requires_certificate => {
            let means = format!(
                "a certificate is required at {address}, and no `cafile` says whose: nobody would come in there, so it is not opened"
            );
            notes.push(Note::of_the_whole("", Fate::Lost, means));
            return String::new();
        }
        _ => {}
    }
    text
}

fn of_bridge(bridge: &Bridge, name: &str, places: &Places<'_>, secrets: &mut Vec<(String, String)>, notes: &mut Vec<Note>) -> String {
    let (Some(address), false) = (&bridge.address, bridge.topics.is_empty()) else {
        let means = format!("the bridge `{name}` has no address, or no topics: it is left out");
        notes.push(Note::of_the_whole("", Fate::Lost, means));
        return String::new();
    };
    let mut text = format!("\n[[bridge]]\nname = {}\naddress = {}\n", quoted(name), quoted(address));
    if let Some(user) = &bridge.user {
        text.push_str(&format!("user = {}\n", quoted(user)));
    }
    if let (Some(_), Some(password)) = (&bridge.user, &bridge.password) {
        let path = format!("{}bridge-{name}.password", places.secrets);
        text.push_str(&format!("password_file = {}\n", quoted(&path)));
        secrets.push((path, password.clone()));
    }
    if bridge.tls {
        text.push_str("tls = true\n");
    }
    for (key, file) in [("ca", &bridge.ca), ("certificate", &bridge.certificate), ("key", &bridge.key)] {
        if let Some(file) = file {
            text.push_str(&format!("{key} = {}\n", quoted(&(places.whole)(file))));
        }
    }
    if let Some(id) = &bridge.client_id {
        text.push_str(&format!("client_id = {}\n", quoted(id)));
    }
    if let Some(seconds) = bridge.keep_alive_seconds {
        text.push_str(&format!("keep_alive_seconds = {}\n", seconds.clamp(5, 3_600)));
    }
    if bridge.clean_start {
        text.push_str("clean_start = true\n");
    }
    text.push_str("topics = [\n");
    for topic in &bridge.topics {
        let way = match topic.way {
            Way::In => "in",
            Way::Out => "out",
            Way::Both => "both",
        };
        text.push_str(&format!("    {{ filter = {}, direction = \"{way}\", qos = {}", quoted(&topic.filter), topic.qos));
        for (key, prefix) in [("local_prefix", &topic.local), ("remote_prefix", &topic.remote)] {
            if !prefix.is_empty() {
                text.push_str(&format!(", {key} = {}", quoted(prefix)));
            }
        }
        text.push_str(" },\n");
    }
    text.push_str("]\n");
    if bridge.off { text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("#{line}\n") }).collect() } else { text }
}
