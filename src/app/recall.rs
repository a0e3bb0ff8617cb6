//! Questions to memory, answered on a thread of their own: neither the mind nor a connection waits for a search. Whoever was acknowledged
//! before asking finds what they said.

use super::index::Keeper;
use crate::{
    broker::{Announcement, Asked, Hall, NoAnswer, OwnClient, Replies},
    config::Config,
    domain::{
        Asks, EntityId, Input, Part, Question, Report, Timestamp, Unit01, limits,
        topics::{self, Topic},
    },
    memory::{
        index::Index,
        recall::{self, Mindset, Page, Paged, Query, RecallError, told},
        working::{Figures, Working},
    },
    observe::{RecallRoom, Recalled},
    runtime::{Supervisor, pulse},
    store::{Reader, RecordRow},
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tracing::warn;
use uuid::Uuid;

/// Who answers.
pub struct Recaller {
    pub hall: Arc<Hall>,
    pub own: OwnClient,
    pub zone: TimeZone,
    pub recalled: Arc<Recalled>,
    /// What the workspace broadcast last.
    pub focus: watch::Receiver<Option<EntityId>>,
    /// What the mind asks memory itself, each second.
    pub rounds: watch::Receiver<Option<Asks>>,
    pub keeper: Keeper,
    pub asked: mpsc::Receiver<Asked>,
}

enum Next {
    Asked(Box<Asked>),
    /// The workspace looks at something else.
    Focus,
    /// The mind asks.
    Round(Asks),
    Stop,
}

/// An index is there when this file is; so long it is waited for, and so often looked.
const IS_MADE: &str = "meta.json";
const FIRST: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(5);
/// `memory.cache_mib` counts these.
const MIB: u64 = 1_024 * 1_024;
/// Records of what is in focus that are read before somebody asks: a page or two.
const AHEAD: usize = 20;

impl Recaller {
    /// Answers until nobody can ask any more, or a stop is asked for.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn answer(mut self, stop: watch::Receiver<bool>, supervisor: Supervisor) -> std::io::Result<JoinHandle<()>> {
        let runtime = Handle::current();
        let run = move || supervisor.hold("recall", || self.run(&runtime, stop.clone()));
        std::thread::Builder::new().name("recall".into()).spawn(run)
    }

    fn run(&mut self, runtime: &Handle, mut stop: watch::Receiver<bool>) {
        let mut memory = Memory {
            data: self.hall.config.store.data.clone(),
            open: None,
            working: Working::new(u64::from(self.hall.config.memory.cache_mb) * MIB),
            paged: Paged::default(),
            focus: None,
        };
        loop {
            let next = runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = stop.changed() => Next::Stop,
                    // Once a second at most: questions must not keep the house from knowing that memory answers.
                    Ok(()) = self.rounds.changed() => self.rounds.borrow_and_update().clone().map_or(Next::Focus, Next::Round),
                    asked = self.asked.recv() => asked.map_or(Next::Stop, |asked| Next::Asked(Box::new(asked))),
                    Ok(()) = self.focus.changed() => Next::Focus,
                }
            });
            pulse::turns();
            let asked = match next {
                Next::Stop => return,
                Next::Asked(asked) => *asked,
                Next::Round(asks) => {
                    let now = self.hall.clock.now();
                    let weight = catch_unwind(AssertUnwindSafe(|| memory.recollect(&asks, now))).unwrap_or_else(|_| {
                        memory.open = None;
                        Ok(None)
                    });
                    let found = if matches!(weight, Ok(Some(_))) { asks.recall } else { 0 };
                    let weight = weight.ok().flatten().unwrap_or(Unit01::clamped(0.0));
                    let report = Report { at: now, of: Part::Memory, did: asks.recall, found, weight };
                    self.hall.inbox.mention(Input::Reported(report));
                    continue;
                }
                Next::Focus => {
                    memory.focus = self.focus.borrow_and_update().clone();
                    let now = self.hall.clock.now();
                    // What cannot be fetched now is read when it is asked for.
                    let _ = catch_unwind(AssertUnwindSafe(|| memory.fetch_ahead(now)));
                    self.recalled.working(memory.figures());
                    continue;
                }
            };
            let from = Instant::now();
            let answer = self.answer_to(&mut memory, &asked);
            self.recalled.answered(from.elapsed());
            self.recalled.working(memory.figures());
            let (topic, correlation) = match asked.to {
                Replies::Topic(topic, correlation) => (topic, Some(correlation)),
                Replies::Everybody => (topics::name(&self.hall.config.root, Topic::Recall), None),
                Replies::Visitor(waits) => {
                    // Who asked may be gone.
                    let _ = waits.send(answer);
                    continue;
                }
            };
            let transaction = match &asked.question {
                Ok(question) => &question.transaction,
                Err(wrong) => &wrong.transaction,
            };
            let reply = match answer {
                Ok(data) => json!({"v": 1, "status": "ok", "transaction": transaction, "data": data}),
                Err(none) => json!({"v": 1, "status": "error", "transaction": transaction, "error": none.why()}),
            };
            let say = Announcement { topic, payload: reply.to_string().into_bytes(), qos: 1, retain: false, correlation };
            runtime.block_on(self.own.publish(say));
        }
    }

    fn answer_to(&self, memory: &mut Memory, asked: &Asked) -> Result<Value, NoAnswer> {
        match &asked.question {
            Ok(question) => self.find(memory, asked, question),
            Err(wrong) => Err(NoAnswer::Nonsense(wrong.why.clone())),
        }
    }

    /// A search that panics is one question without an answer, and not the last.
    fn find(&self, memory: &mut Memory, asked: &Asked, question: &Question) -> Result<Value, NoAnswer> {
        catch_unwind(AssertUnwindSafe(|| self.look(memory, asked, question))).unwrap_or_else(|_| {
            memory.open = None;
            self.recalled.failed();
            self.hall.counters.refuse("recall-failed", "a search panicked");
            Err(NoAnswer::Failed("the search failed, and the house noted it: ask in other words".to_owned()))
        })
    }

    fn look(&self, memory: &mut Memory, asked: &Asked, question: &Question) -> Result<Value, NoAnswer> {
        let now = self.hall.clock.now();
        let query = Query::asked(question, now, &self.zone).map_err(NoAnswer::Nonsense)?;
        let mut limit = question.limit;
        loop {
            let page = memory.find(asked, &self.hall.config, &query, now, limit, question.cursor.as_deref()).map_err(|error| {
                if matches!(error, RecallError::Index(_)) {
                    self.keeper.doubt();
                }
                // A wrong cursor is the asker's; all else is the house's.
                let why = error.to_string();
                if matches!(error, RecallError::Cursor(_)) {
                    return NoAnswer::Nonsense(why);
                }
                self.recalled.failed();
                self.hall.counters.refuse("recall-failed", &why);
                NoAnswer::Failed(why)
            })?;
            let data = told(&query, &page);
            // A shorter page says where the next begins.
            if limit == 1 || data.to_string().len() <= limits::RECALL_REPLY_BYTES {
                let records: Vec<Uuid> = page.records.iter().map(|one| one.record.id).collect();
                if !records.is_empty() {
                    // Where there is no place at once it goes uncounted: what devices say comes first.
                    self.hall.inbox.mention(Input::Recalled { at: now, records });
                }
                return Ok(data);
            }
            limit = (limit / 2).max(1);
        }
    }
}

