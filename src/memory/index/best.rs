//! The best of a search: by score, and among equals the newest. All segments are looked through, the newest first, and no further than needed.

use super::{
    Hit, Learnt,
    ceiling::{self, Profile, Times},
    columns::{Columns, Opened, first},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    sync::Arc,
};
use tantivy::{
    BitSet, DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED, Term,
    postings::{Postings, SegmentPostings},
    query::{Bm25Weight, BooleanQuery, EnableScoring, Occur, Query, TermQuery, Weight},
    schema::IndexRecordOption,
};
use uuid::Uuid;

/// The order in which scores are added up depends on the way; what is left of them does not.
const COARSE: u32 = !0x3ff;

/// A word is rare that stands in one of so many records.
const RARE: u64 = 128;

/// What a search wants.
pub struct Wanted<'w> {
    pub limit: usize,
    /// Whether it is scored: else all are alike.
    pub scored: bool,
    pub superseded: bool,
    /// Found elsewhere.
    pub except: &'w BTreeSet<Uuid>,
    /// None younger than this id.
    pub until: Option<Uuid>,
    /// Among equals the newest; else whichever stands first.
    pub newest_first: bool,
    /// Whether it matters whose a record is: to know costs as much as to find it.
    pub entities: bool,
}

/// What is looked for.
pub enum Sought {
    Query(BooleanQuery),
    /// Words, and what narrows but does not count: all words together, then fewer of them, the weightiest first. When enough have some, what
    /// scores less is passed over, and a union would look at every record that has one.
    InTurn {
        words: Vec<Term>,
        narrowed: Vec<(Occur, Box<dyn Query>)>,
    },
}

/// Score, age among equals, and the second half of the id.
type Rank = (u32, u64, u64);

/// A segment, a record in it, and the first half of its id.
type Place = (u32, DocId, u64);

/// The best so far; the worst of them on top.
struct Best<'w> {
    wanted: &'w Wanted<'w>,
    /// Whether some were offered before, with a score that was no less.
    again: bool,
    heap: BinaryHeap<Reverse<(Rank, Place)>>,
}

type Here<'s> = (u32, &'s SegmentReader, &'s Columns);

