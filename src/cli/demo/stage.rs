//! What every scene needs: asking Jamey, finding its verdict, and looking at what the device then received.

use super::{
    house,
    seen::{Seen, Wanted},
    tell::Teller,
    wire::{Heard, Wire},
};
use anyhow::{Result, bail};
use serde_json::{Map, Value};
use std::{net::SocketAddr, time::Duration};

/// How long a verdict, or a message that was let on, may take.
const SOON: Duration = Duration::from_secs(5);
/// How long a retained state may take that is to be told now: Jamey tells one within the next second or two.
pub const NOW: Duration = Duration::from_secs(4);
/// How long one may take that should have been told by now.
pub const BY_NOW: Duration = Duration::from_secs(1);

pub struct Stage {
    pub wire: Wire,
    pub tell: Teller,
    /// The guard's mode, as Jamey's `info` says it.
    pub guard: String,
    pub verdicts: u32,
    /// What must be published to leave the broker as it was: topic, payload, retained.
    undo: Vec<(String, &'static str, bool)>,
    run: String,
    asked: u32,
}

/// A request that was sent, and how its verdict will be known.
pub struct Asked {
    pub by: &'static str,
    pub target: &'static str,
    pub verb: &'static str,
    id: Option<String>,
    payload: Vec<u8>,
    mark: usize,
}

impl Stage {
    #[must_use]
    pub fn new(at: SocketAddr, json: bool) -> Self {
        let run = uuid::Uuid::now_v7().simple().to_string();
        Self { wire: Wire::new(at), tell: Teller::new(json), guard: String::new(), verdicts: 0, undo: Vec::new(), run, asked: 0 }
    }

    /// The observer comes first: Jamey publishes verdicts while someone listens for them.
    ///
    /// # Errors
    /// When who answers is not Jamey, or does not let the demo in.
    pub async fn arrive(&mut self, at: SocketAddr) -> Result<()> {
        let filters = ["jamey/verdict/#", "jamey/soul/#", "jamey/consciousness/state", "jamey/do/#", "jamey/status", "jamey/info"];
        self.wire.join(house::OBSERVER, &filters).await?;
        let online = |h: &Heard| (h.topic == "jamey/status" && &*h.payload == b"online").then_some(());
        if self.tell.while_waiting("looking for Jamey", self.wire.wait(0, SOON, online)).await.is_none() {
            bail!(
                "something answers at {at}, but not as Jamey: nothing says `online` on jamey/status. Is another broker running there, or is `root` in Jamey's config not `jamey`?"
            );
        }
        let guard = |h: &Heard| (h.topic == "jamey/info").then(|| json(h)?.get("guard")?.as_str().map(str::to_owned)).flatten();
        self.guard = self.wire.wait(0, SOON, guard).await.unwrap_or_else(|| "unknown".into());
        Ok(())
    }

    /// Publishes on a device's own command topic, as any client does, and waits for the acknowledgement.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn command(
        &mut self,
        by: &'static str,
        target: &'static str,
        verb: &'static str,
        below: &str,
        payload: &str,
        retain: bool,
    ) -> Result<Asked> {
        let topic = format!("{}{below}", house::set_topic(target));
        let mark = self.wire.mark();
        if retain {
            self.undo.push((topic.clone(), "", true));
        }
        self.wire.publish(by, &topic, payload.as_bytes(), retain).await?;
        Ok(Asked { by, target, verb, id: None, payload: payload.into(), mark })
    }

