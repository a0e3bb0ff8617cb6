//! A long time under load through real sockets, and whether the memory that Jamey takes stays as it is.
//!
//! Sixty devices with a connection each tell something every second or so and come back now and then; eight clients command lights; one asks memory;
//! one listens to all of it. Each ten seconds the kernel is asked what Jamey takes. The house keeps what is of no note for an hour, and has room for no
//! more: what is looked at begins when as many records go as come. A round of upkeep holds more while it works and gives it back: what is compared is the
//! least that Jamey held between the beginning of one round and that of the next.

use super::{
    broker::{Broker, Kind},
    load::{self, Tally, welcomed},
    packet::{self, Message, Version},
};
use std::{
    fmt::Write,
    fs,
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::LocalSet,
};

const DEVICES: u64 = 60;
const COMMANDERS: u64 = 8;
/// What a device says before it connects anew.
const SAYINGS: u64 = 300;
const EVERY: Duration = Duration::from_secs(10);
/// Soon there is more than this, so that of the records that are old enough as many go as come.
const CONFIG: &str = "[memory]\nworking_hours = 1\ndatabase_mib = 16\nindex_mib = 0\n";
/// The hour that is kept, a round of upkeep after it, and what that one takes.
pub const FILLING: u64 = 75;
/// Minutes from one round of upkeep to the next.
const ROUND: f64 = 10.0;
/// Memory is flat where it would grow by no more than this share of itself, or by so many MiB, in the time that is looked at.
const SHARE: f64 = 0.05;
const LEAST_MIB: f64 = 2.0;
/// There are as many records as before where no more than one in so many came or went.
const ALIKE: u64 = 10;

/// Minutes since the beginning; resident memory; that of it which no file stands behind.
#[derive(Clone, Copy)]
struct Sample {
    minutes: f64,
    resident: f64,
    own: f64,
}

/// Looked at for so many `minutes`, three rounds of upkeep at least, after as many of `filling`; `pace` times as fast as a house is.
pub fn soak(filling: u64, minutes: u64, pace: u32) {
    assert!(minutes as f64 >= 3.0 * ROUND, "memory is looked at for {minutes} minutes: it takes {} at least to say anything", 3.0 * ROUND);
    let broker = Broker::start_with(Kind::Jamey, CONFIG);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tally = Rc::new(Tally::default());
    let begun = Instant::now();
    let tasks = LocalSet::new();
    let mut samples = tasks.block_on(&runtime, async {
        live(&broker, &tally, pace).await;
        look(&broker, &begun, Duration::from_secs(filling * 60)).await
    });
    let full = broker.records();
    samples.extend(tasks.block_on(&runtime, look(&broker, &begun, Duration::from_secs((filling + minutes) * 60))));
    let cpu = broker.cpu_seconds() / begun.elapsed().as_secs_f64() * 100.0;
    let stored: u64 = broker.verdicts().iter().map(|(_, n)| n).sum();
    let trend = Trend::of(&samples, filling as f64);
    let records = [full, broker.records()];
    let text = page(&Run { filling, minutes, pace, acknowledged: tally.acknowledged.get(), stored, records, cpu }, &samples, &trend);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/soak.md");
    fs::write(&path, &text).unwrap();
    println!("{text}\nwritten to {}", path.display());
    let change = records[1].abs_diff(records[0]);
    assert!(
        change * ALIKE <= records[0],
        "the house was not full when it was looked at: it had {full} records then, and {} at the end",
        records[1]
    );
    assert!(trend.is_flat(), "memory grows: {:.1} MiB in {:.0} minutes", trend.growth, trend.minutes);
}

async fn live(broker: &Broker, tally: &Rc<Tally>, pace: u32) {
    let door = &broker.plain;
    load::listen(door, tally).await;
    for n in 0..DEVICES {
        tokio::task::spawn_local(device(door.clone(), n, Rc::clone(tally), pace));
    }
    for n in 0..COMMANDERS {
        tokio::task::spawn_local(commander(door.clone(), n, Rc::clone(tally), pace));
    }
}

/// Until so long after the beginning.
async fn look(broker: &Broker, begun: &Instant, time: Duration) -> Vec<Sample> {
    let (mut beat, mut samples) = (tokio::time::interval(EVERY), vec![]);
    while begun.elapsed() < time {
        beat.tick().await;
        let minutes = begun.elapsed().as_secs_f64() / 60.0;
        samples.push(Sample { minutes, resident: broker.mib("VmRSS"), own: broker.mib("RssAnon") });
    }
    samples
}

/// Tells a value that wanders, about once a second, and comes back after some minutes as battery devices do.
async fn device(door: super::broker::Door, n: u64, tally: Rc<Tally>, pace: u32) {
    let (mut said, wait) = (n * 7, Duration::from_millis(700 + n * 10) / pace);
    loop {
        let mut stream = welcomed(&door, &format!("soak_{n}")).await;
        for id in 1..=SAYINGS {
            said += 1;
            let tenths = 200 + (said * 7 + n * 13) % 40;
            let payload = format!("{{\"temperature\":{}.{},\"id\":\"soak-{n}-{said}\"}}", tenths / 10, tenths % 10);
            let message = Message { id: id as u16, ..Message::new(&format!("jamey/in/soak_{n}/state"), payload).qos(1) };
            stream.write_all(&packet::publish(Version::V311, &message)).await.unwrap();
            let mut ack = [0; 4];
            stream.read_exact(&mut ack).await.unwrap();
            tally.acknowledged.set(tally.acknowledged.get() + 1);
            tokio::time::sleep(wait).await;
        }
    }
}

