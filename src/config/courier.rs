//! `[phoenix.courier]`: which repository is carried to other hosts over MQTT, how fast, and by which broker.

use super::{Config, beside::Remote, kinds, reader::Ledger, reader::Reader};
use crate::domain::limits;
use serde::Serialize;

/// Faster than the networks of houses.
const FASTEST_KILOBYTES: u32 = 1_000_000;
/// With what MQTT and the topic add.
const PIECE_PACKET_BYTES: usize = limits::PIECE_BYTES + 1_024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Courier {
    /// The name of a `[[phoenix.repository]]`.
    pub repository: String,
    /// Of a thousand bytes, sent at most; 0: as fast as it goes.
    pub kilobytes_per_second: u32,
    /// None: Jamey's own broker.
    #[serde(flatten)]
    pub remote: Option<Remote>,
}

impl Courier {
    /// Where it stands: without it nothing is carried.
    pub(super) fn read(phoenix: &mut Reader) -> Option<Self> {
        phoenix.has("courier").then(|| phoenix.section("courier", Self::section)).flatten()
    }

    fn section(r: &mut Reader) -> Option<Self> {
        let repository = r.required("repository", "\"nas\"", kinds::node_name);
        let kilobytes_per_second = r.or("kilobytes_per_second", 4_000, kinds::whole(0..=FASTEST_KILOBYTES));
        let remote = if r.has("address") { Some(Remote::read(r)?) } else { None };
        Some(Self { repository: repository?, kilobytes_per_second, remote })
    }
}

/// It carries a repository that there is, through a door that is wide enough.
pub(super) fn check(config: &Config, ledger: &mut Ledger) {
    let Some(courier) = config.phoenix.courier.as_ref().filter(|_| ledger.sound("phoenix.repository")) else { return };
    if config.phoenix.repositories.iter().all(|one| one.name != courier.repository) {
        let message = format!("found \"{}\", which is no `[[phoenix.repository]]`; write the name of one", courier.repository);
        ledger.refuse_path("phoenix.courier.repository", message);
    }
    let most = config.broker.max_packet_bytes;
    if courier.remote.is_none() && ledger.sound("broker.max_packet_bytes") && most < PIECE_PACKET_BYTES {
        let message =
            format!("found {most}, and the courier's messages have {PIECE_PACKET_BYTES}; write as much, or remove `[phoenix.courier]`");
        ledger.refuse_path("broker.max_packet_bytes", message);
    }
}
