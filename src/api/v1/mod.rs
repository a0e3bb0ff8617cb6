//! HTTP v1, one file a resource: what each one is like stands in its own description, which `/openapi.json` gathers.

mod alerts;
mod approvals;
mod audit;
mod broker;
mod config;
mod devices;
mod entities;
mod errands;
mod guard;
mod house;
mod memory;
mod mind;
mod phoenix;
mod rules;
pub mod stream;
mod verdicts;
mod words;

use super::Routes;

pub fn routes() -> Routes {
    Routes::new()
        .merge(alerts::routes())
        .merge(approvals::routes())
        .merge(audit::routes())
        .merge(broker::routes())
        .merge(config::routes())
        .merge(devices::routes())
        .merge(entities::routes())
        .merge(errands::routes())
        .merge(guard::routes())
        .merge(house::routes())
        .merge(memory::routes())
        .merge(mind::routes())
        .merge(phoenix::routes())
        .merge(rules::routes())
        .merge(stream::routes())
        .merge(verdicts::routes())
        .merge(words::routes())
}
