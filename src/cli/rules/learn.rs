//! `jamey rules learn`: weights that people's answers speak for, as lines that the owner may paste into the config.

use super::record::reader;
use crate::{
    app,
    cli::Common,
    conscience::{Answer, Kind, LEAST, Parts, Weight, learn as proposals},
    domain::Decision,
};
use anyhow::bail;
use serde_json::json;
use std::collections::BTreeMap;

/// # Errors
/// When learning is switched off, the rules are refused, or there is no record.
pub fn learn(common: &Common) -> anyhow::Result<()> {
    let config = common.counts()?;
    if !config.conscience.learning {
        bail!("conscience.learning is false in the config: write true to have weights proposed");
    }
    let mut set = app::rules::sets(&config)?.live;
    let weights: BTreeMap<String, Weight> = set
        .rules()
        .map(|r| (r.id.clone(), Weight { now: r.weight, own: r.own_weight, learnable: r.learnable && r.kind != Kind::Veto }))
        .collect();
    let answered = reader(&config)?.answers()?;
    let mut answers = Vec::new();
    for one in &answered {
        // As the rules of today see it: what they would allow or forbid themselves is no question of weights.
        let verdict = set.judge(&one.row.facts);
        if verdict.decision != Decision::Escalate {
            continue;
        }
        let parts = Parts::of(&verdict, &one.row.facts, set.tuning());
        let added = parts.added.iter().map(|(rule, _, c)| ((*rule).to_owned(), *c)).collect();
        answers.push(Answer { added, theta_allow: parts.theta_allow, approved: one.approved });
    }
    let found = proposals(&answers, &weights);
    if common.json {
        let rows: Vec<_> = found
            .iter()
            .map(|p| json!({"rule": p.rule, "from": p.from, "to": p.to, "approved": p.approved, "refused": p.refused}))
            .collect();
        crate::cli::line!("{}", json!({"v": 1, "answers": answered.len(), "used": answers.len(), "proposals": rows}));
        return Ok(());
    }
    crate::cli::line!(
        "# {} answers on record, of which {} are to questions that the rules of today would ask",
        answered.len(),
        answers.len()
    );
    if found.is_empty() {
        crate::cli::line!("# nothing to propose: it takes {LEAST} answers about one rule, and that they speak for another weight");
        return Ok(());
    }
    crate::cli::line!(
        "# Nothing is changed by this. Try it first: `jamey rules replay --with FILE`, with these lines under [weights] in FILE."
    );
    crate::cli::line!("[conscience.weights]");
    for p in &found {
        crate::cli::line!("{} = {:?} # {:?} now; {} approved, {} refused", p.rule, p.to, p.from, p.approved, p.refused);
    }
    Ok(())
}
