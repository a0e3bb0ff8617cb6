//! Beside other brokers: bridges, and the broker that Jamey is attached to. What comes in is judged as if said here; what goes out
//! waits in an outbox. The engine's own bridges route past the guard and are not used (decision 7).

mod caller;
mod echoes;
mod given;
mod outbox;
mod peer;
mod routes;
#[cfg(feature = "rumqttd")]
mod rumqttd;
mod secrets;
mod side;
mod wire;

pub use caller::Caller;
pub use outbox::Parcel;
pub use peer::Peer;
pub use secrets::{Dial, Unusable};
pub use side::Side;
pub use wire::{Brought, Heard, Wanted, Wire};

use crate::{
    config::{ATTACHED, Config, Durability},
    domain::{
        EntityId, documents,
        topics::{self, Topic},
    },
};
use bytes::Bytes;
use outbox::{Outbox, Posted};
use routes::Routes;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// All other brokers.
#[derive(Default)]
pub struct Beside {
    sides: Vec<Arc<Side>>,
    /// What held requests' topics begin with, those of their buttons, and those of snapshots on their way.
    stay: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the outbox {} cannot be used: {error}", path.display())]
    Outbox { path: PathBuf, error: io::Error },
    #[cfg(feature = "rumqttd")]
    #[error("rumqttd cannot be started at {at}: {error}")]
    Rumqttd { at: String, error: io::Error },
    #[error(transparent)]
    Secret(#[from] Unusable),
    #[error("{0} makes no name of an entity")]
    Name(String),
}

/// One of them, and how it is called.
pub type Reached = (Arc<Side>, Dial);

/// A message on its way to other brokers.
#[derive(Debug, Clone, Copy)]
pub struct Passing<'m> {
    pub topic: &'m str,
    pub payload: &'m Bytes,
    pub qos: u8,
    pub retain: bool,
}

impl Beside {
    /// Opens an outbox for each other broker in `folder`, and reads what is needed to reach it.
    ///
    /// # Errors
    /// When a file cannot be used, or a secret cannot be read.
    pub fn open(config: &Config, folder: &Path) -> Result<(Self, Vec<Reached>), Broken> {
        let mut reached = Vec::new();
        let sync = config.store.durability == Durability::Strict;
        if !config.bridges.is_empty() || config.attached.is_some() {
            std::fs::create_dir_all(folder).map_err(|error| Broken::Outbox { path: folder.to_owned(), error })?;
        }
        let side = |name: &str, entity: String, remote: &crate::config::Remote, routes: Routes| {
            let path = folder.join(format!("{name}.outbox"));
            let outbox = Outbox::open(&path, sync, routes.is_attached()).map_err(|error| Broken::Outbox { path, error })?;
            let entity = EntityId::new(&entity).map_err(|_| Broken::Name(entity))?;
            Ok::<_, Broken>(Arc::new(Side::new(name, entity, &remote.address, routes, outbox)))
        };
        for bridge in &config.bridges {
            let client_id = format!("{}-bridge-{}", config.node, bridge.name);
            let dial = Dial::read(&bridge.remote, bridge.remote.client_id.clone().unwrap_or(client_id), None)?;
            let side = side(&bridge.name, format!("bridge.{}", bridge.name), &bridge.remote, Routes::bridge(&bridge.topics))?;
            reached.push((side, dial));
        }
        if let Some(attached) = &config.attached {
            #[cfg(feature = "rumqttd")]
            if attached.rumqttd {
                let at = attached.remote.address.clone();
                let started = at.parse().map_err(io::Error::other).and_then(rumqttd::start);
                started.map_err(|error| Broken::Rumqttd { at, error })?;
            }
            let client_id = attached.remote.client_id.clone().unwrap_or_else(|| format!("{}-{ATTACHED}", config.node));
            let will = (topics::name(&config.root, Topic::Status), "offline");
            let dial = Dial::read(&attached.remote, client_id, Some(will))?;
            reached.push((side(ATTACHED, ATTACHED.to_owned(), &attached.remote, Routes::attached(attached, &config.root))?, dial));
        }
        let mut stay = [Topic::Approval, Topic::Snapshot].map(|topic| format!("{}/", topics::name(&config.root, topic))).to_vec();
        stay.push(documents::topic(&config.home_assistant.prefix, &config.node, documents::Of::Approvals));
        Ok((Self { sides: reached.iter().map(|(side, _)| Arc::clone(side)).collect(), stay }, reached))
    }

    #[must_use]
    pub fn sides(&self) -> &[Arc<Side>] {
        &self.sides
    }

    /// Whether a name belongs to one of these: nobody else may bear it.
    #[must_use]
    pub fn is_name(&self, name: &str) -> bool {
        self.sides.iter().any(|side| side.entity.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether a topic is for this house alone: approvals hold what only approvers may read, and who reads over there is not ours to say.
    /// Snapshots go where `[phoenix.courier]` says, and do not wait in an outbox.
    #[must_use]
    pub fn stays(&self, topic: &str) -> bool {
        self.stay.iter().any(|begin| topic.starts_with(begin))
    }

    /// Posts a message that goes on here to every bridge that carries it, but not back where it came `from`.
    /// False when an outbox could not be written: then it must not be acknowledged.
    pub async fn pass(&self, from: Option<&EntityId>, passing: Passing<'_>) -> bool {
        if self.stays(passing.topic) {
            return true;
        }
        let mut kept = true;
        for side in self.sides.iter().filter(|side| Some(&side.entity) != from) {
            if let Some((topic, qos)) = side.routes.outward(passing.topic) {
                kept &= side.post(topic, passing, qos).await;
            }
        }
        kept
    }

    /// Posts what Jamey itself says: to bridges that carry it, and to the broker that it is attached to.
    pub async fn tell(&self, root: &str, passing: Passing<'_>) -> bool {
        if self.stays(passing.topic) {
            return true;
        }
        let own = passing.topic.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        let mut kept = self.pass(None, passing).await;
        // What clears a retained command stands elsewhere, and belongs to this broker's own retained values.
        if own || !passing.retain {
            for side in self.sides.iter().filter(|side| side.routes.is_attached()) {
                kept &= side.post(passing.topic.to_owned(), passing, 1).await;
            }
        }
        kept
    }
}

impl Side {
    /// Posts under the name that it has over there. False when it could not be kept.
    pub async fn post(&self, topic: String, passing: Passing<'_>, qos: u8) -> bool {
        let parcel = Parcel { topic, payload: passing.payload.clone(), qos: passing.qos.min(qos), retain: passing.retain };
        self.outbox.post(parcel).await != Posted::Failed
    }
}
