//! Emotions come as GAMYGDALA publishes them, and where it does not, as is said here.

use super::*;

fn moved(utility: f64, before: f64, after: f64) -> Event {
    let bearing =
        Bearing::Likelihood { utility: Signed1::clamped(utility), before: Unit01::clamped(before), after: Unit01::clamped(after) };
    Event { bearing, ..Event::happened(EntityId::anonymous(), Uuid::nil(), "safe", Signed1::clamped(0.0), Signed1::clamped(0.0)) }
}

fn once(before: f64, b: f64, c: f64) -> f64 {
    likelihood(Unit01::clamped(before), Unit01::clamped(b), Signed1::clamped(c), false).get()
}

fn same(is: &[(Emotion, f64)], should: &[(Emotion, f64)]) {
    let near = is.len() == should.len() && should.iter().all(|(e, x)| is.iter().any(|(f, y)| e == f && (x - y).abs() < 1e-12));
    assert!(near, "{is:?} {should:?}");
}

#[test]
fn beliefs_move_likelihoods_as_in_gamygdala() {
    assert_eq!(once(0.5, 0.5, 1.0), 0.75);
    assert_eq!(once(0.5, 0.5, -1.0), 0.25);
    assert_eq!(once(0.5, 1.0, 1.0), 1.0);
    assert_eq!(once(0.5, 1.0, -0.5), 0.25);
    assert_eq!(likelihood(Unit01::clamped(0.9), Unit01::clamped(1.0), Signed1::clamped(0.5), true).get(), 1.0);
}

/// GAMYGDALA's own places of the emotions (Popescu et al. 2014), all sixteen; Jamey's mood uses ALMA's.
const PLACES: [(Emotion, [f64; 3]); 16] = [
    (Emotion::Distress, [-0.61, 0.28, -0.36]),
    (Emotion::Fear, [-0.64, 0.6, -0.43]),
    (Emotion::Hope, [0.51, 0.23, 0.14]),
    (Emotion::Joy, [0.76, 0.48, 0.35]),
    (Emotion::Satisfaction, [0.87, 0.2, 0.62]),
    (Emotion::FearsConfirmed, [-0.61, 0.06, -0.32]),
    (Emotion::Disappointment, [-0.61, -0.15, -0.29]),
    (Emotion::Relief, [0.29, -0.19, -0.28]),
    (Emotion::HappyFor, [0.64, 0.35, 0.25]),
    (Emotion::Resentment, [-0.35, 0.35, 0.29]),
    (Emotion::Pity, [-0.52, 0.02, -0.21]),
    (Emotion::Gloating, [-0.45, 0.48, 0.42]),
    (Emotion::Gratitude, [0.64, 0.16, -0.21]),
    (Emotion::Anger, [-0.51, 0.59, 0.25]),
    (Emotion::Gratification, [0.69, 0.57, 0.63]),
    (Emotion::Remorse, [-0.57, 0.28, -0.34]),
];

/// Where emotions lead in GAMYGDALA: Σ intensity · place.
fn gamygdala_pad(all: &[(Emotion, f64)]) -> [f64; 3] {
    let place = |emotion: Emotion| PLACES.iter().find(|(e, _)| *e == emotion).unwrap().1;
    [0, 1, 2].map(|axis| all.iter().map(|(e, x)| place(*e)[axis] * x).sum())
}

