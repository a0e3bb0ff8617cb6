//! The dashboard's pages: open to everybody, for there is nothing of the house in them. What they show they ask for like anybody else.

use super::{Api, etag};
use crate::web::{FILES, File, INDEX};
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

/// A page runs and shows what comes from this host, and nothing that stands in it or is put together there; nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/// What it has no use for.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), \
                           midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=(), xr-spatial-tracking=()";
const PAGE: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // It is asked for each time whether it changed: after an update nobody sees half of the old one.
    (header::CACHE_CONTROL, "no-cache"),
    (header::VARY, "accept-encoding"),
];
const GZIP: &str = "gzip";

/// That an answer is one of the pages; in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Page;

pub fn routes() -> Router<Arc<Api>> {
    FILES.iter().fold(Router::new(), |routes, file| {
        let path = if file.path == INDEX { "/".to_owned() } else { format!("/{}", file.path) };
        let sheet = Arc::new(Sheet::of(file));
        routes.route(&path, get(async move |headers: HeaderMap| sheet.answer(&headers)))
    })
}

/// One file, ready to be sent.
struct Sheet {
    file: &'static File,
    tag: String,
    /// Written when it is asked for first; none: it is no shorter.
    short: OnceLock<Option<Bytes>>,
}

impl Sheet {
    fn of(file: &'static File) -> Self {
        Self { file, tag: etag::tag(file.bytes), short: OnceLock::new() }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let short = takes_gzip(headers).then(|| self.short.get_or_init(|| gzipped(self.file.bytes)).clone()).flatten();
        // Other bytes, another tag.
        let tag = if short.is_some() { self.tag.replacen('"', "\"z", 1) } else { self.tag.clone() };
        let has_it = etag::names(headers, header::IF_NONE_MATCH, &tag, true);
        let mut answer = match short {
            _ if has_it => StatusCode::NOT_MODIFIED.into_response(),
            Some(short) => ([(header::CONTENT_ENCODING, GZIP)], short).into_response(),
            None => Bytes::from_static(self.file.bytes).into_response(),
        };
        let kind = self.file.media_type().filter(|_| !has_it).map(|kind| (header::CONTENT_TYPE, HeaderValue::from_static(kind)));
        answer.headers_mut().remove(header::CONTENT_TYPE);
        answer.headers_mut().extend(kind);
        answer.headers_mut().extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
        answer.headers_mut().extend(PAGE.map(|(name, value)| (name, HeaderValue::from_static(value))));
        answer.extensions_mut().insert(Page);
        answer
    }
}

/// None: it would be no shorter.
fn gzipped(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().filter(|short| short.len() < bytes.len()).map(Bytes::from)
}

/// RFC 9110, section 12.5.3: named, or meant by `*`, and not with the weight zero.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let all: Vec<(String, bool)> = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|one| {
            let mut parts = one.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))?.trim().parse::<f32>().ok());
            (name, weight.is_none_or(|weight| weight > 0.0))
        })
        .collect();
    let of = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, is_taken)| *is_taken);
    of(GZIP).or_else(|| of("*")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::io::Read;

    fn taking(value: &str) -> HeaderMap {
        HeaderValue::from_str(value).map(|value| (header::ACCEPT_ENCODING, value)).into_iter().collect()
    }

    #[test]
    fn all_pages_together_are_small() {
        let sizes: Vec<(usize, &str)> =
            FILES.iter().map(|file| (gzipped(file.bytes).map_or(file.bytes.len(), |short| short.len()), file.path)).collect();
        let all: usize = sizes.iter().map(|(bytes, _)| bytes).sum();
        assert!(all <= limits::WEB_BYTES, "{all} bytes: {sizes:?}");
    }

    #[test]
    fn what_is_shortened_is_the_same() {
        for file in FILES {
            let Some(short) = gzipped(file.bytes) else { continue };
            let mut whole = Vec::new();
            GzDecoder::new(&short[..]).read_to_end(&mut whole).unwrap();
            assert_eq!(whole, file.bytes, "{}", file.path);
        }
        assert_eq!(gzipped(b"x"), None, "no shorter");
    }

    #[test]
    fn only_who_takes_gzip_gets_it() {
        for takes in ["gzip", "GZIP", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "deflate;q=0, *;q=0.5", "gzip;q=1"] {
            assert!(takes_gzip(&taking(takes)), "{takes}");
        }
        for takes in ["", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "x-gzipped", "br"] {
            assert!(!takes_gzip(&taking(takes)), "{takes}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_a_page_is_sent(takes in "[ -~]{0,60}") {
            let answer = Sheet::of(&FILES[0]).answer(&taking(&takes));
            let is_short = answer.headers().contains_key(header::CONTENT_ENCODING);
            prop_assert_eq!(answer.status(), StatusCode::OK);
            prop_assert!(!is_short || takes.contains('*') || takes.to_lowercase().contains(GZIP));
        }
    }
}
