//! `/openapi.json`: what there is, for programs; made from the routes themselves.

use super::problem;
use bytes::Bytes;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Components, SecurityRequirement,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Jamey", description = "An MQTT broker with a conscience: what it knows, judges, and may be told by HTTP."),
    components(schemas(problem::Document)),
    modifiers(&Secured),
)]
struct Frame;

/// Each route wants to know who asks.
struct Secured;

impl Modify for Secured {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = |scheme| SecurityScheme::Http(HttpBuilder::new().scheme(scheme).build());
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("token", scheme(HttpAuthScheme::Bearer));
        components.add_security_scheme("password", scheme(HttpAuthScheme::Basic));
        let none: [&str; 0] = [];
        document.security = Some(vec![SecurityRequirement::new("token", none), SecurityRequirement::new("password", none)]);
    }
}

/// The same, written down: it is one for everybody, as long as the process lives.
pub fn written(routes: utoipa::openapi::OpenApi) -> Bytes {
    whole(routes).to_json().unwrap_or_default().into()
}

/// The routes' descriptions, framed.
fn whole(routes: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    Frame::openapi().merge_from(routes)
}
