//! What is said at the start: the one line that programs wait for, and what people should know.

use super::orders::Chosen;
use crate::config::{Config, Durability, GuardMode};
use std::net::SocketAddr;

/// The one line that programs wait for, on standard output; the rest is for people.
pub fn greet(config: &Config, chosen: &Chosen, damaged: Option<&str>, has_users: bool, mqtt: &[SocketAddr], http: SocketAddr) {
    let list = mqtt.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let port = mqtt.first().map_or(1883, SocketAddr::port);
    let at = if port == 1883 { String::new() } else { format!(" -p {port}") };
    let root = &config.root;
    let guard = match chosen.over(config).broker.guard {
        GuardMode::Observe => "OBSERVES: commands to guarded devices are judged and reported, none is held. `--guard enforce` holds them.",
        GuardMode::Enforce => "ENFORCES: what the conscience refuses does not reach the device.",
    };
    let plain = match (mqtt.is_empty(), config.listeners.is_empty()) {
        (false, _) => list.as_str(),
        (true, false) => "its listeners",
        (true, true) => "nowhere",
    };
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    eprintln!("Jamey {} listens for MQTT on {plain} and for HTTP on {scheme}://{http}", env!("CARGO_PKG_VERSION"));
    eprintln!("The guard {guard}");
    for holds in chosen.holds(config) {
        if let Some(why) = holds.why() {
            eprintln!("The {} is {}, {why}.", holds.about.verb(), holds.bare());
        }
    }
    if let Some(damaged) = damaged {
        eprintln!("ATTENTION: {damaged}.");
    }
    if let Some(open) = overheard(config) {
        eprintln!("ATTENTION: {open}.");
    }
    if let Some(attached) = &config.attached {
        eprintln!("{}", super::beside::warning(&attached.remote.address, root));
    }
    if config.broker.anonymous && !has_users {
        eprintln!("Anyone who reaches the MQTT port may speak (broker.anonymous): names are taken as given.");
    }
    if config.store.durability == Durability::Relaxed {
        eprintln!(
            "store.durability is relaxed: messages are acknowledged, and guarded commands go on, before they are stored. A killed process or a \
             power cut loses those of the last 100 ms, and while nothing can be stored all that waits."
        );
    }
    if !mqtt.is_empty() {
        eprintln!("Try:");
        eprintln!("  mosquitto_sub{at} -t '{root}/#' -v");
        eprintln!("  mosquitto_pub{at} -t {root}/in/kitchen/temperature -m 21.5");
        eprintln!("  mosquitto_pub{at} -t {root}/act/front_door/unlock -m '{{}}'");
    }
    println!("ready mqtt={list} http={http}");
}

/// What is wrong with HTTP that others on the network reach and read along.
pub fn overheard(config: &Config) -> Option<String> {
    let open = config.http.tls.is_none() && !config.http.listen.ip().to_canonical().is_loopback();
    open.then(|| {
        format!(
            "HTTP on {} is not encrypted: whoever is on the way reads every token and password that is shown there. Write `[http.tls]` with a \
             certificate and a key (`jamey certs` makes them), or listen on 127.0.0.1 behind a proxy that speaks TLS",
            config.http.listen
        )
    })
}
