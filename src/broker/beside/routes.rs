//! Which topics go over to another broker, which come from it, and what they are called on either side.

use super::wire::Wanted;
use crate::{
    config::{Attached, BridgeTopic},
    domain::TopicFilter,
};

/// All routes of one other broker.
#[derive(Debug, Default)]
pub struct Routes {
    out: Vec<Route>,
    come: Vec<Route>,
    /// Prepended to subscriptions: `$share/GROUP/`.
    share: String,
    attached: bool,
    /// Jamey's own topics, which it does not hear itself say.
    own: String,
}

/// From one name to the other.
#[derive(Debug)]
struct Route {
    filter: TopicFilter,
    /// What the name begins with, and what it begins with over there.
    from: String,
    to: String,
    qos: u8,
    /// It goes this way and no other.
    one_way: bool,
}

impl Route {
    fn name(&self, topic: &str) -> Option<String> {
        let rest = topic.strip_prefix(self.from.as_str()).filter(|_| self.filter.matches(topic))?;
        let name = format!("{}{rest}", self.to);
        (!name.is_empty()).then_some(name)
    }
}

impl Routes {
    pub fn bridge(topics: &[BridgeTopic]) -> Self {
        let mut routes = Self::default();
        for topic in topics {
            let (here, there) = (topic.local_prefix.clone(), topic.remote_prefix.clone());
            let one_way = topic.goes_out() != topic.comes_in();
            if let (true, Ok(filter)) = (topic.goes_out(), topic.local()) {
                routes.out.push(Route { filter, from: here.clone(), to: there.clone(), qos: topic.qos, one_way });
            }
            if let (true, Ok(filter)) = (topic.comes_in(), topic.remote()) {
                routes.come.push(Route { filter, from: there, to: here, qos: topic.qos, one_way });
            }
        }
        routes
    }

    /// What `[attached]` hears: its filters, and what is told and asked below the root. What it says is posted by name.
    pub fn attached(attached: &Attached, root: &str) -> Self {
        let own = ["in", "act"].iter().filter_map(|word| TopicFilter::new(&format!("{root}/{word}/#")).ok());
        let route = |filter: TopicFilter| Route { filter, from: String::new(), to: String::new(), qos: 1, one_way: true };
        let own_name = format!("{root}/");
        let share = attached.share.as_ref().map_or_else(String::new, |group| format!("$share/{group}/"));
        Self {
            out: Vec::new(),
            come: attached.filters.iter().cloned().chain(own).map(route).collect(),
            share,
            attached: true,
            own: own_name,
        }
    }

    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// The name of a topic of ours over there, and the QoS at most.
    pub fn outward(&self, topic: &str) -> Option<(String, u8)> {
        self.out.iter().find_map(|route| Some((route.name(topic)?, route.qos)))
    }

    /// The name here of a topic over there.
    pub fn inward(&self, topic: &str) -> Option<String> {
        let own = self.attached && topic.starts_with(&self.own);
        self.come.iter().filter(|route| !own || route.filter.as_str().starts_with(&self.own)).find_map(|route| route.name(topic))
    }

    /// Whether what we publish over there under this name would be sent back.
    pub fn comes_back(&self, remote: &str) -> bool {
        self.come.iter().any(|route| route.filter.matches(remote))
    }

    pub fn sends(&self, filter: &TopicFilter) -> bool {
        self.out.iter().any(|route| route.filter.overlaps(filter))
    }

    pub fn wanted(&self) -> Vec<Wanted> {
        self.come.iter().map(|route| Wanted { filter: format!("{}{}", self.share, route.filter), qos: route.qos }).collect()
    }

    /// Where retained values are to be told to a broker that does not know us. Not of topics that go both ways: over there
    /// may be newer ones.
    pub fn told_anew(&self) -> impl Iterator<Item = &TopicFilter> {
        self.out.iter().filter(|route| route.one_way).map(|route| &route.filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Direction;

    fn topic(filter: &str, direction: Direction, local: &str, remote: &str) -> BridgeTopic {
        BridgeTopic { filter: filter.into(), direction, qos: 1, local_prefix: local.into(), remote_prefix: remote.into() }
    }

    #[test]
    fn prefixes_are_exchanged_and_directions_kept() {
        let routes = Routes::bridge(&[topic("s/#", Direction::In, "attic/", ""), topic("#", Direction::Both, "shared/", "x/")]);
        assert_eq!(routes.inward("s/1").as_deref(), Some("attic/s/1"));
        assert_eq!(routes.inward("t/1"), None);
        assert_eq!(routes.inward("x/t").as_deref(), Some("shared/t"));
        assert_eq!(routes.outward("shared/t"), Some(("x/t".into(), 1)));
        assert_eq!(routes.outward("attic/s/1"), None);
        assert!(routes.comes_back("x/t") && !routes.comes_back("y/t"));
        assert_eq!(routes.told_anew().count(), 0);
        assert_eq!(routes.wanted().iter().map(|w| w.filter.as_str()).collect::<Vec<_>>(), ["s/#", "x/#"]);
    }

    #[test]
    fn attached_hears_what_is_asked_of_jamey() {
        let config = "[attached]\naddress = \"a:1\"\nfilters = [\"z/#\", \"#\"]\nshare = \"g\"";
        let sources = crate::config::Sources { file: Some(("j", config)), ..Default::default() };
        let config = crate::config::Config::read(&sources).unwrap();
        let routes = Routes::attached(config.attached.as_ref().unwrap(), "jamey");
        let filters: Vec<_> = routes.wanted().into_iter().map(|w| w.filter).collect();
        assert_eq!(filters, ["$share/g/z/#", "$share/g/#", "$share/g/jamey/in/#", "$share/g/jamey/act/#"]);
        assert_eq!(routes.inward("jamey/act/d/on").as_deref(), Some("jamey/act/d/on"));
        assert_eq!((routes.inward("jamey/status"), routes.outward("z/1")), (None, None));
    }
}
