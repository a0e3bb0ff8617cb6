//! `jamey entity show`: one entity as a person reads it: what is held of it, why, how it lives, and what would change it.

use crate::cli::paint::{Screen, plain, span, when};
use crate::{
    app::view,
    cli::Common,
    domain::{EntityId, LivenessView, OpinionView, Relation, RelationKind, Timestamp, ToldBy},
    runtime::Clock,
    store::Reader,
};
use std::fmt::Write;

const BAR: usize = 24;
const FACET_BAR: usize = 8;
/// A narrower screen takes a facet in two lines.
const FACET_LINE: usize = 72;

pub(super) fn show(common: &Common, reader: &Reader, id: &EntityId) -> anyhow::Result<()> {
    let Some(mut one) = reader.entity(id)? else { return Err(super::unknown(reader, id)) };
    // The row has those told with it; here are all.
    one.detail.relations = reader.relations(id)?.into_iter().filter(|(_, denied)| !denied).map(|(relation, _)| relation).collect();
    if common.json {
        crate::cli::line!("{}", serde_json::to_string_pretty(&view::opinion(&one))?);
        return Ok(());
    }
    crate::cli::put(&page(&one, Screen::here(), Clock::new(Timestamp::default()).now()));
    Ok(())
}

/// The page, whole. Writing into a text cannot fail.
fn page(one: &OpinionView, screen: Screen, now: Timestamp) -> String {
    let mut out = String::new();
    let (id, detail) = (&one.entity, &one.detail);
    let _ = writeln!(out, "{}: {}, last seen {}", screen.bold(id.as_str()), one.standing.as_str(), when(one.last_seen));
    if screen.bars {
        let _ = writeln!(out, "  {}", screen.opinion(one.belief, one.disbelief, BAR.min(screen.width.saturating_sub(4))));
    }
    let line = format!(
        "belief {:.3}  disbelief {:.3}  uncertainty {:.3}  (base rate {:.2})",
        one.belief, one.disbelief, one.uncertainty, one.base_rate
    );
    let _ = writeln!(out, "{}", screen.wrapped("  ", &line));
    let events = if one.events == 1 { "1 event".to_owned() } else { format!("{} events", one.events) };
    let line = format!("expectation {:.3}; trusted to at least {:.3} after {events}", one.expectation.get(), one.lower_bound.get());
    let _ = writeln!(out, "{}", screen.wrapped("  ", &line));
    for f in &detail.facets {
        let bar = if screen.bars { screen.opinion(f.belief, f.disbelief, FACET_BAR) + " " } else { String::new() };
        let owed = if f.owed > 0 { format!(", owes {}", f.owed) } else { String::new() };
        let _ = writeln!(
            out,
            "  {:<12} {bar}P {:.2}  t {:.2}{}{:.1} for, {:.1} against{owed}",
            f.facet.as_str(),
            f.expectation,
            f.lower_bound,
            if screen.width < FACET_LINE { "\n    " } else { "  " },
            f.for_it,
            f.against_it
        );
    }
    section(&mut out, screen, "alive", &[alive(&detail.liveness, now)]);
    let radio: Vec<String> = [
        detail.liveness.battery_percent.map(|b| format!("battery {}{b:.0} %", bar_before(screen, b / 100.0))),
        detail.liveness.link.map(|l| format!("link {}{:.0} %", bar_before(screen, l), l * 100.0)),
    ]
    .into_iter()
    .flatten()
    .collect();
    section(&mut out, screen, "power and radio", &radio);
    let anomalies: Vec<String> = detail
        .anomalies
        .iter()
        .map(|a| {
            let others = if a.corroborated { "; others see it too" } else { "" };
            format!("{}: {}, since {}{others}", plain(&a.field), plain(&a.text), when(a.since))
        })
        .collect();
    section(&mut out, screen, "readings that are not as they should be", &anomalies);
    // Before it foresaw anything there is nothing to tell but where it began.
    if let Some(e) = detail.empathy.as_ref().filter(|e| e.value >= 0.005) {
        let text = format!("{:.2} (predicted {:.2}, in tune {:.2}, helped {:.2})", e.value, e.cognitive, e.affective, e.responsive);
        section(&mut out, screen, "understood", &[text]);
    }
    let relations: Vec<String> = detail.relations.iter().map(|r| related(id, r)).collect();
    section(&mut out, screen, "relations", &relations);
    section(&mut out, screen, "why", &one.reasons.iter().map(|r| plain(r)).collect::<Vec<_>>());
    section(&mut out, screen, "what would change it", &view::changes(one).iter().map(|c| plain(c)).collect::<Vec<_>>());
    out
}

fn section(out: &mut String, screen: Screen, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "  {}", screen.bold(title));
    for line in lines {
        let _ = writeln!(out, "{}", screen.wrapped("  - ", line));
    }
}

fn bar_before(screen: Screen, share: f64) -> String {
    if screen.bars { screen.share(share, FACET_BAR) + " " } else { String::new() }
}

