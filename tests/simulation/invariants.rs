//! What must hold whatever the world does. Each has a name and one sentence; a run ends at the first that does not hold.

use super::{
    house::{House, goes_on, is_denied},
    ledger::Committed,
    world::Proof,
};
use jamey::{
    app::{self, Entered},
    domain::{Answer, Decision, Ending, EntityId, Input, Kept, Standing, limits},
    memory::{index::Index, verify},
    mind::{Mind, State},
    store::{self, Batch},
};
use rusqlite::Connection;
use std::collections::BTreeSet;
use uuid::Uuid;

/// An invariant that does not hold, and how that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    pub invariant: &'static str,
    pub text: String,
}

impl Broken {
    pub fn new(invariant: &'static str, text: impl std::fmt::Display) -> Self {
        Self { invariant, text: text.to_string() }
    }
}

type Held = Result<(), Broken>;

fn holds(invariant: &'static str, is_so: bool, text: impl FnOnce() -> String) -> Held {
    if is_so { Ok(()) } else { Err(Broken { invariant, text: text() }) }
}

/// What a mind is, to compare it.
pub fn bytes(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(state, &mut bytes).unwrap();
    bytes
}

pub fn after_step(house: &mut House) -> Held {
    time_never_goes_back(house)?;
    what_waits_is_bounded(house)?;
    if house.steps.is_multiple_of(16) { opinions_are_opinions(house) } else { Ok(()) }
}

pub fn after_commit(house: &mut House, committed: &Committed<'_>) -> Held {
    what_is_denied_goes_nowhere(committed)?;
    what_is_repeated_leaves_nothing_new(house, committed)?;
    nothing_goes_on_without_a_stored_verdict(house, committed)?;
    what_waits_goes_on_at_most_once(house, committed)
}

pub fn after_start(house: &mut House) -> Held {
    time_goes_on_where_it_was(house)?;
    what_was_acknowledged_is_there(house)?;
    what_went_on_has_its_verdict(house)?;
    what_waited_waits(house)?;
    the_audit_trail_is_whole(house)?;
    the_database_is_whole(house)?;
    who_is_forgotten_stays_forgotten(house)?;
    opinions_are_opinions(house)
}

/// All is written, and nobody acts.
pub fn at_rest(house: &mut House) -> Held {
    what_was_acknowledged_is_there(house)?;
    a_recorded_run_replays_bit_for_bit(house)?;
    the_mind_stays_small(house)?;
    sums_add_up(house)
}

/// The mind's time never goes back, whatever the host's clock does.
fn time_never_goes_back(house: &mut House) -> Held {
    let (now, latest) = (house.mind.now(), house.ledger.latest);
    house.ledger.latest = now;
    holds("time_never_goes_back", now >= latest, || format!("from {latest} to {now}"))
}

/// A start goes on no earlier than what was stored last.
fn time_goes_on_where_it_was(house: &mut House) -> Held {
    let (now, stored) = (house.mind.now(), house.ledger.stored_at);
    // What was told after the last commit is lost, and its time with it.
    house.ledger.latest = now;
    holds("time_goes_on_where_it_was", now >= stored, || format!("at {now}, though something was stored at {stored}"))
}

/// No more waits for people's words than people could look through, and no more devices are known than fit.
fn what_waits_is_bounded(house: &mut House) -> Held {
    let (held, devices) = (house.mind.held().count(), house.mind.registry().devices().count());
    holds("what_waits_is_bounded", held <= limits::HELD && devices <= limits::DEVICES, || format!("{held} wait, {devices} devices"))
}

