//! `jamey mind show`: one page, the plainest first.

use crate::{
    cli::{
        Common,
        paint::{Screen, plain},
    },
    store::Reader,
};
use anyhow::bail;
use serde_json::{Value, json};

pub(super) fn show(common: &Common, reader: &Reader) -> anyhow::Result<()> {
    let Some((at, state)) = reader.consciousness()? else {
        bail!("nothing is known of it yet: Jamey has not run with this data folder");
    };
    let emotion = reader.emotion()?.map(|(_, view)| view).unwrap_or_default();
    let phi = reader.metric("phi_flow")?;
    let identity = reader.identity()?.unwrap_or_default();
    let missions = reader.missions()?;
    if common.json {
        let told = json!({
            "at": at.to_string(), "state": state, "emotion": emotion, "identity": identity,
            "phi": phi.map(|row| json!({"at": row.at.to_string(), "value": row.value, "detail": row.detail})),
            "mission": missions.into_iter().map(|(_, view)| view).collect::<Vec<_>>(),
        });
        crate::cli::line!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    let screen = Screen::here();
    let say = |name: &str, what: &str| crate::cli::line!("{}", screen.wrapped(&format!("{name:<12}"), &plain(what)));
    let reason = text(&state, "/reason");
    let since = text(&state, "/since");
    say("state", &[text(&state, "/state"), &since_words(since), &because(reason)].concat());
    say("focus", focus(&state, "/focus").as_deref().unwrap_or("nothing in particular"));
    if let Some(last) = focus(&state, "/last_broadcast").filter(|_| state.pointer("/focus").is_none_or(Value::is_null)) {
        say("before", &last);
    }
    if let Some(mood) = emotion.pointer("/mood") {
        say("mood", &format!("{} (strength {:.2})", text(mood, "/octant"), number(mood, "/strength")));
    }
    match phi {
        None => say("as one", "not known yet: it takes five minutes from a start on"),
        Some(row) => {
            let lost = row.detail.pointer("/lost").is_some_and(|lost| !lost.is_null());
            let powered = row.detail.pointer("/powered") == Some(&Value::Bool(true));
            let words = if lost {
                "a link inside is lost: `jamey mind phi` says which"
            } else if powered {
                "yes"
            } else {
                "too little flows inside to tell"
            };
            say("as one", &format!("{words} (Φ_flow {:.3} nats)", row.value));
        }
    }
    let roles = identity.pointer("/roles").and_then(Value::as_object);
    let mut roles: Vec<(&String, f64)> = roles.into_iter().flatten().map(|(name, role)| (name, number(role, "/strength"))).collect();
    roles.sort_by(|(_, x), (_, y)| y.total_cmp(x));
    if !roles.is_empty() {
        let words: Vec<String> = roles.iter().map(|(name, strength)| format!("{name} {strength:.2}")).collect();
        say("identity", &words.join(", "));
    }
    for (at, (id, view)) in missions.iter().enumerate() {
        say(if at == 0 { "mission" } else { "" }, &format!("{id} {}: {}", text(view, "/status"), text(view, "/says")));
    }
    Ok(())
}

/// `front_door: unlock denied (front_door, since …)`.
fn focus(state: &Value, place: &str) -> Option<String> {
    let focus = state.pointer(place).filter(|focus| !focus.is_null())?;
    Some(format!("{} ({}, at {})", text(focus, "/text"), text(focus, "/entity"), text(focus, "/at")))
}

fn since_words(since: &str) -> String {
    if since.is_empty() { String::new() } else { format!(" since {since}") }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn text<'v>(view: &'v Value, place: &str) -> &'v str {
    view.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

fn number(view: &Value, place: &str) -> f64 {
    view.pointer(place).and_then(Value::as_f64).unwrap_or(0.0)
}
