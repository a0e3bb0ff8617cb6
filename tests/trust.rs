//! Promise: who misuses trust loses it at once and for long, who merely fails now and then keeps it, and what is expected comes true as often.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers of a simulation"
)]

mod alive;
use alive::{Alive, Who};

use jamey::{
    domain::{Decision, EntityId, Facet, Remedy, Request, Standing, Timestamp, Unit01, Verb},
    soul::{Evidence, Soul},
};

/// Trust from which a request is granted: what a lock asks for, roughly.
const ENOUGH: f64 = 0.8;
const EVENTS: usize = 2_000;
const SEEDS: u64 = 10;

fn id(name: &str) -> EntityId {
    EntityId::new(name).unwrap()
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(60 * minute)
}

/// SplitMix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    /// In [0, 1).
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    Good,
    /// Meant well, and did not work.
    Failed,
    Bad,
}

/// What was granted, of the good and of the bad.
#[derive(Default, Clone, Copy)]
struct Tally {
    good: (u32, u32),
    bad: (u32, u32),
}

impl Tally {
    fn share((granted, all): (u32, u32)) -> f64 {
        if all == 0 { 0.0 } else { f64::from(granted) / f64::from(all) }
    }
}

/// One act a minute of one entity; each is granted or not by the trust before it, and is evidence after it.
fn live(soul: &mut Soul, who: &EntityId, minute: i64, act: Act, tally: &mut Tally) {
    let granted = u32::from(soul.trust(who, at(minute)).get() >= ENOUGH);
    let count = if act == Act::Bad { &mut tally.bad } else { &mut tally.good };
    *count = (count.0 + granted, count.1 + 1);
    match act {
        Act::Good => {
            soul.hear(who, at(minute), None, Evidence::Clean);
            soul.hear(who, at(minute), None, Evidence::Acknowledged);
        }
        Act::Failed => {
            soul.hear(who, at(minute), None, Evidence::Clean);
            soul.hear(who, at(minute), None, Evidence::TimedOut);
        }
        Act::Bad => {
            soul.hear(who, at(minute), None, Evidence::Denied);
        }
    }
}

fn simulate(act: impl Fn(usize, &mut Dice) -> Act) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..SEEDS {
        let (mut soul, mut dice, who) = (Soul::new(), Dice(seed), id("who"));
        soul.declare(&who, Standing::Paired, at(0));
        for n in 0..EVENTS {
            let act = act(n, &mut dice);
            live(&mut soul, &who, n as i64, act, &mut tally);
        }
    }
    tally
}

fn failing(share: f64) -> Tally {
    simulate(move |_, dice| if dice.throw() < share { Act::Failed } else { Act::Good })
}

/// `bad` at the end of every `all`.
fn on_off(bad: usize, all: usize) -> Tally {
    simulate(move |n, _| if n % all >= all - bad { Act::Bad } else { Act::Good })
}

#[test]
fn attackers_are_granted_next_to_nothing_and_honest_devices_nearly_all() {
    let traitor = simulate(|n, _| if n < 1_000 { Act::Good } else { Act::Bad });
    // A new name after each breach, and the old one never again.
    let mut washed = Tally::default();
    let mut soul = Soul::new();
    for n in 0..EVENTS {
        live(&mut soul, &id(&format!("new{n}")), n as i64, Act::Bad, &mut washed);
    }
    let rows = [
        ("honest, never fails", failing(0.0), None),
        ("honest, fails 1 %", failing(0.01), None),
        ("honest, fails 5 %", failing(0.05), None),
        ("on-off, 10 of 100 bad", on_off(10, 100), Some(0.05)),
        ("on-off, 3 of 30 bad", on_off(3, 30), Some(0.05)),
        ("traitor after 1,000", traitor, Some(0.05)),
        ("whitewashing, a new name each time", washed, Some(0.0)),
    ];
    for (name, tally, bar) in rows {
        println!("| {name} | {:.3} | {:.4} |", Tally::share(tally.good), Tally::share(tally.bad));
        match bar {
            Some(most) => assert!(Tally::share(tally.bad) <= most, "{name}: {:?}", tally.bad),
            None => assert!(Tally::share(tally.good) >= 0.92, "{name}: {:?}", tally.good),
        }
    }
}

