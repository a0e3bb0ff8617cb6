//! What one connection may do: everything that its kind may while there are no users, else what its roles allow.

use super::{access, orders::About};
use crate::{
    config::Config,
    domain::{Acl, Granted, Says, TopicFilter, topic},
};

/// The role that may read by HTTP.
const READER: &str = "reader";

/// The rights of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// There are no users yet: names are taken as given, and nobody has a role.
    open: bool,
    user: Option<String>,
    roles: Vec<String>,
    granted: Granted,
    all_but_approvals: bool,
}

impl Rights {
    /// While there are no users.
    #[must_use]
    pub fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    #[must_use]
    pub fn of(acl: &Acl, root: &str, roles: &[String], client: &str, user: Option<&str>) -> Self {
        let granted = acl.grant(roles.iter().map(String::as_str), client, user);
        let approvals = TopicFilter::new(&format!("{root}/approval/#"));
        let all_but_approvals = approvals.is_ok_and(|approvals| granted.hears_all_but(&approvals));
        Self { open: false, user: user.map(str::to_owned), roles: roles.to_vec(), granted, all_but_approvals }
    }

    #[must_use]
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }

    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Whether there are no users, so that nobody can prove a name.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether nothing at all may be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.open && self.granted.is_empty()
    }

    #[must_use]
    pub fn speaks_for_many(&self) -> bool {
        self.granted.speaks_for_many
    }

    /// Whether a name that a topic claims must be the speaker's own.
    #[must_use]
    pub fn speaks_for_itself(&self) -> bool {
        !self.open && !self.granted.speaks_for_many
    }

    /// Whether devices may be described.
    #[must_use]
    pub fn describes(&self) -> bool {
        self.open || self.granted.discovery
    }

    /// Whether a topic may be published to. Below the root only inputs, requests, recall and, by role, commands, answers and a
    /// receiver's words.
    #[must_use]
    pub fn publish(&self, config: &Config, topic: &str) -> bool {
        // How Jamey describes itself is nobody else's to say.
        if topic.starts_with('$') || config.is_own_document(topic) || !(self.open || self.granted.publish(topic)) {
            return false;
        }
        if !access::below_root(config, topic) {
            return true;
        }
        match access::own_topic(config, topic) {
            Some(access::Own::In { .. } | access::Own::Act { .. }) => topic::check_input(topic).is_ok(),
            // It takes a device's guard away, until the device is described again.
            Some(access::Own::Command(verb)) if verb == Says::Forget.verb() => self.has("admin"),
            Some(access::Own::Command(verb)) => {
                About::named(&verb).map_or(&["operator", "admin"][..], About::roles).iter().any(|role| self.has(role))
            }
            Some(access::Own::Answer(_)) => self.has("approver"),
            Some(access::Own::Recall) => true,
            Some(access::Own::Receiver(name)) => self.has("receiver") && self.user.as_ref() == Some(&name),
            None => false,
        }
    }

    /// Whether a filter may be subscribed to; what of it may not be heard is not delivered.
    #[must_use]
    pub fn subscribe(&self, config: &Config, filter: &str) -> bool {
        let plain = filter.strip_prefix("$share/").and_then(|s| s.split_once('/')).map_or(filter, |(_, f)| f);
        let Ok(wanted) = TopicFilter::new(plain) else { return false };
        if access::is_snapshot(config, plain) && !self.receives() {
            return false;
        }
        if config.is_document_of_approvals(plain) && !self.hears_approvals() {
            return false;
        }
        if self.open { !access::is_approval(config, plain) } else { self.granted.subscribe(&wanted) }
    }

    /// Whether all but approvals may be heard, which memory holds none of.
    #[must_use]
    pub fn hears_everything(&self) -> bool {
        self.open || self.granted.hears_all() || self.all_but_approvals
    }

    /// Whether all that is read by HTTP may be read: by who hears everything, and by a reader, whatever an owner's own lists say of topics.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.hears_everything() || self.has(READER)
    }

    /// Snapshots are sealed; but how large they are, and when they are taken, is nobody's else to know.
    fn receives(&self) -> bool {
        self.has("receiver") || self.has("admin")
    }

    fn hears_approvals(&self) -> bool {
        self.has("approver") || self.has("admin")
    }

    /// Whether what comes on a topic may be heard: approvals by those only who may answer them, or see all; so with snapshots.
    #[must_use]
    pub fn hear(&self, config: &Config, topic: &str) -> bool {
        // Answers of memory tell of every topic: only who may hear them all hears those of others.
        if access::is_recall_reply(config, topic) && !self.hears_everything() {
            return false;
        }
        if access::is_snapshot(config, topic) && !self.receives() {
            return false;
        }
        let allowed = self.open || self.granted.hears_all() || self.granted.hear(topic);
        // The buttons of approvals hold what an answer must prove.
        let is_of_approvals = access::is_approval(config, topic) || config.is_document_of_approvals(topic);
        allowed && (!is_of_approvals || self.hears_approvals())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn without_users_all_is_open_but_what_needs_a_role() {
        let (config, open) = (Config::default(), Rights::open());
        for topic in ["a", "jamey/in/a/b", "jamey/act/a/on", "jamey/memory/recall"] {
            assert!(open.publish(&config, topic), "{topic}");
        }
        for topic in [
            "$SYS/a",
            "jamey",
            "jamey/status",
            "jamey/cmd/x",
            "jamey/cmd/guard-mode",
            "jamey/cmd/alert-acknowledge",
            "jamey/approval/1/answer",
            "jamey/phoenix/snapshot/1/want/x",
        ] {
            assert!(!open.publish(&config, topic), "{topic}");
        }
        assert!(open.subscribe(&config, "#") && open.hear(&config, "jamey/verdict/x"));
        assert!(!open.subscribe(&config, "jamey/phoenix/snapshot/#") && !open.hear(&config, "jamey/phoenix/snapshot/1/offer"));
        assert!(!open.subscribe(&config, "jamey/approval/#") && !open.hear(&config, "jamey/approval/1"));
        assert!(open.describes() && !open.speaks_for_itself() && !open.is_empty());
    }

    #[test]
    fn with_users_roles_decide_and_the_root_stays_jameys_own() {
        let config = Config::default();
        let acl = config::acl(None, &config.root).unwrap();
        let of =
            |roles: &[&str]| Rights::of(&acl, &config.root, &roles.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>(), "c", Some("anna"));
        let admin = of(&["admin"]);
        assert!(admin.publish(&config, "jamey/cmd/x") && !admin.publish(&config, "jamey/status") && !admin.publish(&config, "$SYS/x"));
        assert!(!admin.publish(&config, "jamey/approval/1/answer") && admin.hear(&config, "jamey/approval/1"));
        assert!(of(&["human", "approver"]).publish(&config, "jamey/approval/1/answer"));
        // What many records came to stands on no topic: it is for those who hear everything.
        for (role, hears) in [("human", true), ("operator", true), ("home_assistant", true), ("device", false), ("zigbee2mqtt", false)] {
            assert_eq!(of(&[role]).hear(&config, ""), hears, "{role}");
        }
        // What the guard and the conscience are about to do is nobody's who only runs devices.
        let all = config::acl(None, &config.root).unwrap().roles;
        for role in all.keys().map(String::as_str).chain(["unheard_of"]) {
            let rights = of(&[role]);
            for about in About::ALL {
                let may = role == "admin" || role == "approver" || (role == "operator" && about == About::Alert);
                assert_eq!(rights.publish(&config, &format!("jamey/cmd/{}", about.verb())), may, "{role}: {about:?}");
            }
        }
        let house = of(&["home_assistant", "discovery", "operator"]);
        assert!(!house.publish(&config, "jamey/cmd/guard-mode") && house.publish(&config, "jamey/cmd/alert-acknowledge"));
        assert!(of(&["home_assistant", "discovery", "operator", "approver"]).publish(&config, "jamey/cmd/guard-mode"));
        let device = of(&["device"]);
        assert!(device.subscribe(&config, "#") && !device.hear(&config, "other/x") && device.hear(&config, "anna/x"));
        assert!(device.speaks_for_itself() && !device.describes() && of(&["zigbee2mqtt"]).describes());
        let everything =
            [(&["admin"][..], true), (&["human"], true), (&["home_assistant"], true), (&["approver"], false), (&["device"], false)];
        for (roles, hears) in everything {
            assert_eq!((of(roles).hears_everything(), of(roles).hear(&config, "jamey/memory/recall/reply")), (hears, hears), "{roles:?}");
        }
        let (offer, want) = ("jamey/phoenix/snapshot/1/offer", "jamey/phoenix/snapshot/1/want/anna");
        for (roles, hears, asks) in [
            (&["receiver"][..], true, true),
            (&["admin"], true, false),
            (&["operator"], false, false),
            (&["home_assistant"], false, false),
            (&["human", "approver"], false, false),
            (&["human", "receiver"], true, true),
        ] {
            let rights = of(roles);
            assert_eq!((rights.hear(&config, offer), rights.subscribe(&config, offer)), (hears, hears), "{roles:?}");
            assert_eq!(rights.publish(&config, want), asks, "{roles:?}");
        }
        let (house, buttons) = ("homeassistant/device/jamey_jamey/config", "homeassistant/device/jamey_jamey_-approvals/config");
        for (roles, hears) in
            [(&["home_assistant"][..], false), (&["human"], false), (&["admin"], true), (&["home_assistant", "approver"], true)]
        {
            let rights = of(roles);
            assert_eq!((rights.hear(&config, buttons), rights.subscribe(&config, buttons)), (hears, hears), "{roles:?}");
            assert!(rights.hear(&config, house), "{roles:?}");
        }
        for (roles, other) in
            [(&["admin"][..], true), (&["discovery"], true), (&["zigbee2mqtt"], true), (&["home_assistant"], true), (&["human"], false)]
        {
            let rights = of(roles);
            for own in [house, buttons, "homeassistant/device/jamey_jamey_lamp/config"] {
                assert!(!rights.publish(&config, own), "{roles:?} {own}");
            }
            assert_eq!(rights.publish(&config, "homeassistant/device/jamey_jamey2/config"), other, "{roles:?}");
        }
        assert!(!Rights::open().publish(&config, house) && !Rights::open().hear(&config, buttons) && Rights::open().hear(&config, house));
        let receiver = of(&["receiver", "admin"]);
        assert!(receiver.publish(&config, "jamey/phoenix/snapshot/1/done/anna"));
        for topic in
            [offer, "jamey/phoenix/snapshot/1/want/bob", "jamey/phoenix/snapshot/1/piece/2/3", "jamey/phoenix/snapshot/1/want/anna/x"]
        {
            assert!(!receiver.publish(&config, topic), "{topic}");
        }
        assert!(of(&[]).is_empty() && of(&["unheard_of"]).is_empty());
    }
}
