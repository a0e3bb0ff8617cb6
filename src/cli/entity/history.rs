//! `jamey entity history`: a line of what was held over time, and the points where it turned, with why.

use crate::cli::paint::{Screen, plain, sparkline, when};
use crate::{
    cli::Common,
    domain::{EntityId, Timestamp},
    runtime::Clock,
    store::{HistoryRow, Reader},
};
use serde_json::{Value, json};
use std::fmt::Write;

/// By how much P must move between two rows to be told as a turn.
const TURN: f64 = 0.02;
/// Turns told to a person; a program gets every row.
const TURNS: usize = 20;
const LINE: usize = 60;

pub(super) fn history(common: &Common, reader: &Reader, id: &EntityId, days: u16) -> anyhow::Result<()> {
    let now = Clock::new(Timestamp::default()).now();
    let since = now.plus_seconds(-86_400 * i64::from(days));
    let rows = reader.history(id, since)?;
    if rows.is_empty() && reader.entity(id)?.is_none() {
        return Err(super::unknown(reader, id));
    }
    if common.json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|r| json!({"at": r.at.to_string(), "expectation": r.expectation, "lower_bound": r.lower_bound, "why": r.why}))
            .collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "entity": id, "days": days, "history": rows}))?);
        return Ok(());
    }
    crate::cli::put(&page(id, &rows, (since, now), days, Screen::here()));
    Ok(())
}

fn page(id: &EntityId, rows: &[HistoryRow], (since, now): (Timestamp, Timestamp), days: u16, screen: Screen) -> String {
    let mut out = String::new();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return format!("{id}: nothing was written down in {}\n", lately(days));
    };
    let _ = writeln!(out, "{}: {}, P {:.2} to {:.2}", screen.bold(id.as_str()), lately(days), first.expectation, last.expectation);
    if screen.bars {
        let width = LINE.min(screen.width.saturating_sub(8));
        for (name, value) in [("P", (|r: &HistoryRow| r.expectation) as fn(&HistoryRow) -> f64), ("t", |r| r.lower_bound)] {
            let _ = writeln!(out, "  {name} {} {:.2}", sparkline(&columns(rows, since, now, width, value)), value(last));
        }
    }
    let turns: Vec<(&HistoryRow, f64)> = rows
        .windows(2)
        .filter_map(|pair| match pair {
            [before, after] => Some((after, after.expectation - before.expectation)).filter(|(_, moved)| moved.abs() >= TURN),
            _ => None,
        })
        .collect();
    let left_out = turns.len().saturating_sub(TURNS);
    if left_out > 0 {
        let _ = writeln!(out, "  {left_out} earlier turns are left out: --json has all");
    }
    for (row, moved) in turns.into_iter().skip(left_out) {
        let why = if row.why.is_empty() { "time".to_owned() } else { plain(&row.why) };
        let head = format!("  {}  {}{:.2} to {:.2}  ", when(row.at), if moved > 0.0 { "+" } else { "-" }, moved.abs(), row.expectation);
        let _ = writeln!(out, "{}", screen.wrapped(&head, &why));
    }
    if rows.windows(2).all(|pair| matches!(pair, [a, b] if (a.expectation - b.expectation).abs() < TURN)) {
        let _ = writeln!(out, "  it did not turn");
    }
    out
}

fn lately(days: u16) -> String {
    if days == 1 { "the last day".to_owned() } else { format!("the last {days} days") }
}

/// One value for each column: the last one written until its end; None before the first.
fn columns(rows: &[HistoryRow], since: Timestamp, now: Timestamp, width: usize, value: impl Fn(&HistoryRow) -> f64) -> Vec<Option<f64>> {
    let whole = now.micros().saturating_sub(since.micros()).max(1);
    let count = i64::try_from(width.max(1)).unwrap_or(1);
    (1..=count)
        .map(|column| {
            let end = since.micros().saturating_add(whole / count * column).saturating_add(if column == count { whole % count } else { 0 });
            let until = rows.partition_point(|row| row.at.micros() <= end);
            until.checked_sub(1).and_then(|at| rows.get(at)).map(&value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_where_it_turned_and_why() {
        let start = Timestamp::from_micros(1_795_000_000_000_000);
        let row = |hours: i64, p: f64, why: &str| HistoryRow {
            at: start.plus_seconds(hours * 3_600),
            expectation: p,
            lower_bound: p / 2.0,
            why: why.into(),
        };
        let rows =
            [row(2, 0.3, ""), row(5, 0.8, "40 allowed requests raised it by 0.50"), row(8, 0.81, ""), row(9, 0.1, "1 message\u{1b}[2J")];
        let id = EntityId::new("crook").unwrap();
        let span = (start, start.plus_seconds(10 * 3_600));
        let text = page(&id, &rows, span, 1, Screen { width: 18, bars: true, colour: false });
        assert!(text.contains("  P  ▃▃▃▇▇▇▇▂▂ 0.10\n"), "{text}");
        let text = page(&id, &rows, span, 1, Screen { width: usize::MAX, bars: false, colour: false });
        assert_eq!(
            text,
            "crook: the last day, P 0.30 to 0.10\n  \
             2026-11-18T16:06:40Z  +0.50 to 0.80  40 allowed requests raised it by 0.50\n  \
             2026-11-18T20:06:40Z  -0.71 to 0.10  1 message\u{fffd}[2J\n"
        );
        assert!(page(&id, &rows[..1], span, 1, Screen { width: 80, bars: false, colour: false }).ends_with("it did not turn\n"));
    }
}
