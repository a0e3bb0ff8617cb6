//! Promise: whatever stands in a rule file and whatever a client sends, the conscience answers: a refusal with a place, or a verdict.
//!
//! Cases come from a seed: rules from a grammar of CEL with mistakes in it, messages as bytes on command topics, read by the guard and
//! judged by the shipped rules and by the random ones. `JAMEY_CASES` says how many (a quarter of them rules), `JAMEY_SEED` from where:
//! `JAMEY_CASES=10000000 cargo test --release --test any_rule_any_message -- --nocapture`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "month/things.rs"]
mod things;
use jamey::{
    broker::guard::{self, GuardRules, Reading},
    config::shipped_signals,
    conscience::RuleSet,
    domain::{ActFacts, DeviceClass, DeviceFacts, EntityId, Facts, Registry, RequestFacts, SignalValue, Unit01},
    home_assistant::{self, Learned},
};
use std::collections::BTreeMap;

const CASES: u64 = 12_800;
/// Rules in one file: loading starts a thread, which costs more than a rule.
const FILE: usize = 32;
/// Messages judged by the rules of one file.
const MESSAGES: usize = 96;

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / 4_294_967_295.0
    }

    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .pick(&["ctx.home", "req.human", "act.retained", "true", "ctx.smoke", "has(act.args.mode)", "!ctx.asleep"])
                .to_owned();
        }
        let d = depth - 1;
        match self.below(15) {
            0 => format!("{} && {}", self.truth(d), self.truth(d)),
            1 => format!("{} || {}", self.truth(d), self.truth(d)),
            2 => format!("!({})", self.truth(d)),
            3 => format!("({} ? {} : {})", self.truth(d), self.truth(d), self.truth(d)),
            4 => format!("{} {} {}", self.number(d), self.pick(&["<", "<=", ">", ">=", "==", "!="]), self.number(d)),
            5 => format!("{} {} {}", self.text(), self.pick(&["==", "!=", "<"]), self.text()),
            6 => format!("{} in [{}, {}]", self.text(), self.text(), self.text()),
            7 => format!("{} in dev.tags", self.text()),
            8 => format!(
                "dev.tags.{}(t, {})",
                self.pick(&["exists", "all", "exists_one"]),
                self.pick(&["t == 'x'", "t.startsWith('h')", "true", "t in ['a', 'b']"])
            ),
            9 => format!("{}.matches({})", self.text(), self.pick(&["'^(a|b)*$'", "'(a+)+b'", "'[0-9]{1,40}'", "'.*.*.*x'", "'('"])),
            10 => format!("{}.{}({})", self.text(), self.pick(&["startsWith", "endsWith", "contains"]), self.text()),
            11 => format!("act.args.{} == {}", self.pick(&["mode", "x", "level"]), self.pick(&["'home'", "3", "1.5", "null", "true"])),
            12 => format!("size({}) > {}", self.pick(&["dev.tags", "act.verb", "act.args", "[1, 2]"]), self.below(5)),
            13 => format!("[1, 2, 3].{}(n, n > dev.cmds_60s)", self.pick(&["exists", "all"])),
            _ => self.truth(0),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        let plain = [
            "ctx.in_c",
            "ctx.hour",
            "req.trust",
            "act.value",
            "dev.risk",
            "3.5",
            "-1e300",
            "double(dev.cmds_60s)",
            "dev.cmds_60s",
            "7",
            "9223372036854775807",
        ];
        if depth == 0 {
            return self.pick(&plain).to_owned();
        }
        match self.below(4) {
            0 => format!("({} {} {})", self.number(depth - 1), self.pick(&["+", "-", "*", "/", "%"]), self.number(depth - 1)),
            1 => format!("{}({}, {})", self.pick(&["min", "max"]), self.number(depth - 1), self.number(depth - 1)),
            2 => format!("-{}", self.number(depth - 1)),
            _ => self.pick(&plain).to_owned(),
        }
    }

    fn text(&mut self) -> &'static str {
        self.pick(&["dev.class", "dev.area", "act.verb", "act.target", "req.role", "'lock'", "'x'", "dev.state", "''"])
    }

    /// A `when`, sometimes with a typing error, sometimes nothing like one.
    fn when(&mut self) -> String {
        let depth = 1 + self.below(4);
        let mut text = self.truth(depth);
        for _ in 0..self.below(8).saturating_sub(4) {
            let chars: Vec<char> = text.chars().collect();
            if chars.is_empty() {
                break;
            }
            let at = self.below(chars.len());
            let (before, after): (String, String) = (chars[..at].iter().collect(), chars[at..].iter().collect());
            let odd = self.pick(&[
                "(", ")", "[", "]", "'", "\"", "&&", "!", ".", "0x", "é", "\\", "1e9999", "ctx.", "{", "?", ":", "\u{202e}", "null", "u",
                " in ",
            ]);
            text = match self.below(3) {
                0 => before + odd + &after,
                1 => before,
                _ => before + &after.chars().skip(1).collect::<String>(),
            };
        }
        text
    }

    fn rule(&mut self, n: usize) -> String {
        let kind = self.pick(&["weigh", "escalate", "veto"]);
        let (polarity, weight, severity) = (if kind != "veto" && self.below(2) == 0 { 1 } else { -1 }, self.below(11), self.unit());
        let degree = if self.below(5) == 0 { format!("degree = {}\n", quoted(&self.number(2))) } else { String::new() };
        format!(
            "[[rule]]\nid = \"F-{n}\"\nduty = \"security\"\nkind = \"{kind}\"\npolarity = {polarity}\nweight = {weight}\nseverity = {severity}\nwhen = {}\n{degree}",
            quoted(&self.when())
        )
    }

    fn payload(&mut self) -> Vec<u8> {
        match self.below(5) {
            0 => (0..self.below(40)).map(|_| u8::try_from(self.next() & 0xff).unwrap()).collect(),
            1 => self.pick(&["ON", "OFF", "LOCK", "UNLOCK", "OPEN", "STOP", "21.5", "-1e9", "NaN", "", "{}", "[]", "null"]).into(),
            2 => format!(
                "{{\"{}\":{}}}",
                self.pick(&["state", "brightness", "position", "occupied_heating_setpoint", "system_mode", "id", "raw", "\u{202e}"]),
                self.pick(&["\"ON\"", "\"UNLOCK\"", "1e308", "-3", "{\"a\":[1]}", "null", "\"\\u0000\""])
            )
            .into_bytes(),
            3 => format!("{{\"state\":\"{}\",\"brightness\":{},\"transition\":2}}", self.pick(&["ON", "TOGGLE", "x"]), self.below(300))
                .into_bytes(),
            _ => "[".repeat(self.below(300)).into_bytes(),
        }
    }

    fn facts(&mut self, act: ActFacts, class: DeviceClass) -> Facts {
        let mut ctx: Vec<(String, (SignalValue, bool))> = shipped_ctx();
        for (_, (value, known)) in &mut ctx {
            *known = self.below(3) > 0;
            *value = match value {
                SignalValue::Bool(_) => SignalValue::Bool(self.below(2) == 0),
                SignalValue::Number(_) => SignalValue::Number(self.unit() * 60.0 - 20.0),
            };
        }
        let tags = ["security", "heater", "medical", "machine", "x", "\u{202e}"];
        let who = EntityId::escaped(self.pick(&["hub", "a\u{0}b", "sensor 7", ""]));
        Facts {
            req: RequestFacts {
                entity: who.clone(),
                client: who,
                role: self.pick(&["", "owner"]).into(),
                human: self.below(2) == 0,
                trust: Unit01::clamped(self.unit()),
                delegated: self.below(2) == 0,
                events: (self.below(2) == 0).then(|| self.next()),
                minute: Some(u16::try_from(self.below(1440)).unwrap()),
            },
            dev: DeviceFacts {
                class,
                area: self.pick(&["hall", "bedroom"]).into(),
                tags: (0..self.below(3)).map(|_| self.pick(&tags).to_owned()).collect(),
                state: String::new(),
                risk: class.risk_of(class.risk(), &act.verb),
                cmds_60s: u32::try_from(self.below(2_000)).unwrap(),
                opposite_5s: u32::try_from(self.below(2)).unwrap(),
                name: (self.below(2) == 0).then(|| "Thing\n\u{1b}[31m".repeat(self.below(9))),
            },
            act,
            ctx: ctx.into_iter().collect(),
            stress: Unit01::clamped(self.unit()),
        }
    }
}

