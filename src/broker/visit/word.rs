//! A person's word on a held request: read from its topic and payload, and told to the mind. It goes on to nobody: it holds the nonce.

use super::{Visit, Who, publish::Message, reason};
use crate::domain::{Answer, Input};
use mqtt5::broker::PublishAction;
use serde::Deserialize;
use uuid::Uuid;

/// An answer as people write it.
#[derive(Deserialize)]
struct Written {
    answer: Word,
    nonce: String,
    sha256: String,
    transaction: Option<serde_json::Value>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Word {
    Approve,
    Refuse,
}

/// The longest answer: its parts have 32, 36 and 64 characters.
const ANSWER_BYTES: usize = 1_024;

impl Visit {
    /// The answer in a message, or what is wrong with it.
    pub(super) fn word(&self, id: &str, message: &Message<'_>, who: &Who) -> Result<Answer, &'static str> {
        let id = Uuid::parse_str(id).map_err(|_| "an approval's topic holds its id")?;
        if message.payload.len() > ANSWER_BYTES {
            return Err("an answer has at most 1 KiB");
        }
        let written: Written = serde_json::from_slice(message.payload)
            .map_err(|_| "write {\"answer\": \"approve\" or \"refuse\", \"nonce\": …, \"sha256\": …}, the last two as in the approval")?;
        let transaction = written.transaction.map(|t| t.as_str().map_or_else(|| t.to_string(), str::to_owned));
        Ok(Answer {
            at: self.hall.clock.now(),
            by: who.source.requester.clone(),
            id,
            approves: written.answer == Word::Approve,
            nonce: written.nonce,
            sha256: written.sha256,
            transaction,
            void: None,
        })
    }

    /// Tells the mind; acknowledged when what became of it is on disk.
    pub(super) async fn answer(&self, answer: Answer, qos: u8, packet_id: Option<u16>) -> PublishAction {
        match self.ask(Input::Answer(Box::new(answer)), ANSWER_BYTES, None).await {
            Some(taken) if taken.lets_on => {}
            Some(_) => self.control.refuse(self.arrival.version, qos, packet_id, reason::NOT_AUTHORIZED),
            None => return self.give_up(qos),
        }
        PublishAction::Handled
    }
}
