//! Who speaks: from client id and user to the entity that the soul knows. What cannot be told apart is called `anonymous`.

use super::{login::Login, rights::Rights};
use crate::{
    config::Config,
    domain::{EntityId, Source},
};
use std::net::IpAddr;

/// The name that Jamey's own client signs in with; no one else may.
pub const OWN_USER: &str = "$jamey";

/// Whether a client id was made up for one connection: it names nobody.
/// mosquitto's tools, the engine's assigned ids, paho's, MQTT.js' and Home Assistant's random ones.
#[must_use]
pub fn is_generated(client_id: &str) -> bool {
    let id = client_id;
    let tail = |prefix: &str, at_least: usize| {
        id.strip_prefix(prefix).is_some_and(|t| t.len() >= at_least && t.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    id.is_empty()
        || tail("mosq-", 16)
        || tail("mosq/", 16)
        || id.starts_with("mosqpub|")
        || id.starts_with("mosqsub|")
        || tail("auto-", 16)
        || tail("mqttjs_", 8)
        || tail("paho", 15)
        // Home Assistant: a base62 UUID of 22 letters and digits and nothing else.
        || (id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric()) && id.bytes().any(|b| b.is_ascii_digit()) && id.bytes().any(|b| b.is_ascii_uppercase()))
}

/// What the rules hear of a client's roles: the one that weighs most.
const WEIGHTY: [&str; 7] = ["approver", "operator", "human", "discovery", "zigbee2mqtt", "home_assistant", "device"];

/// The source of all that one connection says. Only a name that was proved brings a standing with it: whoever merely says `anna`
/// is not therefore the owner. `speaks_for_many` in the config is taken as given while there are no users: it makes nobody more trusted.
#[must_use]
pub fn speaker(config: &Config, client_id: &str, login: &Login, rights: &Rights, address: IpAddr) -> Source {
    let user = login.user.as_deref();
    let requester = match user {
        Some(user) => EntityId::escaped(user),
        None if is_generated(client_id) => EntityId::anonymous(),
        None => EntityId::escaped(client_id),
    };
    let entry = config.entities.iter().find(|e| e.id == requester);
    let proved = entry.filter(|_| login.is_proved());
    let many = |name: &str| config.broker.speaks_for_many.iter().any(|m| m == name);
    let declared = entry.is_some_and(|e| e.speaks_for_many) || many(client_id) || user.is_some_and(many);
    let owner = rights.has("admin") || proved.is_some_and(|e| e.owner);
    let by_config = proved.map(|e| e.role.as_str()).filter(|role| !role.is_empty());
    let role = by_config.or(owner.then_some("owner")).or_else(|| WEIGHTY.into_iter().find(|role| rights.has(role)));
    Source {
        client_id: client_id.to_owned(),
        user: user.map(str::to_owned),
        address: address.to_string(),
        speaks_for_many: rights.speaks_for_many() || (declared && !rights.speaks_for_itself()),
        human: rights.has("human") || proved.is_some_and(|e| e.human),
        owner,
        role: role.unwrap_or_default().to_owned(),
        requester,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_ids_are_known_and_given_names_are_kept() {
        for id in ["", "mosq-AbCdEfGh12345678", "auto-0123456789abcdef0123456789abcdef", "mqttjs_1a2b3c4d", "4VhzIEx9uT5Y1EKVSHPXsk"] {
            assert!(is_generated(id), "{id}");
        }
        for id in ["kitchen", "zigbee2mqtt", "mosq-", "DVES_1A2B3C", "shellyplus1-a8032abe54dc", "thermostatlivingroomab"] {
            assert!(!is_generated(id), "{id}");
        }
    }
}
