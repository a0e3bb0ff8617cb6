//! Carries out what an owner changes while Jamey runs, one order after the other: each is on disk and on record, and told of when it is done.

mod choices;
mod chosen;
mod host;
mod milder;
mod mode;

pub use choices::Choices;
pub use chosen::{Chosen, FILE, Holds, bare, bearing};
pub use host::{Asked, ask};
pub use milder::{milder, relaxed};
pub use mode::follow;

use super::{
    retained::Owed,
    rules::{Choice, Wanted},
};
use crate::{
    broker::{About, Announcement, Declined, Hall, Handed, Order, OwnClient, Wants},
    config::GuardMode,
    domain::topics,
    observe::alerts::told::page,
    runtime::pulse,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::warn;

/// So long the answer to an order waits for the retained commands to be judged; they are, however long it takes.
const SWEEP: Duration = Duration::from_secs(10);
const STOPPING: &str = "Jamey is stopping, or what carries it out fell: see what holds, and order it again";

/// The one who carries them out.
pub struct Clerk {
    pub hall: Arc<Hall>,
    /// Retained commands that are to be judged.
    pub owed: Arc<Owed>,
    pub own: OwnClient,
    pub choices: Arc<Choices>,
    /// Where other rules are asked for.
    pub rules: mpsc::Sender<Wanted>,
}

impl Clerk {
    /// Takes orders, over MQTT and from the host, until told to stop.
    pub async fn serve(&self, orders: &mut mpsc::Receiver<Handed>, mut stopped: watch::Receiver<bool>) {
        let mailbox = host::mailbox(&self.hall.config.store.data);
        mailbox.make();
        {
            let turn = self.choices.turn().await;
            follow(&self.hall, &self.owed, &self.choices, &turn, "an order was not seen through").await;
        }
        let mut every = tokio::time::interval(host::LOOK);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pulse::waits();
            let handed = tokio::select! {
                Some(handed) = orders.recv() => Some(handed),
                _ = every.tick() => None,
                _ = stopped.changed() => return,
            };
            pulse::works().await;
            match handed {
                Some(handed) => self.serve_one(handed).await,
                None => {
                    for (id, letter) in mailbox.take::<host::Letter>() {
                        let came = match letter.read() {
                            Ok(Some(order)) => self.carry_out(&order, "on the host").await,
                            Ok(None) => self.holds(letter.about()).await,
                            Err(why) => Err(why.to_owned()),
                        };
                        mailbox.answer(id, &told(came, None));
                    }
                }
            }
        }
    }

    async fn serve_one(&self, Handed { order, waits }: Handed) {
        let about = order.wants.about();
        if let Some(waits) = waits {
            let holds = self.holds(Some(about)).await.unwrap_or_default();
            let came = if (waits.agrees)(&holds) {
                self.carry_out(&order, "by HTTP").await.map_err(Declined::Because)
            } else {
                Err(Declined::Changed)
            };
            // Who ordered it may be gone.
            let _ = waits.done.send(came);
            return;
        }
        let came = self.carry_out(&order, "over MQTT").await;
        let payload = told(came, order.transaction.as_ref()).to_string().into_bytes();
        let topic = topics::reply(&self.hall.config.root, about.verb());
        self.own.publish(Announcement { topic, payload, qos: 1, retain: false, correlation: None }).await;
    }

    /// What holds when it is done.
    async fn carry_out(&self, order: &Order, whence: &str) -> Result<Value, String> {
        match &order.wants {
            Wants::Acknowledge(code) => self.acknowledge(code, &order.by, whence).await,
            Wants::GuardMode(_) => self.guard_mode(order, whence).await,
            Wants::Profile(_) | Wants::Strictness(_) => self.judge_otherwise(order, whence).await,
        }
    }

    async fn acknowledge(&self, code: &str, by: &str, whence: &str) -> Result<Value, String> {
        let (alert, is_first) = self.hall.alerts.acknowledge(code, by, self.hall.clock.now()).map_err(|unknown| unknown.to_string())?;
        if is_first {
            self.hall.record_by(by, "alert.acknowledge", Some(code), whence).await;
        }
        let (by, at) = alert.acknowledged.unzip();
        Ok(json!({"code": code, "by": by, "at": at.map(|at| at.to_string())}))
    }

    async fn guard_mode(&self, order: &Order, whence: &str) -> Result<Value, String> {
        let about = About::GuardMode;
        let turn = self.choices.turn().await;
        let before = self.choices.holds(about).await;
        if self.choices.choose(&order.wants, &order.by, self.hall.clock.now()).await.map_err(unwritten)? {
            pulse::within().await;
            let state = self.choices.now().await;
            let mode = state.chosen.over(&state.config).broker.guard;
            mode::settle(&self.hall, &self.owed, mode, self.record(order, about, before, whence)).await;
            drop(turn);
            if mode == GuardMode::Enforce {
                let _ = tokio::time::timeout(SWEEP, self.owed.is_paid()).await;
            }
        }
        self.holds(Some(about)).await
    }

    async fn judge_otherwise(&self, order: &Order, whence: &str) -> Result<Value, String> {
        let about = order.wants.about();
        let before = self.choices.holds(about).await;
        let (done, is_done) = oneshot::channel();
        let wanted = Wanted::Choice(Choice { wants: order.wants.clone(), by: order.by.clone(), done });
        self.rules.send(wanted).await.map_err(|_| STOPPING)?;
        if is_done.await.map_err(|_| STOPPING)?? {
            self.record(order, about, before, whence).await;
        }
        self.holds(Some(about)).await
    }

    async fn record(&self, order: &Order, about: About, before: Option<Holds>, whence: &str) {
        let (Some(before), Some(now)) = (before, self.choices.holds(about).await) else { return };
        let (subject, detail) = on_record(&before, &now, whence);
        warn!("{} {subject}, {detail}, by {}", about.verb(), order.by.escape_debug());
        self.hall.record_by(&order.by, action(about), Some(&subject), &detail).await;
    }

    /// What holds for an option and why.
    async fn holds(&self, about: Option<About>) -> Result<Value, String> {
        let about = about.ok_or("no such option")?;
        if about == About::Alert {
            return Ok(page(&self.hall.alerts.page()));
        }
        standing(&self.hall, &self.choices, about).await.ok_or_else(|| "nobody chooses that".to_owned())
    }
}