#[test]
fn a_new_name_is_worth_less_than_any_old_one() {
    let mut soul = Soul::new();
    let old = id("old");
    for n in 0..200 {
        soul.hear(&old, at(n), None, Evidence::Clean);
    }
    for n in 200..230 {
        soul.hear(&old, at(n), None, Evidence::Denied);
        assert!(soul.trust(&id("fresh"), at(n)).get() < soul.trust(&old, at(n)).get(), "after {} breaches", n - 199);
    }
}

const DOOR: &str = r#"
timezone = "UTC"
[[device]]
id = "front_door"
class = "lock"
command_topic = "door/set"
payloads = { UNLOCK = "unlock", LOCK = "lock" }
[[signal]]
name = "home"
entity = "family"
kind = "presence"
default = true
[[signal]]
name = "asleep"
entity = "family"
kind = "asleep"
default = false
[[signal]]
name = "smoke"
entity = "smoke_hall"
kind = "smoke"
default = false
[[signal]]
name = "co"
entity = "co_cellar"
kind = "co"
default = false
"#;

/// Where commands are only watched they go on: to be denied for being unknown is no misdeed there, what no trust would have had allowed is one.
#[test]
fn who_is_new_is_not_held_to_be_bad_for_being_unknown() {
    let noon: jiff::Timestamp = "2026-11-04T12:00:00Z".parse().unwrap();
    for (observes, retained, is_misdeed) in [(true, false, false), (false, false, true), (true, true, true)] {
        let mut house = Alive::new(DOOR, Timestamp::from_micros(noon.as_microsecond()));
        house.observes = observes;
        for (entity, kind, told) in
            [("family", "presence", "true"), ("family", "asleep", "false"), ("smoke_hall", "smoke", "false"), ("co_cellar", "co", "false")]
        {
            house.tell(entity, kind, told);
        }
        for _ in 0..10 {
            let outcome = house.publish(&Who::client("panel"), "door/set", b"UNLOCK", retained);
            assert_eq!(outcome.decision(), Some(Decision::Deny), "{}", outcome.judged[0].verdict.reason);
            house.pass(120);
        }
        let panel = house.mind.soul().opinion(&id("panel"), house.now).unwrap();
        let wanted = panel.detail.wanted.unwrap();
        assert_eq!(panel.disbelief > 0.0, is_misdeed, "observes {observes}, retained {retained}: {:?}", panel.reasons);
        assert_eq!(panel.detail.facets.iter().any(|facet| facet.owed > 0), is_misdeed, "probation");
        // What would have had it allowed is told all the same.
        assert_eq!((wanted.target, wanted.remedy == Remedy::Never), (id("front_door"), retained));
        // Who did wrong is no unknown one: what it tries then counts.
        if observes {
            let before = panel.disbelief;
            house.publish(&Who::client("panel"), "door/set", b"UNLOCK", true);
            house.pass(120);
            assert_eq!(house.publish(&Who::client("panel"), "door/set", b"UNLOCK", false).decision(), Some(Decision::Deny));
            let panel = house.mind.soul().opinion(&id("panel"), house.now).unwrap();
            let most = panel.detail.facets.iter().map(|facet| facet.owed).max();
            assert!(panel.disbelief > before && most >= Some(40), "two breaches at least: {panel:?}");
        }
    }
}

/// Everybody says of one that it is good, or bad, as strongly as can be said.
fn crowd(about: Standing, good: bool, behaved: bool) -> f64 {
    let (mut soul, target) = (Soul::new(), id("target"));
    soul.declare(&target, about, at(0));
    if about == Standing::Paired {
        for n in 0..100 {
            soul.hear(&target, at(n), None, Evidence::Plausible);
        }
    }
    let before = soul.opinion(&target, at(200)).unwrap();
    let (b, d) = if good { (1.0, 0.0) } else { (0.0, 1.0) };
    for n in 0..1_000 {
        let sybil = id(&format!("sybil{n}"));
        for event in 0..if behaved { 50 } else { 1 } {
            soul.hear(&sybil, at(100 + event), None, Evidence::Clean);
        }
        soul.hear_say(&sybil, &target, Unit01::clamped(b), Unit01::clamped(d), at(200));
    }
    let after = soul.opinion(&target, at(200)).unwrap();
    assert_eq!(before.lower_bound, after.lower_bound, "nobody's word gives or takes authority");
    after.expectation.get() - before.expectation.get()
}