impl Best<'_> {
    /// Looks through a segment in which no record scores more than `most`.
    fn look(&mut self, weight: &dyn Weight, here: Here<'_>, most: Score) -> tantivy::Result<()> {
        let (_, segment, columns) = here;
        if self.wanted.scored {
            let floor = self.floor(columns.newest());
            let mut offer = |doc, score| match self.offer(here, doc, score) {
                // None that follows can be better: nothing exceeds this.
                floor if most <= floor => Score::MAX,
                floor => floor,
            };
            return weight.for_each_pruning(floor, segment, &mut offer);
        }
        let mut scorer = weight.scorer(segment, 1.0)?;
        let mut doc = scorer.doc();
        // All are alike, and all that follow are older.
        while doc != TERMINATED && self.offer(here, doc, 0.0) < 0.0 {
            doc = scorer.advance();
        }
        Ok(())
    }

    /// The same where more than words is asked for: Tantivy would go on to the end of the segment, whatever there is to be exceeded.
    fn look_narrowly(&mut self, weight: &dyn Weight, here: Here<'_>, most: Score) -> tantivy::Result<()> {
        let (_, segment, columns) = here;
        let mut floor = self.floor(columns.newest());
        let mut scorer = weight.scorer(segment, 1.0)?;
        let mut doc = scorer.doc();
        while doc != TERMINATED && most > floor {
            let score = scorer.score();
            if score > floor {
                floor = self.offer(here, doc, score);
            }
            doc = scorer.advance();
        }
        Ok(())
    }

    /// Looks at each record that has one word, with all others that it has of them.
    fn look_at_each(
        &mut self,
        rare: usize,
        terms: &[Term],
        weights: &[Bm25Weight],
        profiles: &[Profile],
        learnt: &Learnt,
        here: Here<'_>,
    ) -> tantivy::Result<()> {
        let (_, segment, columns) = here;
        let with = in_turn(weights).into_iter().filter(|words| words.contains(&rare));
        let most = with.map(|words| ceiling::most(&words, profiles, weights)).fold(Score::MIN, Score::max);
        let mut floor = self.floor(columns.newest());
        if most <= floor {
            return Ok(());
        }
        let word = |number: usize| Standing::of(segment, number, terms, weights, profiles);
        let (Some(field), Some(mut lead)) = (terms.first().map(Term::field), word(rare)?) else { return Ok(()) };
        let mut others = Vec::with_capacity(terms.len());
        for (other, term) in terms.iter().enumerate().filter(|(other, _)| *other != rare) {
            if let Some(standing) = word(other)? {
                others.push(Standing { places: learnt.places.of(segment, term, lead.postings.doc_freq())?, ..standing });
            }
        }
        // The weightiest first: soon it is plain that a record cannot be among the best.
        others.sort_by(|one, other| other.most.total_cmp(&one.most));
        let all = lead.most + others.iter().map(|other| other.most).sum::<f64>();
        let lengths = segment.get_fieldnorms_reader(field)?;
        let mut doc = lead.postings.doc();
        while doc != TERMINATED && most > floor {
            let mut can = all;
            for other in &mut others {
                if !other.stands_in(doc) {
                    can -= other.most;
                    if can <= f64::from(floor) {
                        break;
                    }
                }
            }
            // Nearly none comes so far: only of these is it reckoned what they score.
            if can > f64::from(floor) {
                let length = lengths.fieldnorm_id(doc);
                let there = others.iter_mut().filter(|other| other.stands);
                let score = there.fold(lead.score(doc, length), |sum, other| sum + other.score(doc, length));
                if score > floor {
                    floor = self.offer(here, doc, score);
                }
            }
            doc = lead.postings.advance();
        }
        Ok(())
    }

    fn hits(self, opened: &Opened) -> Vec<Hit> {
        let entities = self.wanted.entities;
        let mut names = BTreeMap::new();
        let hits = self.heap.into_sorted_vec().into_iter().filter_map(|Reverse(((score, _, low), (ord, doc, high)))| {
            let columns = opened.columns(ord)?;
            Some(Hit {
                id: Uuid::from_u64_pair(high, low),
                importance: u8::try_from(first(&columns.importance, doc)).map_or(1.0, |n| f64::from(n) / 255.0),
                relevance: f64::from(Score::from_bits(score)),
                entity: columns.entity_number(doc).filter(|_| entities).map(|number| {
                    let name: &mut Arc<str> = names.entry((ord, number)).or_insert_with(|| columns.entity(number));
                    Arc::clone(name)
                }),
            })
        });
        hits.collect()
    }

    /// Takes a document if it is among the best; what a later one of this segment, which is older, must exceed.
    fn offer(&mut self, here: Here<'_>, doc: DocId, score: Score) -> Score {
        let (ord, reader, columns) = here;
        let high = first(&columns.high, doc);
        if reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) && (self.wanted.superseded || first(&columns.superseded, doc) == 0)
        {
            let low = first(&columns.low, doc);
            let id = Uuid::from_u64_pair(high, low);
            let is_here = self.again && self.heap.iter().any(|Reverse((_, place))| *place == (ord, doc, high));
            if !is_here && self.wanted.until.is_none_or(|until| id <= until) && !self.wanted.except.contains(&id) {
                let rank =
                    (score.max(0.0).to_bits() & COARSE, if self.wanted.newest_first { high } else { u64::MAX - u64::from(doc) }, low);
                self.heap.push(Reverse((rank, (ord, doc, high))));
                if self.heap.len() > self.wanted.limit {
                    self.heap.pop();
                }
            }
        }
        self.floor(high)
    }

    /// What a document that is not younger than that must exceed: all scores that are the same as the worst of them, for among equals
    /// it would be the older one.
    fn floor(&self, high: u64) -> Score {
        match self.heap.peek() {
            Some(Reverse(((score, worst, _), ..))) if self.heap.len() >= self.wanted.limit => {
                let may_tie = self.wanted.newest_first && high > *worst;
                match (may_tie, *score) {
                    (true, 0) => -1.0,
                    (true, score) => Score::from_bits(score - 1),
                    (false, score) if self.wanted.newest_first => Score::from_bits(score | !COARSE),
                    (false, score) => Score::from_bits(score),
                }
            }
            _ => Score::MIN,
        }
    }
}

/// A word in a segment, and where it stands.
struct Standing<'w> {
    /// No record scores more for it.
    most: f64,
    weight: &'w Bm25Weight,
    profile: &'w Profile,
    postings: SegmentPostings,
    /// Where it is common: the records that have it.
    places: Option<Arc<BitSet>>,
    /// In the record that was asked for last.
    stands: bool,
}

impl<'w> Standing<'w> {
    /// None: it stands in none of its records.
    fn of(
        segment: &SegmentReader,
        number: usize,
        terms: &[Term],
        weights: &'w [Bm25Weight],
        profiles: &'w [Profile],
    ) -> tantivy::Result<Option<Self>> {
        let (Some(term), Some(weight), Some(profile)) = (terms.get(number), weights.get(number), profiles.get(number)) else {
            return Ok(None);
        };
        let postings = segment.inverted_index(term.field())?.read_postings(term, IndexRecordOption::WithFreqs)?;
        let most = f64::from(ceiling::most(&[number], profiles, weights));
        Ok(postings.map(|postings| Self { most, weight, profile, postings, places: None, stands: false }))
    }

    /// Asked of one record after another.
    fn stands_in(&mut self, doc: DocId) -> bool {
        self.stands = match &self.places {
            Some(places) => places.contains(doc),
            None => self.goes_to(doc),
        };
        self.stands
    }

    fn goes_to(&mut self, doc: DocId) -> bool {
        if self.postings.doc() < doc {
            self.postings.seek(doc);
        }
        self.postings.doc() == doc
    }

