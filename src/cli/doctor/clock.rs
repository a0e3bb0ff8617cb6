//! Whether the host's clock can be believed: rules of the hour, expiry and the age of snapshots go by it.

use super::{Finding, House, good, wrong};
use crate::{cli::paint::span, domain::limits::FIRST_YEAR, store::Reader};
use std::path::Path;

/// Where systemd-timesyncd says how it stands.
const TIMESYNC: &str = "/run/systemd/timesync";
const KEEP: &str = "see that the host keeps its time (`timedatectl`): an NTP server, a battery of its clock";

pub(super) fn look(house: &House) -> Vec<Finding> {
    let mut all = Vec::new();
    if house.now < FIRST_YEAR {
        all.push(wrong(format!("the clock says {}, before there was a Jamey", house.now), KEEP));
    }
    let last = Reader::open(&house.config.store.data).and_then(|reader| reader.last_at()).ok().flatten();
    if let Some(last) = last {
        let ahead = last.seconds_since(house.now);
        if ahead >= f64::from(house.config.alerts.clock_seconds.max(1)) {
            let text = format!(
                "Jamey's time is {} ahead, and goes half as fast until the clock has caught up: the store knows of {last}, and the clock says {}",
                span(ahead),
                house.now
            );
            let to_do = format!("{KEEP}; where the store's time is the wrong one, a snapshot taken before restores a house without it");
            all.push(wrong(text, to_do));
        }
    }
    if is_unsynchronised(Path::new(TIMESYNC)) {
        all.push(wrong(
            "systemd-timesyncd runs and has never set the clock",
            "see `timedatectl timesync-status`: which server it asks, and whether that is reached",
        ));
    }
    if all.is_empty() {
        all.push(good(format!("{}, in {}", house.now, house.config.timezone)));
    }
    all
}

fn is_unsynchronised(folder: &Path) -> bool {
    folder.is_dir() && !folder.join("synchronized").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_runs_and_has_set_nothing_is_told_of_and_who_does_not_run_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_unsynchronised(&folder.path().join("none")));
        assert!(is_unsynchronised(folder.path()));
        std::fs::write(folder.path().join("synchronized"), "").unwrap();
        assert!(!is_unsynchronised(folder.path()));
    }
}
