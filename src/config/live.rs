//! Which options are taken at once when the config changes while Jamey runs: this is the one place that says it. All others wait for a restart.

use super::{Broker, Config, Http, Limits, Log, flat};
use crate::domain::Keeping;
use std::collections::BTreeMap;

/// What the path of such an option begins with.
const AT_ONCE: [&str; 14] = [
    "alerts",
    "broker.guard",
    "conscience",
    "http.burst",
    "http.metrics_entities",
    "http.requests_per_second",
    "limits.bytes_burst",
    "limits.bytes_per_second",
    "limits.messages_burst",
    "limits.messages_per_second",
    "log.filter",
    "memory",
    "retention",
    "webhook",
];
/// Of them not: the memory for it is given out at the start.
const NOT: &str = "memory.cache_mib";

/// Whether an option is taken at once.
#[must_use]
pub fn at_once(path: &str) -> bool {
    let below = |one: &str| path.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    path != NOT && AT_ONCE.into_iter().any(below)
}

/// The config that holds from now on: the one before, with what is taken at once of the fresh one.
#[must_use]
pub fn taken(before: &Config, fresh: &Config) -> Config {
    let (was, http) = (before.clone(), &fresh.http);
    let limits = &fresh.limits;
    Config {
        alerts: fresh.alerts.clone(),
        broker: Broker { guard: fresh.broker.guard, ..was.broker },
        conscience: fresh.conscience.clone(),
        http: Http {
            burst: http.burst,
            metrics_entities: http.metrics_entities,
            requests_per_second: http.requests_per_second,
            ..was.http
        },
        limits: Limits {
            bytes_burst: limits.bytes_burst,
            bytes_per_second: limits.bytes_per_second,
            messages_burst: limits.messages_burst,
            messages_per_second: limits.messages_per_second,
            ..was.limits
        },
        log: Log { filter: fresh.log.filter.clone(), ..was.log },
        memory: Keeping { cache_mb: was.memory.cache_mb, ..fresh.memory },
        retentions: fresh.retentions.clone(),
        webhooks: fresh.webhooks.clone(),
        ..was
    }
}

/// The paths of options that differ between two configs, in their order; of those that are not shown, too.
#[must_use]
pub fn others(one: &Config, other: &Config) -> Vec<String> {
    let all = |config| serde_json::to_value(config).map(|all| flat(&all).into_iter().collect::<BTreeMap<_, _>>()).unwrap_or_default();
    let (one, other) = (all(one), all(other));
    let paths: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    #[test]
    fn what_is_taken_is_what_is_said_to_be_taken() {
        let before = Config::default();
        let fresh = config(
            "node = \"attic\"\n[alerts]\ndisk_days = 8\nraise_seconds = 1\n[broker]\nguard = \"enforce\"\nmax_connections = 7\n\
             [conscience]\nstrictness = 0.1\n[http]\nburst = 1\nmetrics_entities = 2\nrequests_per_second = 3\nmax_connections = 9\n\
             [limits]\nbytes_burst = 1024\nbytes_per_second = 2\nmessages_burst = 3\nmessages_per_second = 4\nin_flight = 5\n\
             [log]\nfilter = \"warn\"\nformat = \"json\"\n[memory]\nworking_hours = 1\ndatabase_mib = 99\nindex_mib = 98\ncache_mib = 97\n\
             [[retention]]\ndays = 7\n[[webhook]]\nname = \"a\"\nurl = \"http://a/\"\n",
        );
        let holds = taken(&before, &fresh);
        let changed = others(&before, &fresh);
        let (now, later): (Vec<String>, Vec<String>) = changed.into_iter().partition(|path| at_once(path));
        assert_eq!(later, ["broker.max_connections", "http.max_connections", "limits.in_flight", "log.format", "memory.cache_mib", "node"]);
        assert_eq!(others(&holds, &fresh), later);
        assert_eq!(others(&before, &holds), now);
        for one in AT_ONCE {
            assert!(now.iter().any(|path| at_once(path) && path.starts_with(one)), "{one} is in no test");
        }
        let hook = |rest: &str| config(&format!("[[webhook]]\nname = \"a\"\nurl = \"http://a/{rest}\"\nsecret_file = \"/{rest}\"\n"));
        assert_eq!(
            others(&hook("1"), &hook("2")),
            ["webhook[0].secret_file", "webhook[0].url"],
            "what is not shown is compared all the same"
        );
        assert!(!at_once("alertsx") && !at_once("http") && at_once("webhook[0].url"));
    }
}