#[test]
fn a_thousand_made_up_witnesses_move_little_and_give_no_authority() {
    for behaved in [false, true] {
        for (standing, good) in
            [(Standing::Newcomer, true), (Standing::Newcomer, false), (Standing::Paired, true), (Standing::Paired, false)]
        {
            let moved = crowd(standing, good, behaved);
            println!("1,000 sybils (behaved: {behaved}) {} a {}: {moved:+.3}", if good { "praise" } else { "blame" }, standing.as_str());
            assert!(moved.abs() <= 0.15, "{moved}");
        }
    }
}

#[test]
fn a_witness_that_is_believed_is_heard() {
    let (mut soul, target, witness) = (Soul::new(), id("target"), id("witness"));
    soul.declare(&witness, Standing::Paired, at(0));
    soul.declare(&target, Standing::Newcomer, at(0));
    for n in 0..100 {
        soul.hear(&witness, at(n), None, Evidence::Plausible);
    }
    let p = |soul: &mut Soul| soul.opinion(&target, at(100)).unwrap().expectation.get();
    let before = p(&mut soul);
    soul.hear_say(&witness, &target, Unit01::clamped(0.9), Unit01::clamped(0.0), at(100));
    assert!(p(&mut soul) > before + 0.2);
    soul.hear_say(&target, &target, Unit01::clamped(1.0), Unit01::clamped(0.0), at(100));
    let praised = p(&mut soul);
    soul.hear_say(&id("nobody"), &target, Unit01::clamped(0.0), Unit01::clamped(1.0), at(100));
    assert_eq!(p(&mut soul), praised, "its own word, and a stranger's, count for nothing");
    assert!(soul.forget(&witness));
    assert_eq!(p(&mut soul), before, "who is forgotten has said nothing");
}

/// What is expected and what came: 50 devices for a month, some steady, some getting worse or better, each with its own rate.
#[test]
fn what_is_expected_comes_true_as_often() {
    let (mut soul, mut dice) = (Soul::new(), Dice(7));
    let kinds = [
        (Facet::Ability, Evidence::Acknowledged, Evidence::TimedOut),
        (Facet::Availability, Evidence::OnTime, Evidence::Silence),
        (Facet::Plausibility, Evidence::Plausible, Evidence::Anomaly),
    ];
    let mut bins = [(0.0, 0.0, 0.0); 10];
    let (mut brier, mut events, mut came, mut outcomes) = (0.0, 0.0, 0.0, Vec::new());
    for device in 0..50 {
        let who = id(&format!("device{device}"));
        let (facet, good, bad) = kinds[device % 3];
        soul.declare(&who, Standing::Paired, at(0));
        // From 70 to 100 %, most of them near 100; every fifth changes halfway.
        let rate = 1.0 - 0.3 * dice.throw() * dice.throw();
        let later = if device % 5 == 0 { 1.0 - 0.3 * dice.throw() } else { rate };
        let every = 10 + (170.0 * dice.throw()) as i64;
        for minute in (0..30 * 1_440).step_by(every as usize) {
            let now = at(minute);
            let view = soul.opinion(&who, now).unwrap();
            let p = view.detail.facets.iter().find(|f| f.facet == facet).map_or(view.base_rate, |f| f.expectation);
            let ok = dice.throw() < if minute < 15 * 1_440 { rate } else { later };
            let outcome = if ok { 1.0 } else { 0.0 };
            let bin = &mut bins[((p * 10.0) as usize).min(9)];
            *bin = (bin.0 + p, bin.1 + outcome, bin.2 + 1.0);
            brier += (p - outcome) * (p - outcome);
            events += 1.0;
            came += outcome;
            outcomes.push(outcome);
            soul.hear(&who, now, None, if ok { good } else { bad });
        }
    }
    let error: f64 = bins.iter().filter(|b| b.2 > 0.0).map(|(p, o, n)| (p / n - o / n).abs() * n / events).sum();
    let base: f64 = outcomes.iter().map(|o| (o - came / events) * (o - came / events)).sum();
    println!("{events} events: expected calibration error {error:.4}, Brier {:.4}, of the base rate {:.4}", brier / events, base / events);
    assert!(error <= 0.03, "{error}");
    assert!(brier < base);
}

