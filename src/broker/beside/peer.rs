//! The task that lives with one other broker: connects, hears, sends, and begins again.

use super::{
    Side,
    echoes::Echoes,
    given::Given,
    secrets::Dial,
    wire::{Brought, Heard, Version, WINDOW, Wanted, Wire},
};
use crate::{
    broker::{
        Engine, Hall,
        visit::{Carried, Visit},
    },
    runtime::pulse,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tracing::{debug, info, warn};

pub struct Peer {
    pub side: Arc<Side>,
    pub dial: Dial,
    pub hall: Arc<Hall>,
    pub engine: Arc<Engine>,
}

/// The first wait before another attempt, and the longest. It doubles, and a part of it is chance: many who lost one broker do not
/// come back to it all at once.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);
/// How long what waits may still go out when Jamey stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// A connection that ends so often before it began means that the other broker may not speak MQTT 5.
const HANGS_UP: u32 = 2;

/// How a connection ended.
enum End {
    Stopped,
    Lost { why: String, version: bool, was_up: bool },
}

/// What is under way on one connection.
#[derive(Default)]
struct Course {
    connected: bool,
    /// Asked to be published and not yet sent; None at QoS 0.
    asked: VecDeque<Option<u64>>,
    /// By packet id, the outbox's number.
    flying: BTreeMap<u16, u64>,
    given: Given,
}

impl Peer {
    /// Lives until told to stop.
    pub async fn live(&self, mut stop: watch::Receiver<bool>) {
        let visit = self.engine.carrier(&self.side);
        let (mut delay, mut version, mut hung_up) = (FIRST, Version::V5, 0);
        let mut echoes = Echoes::default();
        // What an earlier run said of it is no longer so.
        self.side.falls("not connected yet".into(), self.hall.clock.now());
        self.side.outbox.rewind(0);
        loop {
            match self.converse(version, &visit, &mut echoes, &mut stop).await {
                End::Stopped => return self.side.outbox.settled().await,
                End::Lost { why, version: unspoken, was_up } => {
                    let now = self.hall.clock.now();
                    if self.side.falls(why.clone(), now) {
                        warn!(broker = self.side.name, "lost: {why}");
                    } else {
                        debug!(broker = self.side.name, "not reached: {why}");
                    }
                    self.side.outbox.rewind(0);
                    if was_up {
                        delay = FIRST;
                    }
                    // A broker that speaks both is spoken to in MQTT 5 again after each connection.
                    hung_up = if unspoken { hung_up + 1 } else { 0 };
                    version = if version == Version::V5 && hung_up >= HANGS_UP { Version::V311 } else { Version::V5 };
                    if version == Version::V311 {
                        hung_up = 0;
                    }
                }
            }
            pulse::waits();
            tokio::select! {
                () = tokio::time::sleep(jittered(delay)) => {}
                _ = stop.changed() => return,
            }
            delay = (delay * 2).min(LONGEST);
        }
    }

    async fn converse(&self, version: Version, visit: &Visit, echoes: &mut Echoes, stop: &mut watch::Receiver<bool>) -> End {
        let mut wire = Wire::dial(&self.dial, version);
        let mut course = Course::default();
        let mut farewell: Option<Instant> = None;
        loop {
            self.send(&wire, version, &mut course, echoes);
            if farewell.is_some_and(|at| !course.connected || Instant::now() >= at || self.is_idle(&course)) {
                wire.disconnect().await;
                return End::Stopped;
            }
            pulse::waits();
            let room = course.connected && course.under_way() < WINDOW;
            tokio::select! {
                heard = wire.hears.recv() => match heard {
                    Some(Heard::Lost { why, version }) => return End::Lost { why, version, was_up: course.connected },
                    None => return End::Lost { why: "the connection ended".into(), version: false, was_up: course.connected },
                    Some(heard) => {
                        pulse::works().await;
                        if let Some(why) = self.hear(heard, &wire, version, &mut course, visit, echoes).await {
                            return End::Lost { why, version: false, was_up: course.connected };
                        }
                    }
                },
                () = self.side.outbox.news(), if room => {}
                _ = stop.changed(), if farewell.is_none() => farewell = Some(Instant::now() + FAREWELL),
                () = tokio::time::sleep(FAREWELL), if farewell.is_some() => {}
            }
        }
    }

    fn is_idle(&self, course: &Course) -> bool {
        course.under_way() == 0 && self.side.outbox.waiting() == 0
    }

    /// Sends what waits, as far as the window reaches.
    fn send(&self, wire: &Wire, version: Version, course: &mut Course, echoes: &mut Echoes) {
        if !course.connected {
            self.side.outbox.drop_loose();
            return;
        }
        while course.under_way() < WINDOW {
            let Some(parcel) = self.side.outbox.next_loose() else { break };
            if wire.publish(&parcel).is_ok() {
                course.asked.push_back(None);
                self.expect(version, echoes, &parcel.topic, &parcel.payload);
                self.side.counts.sent.fetch_add(1, Ordering::Relaxed);
            }
        }
        while course.under_way() < WINDOW {
            let Some((number, parcel)) = self.side.outbox.next() else { break };
            if wire.publish(&parcel).is_err() {
                self.side.outbox.rewind(number);
                break;
            }
            course.asked.push_back(Some(number));
            self.expect(version, echoes, &parcel.topic, &parcel.payload);
        }
    }

    /// MQTT 5 does not send back what we said; MQTT 3.1.1 does.
    fn expect(&self, version: Version, echoes: &mut Echoes, topic: &str, payload: &[u8]) {
        if version == Version::V311 && self.side.routes.comes_back(topic) {
            echoes.expect(topic, payload, self.hall.clock.now());
        }
    }

    /// Hears one thing. A reason ends the connection.
    async fn hear(
        &self,
        heard: Heard,
        wire: &Wire,
        version: Version,
        course: &mut Course,
        visit: &Visit,
        echoes: &mut Echoes,
    ) -> Option<String> {
        match heard {
            Heard::Connected { known } => {
                course.connected = true;
                course.given = Given::since((!known).then(Instant::now));
                self.side.rises(version, self.hall.clock.now());
                info!(broker = self.side.name, address = self.side.address, mqtt = version.name(), known, "connected");
                let wanted: Vec<Wanted> = self.side.routes.wanted();
                if !wanted.is_empty() && wire.subscribe(&wanted).is_err() {
                    return Some("its queue is full".into());
                }
                visit.tell_anew(&self.engine, &self.side, known).await;
            }
            Heard::Subscribed { refused } if refused > 0 => {
                warn!(broker = self.side.name, refused, "it refuses subscriptions: what they name does not come in");
            }
            Heard::Brought(brought) => {
                let stored = brought.retain && (version == Version::V311 || course.given.takes(&brought.topic));
                return self.take(&brought, stored, wire, version, visit, echoes).await;
            }
            Heard::Sent(packet_id) => {
                if let Some(Some(number)) = course.asked.pop_front() {
                    course.flying.insert(packet_id, number);
                }
            }
            Heard::Acked { packet_id, refused } => {
                if let Some(number) = course.flying.remove(&packet_id) {
                    let counts = &self.side.counts;
                    if refused { &counts.refused } else { &counts.sent }.fetch_add(1, Ordering::Relaxed);
                    self.side.outbox.done(number);
                }
            }
            Heard::Subscribed { .. } | Heard::Lost { .. } => {}
        }
        None
    }

    /// Judges and keeps what came; only then it is acknowledged.
    async fn take(
        &self,
        brought: &Brought,
        stored: bool,
        wire: &Wire,
        version: Version,
        visit: &Visit,
        echoes: &mut Echoes,
    ) -> Option<String> {
        let counts = &self.side.counts;
        if version == Version::V311 && echoes.is_echo(&brought.topic, &brought.payload) {
            wire.acknowledge(brought).await;
            return None;
        }
        let carried = match self.side.routes.inward(&brought.topic) {
            Some(topic) => visit.carry(&topic, brought, stored, &self.side).await,
            None => Carried::Refused,
        };
        match carried {
            Carried::Taken => counts.received.fetch_add(1, Ordering::Relaxed),
            Carried::Refused => counts.refused.fetch_add(1, Ordering::Relaxed),
            Carried::NotNow => return Some("what it sends cannot be stored now".into()),
        };
        if brought.qos > 0 {
            wire.acknowledge(brought).await;
        }
        None
    }
}

impl Course {
    fn under_way(&self) -> usize {
        self.asked.len() + self.flying.len()
    }
}

/// Between half of it and all of it.
fn jittered(delay: Duration) -> Duration {
    let mut chance = [0u8];
    let _ = getrandom::fill(&mut chance);
    delay / 2 + delay.mul_f64(f64::from(u8::from_le_bytes(chance)) / 512.0)
}