/// What events yield lies where the published places put it, and every one of the sixteen is yielded by an event here.
#[test]
fn every_published_place_is_where_an_event_leads() {
    let fortune = |after: f64, like: f64, own: bool, praise: f64| Event {
        like: Some(Signed1::clamped(like)),
        own_act: own,
        praise: Signed1::clamped(praise),
        ..moved(0.9, 0.5, after)
    };
    let deed = |after: f64, praise: f64| Event { praise: Signed1::clamped(praise), ..moved(0.9, 0.5, after) };
    let mut seen = Vec::new();
    for (what, event, pad) in [
        ("a hope", moved(1.0, 0.5, 0.75), [0.1275, 0.0575, 0.035]),
        ("a fear", moved(1.0, 0.5, 0.25), [-0.16, 0.15, -0.1075]),
        ("a joy", moved(1.0, 0.5, 1.0), [0.38, 0.24, 0.175]),
        ("a distress", moved(1.0, 0.5, 0.0), [-0.305, 0.14, -0.18]),
        ("a hope that came true", moved(1.0, 0.8, 1.0), [0.326, 0.136, 0.194]),
        ("a hope that did not", moved(1.0, 0.8, 0.0), [-0.976, 0.104, -0.52]),
        ("a fear that came true", moved(-1.0, 0.8, 1.0), [-0.244, 0.068, -0.136]),
        ("a fear that did not", moved(-1.0, 0.8, 0.0), [0.84, 0.232, 0.056]),
        ("a friend's good", fortune(0.9, 0.5, false, 0.0), [0.1152, 0.063, 0.045]),
        ("a friend's ill", fortune(0.1, 0.5, false, 0.0), [-0.0936, 0.0036, -0.0378]),
        ("an enemy's good", fortune(0.9, -0.4, false, 0.0), [-0.0504, 0.0504, 0.04176]),
        ("an enemy's ill", fortune(0.1, -0.4, false, 0.0), [-0.0648, 0.06912, 0.06048]),
        ("a good deed", deed(0.9, 1e-9), [0.414, 0.1404, -0.0252]),
        ("an ill one", deed(0.1, -1e-9), [-0.414, 0.4284, -0.0648]),
        ("a good deed of one's own", fortune(0.9, 0.5, true, 1e-9), [0.2394, 0.1656, 0.1584]),
        ("an ill one of one's own", fortune(0.1, 0.5, true, -1e-9), [-0.1962, 0.054, -0.099]),
    ] {
        // Blame by GAMYGDALA's formula, which knows no praise.
        let mut all = event.emotions_by(|d, _| d.abs() * event.like.map_or(1.0, Signed1::get).abs());
        all.retain(|(_, x)| *x > 1e-6);
        let is = gamygdala_pad(&all);
        assert!((0..3).all(|axis| (is[axis] - pad[axis]).abs() < 1e-12), "{what}: {all:?} {is:?}");
        seen.extend(all.into_iter().map(|(e, _)| e));
    }
    assert!(PLACES.iter().all(|(e, _)| seen.contains(e)), "{seen:?}");
}

#[test]
fn published_cases_hold() {
    use Emotion::*;
    for (id, utility, beliefs, likelihood, should, pad) in [
        ("V1", 1.0, vec![(0.5, 1.0)], Some(0.75), vec![(Hope, 0.25)], Some([0.1275, 0.0575, 0.035])),
        ("V2", 1.0, vec![(0.5, -1.0)], Some(0.25), vec![(Fear, 0.25)], Some([-0.16, 0.15, -0.1075])),
        ("V3", 1.0, vec![(1.0, 1.0)], Some(1.0), vec![(Joy, 0.5)], Some([0.38, 0.24, 0.175])),
        ("V4", 1.0, vec![(0.6, 1.0), (1.0, 1.0)], None, vec![(Hope, 0.3), (Satisfaction, 0.2), (Joy, 0.2)], Some([0.479, 0.205, 0.236])),
        ("V5", 1.0, vec![(0.6, 1.0), (1.0, -1.0)], None, vec![(Hope, 0.3), (Distress, 0.8), (Disappointment, 0.8)], None),
        ("V6", -1.0, vec![(0.6, 1.0), (1.0, -1.0)], None, vec![(Fear, 0.3), (Joy, 0.8), (Relief, 0.8)], None),
        ("mirror of V4", -1.0, vec![(0.6, 1.0), (1.0, 1.0)], None, vec![(Fear, 0.3), (Distress, 0.2), (FearsConfirmed, 0.2)], None),
        ("mirror of V5", 1.0, vec![(0.6, -1.0), (1.0, 1.0)], None, vec![(Fear, 0.3), (Joy, 0.8), (Relief, 0.8)], None),
        ("V8's prospect", 0.8, vec![(1.0, -0.5)], Some(0.25), vec![(Fear, 0.2)], None),
    ] {
        let mut before = 0.5;
        let mut all = Vec::new();
        for (b, c) in beliefs {
            let after = once(before, b, c);
            all.extend(moved(utility, before, after).emotions());
            before = after;
        }
        same(&all, &should);
        assert!(likelihood.is_none_or(|l| before == l), "{id}");
        if let Some(pad) = pad {
            let sum = gamygdala_pad(&all);
            assert!((0..3).all(|axis| (sum[axis] - pad[axis]).abs() < 1e-12), "{id}: {all:?}");
        }
    }
}

