//! The receiver's side: what is offered, what of it is missing, what was asked for, and when it is asked for again.

use super::{Done, Keeping, Kind, Listing, Object, Offer, Piece, Want, keeping::contradiction};
use crate::{
    domain::limits,
    phoenix::{Id, PhoenixError, Sequence},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Silence after which what was asked for is asked for again; half as long again each time, and at least four times what a piece takes on a
/// slow line.
const PATIENCE_MS: u64 = 2_000;
const LONGEST_PATIENCE_MS: u64 = 60_000;
/// Pieces come in the order in which they were asked for: what so many later ones overtook is lost.
const OVERTAKEN: u64 = 3;
/// After trouble with the disk nothing is asked for so long.
const REST_MS: u64 = 10_000;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    Want(Vec<u8>),
    Done(Vec<u8>),
}

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// So many bytes are missing of so many.
    Offered {
        sequence: Sequence,
        left: u64,
        of: u64,
    },
    Kept(Object),
    /// All that was offered is here.
    Whole {
        sequence: Sequence,
        hash: Id,
    },
    /// It goes on when that is over.
    Woe(String),
    /// Nothing of this offer is taken.
    Refused(String),
}

/// Times are milliseconds of a clock that does not go back.
#[derive(Debug, Default)]
pub struct Receiver {
    goal: Option<Goal>,
    /// With a number that grows with each.
    asked: BTreeMap<(Id, u32), u64>,
    askings: u64,
    heard_at: u64,
    patience: u64,
    rest_until: u64,
    /// The sealed manifest that stands retained: it comes before the list says that it is wanted.
    early: Vec<u8>,
    woe: String,
    says: Vec<Say>,
    news: Vec<News>,
    /// Pieces that were taken, and others: twice the same, or of what is not wanted.
    pub taken: u64,
    pub needless: u64,
}

#[derive(Debug)]
struct Goal {
    offer: Offer,
    todo: VecDeque<Object>,
    open: Vec<Open>,
    left: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fetching,
    Whole,
    Refused,
}

/// A file of which pieces are missing.
#[derive(Debug)]
struct Open {
    object: Object,
    missing: BTreeSet<u32>,
}

impl Receiver {
    #[must_use]
    pub fn new() -> Self {
        Self { patience: PATIENCE_MS, ..Self::default() }
    }

