//! What a snapshot is made of.

use super::work::{Gather, Gathered};
use crate::{
    config::Config,
    phoenix::{Component, Content, Item, Source},
};

pub(super) fn at_rest(config: &Config) -> Gather {
    let file = config.file.clone();
    Box::new(move |_, _| {
        let bytes = file.as_ref().map(std::fs::read).transpose()?.unwrap_or_default();
        let item = Item { path: "config/jamey.toml".into(), mode: 0o600, content: Content::Bytes(bytes) };
        let source = Source { component: Component::Config, schema: 1, counts: std::collections::BTreeMap::new(), items: vec![item] };
        Ok(Gathered { sources: vec![source], held: Box::new(()) })
    })
}

/// In the running house.
pub fn gather(hall: &crate::broker::Hall) -> Gather {
    at_rest(&hall.config)
}
