//! Figures of consciousness: by the minute for two days, by the hour for a year.

use super::{DAY_SECONDS, Job, Upkeep};
use crate::{
    domain::Timestamp,
    store::{Chore, Reader, StoreError},
};

/// Figures of consciousness that come each minute: their names begin so.
const BY_THE_MINUTE: &str = "phi_";
/// So long they are kept as they were told: what moved in the last two days is looked at by the minute.
const FIGURES_WHOLE_SECONDS: i64 = 2 * DAY_SECONDS;
/// And so long by the hour: a year, so that a season can be compared with the one before.
const FIGURES_SECONDS: i64 = 366 * DAY_SECONDS;
const HOUR_MICROS: i64 = 3_600 * 1_000_000;

impl Upkeep {
    /// Figures of integrated information are told each minute: after two days one an hour is enough. Other kinds come by the hour already.
    pub(super) fn sum_hour(
        &mut self,
        before: Timestamp,
        metric: String,
        from: Timestamp,
        store: &Reader,
        now: Timestamp,
    ) -> Result<(Option<Chore>, Option<Job>), StoreError> {
        let due = now.plus_seconds(-FIGURES_WHOLE_SECONDS);
        let before = if metric.is_empty() { Timestamp::from_micros(due.micros() - due.micros().rem_euclid(HOUR_MICROS)) } else { before };
        // Until the next hour is over there is nothing to be found.
        if before <= self.summed {
            return Ok((None, None));
        }
        let kinds = store.oldest_metrics()?.into_keys().filter(|kind| kind.starts_with(BY_THE_MINUTE));
        for kind in kinds.filter(|kind| *kind >= metric) {
            let from = if kind == metric { from } else { Timestamp::from_micros(0) };
            if let Some(hour) = store.hour_to_sum(&kind, from, before)? {
                let job = Job::Hourly { before, metric: kind.clone(), from: hour };
                return Ok((Some(Chore::SumHour { metric: kind, hour }), Some(job)));
            }
        }
        self.summed = before;
        Ok((None, None))
    }

