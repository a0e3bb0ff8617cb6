//! What HTTP can have done that takes more rooms than it knows. What was begun is done, whether or not who asked waits for it.

mod rules;

pub use rules::Workshop;

use super::{
    index::Keeper,
    orders::{self, Choices},
    outlets::Waiting,
    wishes::{Granter, Wish},
    words,
};
use crate::{
    api::{Agrees, Beat, Kept, Later, NotReplayed, NotSet, Replay, Root},
    broker::{About, Hall},
    domain::{OwnersWord, RuleText},
    store::VerdictRow,
};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

/// The house, as HTTP sees it.
pub struct Whole {
    pub hall: Arc<Hall>,
    pub data: PathBuf,
    pub keeper: Keeper,
    pub waiting: watch::Receiver<Waiting>,
    pub choices: Arc<Choices>,
    pub granter: Arc<Granter>,
    pub workshop: Arc<Workshop>,
}

const STOPPING: &str = "Jamey is stopping: ask again after the next start";

/// Does it to its end, though nobody may wait for it any more.
fn done<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static, failed: impl FnOnce() -> T + Send + 'static) -> Later<T> {
    let work = tokio::spawn(work);
    Box::pin(async move { work.await.unwrap_or_else(|_| failed()) })
}

impl Root for Whole {
    fn waiting(&self) -> Arc<BTreeMap<Uuid, Value>> {
        Arc::clone(&self.waiting.borrow())
    }

    fn holds(&self, about: About) -> Later<Option<Value>> {
        let (hall, choices) = (Arc::clone(&self.hall), Arc::clone(&self.choices));
        Box::pin(async move { orders::standing(&hall, &choices, about).await })
    }

    fn word(&self, word: OwnersWord) -> Later<Option<Value>> {
        let (hall, data, keeper) = (Arc::clone(&self.hall), self.data.clone(), self.keeper.clone());
        done(async move { words::given(&hall, data, keeper, word).await }, || None)
    }

    fn keep(&self, record: Uuid, kept: Kept, by: String) -> Later<Result<bool, String>> {
        let (granter, records) = (Arc::clone(&self.granter), vec![record]);
        let wish = match kept {
            Kept::Pinned => Wish::Pin { records, pinned: true },
            Kept::Unpinned => Wish::Pin { records, pinned: false },
            Kept::Forgotten => Wish::LetGo { records },
        };
        let work = async move {
            let told = granter.fulfil(wish, &by).await?;
            Ok(told.get("records").and_then(Value::as_array).is_some_and(|there| !there.is_empty()))
        };
        done(work, || Err(STOPPING.to_owned()))
    }

    fn rules(&self) -> Vec<Value> {
        self.workshop.list()
    }

    fn rule(&self, id: &str) -> Option<Value> {
        self.workshop.rule(id)
    }

    fn explain(&self, rows: &[VerdictRow]) -> Vec<Value> {
        self.workshop.explain(rows)
    }

    fn check(&self, file: RuleText) -> Later<Result<Value, String>> {
        let workshop = Arc::clone(&self.workshop);
        Box::pin(async move { workshop.check(file).await })
    }

    fn replay(&self, wanted: Replay, by: String) -> Later<Result<mpsc::Receiver<Beat>, NotReplayed>> {
        Box::pin(Arc::clone(&self.workshop).replay(wanted, by))
    }

    fn source(&self) -> Later<Result<Value, String>> {
        let workshop = Arc::clone(&self.workshop);
        Box::pin(async move { workshop.source().await })
    }

    fn set_source(&self, text: Option<String>, by: String, agrees: Agrees) -> Later<Result<Value, NotSet>> {
        let workshop = Arc::clone(&self.workshop);
        Box::pin(async move { workshop.set(text, by, agrees).await })
    }
}