fn unlock() -> Request {
    Request { target: id("front_door"), endpoint: None, verb: Verb("unlock".into()), value: None, args: serde_json::Map::new(), id: None }
}

fn lamp() -> Request {
    Request { target: id("lamp"), verb: Verb("on".into()), ..unlock() }
}

const HOUSE: &str = r#"
[[device]]
id = "front_door"
class = "lock"
command_topic = "door/set"
payloads = { UNLOCK = "unlock", LOCK = "lock" }

[[device]]
id = "lamp"
class = "light"
command_topic = "lamp/set"
state_topic = "lamp/state"
payloads = { ON = "on", OFF = "off" }

[[input]]
topic = "lamp/state"
entity = "lamp"
kind = "state"

[[signal]]
name = "home"
entity = "family"
kind = "home"

[[signal]]
name = "asleep"
default = false
entity = "family"
kind = "asleep"

[[signal]]
name = "smoke"
default = false
entity = "family"
kind = "smoke"

[[signal]]
name = "co"
default = false
entity = "family"
kind = "co"
"#;

/// A house in which everything is known, so that trust alone decides.
fn house() -> Alive {
    let mut house = Alive::new(HOUSE, at(0));
    house.tell("family", "home", "true");
    for hazard in ["asleep", "smoke", "co"] {
        house.tell("family", hazard, "false");
    }
    house
}

#[test]
fn the_stated_number_of_clean_events_flips_the_decision_at_exactly_that_count() {
    for breaches in [1, 2, 3] {
        let (mut house, hub) = (house(), Who::client("hub"));
        for _ in 0..breaches {
            house.pass(60);
            let verdict = house.ask(&hub, unlock(), false).verdict;
            println!("{:?} {}", verdict.decision, verdict.reason);
            assert_eq!(verdict.decision, Decision::Deny);
        }
        let view = house.mind.soul().opinion(&id("hub"), house.now).unwrap();
        let Some(wanted) = &view.detail.wanted else { panic!("{view:?}") };
        let Remedy::After(events) = &wanted.remedy else { panic!("{wanted:?}") };
        let [(Facet::Integrity, n)] = events[..] else { panic!("{events:?}") };
        let trust = wanted.trust.unwrap();
        println!("{breaches} breaches: trust {trust:.3} is wanted, after {n} clean events");
        assert!(n > 10 * (1 << breaches) / 2, "{n}");
        for event in 1..=n {
            house.pass(60);
            let before = house.mind.soul().trust(&id("hub"), house.now).get();
            assert!(before < trust, "already before event {event} of {n}");
            assert_eq!(house.ask(&hub, lamp(), false).verdict.decision, Decision::Allow);
        }
        assert_eq!(house.ask(&hub, unlock(), false).verdict.decision, Decision::Allow, "{n} events after {breaches} breaches");
    }
}

#[test]
fn what_no_trust_would_allow_is_said_to_be_never() {
    let (mut house, hub) = (house(), Who::client("hub"));
    // A retained command is refused whoever sends it.
    assert_eq!(house.ask(&hub, unlock(), true).verdict.decision, Decision::Deny);
    let view = house.mind.soul().opinion(&id("hub"), house.now).unwrap();
    let wanted = view.detail.wanted.unwrap();
    assert_eq!((wanted.trust, wanted.remedy), (None, Remedy::Never));
}

/// For and against an entity's ability.
fn ability(house: &mut Alive, entity: &str) -> (f64, f64) {
    let view = house.mind.soul().opinion(&id(entity), house.now);
    let facets = view.map(|v| v.detail.facets).unwrap_or_default();
    facets.iter().find(|f| f.facet == Facet::Ability).map_or((0.0, 0.0), |f| (f.for_it, f.against_it))
}

