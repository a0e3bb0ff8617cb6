//! The detector of one series of states: which there are, and how fast they change.

use super::{episode::What, narrow, news::News, pow2};
use crate::domain::{Timestamp, limits};
use serde::{Deserialize, Serialize};

/// A state is new only after this long and so many words: a week has shown what a house does.
const LEARNED_SECONDS: f64 = 7.0 * 86_400.0;
const LEARNED_WORDS: u32 = 100;
/// A new state is news from so many bits on: once in 256 words.
const BITS: f64 = 8.0;
/// A new state that was told so often, or for so long, is one of them.
const ACCEPTED_WORDS: u32 = 8;
const ACCEPTED_SECONDS: f64 = 86_400.0;
/// Changes are counted in a bucket that halves in ten seconds; it overflows at three times of what it held in the last weeks, and at no less
/// than what no hand does.
const BUCKET_HALF_LIFE_SECONDS: f64 = 10.0;
const CHATTER_TIMES: f64 = 3.0;
const CHATTER_LEAST: f64 = 12.0;
const MOST_GROWTH: f32 = 0.1;
const MOST_HALF_LIFE_SECONDS: f64 = 30.0 * 86_400.0;
/// What is counted as chatter is in deviations as a leap of this many would be.
const CHATTER_Z: f64 = 12.0;
/// Chatter is over when the bucket is this empty.
const CALM: f64 = 3.0;
const MOST_BITS: f64 = 64.0;

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Discrete {
    #[serde(rename = "s")]
    states: Vec<State>,
    /// There are more states than are kept: nothing is new here.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    open: bool,
    #[serde(rename = "n")]
    words: u32,
    #[serde(rename = "f")]
    first: Timestamp,
    #[serde(rename = "t")]
    at: Timestamp,
    /// The place of the last state; None: one that is not kept.
    #[serde(rename = "l")]
    last: Option<u8>,
    /// The bucket of changes, and the most that it held of late.
    #[serde(rename = "b")]
    bucket: f32,
    #[serde(rename = "m")]
    most: f32,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    episode: Option<Box<Oddity>>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
struct State {
    #[serde(rename = "w")]
    word: Box<str>,
    #[serde(rename = "n")]
    times: u32,
}

/// An episode of a series of states.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Oddity {
    #[serde(rename = "k")]
    pub what: What,
    #[serde(rename = "a")]
    pub since: Timestamp,
    /// The new state; empty for chatter.
    #[serde(rename = "w")]
    pub word: Box<str>,
    /// Bits of surprise, or changes in the bucket.
    #[serde(rename = "z")]
    pub size: f32,
    #[serde(rename = "n")]
    times: u32,
    #[serde(rename = "c")]
    pub near: bool,
}

impl Discrete {
    #[must_use]
    pub fn new(word: &str, at: Timestamp) -> Self {
        Self {
            states: vec![State { word: word.into(), times: 1 }],
            open: false,
            words: 1,
            first: at,
            at,
            last: Some(0),
            bucket: 0.0,
            most: 0.0,
            episode: None,
        }
    }

    /// Takes one word; `alarm`: its rare states are what it is there to tell.
    pub fn hear(&mut self, word: &str, at: Timestamp, alarm: bool) -> Option<News> {
        let seconds = at.seconds_since(self.at);
        self.at = self.at.max(at);
        let place = self.states.iter().position(|s| &*s.word == word).and_then(|place| u8::try_from(place).ok());
        let again = match &self.episode {
            Some(odd) if odd.what == What::NewState => *odd.word == *word,
            _ => place.is_some() && place == self.last,
        };
        self.bucket = narrow(f64::from(self.bucket) * pow2(-seconds / BUCKET_HALF_LIFE_SECONDS) + f64::from(u8::from(!again)));
        self.most = narrow(f64::from(self.most) * pow2(-seconds / MOST_HALF_LIFE_SECONDS));
        self.words = self.words.saturating_add(1);
        match self.episode.take() {
            Some(odd) => self.go_on(odd, word, place, again, at),
            None => self.judge(word, place, at, alarm),
        }
    }

