//! Whatever stands in mosquitto's files: each line of a config has a note, and bytes are a database or an error.
#![no_main]

use jamey::mosquitto::{access, conf, db, lines, passwords};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = db::read(data, 0);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let all = lines("c", text);
    assert!(conf::read(&all).notes.len() >= all.len(), "a line without a note");
    let _ = (access::read("a", text), passwords::read("p", text));
});
