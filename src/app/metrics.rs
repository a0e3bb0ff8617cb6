//! Gathers the figures of this moment from where they are counted and shown. Nothing of the mind is locked, and no database is read: what is
//! dear to count (records, bytes on disk) is as old as the system topic, ten seconds at most.

use super::{
    outlets::Waiting,
    phoenix::{News, courier::Carried},
};
use crate::{
    broker::{Engine, Hall, Listener},
    consciousness::Phase,
    domain::{
        OpinionView, Tier, Timestamp,
        topics::{self, Topic},
    },
    observe::{
        Host, Recalled,
        metrics::{
            AlertNow, Courier, Entities, Expiry, Figures, House, Index, Memory, Mind, Mission, Phi, Recall, Receiver, Repository, Store,
            Traffic, Trust,
        },
    },
    runtime::{Disk, Supervisor},
    store::StoreHealth,
};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::watch;

/// Of stored records.
const LAYERS: [&str; 2] = ["short_term", "long_term"];

pub struct Meter {
    pub hall: Arc<Hall>,
    pub engine: Weak<Engine>,
    pub health: Arc<StoreHealth>,
    pub recalled: Arc<Recalled>,
    pub waiting: watch::Receiver<Waiting>,
    pub news: watch::Receiver<Arc<News>>,
    pub carried: watch::Receiver<Carried>,
    pub host: Mutex<Host>,
    pub listeners: Vec<Arc<Listener>>,
    pub supervisor: Supervisor,
}

impl Meter {
    /// To be handed to whoever asks.
    pub fn dial(self) -> Box<dyn Fn() -> Figures + Send + Sync> {
        Box::new(move || self.read())
    }

    pub fn read(&self) -> Figures {
        let now = self.hall.clock.now();
        let system = self.hall.views.state("system");
        let system = system.as_deref().unwrap_or(&Value::Null);
        let state = |topic: Topic| {
            let root = &self.hall.config.root;
            self.hall.views.state(topics::below(root, &topics::name(root, topic)))
        };
        let bridges = self.hall.beside.get().map(|beside| beside.sides().iter().map(|side| side.figures()).collect());
        Figures {
            house: self.house(now),
            traffic: self.traffic(now, system),
            store: self.store(),
            memory: self.memory(at(system, "/memory")),
            mind: mind(state(Topic::Emotion).as_deref(), state(Topic::Consciousness).as_deref()),
            phi: state(Topic::Phi).as_deref().map(phi).unwrap_or_default(),
            missions: self.missions(),
            entities: entities(&self.hall.views.entities(), self.hall.live().http.metrics_entities),
            alerts: self.alerts(),
            more_alerts: count(self.hall.alerts.page().more),
            certificates: self.certificates(now),
            repositories: repositories(&self.news.borrow().state, now),
            courier: courier(&self.carried.borrow()),
            bridges: bridges.unwrap_or_default(),
            requests: self.hall.counters.requests.now(),
        }
    }

