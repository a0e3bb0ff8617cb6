//! A question to memory: how often one may ask, who may hear what, and where the answer goes. It goes on to nobody.

use super::{Visit, Who, reason};
use crate::{
    broker::recalls::{Asked, Busy, Replies},
    domain::{Question, Unanswerable},
};
use mqtt5::broker::{ClientPublishEvent, PublishAction};
use std::sync::Arc;

impl Visit {
    /// Hands the question on; the answer comes later, on a topic. Acknowledged at once: a question is no news that could be lost.
    pub(super) fn recall(&self, event: &ClientPublishEvent, who: &Who) -> PublishAction {
        let (hall, qos) = (&self.hall, event.qos as u8);
        let mut question = Question::read(&event.payload);
        if !hall.recalls.may_ask(&who.source.requester, hall.clock.uptime()) {
            let transaction = match question {
                Ok(question) => question.transaction,
                Err(wrong) => wrong.transaction,
            };
            self.over("recall", "it asks more often than 20 times a second, or all together more than 100 times");
            question = Err(Unanswerable { transaction, why: "too many questions: ask again in a second".to_owned() });
        }
        let topic = event.response_topic.as_deref().filter(|topic| self.may_answer_on(topic, who));
        let to = topic.map_or(Replies::Everybody, |topic| {
            Replies::Topic(topic.to_owned(), event.correlation_data.as_deref().unwrap_or_default().to_vec())
        });
        let asked = Asked { question, to, rights: Arc::clone(&who.rights) };
        if let Err(Busy) = hall.recalls.ask(asked) {
            self.over("recall", "too many questions wait for an answer");
            self.control.refuse(self.arrival.version, qos, event.packet_id, reason::QUOTA_EXCEEDED);
        }
        PublishAction::Handled
    }
}