/// What holds for an option and why, as programs are told it; None for an alert, which nobody chooses.
pub async fn standing(hall: &Hall, choices: &Choices, about: About) -> Option<Value> {
    let mut told = choices.holds(about).await?.json();
    if let (About::GuardMode, Some(map)) = (about, told.as_object_mut()) {
        let off = hall.guard().off_until.filter(|until| *until > hall.clock.now());
        map.insert("off_until".into(), json!(off.map(|until| until.to_string())));
    }
    Some(told)
}

/// What stands in a data folder; where that makes no sense nothing is chosen, and why.
#[must_use]
pub fn found(data: &std::path::Path) -> (Chosen, Option<String>) {
    match Chosen::read(data) {
        Ok(chosen) => (chosen, None),
        Err(damaged) => (Chosen::default(), Some(damaged.to_string())),
    }
}

/// Why an order was not carried out.
pub fn unwritten(error: std::io::Error) -> String {
    format!("nothing was changed: {FILE} in the data folder cannot be written ({error})")
}

/// As it is told on `reply/{verb}` and to the host.
fn told(came: Result<Value, String>, transaction: Option<&Value>) -> Value {
    match came {
        Ok(data) => json!({"v": 1, "status": "ok", "transaction": transaction, "data": data}),
        Err(why) => json!({"v": 1, "status": "error", "transaction": transaction, "error": why}),
    }
}

/// In the audit trail.
const fn action(about: About) -> &'static str {
    match about {
        About::GuardMode => "guard.mode",
        About::Profile => "rules.profile",
        About::Strictness => "rules.strictness",
        About::Alert => "alert.acknowledge",
    }
}

/// Subject and detail in the audit trail.
fn on_record(before: &Holds, now: &Holds, whence: &str) -> (String, String) {
    let over = if now.chosen.is_some() { format!("the config says {}", bare(&now.config)) } else { "as the config says".to_owned() };
    (now.bare(), format!("chosen {whence}; it was {}; {over}", before.bare()))
}

/// What ended because the config's own value is another one: told loudly and put on record.
pub async fn tell_ended(hall: &Hall, ended: &[Holds], config: &crate::config::Config) {
    for holds in ended {
        let now = Chosen::default().of(holds.about, config).map_or_else(String::new, |now| now.bare());
        let detail = format!("{} ended: the config says otherwise than then, and {now} holds", holds.bare_and_who());
        warn!("{detail}");
        hall.record("change", Some(holds.about.verb()), &detail).await;
    }
}

#[cfg(test)]
mod tests;
