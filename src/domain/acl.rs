//! Access lists: roles, and what each may publish and hear. Pure: names in, rulings out.

use super::{TopicFilter, topic::TopicError};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Publish,
    Subscribe,
    /// Both.
    All,
}

/// One rule: `allow publish sensors/%u/#`. `%u` stands for the user's name, `%c` for the client id, each a whole level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AclRule {
    pub allow: bool,
    pub scope: Scope,
    pub pattern: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AclError {
    #[error("`{0}` is no rule; write `allow publish sensors/%u/#`: allow or deny, then publish, subscribe or all, then a topic filter")]
    Shape(String),
    #[error("`{0}`: %c and %u stand alone in their level")]
    Placeholder(String),
    #[error(transparent)]
    Filter(#[from] TopicError),
}

/// A role: its rules in order, and how it may speak.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Role {
    pub rules: Vec<AclRule>,
    /// May name other entities than itself: a bridge, Node-RED.
    pub speaks_for_many: bool,
    /// May describe devices.
    pub discovery: bool,
}

/// All roles by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Acl {
    pub roles: BTreeMap<String, Role>,
}

/// What one connection may do: the rules of each of its roles, with its names filled in. What one role allows no other takes away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    roles: Vec<Vec<(bool, Scope, TopicFilter)>>,
    pub speaks_for_many: bool,
    pub discovery: bool,
}

impl AclRule {
    /// # Errors
    /// When it is not two words and a filter, or a placeholder shares its level.
    pub fn parse(text: &str) -> Result<Self, AclError> {
        let shape = || AclError::Shape(text.to_owned());
        let (allow, rest) = text.trim().split_once(' ').ok_or_else(shape)?;
        let (scope, pattern) = rest.trim().split_once(' ').ok_or_else(shape)?;
        let allow = match allow {
            "allow" => true,
            "deny" => false,
            _ => return Err(shape()),
        };
        let scope = match scope {
            "publish" => Scope::Publish,
            "subscribe" => Scope::Subscribe,
            "all" => Scope::All,
            _ => return Err(shape()),
        };
        let pattern = pattern.trim();
        if pattern.split('/').any(|level| level.len() > 2 && (level.contains("%c") || level.contains("%u"))) {
            return Err(AclError::Placeholder(pattern.to_owned()));
        }
        TopicFilter::new(pattern)?;
        Ok(Self { allow, scope, pattern: pattern.to_owned() })
    }

    /// The filter for one speaker; None where a name cannot stand for a level: a wildcard or a slash in it would widen the rule.
    fn filled(&self, client: &str, user: Option<&str>) -> Option<TopicFilter> {
        let is_level = |name: &&str| !name.is_empty() && !name.contains(['+', '#', '/', '\0']);
        let levels: Option<Vec<&str>> = self
            .pattern
            .split('/')
            .map(|level| match level {
                "%c" => Some(client).filter(is_level),
                "%u" => user.filter(is_level),
                plain => Some(plain),
            })
            .collect();
        TopicFilter::new(&levels?.join("/")).ok()
    }
}

impl Acl {
    /// What a connection with these roles may do; more roles, more rights. A role that nobody declared grants nothing.
    #[must_use]
    pub fn grant<'r>(&self, roles: impl IntoIterator<Item = &'r str>, client: &str, user: Option<&str>) -> Granted {
        let mut granted = Granted::default();
        for role in roles.into_iter().filter_map(|name| self.roles.get(name)) {
            granted.speaks_for_many |= role.speaks_for_many;
            granted.discovery |= role.discovery;
            let filled = role.rules.iter().filter_map(|rule| Some((rule.allow, rule.scope, rule.filled(client, user)?)));
            granted.roles.push(filled.collect());
        }
        granted
    }
}

impl Granted {
    fn allows(&self, scope: Scope, topic: &str) -> bool {
        self.roles.iter().any(|rules| of(rules, scope).find(|(_, filter)| filter.matches(topic)).is_some_and(|(allow, _)| allow))
    }

    /// Whether a topic may be published to: a role's first rule that matches allows it.
    #[must_use]
    pub fn publish(&self, topic: &str) -> bool {
        self.allows(Scope::Publish, topic)
    }

    /// Whether what is published on a topic may be heard.
    #[must_use]
    pub fn hear(&self, topic: &str) -> bool {
        self.allows(Scope::Subscribe, topic)
    }

    /// Whether a filter may be subscribed to: some topic that it matches may be heard. The others are not delivered.
    #[must_use]
    pub fn subscribe(&self, filter: &TopicFilter) -> bool {
        let decides = |(allow, rule): &(bool, &TopicFilter)| if *allow { rule.overlaps(filter) } else { rule.covers(filter) };
        self.roles.iter().any(|rules| of(rules, Scope::Subscribe).find(decides).is_some_and(|(allow, _)| allow))
    }

