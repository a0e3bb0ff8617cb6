//! `[identity]`: the roles with their charter, what counts for which, and when it is night.

use super::{
    error::{nearest, shown_key},
    kinds::{self, Read},
    reader::Reader,
    tree::Node,
};
use crate::domain::{Act, IdentitySpec, SignalSpec, SignalType, limits};
use std::collections::BTreeMap;

/// Below half an act a charter says next to nothing, and the shares of few acts are no shares any more.
const LEAST_CHARTER: f64 = 0.5;
/// More than what Jamey does in a month: such a charter moves no more.
const MOST_CHARTER: f64 = 1_000.0;
/// Less than this is chance.
const LEAST_DRIFT: f64 = 0.01;

pub(super) fn read(r: &mut Reader, signals: &[SignalSpec]) -> IdentitySpec {
    let d = IdentitySpec::default();
    let charter = charter(r).unwrap_or(d.charter);
    let acts = acts(r, d.acts, &charter);
    let home_signal = home_signal(r, d.home_signal, signals);
    let night_from = r.or("night_from", d.night_from, kinds::whole(0..=23));
    let night_until = r.or("night_until", d.night_until, kinds::whole(0..=23));
    if night_from == night_until {
        r.refuse("night_until", format!("found {night_until}, the hour at which night begins; write another, such as `night_until = 6`"));
    }
    let drift = r.or("drift", d.drift, kinds::number(LEAST_DRIFT..=1.0));
    IdentitySpec { charter, acts, home_signal, night_from, night_until, drift }
}

fn charter(r: &mut Reader) -> Option<BTreeMap<String, f64>> {
    let wanted = "each role with its weight, such as `guardian = 2.0`";
    let charter = r.map("charter", wanted, |name, node| role(name).and_then(|_| kinds::number(LEAST_CHARTER..=MOST_CHARTER)(node)))?;
    if (2..=limits::ROLES).contains(&charter.len()) {
        return Some(charter);
    }
    // One that could not be read was told of already.
    if r.ledger.sound(&r.path_of("charter")) {
        let found = charter.len();
        r.refuse("charter", format!("found {found} roles; write 2 to {}, each with its weight, such as `guardian = 2.0`", limits::ROLES));
    }
    None
}

/// The shipped ones, and in their place what the file says.
fn acts(r: &mut Reader, shipped: BTreeMap<Act, String>, charter: &BTreeMap<String, f64>) -> BTreeMap<Act, String> {
    let own = r.map("acts", "each act with its role, such as `denied = \"guardian\"`", |_, node| text(node)).unwrap_or_default();
    let path = r.path_of("acts");
    let mut acts = shipped;
    for (name, role) in own {
        match Act::named(&name) {
            Some(act) => drop(acts.insert(act, role)),
            None => {
                let all = || Act::ALL.into_iter().map(Act::as_str);
                let near = nearest(&name, all()).map(|near| format!("; did you mean `{near}`?"));
                let advice = near.unwrap_or_else(|| format!("; remove it. There are {}", all().collect::<Vec<_>>().join(", ")));
                r.ledger.refuse_path(&format!("{path}.{}", shown_key(&name)), format!("no such act{advice}"));
            }
        }
    }
    if r.ledger.sound(&r.path_of("charter")) && r.ledger.sound(&path) {
        for (act, role) in acts.iter().filter(|(_, role)| !charter.contains_key(*role)) {
            let roles: Vec<String> = charter.keys().map(|role| format!("\"{role}\"")).collect();
            let told = format!("found \"{role}\", which is no role of the charter; write one of {}", roles.join(", "));
            r.ledger.refuse_path(&format!("{path}.{}", act.as_str()), told);
        }
    }
    acts
}

fn home_signal(r: &mut Reader, shipped: String, signals: &[SignalSpec]) -> String {
    // The shipped one is always there, and where it is not read itself that is told already.
    let is_own = r.has("home_signal");
    let name = r.or("home_signal", shipped, |node| if node.text() == Some("") { Ok(String::new()) } else { kinds::signal_name(node) });
    let truths: Vec<&str> = signals.iter().filter(|s| s.type_of() == SignalType::Bool).map(|s| s.name.as_str()).collect();
    if is_own && !name.is_empty() && !truths.contains(&name.as_str()) {
        let all = truths.join(", ");
        r.refuse(
            "home_signal",
            format!("found \"{name}\", which is no signal that is true or false; write one of {all}, or \"\" for none"),
        );
    }
    name
}

fn text(node: &Node) -> Read<String> {
    let wanted = || "the name of a role in quotes, such as \"guardian\"".to_owned();
    node.text().filter(|text| role(text).is_ok()).map(str::to_owned).ok_or_else(wanted)
}

fn role(name: &str) -> Read<()> {
    let wanted = || "a role as a letter a-z, then up to 31 of a-z, 0-9 and `_`, with its weight, such as `guardian = 2.0`".to_owned();
    kinds::identifier(name).then_some(()).ok_or_else(wanted)
}
