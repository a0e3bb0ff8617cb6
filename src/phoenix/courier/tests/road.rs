//! Promise: whatever is lost, repeated, reordered and restarted on the way, the copy is the original, byte for byte, and most of it went once.

use super::*;
use crate::domain::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const ROOM: &str = "attic";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Offer(Vec<u8>),
    Manifest(Vec<u8>),
    Piece(Vec<u8>),
    Want(Vec<u8>),
    Done(Vec<u8>),
}

/// How bad the road is, in percent, and how often somebody falls, in ten thousandths of a step.
#[derive(Clone, Copy)]
struct Weather {
    lost: u64,
    twice: u64,
    late: u64,
    falls: u64,
}

struct World {
    chance: Chance,
    weather: Weather,
    now: u64,
    /// By the time of arrival.
    road: BinaryHeap<Reverse<(u64, u64, Message)>>,
    count: u64,
    files: Files,
    sender: Sender,
    disk: Disk,
    receiver: Receiver,
    retained: Option<(Offer, Vec<u8>)>,
    sent: u64,
}

impl World {
    fn new(seed: u64, weather: Weather, files: Files) -> Self {
        let mut world = Self {
            chance: Chance(seed),
            weather,
            now: 0,
            road: BinaryHeap::new(),
            count: 0,
            files,
            sender: Sender::new(4_000_000),
            disk: Disk::default(),
            receiver: Receiver::new(),
            retained: None,
            sent: 0,
        };
        world.offer();
        world
    }

    fn travel(&mut self, message: Message) {
        if self.chance.below(100) < self.weather.lost {
            return;
        }
        let late = if self.chance.below(100) < self.weather.late { self.chance.below(2_000) } else { 0 };
        self.count += 1;
        self.road.push(Reverse((self.now + 5 + late, self.count, message.clone())));
        if self.chance.below(100) < self.weather.twice {
            self.count += 1;
            self.road.push(Reverse((self.now + 30, self.count, message)));
        }
    }

    /// The retained offer and manifest reach the broker for certain: they are published again at each connection until they do.
    fn offer(&mut self) {
        let stock = self.files.stock();
        let manifest = self.files.piece(&stock, &stock.offer.snapshot, 0).unwrap();
        let offer = stock.offer.clone();
        self.sender.offer(Some(stock));
        self.travel(Message::Manifest(manifest.clone()));
        self.travel(Message::Offer(offer.to_bytes()));
        self.retained = Some((offer, manifest));
    }

    fn connect(&mut self) {
        let (offer, manifest) = self.retained.clone().unwrap();
        self.receiver.manifest(&manifest);
        self.receiver.offered(offer, &mut self.disk, self.now);
    }

    fn arrive(&mut self, message: Message) {
        match message {
            Message::Offer(bytes) => self.receiver.offered(Offer::read(&bytes).unwrap(), &mut self.disk, self.now),
            Message::Manifest(bytes) => self.receiver.manifest(&bytes),
            Message::Piece(bytes) => self.receiver.piece(&bytes, &mut self.disk, self.now).unwrap(),
            Message::Want(bytes) => self.sender.wanted(ROOM, &bytes, self.now).unwrap(),
            // Of an offer that is past.
            Message::Done(bytes) => drop(self.sender.done(ROOM, &bytes, self.now, Timestamp::default())),
        }
    }

    fn fall(&mut self) {
        match self.chance.below(3) {
            0 => {
                let stock = self.sender.stock().map(|stock| Stock::clone(stock));
                self.sender = Sender::new(4_000_000);
                self.sender.offer(stock);
                self.travel(Message::Offer(self.retained.clone().unwrap().0.to_bytes()));
            }
            1 => {
                self.receiver = Receiver::new();
                self.connect();
            }
            // The broker: all that is under way is gone.
            _ => {
                self.road.clear();
                self.connect();
            }
        }
    }

    fn step(&mut self) {
        if self.chance.below(10_000) < self.weather.falls {
            self.fall();
        }
        for say in self.receiver.says() {
            self.travel(match say {
                Say::Want(bytes) => Message::Want(bytes),
                Say::Done(bytes) => Message::Done(bytes),
            });
        }
        while let Next::Piece(id, n) = self.sender.next(self.now) {
            if let Some(bytes) = self.sender.stock().and_then(|stock| self.files.piece(stock, &id, n)) {
                self.sent += 1;
                self.travel(Message::Piece(bytes));
            }
        }
        if let Some(Reverse((at, _, message))) = self.road.pop_if_due(self.now) {
            self.now = self.now.max(at);
            self.arrive(message);
            return;
        }
        let next = self.road.peek().map(|Reverse((at, ..))| *at);
        let wait = if let Next::Wait(at) = self.sender.next(self.now) { Some(at) } else { None };
        let soonest = [next, wait, self.receiver.due()].into_iter().flatten().min();
        // Somebody who lost the offer hears it when they connect again.
        self.now = soonest.unwrap_or(self.now + 1_000).max(self.now + 1);
        if soonest.is_none() {
            self.connect();
        }
        self.receiver.tick(&mut self.disk, self.now);
    }

