//! An actuator as others see it: on the command line, and over HTTP.

use crate::domain::{Claim, Device, Family};
use serde_json::{Value, json};

/// A device in a list.
#[must_use]
pub fn brief(device: &Device) -> Value {
    json!({
        "device": device.id, "name": device.name, "class": device.class, "risk": device.risk, "area": device.area, "tags": device.tags,
        "topics": device.commands().count(), "said_by": families(device),
    })
}

/// The same with who says what of it.
#[must_use]
pub fn whole(device: &Device) -> Value {
    let mut whole = brief(device);
    let claim = |c: &Claim| {
        json!({
            "key": c.key, "family": c.family.as_str(), "class": c.class, "risk": c.risk, "name": c.name, "area": c.area,
            "topics": c.commands.len(),
        })
    };
    let more = json!({
        "v": 1, "why": why(device), "claims": device.claims.values().map(claim).collect::<Vec<_>>(), "aliases": device.aliases,
        "members": device.members,
    });
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// Who speaks of it.
#[must_use]
pub fn families(device: &Device) -> Vec<&'static str> {
    let mut all: Vec<&str> = device.claims.values().map(|c| c.family.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Why the risk is what it is: the owner's word, else the gravest class that anybody claimed.
#[must_use]
pub fn why(device: &Device) -> String {
    let owners: Vec<&Claim> = device.claims.values().filter(|c| c.family == Family::Owner).collect();
    if let Some(claim) = owners.iter().find(|c| c.risk == Some(device.risk)) {
        return format!("the owner says so ({})", claim.key);
    }
    if let Some(claim) = owners.iter().find(|c| c.class == device.class) {
        return format!("the owner's class {} ({})", device.class.as_str(), claim.key);
    }
    match device.claims.values().find(|c| c.class == device.class) {
        Some(claim) => {
            format!("class {} by {} ({}), the gravest that was claimed", device.class.as_str(), claim.family.as_str(), claim.key)
        }
        None => format!("class {}, of a claim that was replaced since; it is never lowered", device.class.as_str()),
    }
}
