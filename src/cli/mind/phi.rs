//! `jamey mind phi`: whether the parts work as one, in plain words; and exact Φ, computed here and now from what was observed last.

use crate::{
    cli::{
        Common,
        paint::{Screen, plain, span, sparkline, when},
        put,
    },
    consciousness::{self, LEAST_SAMPLES, iit, nothing_flows},
    domain::{
        Observation, Part, Timestamp,
        consciousness::{PHI_EXACT, PHI_EXACT_WAITS, PHI_FLOW},
    },
    mind::cut_words,
    runtime::Clock,
    store::{MetricRow, Reader},
};
use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// Whether its parts work as one.
#[derive(Debug, Args)]
pub struct Asked {
    /// Compute exact Φ (IIT 3.0) now, from what was observed last.
    #[arg(long)]
    exact: bool,
    /// How it went, hour by hour.
    #[arg(long, conflicts_with = "exact")]
    history: bool,
    /// How many days back.
    #[arg(long, default_value_t = 2, value_name = "N", requires = "history", value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
}

/// Hours of a sparkline, and columns of one.
const HOURS: i64 = 6;
const COLUMNS: i64 = 36;
/// Two days by the minute and a year by the hour are less.
const ROWS: u32 = 20_000;

/// # Errors
/// When the store cannot be read, nothing is known yet, or it cannot be computed.
pub(super) fn phi(common: &Common, reader: &Reader, asked: &Asked) -> anyhow::Result<()> {
    match asked {
        Asked { exact: true, .. } => exact(common, reader),
        Asked { history: true, days, .. } => history(common, reader, *days),
        _ => now(common, reader),
    }
}