    fn house(&self, now: Timestamp) -> House {
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).figures();
        let disk = disk(&self.hall.config.store.data);
        let uptime_seconds = self.hall.clock.uptime().as_secs_f64();
        House {
            version: env!("CARGO_PKG_VERSION"),
            node: self.hall.config.node.clone(),
            uptime_seconds,
            started_seconds: now.seconds_since(Timestamp::default()) - uptime_seconds,
            cpu_seconds: host.cpu_seconds,
            resident_bytes: host.resident_bytes,
            open_files: host.open_files,
            most_files: host.most_files,
            written_bytes: host.written_bytes,
            host_memory_bytes: host.memory_bytes,
            host_available_bytes: host.available_bytes,
            host_cores: host.cores,
            host_load: host.load,
            disk_bytes: disk.map(|(all, _)| all),
            disk_free_bytes: disk.map(|(_, free)| free),
            clock_back_seconds: now.seconds_since(self.hall.clock.wall()).max(0.0),
            restarts: self.supervisor.restarts().into_iter().map(|part| (part.name.to_string(), part.restarts)).collect(),
        }
    }

    fn traffic(&self, now: Timestamp, system: &Value) -> Traffic {
        let (hall, counters) = (&self.hall, &self.hall.counters);
        let (sent, sent_bytes) = self.engine.upgrade().map_or((0, 0), |engine| engine.sent());
        let guard = hall.guard();
        Traffic {
            connections: u64::try_from(counters.connections()).unwrap_or_default(),
            connects: counters.connects(),
            received: counters.messages(),
            sent,
            sent_bytes,
            refused: counters.refusals(),
            inbox: count(hall.inbox.waiting()),
            retained: at(system, "/retained_messages").as_u64(),
            retained_bytes: at(system, "/retained_bytes").as_u64(),
            verdicts: counters.verdicts().map(|(decision, n)| (decision.as_str(), n)).into(),
            judged: counters.judged_times(),
            told: counters.told_times(),
            approvals_waiting: count(self.waiting.borrow().len()),
            enforces: guard.enforces(now),
            guard_off: guard.off_until.is_some_and(|until| now < until),
            devices: count(guard.registry.devices().count()),
        }
    }

    fn store(&self) -> Store {
        let health = self.health.now();
        Store {
            failing: health.failing,
            failures: health.failures,
            batches: health.batches,
            entries: health.entries,
            written: self.health.written(),
            wal_bytes: health.wal_bytes,
            checkpoints: health.checkpoints,
            blocking_checkpoints: health.restarts,
        }
    }

    fn memory(&self, told: &Value) -> Memory {
        let (recalls, room) = (self.recalled.now(), self.recalled.room());
        Memory {
            records: counted(at(told, "/records"), LAYERS),
            pinned: at(told, "/pinned").as_u64(),
            summaries: counted(at(told, "/summaries"), Tier::ALL.map(Tier::as_str)),
            database_bytes: at(told, "/database_bytes").as_u64(),
            database_free_bytes: at(told, "/database_free_bytes").as_u64(),
            index: Index {
                records: at(told, "/index_records").as_u64(),
                bytes: at(told, "/index_bytes").as_u64(),
                lag: at(told, "/index_lag").as_u64(),
            },
            recall: Recall {
                took: self.recalled.took(),
                failed: recalls.failed,
                hits: room.hits,
                misses: room.misses,
                hit_rate: room.hit_rate(),
                bytes: room.bytes,
                room_bytes: room.room_bytes,
            },
        }
    }

    fn missions(&self) -> Vec<Mission> {
        let root = &self.hall.config.root;
        let told = |id: &str| self.hall.views.state(topics::below(root, &topics::mission(root, id)));
        let all = self.hall.config.missions.iter().filter(|mission| mission.aim.is_some());
        all.filter_map(|mission| {
            let state = told(&mission.id)?;
            Some(Mission {
                id: mission.id.clone(),
                burn: named(at(&state, "/burn_rates"), Value::as_f64),
                budget_left: at(&state, "/budget_left").as_f64(),
                met: at(&state, "/status").as_str().filter(|status| *status != "unknown").map(|status| status == "met"),
            })
        })
        .collect()
    }

    fn certificates(&self, now: Timestamp) -> Vec<Expiry> {
        let each = self.listeners.iter().filter_map(|listener| Some((listener.name(), listener.tls()?.watched())));
        each.flat_map(|(listener, watched)| {
            watched.into_iter().map(move |one| Expiry {
                listener: listener.to_string(),
                file: one.path.display().to_string(),
                ends_in_seconds: one.validity.until.seconds_since(now),
            })
        })
        .collect()
    }

    fn alerts(&self) -> Vec<AlertNow> {
        let page = self.hall.alerts.page();
        let now = |alert: &crate::observe::Alert| AlertNow {
            code: alert.code.clone(),
            critical: alert.alarm.critical,
            acknowledged: alert.acknowledged.is_some(),
        };
        page.alerts.iter().map(now).collect()
    }
}

/// All of the disk, and what of it is to be had.
fn disk(data: &Path) -> Option<(u64, u64)> {
    let of = Disk::of(data).ok()?;
    Some((of.total, of.free))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// What stands at a path; null where nothing does.
fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// What of a map is known.
fn named<T>(map: &Value, read: impl Fn(&Value) -> Option<T>) -> Vec<(String, T)> {
    map.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), read(value)?))).collect()
}

