//! Orders from the host: break-glass. Who may write in the data folder may give them; the running Jamey looks once a second.

use crate::{broker::Hall, domain::Timestamp, runtime::pulse};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tracing::warn;

/// The longest that one order keeps the guard off: who needs more turns it off in the config, where it is seen.
pub const LONGEST_SECONDS: i64 = 24 * 3600;
const FILE: &str = "guard-off.json";

/// What stands in the file: the guard is off until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub off_until_micros: i64,
}

impl Order {
    /// Gives the order; on disk before it returns.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn give(self, data: &Path) -> std::io::Result<()> {
        super::put_down(data, FILE, &serde_json::to_string(&self)?)
    }

    /// How long it still holds. A file that says more than an order can is no order.
    fn left(self, wall: Timestamp) -> Option<Duration> {
        let micros = self.off_until_micros.saturating_sub(wall.micros());
        let left = Duration::from_micros(u64::try_from(micros).ok()?);
        (!left.is_zero() && left <= Duration::from_secs(LONGEST_SECONDS.unsigned_abs())).then_some(left)
    }

    /// Takes the order back.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn revoke(data: &Path) -> std::io::Result<()> {
        match std::fs::remove_file(data.join(FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn read(data: &Path) -> Option<Order> {
    serde_json::from_str(&std::fs::read_to_string(data.join(FILE)).ok()?).ok()
}

/// Until when the guard is off, if it is, by the host's clock.
#[must_use]
pub fn standing(data: &Path, wall: Timestamp) -> Option<Timestamp> {
    let order = read(data)?;
    order.left(wall).map(|_| Timestamp::from_micros(order.off_until_micros))
}

/// An order that is seen, and when it ends: after as long as it was given for, also where the host's clock is set back meanwhile.
struct Seen {
    order: Order,
    until: Timestamp,
    /// Since the start.
    ends: Duration,
}

fn after(now: Timestamp, left: Duration) -> i64 {
    now.micros().saturating_add(i64::try_from(left.as_micros()).unwrap_or(i64::MAX))
}

/// The order that was seen last.
#[derive(Default)]
struct Orders(Option<Seen>);

impl Orders {
    /// Until when the guard is off, if it is. By the host's clock it was given, `wall`; the house's own may be ahead of that.
    fn look(&mut self, found: Option<Order>, wall: Timestamp, now: Timestamp, up: Duration) -> Option<Timestamp> {
        let order = found?;
        let is_new = self.0.as_ref().is_none_or(|seen| seen.order != order);
        if is_new {
            let left = order.left(wall).unwrap_or_default();
            let is_ahead = now > wall.plus_seconds(1);
            let micros = if is_ahead { after(now, left) } else { order.off_until_micros };
            let until = Timestamp::from_micros(micros);
            self.0 = Some(Seen { order, until, ends: up.saturating_add(left) });
        }
        self.0.as_ref().filter(|seen| up < seen.ends && now < seen.until).map(|seen| seen.until)
    }
}

/// Looks for orders until told to stop; each change is audited and announced.
pub async fn watch(data: PathBuf, hall: Arc<Hall>, mut stopped: watch::Receiver<bool>) {
    let (mut every, mut orders) = (tokio::time::interval(Duration::from_secs(1)), Orders::default());
    loop {
        pulse::waits();
        tokio::select! {
            _ = every.tick() => {}
            _ = stopped.changed() => return,
        }
        pulse::works().await;
        let clock = &hall.clock;
        let order = orders.look(read(&data), clock.wall(), clock.now(), clock.uptime());
        if hall.guard().off_until != order {
            hall.change_guard(|view| view.off_until = order);
            let what = order.map_or_else(|| "the guard is on again".to_owned(), |until| format!("the guard is off until {until}"));
            warn!("{what}");
            hall.record("guard", None, &what).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn an_order_ends_when_its_time_is_over_also_where_the_clock_is_set_back() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let (mut orders, order) = (Orders::default(), Some(Order { off_until_micros: at(103_600).micros() }));
        assert_eq!(orders.look(None, at(100_000), at(100_000), HOUR), None);
        assert_eq!(orders.look(order, at(100_000), at(100_000), HOUR), Some(at(103_600)));
        // A day back: the house's own time is ahead, and slow.
        assert_eq!(orders.look(order, at(13_600), at(100_000), HOUR + HOUR / 2), Some(at(103_600)));
        assert_eq!(orders.look(order, at(16_000), at(100_000), HOUR * 2), None, "an hour is over");
        assert_eq!(orders.look(order, at(16_001), at(100_000), HOUR * 2), None, "it stays so");
        // Another is given by the clock that is behind.
        let other = Some(Order { off_until_micros: at(16_100).micros() });
        assert_eq!(orders.look(other, at(16_040), at(100_000), HOUR * 2), Some(at(100_060)));
        assert_eq!(orders.look(other, at(16_099), at(100_000), HOUR * 2 + Duration::from_secs(59)), Some(at(100_060)));
        assert_eq!(orders.look(other, at(16_100), at(100_000), HOUR * 2 + Duration::from_secs(60)), None);
        assert_eq!(orders.look(None, at(16_100), at(100_000), HOUR * 3), None);
        let mut leaps = Orders::default();
        assert_eq!(leaps.look(order, at(100_000), at(100_000), HOUR), Some(at(103_600)));
        assert_eq!(leaps.look(order, at(103_600), at(103_600), HOUR), None, "the clock leapt past it");
        // More than an order can say, and what is over.
        for until in [16_100, 16_100 + LONGEST_SECONDS + 1, i64::MAX / 1_000_000] {
            let order = Some(Order { off_until_micros: at(until).micros() });
            assert_eq!(Orders::default().look(order, at(16_100), at(16_100), HOUR), None, "{until}");
        }
        assert_eq!(Orders::default().look(Some(Order { off_until_micros: i64::MIN }), at(1), at(1), HOUR), None);
    }
}
