//! The mind as it wakes: what it is told of the config, what was kept of it, and what the owner declares.

use super::{aside, duties, rules::Sets, trial};
use crate::{
    broker::guard,
    config::Config,
    consciousness::Identity,
    domain::{Claim, EntityId, Family, InputPattern, InputSource, OwnerGuard, Registry, Standing, Timestamp},
    mind::{Mind, Objectives, Settings, State, Waits},
    soul::Soul,
    store::{Saved, Store},
};
use anyhow::{Context, Result, anyhow};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What the mind is told of the config.
///
/// # Errors
/// When the time zone is unknown.
pub fn settings(config: &Config) -> Result<Settings> {
    Ok(Settings {
        zone: TimeZone::get(&config.timezone).with_context(|| format!("`{}` is no time zone", config.timezone))?,
        signals: config.signals.clone(),
        discovery_prefixes: config.inputs.discovery_prefixes.clone(),
        zigbee_bases: config.inputs.zigbee2mqtt.clone(),
        bridges: config.inputs.bridges(),
        inputs: [own_input(&config.root)].into_iter().flatten().chain(config.sources()).collect(),
        unwatched: config.entities.iter().filter(|e| !e.watched).map(|e| e.id.clone()).collect(),
        declared: config.entities.iter().map(|e| e.id.clone()).collect(),
        root: config.root.clone(),
        node: config.node.clone(),
        guards: config.guards.clone(),
        duties: duties::compile(&config.duties, &config.signals)?,
        missions: objectives(config)?,
        identity: config.identity.clone(),
        severed: trial::severed(),
        waits: Waits { seconds: config.approvals.seconds, critical_seconds: config.approvals.critical_seconds },
    })
}

/// The mission, its expressions checked as rules are.
fn objectives(config: &Config) -> Result<Objectives> {
    Objectives::read(config.missions.clone(), &config.signals).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow!("the mission is refused:\n  {}", lines.join("\n  "))
    })
}

/// What is told on `<root>/in/{entity}/{kind}`.
fn own_input(root: &str) -> Option<InputSource> {
    let pattern = InputPattern::new(&format!("{root}/in/{{entity}}/{{kind}}")).ok()?;
    Some(InputSource { pattern, entity: None, kind: None })
}

/// The mind as the store has it, and what else was saved. `now` is asked once, with the latest time that was stored.
///
/// # Errors
/// When the store cannot be read, or the config fits no mind.
pub fn wake(config: &Config, sets: Sets, store: &mut Store, now: impl FnOnce(Timestamp) -> Timestamp) -> Result<(Mind, Saved)> {
    let mut saved = store.load().context("the store cannot be read")?;
    let (soul, _) = aside::take(config, store, &mut saved)?;
    let mut mind = awaken(config, sets, soul, &saved, now(saved.last_at.unwrap_or_default()))?;
    declare(&mut mind, config);
    Ok((mind, saved))
}

/// The mind as it was when Jamey last stopped.
///
/// # Errors
/// When what it is told of the config, or what was kept, cannot be used.
pub(super) fn awaken(config: &Config, sets: Sets, soul: Soul, saved: &Saved, now: Timestamp) -> Result<Mind> {
    let registry = Registry::from_devices(saved.devices.iter().cloned());
    let heard = saved.signals.iter().cloned().collect();
    let held = saved.held.iter().map(|kept| ((*kept.percept).clone(), kept.expires_at));
    let states = saved.states.iter().cloned().collect();
    // Those that are not pursued any more stay in the store: they may be again.
    let pursued = saved.missions.iter().filter(|(id, _)| config.missions.iter().any(|mission| mission.id == *id));
    let identity = saved.identity.as_deref().map(Identity::restored).transpose()?;
    let state = State::restored(now, registry, soul, heard, held, states)
        .with_names(saved.names.iter().cloned())
        .with_missions(pursued.map(|(id, state)| (id.as_str(), state.as_slice())))?
        .with_identity(identity.unwrap_or_default());
    let mut mind = Mind::with_shadow(settings(config)?, sets.live, sets.shadow, state);
    mind.remember_tally(saved.shadow.clone());
    Ok(mind)
}

/// Tells it what the owner declares.
pub(super) fn declare(mind: &mut Mind, config: &Config) {
    let rules = guard::GuardRules::of(config);
    let bridges = rules.gateways();
    let devices = config.devices.iter().map(crate::config::DeviceEntry::claim);
    let guards = config.guards.iter().filter_map(guarded_device);
    // A declared name is known, not trusted: nobody can prove yet to bear it.
    let entities: Vec<(EntityId, Standing)> = config.entities.iter().map(|e| (e.id.clone(), Standing::Paired)).collect();
    mind.declare(bridges.chain(guards).chain(devices), entities);
}

/// A guard that names its device says what that device is.
fn guarded_device(guard: &OwnerGuard) -> Option<Claim> {
    Some(Claim {
        key: format!("config guard {}", guard.filter),
        device: guard.device.clone()?,
        name: None,
        class: guard.class,
        area: guard.area.clone(),
        tags: guard.tags.clone(),
        risk: guard.risk,
        family: Family::Owner,
        aliases: BTreeSet::new(),
        members: BTreeSet::new(),
        commands: Vec::new(),
        state_topic: None,
    })
}
