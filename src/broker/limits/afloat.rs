//! What was said and has not reached all who listen: its bytes stay in memory until the last of them took it. The engine bounds that by the
//! message and for each listener alone; here all of it has an end. Nothing is copied: a buffer that nobody else holds has arrived.

use crate::domain::limits;
use bytes::Bytes;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

#[derive(Debug)]
pub struct Afloat {
    most: usize,
    waters: Mutex<Waters>,
    press: Arc<Press>,
}

/// What those who write to clients must know of it, and tell.
#[derive(Debug, Default)]
pub struct Press {
    /// There is no room: who takes little is let go sooner.
    pub is_on: AtomicBool,
    /// Clients that do not take what is said to them just now. While there is none, nothing at QoS 0 waits for anybody: what still looks
    /// afloat is a buffer that its sender's connection keeps for its next message. At QoS 1 and 2 it may wait for acknowledgements.
    pub stalled: AtomicUsize,
}

#[derive(Debug, Default)]
struct Waters {
    payloads: Vec<Bytes>,
    bytes: usize,
    /// Beyond it, it is looked again what has arrived.
    look_at: usize,
}

impl Afloat {
    pub fn new(most: usize) -> Self {
        Self { most, waters: Mutex::default(), press: Arc::default() }
    }

    pub fn press(&self) -> Arc<Press> {
        Arc::clone(&self.press)
    }

    /// Takes a payload, unless there is no room. Where nothing else is afloat, or at QoS 0 nobody keeps it so, there
    /// always is.
    pub fn takes(&self, payload: &Bytes, qos: u8) -> bool {
        let mut waters = self.waters.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = payload.len();
        if waters.bytes + bytes > waters.look_at.min(self.most) {
            waters.look();
        }
        let arrives = qos == 0 && self.press.stalled.load(Ordering::Relaxed) == 0;
        let fits = arrives || waters.bytes == 0 || waters.bytes + bytes <= self.most;
        if fits {
            waters.payloads.push(payload.clone());
            waters.bytes += bytes;
        }
        self.press.is_on.store(!fits, Ordering::Relaxed);
        fits
    }
}

impl Waters {
    fn look(&mut self) {
        self.payloads.retain(|payload| !payload.is_unique());
        self.payloads.shrink_to(self.payloads.len() * 2);
        self.bytes = self.payloads.iter().map(Bytes::len).sum();
        self.look_at = self.bytes + limits::AFLOAT_LOOK_BYTES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payload(bytes: usize) -> Bytes {
        Bytes::from(vec![b'x'; bytes])
    }

    #[test]
    fn what_is_held_counts_and_what_arrived_does_not() {
        let afloat = Afloat::new(100);
        let (a, b, c) = (payload(60), payload(40), payload(1));
        let press = afloat.press();
        press.stalled.store(1, Ordering::Relaxed);
        assert!(afloat.takes(&a, 0) && afloat.takes(&b, 0));
        assert!(!afloat.takes(&c, 0) && press.is_on.load(Ordering::Relaxed));
        drop(b);
        assert!(afloat.takes(&c, 0) && !press.is_on.load(Ordering::Relaxed));
        drop((a, c));
        assert!(afloat.takes(&payload(1_000), 1), "alone it may be larger than all");
        let [a, b] = [payload(100), payload(100)];
        assert!(afloat.takes(&a, 0) && !afloat.takes(&b, 0));
        press.stalled.store(0, Ordering::Relaxed);
        assert!(!afloat.takes(&b, 1), "it may wait for an acknowledgement");
        assert!(afloat.takes(&b, 0), "nobody keeps it afloat");
    }

    proptest! {
        #[test]
        fn never_more_than_the_most_is_held(steps in proptest::collection::vec((1_usize..60, any::<bool>()), 0..80)) {
            let (afloat, mut held) = (Afloat::new(100), Vec::<Bytes>::new());
            afloat.press.stalled.store(1, Ordering::Relaxed);
            for (bytes, arrives) in steps {
                if arrives && !held.is_empty() {
                    held.remove(0);
                } else {
                    let payload = payload(bytes);
                    let before: usize = held.iter().map(Bytes::len).sum();
                    prop_assert_eq!(afloat.takes(&payload, 0), before + bytes <= 100);
                    if before + bytes <= 100 {
                        held.push(payload);
                    }
                }
            }
        }
    }
}
