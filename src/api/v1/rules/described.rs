//! Rules, as they are described and told; and what is wrong with some.

use crate::api::problem::{Document, Problem};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A rule in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleLine {
    id: String,
    duty: String,
    #[schema(pattern = "^(veto|escalate|weigh)$")]
    kind: String,
    /// 1 speaks for the request, -1 against it.
    #[schema(minimum = -1, maximum = 1)]
    polarity: i8,
    #[schema(minimum = 0.0, maximum = 10.0)]
    weight: f64,
    /// Who gave it another weight than its own file; null: nobody.
    #[schema(required)]
    weighed_by: Option<String>,
    #[schema(minimum = 0.0, maximum = 1.0)]
    severity: f64,
    /// When it fires, in CEL.
    when: String,
    file: String,
}

/// A rule, whole, and whence it has its weight.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RuleWhole {
    #[schema(minimum = 1, maximum = 1)]
    v: u8,
    rule: Rule,
    /// In words.
    weight_from: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    file: String,
    duty: String,
    #[schema(pattern = "^(veto|escalate|weigh)$")]
    kind: String,
    #[schema(minimum = -1, maximum = 1)]
    polarity: i8,
    #[schema(minimum = 0.0, maximum = 10.0)]
    weight: f64,
    /// What its own file says.
    #[schema(minimum = 0.0, maximum = 10.0)]
    own_weight: f64,
    #[schema(required)]
    weighed_by: Option<String>,
    #[schema(minimum = 0.0, maximum = 1.0)]
    severity: f64,
    when: String,
    /// How far it is so, in CEL; null: wholly.
    #[schema(required)]
    degree: Option<String>,
    /// Ids of the rules that fall silent when it fires.
    overrides: Vec<String>,
    learnable: bool,
    #[schema(required)]
    says: Option<String>,
    #[schema(required)]
    source: Option<String>,
    /// What becomes of what it leaves to a person, when nobody answers.
    #[schema(pattern = "^(deny|allow)$")]
    at_expiry: String,
    #[schema(value_type = Vec<Object>)]
    examples: Vec<Value>,
}

/// Something that is wrong in a rule file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    file: String,
    #[schema(required)]
    rule: Option<String>,
    /// From 1.
    #[schema(required, minimum = 1)]
    line: Option<u64>,
    /// From 1, in characters.
    #[schema(required, minimum = 1)]
    column: Option<u64>,
    message: String,
    /// The same for people, with the line and a caret under the place.
    picture: String,
}

/// A problem document, with all that is wrong in the rules.
#[derive(Serialize, ToSchema)]
pub struct RulesRefused {
    #[serde(flatten)]
    problem: Document,
    errors: Vec<Mistake>,
}

/// Of rules with mistakes.
pub fn refused(errors: Value) -> Problem {
    let many = errors.as_array().map_or(0, Vec::len);
    let detail = format!("the rules are refused, and nothing changed: mend what `errors` tells of ({many})");
    Problem { errors: Some(errors), ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "rules-refused", detail) }
}
