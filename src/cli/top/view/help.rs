//! Which key does what.

use super::{Palette, Tone, page::Page};

const KEYS: &[(&str, &str)] = &[
    ("1 … 7", "a tab; Tab, → and ← go from one to the next"),
    ("↑ ↓", "choose a row, or scroll; j and k, PageUp and PageDown, Home and End too"),
    ("Enter", "a verdict: why, on which facts, and what would have changed it; an entity: what is held of it"),
    ("Esc", "back; in a list, no filter any more"),
    ("/", "only rows that have this in them; Enter keeps it, Esc clears it"),
    ("r", "turn the list around"),
    ("p", "pause: what is shown stays; again: what is now"),
    ("?", "this page; any key leaves it"),
    ("q", "quit; Ctrl-C too"),
];

pub fn page(palette: Palette, width: u16) -> Page {
    let mut page = Page::new(palette, width);
    page.head("keys");
    for (key, does) in KEYS {
        page.says(&format!("  {key:<8} "), does, Tone::Plain);
    }
    page.head("signs");
    let mut opinion = vec![palette.span("  opinion  ", Tone::Plain)];
    opinion.extend(palette.opinion(0.5, 0.2, 10));
    opinion.push(palette.span(" belief █, disbelief ▒, uncertainty ░", Tone::Plain));
    page.line(opinion);
    page.says("  trust    ", "how far it is trusted at least: what the conscience counts with; the least trusted stand first", Tone::Plain);
    page.says("  score    ", "from -1, all speaks against it, to +1, all speaks for it", Tone::Plain);
    page.says(
        "  went on  ",
        "it was not allowed and reached the device all the same: the guard only observes, or a person let it on",
        Tone::Plain,
    );
    page
}
