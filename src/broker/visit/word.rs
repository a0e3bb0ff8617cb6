//! A person's word on a held request, or on an entity: read from its topic and payload, and told to the mind. It goes on to nobody.

use super::{Visit, Who, publish::Message, reason};
use crate::domain::{Answer, EntityId, Input, OwnersWord, RelationKind, Says};
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

/// A word on an entity as people write it.
#[derive(Deserialize)]
struct OnEntity {
    entity: EntityId,
    kind: Option<RelationKind>,
    to: Option<EntityId>,
    like: Option<f64>,
    transaction: Option<serde_json::Value>,
}

const ON_ENTITY: &str =
    "write {\"entity\": ID}, and for a relation \"kind\" (controls, bridged_by, near, owned_by), \"to\" and perhaps \"like\" in [-1, 1]";

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

    /// The word on an entity in a command; None where it is another command.
    pub(super) fn owners_word(&self, verb: &str, message: &Message<'_>, who: &Who) -> Result<Option<OwnersWord>, &'static str> {
        let Some(action) = verb.strip_prefix("entity-") else { return Ok(None) };
        if message.payload.len() > ANSWER_BYTES {
            return Err("a word on an entity has at most 1 KiB");
        }
        let OnEntity { entity, kind, to, like, transaction } = serde_json::from_slice(message.payload).map_err(|_| ON_ENTITY)?;
        let says = match (action, kind, to) {
            ("trust", ..) => Says::Trust,
            ("distrust", ..) => Says::Distrust,
            ("forget", ..) => Says::Forget,
            ("relate", Some(kind), Some(to)) => {
                let like = like.unwrap_or(kind.usual_like());
                if !(-1.0..=1.0).contains(&like) {
                    return Err(ON_ENTITY);
                }
                Says::Relate { kind, to, like }
            }
            ("unrelate", Some(kind), Some(to)) => Says::Unrelate { kind, to },
            ("relate" | "unrelate", ..) => return Err(ON_ENTITY),
            _ => return Err("no such command: entity-trust, entity-distrust, entity-relate, entity-unrelate and entity-forget there are"),
        };
        let source = &who.source;
        Ok(Some(OwnersWord {
            id: self.hall.clock.percept_id(),
            at: self.hall.clock.now(),
            by: source.user.clone().unwrap_or_else(|| source.requester.to_string()),
            about: entity,
            says,
            transaction: transaction.map(|t| t.as_str().map_or_else(|| t.to_string(), str::to_owned)),
        }))
    }

    /// Tells the mind; acknowledged when it is on disk, whatever came of it: that is told on `reply/{verb}`.
    pub(super) async fn hand_on(&self, word: OwnersWord, qos: u8) -> PublishAction {
        match self.ask(Input::Word(Box::new(word)), ANSWER_BYTES, None).await {
            Some(_) => PublishAction::Handled,
            None => self.give_up(qos),
        }
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