    fn run(&mut self, what: &str) {
        for _ in 0..200_000 {
            let whole = self.sender.deliveries().any(|(_, d)| d.whole.is_some_and(|(s, _)| Some(&s) == self.files.snapshots.keys().last()));
            if whole && !self.receiver.is_fetching() {
                return;
            }
            self.step();
        }
        panic!("{what}: it does not end");
    }
}

trait PopIfDue<T> {
    fn pop_if_due(&mut self, now: u64) -> Option<T>;
}

impl PopIfDue<Reverse<(u64, u64, Message)>> for BinaryHeap<Reverse<(u64, u64, Message)>> {
    fn pop_if_due(&mut self, now: u64) -> Option<Reverse<(u64, u64, Message)>> {
        if self.peek().is_some_and(|Reverse((at, ..))| *at <= now) { self.pop() } else { None }
    }
}

fn pieces(files: &Files) -> u64 {
    files.listing().objects().map(|object| u64::from(object.pieces())).sum()
}

fn repository(seed: u64) -> Files {
    let (mut files, mut chance) = (Files::default(), Chance(seed));
    for _ in 0..2 {
        files.grow(&mut chance, 3, 1_000_000);
    }
    files
}

#[test]
fn on_a_good_road_each_piece_goes_once() {
    let good = Weather { lost: 0, twice: 0, late: 0, falls: 0 };
    let mut world = World::new(1, good, repository(1));
    world.run("a good road");
    assert_eq!(world.disk.files, world.files);
    // The list besides, and not the newest manifest: that one stands retained.
    assert_eq!((world.sent, world.receiver.needless), (pieces(&world.files), 0));
    assert_eq!(world.disk.partial, BTreeMap::new());
}

#[test]
fn with_a_fifth_lost_both_ways_and_everybody_falling_the_copy_is_the_original() {
    let bad = Weather { lost: 20, twice: 5, late: 5, falls: 100 };
    let seeds: u64 = std::env::var("JAMEY_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let (mut sent, mut needed) = (0, 0);
    for seed in 0..seeds {
        let mut world = World::new(seed, bad, repository(seed));
        world.run(&format!("seed {seed}"));
        assert_eq!(world.disk.files, world.files, "seed {seed}");
        // And once more, with what is new.
        let mut chance = Chance(seed + 1_000_000);
        world.files.grow(&mut chance, 2, 500_000);
        world.offer();
        world.run(&format!("seed {seed}, the next snapshot"));
        assert_eq!(world.disk.files, world.files, "seed {seed}, the next snapshot");
        sent += world.sent;
        needed += pieces(&world.files);
    }
    eprintln!("{needed} pieces were needed, {sent} were sent in {seeds} worlds");
    assert!(sent < 3 * needed, "{sent} for {needed}");
}

#[test]
fn what_is_here_is_not_fetched_again() {
    let good = Weather { lost: 0, twice: 0, late: 0, falls: 0 };
    let mut world = World::new(1, good, repository(1));
    let half = pieces(&world.files) / 2;
    while world.disk.puts < half {
        world.step();
    }
    world.receiver = Receiver::new();
    world.connect();
    world.run("the second half");
    assert_eq!(world.disk.files, world.files);
    // What was under way, and the list, went twice at most.
    assert!(world.sent <= pieces(&world.files) + limits::PIECES_ASKED as u64 + 2, "{} of {}", world.sent, pieces(&world.files));
    let sent = world.sent;
    world.files.grow(&mut Chance(9), 1, 300_000);
    world.offer();
    world.run("the next snapshot");
    assert!(world.sent <= sent + 5, "only what is new, and the list");
}

#[test]
fn a_full_disk_is_said_and_it_goes_on_when_there_is_room() {
    let good = Weather { lost: 0, twice: 0, late: 0, falls: 0 };
    let mut world = World::new(1, good, repository(1));
    world.disk.room = Some(600_000);
    while world.sender.deliveries().all(|(_, delivery)| delivery.woe.is_empty()) {
        world.step();
    }
    let woes: Vec<News> = world.receiver.news().into_iter().filter(|news| matches!(news, News::Woe(_))).collect();
    assert_eq!(woes, [News::Woe("the disk is full; it is tried again".into())]);
    world.disk.room = None;
    world.run("there is room again");
    assert_eq!(world.disk.files, world.files);
    assert!(world.sender.deliveries().all(|(_, delivery)| delivery.woe.is_empty() && delivery.left == 0));
}
