//! What judging costs: `cargo bench --bench conscience`. Each request is timed by itself; nothing is averaged before its percentile.
//!
//! Three questions: how long a verdict with its explanation takes (p99 at most 10 µs), whether it allocates more with more rules (it must
//! not, beyond the explanation), and how long the worst rule that the loader lets through takes (at most 50 µs).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement fails by panicking")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds and percentiles")]

use jamey::{
    config::shipped_signals,
    conscience::{Example, RuleSet},
    domain::{DeviceClass, EntityId, Facts, SignalSource, SignalSpec, SignalType, SignalValue, Unit01},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{alloc::System, collections::BTreeMap, hint::black_box, time::Instant};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    println!("machine: {}", machine());
    println!("a timer read back to back: p50 {} ns\n", percentile(&mut timer(), 0.5));
    latency();
    allocations();
    hostile();
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map_or("unknown", |l| l.trim_start_matches([' ', '\t', ':']));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("{model}, {} cores, load {}", std::thread::available_parallelism().map_or(0, usize::from), load.trim())
}

fn timer() -> Vec<u64> {
    (0..10_000).map(|_| Instant::now().elapsed().as_nanos() as u64).collect()
}

fn percentile(of: &mut [u64], p: f64) -> u64 {
    of.sort_unstable();
    of[((of.len() - 1) as f64 * p) as usize]
}

/// All signals told by someone.
fn signals() -> Vec<SignalSpec> {
    let mut signals = shipped_signals();
    signals.iter_mut().for_each(|s| s.from = vec![SignalSource::of(EntityId::escaped("house"), s.name.clone())]);
    signals
}

fn set(text: &str) -> Result<RuleSet, String> {
    RuleSet::load(&[("bench.toml".into(), text.into())], &signals(), &BTreeMap::new()).map_err(|e| e[0].to_string())
}

fn shipped() -> RuleSet {
    RuleSet::load(&RuleSet::shipped(), &signals(), &BTreeMap::new()).unwrap()
}

fn neutral() -> Facts {
    let example: Example = toml::from_str("fires = true\nname = 'x'").unwrap();
    let signals = signals();
    example.facts(signals.iter().map(|s| (s.name.as_str(), s.type_of())).chain([("hour", SignalType::Number)]))
}

fn ask(class: DeviceClass, verb: &str, change: impl Fn(&mut Facts)) -> Facts {
    let mut f = neutral();
    (f.dev.class, f.act.verb, f.dev.risk) = (class, verb.into(), class.risk_of(class.risk(), verb));
    (f.req.trust, f.req.events, f.req.minute) = (Unit01::clamped(0.93), Some(400), Some(14 * 60 + 5));
    f.dev.name = Some("A thing in the hall".into());
    change(&mut f);
    f
}

fn signal(f: &mut Facts, name: &str, value: SignalValue) {
    f.ctx.make_mut().insert(name.into(), (value, true));
}

/// A home's day, by how often each is asked: lamps and heating most, doors and alarms now and then; and the hard ones.
fn mix() -> Vec<(usize, &'static str, Facts)> {
    use DeviceClass::*;
    let yes = SignalValue::Bool(true);
    let no = SignalValue::Bool(false);
    vec![
        (50, "lamp on", ask(Light, "on", |_| ())),
        (15, "blind", ask(Cover, "close", |_| ())),
        (
            12,
            "thermostat",
            ask(Climate, "set", |f| {
                f.act.value = Some(21.5);
                f.act.args.insert("occupied_heating_setpoint".into(), 21.5.into());
            }),
        ),
        (
            10,
            "plug",
            ask(Switch, "off", |f| {
                f.dev.tags.insert("heat_source".into());
            }),
        ),
        (4, "door locked", ask(Lock, "lock", |_| ())),
        (3, "door unlocked", ask(Lock, "unlock", |_| ())),
        (
            2,
            "door at night, denied",
            ask(Lock, "unlock", |f| {
                signal(f, "asleep", yes);
                signal(f, "hour", SignalValue::Number(3.0));
            }),
        ),
        (
            1,
            "door, nothing known",
            ask(Lock, "unlock", |f| {
                f.req.trust = Unit01::clamped(0.2);
                f.ctx.make_mut().values_mut().for_each(|v| v.1 = false);
            }),
        ),
        (
            1,
            "nobody home, a person asks",
            ask(Lock, "unlock", |f| {
                f.req.human = true;
                signal(f, "home", no);
            }),
        ),
        (1, "siren off in CO, vetoed", ask(Siren, "off", |f| signal(f, "co", yes))),
        (
            1,
            "freezer off",
            ask(Switch, "off", |f| {
                f.dev.tags.insert("refrigeration".into());
            }),
        ),
    ]
}