    /// Asks on `jamey/act/{target}/{verb}`; does not wait for the acknowledgement.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn act(&mut self, by: &'static str, target: &'static str, verb: &'static str, value: Option<f64>) -> Result<Asked> {
        self.asked += 1;
        let id = format!("demo-{}-{}", self.run, self.asked);
        let mut arguments = Map::new();
        arguments.insert("id".into(), Value::from(id.clone()));
        if let Some(value) = value {
            arguments.insert("value".into(), Value::from(value));
        }
        let payload = Value::Object(arguments).to_string().into_bytes();
        let mark = self.wire.mark();
        self.wire.send(by, &format!("jamey/act/{target}/{verb}"), &payload, false).await?;
        Ok(Asked { by, target, verb, id: Some(id), payload, mark })
    }

    /// Waits for the verdict, looks at what the device received, and tells both.
    ///
    /// # Errors
    /// When a connection is lost.
    pub async fn outcome(&mut self, asked: &Asked) -> Result<Option<Seen>> {
        let first = {
            let wanted = match &asked.id {
                Some(id) => Wanted::Id(id),
                None => Wanted::Asked { entity: asked.by, target: asked.target, verb: asked.verb },
            };
            let verdict = |h: &Heard| Seen::read(h).filter(|s| s.is(wanted));
            self.tell.while_waiting("waiting for Jamey's verdict", self.wire.wait(asked.mark, SOON, verdict)).await
        };
        let received = self.received(asked).await?;
        let went = match received.as_slice() {
            [] => format!("not forwarded: {} received nothing", asked.target),
            [first, ..] => {
                let exact = if first.payload == asked.payload { ", the very bytes that were sent" } else { "" };
                format!("forwarded: {} received `{}` on {}{exact}", asked.target, String::from_utf8_lossy(&first.payload), first.topic)
            }
        };
        let Some(first) = first else {
            self.tell.missing(&format!("no verdict on {} asking {}: {}; {went}", asked.by, asked.target, asked.verb));
            return Ok(None);
        };
        // A message with several attributes has a verdict for each, and the gravest counts.
        let same =
            self.wire.since(asked.mark).iter().filter_map(Seen::read).filter(|s| s.percept == first.percept).max_by_key(|s| s.decision);
        let seen = same.unwrap_or(first);
        self.verdicts += 1;
        self.tell.verdict(&seen, &went);
        if seen.forwarded.is_some_and(|said| said == received.is_empty()) {
            self.tell.say("That does not agree with the verdict, which says otherwise of `forwarded`.");
        }
        Ok(Some(seen))
    }

    /// What a device received since it was asked. The sender's mark comes after its request on the same connection, so that
    /// when the device has the mark and no request, none was let on.
    async fn received(&mut self, asked: &Asked) -> Result<Vec<Heard>> {
        self.asked += 1;
        let (topic, token) = (house::sync_topic(asked.target), format!("{}-{}", self.run, self.asked));
        self.wire.publish(asked.by, &topic, token.as_bytes(), false).await?;
        let mark = |h: &Heard| (h.by == asked.target && h.payload == token.as_bytes()).then_some(());
        if self.wire.wait(asked.mark, SOON, mark).await.is_none() {
            self.tell.missing(&format!("{} did not get the demo's own mark in time", asked.target));
        }
        let mut heard = self.wire.since(asked.mark);
        heard.retain(|h| h.by == asked.target && h.topic != topic);
        Ok(heard)
    }

    /// The newest payload of one of Jamey's retained topics: one said since the mark if it comes in time, else what stands
    /// there from before. With it, whether it is new.
    pub async fn state(&self, topic: &str, mark: usize, patience: Duration) -> Option<(Value, bool)> {
        let new = |h: &Heard| (h.topic == topic && !h.retained).then(|| json(h)).flatten();
        let waiting = self.wire.wait(mark, patience, new);
        if self.tell.while_waiting(&format!("waiting for {topic}"), waiting).await.is_none() {
            return self.wire.since(0).iter().rev().find(|h| h.topic == topic).and_then(json).map(|old| (old, false));
        }
        self.wire.since(mark).iter().rev().find_map(new).map(|newest| (newest, true))
    }

    /// Remembers what must be published at the end, whatever happens before.
    pub fn undo_later(&mut self, topic: String, payload: &'static str, retain: bool) {
        self.undo.push((topic, payload, retain));
    }

    /// Leaves the broker as it was. Yields what could not be put back.
    pub async fn undo(&mut self) -> Vec<String> {
        if self.undo.is_empty() {
            return Vec::new();
        }
        let undo = std::mem::take(&mut self.undo);
        let mut left = Vec::new();
        let joined = self.wire.join(house::CARETAKER, &[]).await.is_ok();
        // The last done is undone first: a retained command goes before the announcement of its device.
        for (topic, payload, retain) in undo.into_iter().rev() {
            let done = joined && matches!(self.wire.publish(house::CARETAKER, &topic, payload.as_bytes(), retain).await, Ok(None));
            if !done {
                left.push(topic);
            }
        }
        left
    }
}

fn json(heard: &Heard) -> Option<Value> {
    serde_json::from_slice(&heard.payload).ok()
}
