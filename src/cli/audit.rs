//! `jamey audit verify|list`: read from the store, whether Jamey runs or not.

use super::{Common, paint::plain};
use crate::{
    domain::audit::{Row, hex},
    store::{self, Audited, KEY_FILE, Reader},
};
use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Look at every row: what was changed, taken out, put in or moved is named.
    Verify,
    /// Who did what, newest first.
    List {
        /// How many rows.
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
        /// Only rows before this one.
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
    },
}

/// # Errors
/// When there is no store yet, or anything is wrong with the trail.
pub fn audit(common: &Common, action: &Action) -> anyhow::Result<()> {
    let data = common.load()?.store.data;
    let reader =
        Reader::open(&data).with_context(|| format!("no store can be read in {}: has Jamey run with this data folder?", data.display()))?;
    match action {
        Action::Verify => {
            // A key that others may read shows nothing; the chain is looked at all the same.
            let (key, problem) = match store::audit_key(&data) {
                Ok(Some(key)) => (Some(key), None),
                Ok(None) => (None, Some(format!("{} is not there", data.join(KEY_FILE).display()))),
                Err(error) => (None, Some(error.to_string())),
            };
            verify(common, &reader.verify_audit(key.as_ref())?, problem.as_deref())
        }
        Action::List { limit, before } => list(common, &reader.audit(*limit, *before)?),
    }
}

fn verify(common: &Common, audited: &Audited, key: Option<&str>) -> anyhow::Result<()> {
    let head = audited.head.map(|head| json!({"seq": head.seq, "hash": hex(&head.hash), "at": head.at.to_string()}));
    if common.json {
        crate::cli::line!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "v": 1, "good": audited.wrong == 0, "rows": audited.rows, "unproven": audited.unproven, "forgotten": audited.forgotten, "head": head, "key": key,
                "wrong": audited.wrong, "findings": audited.findings,
            }))?
        );
    } else {
        audited.findings.iter().for_each(|finding| crate::cli::line!("{finding}"));
        let more = audited.wrong.saturating_sub(u64::try_from(audited.findings.len())?);
        if more > 0 {
            crate::cli::line!("and {more} more");
        }
        if let Some(problem) = key {
            crate::cli::line!("no key: {problem}");
        } else if audited.unproven > 0 {
            crate::cli::line!("{} rows are older than this key: only that they follow each other is shown", audited.unproven);
        }
        if audited.forgotten > 0 {
            let what = audited.forgotten;
            crate::cli::line!(
                "{what} rows and verdicts name nobody any more, for somebody was forgotten: rows `entity.forgotten` say who, and vouch for it"
            );
        }
        if let Some(head) = audited.head {
            crate::cli::line!("{} rows; the head is row {} of {}, hash {}", audited.rows, head.seq, head.at, hex(&head.hash));
        }
        if audited.wrong == 0 {
            crate::cli::line!(
                "good: nothing was changed, taken out, put in or moved. That this is the newest head, compare with one kept elsewhere."
            );
        }
    }
    if audited.wrong > 0 {
        bail!("the audit trail does not hold: {} things are wrong", audited.wrong);
    }
    Ok(())
}

fn list(common: &Common, rows: &[Row]) -> anyhow::Result<()> {
    if common.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|Row { seq, event: e, hash, .. }| {
                json!({"seq": seq, "at": e.at.to_string(), "actor": e.actor, "action": e.action, "subject": e.subject, "detail": e.detail, "hash": hex(hash)})
            })
            .collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "rows": rows}))?);
        return Ok(());
    }
    for Row { seq, event: e, .. } in rows {
        let subject = e.subject.as_deref().map(|s| format!(" {}", plain(s))).unwrap_or_default();
        crate::cli::line!("{seq:>7}  {}  {:<16} {}{subject}: {}", e.at, plain(&e.actor), plain(&e.action), plain(&e.detail));
    }
    Ok(())
}
