//! Which alerts a person is shown when there are more than anybody reads: nothing critical hides behind a warning, and no family of many takes
//! the place of one of its own kind. The rest is counted in one.

use super::{Alert, patience::family};
use crate::domain::{Alarm, limits};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// The code under which those are counted that find no place.
pub const MORE: &str = "more";
/// Named in its text.
const NAMED: usize = 3;

/// Those on the page, and those beyond it. `told` stood on it before and keep their places, other things being equal.
pub(super) fn choose<'a>(
    standing: impl IntoIterator<Item = &'a Alert>,
    told: &BTreeMap<String, Alert>,
) -> (Vec<&'a Alert>, Vec<&'a Alert>) {
    let mut all: Vec<&Alert> = standing.into_iter().collect();
    all.sort_by_key(|alert| (Reverse(alert.alarm.critical), !told.contains_key(&alert.code), alert.alarm.since, &alert.code));
    if all.len() > limits::ALERTS_TOLD {
        let mut rank: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ranked: Vec<(usize, &Alert)> = Vec::with_capacity(all.len());
        for alert in all {
            let of = rank.entry(family(&alert.code)).or_default();
            ranked.push((*of, alert));
            *of += 1;
        }
        // The sort is stable: what it does not compare stays as it was.
        ranked.sort_by_key(|(rank, alert)| (Reverse(alert.alarm.critical), alert.acknowledged.is_some(), *rank));
        all = ranked.into_iter().map(|(_, alert)| alert).collect();
    }
    let hidden = all.split_off(all.len().min(limits::ALERTS_TOLD));
    all.sort_by_key(|alert| (Reverse(alert.alarm.critical), alert.alarm.since, &alert.code));
    (all, hidden)
}

/// The alert that counts the others. None: there are none.
pub(super) fn more(hidden: &[&Alert]) -> Option<Alert> {
    let gravest = hidden.first()?;
    let critical = hidden.iter().filter(|alert| alert.alarm.critical).count();
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    hidden.iter().for_each(|alert| *families.entry(family(&alert.code)).or_default() += 1);
    let mut many: Vec<(&str, usize)> = families.into_iter().collect();
    many.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let listed: Vec<String> = many.iter().take(NAMED).map(|(name, count)| format!("{name} ({count})")).collect();
    let rest = many.len().saturating_sub(NAMED);
    let rest = if rest > 0 { format!(" and {rest} other kinds") } else { String::new() };
    let words: String = gravest.alarm.text.chars().take(limits::ALERT_TEXT_CHARS / 4).collect();
    let text = format!(
        "{} more alerts stand, {critical} of them critical: {}{rest}; the gravest is {}: {words}",
        hidden.len(),
        listed.join(", "),
        gravest.code
    );
    let since = hidden.iter().map(|alert| alert.alarm.since).min().unwrap_or(gravest.alarm.since);
    let what_to_do = "put right what is shown first: what is counted here comes up as places get free";
    let alarm = Alarm { critical: critical > 0, since, text, what_to_do: what_to_do.to_owned() };
    Some(Alert { code: MORE.to_owned(), alarm, acknowledged: None, times: 0 })
}

/// Codes of all on a page.
pub(super) fn codes(shown: &[Alert]) -> BTreeSet<&str> {
    shown.iter().map(|alert| alert.code.as_str()).collect()
}
