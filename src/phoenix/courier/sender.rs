//! The sender's side: who wants which pieces, whose turn it is, and who has which snapshot. It answers only what it offers, so much for each
//! at a time, and no faster than it may.

use super::{Done, Object, Stock, Want, words};
use crate::{
    domain::{Timestamp, limits},
    phoenix::{Id, PhoenixError, Sequence},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Pieces of one receiver that wait: what it asks for at once, and once more.
const QUEUED: usize = 2 * limits::PIECES_ASKED;

/// Times are milliseconds of a clock that does not go back.
#[derive(Debug, Default)]
pub struct Sender {
    stock: Option<Arc<Stock>>,
    receivers: BTreeMap<String, Receiver>,
    /// Who was served last.
    last: String,
    /// 0: as fast as it goes.
    bytes_a_second: u64,
    /// When the next piece may go.
    free_at: u64,
}

#[derive(Debug, Default)]
struct Receiver {
    queue: VecDeque<(Id, u32)>,
    heard_at: u64,
    delivery: Delivery,
}

/// How far a receiver is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// The newest snapshot that it has whole, and when it said so.
    pub whole: Option<(Sequence, Timestamp)>,
    /// Bytes that it lacks of what is offered, as it said last.
    pub left: u64,
    /// Why it does not go on; empty: it does.
    pub woe: String,
}

/// What is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Piece(Id, u32),
    /// Not before this time.
    Wait(u64),
    Nothing,
}

impl Sender {
    #[must_use]
    pub fn new(bytes_a_second: u64) -> Self {
        Self { bytes_a_second, ..Self::default() }
    }

    /// What is offered from now on. True: it is other than before.
    pub fn offer(&mut self, stock: Option<Stock>) -> bool {
        let news = self.stock.as_deref() != stock.as_ref();
        self.stock = stock.map(Arc::new);
        for receiver in self.receivers.values_mut() {
            receiver.queue.retain(|(id, _)| self.stock.as_ref().is_some_and(|stock| stock.get(id).is_some()));
        }
        news
    }

    #[must_use]
    pub fn stock(&self) -> Option<&Arc<Stock>> {
        self.stock.as_ref()
    }

    /// # Errors
    /// When it is no wish, or one for what is not offered.
    pub fn wanted(&mut self, name: &str, payload: &[u8], now: u64) -> Result<(), PhoenixError> {
        let want = Want::read(payload)?;
        let stock = self.stock.as_ref().filter(|stock| stock.offer.repository == want.repository);
        let stock = stock.ok_or_else(|| PhoenixError::Refused("a wish for another repository".into()))?;
        let is_offered = |(id, n): &(Id, u32)| stock.get(id).is_some_and(|object| words::has(object, *n));
        // What was pruned since may be asked for still.
        let pieces: Vec<_> = want.pieces.into_iter().filter(is_offered).collect();
        let receiver = self.receiver(name, now)?;
        (receiver.delivery.left, receiver.delivery.woe) = (want.left, want.woe);
        for piece in pieces {
            if receiver.queue.len() < QUEUED && !receiver.queue.contains(&piece) {
                receiver.queue.push_back(piece);
            }
        }
        Ok(())
    }

    /// # Errors
    /// When it is no receipt, or one for a snapshot that is not offered.
    pub fn done(&mut self, name: &str, payload: &[u8], now: u64, at: Timestamp) -> Result<(), PhoenixError> {
        let done = Done::read(payload)?;
        let stock = self.stock.as_ref().filter(|stock| stock.offer.repository == done.repository);
        let is_offered = |object: &Object| object.kind == super::Kind::Snapshot(done.sequence);
        if !stock.and_then(|stock| stock.get(&done.hash)).is_some_and(is_offered) {
            return Err(PhoenixError::Refused(format!("a receipt for a snapshot {} that is not offered", done.sequence)));
        }
        let newest = stock.is_some_and(|stock| stock.offer.snapshot == done.hash);
        let delivery = &mut self.receiver(name, now)?.delivery;
        if newest {
            (delivery.left, delivery.woe) = (0, String::new());
        }
        // It is told again at each connection.
        if delivery.whole.is_none_or(|(sequence, _)| sequence < done.sequence) {
            delivery.whole = Some((done.sequence, at));
        }
        Ok(())
    }

    /// By name: how far everybody is who was heard of since the start.
    pub fn deliveries(&self) -> impl Iterator<Item = (&str, &Delivery)> {
        self.receivers.iter().map(|(name, receiver)| (name.as_str(), &receiver.delivery))
    }

    /// One piece of each in turn, so that nobody waits for another's whole repository. What two want goes once.
    pub fn next(&mut self, now: u64) -> Next {
        if self.receivers.values().all(|receiver| receiver.queue.is_empty()) {
            return Next::Nothing;
        }
        if now < self.free_at {
            return Next::Wait(self.free_at);
        }
        let waiting = |(_, receiver): &(&String, &Receiver)| !receiver.queue.is_empty();
        let after = self.receivers.range::<str, _>((std::ops::Bound::Excluded(self.last.as_str()), std::ops::Bound::Unbounded));
        let turn = after.chain(self.receivers.iter()).find(waiting);
        let Some((name, (id, n))) = turn.and_then(|(name, receiver)| Some((name.clone(), *receiver.queue.front()?))) else {
            return Next::Nothing;
        };
        self.last = name;
        for receiver in self.receivers.values_mut() {
            receiver.queue.retain(|piece| *piece != (id, n));
        }
        let bytes = self.stock.as_ref().and_then(|stock| stock.get(&id)?.range(n)).map_or(0, |range| range.end - range.start);
        let takes = (bytes * 1_000).checked_div(self.bytes_a_second).unwrap_or(0);
        self.free_at = self.free_at.max(now) + takes;
        Next::Piece(id, n)
    }

    fn receiver(&mut self, name: &str, now: u64) -> Result<&mut Receiver, PhoenixError> {
        if !words::is_name(name) {
            return Err(PhoenixError::Refused(format!("a receiver of the name `{name}`")));
        }
        if !self.receivers.contains_key(name) && self.receivers.len() >= limits::RECEIVERS {
            // Who has been quiet for longest makes room; it comes back with its next word.
            let quiet = self.receivers.iter().min_by_key(|(_, receiver)| receiver.heard_at).map(|(name, _)| name.clone());
            self.receivers.remove(&quiet.unwrap_or_default());
        }
        let receiver = self.receivers.entry(name.to_owned()).or_default();
        receiver.heard_at = now;
        Ok(receiver)
    }
}
