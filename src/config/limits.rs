//! The section `[limits]`: what one client, one address or one subscriber may take of the house. 0 stands for no limit, where it is allowed.

use super::{kinds, reader::Reader};
use crate::domain::limits;
use serde::Serialize;

/// A day of flapping is a matter for people.
const DAY_SECONDS: u32 = 86_400;
/// Below it an ordinary topic does not fit.
const SHORTEST_TOPIC_BYTES: usize = 64;
/// Below it pings are most of the traffic.
const SHORTEST_KEEP_ALIVE_SECONDS: u16 = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limits {
    pub messages_per_second: u32,
    pub messages_burst: u32,
    pub bytes_per_second: u32,
    pub bytes_burst: u32,
    pub connections_per_address: usize,
    pub connections_per_address_second: u32,
    pub topic_bytes: usize,
    pub topic_levels: usize,
    pub subscriptions: usize,
    pub retained_messages: usize,
    pub retained_message_bytes: usize,
    pub retained_bytes: usize,
    pub queued_messages: usize,
    pub queued_bytes: usize,
    pub afloat_bytes: usize,
    pub deaf_seconds: u32,
    pub in_flight: u16,
    pub keep_alive_max_seconds: u16,
    pub failed_logins: u32,
    pub flapping_connects: u32,
    pub flapping_window_seconds: u32,
    pub ban_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // No rate: reading is paced by the mind and the disk already, and a gateway's burst is no attack.
            messages_per_second: 0,
            messages_burst: limits::BURST_MESSAGES,
            bytes_per_second: 0,
            bytes_burst: limits::BURST_BYTES,
            connections_per_address: limits::ADDRESS_CONNECTIONS,
            connections_per_address_second: limits::ADDRESS_CONNECTIONS_SECOND,
            topic_bytes: limits::ANY_TOPIC_BYTES,
            topic_levels: limits::ANY_TOPIC_LEVELS,
            subscriptions: limits::SUBSCRIPTIONS,
            retained_messages: limits::RETAINED_MESSAGES,
            retained_message_bytes: limits::RETAINED_BYTES,
            retained_bytes: limits::RETAINED_TOTAL_BYTES,
            queued_messages: limits::QUEUED_MESSAGES,
            queued_bytes: limits::QUEUED_BYTES,
            afloat_bytes: limits::AFLOAT_BYTES,
            deaf_seconds: limits::DEAF_SECONDS,
            in_flight: limits::IN_FLIGHT,
            keep_alive_max_seconds: limits::KEEP_ALIVE_SECONDS,
            failed_logins: limits::FAILED_LOGINS,
            flapping_connects: limits::FLAPPING_CONNECTS,
            flapping_window_seconds: limits::FLAPPING_WINDOW_SECONDS,
            ban_seconds: limits::BAN_SECONDS,
        }
    }
}

impl Limits {
    pub(super) fn read(r: &mut Reader) -> Self {
        let d = Self::default();
        let rate = || kinds::whole(0..=limits::MOST_PER_SECOND);
        Self {
            messages_per_second: r.or("messages_per_second", d.messages_per_second, rate()),
            messages_burst: r.or("messages_burst", d.messages_burst, kinds::whole(1..=limits::MOST_PER_SECOND)),
            bytes_per_second: r.or("bytes_per_second", d.bytes_per_second, kinds::whole(0..=limits::MOST_BYTES_PER_SECOND)),
            bytes_burst: r.or("bytes_burst", d.bytes_burst, kinds::whole(1_024..=limits::MOST_BYTES_PER_SECOND)),
            connections_per_address: r.or("connections_per_address", d.connections_per_address, kinds::whole(0..=limits::CONNECTIONS)),
            connections_per_address_second: r.or("connections_per_address_second", d.connections_per_address_second, rate()),
            topic_bytes: r.or("topic_bytes", d.topic_bytes, kinds::whole(SHORTEST_TOPIC_BYTES..=limits::MOST_TOPIC_BYTES)),
            topic_levels: r.or("topic_levels", d.topic_levels, kinds::whole(limits::TOPIC_LEVELS..=limits::MOST_TOPIC_BYTES)),
            subscriptions: r.or("subscriptions", d.subscriptions, kinds::whole(1..=limits::MOST_QUEUED_MESSAGES)),
            retained_messages: r.or("retained_messages", d.retained_messages, kinds::whole(1..=limits::MOST_RETAINED_MESSAGES)),
            retained_message_bytes: r.or("retained_message_bytes", d.retained_message_bytes, kinds::whole(1..=limits::PACKET_BYTES)),
            retained_bytes: r.or("retained_bytes", d.retained_bytes, kinds::whole(1_024..=limits::MOST_RETAINED_TOTAL_BYTES)),
            queued_messages: r.or("queued_messages", d.queued_messages, kinds::whole(1..=limits::MOST_QUEUED_MESSAGES)),
            queued_bytes: r.or("queued_bytes", d.queued_bytes, kinds::whole(1_024..=limits::MOST_QUEUED_BYTES)),
            afloat_bytes: r.or("afloat_bytes", d.afloat_bytes, kinds::whole(limits::PACKET_BYTES..=limits::MOST_AFLOAT_BYTES)),
            deaf_seconds: r.or("deaf_seconds", d.deaf_seconds, kinds::whole(1..=3_600)),
            in_flight: r.or("in_flight", d.in_flight, kinds::whole(1..=u16::MAX)),
            keep_alive_max_seconds: r.or(
                "keep_alive_max_seconds",
                d.keep_alive_max_seconds,
                kinds::whole(SHORTEST_KEEP_ALIVE_SECONDS..=u16::MAX),
            ),
            failed_logins: r.or("failed_logins", d.failed_logins, kinds::whole(1..=1_000)),
            flapping_connects: r.or("flapping_connects", d.flapping_connects, kinds::whole(0..=100_000)),
            flapping_window_seconds: r.or("flapping_window_seconds", d.flapping_window_seconds, kinds::whole(1..=DAY_SECONDS)),
            ban_seconds: r.or("ban_seconds", d.ban_seconds, kinds::whole(1..=DAY_SECONDS)),
        }
    }
}
