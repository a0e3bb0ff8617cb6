//! The order in which somebody pages through what was found. What is indexed between two pages changes every score, so that an order reckoned
//! anew would leave out or repeat.

use super::{Query, find::Ranked, rank::Parts};
use crate::domain::{EntityId, Timestamp};
use std::{collections::VecDeque, sync::Arc};

/// Questions that are paged through at a time; of one that was asked before them the order is reckoned anew.
const QUESTIONS: usize = 16;
/// A longer order, of what the index has not seen yet, is not kept: all of them take 400 KiB at most.
const LONGEST: usize = 1_024;

/// What was asked, and when.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub now: Timestamp,
    pub focus: Option<EntityId>,
    pub query: Query,
    pub parts: Parts,
}

/// The orders of the questions asked last.
#[derive(Default)]
pub struct Paged(VecDeque<(Question, usize, Arc<Ranked>)>);

impl Paged {
    pub(super) fn order(&self, question: &Question, window: usize) -> Option<Arc<Ranked>> {
        self.0.iter().find(|(asked, at, _)| *at == window && asked == question).map(|(.., ranked)| Arc::clone(ranked))
    }

    /// Of each question the window at which it is.
    pub(super) fn keep(&mut self, question: Question, window: usize, ranked: Arc<Ranked>) {
        self.0.retain(|(asked, ..)| *asked != question);
        if ranked.found.len() > LONGEST {
            return;
        }
        self.0.truncate(QUESTIONS - 1);
        self.0.push_front((question, window, ranked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded() {
        let question = |n: i64| Question { now: Timestamp::from_micros(n), focus: None, query: Query::default(), parts: Parts::default() };
        let order = |len: usize| Arc::new(Ranked { found: vec![(0.5, uuid::Uuid::nil()); len], is_last: true });
        let mut paged = Paged::default();
        for n in 0..40 {
            paged.keep(question(n), 0, order(3));
        }
        assert_eq!(paged.0.len(), QUESTIONS);
        assert!(paged.order(&question(39), 0).is_some() && paged.order(&question(0), 0).is_none());
        paged.keep(question(39), 1, order(LONGEST));
        assert!(paged.order(&question(39), 0).is_none() && paged.order(&question(39), 1).is_some());
        paged.keep(question(39), 2, order(LONGEST + 1));
        assert!((1..3).all(|window| paged.order(&question(39), window).is_none()));
    }
}