fn time(set: &mut RuleSet, facts: &Facts) -> u64 {
    let start = Instant::now();
    black_box(set.judge(black_box(facts)));
    start.elapsed().as_nanos() as u64
}

fn print(what: &str, times: &mut [u64]) {
    let n = times.len();
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|p| percentile(times, p));
    println!("{what:<42} p50 {p50:>7} ns   p99 {p99:>7} ns   p99.9 {p999:>7} ns   worst {:>8} ns   n {n}", times[n - 1]);
}

fn latency() {
    let rules = shipped().rules().count();
    println!("a verdict with its explanation, {rules} shipped rules");
    let mut set = shipped();
    let mix = mix();
    let deck: Vec<usize> = mix.iter().enumerate().flat_map(|(at, m)| std::iter::repeat_n(at, m.0)).collect();
    let mut seed = 7u64;
    let mut draw = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        deck[(seed >> 33) as usize % deck.len()]
    };
    let mut all = Vec::new();
    let mut each: Vec<Vec<u64>> = vec![Vec::new(); mix.len()];
    for n in 0..220_000 {
        let at = draw();
        let ns = time(&mut set, &mix[at].2);
        if n >= 20_000 {
            all.push(ns);
            each[at].push(ns);
        }
    }
    print("  the mix, cache warm", &mut all);
    for (at, m) in mix.iter().enumerate() {
        print(&format!("    {}", m.1), &mut each[at]);
    }
    // A target never seen: which rules can matter is found out anew.
    let mut cold = Vec::new();
    for n in 0..100_000 {
        let mut facts = mix[draw()].2.clone();
        facts.act.target = EntityId::escaped(&format!("device_{n}"));
        cold.push(time(&mut set, &facts));
    }
    print("  the mix, each target new to the cache", &mut cold);
    // And with the processor's caches full of something else.
    let mut other = vec![0u8; 64 << 20];
    let mut chilled = Vec::new();
    for n in 0..300u64 {
        other.iter_mut().step_by(64).for_each(|b| *b = b.wrapping_add(n as u8));
        black_box(&other);
        chilled.push(time(&mut set, &mix[draw()].2));
    }
    print("  the mix, after 64 MiB of other work each", &mut chilled);
    println!();
}

fn allocations() {
    println!("allocations of a verdict, shipped rules and so many more that do not fire");
    for more in [0, 23, 100, 200] {
        let quiet: String = (0..more)
            .map(|n| format!("[[rule]]\nid='Q{n}'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=1\nseverity=1\nwhen=\"ctx.leak && dev.cmds_60s > {n} && req.human\"\n"))
            .collect();
        let mut set = RuleSet::load(&[RuleSet::shipped().remove(0), ("quiet.toml".into(), quiet)], &signals(), &BTreeMap::new()).unwrap();
        let mut told = format!("  {:>3} rules:", set.rules().count());
        for (_, name, facts) in mix().iter().filter(|m| ["lamp on", "door unlocked", "door at night, denied"].contains(&m.1)) {
            black_box(set.judge(facts));
            let region = Region::new(ALLOCATOR);
            black_box(set.judge(facts));
            let used = region.change();
            let mut times: Vec<u64> = (0..20_000).map(|_| time(&mut set, facts)).collect();
            told += &format!(
                "  {name}: {} ({} bytes), p99 {} ns;",
                used.allocations + used.reallocations,
                used.bytes_allocated,
                percentile(&mut times, 0.99)
            );
        }
        println!("{told}");
    }
    println!();
}