fn now(common: &Common, reader: &Reader) -> anyhow::Result<()> {
    let (flow, exact, waits) = (reader.metric(PHI_FLOW)?, reader.metric(PHI_EXACT)?, waits(reader)?);
    if common.json {
        let told =
            |row: &Option<MetricRow>| row.as_ref().map(|row| json!({"at": row.at.to_string(), "value": row.value, "detail": row.detail}));
        let why = waits.as_ref().map(|(_, why)| why);
        let all = json!({"v": 1, "flow": told(&flow), "exact": told(&exact), "why_not_exact": why});
        crate::cli::line!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    if flow.is_none() && exact.is_none() && waits.is_none() {
        bail!("nothing is known of it yet: it takes five minutes from a start on");
    }
    let (screen, mut out) = (Screen::here(), String::new());
    let mut row = |name: &str, text: &str| {
        let _ = writeln!(out, "{}", screen.wrapped(&format!("{name:<10}"), &plain(text)));
    };
    match &flow {
        None => row("as one", "not known yet: it takes five minutes from a start on"),
        Some(flow) => {
            row("as one", &works(flow));
            row(
                "Φ_flow",
                &format!("{:.4} nats at {}: as much flows at least between any two sides of the parts", flow.value, when(flow.at)),
            );
            row("", &line(&reader.metrics(PHI_FLOW, flow.at.plus_seconds(-HOURS * 3_600), ROWS)?, flow.at));
        }
    }
    match &exact {
        None => row("Φ exact", "none is stored"),
        Some(exact) => {
            let text = |key: &str| exact.detail.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let number = |key: &str| exact.detail.get(key).and_then(Value::as_u64).unwrap_or(0);
            row("Φ exact", &format!("{:.6} at {} (IIT 3.0, no unit); {}", exact.value, when(exact.at), text("cut")));
            let of = format!("{} concepts, from {} observed seconds, in {} ms", number("concepts"), number("samples"), number("took_ms"));
            row("", &of);
            row("", &line(&reader.metrics(PHI_EXACT, exact.at.plus_seconds(-HOURS * 3_600), ROWS)?, exact.at));
        }
    }
    if let Some((at, why)) = &waits {
        row("", &format!("since {} none is computed: {why}", when(*at)));
    }
    put(&out);
    Ok(())
}

/// In words, from the figure that was kept.
fn works(flow: &MetricRow) -> String {
    let detail = |key: &str| flow.detail.get(key).filter(|value| !value.is_null());
    let from: Vec<Part> = detail("from").and_then(|from| serde_json::from_value(from.clone()).ok()).unwrap_or_default();
    if flow.is_hourly() {
        return "not known: the last figure is an hour's mean".to_owned();
    }
    match (detail("lost"), detail("powered").and_then(Value::as_bool)) {
        (Some(_), _) => format!("no: {}", nothing_flows(&from)),
        (None, Some(true)) => "yes: something flows across every cut of the parts".to_owned(),
        (None, _) => "that cannot be told: too little flows inside, or a part did the same all the time".to_owned(),
    }
}

/// Why there is no newer result than the newest; and since when.
fn waits(reader: &Reader) -> anyhow::Result<Option<(Timestamp, String)>> {
    let done = reader.metric(PHI_EXACT)?.map(|row| row.at);
    let waits = reader.metric(PHI_EXACT_WAITS)?.filter(|row| done.is_none_or(|done| row.at > done));
    Ok(waits.map(|row| (row.at, row.detail.get("why").and_then(Value::as_str).unwrap_or("why is not known any more").to_owned())))
}

/// The last hours, the lowest of them as nothing and the highest as all.
fn line(rows: &[MetricRow], to: Timestamp) -> String {
    let most = rows.iter().map(|row| row.value).fold(0.0, f64::max);
    let from = to.plus_seconds(-HOURS * 3_600);
    let means = means(rows, from, to, COLUMNS);
    let shares: Vec<Option<f64>> = means.iter().map(|mean| mean.map(|mean| if most > 0.0 { mean / most } else { 0.0 })).collect();
    format!("{} {HOURS} h, at most {most:.4}", sparkline(&shares))
}

/// The mean of each of so many equal spans; None: nothing was told in it.
fn means(rows: &[MetricRow], from: Timestamp, to: Timestamp, spans: i64) -> Vec<Option<f64>> {
    let width = ((to.micros() - from.micros()) / spans).max(1);
    (0..spans)
        .map(|span| {
            let begins = from.micros() + span * width;
            // The newest counts too.
            let ends = if span + 1 == spans { to.micros() + 1 } else { begins + width };
            let inside = rows.iter().filter(|row| (begins..ends).contains(&row.at.micros()));
            let (sum, count) = inside.fold((0.0, 0.0), |(sum, count), row| (sum + row.value, count + 1.0));
            (count > 0.0).then(|| sum / count)
        })
        .collect()
}

fn history(common: &Common, reader: &Reader, days: u16) -> anyhow::Result<()> {
    let now = Clock::new(Timestamp::default()).now();
    let since = now.plus_seconds(-86_400 * i64::from(days));
    let (flow, exact) = (reader.metrics(PHI_FLOW, since, ROWS)?, reader.metrics(PHI_EXACT, since, ROWS)?);
    if common.json {
        let told = |rows: &[MetricRow]| -> Vec<Value> {
            let least =
                |row: &MetricRow, key: &str| row.detail.get(key).filter(|_| row.is_hourly()).and_then(Value::as_f64).unwrap_or(row.value);
            rows.iter()
                .map(|row| json!({"at": row.at.to_string(), "value": row.value, "min": least(row, "min"), "max": least(row, "max")}))
                .collect()
        };
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "flow": told(&flow), "exact": told(&exact)}))?);
        return Ok(());
    }
    if flow.is_empty() && exact.is_empty() {
        bail!("nothing was kept in the last {days} days: `--days` looks further back");
    }
    let mut out = format!("{:<16} {:>10} {:>10}\n", "hour", "Φ_flow", "Φ exact");
    let hours = i64::from(days) * 24;
    let begin = Timestamp::from_micros((since.micros() / 3_600_000_000 + 1) * 3_600_000_000);
    let spans = |rows: &[MetricRow]| means(rows, begin, begin.plus_seconds(hours * 3_600), hours);
    for (hour, (flow, exact)) in (0..hours).zip(spans(&flow).into_iter().zip(spans(&exact))) {
        if flow.is_none() && exact.is_none() {
            continue;
        }
        let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        let at = when(begin.plus_seconds(hour * 3_600));
        let _ = writeln!(out, "{:<16} {:>10} {:>10}", at.get(..16).unwrap_or(&at), figure(flow), figure(exact));
    }
    put(&out);
    Ok(())
}

