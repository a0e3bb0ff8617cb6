//! Whatever a device sends becomes a body; no bytes make the parser fail, and no reading of it disagrees with its kind.
#![no_main]

use jamey::domain::Body;
use libfuzzer_sys::fuzz_target;

const TYPES: [Option<&str>; 6] =
    [None, Some("application/json"), Some("application/cbor"), Some("text/plain"), Some("application/octet-stream"), Some("x/y; z=\"")];

fuzz_target!(|data: &[u8]| {
    let Some((first, payload)) = data.split_first() else { return };
    let body = Body::parse(payload, TYPES[usize::from(*first) % TYPES.len()]);
    assert!(!body.kind().is_empty());
    assert!(body.number().is_none_or(f64::is_finite), "a number that is none: {body:?}");
    let _ = (body.truth(), body.object());
});
