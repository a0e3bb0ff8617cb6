//! Weights out of people's answers: proposals, never more. Who approves what was held says that the rules against it weigh too much, or
//! those for it too little; who refuses, the other way.
//!
//! The chance that a person approves is taken as σ(k·(S − θ)), S the score under the weights, θ the bar that it missed (logistic
//! regression; k = 6, so that a score .4 above the bar is approved in nine of ten). The weights are the most probable ones under a normal prior
//! around what they are now, on a logarithmic scale with a standard deviation of ln 2: without evidence nothing moves. They stay within
//! [¼, 4] times the rule's own weight, and within [0, 10]. Gradient ascent, with a step that halves until it climbs; the same every time.

use super::judge::K;
use std::collections::BTreeMap;

/// Slope of the logistic, per unit of score.
const SLOPE: f64 = 6.0;
/// The prior's deviation on the logarithm of a weight: a factor of two.
const DEVIATION: f64 = std::f64::consts::LN_2;
/// How far from its own weight a rule may be moved.
const FURTHEST: f64 = 4.0;
/// Answers to requests on which a rule fired, below which it is let be.
pub const LEAST: usize = 5;
/// A change smaller than a tenth is not worth a person's time.
const WORTH: f64 = 0.1;
const STEPS: usize = 200;

/// One answered request: what each rule added (c = p·w·s·x, under the weights as they are), the bar, and the word.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub added: Vec<(String, f64)>,
    pub theta_allow: f64,
    pub approved: bool,
}

/// A rule's weight as it is, as its own file has it, and whether it may be learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub now: f64,
    pub own: f64,
    pub learnable: bool,
}

/// A weight that the answers speak for.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub rule: String,
    pub from: f64,
    pub to: f64,
    pub approved: usize,
    pub refused: usize,
}

/// What the answers speak for; empty when there are too few, or they agree with the weights.
#[must_use]
pub fn learn(answers: &[Answer], weights: &BTreeMap<String, Weight>) -> Vec<Proposal> {
    // Only rules that may be learned, and about which enough was said; the others stay what they are.
    let mut free: Vec<(&str, Weight)> = Vec::new();
    for (id, weight) in weights.iter().filter(|(_, w)| w.learnable && w.now > 0.0 && w.own > 0.0) {
        if answers.iter().filter(|a| a.added.iter().any(|(rule, c)| rule == id && *c != 0.0)).count() >= LEAST {
            free.push((id.as_str(), *weight));
        }
    }
    let bounds: Vec<(f64, f64)> = free.iter().map(|(_, w)| bounds(*w)).collect();
    let mut at: Vec<f64> = bounds.iter().map(|(low, high)| 0.0_f64.clamp(*low, *high)).collect();
    let mut height = likelihood(answers, &free, &at);
    let mut step = 0.5;
    for _ in 0..STEPS {
        let slope = gradient(answers, &free, &at);
        let next: Vec<f64> = at.iter().zip(&slope).zip(&bounds).map(|((u, g), (low, high))| (u + step * g).clamp(*low, *high)).collect();
        let reached = likelihood(answers, &free, &next);
        if reached > height {
            (at, height) = (next, reached);
            step *= 1.5;
        } else {
            step /= 2.0;
        }
    }
    let said = |id: &str, approved: bool| {
        answers.iter().filter(|a| a.approved == approved && a.added.iter().any(|(rule, c)| rule == id && *c != 0.0)).count()
    };
    let proposals = free.iter().zip(&at).map(|((id, w), u)| {
        let to = settled(w.now * libm::exp(*u), *w);
        Proposal { rule: (*id).to_owned(), from: w.now, to, approved: said(id, true), refused: said(id, false) }
    });
    proposals.filter(|p| (p.to / p.from - 1.0).abs() >= WORTH).collect()
}

/// How far the logarithm of a weight may go from what it is now.
fn bounds(w: Weight) -> (f64, f64) {
    let (low, high) = (w.own / FURTHEST, (w.own * FURTHEST).min(10.0));
    (libm::log(low / w.now), libm::log(high / w.now))
}

/// Two digits after the point, and within the bounds all the same.
fn settled(weight: f64, w: Weight) -> f64 {
    let rounded = (weight * 100.0).round() / 100.0;
    rounded.clamp(w.own / FURTHEST, (w.own * FURTHEST).min(10.0))
}

/// The score of an answer under weights e^u times those of now, and for each free rule dS/du.
fn score(answer: &Answer, free: &[(&str, Weight)], at: &[f64]) -> (f64, Vec<f64>) {
    let factor = |rule: &str| free.iter().zip(at).find(|((id, _), _)| *id == rule).map_or(1.0, |(_, u)| libm::exp(*u));
    let added: Vec<(&str, f64)> = answer.added.iter().map(|(rule, c)| (rule.as_str(), c * factor(rule))).collect();
    let size = added.iter().fold(K, |size, (_, c)| size + c.abs());
    let score = added.iter().map(|(_, c)| c).sum::<f64>() / size;
    // S = N/T: dS/dc = (1 − S·sign c)/T, and dc/du = c.
    let slope = |id: &str| added.iter().filter(|(rule, _)| *rule == id).map(|(_, c)| (c - score * c.abs()) / size).sum();
    (score, free.iter().map(|(id, _)| slope(id)).collect())
}

