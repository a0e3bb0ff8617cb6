//! Whether certificates can be used, and for how long yet.

use super::{Finding, House, good, wrong};
use crate::app;

const RENEW: &str = "make new ones (`jamey certs`) or have them renewed: the running Jamey takes them without a restart";

pub(super) fn look(house: &House) -> Vec<Finding> {
    let listeners = match app::listeners(house.config) {
        Ok(listeners) => listeners,
        Err(error) => return vec![wrong(error.to_string(), RENEW)],
    };
    if let Some(trouble) = app::certificate_trouble(&listeners, house.now) {
        return vec![wrong(trouble.text, RENEW)];
    }
    let watched = listeners.iter().filter_map(|listener| listener.tls()).flat_map(|tls| tls.watched());
    match watched.map(|one| one.validity.until).min() {
        Some(until) => vec![good(format!("the first of them ends at {until}"))],
        None => vec![good("no door speaks TLS")],
    }
}
