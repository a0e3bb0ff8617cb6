//! `jamey rules lint`: what the record says of the rules.

use super::record::{progress, reader};
use crate::{
    app::{self, rules::time},
    cli::Common,
    conscience::Lint,
};
use serde_json::json;
use std::ops::ControlFlow;

/// Fewer requests say little about rules for rare things.
const FEW: u64 = 1_000;

/// # Errors
/// When the rules are refused, or there is no record.
pub fn lint(common: &Common, since: Option<&str>, until: Option<&str>) -> anyhow::Result<()> {
    let config = common.counts()?;
    let mut lint = Lint::new(app::rules::sets(&config)?.live);
    let reader = reader(&config)?;
    let bar = progress(reader.recorded()?, common.json);
    reader.each_judged(time(&config, since, until)?, |recorded| {
        bar.inc(1);
        lint.take(&recorded.facts);
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    let remarks = lint.remarks();
    if common.json {
        let counts = lint
            .counts()
            .iter()
            .map(|(id, c)| (id.clone(), json!({"applied": c.applied, "fired": c.fired, "decided": c.decided, "doubled": c.doubled})));
        let rows: Vec<_> = remarks.iter().map(|r| json!({"rule": r.rule, "code": r.code, "text": r.text})).collect();
        let value = json!({"v": 1, "judged": lint.judged, "remarks": rows, "rules": counts.collect::<serde_json::Map<_, _>>()});
        crate::cli::line!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    crate::cli::line!("{} requests on record, {} remarks", lint.judged, remarks.len());
    if lint.judged < FEW {
        crate::cli::line!("(so few that a rule for rare things is not wrong for being silent)");
    }
    for r in &remarks {
        crate::cli::line!("{:<30} {:<12} {}", r.rule, r.code, r.text);
    }
    Ok(())
}
