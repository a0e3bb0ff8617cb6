//! Lists, a page at a time: `{"data": […], "next": CURSOR}`, newest or smallest first, each page beginning where the last one ended.

use super::problem::Problem;
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

/// More than this on one page nobody reads, and each costs the disk a look.
pub const MOST: u32 = 200;
const USUAL: u32 = 50;

/// Which page is wanted. A list's own query has these beside its filters (`#[serde(flatten)]` does not refuse what is unknown).
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many are wanted at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Where to go on: the `next` of the page before.
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// The cursor of the next page; null: this was the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// How many, within bounds.
///
/// # Errors
/// When it is none, or more than may be.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, "request", format!("`limit` is {limit}; write 1 to {MOST}")))
}

/// So many and one more, by which is known whether there is a next page.
pub fn one_more(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)
}

/// Where a page begins, of what a list is ordered by.
///
/// # Errors
/// When it is no cursor of this list.
pub fn position<P: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<P>, Problem> {
    let read = |text: &str| serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok();
    let wrong =
        || Problem::new(StatusCode::BAD_REQUEST, "cursor", "this is no cursor of this list: take `next` of the page before, or none");
    cursor.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// A word of a query, within bounds.
///
/// # Errors
/// When it is empty, or longer than may be.
pub fn word(name: &str, word: String, most: usize) -> Result<String, Problem> {
    let chars = word.chars().count();
    if (1..=most).contains(&chars) {
        return Ok(word);
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, "request", format!("`{name}` has {chars} characters; write 1 to {most}")))
}

impl<T> Page<T> {
    /// The same, each in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(form).collect(), next: self.next }
    }

    /// Whose end is known: where the next begins; None: there is none.
    pub fn at<P: Serialize>(data: Vec<T>, next: Option<&P>) -> Self {
        Self { data, next: next.and_then(|position| Some(BASE64URL_NOPAD.encode(&serde_json::to_vec(position).ok()?))) }
    }

    /// Of one more than were asked for, so that it is known whether there is a next one.
    pub fn of<P: Serialize>(mut all: Vec<T>, limit: u32, position: impl Fn(&T) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(position);
        Self::at(all, next.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_begins_and_the_last_says_that_it_is_the_last() {
        let page = |all: Vec<u32>, limit| Page::of(all, limit, |last| (*last, "x"));
        let first = page(vec![1, 2, 3], 2);
        assert_eq!(first.data, [1, 2]);
        assert_eq!(position::<(u32, String)>(first.next.as_deref()).unwrap(), Some((2, "x".into())));
        assert_eq!((page(vec![1, 2], 2).next, page(vec![], 2).next), (None, None));
        assert!(position::<u32>(None).unwrap().is_none());
        for wrong in ["", "!", "AAAA", &BASE64URL_NOPAD.encode(b"{}")] {
            assert!(position::<u32>(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn as_many_as_may_be_and_one_past() {
        assert_eq!((limit(None).unwrap(), limit(Some(1)).unwrap(), limit(Some(MOST)).unwrap()), (USUAL, 1, MOST));
        assert!(limit(Some(0)).is_err() && limit(Some(MOST + 1)).is_err());
    }
}