/// Index and store, opened when they are needed and again after a mistake; and what is at hand.
struct Memory {
    data: PathBuf,
    open: Option<(Index, Reader)>,
    working: Working,
    paged: Paged,
    focus: Option<EntityId>,
}

impl Memory {
    fn find(
        &mut self,
        asked: &Asked,
        config: &Config,
        query: &Query,
        now: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page, RecallError> {
        let of_theirs = |row: &RecordRow| asked.may_know(config, &row.topic, &row.kind, &row.requester);
        let mut paged = std::mem::take(&mut self.paged);
        let result = self.opened().and_then(|(index, store, working, focus)| {
            // A cursor names what is in focus.
            let focus = focus.clone().filter(|_| asked.may_know_focus(config));
            let may_know = (!asked.may_know_all()).then_some(&of_theirs as &dyn Fn(&RecordRow) -> bool);
            let mind = Mindset { focus, working: Some(working), paged: Some(&mut paged), may_know, ..Mindset::default() };
            recall::find_in(mind, index, store, query, now, limit, cursor)
        });
        self.paged = paged;
        if let Err(error) = &result
            && !matches!(error, RecallError::Cursor(_))
        {
            warn!(%error, "memory is opened again at the next question");
            self.open = None;
        }
        result
    }

    /// Recalls for the mind itself. Gives how grave the gravest of it is; None: it could not be searched.
    fn recollect(&mut self, asks: &Asks, now: Timestamp) -> Result<Option<Unit01>, RecallError> {
        if asks.recall == 0 {
            return Ok(Some(Unit01::clamped(0.0)));
        }
        let (index, store, ..) = self.opened()?;
        let entities = asks.of.iter().map(|entity| entity.as_str().to_owned()).collect();
        let limit = usize::try_from(asks.recall).unwrap_or(usize::MAX);
        let page = recall::find(index, store, &Query { entities, ..Query::default() }, now, limit, None);
        if page.is_err() {
            self.open = None;
        }
        let gravest = page?.records.iter().map(|one| one.record.record.importance).fold(0.0, f64::max);
        Ok(Some(Unit01::clamped(gravest)))
    }

    fn fetch_ahead(&mut self, now: Timestamp) -> Result<(), RecallError> {
        // Where nobody asks nothing needs to be at hand.
        if self.open.is_none() {
            return Ok(());
        }
        let (index, store, working, focus) = self.opened()?;
        if let Some(entity) = focus {
            let of_it = Query { entities: vec![entity.as_str().to_owned()], ..Query::default() };
            let page = recall::find(index, store, &of_it, now, AHEAD, None)?;
            working.follow(store)?;
            working.fetch(store, page.records.iter().map(|one| one.record.id))?;
        }
        Ok(())
    }

    fn figures(&self) -> RecallRoom {
        let Figures { hits, misses, bytes, room_bytes } = self.working.figures();
        RecallRoom { hits, misses, bytes, room_bytes }
    }

    /// At the first start of all somebody may ask before its own thread has made it.
    fn index(&self) -> Result<Index, RecallError> {
        let (folder, until) = (self.data.join(super::INDEX), Instant::now() + FIRST);
        loop {
            match Index::open(&folder) {
                Err(_) if !folder.join(IS_MADE).exists() && Instant::now() < until => std::thread::sleep(LOOK),
                opened => return Ok(opened?),
            }
        }
    }

    fn opened(&mut self) -> Result<(&Index, &Reader, &mut Working, &Option<EntityId>), RecallError> {
        let (index, store) = match self.open.take() {
            Some(open) => open,
            None => (self.index()?, Reader::open(&self.data)?),
        };
        let (index, store) = self.open.insert((index, store));
        Ok((index, store, &mut self.working, &self.focus))
    }
}
