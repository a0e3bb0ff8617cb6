//! Any bytes on a connection: what is told of them does not depend on how the network cuts them, and a CONNECT that is let in stays one.
#![no_main]

use jamey::broker::{admit, as_sent, tell_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let v5 = first & 1 == 1;
    // What the engine might say: nothing of it is lost but what the engine added.
    if let Some(sent) = as_sent(rest) {
        assert!(sent.len() < rest.len() && as_sent(&sent).is_none(), "{sent:02x?}");
    }
    let whole = tell_all(v5, rest, rest.len());
    for piece in [1, 2, 3, 7, usize::from(first >> 1) + 1] {
        assert_eq!(tell_all(v5, rest, piece), whole, "in pieces of {piece}");
    }
    if let Some(arrival) = admit(rest) {
        assert!(arrival.filed.len() <= 128 && !arrival.filed.contains(['/', '\\']));
        let length = arrival.packet.iter().skip(1).position(|byte| byte & 0x80 == 0).map_or(0, |place| place + 2);
        let again = admit(&arrival.packet[length..]).expect("what goes on to the engine is a CONNECT");
        assert_eq!((again.client_id, again.version, again.transient), (arrival.filed, arrival.version, arrival.transient));
    }
});
