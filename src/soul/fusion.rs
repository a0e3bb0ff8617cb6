//! Operators on opinions: what others say is discounted and fused; what depends on two things is multiplied. Formulas only, no state.

use super::opinion::Belief;

/// An opinion never less uncertain than this comes of hearsay, however many say the same: who was not there cannot be sure.
pub const HEARSAY_UNCERTAINTY: f64 = 0.3;
/// An opinion without any uncertainty cannot be fused with another; so little is none.
const DOGMATIC: f64 = 1e-9;

/// Trust discounting: b' = P·b, d' = P·d, u' = 1 − P·(b + d), with P the expectation of the one who says it, in [0, 1].
/// Source: Jøsang, Subjective Logic (2016), 14.3.
#[must_use]
pub fn discount(p: f64, said: Belief) -> Belief {
    let (b, d) = (p * said.b, p * said.d);
    Belief { b, d, u: 1.0 - b - d, a: said.a }
}

/// Averaging belief fusion: of those whose words may rest on the same things. The evidence is averaged, so that more of the same adds nothing.
/// Commutative and idempotent; not associative, therefore all at once. None: nobody said anything. Source: Jøsang (2016), 12.5.
#[must_use]
pub fn average(said: &[Belief]) -> Option<Belief> {
    let n = count(said.len())?;
    Some(fused(said, |_| 1.0 / n))
}

/// Cumulative belief fusion: of independent witnesses. The evidence adds up. Commutative and associative. Source: Jøsang (2016), 12.3.
#[must_use]
pub fn cumulate(said: &[Belief]) -> Option<Belief> {
    count(said.len())?;
    Some(fused(said, |_| 1.0))
}

/// Weighted belief fusion: the evidence is averaged by confidence 1 − u. Commutative and idempotent. Source: Jøsang (2016), 12.6; for more
/// than two van der Heijden, Kopp, Kargl 2018.
#[must_use]
pub fn weigh(said: &[Belief]) -> Option<Belief> {
    count(said.len())?;
    let sure: f64 = said.iter().map(|o| 1.0 - o.u).sum();
    if sure <= 0.0 {
        return average(said);
    }
    Some(fused(said, |o| (1.0 - o.u) / sure))
}

/// Consensus and compromise fusion: what all agree on is kept, and of the rest the conflict becomes uncertainty. Commutative and idempotent.
/// Source: van der Heijden, Kopp, Kargl 2018, definition 5, for a binary domain.
#[must_use]
pub fn compromise(said: &[Belief]) -> Option<Belief> {
    let a = said.first()?.a;
    let least = |of: fn(&Belief) -> f64| said.iter().map(of).fold(f64::INFINITY, f64::min);
    let (agreed_b, agreed_d) = (least(|o| o.b), least(|o| o.d));
    let u_all: f64 = said.iter().map(|o| o.u).product();
    let share = |rest: &dyn Fn(&Belief) -> f64| -> f64 {
        let alone: f64 = said
            .iter()
            .enumerate()
            .map(|(i, o)| rest(o) * said.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other.u).product::<f64>())
            .sum();
        alone + said.iter().map(rest).product::<f64>()
    };
    let (for_, against) = (|o: &Belief| o.b - agreed_b, |o: &Belief| o.d - agreed_d);
    let (b, d) = (share(&for_), share(&against));
    // Everything but that all lean the same way.
    let all: f64 = said.iter().map(|o| for_(o) + against(o)).product();
    let both = all - said.iter().map(for_).product::<f64>() - said.iter().map(against).product::<f64>();
    let total = b + d + both;
    if total <= 0.0 {
        let (b, d) = (agreed_b, agreed_d);
        return Some(Belief { b, d, u: 1.0 - b - d, a });
    }
    let scale = (1.0 - agreed_b - agreed_d - u_all) / total;
    let (b, d) = (agreed_b + scale * b, agreed_d + scale * d);
    Some(Belief { b, d, u: 1.0 - b - d, a })
}

/// Both at once: P = P₁·P₂. Source: Jøsang (2016), 7.1.
#[must_use]
pub fn multiply(x: Belief, y: Belief) -> Belief {
    let rest = 1.0 - x.a * y.a;
    if rest <= DOGMATIC {
        let (b, d) = (x.b * y.b, x.d + y.d - x.d * y.d);
        return Belief { b, d, u: 1.0 - b - d, a: x.a * y.a };
    }
    let b = x.b * y.b + ((1.0 - x.a) * y.a * x.b * y.u + x.a * (1.0 - y.a) * x.u * y.b) / rest;
    let d = x.d + y.d - x.d * y.d;
    Belief { b, d, u: 1.0 - b - d, a: x.a * y.a }
}

/// What an entity itself showed, with what was heard of it: the hearsay is one voice, and never surer than hearsay can be.
#[must_use]
pub fn with_hearsay(own: Belief, hearsay: &[Belief]) -> Belief {
    let Some(voice) = average(hearsay) else { return own };
    let most = 1.0 - HEARSAY_UNCERTAINTY;
    let sure = voice.b + voice.d;
    let voice =
        if sure > most { Belief { b: voice.b * most / sure, d: voice.d * most / sure, u: HEARSAY_UNCERTAINTY, ..voice } } else { voice };
    average(&[own, voice]).map_or(own, |fused| Belief { a: own.a, ..fused })
}

