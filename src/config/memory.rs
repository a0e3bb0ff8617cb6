//! `[memory]` and `[[retention]]`: how long the house remembers what.

use super::{
    Config,
    kinds::{self, Read},
    reader::{Ledger, Reader},
    tree::Node,
};
use crate::domain::{Keeping, NamePattern, Retention, limits};
use std::ops::RangeInclusive;

/// A hundred years: longer than a house has the same owner.
const MOST_DAYS: u32 = 36_500;
/// A year in hours, and ten in days: what is kept longer one by one is a `[[retention]]`.
const MOST_WORKING_HOURS: u32 = 8_760;
const MOST_SHORT_TERM_DAYS: u32 = 3_650;
/// The journal alone takes 32 MiB; less than this would be forgotten as soon as it is said.
const LEAST_DATABASE_MB: u32 = 16;
/// What records at hand may take of a 4 GB host.
const MOST_CACHE_MB: u32 = 512;
/// The index of a quarter of a million records.
const LEAST_INDEX_MB: u32 = 16;
const MOST_INDEX_MB: u32 = 65_536;
/// A TiB.
const MOST_DATABASE_MB: u32 = 1_048_576;

pub(super) fn keeping(r: &mut Reader) -> Keeping {
    let d = Keeping::default();
    Keeping {
        working_hours: r.or("working_hours", d.working_hours, kinds::whole(1..=MOST_WORKING_HOURS)),
        short_term_days: r.or("short_term_days", d.short_term_days, kinds::whole(1..=MOST_SHORT_TERM_DAYS)),
        five_minutes_days: r.or("five_minutes_days", d.five_minutes_days, kinds::whole(1..=MOST_DAYS)),
        hourly_days: r.or("hourly_days", d.hourly_days, kinds::whole(1..=MOST_DAYS)),
        daily_days: r.or("daily_days", d.daily_days, kinds::whole(1..=MOST_DAYS)),
        database_mb: r.or("database_mib", d.database_mb, mebibytes(LEAST_DATABASE_MB..=MOST_DATABASE_MB)),
        index_mb: r.or("index_mib", d.index_mb, mebibytes(LEAST_INDEX_MB..=MOST_INDEX_MB)),
        cache_mb: r.or("cache_mib", d.cache_mb, kinds::whole(1..=MOST_CACHE_MB)),
    }
}

fn mebibytes(range: RangeInclusive<u32>) -> impl Fn(&Node) -> Read<u32> {
    move |node| match kinds::whole(0..=*range.end())(node) {
        Ok(mb) if mb == 0 || range.contains(&mb) => Ok(mb),
        _ => Err(format!("0 for no limit, or a whole number from {} to {}", range.start(), range.end())),
    }
}

/// Reads every `[[retention]]`, in its order.
pub(super) fn retentions(r: &mut Reader) -> Vec<Retention> {
    let all = r.sections("retention", one);
    if let Some((i, _)) = all.get(limits::RETENTIONS) {
        let message = format!("found one more than {}: each is a walk over the records", limits::RETENTIONS);
        r.ledger.refuse_path(&format!("retention[{i}]"), message);
    }
    all.into_iter().map(|(_, one)| one).collect()
}

fn one(r: &mut Reader) -> Option<Retention> {
    let entity = r.or("entity", NamePattern::all(), pattern);
    let kind = r.or("kind", NamePattern::all(), pattern);
    let days = r.required("days", "7", kinds::whole(0..=MOST_DAYS));
    let summaries = r.or("summaries", true, kinds::truth);
    Some(Retention { entity, kind, days: days?, summaries })
}

fn pattern(node: &Node) -> Read<NamePattern> {
    let wanted = || format!("1 to {} of a-z, 0-9, `_`, `.`, `-` and `*`, such as \"guest_*\"", limits::ENTITY_BYTES);
    node.text().and_then(NamePattern::new).ok_or_else(wanted)
}

/// Finer sums are kept no longer than coarser ones.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    let m = &config.memory;
    let tiers = [
        ("five_minutes_days", m.five_minutes_days, "hourly_days", m.hourly_days),
        ("hourly_days", m.hourly_days, "daily_days", m.daily_days),
    ];
    for (finer, of_finer, coarser, of_coarser) in tiers {
        let (finer, coarser) = (format!("memory.{finer}"), format!("memory.{coarser}"));
        if of_coarser < of_finer && ledger.sound(&finer) && ledger.sound(&coarser) {
            let message =
                format!("found {of_coarser}, less than the finer sums have (`{finer} = {of_finer}`); write more here, or less there");
            ledger.refuse_path(&coarser, message);
        }
    }
}