    /// What a record in which it stands scores for it, by the length of its text.
    fn score(&mut self, doc: DocId, length: u8) -> Score {
        let times = match ceiling::times_in(self.profile, length) {
            // Machines say it as often each time: its list need not be unpacked there.
            Some(Times { least, most }) if least == most => most,
            _ => {
                self.goes_to(doc);
                self.postings.term_freq()
            }
        };
        self.weight.score(length, times)
    }
}

/// The best documents of all segments, best first.
pub fn search(searcher: &Searcher, opened: &Opened, learnt: &Learnt, sought: &Sought, wanted: &Wanted<'_>) -> tantivy::Result<Vec<Hit>> {
    let scoring =
        if wanted.scored { EnableScoring::enabled_from_searcher(searcher) } else { EnableScoring::disabled_from_searcher(searcher) };
    let mut segments = Vec::new();
    for (ord, columns) in opened.newest_first() {
        let segment = usize::try_from(ord).ok().and_then(|ord| searcher.segment_readers().get(ord));
        segments.extend(segment.map(|segment| (ord, segment, columns)));
    }
    let mut best = Best { wanted, again: false, heap: BinaryHeap::with_capacity(wanted.limit.saturating_add(1)) };
    match sought {
        Sought::Query(query) => {
            let weight = query.weight(scoring)?;
            for here in segments {
                best.look(&*weight, here, Score::MAX)?;
            }
        }
        Sought::InTurn { words: terms, narrowed } => {
            let weights = terms.iter().map(|term| Bm25Weight::for_terms(searcher, std::slice::from_ref(term)));
            let weights = weights.collect::<tantivy::Result<Vec<_>>>()?;
            let profiles =
                segments.iter().map(|(_, segment, _)| learnt.ceilings.of(segment, terms)).collect::<tantivy::Result<Vec<_>>>()?;
            let rare = if narrowed.is_empty() { rarest(searcher, terms, &weights)? } else { None };
            if let Some(rare) = rare {
                for (here, profiles) in segments.iter().zip(&profiles) {
                    best.look_at_each(rare, terms, &weights, profiles, learnt, *here)?;
                }
                best.again = true;
            }
            // What several searches find counts as the first of them has it: that with all of its words.
            for together in in_turn(&weights).into_iter().filter(|words| rare.is_none_or(|rare| !words.contains(&rare))) {
                let mut weight = None;
                for (here, profiles) in segments.iter().zip(&profiles) {
                    let most = ceiling::most(&together, profiles, &weights);
                    if most <= best.floor(here.2.newest()) {
                        continue;
                    }
                    let weight = match &mut weight {
                        Some(weight) => weight,
                        none => none.insert(all_of(&together, terms, narrowed).weight(scoring)?),
                    };
                    if narrowed.is_empty() {
                        best.look(&**weight, *here, most)?;
                    } else {
                        best.look_narrowly(&**weight, *here, most)?;
                    }
                }
                best.again = true;
            }
        }
    }
    Ok(best.hits(opened))
}

/// The word that counts most of several, where few records have it: then it takes less to look at each of those than to look for it with
/// every choice of the others.
fn rarest(searcher: &Searcher, terms: &[Term], weights: &[Bm25Weight]) -> tantivy::Result<Option<usize>> {
    let first = weights.iter().enumerate().max_by(|(_, one), (_, other)| one.max_score().total_cmp(&other.max_score()));
    let Some((word, term)) = first.and_then(|(word, _)| Some((word, terms.get(word)?))).filter(|_| terms.len() > 1) else {
        return Ok(None);
    };
    Ok((searcher.doc_freq(term)?.saturating_mul(RARE) <= searcher.num_docs()).then_some(word))
}

/// All choices of some words, by their numbers: what can score most first, and so each before any part of it.
fn in_turn(weights: &[Bm25Weight]) -> Vec<Vec<usize>> {
    let mut subsets: Vec<(Score, Vec<usize>)> = vec![(0.0, Vec::new())];
    for (word, weight) in weights.iter().enumerate() {
        let with = |(sum, some): &(Score, Vec<usize>)| (sum + weight.max_score(), some.iter().copied().chain([word]).collect());
        let more: Vec<(Score, Vec<usize>)> = subsets.iter().map(with).collect();
        subsets.extend(more);
    }
    subsets.retain(|(_, some)| !some.is_empty());
    subsets.sort_by(|(one, some), (other, others)| other.total_cmp(one).then(others.len().cmp(&some.len())));
    subsets.into_iter().map(|(_, some)| some).collect()
}

fn all_of(words: &[usize], terms: &[Term], narrowed: &[(Occur, Box<dyn Query>)]) -> BooleanQuery {
    let must =
        |term: &Term| -> (Occur, Box<dyn Query>) { (Occur::Must, Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs))) };
    let of_words = words.iter().filter_map(|word| terms.get(*word)).map(must);
    BooleanQuery::new(of_words.chain(narrowed.iter().map(|(occur, query)| (*occur, query.box_clone()))).collect())
}
