//! What an owner may change while Jamey runs, as it is said over MQTT: who may order what, and what an order says. It is carried out elsewhere,
//! one after the other, and told of on `reply/{verb}`.

use crate::{
    config::{GuardMode, PROFILES},
    domain::limits,
};
use serde::Deserialize;
use serde_json::Value;
use std::sync::OnceLock;
use tokio::sync::{mpsc, oneshot};

/// An order to Jamey itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub wants: Wants,
    /// Theirs, repeated in the reply.
    pub transaction: Option<Value>,
    /// The user, else the client.
    pub by: String,
}

/// What is wanted; where it is none, that it be as the config says.
#[derive(Debug, Clone, PartialEq)]
pub enum Wants {
    GuardMode(Option<GuardMode>),
    /// One of `PROFILES`.
    Profile(Option<&'static str>),
    /// In [0, `limits::CAUTION`].
    Strictness(Option<f64>),
    /// That an alert be known as seen, by its code.
    Acknowledge(String),
}

/// What an order can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    GuardMode,
    Profile,
    Strictness,
    Alert,
}

/// How strictly the conscience judges now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bearing {
    pub profile: &'static str,
    pub strictness: f64,
}

/// An order as people write it.
#[derive(Deserialize)]
struct Written {
    v: Option<u64>,
    mode: Option<String>,
    profile: Option<String>,
    strictness: Option<Value>,
    code: Option<String>,
    transaction: Option<Value>,
}

/// Alerts that only who answers for the house may acknowledge.
const OWNERS: [&str; 2] = ["security-", "guard-"];
/// Stands for what the config says.
pub const CONFIG: &str = "config";

impl About {
    pub const ALL: [Self; 4] = [Self::GuardMode, Self::Profile, Self::Strictness, Self::Alert];

    /// As it stands in `cmd/{verb}` and `reply/{verb}`.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::GuardMode => "guard-mode",
            Self::Profile => "profile",
            Self::Strictness => "strictness",
            Self::Alert => "alert-acknowledge",
        }
    }

    #[must_use]
    pub fn named(verb: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|about| about.verb() == verb)
    }

    /// Who may give it, any of them. An operator runs devices, and automations are operators: none of them may disarm what judges it.
    #[must_use]
    pub const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::GuardMode | Self::Profile | Self::Strictness => &["approver", "admin"],
            Self::Alert => &["operator", "approver", "admin"],
        }
    }

    /// How it is written.
    const fn wanted(self) -> &'static str {
        match self {
            Self::GuardMode => "write {\"mode\": \"observe\"}, \"enforce\", or \"config\" for what the config says",
            Self::Profile => "write {\"profile\": \"home\"}, \"workshop\", \"strict\", or \"config\" for what the config says",
            Self::Strictness => "write {\"strictness\": N}, from 0 to 0.3, or \"config\" for what the config says",
            Self::Alert => "write {\"code\": CODE}, the last part of the alert's topic",
        }
    }
}

impl Order {
    /// # Errors
    /// What is wrong with it.
    pub fn read(about: About, payload: &[u8], by: &str) -> Result<Self, &'static str> {
        if payload.len() > limits::ORDER_BYTES {
            return Err("an order has at most 1 KiB");
        }
        let wanted = about.wanted();
        let written: Written = serde_json::from_slice(payload).map_err(|_| wanted)?;
        if written.v.is_some_and(|v| v != 1) {
            return Err(wanted);
        }
        let Written { mode, profile, strictness, code, transaction, .. } = written;
        let wants = match about {
            About::GuardMode => named(mode, &GuardMode::ALL, GuardMode::as_str).map(Wants::GuardMode),
            About::Profile => named(profile, &PROFILES, |name| name).map(Wants::Profile),
            About::Strictness => strictness.and_then(number).map(Wants::Strictness),
            About::Alert => code.filter(|code| !code.is_empty()).map(Wants::Acknowledge),
        };
        Ok(Self { wants: wants.ok_or(wanted)?, transaction, by: by.to_owned() })
    }
}

