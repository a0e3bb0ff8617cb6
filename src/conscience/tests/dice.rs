//! Random requests and rules from a seed: cheap enough for a hundred thousand cases of each law at every test run.

use super::*;

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same on every machine.
pub(in crate::conscience) struct Dice(pub u64);

const VERBS: [&str; 20] = [
    "on",
    "off",
    "open",
    "close",
    "lock",
    "unlock",
    "set",
    "mode",
    "arm",
    "disarm",
    "mute",
    "disable",
    "update",
    "export",
    "unknown",
    "press",
    "play",
    "install",
    "set_water",
    "permit_join",
];
const TAGS: [&str; 14] = [
    "life_safety",
    "medical",
    "fire_suppression",
    "heat_source",
    "heater",
    "security",
    "private_area",
    "personal_data",
    "refrigeration",
    "firmware",
    "machine",
    "child_safety",
    "irrigation",
    "gas",
];

impl Dice {
    pub(in crate::conscience) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(in crate::conscience) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    pub(in crate::conscience) fn chance(&mut self, of_a_hundred: usize) -> bool {
        self.below(100) < of_a_hundred
    }

    /// In [0, 1), the ends now and then.
    pub(in crate::conscience) fn unit(&mut self) -> Unit01 {
        let x = f64::from(u32::try_from(self.next() >> 32).unwrap()) / 4_294_967_296.0;
        Unit01::clamped(match self.below(16) {
            0 => 0.0,
            1 => 1.0,
            _ => x,
        })
    }

    pub(in crate::conscience) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit().get()
    }

    pub(in crate::conscience) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Any request; each truth of the house is missing with 3 in 10 when `missing`.
    pub(in crate::conscience) fn facts(&mut self, missing: bool) -> Facts {
        static NEUTRAL: std::sync::LazyLock<Facts> = std::sync::LazyLock::new(|| facts(DeviceClass::Switch, "on"));
        let mut f = NEUTRAL.clone();
        f.dev.class = *self.pick(&crate::conscience::names::CLASSES);
        f.act.verb = (*self.pick(&VERBS)).into();
        f.dev.risk = if self.chance(80) { f.dev.class.risk_of(f.dev.class.risk(), &f.act.verb) } else { self.unit() };
        for _ in 0..self.below(3) {
            f.dev.tags.insert((*self.pick(&TAGS)).into());
        }
        if self.chance(50) {
            f.dev.area = "bedroom".into();
        }
        f.dev.cmds_60s = if self.chance(50) { 0 } else { u32::try_from(self.below(400)).unwrap() };
        f.dev.opposite_5s = u32::from(self.chance(20));
        (f.req.trust, f.req.human, f.req.delegated) = (self.unit(), self.chance(50), self.chance(50));
        if self.chance(20) {
            f.req.entity = EntityId::escaped("somebody_else");
        }
        if self.chance(50) {
            f.req.role = "owner".into();
        }
        f.act.value = self.chance(50).then(|| self.between(-10.0, 100.0));
        match self.below(4) {
            0 => f.act.args.insert("mode".into(), "home".into()),
            1 => f.act.args.insert("reason".into(), "toast".into()),
            2 => f.act.args.insert("occupied_heating_setpoint".into(), 21.into()),
            _ => None,
        };
        (f.act.retained, f.act.signed) = (self.chance(10), self.chance(50));
        let ctx = f.ctx.make_mut();
        for name in BOOLS {
            let value = (SignalValue::Bool(self.chance(50)), !(missing && self.chance(30)));
            *ctx.get_mut(name).unwrap() = value;
        }
        for (name, low, high) in [("in_c", -20.0, 40.0), ("out_c", -20.0, 40.0), ("hour", 0.0, 24.0)] {
            ctx.get_mut(name).unwrap().0 = SignalValue::Number(self.between(low, high).floor());
        }
        f.stress = self.unit();
        f
    }

    /// Sets of one to six rules that fire by a word in `act.args`, so that a request chooses which; some of them are vetoes.
    pub(in crate::conscience) fn sets(&mut self, count: usize) -> Vec<(RuleSet, Vec<Kind>)> {
        (0..count).map(|_| self.set()).collect()
    }

    fn set(&mut self) -> (RuleSet, Vec<Kind>) {
        let mut text = String::new();
        let mut kinds = Vec::new();
        for i in 0..=self.below(6) {
            let kind = *self.pick(&[Kind::Weigh, Kind::Weigh, Kind::Weigh, Kind::Escalate, Kind::Veto]);
            let polarity = if kind != Kind::Veto && self.chance(50) { 1 } else { -1 };
            let (weight, severity) = (self.between(0.1, 10.0), self.unit().get());
            let degree = if self.chance(30) { "degree='req.human ? req.trust : 0.25'\n" } else { "" };
            kinds.push(kind);
            text += &format!(
                "[[rule]]\nid='R{i}'\nduty='security'\nkind='{}'\npolarity={polarity}\nweight={weight:?}\nseverity={severity:?}\n\
                 when=\"'r{i}' in act.args\"\n{degree}",
                kind.as_str()
            );
        }
        (load(&[("r.toml".into(), text)]).unwrap_or_else(|e| panic!("{}", told(&e))), kinds)
    }

    /// A request on which the chosen rules of such a set fire.
    pub(in crate::conscience) fn fire(mut facts: Facts, rules: impl IntoIterator<Item = usize>) -> Facts {
        for i in rules {
            facts.act.args.insert(format!("r{i}"), true.into());
        }
        facts
    }
}
