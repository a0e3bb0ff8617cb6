//! The mind's own thread: letters in, steps, batches to the writer, answers after the commit. The next batch gathers while this one syncs.

use super::{
    journal::Journal,
    rules::Shelf,
    view::{self, Said, Spoken},
};
use crate::{
    broker::{Answer, Hall, Letter, Post},
    config::Durability,
    domain::{Change, Decision, EntityId, Input, OpinionView, Percept, Purpose, Rulings, limits},
    mind::Mind,
    store::{Batch, Entry, Writer},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

/// The longest that a gathering batch waits for those answered last: about one sync of a good disk.
const GATHER: Duration = Duration::from_micros(200);
/// One look at the inbox in that time; the kernel makes about twice as much of it.
const GATHER_STEP: Duration = Duration::from_micros(40);

/// The mind with all that its thread needs.
pub struct House {
    pub mind: Mind,
    pub writer: Writer,
    pub hall: Arc<Hall>,
    pub said: mpsc::Sender<Said>,
    /// Rules that were checked, and wait for their input.
    pub shelf: Arc<Shelf>,
}

/// What a batch answers when it is on disk.
#[derive(Default)]
struct Answers {
    senders: Vec<(oneshot::Sender<Answer>, Answer)>,
    spoken: Vec<Said>,
}

impl House {
    /// Runs until every sender of letters is gone, and then until all is written.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn live(self, posts: mpsc::Receiver<Post>) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("mind".into()).spawn(move || Living::new(self).run(posts))
    }
}

struct Living {
    house: House,
    batch: Batch,
    answers: Answers,
    /// None: the config keeps none.
    journal: Option<Journal>,
    relaxed: bool,
    /// How many the last batch answered, and since when the first of this one waits.
    answered: usize,
    first_waits: Option<Instant>,
    /// Opinions that changed since others were last told of them.
    opinions: BTreeMap<EntityId, OpinionView>,
    /// What of the candidate's counts was told last: they are retained, and told anew when it disagrees, or has judged twice as many.
    shadow: Option<(String, u64, Option<u32>)>,
}

impl Living {
    fn new(house: House) -> Self {
        let store = &house.hall.config.store;
        let (journal, relaxed) = (store.journal.then(Journal::new), store.durability == Durability::Relaxed);
        Self {
            house,
            batch: Batch::default(),
            answers: Answers::default(),
            journal,
            relaxed,
            answered: 0,
            first_waits: None,
            opinions: BTreeMap::new(),
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
                    match posts.blocking_recv() {
                        Some(post) => post,
                        None => break,
                    }
                }
                Err(mpsc::error::TryRecvError::Disconnected) => break,
            };
            match post {
                Post::Letter(letter) => self.take(letter),
                Post::WriterIdle => {}
                Post::Stop => break,
            }
            if self.batch.entries.len() >= limits::BATCH_MESSAGES {
                self.submit();
            }
        }
        // Also what nobody waited for: that Jamey stops is the last thing on record.
        self.gather_changes();
        self.submit();
        self.house.writer.stop();
    }

    /// What nobody waits for (QoS 0) is written with the next that somebody does, or within a second: an SD card wears by pages.
    fn someone_waits(&self) -> bool {
        !self.answers.senders.is_empty() || !self.answers.spoken.is_empty()
    }

    /// Those whom the last commit answered are about to speak again: one commit for all of them is worth a moment's wait.
    /// Who speaks alone never waits.
    fn more_will_come(&self) -> bool {
        self.answers.senders.len() < self.answered && self.first_waits.is_some_and(|since| since.elapsed() < GATHER)
    }

    fn take(&mut self, letter: Letter) {
        if let Input::Rules(rulings) = &letter.input {
            return self.swap_rules(&letter.input, rulings);
        }
        if let Some(journal) = &mut self.journal {
            journal.enter(self.house.mind.state(), &letter.input);
        }
        let outcome = self.house.mind.step(&letter.input);
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
            Input::Note(_) | Input::Forged(_) | Input::Rules(_) => return,
        };
        let decision = outcome.decision();
        let refused = outcome.refused && self.house.hall.guard().enforces(percept.at);
        if refused {
            self.house.hall.counters.refuse("discovery", &format!("`{}` from `{}`", percept.topic, percept.source.client_id));
        }
        let lets_on = lets_on(&percept, decision) && !refused;
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
            let answer = Answer { decision, lets_on };
            if self.relaxed {
                let _ = sender.send(answer);
            } else {
                self.first_waits.get_or_insert_with(Instant::now);
                self.answers.senders.push((sender, answer));
            }
        }
        self.batch.entries.push(Entry { percept, outcome, lets_on });
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
        self.gather_changes();
        let now = self.house.mind.now();
        let emotion = self.house.mind.soul().emotion_view();
        let consciousness = self.house.mind.workspace().view(now);
        let opinions = std::mem::take(&mut self.opinions).into_values().collect();
        let said = Said::State { emotion, consciousness, opinions };
        if self.house.writer.is_idle() {
            self.submit();
        }
        let tally = self.house.mind.shadow_tally();
        let key = tally.map(|t| (t.digest.clone(), t.disagreed, t.judged.checked_ilog2()));
        if key != self.shadow && self.house.said.try_send(Said::Shadow(tally.map(view::shadow))).is_ok() {
            self.shadow = key;
        }
        if self.house.said.try_send(said).is_err() {
            warn!("retained states are published too slowly; this second's are skipped");
        }
    }

    /// What changed in the mind itself: for the store, and opinions for those who listen.
    fn gather_changes(&mut self) {
        for change in self.house.mind.take_changes() {
            if let Change::Entity { view, .. } = &change {
                self.opinions.insert(view.entity.clone(), view.clone());
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
        let said = self.house.said.clone();
        let hall = Arc::clone(&self.house.hall);
        self.house.writer.submit(
            batch,
            Box::new(move || {
                for (sender, answer) in answers.senders {
                    // A client that is gone needs no answer.
                    let _ = sender.send(answer);
                }
                for spoken in answers.spoken {
                    if said.try_send(spoken).is_err() {
                        hall.counters.refuse("announcement", "a verdict was stored but not announced: subscribers are too slow");
                    }
                }
            }),
        );
    }
}

/// Whether the message goes on.
fn lets_on(percept: &Percept, decision: Option<Decision>) -> bool {
    match (&percept.purpose, decision) {
        (Purpose::Requests { origin, .. }, Some(decision)) => origin.lets_on(decision),
        _ => true,
    }
}