impl Wants {
    /// Who may want it, any of them. What tells that somebody tries, or that the guard is down, is not for an automation to call seen.
    #[must_use]
    pub fn roles(&self) -> &'static [&'static str] {
        match self {
            Self::Acknowledge(code) if OWNERS.iter().any(|family| code.starts_with(family)) => About::GuardMode.roles(),
            _ => self.about().roles(),
        }
    }

    #[must_use]
    pub const fn about(&self) -> About {
        match self {
            Self::GuardMode(_) => About::GuardMode,
            Self::Profile(_) => About::Profile,
            Self::Strictness(_) => About::Strictness,
            Self::Acknowledge(_) => About::Alert,
        }
    }
}

/// One of these by its name, or what the config says; None: neither.
fn named<T: Copy>(name: Option<String>, all: &[T], name_of: impl Fn(T) -> &'static str) -> Option<Option<T>> {
    let name = name?;
    if name == CONFIG {
        return Some(None);
    }
    all.iter().copied().find(|one| name_of(*one) == name).map(Some)
}

fn number(value: Value) -> Option<Option<f64>> {
    if value.as_str() == Some(CONFIG) {
        return Some(None);
    }
    // There is one zero.
    value.as_f64().filter(|n| (0.0..=limits::CAUTION).contains(n)).map(|n| Some(n.abs()))
}

/// An order on its way, and who waits for what comes of it; else it is told on `reply/{verb}`.
pub struct Handed {
    pub order: Order,
    pub waits: Option<Waits>,
}

/// Who waits for what comes of an order.
pub struct Waits {
    /// Whether what holds now is what they had read when they gave it.
    pub agrees: Box<dyn FnOnce(&Value) -> bool + Send>,
    /// What holds then.
    pub done: oneshot::Sender<Result<Value, Declined>>,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declined {
    /// What holds is another thing than what was read.
    Changed,
    Because(String),
}

/// Where orders are handed in.
#[derive(Debug, Default)]
pub struct Orders(OnceLock<mpsc::Sender<Handed>>);

impl Orders {
    /// Who carries them out, from now on.
    pub fn open(&self) -> mpsc::Receiver<Handed> {
        let (send, taken) = mpsc::channel(limits::ORDERS_WAITING);
        // It is opened once.
        let _ = self.0.set(send);
        taken
    }

    /// Whether it was taken: too many may wait.
    pub fn hand_in(&self, order: Order) -> bool {
        self.send(Handed { order, waits: None })
    }

    /// The same for one who waits: it is carried out if `agrees` says so of what holds then. None: too many wait.
    pub fn ask(
        &self,
        order: Order,
        agrees: impl FnOnce(&Value) -> bool + Send + 'static,
    ) -> Option<oneshot::Receiver<Result<Value, Declined>>> {
        let (done, is_done) = oneshot::channel();
        self.send(Handed { order, waits: Some(Waits { agrees: Box::new(agrees), done }) }).then_some(is_done)
    }

