//! The parts of a house that are asked for, and the tabs that show them.

use crate::domain::limits;

/// What one address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Glance,
    System,
    Alerts,
    Verdicts,
    Entities,
    Clients,
    State,
    Emotion,
    Phi,
    Identity,
    Mission,
    Phoenix,
    Snapshots,
}

impl Part {
    pub const ALL: [Self; 13] = [
        Self::Glance,
        Self::System,
        Self::Alerts,
        Self::Verdicts,
        Self::Entities,
        Self::Clients,
        Self::State,
        Self::Emotion,
        Self::Phi,
        Self::Identity,
        Self::Mission,
        Self::Phoenix,
        Self::Snapshots,
    ];

    /// Its key in the document of `jamey top --json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Glance => "glance",
            Self::System => "system",
            Self::Alerts => "alerts",
            Self::Verdicts => "verdicts",
            Self::Entities => "entities",
            Self::Clients => "clients",
            Self::State => "mind",
            Self::Emotion => "emotion",
            Self::Phi => "phi",
            Self::Identity => "identity",
            Self::Mission => "mission",
            Self::Phoenix => "phoenix",
            Self::Snapshots => "snapshots",
        }
    }

    pub const fn path(self) -> &'static str {
        match self {
            Self::Glance => "/v1/glance",
            Self::System => "/v1/system",
            Self::Alerts => "/v1/alerts",
            Self::Verdicts => "/v1/verdicts",
            Self::Entities => "/v1/entities",
            Self::Clients => "/v1/broker/clients",
            Self::State => "/v1/mind",
            Self::Emotion => "/v1/mind/emotion",
            Self::Phi => "/v1/mind/phi",
            Self::Identity => "/v1/mind/identity",
            Self::Mission => "/v1/mission",
            Self::Phoenix => "/v1/phoenix",
            Self::Snapshots => "/v1/phoenix/snapshots",
        }
    }

    /// How many pages of a list are wanted at most; None: it is no list.
    pub const fn pages(self) -> Option<usize> {
        match self {
            Self::Entities | Self::Clients => Some(limits::TOP_PAGES),
            Self::Verdicts | Self::Mission | Self::Snapshots => Some(1),
            _ => None,
        }
    }
}

/// A page of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, clap::ValueEnum)]
pub enum Tab {
    #[default]
    Verdicts,
    Entities,
    Clients,
    Mind,
    Mission,
    Snapshots,
    Alerts,
}

impl Tab {
    pub const ALL: [Self; 7] = [Self::Verdicts, Self::Entities, Self::Clients, Self::Mind, Self::Mission, Self::Snapshots, Self::Alerts];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Verdicts => "verdicts",
            Self::Entities => "entities",
            Self::Clients => "clients",
            Self::Mind => "mind",
            Self::Mission => "mission",
            Self::Snapshots => "snapshots",
            Self::Alerts => "alerts",
        }
    }

    /// What it shows besides what every tab does. Verdicts come by themselves.
    pub const fn parts(self) -> &'static [Part] {
        match self {
            Self::Verdicts | Self::Alerts => &[],
            Self::Entities => &[Part::Entities],
            Self::Clients => &[Part::Clients],
            Self::Mind => &[Part::State, Part::Emotion, Part::Phi, Part::Identity],
            Self::Mission => &[Part::Mission],
            Self::Snapshots => &[Part::Phoenix, Part::Snapshots],
        }
    }

    /// The one so many further on, round and round.
    pub fn turned(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL.iter().copied().cycle().nth(at + by).unwrap_or_default()
    }
}

/// One thing that is looked at whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    Verdict(String),
    Entity(String),
}

impl Opened {
    /// Where it is told. None: what the list calls it is no name that can stand in an address.
    pub fn path(&self) -> Option<String> {
        match self {
            Self::Verdict(percept) => percept.parse::<uuid::Uuid>().ok().map(|percept| format!("/v1/verdicts/{percept}")),
            Self::Entity(entity) => crate::domain::EntityId::new(entity).ok().map(|entity| format!("/v1/entities/{entity}")),
        }
    }
}

/// What the screen wants to be told, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wants {
    pub tab: Tab,
    pub opened: Option<Opened>,
}
