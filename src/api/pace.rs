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
    /// So many times the rate of one key.
    times: u32,
    state: Mutex<Met<K>>,
}

#[derive(Debug)]
struct Met<K> {
    rate: Rate,
    met: Remembered<K, Option<Bucket>>,
}

/// Requests in a second, and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    per_second: u32,
    burst: u32,
}

impl Rate {
    fn times(config: &config::Http, times: u32) -> Self {
        Self { per_second: config.requests_per_second.saturating_mul(times), burst: config.burst.saturating_mul(times) }
    }
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
        Self { keys: Buckets::new("key", config, 1), addresses: Buckets::new("address", config, limits::HTTP_ADDRESS_TIMES) }
    }

    /// Takes one out of a key's bucket; none: there is no limit.
    pub fn key(&self, config: &config::Http, key: &Key, now: Duration) -> Option<Standing> {
        self.keys.take(config, key, now)
    }
}

impl<K: Ord + Clone> Buckets<K> {
    fn new(name: &'static str, config: &config::Http, times: u32) -> Self {
        let state = Met { rate: Rate::times(config, times), met: Remembered::new(limits::REMEMBERED) };
        Self { name, times, state: Mutex::new(state) }
    }

    fn give_back(&self, key: &K) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Rate { per_second, burst } = state.rate;
        if let Some(bucket) = state.met.meet(key, || Bucket::new(per_second, burst)) {
            bucket.give_back();
        }
    }

    /// By the rate that holds now: where it is another one, everybody begins with a full bucket.
    fn take(&self, config: &config::Http, key: &K, now: Duration) -> Option<Standing> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = Rate::times(config, self.times);
        if state.rate != rate {
            *state = Met { rate, met: Remembered::new(limits::REMEMBERED) };
        }
        let Rate { per_second, burst } = rate;
        let bucket = state.met.meet(key, || Bucket::new(per_second, burst)).as_mut()?;
        let passes = bucket.take_one(now);
        let (left, full_in) = bucket.level(now);
        Some(Standing {
            name: self.name,
            burst: burst.max(1),
            window: u64::from(burst.max(1).div_ceil(per_second)),
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
    let standing = api.pace.addresses.take(&api.hall.live().http, &address.into(), api.hall.clock.uptime());
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

    /// One that asks by its key, under that rate.
    fn pace(requests_per_second: u32, burst: u32) -> impl Fn(&Key, Duration) -> Option<Standing> {
        let config = config::Http { requests_per_second, burst, ..config::Http::default() };
        let pace = Pace::new(&config);
        move |key, now| pace.key(&config, key, now)
    }

    fn user(name: &str) -> Key {
        Key::User(Some(name.to_owned()))
    }

    #[test]
    fn one_past_the_burst_waits_and_others_do_not() {
        let (pace, at) = (pace(2, 3), Duration::from_millis);
        assert_eq!([0, 0, 0].map(|t| pace(&user("anna"), at(t)).unwrap().left), [2, 1, 0]);
        let past = pace(&user("anna"), at(0)).unwrap();
        assert_eq!((past.wait, past.left, past.full_in, past.window), (Some(1), 0, 2, 2));
        let answer = past.refusal().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "1"));
        assert_eq!(pace(&user("ben"), at(0)).unwrap().wait, None);
        assert_eq!(pace(&Key::Token([1; 32]), at(0)).unwrap().wait, None);
        assert_eq!(pace(&user("anna"), at(499)).unwrap().wait, Some(1));
        assert_eq!(pace(&user("anna"), at(500)).unwrap().wait, None);
        assert_eq!(super::tests::pace(0, 3)(&user("anna"), at(0)), None, "no limit");
    }

    #[test]
    fn it_is_told_as_structured_fields() {
        let mut headers = HeaderMap::new();
        pace(100, 200)(&user("anna"), Duration::ZERO).unwrap().tell(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=200;w=2");
        assert_eq!(headers["ratelimit"], "\"key\";r=199;t=1");
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let pace = pace(1, 1);
        for n in 0..=limits::REMEMBERED {
            assert_eq!(pace(&user(&n.to_string()), Duration::ZERO).unwrap().wait, None);
        }
        // The first is forgotten, and begins anew; the last is not.
        assert_eq!(pace(&user("0"), Duration::ZERO).unwrap().wait, None);
        assert_eq!(pace(&user(&limits::REMEMBERED.to_string()), Duration::ZERO).unwrap().wait, Some(1));
    }
}
