//! What somebody may do by HTTP who may not read: the duties of a role, each route named here and no other, so that a key of that role alone is enough for them.

use crate::broker::Rights;
use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};

/// Role, method, route. `HEAD` goes where `GET` does. What else the route asks of who comes, it asks itself.
const DUTIES: [(&str, Method, &str); 13] = [
    ("approver", Method::GET, "/v1/approvals"),
    ("approver", Method::GET, "/v1/approvals/{id}"),
    ("approver", Method::POST, "/v1/approvals/{id}/answer"),
    ("operator", Method::POST, "/v1/entities/{entity}/trust"),
    ("operator", Method::POST, "/v1/entities/{entity}/distrust"),
    ("operator", Method::POST, "/v1/entities/{entity}/relate"),
    ("operator", Method::POST, "/v1/entities/{entity}/unrelate"),
    ("operator", Method::POST, "/v1/memory/records/{id}/pin"),
    ("operator", Method::POST, "/v1/memory/records/{id}/unpin"),
    ("operator", Method::POST, "/v1/alerts/{code}/acknowledge"),
    ("operator", Method::POST, "/v1/phoenix/snapshot"),
    ("operator", Method::POST, "/v1/phoenix/drill"),
    ("operator", Method::GET, "/v1/errands/{id}"),
];

/// Whether this is a duty of one of the roles that are held.
pub fn has(rights: &Rights, request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    route.is_some_and(|route| is_one(|role| rights.has(role), request.method(), route))
}

fn is_one(holds: impl Fn(&str) -> bool, method: &Method, route: &str) -> bool {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    DUTIES.iter().any(|(role, does, of)| does == method && *of == route && holds(role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1;

    #[test]
    fn each_duty_is_a_route_that_there_is_and_no_other_is_one() {
        let document = serde_json::to_value(v1::routes().split_for_parts().1).unwrap();
        let mut duties = 0;
        for (route, item) in document["paths"].as_object().unwrap() {
            for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
                let is = |role: &str| is_one(|held| held == role, &method, route);
                let is_there = item.get(method.as_str().to_lowercase()).is_some();
                assert!(is_there || !(is("approver") || is("operator")), "{method} {route} is no route");
                assert!(!is("reader") && !is("device") && !is("admin"), "{method} {route}");
                duties += usize::from(is("approver")) + usize::from(is("operator"));
            }
        }
        assert_eq!(duties, DUTIES.len());
        let approver = |method, route| is_one(|held| held == "approver", &method, route);
        assert!(approver(Method::HEAD, "/v1/approvals") && !approver(Method::HEAD, "/v1/approvals/{id}/answer"));
        assert!(!approver(Method::POST, "/v1/approvals") && !approver(Method::GET, "/v1/audit"));
    }
}
