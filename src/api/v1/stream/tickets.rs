//! Tickets: what a browser shows instead of a token, since it cannot say a header when it opens a WebSocket and what stands in an address
//! ends in logs. Each lets one in, once, within its half minute, and only as long as what it was given on holds.

use crate::{
    api::ground::Ground,
    domain::{limits, people::token_hash},
};
use data_encoding::BASE64URL_NOPAD;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// 192 bits: as many characters as no alphabet pads.
const BYTES: usize = 24;

/// By their hashes, oldest first.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<VecDeque<([u8; 32], Duration, Ground)>>);

impl Tickets {
    /// None: the host has no randomness. The oldest goes where there are too many.
    pub fn give(&self, ground: Ground, now: Duration) -> Option<String> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).ok()?;
        let ticket = BASE64URL_NOPAD.encode(&bytes);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One's own oldest goes first, so that nobody pushes out another's.
        let own = all.iter().filter(|(.., of)| of.proof == ground.proof).count();
        let oldest = all.iter().position(|(.., of)| own < limits::STREAM_OWN_TICKETS || of.proof == ground.proof);
        if (own >= limits::STREAM_OWN_TICKETS || all.len() >= limits::STREAM_TICKETS)
            && let Some(oldest) = oldest
        {
            all.remove(oldest);
        }
        all.push_back((token_hash(&ticket), now + Duration::from_secs(limits::STREAM_TICKET_SECONDS), ground));
        Some(ticket)
    }

    /// None: it is none, or was used, or is too old.
    pub fn take(&self, ticket: &str, now: Duration) -> Option<Ground> {
        let hash = token_hash(ticket);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, until, _)| now < *until);
        let at = all.iter().position(|(known, ..)| *known == hash)?;
        all.remove(at).map(|(.., ground)| ground)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Proof;

    #[test]
    fn a_ticket_lets_one_in_once_and_not_for_long() {
        let (tickets, at) = (Tickets::default(), Duration::from_secs);
        let ticket = tickets.give(Ground::of(Proof::Open), at(0)).unwrap();
        assert_eq!(ticket.len(), 32);
        assert_eq!(tickets.take(&format!("{ticket}x"), at(1)), None);
        assert_eq!(tickets.take(&ticket, at(1)), Some(Ground::of(Proof::Open)));
        assert_eq!(tickets.take(&ticket, at(1)), None, "it was used");
        let late = tickets.give(Ground::of(Proof::Open), at(0)).unwrap();
        assert_eq!(tickets.take(&late, at(limits::STREAM_TICKET_SECONDS)), None);
    }

    #[test]
    fn as_many_wait_as_may_be_and_one_past_takes_the_place_of_the_oldest() {
        let (tickets, now) = (Tickets::default(), Duration::ZERO);
        let ground = |n: usize| Ground::of(Proof::Password { user: n.to_string(), secret: None });
        let other = tickets.give(ground(0), now).unwrap();
        let own: Vec<String> = (0..=limits::STREAM_OWN_TICKETS).map(|_| tickets.give(ground(1), now).unwrap()).collect();
        assert_eq!(tickets.take(&own[0], now), None, "one past its own");
        assert!(own[1..].iter().chain([&other]).all(|ticket| tickets.take(ticket, now).is_some()));
        let all: Vec<String> = (0..=limits::STREAM_TICKETS).map(|n| tickets.give(ground(n), now).unwrap()).collect();
        assert_eq!(tickets.take(&all[0], now), None);
        assert!(all[1..].iter().all(|ticket| tickets.take(ticket, now).is_some()));
    }
}
