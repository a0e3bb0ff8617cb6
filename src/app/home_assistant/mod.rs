//! Jamey where people already look: the glance, notices, and discovery documents, told on a task of its own through Jamey's own client.

mod describing;
mod documents;
mod entities;
mod glance;
mod newer;
mod noticed;
mod pace;
mod words;

pub use noticed::{Board, Noticed};

use super::{
    outlets::{Due, Waiting},
    phoenix, view,
};
use crate::{
    broker::{Announcement, Engine, GuardView, Hall, OwnClient},
    domain::{
        Liveness,
        topics::{self, Topic},
    },
    runtime::pulse,
    store::Reader,
};
use describing::Describing;
use glance::{Alerts, Backup, Coverage, Glance, Known};
use jiff::{civil::Date, tz::TimeZone};
use newer::Newer;
use pace::{Births, Rate};
use serde_json::Value;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

/// Two notices of a kind a second, and a state at most as often.
const BEAT: Duration = Duration::from_millis(500);
/// How often all whom Jamey knows are counted, and those who are shown chosen.
const COUNT: Duration = Duration::from_secs(10);
/// How often a rate alone is worth a state: each costs the disk a sync.
const RATE: Duration = Duration::from_secs(60);

/// What it needs.
pub struct Telling {
    pub own: OwnClient,
    pub hall: Arc<Hall>,
    pub engine: Arc<Engine>,
    pub waiting: watch::Receiver<Waiting>,
    pub silent: watch::Receiver<Due>,
    pub phoenix: watch::Receiver<Arc<phoenix::News>>,
    pub board: Arc<Board>,
    pub http: SocketAddr,
    pub data: PathBuf,
    pub stop: watch::Receiver<bool>,
}

/// What was counted and told so far.
struct So {
    zone: TimeZone,
    today: (Date, u64),
    rate: Rate,
    newer: Newer,
    known: Known,
    counted: Option<Instant>,
    /// Home Assistant said that it went.
    away: bool,
    covered: (Arc<GuardView>, Coverage),
    told: Option<(Glance, Instant)>,
}

impl Telling {
    /// Tells until it is to stop.
    pub async fn tell(&mut self) {
        let mut describing = Describing::begin(&self.hall, &self.engine, self.http).await;
        let mut so = self.so_far().await;
        let mut births = Births::default();
        let mut birth = self.hall.birth.subscribe();
        // It may have come before anybody listened here.
        if *birth.borrow_and_update() {
            births.hear();
            describing.documents.seen(Instant::now());
        }
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let waiting = self.waiting.borrow_and_update().clone();
        describing.describe_waiting(&self.hall, &waiting);
        loop {
            pulse::waits();
            let beats = tokio::select! {
                _ = beat.tick() => true,
                Ok(()) = self.waiting.changed() => {
                    let waiting = self.waiting.borrow_and_update().clone();
                    describing.describe_waiting(&self.hall, &waiting);
                    false
                }
                Ok(()) = birth.changed() => {
                    births.hear();
                    describing.documents.seen(Instant::now());
                    false
                }
                _ = self.stop.changed() => return,
            };
            pulse::works().await;
            if beats {
                self.beat(&mut so, &mut describing).await;
            }
            if births.due(Instant::now()) {
                self.tell_again(&so, &mut describing).await;
            }
        }
    }

    async fn so_far(&self) -> So {
        let (zone, now, data) = (self.hall.config.zone(), self.hall.clock.now(), self.data.clone());
        let midnight = now.midnight(&zone);
        let denied = tokio::task::spawn_blocking(move || Reader::open(&data).and_then(|reader| reader.denied_since(midnight)));
        let denied = denied.await.ok().and_then(Result::ok).unwrap_or(0);
        let guard = self.hall.guard();
        let coverage = Coverage::of(&guard);
        So {
            today: (now.date(&zone), denied),
            zone,
            rate: Rate::default(),
            newer: Newer::of_this(),
            known: Known::default(),
            counted: None,
            away: false,
            covered: (guard, coverage),
            told: None,
        }
    }

