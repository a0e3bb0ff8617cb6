//! The mind's own thread: letters in, steps, batches to the writer, answers after the commit. The next batch gathers while this one syncs.

use super::{
    approvals::{self, Approvals},
    duties::DueNow,
    journal::Journal,
    outlets::{self, Answers, Outlets, Waiting},
    rules::Shelf,
    silences::Absent,
    tidings,
    unchanged::Unchanged,
    view::{self, Said, Spoken},
    words,
};
use crate::{
    broker::{Answer, Hall, Letter, Post},
    config::Durability,
    domain::{
        Answer as Word, Change, Condition, Decision, Device, Due, EntityId, Input, Judged, Kept, OpinionView, Origin, Outcome, OwnersWord,
        Percept, Purpose, Rulings, Says, Settled, Unanswered, limits,
        topics::{self, Topic},
    },
    mind::{Mind, Subject},
    observe::Incident,
    runtime::Vital,
    store::{Batch, Entry, Writer},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};
use tracing::{info, warn};

/// The longest that a gathering batch waits for those answered last: about one sync of a good disk.
const GATHER: Duration = Duration::from_micros(200);
/// One look at the inbox in that time; the kernel makes about twice as much of it.
const GATHER_STEP: Duration = Duration::from_micros(40);
/// How long a relaxed batch gathers: with its sync it is on disk within the 100 ms that the config promises.
const RELAXED_GATHER: Duration = Duration::from_millis(50);

/// The mind with all that its thread needs.
pub struct House {
    /// Dropped before all else: half a state judges nothing.
    pub vital: Vital,
    pub mind: Mind,
    pub writer: Writer,
    pub hall: Arc<Hall>,
    pub outlets: Outlets,
    /// What waited when the house was started.
    pub kept: Vec<Kept>,
    /// Rules that were checked, and wait for their input.
    pub shelf: Arc<Shelf>,
    /// The folder of the store.
    pub data: PathBuf,
}

impl House {
    /// Runs until every sender of letters is gone, and then until all is written.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn live(self, posts: mpsc::Receiver<Post>) -> std::io::Result<JoinHandle<()>> {
        let timer = Handle::current();
        std::thread::Builder::new().name("mind".into()).spawn(move || Living::new(self, timer).run(posts))
    }
}

struct Living {
    house: House,
    batch: Batch,
    answers: Answers,
    /// None: the config keeps none.
    journal: Option<Journal>,
    relaxed: bool,
    /// The clock by which a relaxed batch is written.
    timer: Handle,
    /// How many the last batch answered, and since when the first of this one waits, or would if it had not been answered already.
    answered: usize,
    first_waits: Option<Instant>,
    /// Opinions that changed since others were last told of them.
    opinions: BTreeMap<EntityId, OpinionView>,
    /// Entities that left since.
    gone: Vec<EntityId>,
    approvals: Approvals,
    waiting: Waiting,
    due_now: DueNow,
    due: outlets::Due,
    absent: Absent,
    unchanged: Unchanged,
    /// What of the candidate's counts was told last: they are retained, and told anew when it disagrees, or has judged twice as many.
    shadow: Option<(String, u64, Option<u32>)>,
}

impl Living {
    fn new(mut house: House, timer: Handle) -> Self {
        let store = &house.hall.config.store;
        let (journal, relaxed) = (store.journal.then(Journal::default), store.durability == Durability::Relaxed);
        let approvals = Approvals::new(std::mem::take(&mut house.kept));
        let waiting = Arc::new(approvals.documents(|id, verb| risk(house.mind.registry(), id, verb)));
        house.outlets.waiting.send_replace(Arc::clone(&waiting));
        Self {
            house,
            batch: Batch::default(),
            answers: Answers::default(),
            journal,
            relaxed,
            timer,
            answered: 0,
            first_waits: None,
            opinions: BTreeMap::new(),
            gone: Vec::new(),
            approvals,
            waiting,
            due_now: DueNow::default(),
            due: outlets::Due::default(),
            absent: Absent::default(),
            unchanged: Unchanged::default(),
            shadow: None,
        }
    }

    fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        loop {
            let post = match posts.try_recv() {
                Ok(post) => post,
                Err(mpsc::error::TryRecvError::Empty) => {
                    if self.someone_waits() {
                        self.house.hall.inbox.want_writer();
                        if self.house.writer.is_idle() {
                            if self.more_will_come() {
                                std::thread::sleep(GATHER_STEP);
                            } else {
                                self.submit();
                            }
                            continue;
                        }
                    }
                    match self.next(&mut posts) {
                        Some(post) => post,
                        None => break,
                    }
                }
                Err(mpsc::error::TryRecvError::Disconnected) => break,
            };
            self.house.vital.turns();
            match post {
                Post::Letter(letter) => self.take(letter),
                Post::WriterIdle => {}
                Post::Stop => break,
            }
            if self.batch.entries.len() >= limits::BATCH_MESSAGES || (self.is_overdue() && self.house.writer.is_idle()) {
                self.submit();
            }
        }
        // Also what nobody waited for: that Jamey stops is the last thing on record.
        self.house.mind.settle();
        self.gather_changes();
        self.submit();
        self.house.writer.stop();
    }

    /// Sleeps until there is a letter; with a relaxed batch in hand no longer than it may gather.
    fn next(&self, posts: &mut mpsc::Receiver<Post>) -> Option<Post> {
        let left = self.first_waits.filter(|_| self.relaxed).map(|since| RELAXED_GATHER.saturating_sub(since.elapsed()));
        match left {
            Some(left) if left > Duration::ZERO => {
                self.timer.block_on(async { tokio::time::timeout(left, posts.recv()).await }).unwrap_or(Some(Post::WriterIdle))
            }
            // Overdue: the writer is busy, and says when it no longer is.
            _ => posts.blocking_recv(),
        }
    }

    /// Whether what was acknowledged before it was written must wait no longer.
    fn is_overdue(&self) -> bool {
        self.relaxed && self.first_waits.is_some_and(|since| since.elapsed() >= RELAXED_GATHER)
    }

    /// What nobody waits for (QoS 0) is written with the next that somebody does, or within a second: an SD card wears by pages.
    fn someone_waits(&self) -> bool {
        !self.answers.is_empty() || self.is_overdue()
    }

    /// Those whom the last commit answered are about to speak again: one commit for all of them is worth a moment's wait.
    /// Who speaks alone never waits.
    fn more_will_come(&self) -> bool {
        self.answers.senders.len() < self.answered && self.first_waits.is_some_and(|since| since.elapsed() < GATHER)
    }

    fn take(&mut self, mut letter: Letter) {
        if let Input::Rules(rulings) = &letter.input {
            return self.swap_rules(&letter.input, rulings);
        }
        if let Input::Answer(word) = &mut letter.input {
            match self.approvals.check(word) {
                Ok(kept) => word.void = self.house.hall.void(kept, word.at).map(str::to_owned),
                Err(why) => {
                    let (word, sender) = (word.clone(), letter.answer.take());
                    return self.answered(&word, Err(why), sender);
                }
            }
        }
        let lets_go = matches!(&letter.input, Input::Note(change) if matches!(**change, Change::LetGo(_)));
        let forgotten = if let Input::Word(word) = &letter.input { Some(word).filter(|w| w.says == Says::Forget) } else { None };
        if let Some(word) = forgotten {
            if let Err(why) = words::is_worth_forgetting(&self.house.mind, &self.house.data, word) {
                let (word, sender) = (word.clone(), letter.answer.take());
                return self.heard(word, Err(why), sender);
            }
            self.house.hall.forget_audits(word.about.as_str());
            // What was told before stands in rows of its own, which the store can tell from this.
            self.gather_changes();
            self.submit();
        } else if lets_go {
            self.gather_changes();
            self.submit();
        } else if let Some(journal) = &mut self.journal {
            journal.enter(self.house.mind.state(), &letter.input);
        }
        let mut outcome = self.house.mind.step(&letter.input);
        for settled in std::mem::take(&mut outcome.settled) {
            self.settle(settled);
        }
        for due in std::mem::take(&mut outcome.duties) {
            self.turn(&due);
        }
        if let Some(asks) = outcome.asks.take() {
            self.house.outlets.rounds.send_replace(Some(asks));
        }
        if !outcome.silences.is_empty() {
            let now = self.house.mind.now();
            std::mem::take(&mut outcome.silences).iter().for_each(|silence| self.absent.turn(silence, now));
            self.answers.silent = Some(self.absent.alerts());
        }
        if outcome.registry_changed {
            let registry = self.house.mind.registry().clone();
            self.house.hall.change_guard(|view| view.registry = registry);
            if !outcome.newly_guarded.is_empty() {
                self.answers.spoken.push(Said::NewlyGuarded(outcome.newly_guarded.clone()));
            }
        }
        let percept = match letter.input {
            Input::Percept(percept) => percept,
            Input::Tick(_) => return self.tick(),
            Input::Note(_) => {
                if let Some(sender) = letter.answer {
                    self.first_waits.get_or_insert_with(Instant::now);
                    self.answers.senders.push((sender, Answer::taken()));
                }
                if lets_go {
                    if let Some(journal) = &mut self.journal {
                        journal.begin_anew();
                    }
                    self.gather_changes();
                    self.submit();
                }
                return;
            }
            Input::Forged(_) | Input::Rules(_) | Input::WentOn { .. } | Input::Recalled { .. } => return,
            Input::Reported(_) | Input::Exact(_) | Input::Saved { .. } => return,
            Input::Turned(turned) => {
                if let Some(sender) = letter.answer {
                    self.first_waits.get_or_insert_with(Instant::now);
                    self.answers.senders.push((sender, Answer::taken()));
                }
                if turned.condition == Condition::Stopping {
                    // There will be no other tick.
                    self.tick();
                }
                return;
            }
            Input::Word(word) => return self.heard(word, outcome.word.unwrap_or(Ok(())), letter.answer),
            Input::Answer(word) => return self.answered(&word, outcome.unanswered.map_or(Ok(()), Err), letter.answer),
        };
        let decision = outcome.decision();
        if outcome.judged.iter().any(is_vetoed) {
            let hall = &self.house.hall;
            hall.incidents.note(Incident::Vetoed, percept.source.requester.as_str(), hall.clock.uptime());
        }
        let refused = outcome.forbidden || (outcome.refused && self.house.hall.guard().enforces(percept.at));
        if refused {
            self.house.hall.counters.refuse("discovery", &format!("`{}` from `{}`", percept.topic, percept.source.client_id));
        }
        let lets_on = lets_on(&percept, decision) && !refused && !outcome.repeats_held;
        self.note(&percept, &outcome, lets_on);
        self.answers.count(&outcome.judged);
        self.answers.noticed.judged(&percept, &outcome, lets_on);
        let wanted = self.house.hall.verdicts_wanted.load(Ordering::Relaxed);
        if (wanted || letter.respond_to.is_some()) && !outcome.judged.is_empty() {
            let spoken = Spoken {
                percept: percept.id,
                at: percept.at,
                entity: percept.source.requester.clone(),
                lets_on,
                respond_to: letter.respond_to.clone(),
            };
            self.answers.spoken.push(Said::Verdicts(spoken, outcome.judged.clone()));
        }
        if let Some(sender) = letter.answer {
            let answer = Answer { decision, lets_on, unanswered: None };
            self.first_waits.get_or_insert_with(Instant::now);
            if self.relaxed {
                let _ = sender.send(answer);
            } else {
                self.answers.senders.push((sender, answer));
            }
        }
        self.batch.entries.push(Entry { percept, outcome, lets_on, again: false });
    }

    /// What a message leaves behind besides its rows: a device's state, a request that waits, an interface that went ahead.
    fn note(&mut self, percept: &Percept, outcome: &Outcome, lets_on: bool) {
        match &percept.purpose {
            Purpose::Observation => self.unchanged.hear(self.house.mind.registry(), &percept.topic, &percept.payload),
            Purpose::Requests { origin: Origin::Guard, requests } if !lets_on && percept.repeat_of.is_none() => {
                let unchanged = self.unchanged.of(self.house.mind.registry(), requests.iter().map(|r| &r.target), percept.at);
                if !unchanged.is_empty() {
                    self.answers.spoken.push(Said::Unchanged(unchanged));
                }
            }
            Purpose::Requests { .. } | Purpose::Discovery => {}
        }
        if let Some(until) = outcome.held_until {
            let kept = self.approvals.hold(percept, &outcome.judged, until);
            let registry = self.house.mind.registry();
            let document = approvals::document(&kept, |id, verb| risk(registry, id, verb));
            Arc::make_mut(&mut self.waiting).insert(percept.id, document);
            self.answers.waiting = Some(Arc::clone(&self.waiting));
            self.answers.noticed.asked(&kept);
            self.batch.changes.push(Change::Audit(approvals::asked(&kept)));
            self.batch.changes.push(Change::Held(Box::new(kept)));
        }
    }

    /// One that waits no more: on record, told, and let on where it may be, all after the commit.
    fn settle(&mut self, mut settled: Settled) {
        let Some(kept) = self.approvals.settle(settled.id) else { return };
        // A person's word was looked at before the mind heard it; what goes on without one is looked at here.
        if let Some(why) = self.house.hall.void(&kept, settled.at).filter(|_| settled.lets_on && settled.by.is_none()) {
            settled = Settled { lets_on: false, judged: Vec::new(), reason: format!("denied: {why}"), ..settled };
        }
        Arc::make_mut(&mut self.waiting).remove(&settled.id);
        self.answers.waiting = Some(Arc::clone(&self.waiting));
        self.batch.changes.push(Change::Audit(approvals::ended(&settled)));
        if !settled.judged.is_empty() {
            let outcome = Outcome { judged: settled.judged.clone(), ..Outcome::default() };
            self.batch.entries.push(Entry { percept: kept.percept.clone(), outcome, lets_on: settled.lets_on, again: true });
        }
        self.answers.noticed.ended(&kept, &settled);
        let lines = approvals::verdicts(&kept, &settled);
        self.answers.endings.push(tidings::Ending::of(&kept, &settled, &lines));
        self.answers.spoken.push(Said::Settled {
            entity: kept.percept.source.requester.clone(),
            respond_to: kept.way_on.respond_to.clone(),
            verdicts: lines,
        });
        if settled.lets_on {
            self.answers.released.push((kept, settled.at));
        }
        self.batch.changes.push(Change::Settled(Box::new(settled)));
    }

    /// A duty is due for a device, or over: an alert, and where the owner says so a request.
    fn turn(&mut self, due: &Due) {
        let Some(spec) = self.house.mind.duty(&due.duty) else { return };
        if let Some(verb) = spec.asks.as_ref().filter(|_| due.begins) {
            // Who describes devices must not have Jamey speak for them: only what the owner declared is asked.
            let declared = self.house.mind.registry().device(&due.device).is_some_and(Device::is_declared);
            if declared {
                self.answers.asked.push((due.device.clone(), verb.clone()));
            }
        }
        let alert = self.due_now.turn(due, spec);
        let standing = Arc::make_mut(&mut self.due);
        match alert {
            Some(alert) => standing.insert(due.duty.clone(), alert),
            None => standing.remove(&due.duty),
        };
        self.answers.due = Some(Arc::clone(&self.due));
    }

    /// A person's word that counted, or did not, is on record before they are told.
    fn answered(&mut self, word: &Word, taken: Result<(), Unanswered>, sender: Option<oneshot::Sender<Answer>>) {
        if let Err(why) = taken {
            if matches!(why, Unanswered::Nonce | Unanswered::Altered) {
                let hall = &self.house.hall;
                hall.incidents.note(Incident::Forged, word.by.as_str(), hall.clock.uptime());
            }
            self.batch.changes.push(Change::Audit(approvals::refused(word, why)));
        }
        self.answers.spoken.push(Said::Answered { id: word.id, transaction: word.transaction.clone(), taken });
        if let Some(sender) = sender {
            self.first_waits.get_or_insert_with(Instant::now);
            self.answers.senders.push((sender, Answer { decision: None, lets_on: taken.is_ok(), unanswered: taken.err() }));
        }
    }

    /// A person's word on an entity is on record before they are told what came of it.
    fn heard(&mut self, word: Box<OwnersWord>, taken: Result<(), String>, sender: Option<oneshot::Sender<Answer>>) {
        let now = self.house.mind.now();
        let view = self.house.mind.soul().opinion(&word.about, now);
        self.house.hall.desk.put(word.id, words::told(&word, &taken, view.as_ref()));
        if let Some(sender) = sender {
            self.first_waits.get_or_insert_with(Instant::now);
            self.answers.senders.push((sender, Answer { decision: None, lets_on: taken.is_ok(), unanswered: None }));
        }
        let forgets = word.says == Says::Forget && taken.is_ok();
        if forgets {
            self.opinions.remove(&word.about);
            self.house.hall.views.forget([&word.about]);
            self.unchanged = Unchanged::default();
            self.answers.spoken.push(Said::Gone(vec![word.about.clone()]));
            if let Some(journal) = &mut self.journal {
                journal.begin_anew();
            }
        } else if word.says != Says::Forget {
            self.batch.changes.push(Change::Audit(words::on_record(&word, &taken)));
        }
        self.answers.spoken.push(Said::Word { word, taken, now: view.map(Box::new) });
        if forgets {
            self.gather_changes();
            self.submit();
        }
    }

    /// Between two inputs, whole: no request is judged by half of a set. They were checked on another thread.
    fn swap_rules(&mut self, input: &Input, rulings: &Rulings) {
        let from = Instant::now();
        if let Some(sets) = self.house.shelf.take() {
            self.house.mind.offer(sets.live, sets.shadow);
        }
        if let Some(journal) = &mut self.journal {
            journal.enter(self.house.mind.state(), input);
        }
        self.house.mind.step(input);
        info!("the rules were swapped in {} µs: sha256 {}", from.elapsed().as_micros(), rulings.live.digest());
    }

    /// Once a second: what fades is stored, and what others see is renewed.
    fn tick(&mut self) {
        self.house.hall.pulses.tick(self.house.hall.clock.uptime());
        self.gather_changes();
        let emotion = self.house.mind.soul().emotion_view();
        let told = self.house.mind.told();
        let alarms = self.house.mind.alarms();
        self.house.outlets.alarms.send_if_modified(|before| {
            let is_other = **before != alarms;
            if is_other {
                *before = Arc::new(alarms);
            }
            is_other
        });
        let focus = self.house.mind.workspace().focus().map(|broadcast| &broadcast.entity);
        self.house.outlets.focus.send_if_modified(|told| {
            let is_other = told.as_ref() != focus;
            if is_other {
                *told = focus.cloned();
            }
            is_other
        });
        self.house.outlets.observed.send_replace(self.house.mind.observation().map(|of| (of, self.house.mind.process())));
        let opinions: Vec<OpinionView> = std::mem::take(&mut self.opinions).into_values().collect();
        self.show(&emotion, &told, &opinions);
        let tally = self.house.mind.shadow_tally();
        let key = tally.map(|t| (t.digest.clone(), t.disagreed, t.judged.checked_ilog2()));
        if key != self.shadow && self.house.outlets.said.try_send(Said::Shadow(tally.map(view::shadow))).is_ok() {
            self.shadow = key;
        }
        if !self.gone.is_empty() && self.house.outlets.said.try_send(Said::Gone(self.gone.clone())).is_ok() {
            self.gone.clear();
        }
        if self.house.outlets.said.try_send(Said::State { emotion, told, opinions }).is_err() {
            warn!("retained states are published too slowly; this second's are skipped");
        }
        // Who waits for the disk finds that it was told: the last tick of all is waited for.
        if self.house.writer.is_idle() {
            self.submit();
        }
    }

    /// Readers see the same as those who listen.
    fn show(&self, emotion: &Value, told: &[(Subject, Value)], opinions: &[OpinionView]) {
        let (views, root) = (&self.house.hall.views, &self.house.hall.config.root);
        views.moods.note(self.house.hall.clock.now(), emotion);
        views.tell(topics::below(root, &topics::name(root, Topic::Emotion)), emotion.clone());
        for (subject, value) in told {
            views.tell(topics::below(root, &view::topic(root, subject)), value.clone());
        }
        views.think(opinions.iter().cloned());
    }

    /// What changed in the mind itself: for the store, and opinions for those who listen.
    fn gather_changes(&mut self) {
        for change in self.house.mind.take_changes() {
            match &change {
                Change::Entity { view, .. } => drop(self.opinions.insert(view.entity.clone(), (**view).clone())),
                Change::EntityGone(id) => {
                    self.opinions.remove(id);
                    self.house.hall.views.forget([id]);
                    self.gone.push(id.clone());
                }
                _ => {}
            }
            self.batch.changes.push(change);
        }
    }

    fn submit(&mut self) {
        if self.batch.entries.is_empty() && self.batch.changes.is_empty() && !self.someone_waits() {
            return;
        }
        self.gather_changes();
        // As large as the last one: growing it step by step would copy it again and again.
        let fresh = Batch { entries: Vec::with_capacity(self.batch.entries.len()), ..Batch::default() };
        let mut batch = std::mem::replace(&mut self.batch, fresh);
        batch.at = self.house.mind.now();
        batch.journal = self.journal.as_mut().map(Journal::take).unwrap_or_default();
        let answers = std::mem::take(&mut self.answers);
        self.answered = answers.senders.len();
        self.first_waits = None;
        let (outlets, hall) = (self.house.outlets.clone(), Arc::clone(&self.house.hall));
        self.house.writer.submit(batch, Box::new(move |batch, places| answers.give(&outlets, &hall, batch, places)));
    }
}

pub(super) fn risk(registry: &crate::domain::Registry, id: &EntityId, verb: &str) -> f64 {
    registry.device(id).map_or(crate::domain::DeviceClass::Unknown.risk(), |d| d.risk_of(verb)).get()
}

/// Whether it was denied by a rule that nothing outweighs.
fn is_vetoed(judged: &Judged) -> bool {
    judged.verdict.decision == Decision::Deny && judged.verdict.contributions.iter().any(|part| part.kind == "veto")
}

/// Whether the message goes on.
fn lets_on(percept: &Percept, decision: Option<Decision>) -> bool {
    match (&percept.purpose, decision) {
        (Purpose::Requests { origin, .. }, Some(decision)) => origin.lets_on(decision),
        _ => true,
    }
}