/// Rules written to cost as much as the loader allows: 1 KiB of source, 256 nodes, 64 tags, long texts.
fn worst() -> Vec<(&'static str, String)> {
    let long_list = (0..64).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    vec![
        ("a sum of 120 terms", format!("0 < {}", vec!["dev.cmds_60s"; 70].join("+"))),
        ("64 alternatives that are all wrong", vec!["dev.area == 'zzzz'"; 48].join("||")),
        (
            "exists over 64 tags",
            "dev.tags.exists(t, t == 'zz' || t.startsWith('q') || t.endsWith('q') || t.contains('zq') || size(t) > 99)".into(),
        ),
        ("exists over 64 tags, membership inside", "dev.tags.exists(t, t in dev.tags && t + 'x' in dev.tags)".into()),
        (
            "exists over 64 tags, lists inside",
            format!("dev.tags.exists(t, {})", vec!["(t in ['a','b','c','d','e','f','g','h'])"; 20].join("||")),
        ),
        ("all over 64 tags, every operator", format!("dev.tags.all(t, {})", vec!["(t != 'a')"; 45].join("&&"))),
        ("map over 64 tags", "size(dev.tags.map(t, t)) > 64 || size(dev.tags.filter(t, t != '')) > 64".into()),
        ("map of map sizes", format!("size([{long_list}].map(n, n * 2 + dev.cmds_60s)) > 64")),
        ("exists over a written list, tags inside", format!("[{long_list}].exists(n, size(dev.tags) == n + 1000)")),
        ("exists over a written list, many tag lookups", format!("[{long_list}].exists(n, {})", vec!["('zz' in dev.tags)"; 18].join("||"))),
        ("matches with nested stars", "act.verb.matches('(a+)+b') || act.target.matches('(x*)*y')".into()),
        ("matches with big counts", "act.args.text.matches('(a|b|ab|ba|aa){1,40}c')".into()),
        ("matches, many alternatives", "act.args.text.matches('.*a.*b.*c.*d.*e.*f.*g.*h.*z')".into()),
        ("matches inside exists", "dev.tags.exists(t, t.matches('(a|b|ab|ba|aa){1,40}c'))".into()),
        ("matches inside exists, ten times", format!("dev.tags.exists(t, {})", ["t.matches('.*a.*b.*z')"; 10].join("||"))),
        ("matches, thirty times", vec!["act.args.text.matches('.*a.*b.*z')"; 20].join("||")),
        ("contains in a long text", vec!["act.args.text.contains('aaaaaaaaab')"; 16].join("||")),
        ("size of a long text", vec!["size(act.args.text) > 99999999"; 20].join("||")),
        ("comparison of long texts", ["act.args.text == act.args.same + ''"; 2].join("||")),
        ("comparison of long texts, plain", vec!["act.args.text != act.args.same"; 20].join("||")),
        ("comparison of big objects", vec!["act.args.big != act.args.twin"; 24].join("||")),
        ("membership in a big array", vec!["'zz' in act.args.array"; 30].join("||")),
        ("all arguments compared", vec!["act.args != act.args"; 30].join("||")),
        ("size of a big array", vec!["size(act.args.array) > 99999"; 24].join("||")),
        ("number of a long text", vec!["int(act.args.text) > 1"; 20].join("||")),
        ("a big array indexed", vec!["act.args.array[1] == 'zz'"; 28].join("||")),
    ]
}

/// A request made to make them slow: 64 tags, long arguments.
fn heavy() -> Facts {
    let mut f = ask(DeviceClass::Lock, "unlock", |_| ());
    f.dev.tags = (0..64).map(|n| format!("abababababababababababababababab_{n:03}")).collect();
    // The longest value that a request may carry: see ARGUMENT_BYTES of the guard.
    let text = "ab".repeat(2_000);
    let array: serde_json::Value = (0..500).map(|n| serde_json::Value::from(format!("v{n}"))).collect();
    let big: serde_json::Value = (0..300).map(|n| (format!("k{n}"), serde_json::Value::from(n))).collect::<serde_json::Map<_, _>>().into();
    for (name, value) in [("text", text.clone().into()), ("same", text.into()), ("array", array), ("big", big.clone()), ("twin", big)] {
        f.act.args.insert(name.into(), value);
    }
    f
}

fn hostile() {
    println!("the worst rule within the limits, on a request made for it (64 tags, arguments of 4 KB)");
    let facts = heavy();
    let mut worst_of_all = 0;
    let mut base = set("").unwrap();
    let mut times: Vec<u64> = (0..5_000).map(|_| time(&mut base, &facts)).collect();
    print("  no rule at all", &mut times);
    for (name, when) in worst() {
        let rule = format!(
            "[[rule]]\nid='W'\nduty='security'\nkind='weigh'\npolarity=-1\nweight=1\nseverity=1\nwhen={}\n",
            serde_json::to_string(&when).unwrap()
        );
        match set(&rule) {
            Err(why) => println!("  {name:<42} refused: {}", why.chars().take(110).collect::<String>()),
            Ok(mut set) => {
                let mut times: Vec<u64> = (0..5_000).map(|_| time(&mut set, &facts)).collect();
                print(&format!("  {name}"), &mut times);
                worst_of_all = worst_of_all.max(percentile(&mut times, 0.99));
            }
        }
    }
    println!("  worst p99 of them: {worst_of_all} ns");
}
