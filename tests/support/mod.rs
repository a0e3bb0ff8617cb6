//! What every promise is tested with: a house, clients, and patience with a deadline.
#![allow(dead_code, unused_imports, reason = "each test file uses its part")]

pub mod authority;
pub mod carrier;
pub mod host;
pub mod house;
pub mod listener;
pub mod lossy;
pub mod malformed;
pub mod mqtt;
pub mod other;
pub mod packet;
pub mod page;
pub mod porch;
pub mod ports;
pub mod restless;
pub mod schema;
pub mod scrape;
pub mod sender;
pub mod web;
pub mod zigbee;

pub use house::{House, Plan, house, strict_house};
pub use lossy::{Lossy, lossy};
pub use mqtt::{Dial, Got, MOMENT, Mqtt, PATIENCE, Sent, dial, raw};
pub use other::{Other, mosquitto, nats};
pub use packet::{Message, Packet, Properties, Pub, Version, property};
pub use ports::{at, free_port};
pub use restless::{Place, Restless, restless};
pub use sender::Sender;

use std::time::{Duration, Instant};

/// Waits for a condition and fails when the deadline passes first.
#[track_caller]
pub fn wait_until(what: &str, patience: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "after {patience:?} still not: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// A time zone in which it is noon now, whenever the test runs: at night there are more reasons to deny.
pub fn noon() -> String {
    let now = jamey::runtime::Clock::new(jamey::domain::Timestamp::default()).now().micros();
    format!("Etc/GMT{:+}", now / 3_600_000_000 % 24 - 12)
}

/// Chances from a seed, the same in every run (SplitMix64); `JAMEY_SEED` gives other ones.
pub struct Chance(u64);

impl Chance {
    pub fn seeded(default: u64) -> Self {
        let seed = std::env::var("JAMEY_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(default);
        eprintln!("JAMEY_SEED={seed}");
        Self(seed)
    }

    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low..high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}
