//! How fast may be asked: a bucket for each key, and one for each address, out of which goes what shows no right key. So nobody who has
//! a key waits for what others at his address do, and who guesses is slowed down whatever he guesses.

use super::{
    Api,
    problem::Problem,
    server::{Peer, Secured},
    session,
};
use crate::{
    broker::{Bucket, Household, Remembered},
    config,
    domain::limits,
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What one key is to the buckets: a token by its hash, so that one of several does not use up what the others have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Token([u8; 32]),
    /// By password or certificate; none: there are no users.
    User(Option<String>),
}

/// All buckets. The ones not met for longest are forgotten first, keys and addresses each by themselves.
#[derive(Debug)]
pub struct Pace {
    keys: Buckets<Key>,
    addresses: Buckets<Household>,
}

#[derive(Debug)]
struct Buckets<K> {
    name: &'static str,
    per_second: u32,
    burst: u32,
    met: Mutex<Remembered<K, Option<Bucket>>>,
}

/// How an asker stands after this request. It is told in its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    name: &'static str,
    burst: u32,
    /// Seconds in which an empty bucket is full.
    window: u64,
    left: u32,
    /// Seconds until it is full.
    full_in: u64,
    /// Seconds to wait; none: this one may pass.
    wait: Option<u64>,
}

impl Pace {
    #[must_use]
    pub fn new(config: &config::Http) -> Self {
        let times = |n: u32| n.saturating_mul(limits::HTTP_ADDRESS_TIMES);
        Self {
            keys: Buckets::new("key", config.requests_per_second, config.burst),
            addresses: Buckets::new("address", times(config.requests_per_second), times(config.burst)),
        }
    }

    /// Takes one out of a key's bucket; none: there is no limit.
    pub fn key(&self, key: &Key, now: Duration) -> Option<Standing> {
        self.keys.take(key, now)
    }
}

impl<K: Ord + Clone> Buckets<K> {
    fn new(name: &'static str, per_second: u32, burst: u32) -> Self {
        Self { name, per_second, burst, met: Mutex::new(Remembered::new(limits::REMEMBERED)) }
    }

    fn give_back(&self, key: &K) {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = met.meet(key, || Bucket::new(self.per_second, self.burst)) {
            bucket.give_back();
        }
    }

    fn take(&self, key: &K, now: Duration) -> Option<Standing> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = met.meet(key, || Bucket::new(self.per_second, self.burst)).as_mut()?;
        let passes = bucket.take_one(now);
        let (left, full_in) = bucket.level(now);
        Some(Standing {
            name: self.name,
            burst: self.burst.max(1),
            window: u64::from(self.burst.max(1).div_ceil(self.per_second)),
            left,
            full_in: seconds(full_in),
            wait: (!passes).then(|| seconds(bucket.one_in(now)).max(1)),
        })
    }
}

/// Whole ones, and none too few.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Standing {
    /// What is answered to who asks too fast.
    #[must_use]
    pub fn refusal(self) -> Option<Response> {
        let wait = self.wait?;
        let detail = format!("too many requests of this {}: ask again in {wait} s (`[http] requests_per_second`, `burst`)", self.name);
        let problem = Problem { retry_after: Some(wait), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many", detail) };
        let mut answer = problem.into_response();
        answer.extensions_mut().insert(self);
        Some(answer)
    }

    /// As draft-ietf-httpapi-ratelimit-headers-10 has it.
    fn tell(&self, headers: &mut HeaderMap) {
        let Self { name, burst, window, left, full_in, .. } = self;
        let all = [(POLICY, format!("\"{name}\";q={burst};w={window}")), (LEFT, format!("\"{name}\";r={left};t={full_in}"))];
        for (header, text) in all {
            headers.extend(HeaderValue::from_str(&text).ok().map(|value| (header, value)));
        }
    }
}

