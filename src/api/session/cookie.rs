//! The cookie that names a session (RFC 6265bis): no script reads it, no page of another site has it sent, and over TLS no other host sets it.

use super::{super::origin::Scheme, kept::Id};
use crate::domain::limits;
use axum::http::{HeaderMap, HeaderValue, header};

const SECURE: &str = "__Host-jamey";
const PLAIN: &str = "jamey";

const fn name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Https => SECURE,
        Scheme::Http => PLAIN,
    }
}

/// What a request says of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Nothing,
    /// None: no session has such a name.
    One(Option<Id>),
    /// Somebody else at this host set one as well.
    Several,
}

/// What somebody else's cookies look like is nobody's business.
pub fn read(headers: &HeaderMap, scheme: Scheme) -> Said {
    let cookies = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut own = cookies.filter_map(|cookie| {
        let cookie = cookie.trim_ascii();
        let at = cookie.iter().position(|byte| *byte == b'=')?;
        let (name_of, value) = cookie.split_at(at);
        (name_of.trim_ascii_end() == name(scheme).as_bytes()).then(|| value.get(1..).unwrap_or_default().trim_ascii_start())
    });
    match (own.next(), own.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => Said::One(Id::of(value)),
        (Some(_), Some(_)) => Said::Several,
    }
}

/// What has the browser keep it, and say it from then on.
pub fn set(said: &str, scheme: Scheme) -> Option<HeaderValue> {
    written(said, limits::SESSION_SECONDS, scheme)
}

/// What has the browser forget it.
pub fn cleared(scheme: Scheme) -> Option<HeaderValue> {
    written("", 0, scheme)
}

fn written(said: &str, seconds: u64, scheme: Scheme) -> Option<HeaderValue> {
    let secure = if scheme == Scheme::Https { "; Secure" } else { "" };
    let text = format!("{}={said}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}", name(scheme));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(lines: &[&[u8]], scheme: Scheme) -> Said {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        read(&headers, scheme)
    }

    const NAME: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn it_is_found_among_others_and_two_are_none() {
        let (own, good) = (format!("jamey={NAME}"), Said::One(Id::of(NAME.as_bytes())));
        let of = |lines: &[&str]| said(&lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>(), Scheme::Http);
        for line in
            [own.clone(), format!("a=b; {own}; c"), format!(";;{own} ;"), format!("jamey2=x;{own}; =y; jame=z"), format!("a=\u{e4}; {own}")]
        {
            assert_eq!(of(&[&line]), good, "{line}");
        }
        assert_eq!(of(&["a=b", &own]), good);
        for nothing in ["", ";", "=", "jamey", "Jamey=x", "__Host-jamey=x", "xjamey=x"] {
            assert_eq!(of(&[nothing]), Said::Nothing, "{nothing}");
        }
        for wrong in ["jamey=", "jamey==", &format!("jamey=\"{NAME}\""), &format!("{own}A"), &own[..own.len() - 1], "jamey=\u{e4}"] {
            assert_eq!(of(&[wrong]), Said::One(None), "{wrong}");
        }
        assert_eq!((of(&[&own, &own]), of(&[&format!("{own}; jamey=x")])), (Said::Several, Said::Several));
        assert_eq!(said(&[format!("__Host-{own}").as_bytes()], Scheme::Https), good);
        assert_eq!(said(&[own.as_bytes()], Scheme::Https), Said::Nothing, "without TLS anybody sets that one");
    }

    #[test]
    fn a_browser_keeps_it_to_itself() {
        let text = |value: Option<HeaderValue>| value.unwrap().to_str().unwrap().to_owned();
        assert_eq!(text(set("x", Scheme::Https)), "__Host-jamey=x; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(text(set("x", Scheme::Http)), "jamey=x; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
        assert_eq!(text(cleared(Scheme::Http)), "jamey=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
        assert_eq!(format!("{:?}", set("x", Scheme::Http).unwrap()), "Sensitive");
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_one_is_one(
            before in "[ -:<-~]{0,40}", after in "[ -:<-~]{0,40}", noise in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let is_own = |text: &str| text.trim().split_once('=').is_some_and(|(name, _)| name.trim_end() == "jamey");
            prop_assume!(!is_own(&before) && !is_own(&after));
            let line = format!("{before};jamey={NAME};{after}");
            prop_assert_eq!(said(&[line.as_bytes()], Scheme::Http), Said::One(Id::of(NAME.as_bytes())));
            // Nothing that can come in a header makes it fall, or names a session.
            if let Ok(value) = HeaderValue::from_bytes(&noise) {
                let said = read(&[(header::COOKIE, value)].into_iter().collect(), Scheme::Http);
                prop_assert!(!matches!(said, Said::One(Some(_))) || noise.len() >= 43);
            }
        }
    }
}