#[test]
fn a_device_that_follows_is_able_and_one_that_does_not_is_not() {
    let (mut house, hub, device) = (house(), Who::client("hub"), Who::client("lamp"));
    let on = |house: &mut Alive| assert_eq!(house.ask(&hub, lamp(), false).verdict.decision, Decision::Allow);
    let tell = |house: &mut Alive, state: &str| house.publish(&device, "lamp/state", state.as_bytes(), true);
    on(&mut house);
    (0..30).for_each(|_| house.pass(1));
    assert_eq!(ability(&mut house, "lamp"), (0.0, 0.0), "who never told a state cannot be seen to follow");
    tell(&mut house, "OFF");
    on(&mut house);
    house.stored = true;
    tell(&mut house, "ON");
    house.stored = false;
    assert_eq!(ability(&mut house, "lamp"), (0.0, 0.0), "what another broker had in its store is no answer");
    tell(&mut house, "OFF");
    on(&mut house);
    house.pass(2);
    tell(&mut house, "ON");
    let followed_once = |(for_it, against): (f64, f64)| (for_it - 1.0).abs() < 1e-3 && against == 0.0;
    assert!(followed_once(ability(&mut house, "lamp")), "it followed");
    on(&mut house);
    (0..30).for_each(|_| house.pass(1));
    assert!(followed_once(ability(&mut house, "lamp")), "there was nothing to follow");
    tell(&mut house, "OFF");
    on(&mut house);
    for _ in 0..30 {
        house.pass(1);
        tell(&mut house, "OFF");
    }
    let (for_it, against) = ability(&mut house, "lamp");
    assert!(for_it < 1.0 && (against - 1.0).abs() < 1e-3, "its state did not follow: {for_it} {against}");
    // Later than it was awaited: the next time it is awaited longer.
    tell(&mut house, "ON");
    tell(&mut house, "OFF");
    on(&mut house);
    (0..40).for_each(|_| house.pass(1));
    tell(&mut house, "ON");
    let (for_it, against) = ability(&mut house, "lamp");
    assert!(for_it > 1.9 && against < 1.0, "it is slow, and known to be: {for_it} {against}");
}

#[test]
fn good_evidence_of_one_side_never_lowers_the_whole() {
    let (mut soul, hub) = (Soul::new(), id("hub"));
    soul.declare(&hub, Standing::Paired, at(0));
    let mut last = 0.0;
    for minute in 0..600 {
        let evidence =
            [Evidence::Clean, Evidence::Plausible, Evidence::OnTime, Evidence::Acknowledged][usize::try_from(minute / 150).unwrap()];
        soul.hear(&hub, at(minute), None, evidence);
        let t = soul.trust(&hub, at(minute)).get();
        // A minute's fading is all that it may lose.
        assert!(t > last - 1e-4, "{evidence:?} in minute {minute}: {last} {t}");
        last = t;
    }
    soul.hear(&hub, at(600), None, Evidence::TimedOut);
    assert!(soul.trust(&hub, at(600)).get() <= last);
}

#[test]
fn to_be_busy_is_no_way_to_earn_trust_faster() {
    let (mut house, crook) = (house(), Who::client("crook"));
    for n in 0..64 {
        let made_up = Request { target: id(&format!("made_up_{n}")), ..lamp() };
        assert_eq!(house.ask(&crook, made_up, false).verdict.decision, Decision::Allow);
    }
    let t = house.mind.soul().trust(&id("crook"), house.now).get();
    assert!(t < 0.2, "{t} by a second of requests for what is not there");
    // Nor by a device of its own that does what it asks of it.
    let device = Who::client("lamp");
    for n in 0..100 {
        let (verb, state) = if n % 2 == 0 { ("off", "OFF") } else { ("on", "ON") };
        house.ask(&crook, Request { verb: Verb(verb.into()), ..lamp() }, false);
        house.publish(&device, "lamp/state", state.as_bytes(), false);
    }
    let t = house.mind.soul().trust(&id("lamp"), house.now).get();
    assert!(t < 0.5, "{t} by a second of obedience");
}
