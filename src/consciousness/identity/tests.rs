//! The identity's promises: by hand, one past each limit, and the same however time is cut.

use super::*;
use crate::domain::identity::Presence;
use proptest::prelude::*;

const DAY: i64 = 86_400;
const HOME: Context = Context { night: false, presence: Presence::Home };
const NIGHT: Context = Context { night: true, presence: Presence::Away };

fn id(text: &str) -> EntityId {
    EntityId::new(text).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_seconds(seconds)
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

struct Life {
    identity: Identity,
    spec: IdentitySpec,
}

fn born() -> Life {
    let (mut identity, spec) = (Identity::default(), IdentitySpec::default());
    identity.adopt(&spec);
    Life { identity, spec }
}

impl Life {
    fn act(&mut self, act: Act, context: Context, seconds: i64) {
        self.identity.act(&self.spec, act, context, Uuid::from_u128(7), &id("phone"), at(seconds));
    }

    /// So many denials, one in each five minutes.
    fn deny(&mut self, times: i64, from: i64) {
        (0..times).for_each(|n| self.act(Act::Denied, HOME, from + n * 300));
    }

    /// α of a role.
    fn alpha(&self, role: &str, within: Within, seconds: i64) -> f64 {
        let at_role = self.identity.roles.keys().position(|name| name == role).unwrap();
        self.identity.alphas(&self.spec, within, at(seconds))[at_role]
    }

    fn view(&self, seconds: i64) -> serde_json::Value {
        self.identity.view(&self.spec, at(seconds)).unwrap()
    }

    fn restored(&mut self, seconds: i64) -> Identity {
        self.identity.hurry();
        Identity::restored(&self.identity.take_due(at(seconds)).unwrap()).unwrap()
    }
}

/// Three denials and one approval that was let on, charter 2 each: α = (5, 3, 2, 2), so strengths of 5⁄12, 3⁄12 and 2⁄12.
#[test]
fn strengths_by_hand() {
    let mut life = born();
    // Within a minute of each other they would count less.
    (0..3).for_each(|n| life.act(Act::Denied, HOME, n * 60));
    life.act(Act::Released, NIGHT, 120);
    let rest = libm::exp2(-120.0 / (30.0 * 86_400.0)) + libm::exp2(-60.0 / (30.0 * 86_400.0)) + 1.0;
    near(life.alpha("guardian", None, 120), 2.0 + rest);
    near(life.alpha("caretaker", None, 120), 3.0);
    near(life.alpha("caretaker", Some(HOME), 120), 2.0);
    near(life.alpha("caretaker", Some(NIGHT), 120), 3.0);
    let view = life.view(120);
    let strength = |place: &str| view.pointer(place).and_then(serde_json::Value::as_f64).unwrap();
    assert_eq!(strength("/roles/guardian/strength"), 0.417);
    assert_eq!(strength("/roles/learner/strength"), 0.167);
    assert_eq!(strength("/contexts/day_home/roles/guardian/strength"), 0.455, "5 of 11");
    assert_eq!(strength("/contexts/night_away/roles/caretaker/strength"), 0.333, "3 of 9");
    assert!(view["contexts"].get("day_away").is_none(), "nothing was done there");
    // Beta(5, 7), by sums of binomial probabilities: 0.19958 and 0.65019.
    assert_eq!((strength("/roles/guardian/low"), strength("/roles/guardian/high")), (0.2, 0.65));
    assert_eq!((view["text"].as_str(), view["counted"].as_u64()), (Some("above all guardian"), Some(4)));
    assert_eq!(view["acts"][0]["what"], "released");
    assert_eq!(view["acts"][3]["percept"], Uuid::from_u128(7).to_string());
}

/// Two roles with a charter of 1 are a uniform Beta: 1 act makes it Beta(2, 1), whose quantiles are √p.
#[test]
fn the_interval_of_one_act_is_a_square_root() {
    let mut life = born();
    life.spec.charter = [("guardian".to_owned(), 1.0), ("other".to_owned(), 1.0)].into();
    life.identity.adopt(&life.spec);
    life.act(Act::Denied, HOME, 0);
    let view = life.view(0);
    assert_eq!([&view["roles"]["guardian"]["low"], &view["roles"]["guardian"]["high"]], [0.224, 0.975]);
    life.act(Act::Allowed, HOME, 0);
    assert_eq!(life.identity.counted, 1, "its role is not in this charter");
}

/// A day halves the one count and takes 2^(−1⁄30) off the other.
#[test]
fn counts_fade_by_half_in_a_day_and_in_thirty() {
    let mut life = born();
    life.act(Act::Denied, HOME, 0);
    let (day, month) = life.identity.evidence(None, at(DAY));
    [(day, 0.5), (month, libm::exp2(-1.0 / 30.0))].into_iter().for_each(|(a, b)| near(a, b));
    let (day, month) = life.identity.evidence(None, at(30 * DAY));
    [(day, libm::exp2(-30.0)), (month, 0.5)].into_iter().for_each(|(a, b)| near(a, b));
    assert_eq!(life.identity.evidence(None, at(-DAY)).0, 1.0, "a clock set back brings nothing back");
}

/// 1 + 1⁄2 + 1⁄3 within a minute, then anew; what goes on all day counts once in ten minutes.
#[test]
fn a_burst_counts_little_more_than_one() {
    let mut life = born();
    (0..3).for_each(|n| life.act(Act::Denied, HOME, n));
    assert!(life.identity.evidence(None, at(2)).0 < 1.0 + 0.5 + 1.0 / 3.0);
    near(life.identity.worth(Act::Denied, at(59)).unwrap(), 0.25);
    assert_eq!(life.identity.worth(Act::Denied, at(60)), Some(1.0));
    let mut talk = born();
    (0..86_400).for_each(|n| talk.act(Act::Kept, HOME, n));
    let (_, month) = talk.identity.evidence(None, at(86_400));
    assert!(month < 14.4 && month > 14.0, "a day of a sensor that speaks each second: {month}");
    assert_eq!(talk.identity.counted, 144);
}

#[test]
fn another_day_than_this_month_is_told_and_ends() {
    let mut life = born();
    // A month of twenty requests a day.
    for n in 0..600 {
        life.act(Act::Released, HOME, n * 4_320);
        life.identity.look(&life.spec, at(n * 4_320));
    }
    let now = 30 * DAY;
    assert!(life.identity.drift(&life.spec, None, at(now)) < 1e-3, "each day was like the others");
    assert_eq!(life.view(now)["text"], "above all caretaker");
    life.deny(40, now);
    let now = now + 40 * 300;
    life.identity.look(&life.spec, at(now));
    let view = life.view(now);
    assert_eq!(view["text"], "above all caretaker; today more guardian than this month", "{view}");
    assert!(view["drift"].as_f64().unwrap() > 0.1 && view["contexts"]["day_home"]["drift"].as_f64().unwrap() > 0.1, "{view}");
    assert_eq!(view["drifting"]["role"], "guardian");
    // It fades, goes through half of where it began, and ends.
    let mut before = f64::INFINITY;
    let end = (0..10 * DAY / 600).map(|n| now + n * 600).find(|t| {
        life.identity.look(&life.spec, at(*t));
        let drift = life.identity.drift(&life.spec, None, at(*t));
        let ended = life.identity.drifting().is_none();
        assert!(ended || drift >= 0.05, "{drift}");
        before = if ended { before } else { drift };
        ended
    });
    assert!(before < 0.1, "between the two bounds it is told still: {before}");
    assert!(end.is_some());
}

#[test]
fn a_quiet_day_is_no_drift() {
    let mut life = born();
    (0..600).for_each(|n| life.act(Act::Released, HOME, n * 4_320));
    // Two days without anything: the charter must not draw the day to it.
    for t in (30 * DAY..32 * DAY).step_by(600) {
        life.identity.look(&life.spec, at(t));
        assert!(life.identity.drift(&life.spec, None, at(t)) < 1e-3 && life.identity.drifting().is_none());
    }
}

#[test]
fn too_little_evidence_tells_of_no_drift() {
    let mut life = born();
    life.spec.drift = 0.01;
    (0..6).for_each(|n| life.act(Act::Released, HOME, n * 300));
    life.deny(3, 12 * DAY);
    life.identity.look(&life.spec, at(12 * DAY + 900));
    assert!(life.identity.drift(&life.spec, None, at(12 * DAY + 900)) > 0.01 && life.identity.drifting().is_none());
    life.deny(2, 12 * DAY + 900);
    life.identity.look(&life.spec, at(12 * DAY + 1_500));
    assert!(life.identity.drifting().is_some());
}

#[test]
fn who_is_forgotten_is_in_no_act_and_its_row_is_written_at_once() {
    let mut life = born();
    life.act(Act::Denied, HOME, 0);
    life.identity.act(&life.spec, Act::Met, HOME, Uuid::nil(), &id("guest"), at(1));
    assert!(life.identity.take_due(at(1)).is_some() && life.identity.take_due(at(2)).is_none(), "nothing changed");
    life.act(Act::Held, HOME, 3);
    assert!(life.identity.take_due(at(3)).is_none(), "once a minute");
    assert!(life.identity.names(&id("guest")));
    life.identity.forget(&id("guest"));
    let row = life.identity.take_due(at(4)).unwrap();
    assert!(!life.identity.names(&id("guest")) && !row.windows(5).any(|bytes| bytes == b"guest"));
    assert!(!life.view(4).to_string().contains("guest"));
    assert_eq!(life.identity.counted, 3, "what it counted for stays");
}

#[test]
fn what_is_stored_comes_back_and_goes_on_the_same_way() {
    let mut life = born();
    life.deny(5, 0);
    life.act(Act::Kept, NIGHT, 1_300);
    let mut again = Life { identity: life.restored(1_400), spec: life.spec.clone() };
    again.identity.adopt(&life.spec);
    assert_eq!(again.identity, life.identity);
    [&mut life, &mut again].into_iter().for_each(|life| life.deny(2, 1_500));
    assert_eq!(again.view(2 * DAY), life.view(2 * DAY));
}

#[test]
fn what_cannot_have_been_counted_is_refused() {
    let mut life = born();
    life.deny(2, 0);
    let sound = life.identity.clone();
    assert!(sound.is_sound());
    let broken = |change: fn(&mut Identity)| {
        let mut broken = Life { identity: sound.clone(), spec: IdentitySpec::default() };
        change(&mut broken.identity);
        broken.identity.changed = true;
        broken.identity.hurry();
        Identity::restored(&broken.identity.take_due(at(0)).unwrap()).unwrap_err().to_string()
    };
    for said in [
        broken(|i| i.roles.get_mut("guardian").unwrap().day[0] = -0.1),
        broken(|i| i.roles.get_mut("guardian").unwrap().month[5] = f64::NAN),
        broken(|i| i.roles.get_mut("guardian").unwrap().month[5] = 1.1e9),
        broken(|i| i.acts[0].weight = 0.0),
        broken(|i| i.acts[0].weight = 1.1),
        // One past each limit.
        broken(|i| (0..=limits::ROLES).for_each(|n| *i.roles.entry(format!("r{n}")).or_default() = Tally::default())),
        broken(|i| (0..=limits::ACTS).for_each(|_| i.acts.push_back(i.acts[0].clone()))),
    ] {
        assert!(said.contains("a number is outside its range"), "{said}");
    }
    assert!(Identity::restored(b"\x80").unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn one_past_each_limit_pushes_out_the_oldest() {
    let mut life = born();
    life.deny(i64::try_from(limits::ACTS).unwrap() + 1, 0);
    assert_eq!((life.identity.acts.len(), life.identity.acts[0].at), (limits::ACTS, at(300)));
    assert_eq!(life.view(100_000)["acts"].as_array().unwrap().len(), limits::ACTS_TOLD);
    life.spec.charter = (0..=limits::ROLES).map(|n| (format!("r{n}"), 2.0)).collect();
    life.identity.adopt(&life.spec);
    assert_eq!(life.identity.roles.len(), limits::ROLES);
    assert!(life.identity.is_sound() && !life.identity.roles.contains_key("guardian"), "let go with its charter");
}

#[test]
fn it_is_news_when_a_strength_moved_or_the_text_did() {
    let mut life = born();
    assert_eq!((life.identity.gist(&life.spec, at(0)), life.identity.view(&life.spec, at(0))), (None, None), "nothing was done yet");
    life.act(Act::Denied, HOME, 0);
    let first = life.identity.gist(&life.spec, at(0)).unwrap();
    life.act(Act::Met, HOME, 60);
    let next = life.identity.gist(&life.spec, at(60)).unwrap();
    assert!(!next.is_news_after(&first) && next != first);
    life.act(Act::Denied, NIGHT, 120);
    assert!(life.identity.gist(&life.spec, at(120)).unwrap().is_news_after(&first), "in its context it moved by a tenth");
}

proptest! {
    /// Whoever looks in between changes nothing; whoever has time pass in pieces changes less than 1e-9.
    #[test]
    fn how_time_is_cut_changes_nothing(
        acts in prop::collection::vec((0usize..14, 0usize..6, 1i64..40_000), 1..40),
        looks in prop::collection::vec(0i64..800_000, 0..60),
    ) {
        let (mut plain, mut cut) = (born(), born());
        let (mut now, mut looks) = (0, looks);
        looks.sort_unstable();
        for (act, context, wait) in acts {
            for look in looks.iter().filter(|look| (now..now + wait).contains(*look)) {
                cut.identity.settle(at(*look));
                let _ = cut.identity.view(&cut.spec, at(*look));
            }
            now += wait;
            [&mut plain, &mut cut].into_iter().for_each(|life| life.act(Act::ALL[act], Context::ALL[context], now));
        }
        for within in [None].into_iter().chain(Context::ALL.map(Some)) {
            let alphas = |life: &Life| life.identity.alphas(&life.spec, within, at(now + 5_000));
            for (a, b) in alphas(&plain).iter().zip(alphas(&cut)) {
                prop_assert!((a - b).abs() < 1e-9);
            }
            let drift = |life: &Life| life.identity.drift(&life.spec, within, at(now + 5_000));
            prop_assert!((drift(&plain) - drift(&cut)).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&drift(&plain)));
        }
        prop_assert!(plain.identity.is_sound() && cut.identity.is_sound());
    }
}