/// ln of the chance of all answers, and of the weights.
fn likelihood(answers: &[Answer], free: &[(&str, Weight)], at: &[f64]) -> f64 {
    let said = answers.iter().map(|a| {
        let z = SLOPE * (score(a, free, at).0 - a.theta_allow) * if a.approved { 1.0 } else { -1.0 };
        -libm::log1p(libm::exp(-z))
    });
    said.sum::<f64>() - at.iter().map(|u| u * u / (2.0 * DEVIATION * DEVIATION)).sum::<f64>()
}

fn gradient(answers: &[Answer], free: &[(&str, Weight)], at: &[f64]) -> Vec<f64> {
    let mut sum: Vec<f64> = at.iter().map(|u| -u / (DEVIATION * DEVIATION)).collect();
    for answer in answers {
        let (score, slopes) = score(answer, free, at);
        let chance = 1.0 / (1.0 + libm::exp(-SLOPE * (score - answer.theta_allow)));
        let miss = if answer.approved { 1.0 } else { 0.0 } - chance;
        for (sum, slope) in sum.iter_mut().zip(slopes) {
            *sum += SLOPE * miss * slope;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(all: &[(&str, f64)]) -> BTreeMap<String, Weight> {
        all.iter().map(|(id, w)| ((*id).to_owned(), Weight { now: *w, own: *w, learnable: true })).collect()
    }

    fn answers(count: usize, c: f64, theta_allow: f64, approved: bool) -> Vec<Answer> {
        vec![Answer { added: vec![("A".into(), c)], theta_allow, approved }; count]
    }

    /// One rule that adds −2 (S = −2/4), six approvals over a bar of 0. With the weight e^u times as great S = −e^u/(e^u + 1), and the best u
    /// is where the likelihood's slope 6·6·(1 − σ(6S))·dS/du, with dS/du = −e^u/(e^u + 1)², meets the prior's u/ln²2: found by bisection.
    #[test]
    fn it_agrees_with_a_case_solved_by_bisection() {
        let found = learn(&answers(6, -2.0, 0.0, true), &weights(&[("A", 4.0)]));
        let side = |u: f64| {
            let e = libm::exp(u);
            let s = -e / (e + 1.0);
            36.0 * (1.0 - 1.0 / (1.0 + libm::exp(-6.0 * s))) * (-e / ((e + 1.0) * (e + 1.0))) - u / (DEVIATION * DEVIATION)
        };
        let (mut low, mut high) = (-2.0 * DEVIATION, 0.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if side(middle) < 0.0 { high = middle } else { low = middle }
        }
        let wanted = (4.0 * libm::exp(low)).max(1.0);
        assert_eq!((found.len(), found[0].approved, found[0].refused), (1, 6, 0));
        assert!((found[0].to - wanted).abs() < 0.006, "{} and by bisection {wanted}", found[0].to);
    }

    #[test]
    fn below_five_answers_nothing_is_proposed_and_with_five_something_is() {
        assert_eq!(learn(&answers(4, -2.0, 0.0, true), &weights(&[("A", 4.0)])), []);
        let found = learn(&answers(5, -2.0, 0.0, true), &weights(&[("A", 4.0)]));
        assert!(found[0].to < 4.0, "approvals lighten what speaks against");
        assert!(learn(&answers(5, -0.1, -0.2, false), &weights(&[("A", 4.0)]))[0].to > 4.0, "refusals make it heavier");
        assert!(learn(&answers(8, 2.0, 0.6, true), &weights(&[("A", 2.0)]))[0].to > 2.0, "what speaks for it, the other way round");
    }

    #[test]
    fn what_may_not_be_learned_stays() {
        let mut fixed = weights(&[("A", 4.0)]);
        fixed.get_mut("A").unwrap().learnable = false;
        assert_eq!(learn(&answers(20, -2.0, 0.0, true), &fixed), []);
        assert_eq!(learn(&[], &weights(&[("A", 4.0)])), []);
        let balanced: Vec<Answer> = [answers(10, -2.0, -0.5, true), answers(10, -2.0, -0.5, false)].concat();
        assert_eq!(learn(&balanced, &weights(&[("A", 4.0)])), [], "people who disagree move nothing");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_weight_leaves_its_bounds_and_none_is_proposed_on_less_than_five(
            told in proptest::collection::vec((proptest::collection::vec((0..4_usize, -9.0..9.0_f64), 1..4), -0.4..0.6_f64, any::<bool>()), 0..40),
            now in proptest::collection::vec((0.1..10.0_f64, 0.3..3.0_f64), 4),
        ) {
            let ids = ["A", "B", "C", "D"];
            let answers: Vec<Answer> = told
                .into_iter()
                .map(|(added, theta_allow, approved)| Answer { added: added.into_iter().map(|(i, c)| (ids[i].to_owned(), c)).collect(), theta_allow, approved })
                .collect();
            let weights: BTreeMap<String, Weight> = ids
                .iter()
                .zip(&now)
                .map(|(id, (own, factor))| ((*id).to_owned(), Weight { now: (own * factor).min(10.0), own: *own, learnable: *id != "D" }))
                .collect();
            for p in learn(&answers, &weights) {
                let w = weights[&p.rule];
                prop_assert!(p.to >= w.own / 4.0 - 1e-12 && p.to <= (w.own * 4.0).min(10.0) + 1e-12, "{p:?} of {w:?}");
                prop_assert!(p.rule != "D" && p.approved + p.refused >= 5);
            }
        }
    }
}
