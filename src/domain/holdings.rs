//! What a broker keeps for those who are not there, whichever broker kept it: retained messages, sessions, and what waits for them.

use bytes::Bytes;

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letter {
    pub topic: String,
    /// Shared: a message that waits for many is kept once.
    pub payload: Bytes,
    /// 0 to 2.
    pub qos: u8,
    pub retained: bool,
    /// In seconds since 1970; none: never.
    pub expires_at: Option<i64>,
    /// Whether its payload is text, where its sender said so.
    pub is_text: Option<bool>,
    pub content_type: Option<String>,
    pub response_topic: Option<String>,
    pub correlation: Option<Vec<u8>>,
    pub user_properties: Vec<(String, String)>,
}

/// What an absent client subscribed to, with MQTT 5's options.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscribed {
    pub filter: String,
    pub qos: u8,
    pub no_local: bool,
    pub as_published: bool,
    pub identifier: Option<u32>,
}

/// A client whose session outlives its connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Absent {
    /// As the client says it.
    pub client_id: String,
    pub user: Option<String>,
    /// How long its session outlives its connection; the largest number: without end.
    pub expiry_seconds: u32,
    pub subscriptions: Vec<Subscribed>,
    pub waiting: Vec<Letter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings {
    pub retained: Vec<Letter>,
    pub absent: Vec<Absent>,
}