/// Commands a light some twenty times a second, and asks memory now and then.
async fn commander(door: super::broker::Door, n: u64, tally: Rc<Tally>, pace: u32) {
    let mut stream = welcomed(&door, &format!("soak-commander-{n}")).await;
    for turn in 0.. {
        let id = (turn % 60_000 + 1) as u16;
        let bytes = if turn % 200 == 199 {
            let asked = format!("{{\"query\":\"soak_{} temperature\",\"limit\":10}}", turn % DEVICES);
            packet::publish(Version::V311, &Message { id, ..Message::new("jamey/memory/recall", asked).qos(1) })
        } else {
            load::message(turn * COMMANDERS + n, id)
        };
        stream.write_all(&bytes).await.unwrap();
        let mut ack = [0; 4];
        stream.read_exact(&mut ack).await.unwrap();
        tally.acknowledged.set(tally.acknowledged.get() + 1);
        tokio::time::sleep(Duration::from_millis(50) / pace).await;
    }
}

/// What the samples come to that were taken after the house was full.
struct Trend {
    minutes: f64,
    /// Of each round: when it began, and the least that it held.
    floors: Vec<[f64; 2]>,
    highest: f64,
    /// MiB a minute, of the floors.
    slope: f64,
    /// What that would be in the time that was looked at.
    growth: f64,
}

impl Trend {
    /// By Theil and Sen: the median of the slopes between all pairs of floors, which an odd one does not move.
    fn of(samples: &[Sample], from: f64) -> Self {
        let looked: Vec<Sample> = samples.iter().copied().filter(|sample| sample.minutes >= from).collect();
        let minutes = looked.last().unwrap().minutes - looked[0].minutes;
        let mut floors: Vec<[f64; 2]> = vec![];
        let whole = from + ((looked.last().unwrap().minutes - from) / ROUND).floor() * ROUND;
        for sample in looked.iter().filter(|sample| sample.minutes < whole) {
            let began = from + ((sample.minutes - from) / ROUND).floor() * ROUND;
            match floors.last_mut() {
                Some([at, least]) if *at == began => *least = least.min(sample.own),
                _ => floors.push([began, sample.own]),
            }
        }
        let pairs = floors.iter().enumerate().flat_map(|(at, a)| floors[at + 1..].iter().map(move |b| (b[1] - a[1]) / (b[0] - a[0])));
        let slope = super::median(pairs.collect());
        Self { minutes, highest: looked.iter().map(|sample| sample.own).fold(0.0, f64::max), slope, growth: slope * minutes, floors }
    }

    fn floor(&self) -> f64 {
        super::median(self.floors.iter().map(|[_, least]| *least).collect())
    }

    fn most(&self) -> f64 {
        LEAST_MIB.max(self.floor() * SHARE)
    }

    fn is_flat(&self) -> bool {
        self.growth <= self.most()
    }
}

/// What was done, and what came of it.
struct Run {
    filling: u64,
    minutes: u64,
    pace: u32,
    acknowledged: u64,
    stored: u64,
    /// Before the minutes that are looked at, and after them.
    records: [u64; 2],
    cpu: f64,
}

fn page(run: &Run, samples: &[Sample], trend: &Trend) -> String {
    let Run { filling, minutes, pace, acknowledged, stored, records: [full, then], cpu } = run;
    let mut text = format!(
        "# A long time under load\n\n\
         Written by `JAMEY_SOAK_FILLING={filling} JAMEY_SOAK_MINUTES={minutes} JAMEY_SOAK_PACE={pace} tests/soak` on {}: the last run.\n\n\
         Real sockets, a real disk, a release build: {DEVICES} devices with a connection each tell something about once a second and connect anew every few minutes, {COMMANDERS} clients\n\
         command lights twenty times a second each and ask memory now and then, and one listens; all of it {pace} times as fast. {acknowledged} messages were acknowledged, {stored} verdicts stored;\n\
         Jamey took {cpu:.0} % of one core. The house keeps its records for an hour, and verdicts for good: after the first {filling} minutes there were {full} records, and {then} at the end.\n\n\
         **{}**: between rounds of upkeep, one each {ROUND} minutes, its own memory (anonymous pages; what is mapped from files the kernel takes back when it likes) went down to\n\
         {} MiB, in the {:.0} minutes after that; their slope is {:+.3} MiB a minute: {:+.1} MiB in that time. Flat is at most {:.1} MiB. The slope is the median of those between\n\
         all pairs (Theil and Sen). The highest of the samples, one each ten seconds, was {:.1} MiB.\n\n\
         | minute | resident, MiB | its own, MiB |\n|---|---|---|\n",
        jiff::Zoned::now().date(),
        if trend.is_flat() { "Flat" } else { "Not flat" },
        trend.floors.iter().map(|[_, least]| format!("{least:.1}")).collect::<Vec<_>>().join(", "),
        trend.minutes,
        trend.slope,
        trend.growth,
        trend.most(),
        trend.highest,
    );
    let every = samples.len().div_ceil(20).max(1);
    for sample in samples.iter().step_by(every) {
        let _ = writeln!(text, "| {:.1} | {:.1} | {:.1} |", sample.minutes, sample.resident, sample.own);
    }
    text
}
