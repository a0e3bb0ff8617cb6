//! How Jamey feels, whether its parts work as one, what it is for, and whom it trusts.

use super::{
    figures::{Entities, Mind, Mission, Phi, Trust},
    sheet::{Labels, Sheet, family},
};
use std::fmt;

pub fn mind(of: &Mind, sheet: &mut Sheet<'_>) -> fmt::Result {
    let mood = family("jamey_mood", "Mood by its axis, from -1 to 1");
    sheet.gauges(mood, of.mood.iter().map(|(axis, x)| (vec![("axis", (*axis).to_owned())], *x)))?;
    sheet.gauge(family("jamey_emotional_stability", "How steady the mood is, from 0 to 1"), of.stability)?;
    let emotions = family("jamey_emotion_intensity", "The strongest emotion of each name, from 0 to 1; what is not felt is not there");
    sheet.gauges(emotions, of.emotions.iter().map(|(name, x)| (vec![("emotion", name.clone())], *x)))?;
    let states = family("jamey_consciousness_state", "The state that Jamey is in is 1, the others 0");
    sheet.gauges(states, of.states.iter().map(|(state, is)| (vec![("state", (*state).to_owned())], *is)))?;
    sheet.counter(family("jamey_broadcasts", "What reached all parts of the mind"), of.broadcasts)
}

pub fn phi(of: &Phi, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauge(family("jamey_phi_flow_nats", "Integrated information of the parts, from what was observed (phi_flow)"), of.flow)?;
    sheet.gauge(family("jamey_phi_flow_p", "How likely so large a phi_flow is where nothing is integrated"), of.p)?;
    sheet.gauge(family("jamey_phi_flow_powered", "Whether what was observed is enough to tell"), of.powered)?;
    sheet.gauge(family("jamey_phi_g_nats", "Geometric integrated information of the parts (phi_g)"), of.geometric)?;
    sheet.gauge(family("jamey_phi_r_nats", "Revised integrated information of the parts (phi_r)"), of.revised)?;
    sheet.gauge(family("jamey_phi_exact", "Exact integrated information of the parts (IIT 3.0)"), of.exact)
}

pub fn missions(all: &[Mission], sheet: &mut Sheet<'_>) -> fmt::Result {
    let of = |mission: &Mission| -> Labels { vec![("mission", mission.id.clone())] };
    let burn = family("jamey_mission_burn_rate", "How fast what may go wrong is used up, by window; 1 uses up exactly all of it");
    let rates = all.iter().flat_map(|mission| {
        mission.burn.iter().map(move |(window, rate)| (vec![("mission", mission.id.clone()), ("window", window.clone())], *rate))
    });
    sheet.gauges(burn, rates)?;
    let left = family("jamey_mission_budget_left_ratio", "What may still go wrong; 1 is all of it, below 0 more went wrong than may");
    sheet.gauges(left, all.iter().filter_map(|mission| Some((of(mission), mission.budget_left?))))?;
    let met = family("jamey_mission_met", "Whether the objective is met; not there while it cannot be told");
    sheet.gauges(met, all.iter().filter_map(|mission| Some((of(mission), mission.met?))))
}

pub fn entities(of: &Entities, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauge(family("jamey_entities", "Entities that Jamey knows"), Some(of.all))?;
    sheet.gauge(family("jamey_entities_trusted", "Those whose lower bound of trust is a half or more"), Some(of.trusted))?;
    let distrusted = family("jamey_entities_distrusted", "Those on probation, or trusted less than they were to begin with");
    sheet.gauge(distrusted, Some(of.distrusted))?;
    sheet.gauge(family("jamey_entities_silent", "Those that are gone, as far as anyone can tell"), Some(of.silent))?;
    let unlisted = of.all.saturating_sub(u64::try_from(of.listed.len()).unwrap_or(u64::MAX));
    let help = "Entities without figures of their own here: http.metrics_entities is how many have them";
    sheet.gauge(family("jamey_entities_unlisted", help), Some(unlisted))?;
    let each = |number: fn(&Trust) -> f64| of.listed.iter().map(move |one| (vec![("entity", one.entity.clone())], number(one)));
    let bound = family("jamey_entity_trust_lower_bound", "The trust that the conscience uses, from 0 to 1");
    sheet.gauges(bound, each(|one| one.lower_bound))?;
    let expectation = family("jamey_entity_trust_expectation", "How likely its next deed is good, from 0 to 1");
    sheet.gauges(expectation, each(|one| one.expectation))
}