/// Belief, disbelief and uncertainty are in [0, 1] each and 1 together, for the whole and for each facet. What is expected of a facet is no more
/// than its slow clock expects, and what it is trusted with is less; the whole is trusted as one of its facets is. (The fast clock lowers what
/// is expected and not the trust: shortly after it was denied something, one may be trusted with more than is expected.)
fn opinions_are_opinions(house: &mut House) -> Held {
    /// The weight of the prior, and what a minute may move: trust is reckoned once a minute.
    const PRIOR: f64 = 2.0;
    const MINUTE: f64 = 1e-3;
    let is_one = |parts: [f64; 3]| parts.iter().all(|part| (0.0..=1.0).contains(part)) && (parts.iter().sum::<f64>() - 1.0).abs() < 1e-9;
    let now = house.mind.now();
    for view in house.mind.soul().opinions(now) {
        let (trust, facets) = (view.lower_bound.get(), &view.detail.facets);
        // That of the view is the fast clock's: what the slow one expects.
        let a = match view.standing {
            Standing::Owner => 0.7,
            Standing::Paired => 0.5,
            Standing::Newcomer => 0.3,
        };
        let mut sound = is_one([view.belief, view.disbelief, view.uncertainty]) && (0.0..=1.0).contains(&view.base_rate);
        for facet in facets {
            let slow = (PRIOR * a + facet.for_it) / (PRIOR + facet.for_it + facet.against_it);
            sound &= is_one([facet.belief, facet.disbelief, facet.uncertainty]);
            sound &= facet.expectation <= slow + 1e-9 && facet.lower_bound < slow;
            // What speaks against one facet speaks against the whole.
            sound &= facet.against_it < 1.0 || trust <= facet.lower_bound + MINUTE;
        }
        sound &= facets.is_empty() || facets.iter().any(|facet| (facet.lower_bound - trust).abs() < MINUTE);
        holds("opinions_are_opinions", sound, || format!("of {}: {view:?}", view.entity))?;
    }
    Ok(())
}

/// What is denied goes nowhere, and what waits does not go on with its own batch.
fn what_is_denied_goes_nowhere(committed: &Committed<'_>) -> Held {
    for entry in committed.batch.entries.iter().filter(|entry| entry.lets_on) {
        let (id, waits) = (entry.percept.id, entry.outcome.held_until.is_some());
        holds("what_is_denied_goes_nowhere", !is_denied(entry) && !waits, || format!("{id} on {}", entry.percept.topic))?;
    }
    Ok(())
}

/// What is repeated makes no memory of its own, and waits no second time.
fn what_is_repeated_leaves_nothing_new(house: &mut House, committed: &Committed<'_>) -> Held {
    const NAME: &str = "what_is_repeated_leaves_nothing_new";
    for entry in committed.batch.entries.iter().filter(|entry| entry.percept.repeat_of.is_some() && !entry.again) {
        let record = house.reader().record(entry.percept.id).map_err(|e| Broken::new(NAME, e))?;
        holds(NAME, record.is_none() && entry.outcome.held_until.is_none(), || format!("{:?}", entry.percept))?;
    }
    Ok(())
}

/// Whatever goes on was judged, and the verdict that lets it on is on disk before.
fn nothing_goes_on_without_a_stored_verdict(house: &mut House, committed: &Committed<'_>) -> Held {
    const NAME: &str = "nothing_goes_on_without_a_stored_verdict";
    for entry in committed.batch.entries.iter().filter(|entry| goes_on(entry)) {
        let id = entry.percept.id;
        let rows = house.reader().verdict(id).map_err(|e| Broken::new(NAME, e))?;
        let first: Vec<_> = rows.iter().filter(|row| usize::from(row.ordinal) < limits::AGAIN).collect();
        let is_stored = first.len() == entry.outcome.judged.len()
            && first.iter().all(|row| row.verdict.decision == Decision::Allow && row.forwarded_at.is_some());
        holds(NAME, is_stored, || format!("{id} on {}: {} rows of {}", entry.percept.topic, first.len(), entry.outcome.judged.len()))?;
        house.ledger.went_on.insert(id);
        house.ledger.count("let on");
    }
    for (kept, settled) in committed.released {
        let rows = house.reader().verdict(kept.percept.id).map_err(|e| Broken::new(NAME, e))?;
        let again: Vec<_> = rows.iter().filter(|row| usize::from(row.ordinal) >= limits::AGAIN).collect();
        let is_stored = again.len() == settled.judged.len() && again.iter().all(|row| row.verdict.decision == Decision::Allow);
        holds(NAME, is_stored && !again.is_empty(), || format!("{} was judged again in {} rows", kept.percept.id, again.len()))?;
    }
    Ok(())
}