fn shipped_ctx() -> Vec<(String, (SignalValue, bool))> {
    let hour = ("hour".to_owned(), (SignalValue::Number(3.0), true));
    shipped_signals().into_iter().map(|s| (s.name, (s.default, true))).chain([hour]).collect()
}

fn quoted(text: &str) -> String {
    // What TOML cannot hold is no case: the file would be refused before the rule is read.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The rules of a file that are rules, and how many were refused. A refused one has an error of its own.
fn load(rules: &[String]) -> (Option<RuleSet>, usize) {
    let signals = shipped_signals();
    let try_all = |rules: &[String]| RuleSet::load(&[("fuzz.toml".into(), rules.concat())], &signals, &BTreeMap::new());
    let errors = match try_all(rules) {
        Ok(set) => return (Some(set), 0),
        Err(errors) => errors,
    };
    assert!(!errors.is_empty() && errors.iter().all(|e| !e.message.contains("the checker failed")), "{errors:?}\n{}", rules.concat());
    let bad: Vec<usize> = errors.iter().filter_map(|e| e.rule.as_deref()?.strip_prefix("F-")?.parse().ok()).collect();
    assert!(!bad.is_empty(), "refused, and no rule is named: {errors:?}");
    let good: Vec<String> = rules.iter().enumerate().filter(|(n, _)| !bad.contains(n)).map(|(_, r)| r.clone()).collect();
    let set = try_all(&good).unwrap_or_else(|e| panic!("refused though nothing was said of it: {e:?}\n{}", good.concat()));
    (Some(set), rules.len() - good.len())
}

/// A home's devices, and the topics that command them.
fn home() -> (Registry, Vec<String>) {
    let (prefixes, bases) = (vec!["homeassistant".to_owned()], vec!["zigbee2mqtt".to_owned()]);
    let mut registry = Registry::default();
    let inventory = ("zigbee2mqtt/bridge/devices".to_owned(), things::inventory());
    for (topic, document) in things::documents().into_iter().chain([inventory]) {
        if let Ok(Learned::Claims(claims)) = home_assistant::learn(&topic, document.to_string().as_bytes(), &prefixes, &bases) {
            claims.into_iter().for_each(|claim| {
                registry.apply(claim);
            });
        }
    }
    let mut topics: Vec<String> = registry.devices().flat_map(|d| d.commands().map(|c| c.topic.clone())).collect();
    topics.extend(
        ["zigbee2mqtt/bridge/request/permit_join", "zigbee2mqtt/unknown thing/left/set", "zigbee2mqtt/front_door/set/state"]
            .map(str::to_owned),
    );
    (registry, topics)
}

fn check(set: &mut RuleSet, facts: &Facts, seed: u64) {
    let v = set.judge(facts);
    let sum: f64 = v.contributions.iter().map(|c| c.share).sum();
    let sound = v.score.abs() < 1.0 && (sum - v.score).abs() < 1e-9 && v.theta_deny < v.theta_allow;
    assert!(sound, "JAMEY_SEED={seed}: {v:?} on {facts:?}");
    assert!(!v.reason.is_empty() && !v.reason.chars().any(char::is_control), "JAMEY_SEED={seed}: {:?}", v.reason);
}

#[test]
fn every_rule_and_every_message_gets_an_answer() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (cases, mut seed): (u64, u64) = (number("JAMEY_CASES", CASES), number("JAMEY_SEED", 1));
    let (registry, topics) = home();
    let guards = GuardRules { zigbee_bases: vec!["zigbee2mqtt".into()], ..GuardRules::default() };
    let mut shipped = RuleSet::load(&RuleSet::shipped(), &shipped_signals(), &BTreeMap::new()).unwrap();
    let (mut rules, mut refused, mut messages, mut verdicts) = (0u64, 0u64, 0u64, 0u64);
    let start = std::time::Instant::now();
    while rules + messages < cases {
        let mut dice = Dice(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let file: Vec<String> = (0..FILE).map(|n| dice.rule(n)).collect();
        let (set, bad) = load(&file);
        rules += u64::try_from(FILE).unwrap();
        refused += u64::try_from(bad).unwrap();
        let mut set = set.unwrap();
        for _ in 0..MESSAGES {
            messages += 1;
            let (topic, payload) = (&topics[dice.below(topics.len())], dice.payload());
            let Reading::Requests(requests) = guard::read(&registry, &guards, topic, &payload, dice.below(9) == 0) else { continue };
            for request in requests {
                let class = registry.device(&request.target).map_or(DeviceClass::Unknown, |d| d.class);
                let act = ActFacts {
                    target: request.target,
                    verb: request.verb.0,
                    value: request.value,
                    args: request.args,
                    retained: dice.below(9) == 0,
                    signed: false,
                };
                let facts = dice.facts(act, class);
                check(&mut shipped, &facts, seed);
                check(&mut set, &facts, seed);
                verdicts += 2;
            }
        }
        seed = seed.wrapping_add(1);
    }
    println!(
        "{rules} rules ({refused} refused), {messages} messages, {verdicts} verdicts in {:.0} s; next JAMEY_SEED={seed}",
        start.elapsed().as_secs_f64()
    );
    assert!(
        refused * 100 > rules && refused < rules && verdicts > messages,
        "the cases say nothing: {refused} of {rules} refused, {verdicts} verdicts"
    );
}
