//! What is said of an import: where things are now, and every line that means something else here, or nothing.

use super::{Common, Outcome};
use crate::mosquitto::{Fate, Note};
use serde_json::json;

pub(super) fn tell(common: &Common, outcome: &Outcome) {
    let plan = &outcome.plan;
    let count = |fate: Fate| plan.notes.iter().filter(|note| note.line > 0 && note.fate == fate).count();
    if common.json {
        let users: Vec<_> =
            plan.users.iter().map(|user| json!({"name": user.name, "role": user.role, "password": user.secret.is_some()})).collect();
        let refused: Vec<_> = outcome.refused.iter().map(|(topic, why)| json!({"topic": topic, "why": why})).collect();
        let told = json!({
            "v": 1, "dry_run": outcome.dry, "config": outcome.config, "data": outcome.data,
            "access": plan.access.as_ref().map(|_| &outcome.access), "users": users,
            "retained": {"kept": outcome.retained, "refused": refused, "judged": outcome.judged},
            "sessions": {"kept": outcome.sessions, "messages": outcome.messages}, "lines": plan.notes,
            "text": outcome.dry.then_some(&plan.config),
        });
        crate::cli::line!("{told}");
        return;
    }
    let would = if outcome.dry { "would be " } else { "" };
    crate::cli::line!("config      {would}{}", outcome.config.display());
    if plan.access.is_some() {
        crate::cli::line!("access      {would}{}", outcome.access.display());
    }
    let with = plan.users.iter().filter(|user| user.secret.is_some()).count();
    crate::cli::line!("users       {} ({with} with their passwords)", plan.users.len());
    crate::cli::line!("retained    {}, {} refused", outcome.retained, outcome.refused.len());
    crate::cli::line!("sessions    {}, with {} messages", outcome.sessions, outcome.messages);
    crate::cli::line!("lines       {} as they were, {} that need nothing", count(Fate::Taken), count(Fate::Needless));
    block("These mean something else here:", plan.notes.iter().filter(|note| note.fate == Fate::Changed).map(shown));
    block("These have no counterpart:", plan.notes.iter().filter(|note| note.fate == Fate::Lost).map(shown));
    block("These retained messages were refused:", outcome.refused.iter().map(|(topic, why)| format!("{topic}\n      {why}")));
    block("These are commands, and were judged:", outcome.judged.iter().cloned());
    let (config, data) = (outcome.config.display(), outcome.data.display());
    if outcome.dry {
        crate::cli::line!("\nNothing was written. Without --dry-run it is.");
    } else {
        crate::cli::line!(
            "\nNext, with mosquitto stopped:\n  jamey --config {config} --data {data} check\n  jamey --config {config} --data {data}"
        );
    }
}

fn block(title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        crate::cli::line!("\n{title}");
        lines.iter().for_each(|line| crate::cli::line!("  {line}"));
    }
}

/// `mosquitto.conf:12  log_type all`, and what it means.
fn shown(note: &Note) -> String {
    match (note.file.is_empty(), note.line) {
        (true, _) => note.means.clone(),
        (false, 0) => format!("{}\n      {}", note.file, note.means),
        (false, line) => format!("{}:{line}  {}\n      {}", note.file, note.text, note.means),
    }
}