    async fn beat(&self, so: &mut So, describing: &mut Describing) {
        let (now, root) = (Instant::now(), &self.hall.config.root);
        let noticed = self.board.take();
        let guard = self.hall.guard();
        if let Some(one) = &noticed.verdict {
            let notice = words::verdict(&guard.registry, one, noticed.verdicts.saturating_sub(1));
            self.say(topics::notice(root, "verdict"), &notice, false).await;
        }
        if let Some(one) = &noticed.step {
            let notice = words::approval(&guard.registry, one, noticed.steps.saturating_sub(1));
            self.say(topics::notice(root, "approval"), &notice, false).await;
        }
        if so.counted.is_none_or(|at| now.saturating_duration_since(at) >= COUNT) {
            so.counted = Some(now);
            let all = self.hall.views.entities();
            so.known = Known::of(&all);
            let is_away = self
                .hall
                .views
                .entity(&self.hall.config.home_assistant.user)
                .is_some_and(|core| core.detail.liveness.state == Liveness::Offline);
            if is_away && !so.away {
                describing.documents.away(now);
            }
            so.away = is_away;
            describing.describe_entities(&self.hall, &all);
            if !Arc::ptr_eq(&guard, &so.covered.0) {
                so.covered = (Arc::clone(&guard), Coverage::of(&guard));
            }
        }
        if so.newer.is_due(now) {
            let mut newer = so.newer.clone();
            let looked = tokio::task::spawn_blocking(move || {
                newer.look(now);
                newer
            });
            if let Ok(newer) = looked.await {
                so.newer = newer;
            }
        }
        let glance = self.glance(so, &noticed, &guard, now);
        let is_news = so.told.as_ref().is_none_or(|(told, at)| {
            told.material() != glance.material() || (*told != glance && now.saturating_duration_since(*at) >= RATE)
        });
        if is_news {
            let value = serde_json::to_value(&glance).unwrap_or_default();
            self.say(topics::name(root, Topic::Glance), &value, true).await;
            self.hall.views.tell(topics::below(root, &topics::name(root, Topic::Glance)), value);
            so.told = Some((glance, now));
        }
        for (topic, payload) in describing.documents.due(now) {
            self.own.publish(Announcement { topic, payload, qos: 1, retain: true, correlation: None }).await;
        }
    }

    fn glance(&self, so: &mut So, noticed: &Noticed, guard: &GuardView, now: Instant) -> Glance {
        let at = self.hall.clock.now();
        let date = at.date(&so.zone);
        if date != so.today.0 {
            so.today = (date, 0);
        }
        so.today.1 += noticed.denied;
        let alerts = self.hall.alerts.page();
        let counts = Alerts::of(&alerts);
        let bearing = *self.hall.bearing.borrow();
        Glance {
            v: 1,
            held: self.waiting.borrow().len(),
            denied_today: so.today.1,
            silent: glance::silent(&self.silent.borrow()),
            backup: Backup::of(&self.phoenix.borrow().state, at),
            guard: glance::guard(guard, at),
            coverage: so.covered.1,
            alerts: counts,
            problem: counts.critical + counts.warning > 0,
            critical: alerts.alerts.iter().any(|one| one.alarm.critical),
            known: so.known,
            verdicts_a_minute: so.rate.count(now, noticed.verdicts),
            profile: bearing.profile.to_owned(),
            strictness: bearing.strictness,
            version: env!("CARGO_PKG_VERSION"),
            newer: so.newer.found(),
        }
    }

    /// Home Assistant came to life: documents, then states, once more. What is retained stands already, so the disk is spared.
    async fn tell_again(&self, so: &So, describing: &mut Describing) {
        let root = &self.hall.config.root;
        for (topic, payload) in describing.documents.again(Instant::now()) {
            self.own.publish(Announcement { topic, payload, qos: 1, retain: false, correlation: None }).await;
        }
        if let Some((glance, _)) = &so.told {
            self.say(topics::name(root, Topic::Glance), &serde_json::to_value(glance).unwrap_or_default(), false).await;
        }
        for id in describing.shown() {
            if let Some(opinion) = self.hall.views.entity(id) {
                self.say(topics::of_entity(root, Topic::Entity, id), &view::opinion(&opinion), false).await;
            }
        }
    }

    async fn say(&self, topic: String, payload: &Value, retain: bool) {
        self.own.publish(Announcement { topic, payload: payload.to_string().into_bytes(), qos: 1, retain, correlation: None }).await;
    }
}