    #[must_use]
    pub fn episode(&self) -> Option<&Oddity> {
        self.episode.as_deref()
    }

    pub fn episode_mut(&mut self) -> Option<&mut Oddity> {
        self.episode.as_deref_mut()
    }

    #[must_use]
    pub fn words(&self) -> u32 {
        self.words
    }

    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    #[must_use]
    pub fn most(&self) -> f64 {
        self.most.into()
    }

    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.states.len() <= limits::STATES
            && self.states.iter().all(|s| s.word.len() <= limits::STATE_BYTES)
            && self.last.is_none_or(|place| usize::from(place) < self.states.len())
            && [self.bucket, self.most].iter().all(|x| x.is_finite() && *x >= 0.0)
            && self.episode.as_ref().is_none_or(|odd| odd.size.is_finite() && odd.word.len() <= limits::STATE_BYTES)
    }

    fn judge(&mut self, word: &str, place: Option<u8>, at: Timestamp, alarm: bool) -> Option<News> {
        let bucket = f64::from(self.bucket);
        if bucket > (CHATTER_TIMES * self.most()).max(CHATTER_LEAST) {
            self.keep(word, place);
            return self.begin(What::Chatter, "", bucket, CHATTER_Z, at);
        }
        let learned = self.words >= LEARNED_WORDS && at.seconds_since(self.first) >= LEARNED_SECONDS;
        if place.is_none() && learned && !self.open && !alarm {
            let bits = self.surprise();
            if bits >= BITS {
                self.keep(word, place);
                return self.begin(What::NewState, word, bits, bits, at);
            }
        }
        // Slowly: a burst must not be its own example.
        self.most = self.most.max(self.bucket.min(self.most + MOST_GROWTH));
        self.keep(word, place);
        None
    }

    /// −log₂ of the chance that a word is new, in bits: Good and Turing's estimate, the share of states that were told once, with half a
    /// state more so that it is never 0.
    fn surprise(&self) -> f64 {
        let once = u32::try_from(self.states.iter().filter(|s| s.times == 1).count()).unwrap_or(u32::MAX);
        libm::log2((f64::from(self.words) + 1.0) / (f64::from(once) + 0.5)).min(MOST_BITS)
    }

    fn begin(&mut self, what: What, word: &str, size: f64, z: f64, at: Timestamp) -> Option<News> {
        self.episode = Some(Box::new(Oddity { what, since: at, word: word.into(), size: narrow(size), times: 1, near: false }));
        Some(News::Began { what, z, up: None })
    }

    fn go_on(&mut self, mut odd: Box<Oddity>, word: &str, place: Option<u8>, again: bool, at: Timestamp) -> Option<News> {
        odd.times = odd.times.saturating_add(1);
        let over = match odd.what {
            What::Chatter => {
                odd.size = odd.size.max(self.bucket);
                f64::from(self.bucket) <= CALM
            }
            _ => !again || odd.times >= ACCEPTED_WORDS || at.seconds_since(odd.since) >= ACCEPTED_SECONDS,
        };
        self.keep(word, place);
        if over {
            return Some(News::Ended { what: odd.what, since: odd.since });
        }
        self.episode = Some(odd);
        None
    }

    fn keep(&mut self, word: &str, place: Option<u8>) {
        let place = place.or_else(|| {
            if self.states.len() >= limits::STATES {
                self.open = true;
                return None;
            }
            self.states.push(State { word: word.into(), times: 0 });
            u8::try_from(self.states.len() - 1).ok()
        });
        if let Some(state) = place.and_then(|place| self.states.get_mut(usize::from(place))) {
            state.times = state.times.saturating_add(1);
        }
        self.last = place;
    }
}
