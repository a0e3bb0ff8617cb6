//! How long to remember: `[memory]` and `[[retention]]`.

use super::{config, lines};
use crate::domain::limits;

#[test]
fn a_retention_says_whose_records_and_for_how_long() {
    let c = config("[[retention]]\nentity = \"guest_*\"\nkind = \"presence\"\ndays = 7\nsummaries = false\n[[retention]]\ndays = 0");
    let [guests, all] = &c.retentions[..] else { panic!("{:?}", c.retentions) };
    assert!(guests.fits("guest_phone", "presence") && !guests.fits("guest_phone", "state") && !guests.fits("phone", "presence"));
    assert_eq!((guests.days, guests.summaries, all.days, all.summaries), (7, false, 0, true));
    assert!(all.fits("anybody", "anything"));
}

#[test]
fn what_is_out_of_range_is_told_word_for_word() {
    let one = |text: &str, told: &str| assert_eq!(lines(text), [told]);
    one("[memory]\nworking_hours = 0", "memory.working_hours (j.toml:2): found 0; write a whole number from 1 to 8760");
    one("[memory]\nshort_term_days = 3651", "memory.short_term_days (j.toml:2): found 3651; write a whole number from 1 to 3650");
    one("[memory]\ncache_mb = 513", "memory.cache_mib (j.toml:2): found 513; write a whole number from 1 to 512");
    one("[memory]\nindex_mb = 15", "memory.index_mib (j.toml:2): found 15; write 0 for no limit, or a whole number from 16 to 65536");
    one(
        "[memory]\ndatabase_mb = 15",
        "memory.database_mib (j.toml:2): found 15; write 0 for no limit, or a whole number from 16 to 1048576",
    );
    one(
        "[memory]\nhourly_days = 13",
        "memory.hourly_days (j.toml:2): found 13, less than the finer sums have (`memory.five_minutes_days = 14`); write more here, or less there",
    );
    one("[[retention]]\nentity = \"a\"", "retention[0].days (j.toml:1): missing; write `days = 7`");
    one(
        "[[retention]]\ndays = 1\nentity = \"Guest\"",
        "retention[0].entity (j.toml:3): found \"Guest\"; write 1 to 64 of a-z, 0-9, `_`, `.`, `-` and `*`, such as \"guest_*\"",
    );
    assert_eq!(lines("[memory]\ndatabase_mb = 0\nhourly_days = 14"), [""; 0]);
}

#[test]
fn one_retention_past_the_limit_is_refused() {
    let many = "[[retention]]\ndays = 1\n".repeat(limits::RETENTIONS + 1);
    assert_eq!(lines(&many), ["retention[64] (j.toml:129): found one more than 64: each is a walk over the records"]);
    assert_eq!(lines(&"[[retention]]\ndays = 1\n".repeat(limits::RETENTIONS)), [""; 0]);
}
