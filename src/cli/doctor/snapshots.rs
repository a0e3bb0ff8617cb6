//! Whether there is something from which the house could rise again, and how old it is. No key is needed for that.

use super::{Finding, House, good, wrong};
use crate::{app::phoenix, cli::paint::span, config::RepositoryEntry, phoenix::Vault};

pub(super) fn look(house: &House) -> Vec<Finding> {
    let all = &house.config.phoenix.repositories;
    if all.is_empty() {
        return vec![good("none are taken: docs/phoenix.md tells how a house rises from them on a bare machine")];
    }
    all.iter().map(|entry| one(house, entry)).collect()
}

fn one(house: &House, entry: &RepositoryEntry) -> Finding {
    let name = &entry.name;
    let take = format!("`jamey phoenix snapshot --repository {name}`");
    let vault = match Vault::open(&entry.path) {
        Ok(vault) => vault,
        Err(error) => {
            let to_do = format!("see that its disk is there and mounted; `jamey phoenix init --repository {name}` makes a new one");
            return wrong(format!("{name}: {error}"), to_do);
        }
    };
    let count = match vault.sequences() {
        Ok(all) if all.is_empty() => return wrong(format!("{name}: no snapshot was taken yet"), format!("{take} takes the first")),
        Ok(all) => all.len(),
        Err(error) => return wrong(format!("{name}: its snapshots cannot be read: {error}"), "see that its disk is there, and answers"),
    };
    let Some(newest) = phoenix::newest(&house.config.store.data, vault.id) else {
        return good(format!("{name}: it has {count}, and this Jamey has taken none of them"));
    };
    let age = house.now.seconds_since(newest);
    let stale = f64::from(entry.stale_hours) * 3_600.0;
    let text = format!("{name}: the newest of {count} was taken at {newest}, and is {} old", span(age));
    if stale > 0.0 && age > stale {
        let to_do = format!("{take} takes one now; see in the log of Jamey why none was taken by itself, and `schedule` in the config");
        return wrong(text, to_do);
    }
    good(text)
}