    fn send(&self, handed: Handed) -> bool {
        self.0.get().is_some_and(|send| send.try_send(handed).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_as_people_write_it() {
        let read = |about, payload: &str| Order::read(about, payload.as_bytes(), "anna").map(|order| order.wants);
        for (about, payload, wants) in [
            (About::GuardMode, r#"{"mode": "enforce", "other": 1}"#, Wants::GuardMode(Some(GuardMode::Enforce))),
            (About::GuardMode, r#"{"v": 1, "mode": "config"}"#, Wants::GuardMode(None)),
            (About::Profile, r#"{"profile": "strict"}"#, Wants::Profile(Some("strict"))),
            (About::Profile, r#"{"profile": "config"}"#, Wants::Profile(None)),
            (About::Strictness, r#"{"strictness": 0.3}"#, Wants::Strictness(Some(0.3))),
            (About::Strictness, r#"{"strictness": 0}"#, Wants::Strictness(Some(0.0))),
            (About::Strictness, r#"{"strictness": "config"}"#, Wants::Strictness(None)),
            (About::Alert, r#"{"code": "guard-off"}"#, Wants::Acknowledge("guard-off".into())),
        ] {
            assert_eq!(read(about, payload), Ok(wants.clone()), "{payload}");
            assert_eq!(wants.about(), about);
        }
        let zero = read(About::Strictness, r#"{"strictness": -0.0}"#).unwrap();
        assert!(matches!(zero, Wants::Strictness(Some(n)) if n.is_sign_positive()));
        let order = Order::read(About::Alert, br#"{"code": "disk", "transaction": [7]}"#, "anna").unwrap();
        assert_eq!((order.transaction, order.by.as_str()), (Some(serde_json::json!([7])), "anna"));
    }

    #[test]
    fn what_is_no_order_is_told_how_it_is_written() {
        for (about, payload) in [
            (About::GuardMode, ""),
            (About::GuardMode, "enforce"),
            (About::GuardMode, "{}"),
            (About::GuardMode, r#"{"mode": "off"}"#),
            (About::GuardMode, r#"{"mode": "Enforce"}"#),
            (About::GuardMode, r#"{"mode": 1}"#),
            (About::GuardMode, r#"{"mode": null}"#),
            (About::GuardMode, r#"{"v": 2, "mode": "enforce"}"#),
            (About::GuardMode, r#"{"profile": "strict"}"#),
            (About::Profile, r#"{"profile": "loose"}"#),
            (About::Strictness, r#"{"strictness": 0.3001}"#),
            (About::Strictness, r#"{"strictness": -0.01}"#),
            (About::Strictness, r#"{"strictness": "0.1"}"#),
            (About::Strictness, r#"{"strictness": 1e999}"#),
            (About::Strictness, r#"{"strictness": null}"#),
            (About::Alert, r#"{"code": ""}"#),
            (About::Alert, r#"{"code": 3}"#),
        ] {
            assert_eq!(Order::read(about, payload.as_bytes(), "anna"), Err(about.wanted()), "{payload}");
        }
        assert!(Order::read(About::Alert, &[0xff], "anna").is_err());
        let long = |n: usize| format!("{{\"code\": \"{}\"}}", "x".repeat(n - 12));
        assert!(Order::read(About::Alert, long(limits::ORDER_BYTES).as_bytes(), "anna").is_ok());
        assert_eq!(Order::read(About::Alert, long(limits::ORDER_BYTES + 1).as_bytes(), "anna"), Err("an order has at most 1 KiB"));
        assert_eq!((About::named("profile"), About::named("phoenix-drill")), (Some(About::Profile), None));
    }

    #[test]
    fn an_automation_calls_nothing_seen_that_tells_of_the_guard_or_of_who_tries() {
        let may = |code: &str| Wants::Acknowledge(code.into()).roles().contains(&"operator");
        assert!(may("disk") && may("certificate") && may("more"));
        for code in ["security-logins", "security-forged", "security-audit", "guard-off", "guard-milder", "guard-unread"] {
            assert!(!may(code) && Wants::Acknowledge(code.into()).roles().contains(&"approver"), "{code}");
        }
        assert!(!Wants::Profile(None).roles().contains(&"operator"));
    }

    #[test]
    fn as_many_wait_as_may_and_one_past_is_refused() {
        let orders = Orders::default();
        let one = || Order { wants: Wants::Profile(None), transaction: None, by: "anna".into() };
        assert!(!orders.hand_in(one()), "nobody carries them out yet");
        let mut taken = orders.open();
        assert!((0..limits::ORDERS_WAITING).all(|_| orders.hand_in(one())));
        assert!(!orders.hand_in(one()));
        drop(taken.try_recv());
        assert!(orders.hand_in(one()));
    }
}
