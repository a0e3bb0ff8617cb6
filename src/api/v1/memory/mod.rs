//! `/v1/memory`: what is remembered: how much, record by record, and recalled by a question.

mod figures;
mod recall;
mod records;

use crate::api::Routes;

pub fn routes() -> Routes {
    Routes::new().merge(figures::routes()).merge(records::routes()).merge(recall::routes())
}