/// Counts by name, once they are known: what is not counted there is none.
fn counted<const N: usize>(map: &Value, names: [&'static str; N]) -> Vec<(String, u64)> {
    map.as_object()
        .map(|map| names.map(|name| (name.to_owned(), map.get(name).and_then(Value::as_u64).unwrap_or_default())))
        .map(Vec::from)
        .unwrap_or_default()
}

fn mind(emotion: Option<&Value>, state: Option<&Value>) -> Mind {
    let (emotion, state) = (emotion.unwrap_or(&Value::Null), state.unwrap_or(&Value::Null));
    let mut emotions = std::collections::BTreeMap::<String, f64>::new();
    for one in at(emotion, "/emotions").as_array().into_iter().flatten() {
        if let (Some(name), Some(intensity)) = (at(one, "/name").as_str(), at(one, "/intensity").as_f64()) {
            let strongest = emotions.entry(name.to_owned()).or_default();
            *strongest = strongest.max(intensity);
        }
    }
    let states = at(state, "/state").as_str().map(|now| Phase::ALL.map(|phase| (phase.as_str(), phase.as_str() == now)).to_vec());
    Mind {
        mood: ["pleasure", "arousal", "dominance"]
            .into_iter()
            .filter_map(|axis| Some((axis, at(emotion, "/mood").get(axis)?.as_f64()?)))
            .collect(),
        stability: at(emotion, "/stability/value").as_f64(),
        emotions: emotions.into_iter().collect(),
        states: states.unwrap_or_default(),
        broadcasts: at(state, "/broadcasts_total").as_u64(),
    }
}

fn phi(told: &Value) -> Phi {
    Phi {
        flow: at(told, "/value").as_f64(),
        geometric: at(told, "/phi_g").as_f64(),
        revised: at(told, "/phi_r").as_f64(),
        p: at(told, "/p").as_f64(),
        powered: at(told, "/powered").as_bool(),
        exact: at(told, "/exact/phi").as_f64(),
    }
}

/// Where not all have figures of their own, those have whom something is to be told of: the least trusted.
fn entities(all: &[Arc<OpinionView>], most: usize) -> Entities {
    let number = |is: fn(&OpinionView) -> bool| count(all.iter().filter(|one| is(one)).count());
    let mut listed: Vec<&Arc<OpinionView>> = all.iter().collect();
    if listed.len() > most {
        listed.sort_by(|one, other| one.lower_bound.get().total_cmp(&other.lower_bound.get()).then_with(|| one.entity.cmp(&other.entity)));
        listed.truncate(most);
        listed.sort_by(|one, other| one.entity.cmp(&other.entity));
    }
    let trust = |one: &Arc<OpinionView>| Trust {
        entity: one.entity.to_string(),
        lower_bound: one.lower_bound.get(),
        expectation: one.expectation.get(),
    };
    Entities {
        all: count(all.len()),
        trusted: number(OpinionView::is_trusted),
        distrusted: number(OpinionView::is_distrusted),
        silent: number(|one| one.detail.liveness.state.is_gone()),
        listed: listed.into_iter().map(trust).collect(),
    }
}

fn repositories(state: &Value, now: Timestamp) -> Vec<Repository> {
    let when = |value: &Value| value.as_str().and_then(Timestamp::read);
    let age = |value: &Value| when(value).map(|then| now.seconds_since(then));
    let all = at(state, "/repositories").as_object().into_iter().flatten();
    all.map(|(name, of)| {
        let (last, drill) = (at(of, "/last"), at(of, "/drill"));
        Repository {
            name: name.clone(),
            failing: !at(of, "/error").is_null(),
            snapshots: at(of, "/snapshots").as_u64(),
            bytes: at(of, "/bytes").as_u64(),
            last_age_seconds: age(at(last, "/taken_at")),
            last_bytes: at(last, "/bytes").as_u64(),
            last_written_bytes: at(last, "/written_bytes").as_u64(),
            last_took_seconds: at(last, "/took_seconds").as_f64(),
            drill_passed: at(drill, "/passed").as_bool(),
            drill_age_seconds: age(at(drill, "/drilled_at")),
            next_in_seconds: when(at(of, "/next_at")).map(|then| then.seconds_since(now)),
        }
    })
    .collect()
}

fn courier(carried: &Carried) -> Option<Courier> {
    let receivers = carried.receivers.iter().map(|(name, of)| Receiver {
        name: name.clone(),
        whole: of.whole,
        left_bytes: of.left_bytes,
        stuck: of.woe.is_some(),
    });
    (!carried.repository.is_empty()).then(|| Courier {
        repository: carried.repository.clone(),
        connected: carried.connected,
        offered: carried.offered,
        receivers: receivers.collect(),
    })
}