#[test]
fn blame_is_half_of_outcome_and_conduct_and_gamygdalas_own_formula_gives_its_own_cases() {
    use Emotion::*;
    let blamed = Event { praise: Signed1::clamped(-0.6), ..moved(0.8, 0.5, 0.25) };
    same(&blamed.emotions(), &[(Fear, 0.2), (Reproach, 0.6), (Anger, 0.4)]);
    let helped = Event { praise: Signed1::clamped(1.0), ..moved(0.9, 0.5, 0.9) };
    same(&helped.emotions(), &[(Hope, 0.36), (Admiration, 1.0), (Gratitude, 0.68)]);
    // GAMYGDALA's blame is |u·ΔL|, or that times the like, and it knows no praise: reproach and admiration are left out of its cases.
    let theirs = |event: Event, good: bool| {
        let event = Event { praise: Signed1::clamped(if good { 1e-9 } else { -1e-9 }), ..event };
        let mut all = event.emotions_by(|d, _| d.abs() * event.like.map_or(1.0, Signed1::get).abs());
        all.retain(|(_, intensity)| *intensity > 1e-6);
        all
    };
    let toward = |like: f64, own_act: bool, event: Event| Event { like: Some(Signed1::clamped(like)), own_act, ..event };
    same(&theirs(moved(0.8, 0.5, 0.25), false), &[(Fear, 0.2), (Anger, 0.2)]); // V8
    let (up, down) = (moved(0.9, 0.5, once(0.5, 0.8, 1.0)), moved(0.9, 0.5, once(0.5, 0.8, -1.0)));
    same(&theirs(up.clone(), true), &[(Hope, 0.36), (Gratitude, 0.36)]); // V9, A
    same(&theirs(toward(0.5, true, up.clone()), true), &[(HappyFor, 0.18), (Gratification, 0.18)]); // V9, C
    same(&toward(-0.4, false, up).emotions(), &[(Resentment, 0.144)]); // V9, D
    same(&theirs(down.clone(), false), &[(Fear, 0.36), (Anger, 0.36)]); // V10, A
    same(&theirs(toward(0.5, true, down), false), &[(Pity, 0.18), (Remorse, 0.18)]); // V10, C
}

#[test]
fn others_fortunes_are_weighed_by_liking() {
    for (after, like, own_act, should) in [
        (0.9, 0.5, true, (Emotion::HappyFor, 0.18)),
        (0.9, -0.4, false, (Emotion::Resentment, 0.144)),
        (0.1, 0.5, true, (Emotion::Pity, 0.18)),
        (0.1, -0.4, false, (Emotion::Gloating, 0.144)),
    ] {
        let event = Event { like: Some(Signed1::clamped(like)), own_act, ..moved(0.9, 0.5, after) };
        same(&event.emotions(), &[should]);
    }
    let own = Event { praise: Signed1::clamped(-0.5), own_act: true, ..moved(1.0, 0.5, 0.0) };
    same(&own.emotions(), &[(Emotion::Distress, 0.5), (Emotion::Shame, 0.5), (Emotion::Remorse, 0.5)]);
}
