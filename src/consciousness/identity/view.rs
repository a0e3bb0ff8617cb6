//! The identity as others see it, and what of it is news.

use super::{Identity, Strength, means, strength};
use crate::domain::{Context, IdentitySpec, Timestamp, limits};
use serde_json::{Map, Value, json};

/// By how much a strength must move to be told again.
const MATERIAL: f64 = 0.05;
/// By how much a role must be before the others to be named.
const AHEAD: f64 = 0.05;

/// What of an identity is worth telling again.
#[derive(Debug, Clone, PartialEq)]
pub struct Gist {
    text: String,
    /// Overall, then in each context.
    strengths: Vec<f64>,
}

impl Gist {
    #[must_use]
    pub fn is_news_after(&self, before: &Self) -> bool {
        self.text != before.text
            || self.strengths.len() != before.strengths.len()
            || self.strengths.iter().zip(&before.strengths).any(|(now, then)| (now - then).abs() >= MATERIAL)
    }
}

impl Identity {
    /// None: Jamey did nothing yet.
    #[must_use]
    pub fn gist(&self, spec: &IdentitySpec, now: Timestamp) -> Option<Gist> {
        let within = [None].into_iter().chain(Context::ALL.map(Some));
        let strengths = || within.flat_map(|within| means(&self.alphas(spec, within, now))).collect();
        (self.counted > 0).then(|| Gist { text: self.text(spec, now), strengths: strengths() })
    }

    /// As published on `consciousness/identity` and stored by the day; None: Jamey did nothing yet.
    #[must_use]
    pub fn view(&self, spec: &IdentitySpec, now: Timestamp) -> Option<Value> {
        if self.counted == 0 {
            return None;
        }
        let contexts: Map<String, Value> =
            Context::ALL.iter().filter_map(|context| Some((context.as_str().to_owned(), self.context(spec, *context, now)?))).collect();
        let (today, _) = self.compared(spec, None, now);
        let mut roles = self.strengths(spec, None, now);
        for (role, today) in roles.values_mut().zip(today) {
            if let Some(role) = role.as_object_mut() {
                role.insert("today".to_owned(), json!(rounded(today)));
            }
        }
        Some(json!({
            "v": 1,
            "at": now.to_string(),
            "text": self.text(spec, now),
            "roles": roles,
            "contexts": contexts,
            "drift": rounded(self.drift(spec, None, now)),
            "drifting": self.drifting.as_ref().map(|drifting| json!({"role": drifting.role, "since": drifting.since.to_string()})),
            "charter": spec.charter,
            "acts": self.acts().take(limits::ACTS_TOLD).map(|done| json!({
                "at": done.at.to_string(),
                "what": done.act.as_str(),
                "text": done.act.says(),
                "role": done.role,
                "context": done.context.as_str(),
                "weight": rounded(done.weight),
                "percept": if done.percept.is_nil() { Value::Null } else { json!(done.percept) },
                "entity": done.entity,
            })).collect::<Vec<_>>(),
            "counted": self.counted,
        }))
    }

    /// One context, where anything was done in it.
    fn context(&self, spec: &IdentitySpec, context: Context, now: Timestamp) -> Option<Value> {
        let within = Some(context);
        let (_, month) = self.evidence(within, now);
        (month > 0.0).then(|| {
            json!({
                "roles": self.strengths(spec, within, now),
                "drift": rounded(self.drift(spec, within, now)),
                "weight": rounded(month),
            })
        })
    }

    /// The strength of each role, by name.
    fn strengths(&self, spec: &IdentitySpec, within: Option<Context>, now: Timestamp) -> Map<String, Value> {
        let alphas = self.alphas(spec, within, now);
        let total: f64 = alphas.iter().sum();
        let told = alphas.iter().map(|alpha| {
            let Strength { mean, low, high } = strength(*alpha, total);
            json!({"strength": rounded(mean), "low": rounded(low), "high": rounded(high)})
        });
        self.roles.keys().cloned().zip(told).collect()
    }

    /// In words, without a number that would be another one each minute.
    fn text(&self, spec: &IdentitySpec, now: Timestamp) -> String {
        let mut all: Vec<(&String, f64)> = self.roles.keys().zip(means(&self.alphas(spec, None, now))).collect();
        all.sort_by(|(_, x), (_, y)| y.total_cmp(x));
        let leads = match &all[..] {
            [(first, x), (_, y), ..] if x - y >= AHEAD => format!("above all {first}"),
            _ => "no role is before the others".to_owned(),
        };
        match &self.drifting {
            Some(drifting) => format!("{leads}; today more {} than this month", drifting.role),
            None => leads,
        }
    }
}

/// Three decimals: what a person could notice.
fn rounded(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0
}
