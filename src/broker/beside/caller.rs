//! Who calls a broker again and again: in MQTT 5, or in 3.1.1 where it does not know that, and ever more rarely while it does not answer.

use super::{
    secrets::Dial,
    wire::{Version, Wire},
};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);
/// So often in a row it hung up on MQTT 5 before it is spoken to in 3.1.1: it may only be starting.
const HANGS_UP: u32 = 2;

pub struct Caller {
    dial: Dial,
    hung_up: u32,
    delay: Duration,
}

impl Caller {
    #[must_use]
    pub fn new(dial: Dial) -> Self {
        Self { dial, hung_up: 0, delay: FIRST }
    }

    #[must_use]
    pub fn call(&self) -> Wire {
        Wire::dial(&self.dial, if self.hung_up > HANGS_UP { Version::V311 } else { Version::V5 })
    }

    /// It is over: waits before the next call. `unspoken`: it did not know the version.
    pub async fn lost(&mut self, was_up: bool, unspoken: bool) {
        // A broker that speaks both is spoken to in MQTT 5 again after each connection.
        self.hung_up = if unspoken && self.hung_up <= HANGS_UP { self.hung_up + 1 } else { 0 };
        if was_up {
            self.delay = FIRST;
        }
        tokio::time::sleep(self.delay).await;
        self.delay = (self.delay * 2).min(LONGEST);
    }
}