/// One that waited goes on at most once, by a person's word only in its time, and never by the word of who asked.
fn what_waits_goes_on_at_most_once(house: &mut House, committed: &Committed<'_>) -> Held {
    for (kept, settled) in committed.released {
        let id = kept.percept.id;
        let is_first = house.ledger.released.insert(id) && !house.ledger.went_on.contains(&id);
        holds("what_waits_goes_on_at_most_once", is_first, || format!("{id} goes on a second time"))?;
        let own = settled.by.as_ref().is_some_and(|by| *by == kept.percept.source.requester);
        holds("nobody_approves_what_they_asked_for", !own, || format!("{id} by {:?}", settled.by))?;
        let late = settled.ending == Ending::Approved && settled.at >= kept.expires_at;
        holds("nothing_is_approved_after_its_time", !late, || format!("{id} at {}, by {}", settled.at, kept.expires_at))?;
        let by_nobody = settled.ending == Ending::Approved && settled.by.is_none();
        holds("nothing_is_approved_by_nobody", !by_nobody, || id.to_string())?;
        house.ledger.count("released");
    }
    Ok(())
}

/// An answer counts only of one who read what they answer, and while it waits.
pub fn who_answers_has_read_it(kept: &Kept, word: &Answer, proof: Proof) -> Held {
    let is_right = word.nonce == kept.nonce && word.sha256 == kept.digest() && matches!(proof, Proof::Right);
    let in_time = word.at < kept.expires_at && word.by != kept.percept.source.requester;
    holds("who_answers_has_read_it", is_right && in_time, || format!("{word:?}"))
}

/// All memories that were stored, so all that were acknowledged, are there after whatever happened, unless they were let go or forgotten in order.
fn what_was_acknowledged_is_there(house: &mut House) -> Held {
    let stored = ids(house, "SELECT id FROM memory_records");
    if let Some(id) = house.ledger.kept.keys().find(|id| !house.ledger.let_go.contains(id) && !stored.contains(id)) {
        let was = if house.ledger.acked.contains(id) { "acknowledged" } else { "stored" };
        return Err(Broken::new("what_was_acknowledged_is_there", format!("{id} was {was}, and is gone")));
    }
    Ok(())
}

/// The verdict by which something went on stays on record.
fn what_went_on_has_its_verdict(house: &mut House) -> Held {
    let stored = ids(house, "SELECT DISTINCT percept FROM verdicts");
    let missing = house.ledger.went_on.iter().find(|id| !stored.contains(id));
    holds("what_went_on_has_its_verdict", missing.is_none(), || format!("{missing:?}"))
}

/// After a start exactly that waits which waited by the last commit, and as people were shown it.
fn what_waited_waits(house: &mut House) -> Held {
    let held: BTreeSet<Uuid> = house.ledger.held.keys().copied().collect();
    let is_so = held == house.ledger.found && house.ledger.altered.is_empty();
    holds("what_waited_waits", is_so, || format!("{held:?} waited, {:?} wait, {:?} altered", house.ledger.found, house.ledger.altered))
}

/// Each row of the audit trail follows the one before, all are sealed, and verdicts are as they were when they were sealed.
fn the_audit_trail_is_whole(house: &mut House) -> Held {
    const NAME: &str = "the_audit_trail_is_whole";
    let key = store::audit_key(house.folder.path()).map_err(|e| Broken::new(NAME, e))?;
    let audited = house.reader().verify_audit(key.as_ref()).map_err(|e| Broken::new(NAME, e))?;
    holds(NAME, audited.wrong == 0, || format!("{:?}", audited.findings))
}

fn the_database_is_whole(house: &mut House) -> Held {
    const NAME: &str = "the_database_is_whole";
    let damage = house.reader().damage().map_err(|e| Broken::new(NAME, e))?;
    holds(NAME, damage.is_empty(), || damage.join("; "))
}

/// A batch that did not land left no row.
pub fn what_is_lost_is_lost_whole(house: &mut House, batch: &Batch) -> Held {
    let stored = ids(house, "SELECT id FROM memory_records UNION SELECT percept FROM verdicts");
    let first = |id: &Uuid| !house.ledger.kept.contains_key(id) && !house.ledger.went_on.contains(id);
    let half = batch.entries.iter().filter(|entry| !entry.again).map(|entry| entry.percept.id).find(|id| first(id) && stored.contains(id));
    holds("what_is_lost_is_lost_whole", half.is_none(), || format!("{half:?} is there, and its batch is not"))
}