/// The layer that tells each how it stands, and takes out of the address's bucket what went out of no key's: what is open to everybody, what
/// is not there, and every wrong key. Who watches over Jamey on its own host is never turned away.
pub async fn pace(State(api): State<Arc<Api>>, Extension(peer): Extension<Peer>, request: Request, next: Next) -> Response {
    let address = peer.0.ip();
    let watches = address.to_canonical().is_loopback() && request.uri().path().starts_with("/health/");
    if watches {
        return next.run(request).await;
    }
    // Before the work: who hangs up meanwhile has paid.
    let standing = api.pace.addresses.take(&address.into(), api.hall.clock.uptime());
    let refused = || {
        api.hall.counters.refuse("http-rate", &format!("{address} asks too fast"));
        standing.and_then(Standing::refusal)
    };
    let is_over = standing.is_some_and(|standing| standing.wait.is_some());
    if is_over && !shows_something(&api, &request) {
        return told(refused().unwrap_or_default(), standing);
    }
    let mut answer = next.run(request).await;
    match answer.extensions_mut().remove::<Standing>() {
        Some(of_key) => {
            // What went out of a key's bucket goes out of no other.
            if !is_over && standing.is_some() {
                api.pace.addresses.give_back(&address.into());
            }
            told(answer, Some(of_key))
        }
        None if is_over => told(refused().unwrap_or_default(), standing),
        None => told(answer, standing),
    }
}

/// Whether a right key may be shown: then it is looked at, however much was asked from its address.
fn shows_something(api: &Api, request: &Request) -> bool {
    let is_certified = request.extensions().get::<Secured>().is_some_and(|Secured(certificate)| certificate.is_some());
    is_certified || request.headers().contains_key(header::AUTHORIZATION) || session::may_open(api, request)
}

fn told(mut answer: Response, standing: Option<Standing>) -> Response {
    if let Some(standing) = standing {
        standing.tell(answer.headers_mut());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(requests_per_second: u32, burst: u32) -> Pace {
        Pace::new(&config::Http { requests_per_second, burst, ..config::Http::default() })
    }

    fn user(name: &str) -> Key {
        Key::User(Some(name.to_owned()))
    }

    #[test]
    fn one_past_the_burst_waits_and_others_do_not() {
        let (pace, at) = (pace(2, 3), Duration::from_millis);
        assert_eq!([0, 0, 0].map(|t| pace.key(&user("anna"), at(t)).unwrap().left), [2, 1, 0]);
        let past = pace.key(&user("anna"), at(0)).unwrap();
        assert_eq!((past.wait, past.left, past.full_in, past.window), (Some(1), 0, 2, 2));
        let answer = past.refusal().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "1"));
        assert_eq!(pace.key(&user("ben"), at(0)).unwrap().wait, None);
        assert_eq!(pace.key(&Key::Token([1; 32]), at(0)).unwrap().wait, None);
        assert_eq!(pace.key(&user("anna"), at(499)).unwrap().wait, Some(1));
        assert_eq!(pace.key(&user("anna"), at(500)).unwrap().wait, None);
        assert_eq!(super::tests::pace(0, 3).key(&user("anna"), at(0)), None, "no limit");
    }

    #[test]
    fn it_is_told_as_structured_fields() {
        let mut headers = HeaderMap::new();
        pace(100, 200).key(&user("anna"), Duration::ZERO).unwrap().tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=200;w=2");
        assert_eq!(headers["ratelimit"], "\"key\";r=199;t=1");
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let pace = pace(1, 1);
        for n in 0..=limits::REMEMBERED {
            assert_eq!(pace.key(&user(&n.to_string()), Duration::ZERO).unwrap().wait, None);
        }
        // The first is forgotten, and begins anew; the last is not.
        assert_eq!(pace.key(&user("0"), Duration::ZERO).unwrap().wait, None);
        assert_eq!(pace.key(&user(&limits::REMEMBERED.to_string()), Duration::ZERO).unwrap().wait, Some(1));
    }
}