/// By way of the evidence: r = b/u and s = d/u, with the prior weight as unit.
fn fused(said: &[Belief], weight: impl Fn(&Belief) -> f64) -> Belief {
    let (mut r, mut s, mut a) = (0.0, 0.0, 0.0);
    for o in said {
        let (u, w) = (o.u.max(DOGMATIC), weight(o));
        r += w * o.b / u;
        s += w * o.d / u;
        a += o.a;
    }
    let total = 1.0 + r + s;
    Belief { b: r / total, d: s / total, u: 1.0 / total, a: count(said.len()).map_or(0.5, |n| a / n) }
}

fn count(n: usize) -> Option<f64> {
    u32::try_from(n).ok().filter(|n| *n > 0).map(f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opinion(b: f64, d: f64, u: f64) -> Belief {
        Belief { b, d, u, a: 0.5 }
    }

    fn near(is: Belief, b: f64, d: f64, u: f64, by: f64) {
        assert!((is.b - b).abs() < by && (is.d - d).abs() < by && (is.u - u).abs() < by, "{is:?} is not {b} {d} {u}");
    }

    #[test]
    fn the_published_fusions_hold() {
        let three = [opinion(0.1, 0.3, 0.6), opinion(0.4, 0.2, 0.4), opinion(0.7, 0.1, 0.2)];
        near(cumulate(&three).unwrap(), 0.651, 0.209, 0.140, 1e-3);
        near(compromise(&three).unwrap(), 0.629, 0.182, 0.189, 1e-3);
        near(weigh(&three).unwrap(), 0.562, 0.146, 0.292, 1e-3);
        near(discount(0.5, opinion(0.2, 0.2, 0.6)), 0.1, 0.1, 0.8, 1e-12);
        let product = multiply(Belief { a: 0.5, ..opinion(0.7, 0.1, 0.2) }, Belief { a: 0.3, ..opinion(0.6, 0.2, 0.2) });
        assert!((product.expectation() - (0.7 + 0.5 * 0.2) * (0.6 + 0.3 * 0.2)).abs() < 1e-12);
    }

    #[test]
    fn nobody_says_nothing() {
        assert!(average(&[]).is_none() && cumulate(&[]).is_none() && weigh(&[]).is_none() && compromise(&[]).is_none());
        near(with_hearsay(opinion(0.2, 0.3, 0.5), &[]), 0.2, 0.3, 0.5, 1e-12);
    }

    #[test]
    fn a_crowd_is_one_voice() {
        let own = Belief { a: 0.3, ..opinion(0.0, 0.0, 1.0) };
        let one = with_hearsay(own, &[opinion(0.9, 0.0, 0.1)]).expectation();
        let crowd = with_hearsay(own, &vec![opinion(0.9, 0.0, 0.1); 1_000]).expectation();
        assert!((one - crowd).abs() < 1e-9, "{one} {crowd}");
    }

    fn any() -> impl Strategy<Value = Belief> {
        (0.0f64..1.0, 0.0f64..1.0, 0.001f64..1.0, 0.01f64..0.99).prop_map(|(b, d, u, a)| {
            let sum = b + d + u;
            Belief { b: b / sum, d: d / sum, u: u / sum, a }
        })
    }

    fn same(x: Belief, y: Belief) -> bool {
        (x.b - y.b).abs() < 1e-9 && (x.d - y.d).abs() < 1e-9 && (x.u - y.u).abs() < 1e-9
    }

    proptest! {
        #[test]
        fn each_operator_gives_an_opinion(said in prop::collection::vec(any(), 1..6), p in 0.0f64..=1.0) {
            let all = [average(&said), cumulate(&said), weigh(&said), compromise(&said)];
            let more = [Some(discount(p, said[0])), Some(multiply(said[0], said[said.len() - 1])), Some(with_hearsay(said[0], &said))];
            for o in all.into_iter().chain(more).map(Option::unwrap) {
                prop_assert!((o.b + o.d + o.u - 1.0).abs() < 1e-9);
                prop_assert!([o.b, o.d, o.u].iter().all(|x| (-1e-9..=1.0 + 1e-9).contains(x)), "{:?}", o);
            }
            let product = multiply(said[0], said[said.len() - 1]);
            prop_assert!((product.expectation() - said[0].expectation() * said[said.len() - 1].expectation()).abs() < 1e-9);
        }

        #[test]
        fn the_order_of_witnesses_does_not_matter(said in prop::collection::vec(any(), 1..6)) {
            let other: Vec<Belief> = said.iter().rev().copied().collect();
            for fuse in [average, cumulate, weigh, compromise] {
                prop_assert!(same(fuse(&said).unwrap(), fuse(&other).unwrap()));
            }
        }

        #[test]
        fn cumulation_is_associative_and_the_averages_are_idempotent(x in any(), y in any(), z in any()) {
            let left = cumulate(&[cumulate(&[x, y]).unwrap(), z]).unwrap();
            let right = cumulate(&[x, cumulate(&[y, z]).unwrap()]).unwrap();
            prop_assert!(same(left, right) && same(left, cumulate(&[x, y, z]).unwrap()));
            for fuse in [average, weigh, compromise] {
                prop_assert!(same(fuse(&[x, x, x]).unwrap(), x));
            }
        }

        #[test]
        fn hearsay_moves_no_more_than_one_voice_may(own in any(), said in prop::collection::vec(any(), 0..40)) {
            let moved = with_hearsay(own, &said);
            // One voice of the least uncertainty weighs 1/.3 beside 1/u.
            let most = own.u / (own.u + HEARSAY_UNCERTAINTY);
            prop_assert!((moved.expectation() - own.expectation()).abs() <= most + 1e-9);
        }
    }
}