/// What was observed last, and when.
fn observed(reader: &Reader) -> anyhow::Result<(Timestamp, Observation)> {
    let newest = [PHI_EXACT, PHI_EXACT_WAITS].into_iter().filter_map(|metric| reader.metric(metric).transpose());
    let mut newest = newest.collect::<Result<Vec<_>, _>>()?;
    newest.sort_by_key(|row| std::cmp::Reverse(row.at));
    let found = newest.iter().find_map(|row| Some((row.at, serde_json::from_value(row.detail.get("of")?.clone()).ok()?)));
    found.with_context(|| match waits(reader) {
        Ok(Some((at, why))) => format!("there is not enough to compute it from: at {} {why}", when(at)),
        _ => format!("there is not enough to compute it from: Jamey must have run for {LEAST_SAMPLES} seconds with this data folder"),
    })
}

fn exact(common: &Common, reader: &Reader) -> anyhow::Result<()> {
    let (at, of) = observed(reader)?;
    let network = consciousness::network(&of).context("what was observed does not fit this version: let Jamey run for ten minutes")?;
    let bar = progress(of.nodes.len());
    let begun = Instant::now();
    let told = iit::phi(&network, || {
        bar.inc(1);
        true
    });
    let took = begun.elapsed();
    bar.finish_and_clear();
    let told = told.context("it was not computed")?;
    let parts = |set: iit::Mask| consciousness::parts(&of, set);
    let (from, to) = told.cut.map(|(from, to)| (parts(from), parts(to))).unwrap_or_default();
    let cut = cut_words(told.phi, &from, &to);
    let side = |core: &iit::Core| json!({"of": parts(core.purview), "phi": core.phi});
    if common.json {
        let concepts: Vec<Value> = told
            .concepts
            .iter()
            .map(|c| json!({"parts": parts(c.mechanism), "phi": c.phi, "cause": side(&c.cause), "effect": side(&c.effect)}))
            .collect();
        let all = json!({
            "v": 1, "phi": told.phi, "unit": "none", "method": "iit_3.0", "distance": "EMD", "tpm_source": "observed", "from": from, "to": to,
            "cut": cut, "concepts": concepts, "nodes": of.nodes, "state": of.state, "samples": of.samples, "observed_at": at.to_string(),
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        crate::cli::line!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    put(&page(&told, &of, at, &cut, took));
    Ok(())
}

fn page(told: &iit::Integration, of: &Observation, at: Timestamp, cut: &str, took: Duration) -> String {
    let (screen, mut out) = (Screen::here(), String::new());
    let names = |parts: Vec<Part>| parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join(", ");
    let mut row = |name: &str, text: &str| {
        let _ = writeln!(out, "{}", screen.wrapped(&format!("{name:<10}"), text));
    };
    row("Φ", &format!("{:.6} (IIT 3.0, no unit), computed in {}", told.phi, seconds(took)));
    row("cut", cut);
    let on = Part::ALL.into_iter().zip(of.state).filter(|(_, on)| *on).map(|(part, _)| part).collect();
    row(
        "state",
        &format!("more than usual at {}: {}", when(at), Some(names(on)).filter(|on| !on.is_empty()).unwrap_or_else(|| "none".into())),
    );
    row("seen", &format!("{} seconds, of which the last hour counts most", of.samples));
    let still: Vec<Part> = Part::ALL.into_iter().filter(|part| !of.nodes.contains(part)).collect();
    if !still.is_empty() {
        row("left out", &format!("{}: did the same all the time", names(still)));
    }
    row("concepts", &told.concepts.len().to_string());
    let mut concepts: Vec<&iit::Concept> = told.concepts.iter().collect();
    concepts.sort_by(|a, b| b.phi.total_cmp(&a.phi).then(a.mechanism.cmp(&b.mechanism)));
    for concept in concepts {
        let parts = |set| names(consciousness::parts(of, set));
        let text = format!(
            "{:.4}  of the past of {}, of the future of {}",
            concept.phi,
            parts(concept.cause.purview),
            parts(concept.effect.purview)
        );
        row("", &format!("{}: {text}", parts(concept.mechanism)));
    }
    out
}

fn seconds(took: Duration) -> String {
    if took < Duration::from_secs(1) { format!("{} ms", took.as_millis()) } else { span(took.as_secs_f64()) }
}

/// Cuts done, of all; on a terminal only.
fn progress(nodes: usize) -> ProgressBar {
    let all = iit::mask::states(iit::mask::all(nodes)).saturating_sub(2);
    let bar = ProgressBar::new(u64::try_from(all).unwrap_or(0));
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} cuts");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