    pub(super) fn aged(&self, store: &Reader, now: Timestamp) -> Result<Option<Chore>, StoreError> {
        let before = now.plus_seconds(-FIGURES_SECONDS);
        let old = store.oldest_metrics()?.into_iter().find(|(_, oldest)| *oldest < before);
        Ok(old.map(|(metric, _)| Chore::DropMetrics { metric, before, most: self.rows.0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Plan, Upkeep};
    use super::*;
    use crate::{
        domain::{Change, Keeping},
        store::{Batch, MetricRow, Store},
    };
    use jiff::tz::TimeZone;
    use serde_json::json;
    use std::path::Path;

    const HOUR: i64 = 3_600;
    /// The start of an hour.
    const START: i64 = 1_794_999_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(START + seconds)
    }

    fn tell(store: &mut Store, figures: impl Iterator<Item = (i64, &'static str, f64)>) {
        let one = |(seconds, metric, value): (i64, &str, f64)| Change::Metric {
            at: at(seconds),
            metric: metric.to_owned(),
            value,
            detail: json!({"p": 0.5}),
        };
        store.write(&Batch { changes: figures.map(one).collect(), at: at(0), ..Batch::default() }).unwrap();
    }

    fn upkeep() -> Upkeep {
        Upkeep::new(Plan { keeping: Keeping::default(), retentions: Vec::new(), zone: TimeZone::UTC })
    }

    /// A round, or so many chores of it.
    fn keep(store: &mut Store, folder: &Path, upkeep: &mut Upkeep, now: i64, most: usize) {
        let reader = Reader::open(folder).unwrap();
        for _ in 0..most {
            let Some(chore) = upkeep.next(&reader, at(now)).unwrap() else { return };
            let done = store.chore(&chore).unwrap();
            upkeep.done(&chore, done);
        }
    }

    fn rows(folder: &Path, metric: &str) -> Vec<MetricRow> {
        Reader::open(folder).unwrap().metrics(metric, Timestamp::from_micros(0), u32::MAX).unwrap()
    }

    #[test]
    fn an_hour_becomes_its_mean_and_others_stay_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let by_the_minute = |from: i64, to: i64| (from..to).map(|n| (n * 60, "phi_flow", f64::from(i32::try_from(n % 60).unwrap())));
        tell(&mut store, by_the_minute(0, 180).chain((0..3).map(|h| (h * HOUR, "mission.guard", 0.5))));
        let now = 2 * 86_400 + HOUR + 59;
        keep(&mut store, folder.path(), &mut upkeep(), now, usize::MAX);
        let told = rows(folder.path(), "phi_flow");
        assert_eq!(told.len(), 1 + 120, "one hour is older than two days, and whole");
        assert_eq!((told[0].at, told[0].value), (at(0), 29.5));
        assert_eq!(told[0].detail, json!({"rows": 60.0, "min": 0.0, "max": 59.0}));
        assert_eq!((told[1].at, told[1].is_hourly()), (at(HOUR), false));
        let missions = rows(folder.path(), "mission.guard");
        assert!(missions.len() == 3 && missions.iter().all(|row| row.detail == json!({"p": 0.5})));

        // One that comes late counts with as many as it is, and the newest of all stays as it was told.
        tell(&mut store, [(30 * 60 + 7, "phi_flow", 90.5)].into_iter());
        keep(&mut store, folder.path(), &mut upkeep(), now + 40 * 86_400, usize::MAX);
        let told = rows(folder.path(), "phi_flow");
        assert_eq!(told.len(), 2 + 60, "the hour of the newest is not summed up");
        assert_eq!((told[0].value, &told[0].detail), (30.5, &json!({"rows": 61.0, "min": 0.0, "max": 90.5})));
        assert_eq!(told.last().map(|row| row.value), Some(59.0));
    }

    #[test]
    fn wherever_it_is_interrupted_it_comes_to_the_same() {
        let told = |most: usize| {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(folder.path()).unwrap();
            let value = |n: i64| f64::from(i32::try_from(n * 7 % 31).unwrap());
            tell(&mut store, (0..600).flat_map(|n| [(n * 61, "phi_exact", value(n)), (n * 61, "phi_flow", -value(n))]));
            for _ in 0..if most == usize::MAX { 2 } else { 60 } {
                // Each time from the start, as after a kill.
                keep(&mut store, folder.path(), &mut upkeep(), 4 * 86_400, most);
            }
            (rows(folder.path(), "phi_exact"), rows(folder.path(), "phi_flow"))
        };
        let (whole, pieces) = (told(usize::MAX), told(3));
        assert_eq!(whole, pieces);
        let hours = whole.0.iter().filter(|row| row.is_hourly()).count();
        assert_eq!((hours, whole.0.len() - hours), (10, 9), "ten hours, and what came in the hour of the newest");
    }

    #[test]
    fn years_take_no_more_room_than_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let mut upkeep = upkeep();
        let mut most = 0;
        for day in 0..800 {
            let one_day = (0..6).map(|n| (day * 86_400 + n * 900 + 5, "phi_flow", 1.0)).chain([(day * 86_400, "mission.guard", 0.5)]);
            tell(&mut store, one_day);
            if day % 20 == 19 {
                keep(&mut store, folder.path(), &mut upkeep, (day + 1) * 86_400, usize::MAX);
                most = most.max(rows(folder.path(), "phi_flow").len());
            }
        }
        assert_eq!(most, 2 * 6 + 364 * 2, "two days as they were told, and a year by the hour");
        let (flow, missions) = (rows(folder.path(), "phi_flow"), rows(folder.path(), "mission.guard"));
        assert!(flow.iter().all(|row| row.value == 1.0));
        let ages = |rows: &[MetricRow]| at(800 * 86_400).seconds_since(rows[0].at) / 86_400.0;
        assert!(ages(&flow) <= 366.0 && ages(&missions) <= 366.0);
        assert_eq!(missions.len(), 366);
    }
}
