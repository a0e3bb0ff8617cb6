//! Where Jamey describes itself to Home Assistant: the topics of its own discovery documents, which nobody else may publish.

use super::EntityId;

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'e> {
    /// Jamey itself.
    House,
    /// What waits for a person's word: its buttons hold what an answer must prove, so that approvers alone hear it.
    Approvals,
    /// One that Jamey knows.
    Entity(&'e EntityId),
}

/// How Home Assistant tells this Jamey from others: `jamey_{node}`.
#[must_use]
pub fn device(node: &str) -> String {
    format!("jamey_{node}")
}

/// `{prefix}/device/jamey_{node}/config`, `…_-approvals/config` and `…_{entity}/config`. Two entities never share one, and none has the
/// approvals': an id is written so that `-` stands for nothing but a mark.
#[must_use]
pub fn topic(prefix: &str, node: &str, of: Of<'_>) -> String {
    let device = device(node);
    match of {
        Of::House => format!("{prefix}/device/{device}/config"),
        Of::Approvals => format!("{prefix}/device/{device}_-approvals/config"),
        Of::Entity(entity) => format!("{prefix}/device/{device}_{}/config", level(entity)),
    }
}

/// An entity's id in the letters that Home Assistant takes (`[a-zA-Z0-9_-]`): `-` doubled, and `.` as `-_`.
#[must_use]
pub fn level(entity: &EntityId) -> String {
    entity.as_str().replace('-', "--").replace('.', "-_")
}

/// Whether a topic is that of a document of this Jamey.
#[must_use]
pub fn is_own(prefix: &str, node: &str, topic: &str) -> bool {
    let name = topic
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix("/device/jamey_"))
        .and_then(|rest| rest.strip_prefix(node)?.strip_suffix("/config"));
    name.is_some_and(|rest| !rest.contains('/') && (rest.is_empty() || rest.starts_with('_')))
}

/// Whether a topic is that of what approvers alone hear.
#[must_use]
pub fn is_approvals(prefix: &str, node: &str, topic: &str) -> bool {
    topic.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("/device/")) && topic == self::topic(prefix, node, Of::Approvals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn its_own_are_its_own_and_no_others() {
        let own = |topic: &str| is_own("ha/x", "attic", topic);
        let door = EntityId::new("front.2fdoor").unwrap();
        for of in [Of::House, Of::Approvals, Of::Entity(&door)] {
            assert!(own(&topic("ha/x", "attic", of)), "{of:?}");
        }
        for other in [
            "ha/x/device/jamey_attic2/config",
            "ha/device/jamey_attic/config",
            "ha/x/device/jamey_attic_a/b/config",
            "ha/x/device/jamey_attic",
        ] {
            assert!(!own(other), "{other}");
        }
        assert!(is_approvals("ha/x", "attic", "ha/x/device/jamey_attic_-approvals/config"));
        assert!(!is_approvals("ha/x", "attic", "ha/x/device/jamey_attic/config"));
    }

    proptest! {
        #[test]
        fn no_two_share_one(a in "[a-z0-9_.-]{1,12}", b in "[a-z0-9_.-]{1,12}") {
            let (one, other) = (EntityId::new(&a).unwrap(), EntityId::new(&b).unwrap());
            prop_assert_eq!(level(&one) == level(&other), a == b);
            prop_assert!(level(&one).bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
            prop_assert_ne!(topic("p", "n", Of::Entity(&one)), topic("p", "n", Of::Approvals));
        }
    }
}
