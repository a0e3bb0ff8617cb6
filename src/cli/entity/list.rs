//! `jamey entity list`: all of them, least trusted first.

use super::Filter;
use crate::{
    app::view,
    cli::{
        Common,
        paint::{Screen, span},
    },
    domain::{EntityId, OpinionView, Timestamp, limits},
    runtime::Clock,
    store::Reader,
};
use serde_json::json;

/// An id on a narrow screen is cut in the middle of nothing: its end goes.
const NAME: usize = 32;
const BAR: usize = 10;

pub(super) fn list(common: &Common, reader: &Reader, filter: &Filter) -> anyhow::Result<()> {
    let mut all = reader.entities(u32::try_from(limits::ENTITIES)?, None)?;
    let known = all.len();
    let related = filter.related_to.as_deref().map(EntityId::new).transpose()?;
    let related = related.map(|id| reader.relations(&id).map(|all| (id, all))).transpose()?;
    all.retain(|one| {
        let detail = &one.detail;
        (!filter.gone || detail.liveness.state.is_gone())
            && (!filter.distrusted || one.is_distrusted())
            && (!filter.anomalous || !detail.anomalies.is_empty())
            && filter.kind.as_deref().is_none_or(|kind| kind == one.standing.as_str())
            && related.as_ref().is_none_or(|(id, relations)| {
                one.entity != *id && relations.iter().any(|(r, denied)| !denied && (r.from == one.entity || r.to == one.entity))
            })
    });
    all.sort_by(|a, b| a.lower_bound.get().total_cmp(&b.lower_bound.get()).then_with(|| a.entity.cmp(&b.entity)));
    all.truncate(filter.limit.unwrap_or(usize::MAX));
    if common.json {
        let rows: Vec<_> = all.iter().map(view::opinion).collect();
        crate::cli::line!("{}", serde_json::to_string_pretty(&json!({"v": 1, "entities": rows}))?);
        return Ok(());
    }
    if known == 0 {
        crate::cli::line!("nobody spoke yet: try `mosquitto_pub -t jamey/in/kitchen/temperature -m 21.5`");
    } else if all.is_empty() {
        crate::cli::line!("none of {known} entities is like that");
    } else {
        let now = Clock::new(Timestamp::default()).now();
        crate::cli::put(&table(&all, Screen::here(), now));
    }
    Ok(())
}

fn table(all: &[OpinionView], screen: Screen, now: Timestamp) -> String {
    let longest = all.iter().map(|one| one.entity.as_str().len()).max().unwrap_or(0).max(6);
    let wide = screen.width >= 72;
    let name = longest.min(if screen.bars { if wide { NAME } else { 18 } } else { limits::ENTITY_BYTES });
    let bar = if screen.bars { BAR + 1 } else { 0 };
    let mut out = screen.bold(&format!("{:<name$} {:>5} {:>5} {:<bar$}{:<9} {:<9}", "entity", "trust", "P", "", "standing", "alive"));
    let room = screen.width.saturating_sub(name + 13 + bar + 19 + 10);
    let cut = |text: &str| text.chars().take(room).collect::<String>();
    if wide {
        out.push_str(&screen.bold(&format!("    seen  {}", cut("what is the matter"))));
    }
    out.push('\n');
    for one in all {
        let id: String = one.entity.as_str().chars().take(name).collect();
        let opinion = if screen.bars { screen.opinion(one.belief, one.disbelief, BAR) + " " } else { String::new() };
        let line = format!(
            "{id:<name$} {:>5.2} {:>5.2} {opinion}{:<9} {:<9}",
            one.lower_bound.get(),
            one.expectation.get(),
            one.standing.as_str(),
            one.detail.liveness.state.as_str()
        );
        out.push_str(&line);
        if wide {
            let seen = span(now.seconds_since(one.last_seen));
            out.push_str(format!(" {seen:>7}  {}", screen.warning(&cut(&matter(one)))).trim_end());
        }
        out.push('\n');
    }
    out
}

/// What a person should know at a glance; empty where all is well.
fn matter(one: &OpinionView) -> String {
    let detail = &one.detail;
    let owed: u32 = detail.facets.iter().map(|f| f.owed).sum();
    let mut all = Vec::new();
    if owed > 0 {
        all.push(format!("on probation, owes {owed}"));
    }
    if let Some(first) = detail.anomalies.first() {
        all.push(crate::cli::paint::plain(&format!("{}: {}", first.field, first.text)));
    }
    if let Some(bridge) = &detail.liveness.because_of {
        all.push(format!("because of {bridge}"));
    }
    if let Some(battery) = detail.liveness.battery_percent.filter(|b| *b < 15.0) {
        all.push(format!("battery {battery:.0} %"));
    }
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{super::show::tests::lock, *};

    #[test]
    fn a_table_fits_its_screen_and_is_plain_in_a_pipe() {
        let now = Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(600);
        let all = [lock()];
        for width in [40, 60, 80, 120] {
            let text = table(&all, Screen { width, bars: true, colour: false }, now);
            assert!(text.lines().all(|l| l.chars().count() <= width.max(60)), "{width}: {text}");
        }
        let plain = table(&all, Screen { width: usize::MAX, bars: false, colour: false }, now);
        assert_eq!(
            plain,
            "entity     trust     P standing  alive        seen  what is the matter\n\
             front_lock  0.00  0.18 paired    silent     10 min  on probation, owes 20; temperature: 95.0 where 21.0 ± 0.5 is usual\u{fffd}[31m; because of bridge; battery 9 %\n"
        );
    }
}
