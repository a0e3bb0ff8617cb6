//! Whether a start would take a config: all that it would refuse of it, of the files that it names and of who may sign in, without starting.

use super::{doors, people, phoenix, rules, waking, webhook};
use crate::{
    broker::{Door, beside::Dial},
    config::{Config, WebhookEntry},
    domain::People,
    observe::log,
    store::{FILE, Reader},
};
use anyhow::{Context, Result};

/// The number of rules that would hold. `counts` is the config with what was chosen over it. What only a service is handed over, by its environment or
/// by systemd, is not looked at.
///
/// # Errors
/// With all that is wrong of the first kind that is wrong.
pub fn would_start(config: &Config, counts: &Config) -> Result<usize> {
    // What the config says must be good too: a choice may end.
    rules::sets(config)?;
    let rules = rules::sets(counts)?.live.rules().count();
    waking::settings(config)?;
    log::filter(&config.log.filter)?;
    doors::listeners(config)?;
    let webhooks = config.webhooks.iter().filter(|hook| is_here(hook)).cloned().collect();
    webhook::check(&Config { webhooks, ..config.clone() })?;
    for (_, remote) in phoenix::remotes(config).filter(|(_, remote)| remote.password_env.is_none()) {
        Dial::read(remote, String::new(), None).context("another broker cannot be reached as the config says")?;
    }
    let acl = people::lists(config)?;
    if let Some(people) = people_of(config) {
        people::check(config, &Door { people, acl, epoch: 0 })?;
    }
    Ok(rules)
}

fn is_here(hook: &WebhookEntry) -> bool {
    hook.secret_env.is_none() && hook.credential.is_none()
}

/// Who may sign in; none where this user may not look.
fn people_of(config: &Config) -> Option<People> {
    let data = &config.store.data;
    match data.join(FILE).try_exists() {
        Ok(false) => Some(People::default()),
        Ok(true) => Reader::open(data).and_then(|reader| reader.people()).ok(),
        Err(_) => None,
    }
}
