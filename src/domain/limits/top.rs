//! The limits of `jamey top`, each with the reason for its size.

/// One answer of the house: a page of 200 verdicts with every rule that spoke has some hundred KiB.
pub const TOP_ANSWER_BYTES: usize = 4 * 1_024 * 1_024;
/// One event of the house: a verdict with every rule that spoke has some KiB.
pub const TOP_EVENT_BYTES: usize = 256 * 1_024;
/// Verdicts at hand: more than anybody scrolls through; older ones are asked for with `jamey recall` or by HTTP.
pub const TOP_VERDICTS: usize = 500;
/// Pages of one list, 200 rows each: a very large house has some 500 clients and 1,000 entities.
pub const TOP_PAGES: usize = 10;
/// Of one text: as long as the longest alert, and more than a screen shows of it.
pub const TOP_TEXT_CHARS: usize = 2_000;
/// What is looked for among the rows: an entity's id is as long.
pub const TOP_FILTER_CHARS: usize = 64;