    /// What is to be sent since this was called last.
    pub fn says(&mut self) -> Vec<Say> {
        std::mem::take(&mut self.says)
    }

    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Bytes that are missing still.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.goal.as_ref().map_or(0, |goal| goal.left)
    }

    /// Whether pieces are of use now.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        self.goal.as_ref().is_some_and(|goal| goal.state == State::Fetching)
    }

    /// When `tick` has something to do; None: when something comes.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        let silence = (!self.asked.is_empty()).then(|| self.heard_at + self.patience);
        self.is_fetching().then(|| silence.unwrap_or(self.rest_until).max(self.rest_until))
    }

    /// The connection is new: what was under way is not any more.
    pub fn connected(&mut self, keeping: &mut impl Keeping, now: u64) {
        self.asked.clear();
        self.patience = PATIENCE_MS;
        self.say_done();
        self.ask(keeping, now);
    }

    /// Something that was here is not any more: what of the offer is missing is looked at anew.
    pub fn again(&mut self, keeping: &mut impl Keeping, now: u64) {
        if let Some(goal) = self.goal.take() {
            self.asked.clear();
            self.offered(goal.offer, keeping, now);
        }
    }

    /// The offer as it stands. The same again is the sender's word that it is there.
    pub fn offered(&mut self, offer: Offer, keeping: &mut impl Keeping, now: u64) {
        if self.goal.as_ref().is_none_or(|goal| goal.offer != offer) {
            let (todo, left) = (VecDeque::from([offer.listing()]), offer.list_bytes);
            self.goal = Some(Goal { offer, todo, open: Vec::new(), left, state: State::Fetching });
        }
        self.connected(keeping, now);
    }

    /// The sealed manifest that stands retained.
    pub fn manifest(&mut self, payload: &[u8]) {
        if Piece::read(payload).is_ok() {
            self.early = payload.to_vec();
        }
    }

    /// # Errors
    /// When it is no piece.
    pub fn piece(&mut self, payload: &[u8], keeping: &mut impl Keeping, now: u64) -> Result<(), PhoenixError> {
        let piece = Piece::read(payload)?;
        let number = self.asked.remove(&(piece.object, piece.n));
        if self.take(&piece, keeping, now) {
            let gap = now.saturating_sub(self.heard_at);
            (self.heard_at, self.patience) = (now, (4 * gap).clamp(PATIENCE_MS, LONGEST_PATIENCE_MS));
        } else {
            self.needless += 1;
        }
        if let Some(number) = number {
            self.asked.retain(|_, asked| *asked + OVERTAKEN >= number);
        }
        self.ask(keeping, now);
        Ok(())
    }

    /// Time has passed.
    pub fn tick(&mut self, keeping: &mut impl Keeping, now: u64) {
        if !self.asked.is_empty() && now >= self.heard_at + self.patience {
            self.asked.clear();
            self.patience = (self.patience * 3 / 2).min(LONGEST_PATIENCE_MS);
        }
        self.ask(keeping, now);
    }

    /// Whether the piece was of use.
    fn take(&mut self, piece: &Piece<'_>, keeping: &mut impl Keeping, now: u64) -> bool {
        let Some(goal) = self.goal.as_mut().filter(|goal| goal.state == State::Fetching) else { return false };
        let is_it = |open: &Open| open.object.id == piece.object && open.missing.contains(&piece.n);
        let Some(at) = goal.open.iter().position(is_it) else { return false };
        let Some(open) = goal.open.get_mut(at) else { return false };
        let bytes = piece.content.len() as u64;
        if open.object.range(piece.n).is_none_or(|range| range.end - range.start != bytes) {
            return false;
        }
        if let Err(error) = keeping.put(&open.object, piece.n, piece.content) {
            self.rest(&error, now);
            return false;
        }
        open.missing.remove(&piece.n);
        goal.left = goal.left.saturating_sub(bytes);
        self.taken += 1;
        self.woe.clear();
        if open.missing.is_empty() {
            self.finish(at, keeping, now);
        }
        true
    }

    /// All pieces of an open file are here.
    fn finish(&mut self, at: usize, keeping: &mut impl Keeping, now: u64) {
        let Some(goal) = self.goal.as_mut() else { return };
        let Some(open) = goal.open.get_mut(at) else { return };
        match keeping.keep(&open.object) {
            Ok(list) => {
                let object = goal.open.remove(at).object;
                match list {
                    Some(list) => self.listed(&list, keeping, now),
                    None => self.news.push(News::Kept(object)),
                }
            }
            Err(error @ PhoenixError::Damaged { .. }) => {
                keeping.forget(&open.object);
                open.missing = (0..open.object.pieces()).collect();
                goal.left += open.object.bytes;
                self.news.push(News::Woe(format!("{} came damaged, and is fetched anew: {error}", open.object.name())));
            }
            Err(error) => self.rest(&error, now),
        }
        if let Some(goal) = self.goal.as_mut()
            && goal.state == State::Fetching
            && goal.open.is_empty()
            && goal.todo.is_empty()
        {
            (goal.state, goal.left) = (State::Whole, 0);
            self.news.push(News::Whole { sequence: goal.offer.sequence, hash: goal.offer.snapshot });
            self.early = Vec::new();
            keeping.tidy(&BTreeSet::new());
            self.say_done();
        }
    }

    /// Compares what there is with what is here. What is here is right: who offers another file in its place is not the one it came from.
    fn listed(&mut self, list: &[u8], keeping: &mut impl Keeping, now: u64) {
        let Some(goal) = self.goal.as_mut() else { return };
        let listing = match Listing::read(list, &goal.offer) {
            Ok(listing) => listing,
            Err(error) => return self.refuse(error.to_string()),
        };
        let here = match keeping.here() {
            Ok(here) => here,
            Err(error) => {
                goal.todo.push_front(goal.offer.listing());
                return self.rest(&error, now);
            }
        };
        if let Some(why) = contradiction(&listing, &here) {
            return self.refuse(why);
        }
        goal.todo = listing.objects().filter(|object| !here.has(object)).collect();
        goal.left = goal.todo.iter().map(|object| object.bytes).sum();
        keeping.tidy(&goal.todo.iter().map(|object| object.id).collect());
        let of = listing.objects().map(|object| object.bytes).sum();
        self.news.push(News::Offered { sequence: goal.offer.sequence, left: goal.left, of });
    }

    fn refuse(&mut self, why: String) {
        let Some(goal) = self.goal.as_mut() else { return };
        (goal.state, goal.todo, goal.open) = (State::Refused, VecDeque::new(), Vec::new());
        self.asked.clear();
        self.woe.clone_from(&why);
        self.says.push(Say::Want(Want::new(goal.offer.repository, Vec::new(), goal.left, &why).to_bytes()));
        self.news.push(News::Refused(why));
    }

    /// The disk is full, or does not answer.
    fn rest(&mut self, error: &PhoenixError, now: u64) {
        let woe = format!("{error}; it is tried again");
        self.rest_until = now + REST_MS;
        self.asked.clear();
        if self.woe == woe {
            return;
        }
        if let Some(goal) = &self.goal {
            self.says.push(Say::Want(Want::new(goal.offer.repository, Vec::new(), goal.left, &woe).to_bytes()));
        }
        self.news.push(News::Woe(woe.clone()));
        self.woe = woe;
    }

    fn say_done(&mut self) {
        if let Some(Goal { offer, state: State::Whole, .. }) = &self.goal {
            self.says.push(Say::Done(Done::new(offer.repository, offer.sequence, offer.snapshot).to_bytes()));
        }
    }

    /// Asks for what is missing, as far as the window reaches.
    fn ask(&mut self, keeping: &mut impl Keeping, now: u64) {
        // Many at a time: a wish costs a message too.
        if now < self.rest_until || self.asked.len() > limits::PIECES_ASKED / 2 {
            return;
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some(goal) = self.goal.as_mut().filter(|goal| goal.state == State::Fetching) {
            if let Some(open) = goal.open.get(at) {
                let missing = open.missing.iter().map(|n| (open.object.id, *n)).filter(|piece| !self.asked.contains_key(piece));
                pieces.extend(missing.take(limits::PIECES_ASKED.saturating_sub(self.asked.len() + pieces.len())));
                // A file that is whole and could not be kept.
                if open.missing.is_empty() {
                    self.finish(at, keeping, now);
                    if now < self.rest_until {
                        return;
                    }
                    continue;
                }
                at += 1;
                continue;
            }
            if self.asked.len() + pieces.len() >= limits::PIECES_ASKED || !goal.may_open() {
                break;
            }
            if !self.open(keeping, now) {
                break;
            }
        }
        let Some(goal) = self.goal.as_ref().filter(|_| !pieces.is_empty()) else { return };
        for piece in &pieces {
            self.askings += 1;
            self.asked.insert(*piece, self.askings);
        }
        self.heard_at = now;
        self.says.push(Say::Want(Want::new(goal.offer.repository, pieces, goal.left, &self.woe).to_bytes()));
    }

    /// Begins the next file, with what is here of it. False: not now.
    fn open(&mut self, keeping: &mut impl Keeping, now: u64) -> bool {
        let Some(goal) = self.goal.as_mut() else { return false };
        let Some(object) = goal.todo.pop_front() else { return false };
        match keeping.begun(&object) {
            Ok(begun) => {
                let missing: BTreeSet<u32> = (0..object.pieces()).filter(|n| !begun.contains(n)).collect();
                let here = begun.iter().filter_map(|n| object.range(*n)).map(|range| range.end - range.start).sum();
                goal.left = goal.left.saturating_sub(here);
                let wants_early = object.id == goal.offer.snapshot;
                goal.open.push(Open { object, missing });
                let early = std::mem::take(&mut self.early);
                if wants_early && let Ok(piece) = Piece::read(&early) {
                    self.take(&piece, keeping, now);
                } else {
                    self.early = early;
                }
                true
            }
            Err(error) => {
                goal.todo.push_front(object);
                self.rest(&error, now);
                false
            }
        }
    }
}

impl Goal {
    /// A snapshot is kept when all that it may need is.
    fn may_open(&self) -> bool {
        let is_snapshot = |object: &Object| matches!(object.kind, Kind::Snapshot(_));
        self.todo.front().is_some_and(|next| !is_snapshot(next) || self.open.iter().all(|open| is_snapshot(&open.object)))
    }
}
