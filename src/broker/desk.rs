//! Where who gave a word on an entity hears what came of it: over MQTT it is told on a topic, on the host and by HTTP to who waits.

use super::hall::Hall;
use crate::domain::{Input, OwnersWord};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// What came of the words that somebody waits for.
#[derive(Debug, Default)]
pub struct Desk(Mutex<BTreeMap<Uuid, Value>>);

impl Desk {
    fn expect(&self, id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Value::Null);
    }

    /// Only what is waited for is kept.
    pub fn put(&self, id: Uuid, told: Value) {
        if let Some(place) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&id) {
            *place = told;
        }
    }

    fn take(&self, id: Uuid) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id).unwrap_or_default()
    }
}

impl Hall {
    /// Tells the mind an owner's word; what is told of it on `reply/{verb}`, once it is on disk. None: the mind is gone.
    pub async fn tell(&self, word: OwnersWord) -> Option<Value> {
        let id = word.id;
        self.desk.expect(id);
        let (tell, done) = oneshot::channel();
        let is_done = self.inbox.leave(Input::Word(Box::new(word)), 0, Some(tell), None).await && done.await.is_ok();
        let told = self.desk.take(id);
        is_done.then_some(told)
    }
}
