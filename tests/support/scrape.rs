//! What Jamey tells Prometheus, read as Prometheus reads it: families with help and kind, and samples that belong to one.

use super::web::{Answer, get};
use std::{collections::BTreeMap, net::SocketAddr};

#[derive(Debug, Clone, Default)]
pub struct Scrape {
    /// By name as it stands before the labels.
    pub kinds: BTreeMap<String, String>,
    /// By name and labels, as they stand.
    pub samples: BTreeMap<String, f64>,
    pub text: String,
}

/// Scrapes in the plain format. Headers: who asks.
pub fn scrape(at: SocketAddr, headers: &[(&str, &str)]) -> Scrape {
    let answer = get(at, "/metrics", headers);
    assert_eq!(answer.status, 200, "{answer:?}");
    read(&answer)
}

/// Whatever stands there must be as the format has it.
pub fn read(answer: &Answer) -> Scrape {
    let mut all = Scrape { text: answer.body.clone(), ..Scrape::default() };
    let (mut helped, mut now) = (None, String::new());
    for line in answer.body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty(), "{line}");
            helped = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(helped.take().as_deref(), Some(name), "{name} has no help");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(all.kinds.insert(name.into(), kind.into()).is_none(), "{name} stands twice");
            now = name.to_owned();
        } else if !line.starts_with('#') {
            let (key, value) = line.rsplit_once(' ').unwrap();
            let name = key.split('{').next().unwrap();
            let own = match all.kinds[&now].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].iter().any(|part| name.strip_suffix(part) == Some(&now)),
                _ => name == now,
            };
            assert!(own, "{line} stands below {now}");
            assert!(all.samples.insert(key.into(), value.parse().unwrap()).is_none(), "{key} stands twice");
        }
    }
    all
}

impl Scrape {
    #[track_caller]
    pub fn value(&self, key: &str) -> f64 {
        *self.samples.get(key).unwrap_or_else(|| panic!("{key} is not among\n{}", self.text))
    }

    /// All samples of one name.
    pub fn all(&self, name: &str) -> Vec<(&str, f64)> {
        let of = |key: &str| key.split('{').next() == Some(name);
        self.samples.iter().filter(|(key, _)| of(key)).map(|(key, value)| (key.as_str(), *value)).collect()
    }

    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).iter().map(|(_, value)| value).sum()
    }
}
