//! The dashboard's pages: what a browser is told of each, and that they are there only where they are wanted.

use super::{
    people::{Peopled, ask, is_problem},
    support::{web::get, *},
};
use jamey::web::{FILES, INDEX};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

fn paths() -> Vec<(String, &'static [u8])> {
    FILES.iter().map(|file| (if file.path == INDEX { "/".to_owned() } else { format!("/{}", file.path) }, file.bytes)).collect()
}

/// Head and body, byte for byte.
fn bytes(at: SocketAddr, method: &str, path: &str, more: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{more}\r\n").as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let at = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    (String::from_utf8(all[..at].to_vec()).unwrap().to_lowercase(), all[at + 4..].to_vec())
}

#[test]
fn each_page_is_open_and_keeps_the_browser_in_its_place() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    for (path, whole) in paths() {
        let (head, body) = bytes(at, "GET", &path, "");
        assert!(head.starts_with("http/1.1 200 ok") && body == whole, "{path}: {head}");
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'\r\n",
            "cross-origin-opener-policy: same-origin\r\n",
            "cross-origin-resource-policy: same-origin\r\n",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: no-referrer\r\n",
            "cache-control: no-cache\r\n",
            "vary: accept-encoding\r\n",
            "permissions-policy: accelerometer=(), camera=(),",
            "content-type: ",
        ] {
            assert!(format!("{head}\r\n").contains(header), "{path} has no {header}: {head}");
        }
        assert!(!head.contains("set-cookie") && !head.contains("unsafe-"), "{path}: {head}");
        let (of_head, nothing) = bytes(at, "HEAD", &path, "");
        let length = format!("content-length: {}", whole.len());
        assert!(nothing.is_empty() && of_head.contains(&length) && head.contains(&length), "{path}: {of_head}");
    }
    assert!(bytes(at, "GET", "/", "").0.contains("content-type: text/html; charset=utf-8"));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        is_problem(&ask(at, method, "/", &[], ""), 405, "method");
    }
    for path in ["/index.html", "/mod.rs", "/js", "/js/", "//", "/%2e%2e/Cargo.toml", "/../web/mod.rs", "/index.html/"] {
        is_problem(&get(at, path, &[]), 404, "not-found");
    }
    // All pages are one figure.
    let figures = peopled.get("/metrics", "anna").body;
    assert!(figures.contains("route=\"/\"") && !figures.contains("route=\"/js/"), "{figures}");
}

#[test]
fn what_a_browser_has_it_does_not_get_again_and_what_it_takes_short_is_short() {
    let peopled = Peopled::start("");
    let at = peopled.at();
    let tag_of = |head: &str| head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    for (path, whole) in paths() {
        let (plain, _) = bytes(at, "GET", &path, "");
        let (head, body) = bytes(at, "GET", &path, "Accept-Encoding: gzip, deflate, br, zstd\r\n");
        let mut tags = vec![(tag_of(&plain), "")];
        if head.contains("content-encoding: gzip") {
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut read).unwrap();
            assert!(read == whole && body.len() < whole.len(), "{path}");
            assert_ne!(tag_of(&head), tag_of(&plain), "other bytes, another tag");
            tags.push((tag_of(&head), "Accept-Encoding: gzip\r\n"));
            let (of_head, _) = bytes(at, "HEAD", &path, "Accept-Encoding: gzip\r\n");
            assert!(
                of_head.contains("content-encoding: gzip") && of_head.contains(&format!("content-length: {}", body.len())),
                "{of_head}"
            );
        } else {
            assert!(body == whole && body.len() < 1_024, "{path} is no shorter?");
        }
        for (tag, takes) in tags {
            assert!(tag.starts_with('"'), "a strong one: {tag}");
            let (head, body) = bytes(at, "GET", &path, &format!("{takes}If-None-Match: {tag}\r\n"));
            assert!(head.starts_with("http/1.1 304") && body.is_empty() && tag_of(&head) == tag, "{path}: {head}");
            assert!(head.contains("vary: accept-encoding") && !head.contains("\r\ncontent-type: "), "{path}: {head}");
            assert!(bytes(at, "GET", &path, &format!("{takes}If-None-Match: \"x\"\r\n")).0.starts_with("http/1.1 200"));
        }
    }
}

#[test]
fn without_a_dashboard_there_are_neither_pages_nor_logins() {
    let peopled = Peopled::start("[http]\ndashboard = false\n");
    let at = peopled.at();
    for (path, _) in paths() {
        is_problem(&get(at, &path, &[]), 404, "not-found");
    }
    let said = json!({"user": "anna", "password": super::people::PASSWORD}).to_string();
    for (method, body) in [("GET", ""), ("POST", said.as_str()), ("DELETE", "")] {
        is_problem(&ask(at, method, "/session", &[("X-Jamey", "1")], body), 404, "not-found");
    }
    assert_eq!(peopled.get("/v1/audit", "anna").status, 200);
    let cookie = format!("jamey={}", "A".repeat(43));
    is_problem(&ask(at, "POST", "/v1/stream/ticket", &[("Cookie", &cookie)], ""), 401, "unauthorized");
}