/// The index finds what the database has and nothing else.
pub fn the_index_has_what_the_database_has(house: &House, index: &Index) -> Held {
    const NAME: &str = "the_index_has_what_the_database_has";
    let told = verify::agreement(index, house.reader(), |_| {}).map_err(|e| Broken::new(NAME, e))?;
    holds(NAME, told.is_whole() && told.waiting == 0, || format!("{told:?}"))
}

/// Forgetting takes all that names whom, and nothing that does not.
pub fn forgetting_takes_what_names_whom(house: &mut House, forgotten: &[EntityId]) -> Held {
    const NAME: &str = "forgetting_takes_what_names_whom";
    let stored = ids(house, "SELECT id FROM memory_records");
    let gone: Vec<Uuid> =
        house.ledger.kept.keys().filter(|id| !house.ledger.let_go.contains(id) && !stored.contains(id)).copied().collect();
    for id in gone {
        let named = house.ledger.kept.remove(&id).unwrap_or_default();
        let is_meant = forgotten.iter().any(|who| named.contains(who.as_str()));
        holds(NAME, is_meant, || format!("{id} is gone, and tells of {named}"))?;
    }
    house.ledger.count("forgotten");
    for who in forgotten {
        let keeps = house.reader().keeps(who).map_err(|e| Broken::new(NAME, e))?;
        holds(NAME, !keeps, || format!("{who} is still named"))?;
    }
    Ok(())
}

/// Who was forgotten is in no row, until they are heard of again.
fn who_is_forgotten_stays_forgotten(house: &mut House) -> Held {
    const NAME: &str = "who_is_forgotten_stays_forgotten";
    for who in &house.ledger.forgotten {
        let keeps = house.reader().keeps(who).map_err(|e| Broken::new(NAME, e))?;
        holds(NAME, !keeps && !house.mind.keeps(who), || format!("{who} is still known"))?;
    }
    Ok(())
}

/// From what was written down, the mind comes to be what it is, bit for bit.
fn a_recorded_run_replays_bit_for_bit(house: &mut House) -> Held {
    const NAME: &str = "a_recorded_run_replays_bit_for_bit";
    let from = i64::try_from(house.ledger.since).unwrap() + 1;
    let blocks = house.reader().journal(from, u32::MAX).map_err(|e| Broken::new(NAME, e))?;
    let mut mind: Option<Mind> = None;
    for (_, block) in &blocks {
        for entry in app::read_journal(block).map_err(|e| Broken::new(NAME, e))? {
            match (entry, &mut mind) {
                (Entered::State(state), mind) => {
                    let settings = app::settings(&house.config).unwrap();
                    *mind = Some(Mind::revived(settings, *state).map_err(|e| Broken::new(NAME, format!("{e:?}")))?);
                }
                (Entered::Input(input), Some(mind)) => {
                    mind.step(&input);
                    // What is due to be stored is part of what the mind is, and the house takes it once a second and with each batch.
                    if matches!(input, Input::Tick(_)) {
                        mind.take_changes();
                    }
                }
                (Entered::Input(_), None) => return Err(Broken::new(NAME, "a journal begins with a state")),
            }
        }
        mind.as_mut().map(Mind::take_changes);
    }
    let Some(mind) = mind else { return Ok(()) };
    holds(NAME, bytes(mind.state()) == bytes(house.mind.state()), || format!("not so after {} blocks", blocks.len()))
}

/// What the mind holds in memory stays what a small world needs.
fn the_mind_stays_small(house: &mut House) -> Held {
    let size = bytes(house.mind.state()).len();
    let most = house.ledger.counts.entry("bytes of the mind, at most").or_default();
    *most = (*most).max(size as u64);
    holds("the_mind_stays_small", size < 4_000_000, || format!("{size} bytes"))
}

/// Summaries could have come about from what was summed up.
fn sums_add_up(house: &mut House) -> Held {
    const NAME: &str = "sums_add_up";
    let sums = verify::sums(house.reader()).map_err(|e| Broken::new(NAME, e))?;
    holds(NAME, sums.wrong == 0, || format!("{:?}", sums.named))
}

fn ids(house: &House, sql: &str) -> BTreeSet<Uuid> {
    let conn = Connection::open(house.folder.path().join(store::FILE)).unwrap();
    conn.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
    let mut rows = conn.prepare(sql).unwrap();
    rows.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap().map(|id| Uuid::from_bytes(id.unwrap())).collect()
}