    /// Whether everything may be heard, so that nothing needs to be looked at.
    #[must_use]
    pub fn hears_all(&self) -> bool {
        self.roles.iter().any(|rules| of(rules, Scope::Subscribe).next().is_some_and(|(allow, filter)| allow && filter.as_str() == "#"))
    }

    /// Whether everything may be heard but what one filter matches.
    #[must_use]
    pub fn hears_all_but(&self, spared: &TopicFilter) -> bool {
        let decides = |(allow, filter): &(bool, &TopicFilter)| if *allow { filter.as_str() == "#" } else { !spared.covers(filter) };
        self.roles.iter().any(|rules| of(rules, Scope::Subscribe).find(decides).is_some_and(|(allow, _)| allow))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roles.iter().all(Vec::is_empty)
    }
}

fn of(rules: &[(bool, Scope, TopicFilter)], scope: Scope) -> impl Iterator<Item = (bool, &TopicFilter)> {
    rules.iter().filter(move |(_, of, _)| *of == scope || *of == Scope::All).map(|(allow, _, filter)| (*allow, filter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn acl(rules: &[&str]) -> Acl {
        let rules = rules.iter().map(|rule| AclRule::parse(rule).unwrap()).collect();
        Acl { roles: BTreeMap::from([("device".to_owned(), Role { rules, ..Role::default() })]) }
    }

    #[test]
    fn the_first_rule_that_matches_decides_and_none_denies() {
        let acl = acl(&["deny publish a/secret", "allow publish a/+", "allow subscribe %u/#", "deny all %c/x", "allow all %c/+"]);
        let granted = acl.grant(["device"], "c1", Some("anna"));
        for (topic, may) in [("a/b", true), ("a/secret", false), ("a/b/c", false), ("anna/x", false), ("c1/y", true), ("c1/x", false)] {
            assert_eq!(granted.publish(topic), may, "{topic}");
        }
        assert!(granted.hear("anna/deep/er") && granted.hear("c1/y") && !granted.hear("c1/x") && !granted.hear("bob/x"));
        let may = |filter: &str| granted.subscribe(&TopicFilter::new(filter).unwrap());
        assert!(may("#") && may("anna/#") && may("+/x") && !may("c1/x") && !may("bob/#") && !may("a/b"));
        assert!(acl.grant(["nobody"], "c1", Some("anna")).is_empty());
        assert!(!granted.hears_all() && acl_of_all().hears_all());
    }

    fn acl_of_all() -> Granted {
        acl(&["allow subscribe #"]).grant(["device"], "c", None)
    }

    #[test]
    fn a_name_that_is_no_level_fills_no_rule() {
        let acl = acl(&["allow all %u/%c/#"]);
        for (client, user) in [("+", Some("anna")), ("c", Some("#")), ("a/b", Some("anna")), ("c", None), ("", Some("anna"))] {
            let granted = acl.grant(["device"], client, user);
            assert!(granted.is_empty(), "{client} {user:?}");
        }
        assert!(acl.grant(["device"], "c", Some("anna")).publish("anna/c/x"));
    }

    #[test]
    fn what_is_no_rule_is_told() {
        for bad in ["", "allow", "allow publish", "permit publish a", "allow read a", "allow publish a/#/b", "allow publish x%u/a"] {
            assert!(AclRule::parse(bad).is_err(), "{bad}");
        }
    }

    fn level() -> impl Strategy<Value = String> {
        prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("+".to_owned())]
    }

    proptest! {
        /// What may be heard at all may be subscribed to by its own name, and a wildcard never lets hear more.
        #[test]
        fn a_subscription_is_granted_where_something_can_be_heard(
            rules in proptest::collection::vec((any::<bool>(), proptest::collection::vec(level(), 1..4), any::<bool>()), 0..5),
            topic in proptest::collection::vec(prop_oneof![Just("a"), Just("b")], 1..4),
        ) {
            let of = |(allow, levels, deep): &(bool, Vec<String>, bool)| {
                let deep = if *deep { "/#" } else { "" };
                format!("{} subscribe {}{deep}", if *allow { "allow" } else { "deny" }, levels.join("/"))
            };
            let rules: Vec<String> = rules.iter().map(of).collect();
            let granted = acl(&rules.iter().map(String::as_str).collect::<Vec<_>>()).grant(["device"], "c", None);
            let topic = topic.join("/");
            prop_assert_eq!(granted.hear(&topic), granted.subscribe(&TopicFilter::new(&topic).unwrap()), "{:?} {}", rules, topic);
            if granted.hear(&topic) {
                prop_assert!(granted.subscribe(&TopicFilter::new("#").unwrap()));
            }
        }
    }
}