fn alive(l: &LivenessView, now: Timestamp) -> String {
    let ago = |at: Timestamp| span(now.seconds_since(at));
    let mut text = l.state.as_str().to_owned();
    if let Some(since) = l.since {
        let _ = write!(text, " for {}", ago(since));
    }
    if let Some(bridge) = &l.because_of {
        let _ = write!(text, ", because {bridge} is gone");
    }
    if let Some(heard) = l.heard {
        let _ = write!(text, "; last word {} ago", ago(heard));
    }
    if let Some(every) = l.every_seconds {
        let _ = write!(text, "; speaks every {} as a rule", span(every));
    }
    if let Some(after) = l.silent_after_seconds {
        let _ = write!(text, ", is silent after {}", span(after));
    }
    text
}

fn related(id: &EntityId, r: &Relation) -> String {
    let by = match r.told_by {
        ToldBy::Owner => "the owner says so",
        ToldBy::Discovery => "devices say so",
        ToldBy::Seen => "as seen",
    };
    let who = |one: &EntityId| if one == id { "it".to_owned() } else { one.to_string() };
    let stands = match r.kind {
        RelationKind::Controls => "controls",
        RelationKind::BridgedBy => "is bridged by",
        RelationKind::Near => "is near",
        RelationKind::OwnedBy => "is owned by",
    };
    format!("{} {stands} {} ({by}; like {:+.1})", who(&r.from), who(&r.to), r.like)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{AnomalyView, Detail, Facet, FacetView, Liveness, Remedy, Standing, Unit01, Wanted};

    /// A lock with everything the matter that there can be, in a name that would paint the screen red.
    pub fn lock() -> OpinionView {
        let id = |name: &str| EntityId::new(name).unwrap();
        let at = Timestamp::from_micros(1_795_000_000_000_000);
        OpinionView {
            entity: id("front_lock"),
            standing: Standing::Paired,
            belief: 0.1,
            disbelief: 0.74,
            uncertainty: 0.16,
            base_rate: 0.5,
            expectation: Unit01::clamped(0.18),
            lower_bound: Unit01::clamped(0.002),
            reasons: vec!["1 message in another's name to anna lowered it by 0.32, last 2026-11-18".into()],
            events: 12,
            last_seen: at,
            detail: Detail {
                facets: vec![FacetView {
                    facet: Facet::Integrity,
                    belief: 0.1,
                    disbelief: 0.74,
                    uncertainty: 0.16,
                    expectation: 0.18,
                    lower_bound: 0.002,
                    for_it: 1.2,
                    against_it: 10.0,
                    owed: 20,
                }],
                liveness: LivenessView {
                    state: Liveness::Silent,
                    since: Some(at.plus_seconds(300)),
                    heard: Some(at),
                    every_seconds: Some(60.0),
                    silent_after_seconds: Some(180.0),
                    because_of: Some(id("bridge")),
                    battery_percent: Some(9.0),
                    link: Some(0.4),
                },
                anomalies: vec![AnomalyView {
                    field: "temperature".into(),
                    text: "95.0 where 21.0 ± 0.5 is usual\u{1b}[31m".into(),
                    since: at,
                    corroborated: false,
                }],
                relations: vec![Relation {
                    from: id("front_lock"),
                    kind: RelationKind::BridgedBy,
                    to: id("bridge"),
                    like: 0.5,
                    told_by: ToldBy::Discovery,
                }],
                wanted: Some(Wanted {
                    target: id("garage"),
                    verb: "open".into(),
                    at,
                    trust: Some(0.4),
                    remedy: Remedy::After(vec![(Facet::Integrity, 31)]),
                }),
                ..Detail::default()
            },
        }
    }

    #[test]
    fn a_person_reads_what_is_held_why_and_what_would_change_it() {
        let now = Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(600);
        let text = page(&lock(), Screen { width: 70, bars: true, colour: false }, now);
        assert_eq!(
            text,
            "front_lock: paired, last seen 2026-11-18T11:06:40Z
  ██▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒░░░░
  belief 0.100  disbelief 0.740  uncertainty 0.160  (base rate 0.50)
  expectation 0.180; trusted to at least 0.002 after 12 events
  integrity    █▒▒▒▒▒▒░ P 0.18  t 0.00
    1.2 for, 10.0 against, owes 20
  alive
  - silent for 5 min, because bridge is gone; last word 10 min ago;
    speaks every 60 s as a rule, is silent after 3 min
  power and radio
  - battery █░░░░░░░ 9 %
  - link ███░░░░░ 40 %
  readings that are not as they should be
  - temperature: 95.0 where 21.0 ± 0.5 is usual\u{fffd}[31m, since
    2026-11-18T11:06:40Z
  relations
  - it is bridged by bridge (devices say so; like +0.5)
  why
  - 1 message in another's name to anna lowered it by 0.32, last
    2026-11-18
  what would change it
  - open of garage would be allowed after 31 more clean integrity
    events, one a minute
  - 20 more clean integrity events end its probation in integrity
  - a word from it ends its silence
  - readings as they were before end its anomalies
"
        );
        let piped = page(&lock(), Screen { width: usize::MAX, bars: false, colour: false }, now);
        assert!(!piped.contains('█') && !piped.contains('\u{1b}'), "{piped}");
    }
}
