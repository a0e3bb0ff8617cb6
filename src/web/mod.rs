//! The dashboard's pages, as they stand in this folder: hand-written, and sent as they are. Nothing happens here.

/// A file of the dashboard.
#[derive(Debug)]
pub struct File {
    /// Below this folder, and below `/`.
    pub path: &'static str,
    pub bytes: &'static [u8],
}

/// The page that all others belong to: it is at `/` itself.
pub const INDEX: &str = "index.html";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        pub const FILES: &[File] = &[$(File { path: $path, bytes: include_bytes!($path) }),*];
    };
}

files![
    "index.html",
    "icon.svg",
    "js/main.js",
    "js/parts.js",
    "js/plot.js",
    "js/theme.js",
    "js/views/entities.js",
    "js/views/jamey.js",
    "js/views/judging.js",
    "js/views/now.js",
    "js/views/past.js",
    "js/wire.js",
    "manifest.webmanifest",
    "style.css",
];

impl File {
    /// Its media type. None: there is no such kind of file here.
    #[must_use]
    pub fn media_type(&self) -> Option<&'static str> {
        Some(match self.path.rsplit_once('.')?.1 {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "webmanifest" => "application/manifest+json",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeSet,
        path::{Path, PathBuf},
    };

    fn gather(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { gather(&path, all) } else { all.push(path) }
        }
    }

    #[test]
    fn all_that_stands_in_this_folder_is_listed_once() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut all = Vec::new();
        gather(&folder, &mut all);
        let there: BTreeSet<String> = all
            .iter()
            .filter(|path| path.extension().is_none_or(|end| end != "rs"))
            .map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned())
            .collect();
        let listed: BTreeSet<String> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(listed, there);
        assert_eq!((FILES.len(), FILES.iter().filter(|file| file.path == INDEX).count()), (listed.len(), 1));
        let unknown: Vec<&str> = FILES.iter().filter(|file| file.media_type().is_none()).map(|file| file.path).collect();
        assert!(unknown.is_empty(), "of no kind that a browser is told: {unknown:?}");
    }

    /// What the policy that is sent along forbids does nothing in a browser, and is not seen in a review.
    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        const FORBIDDEN: [&str; 12] = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "javascript:",
            " style=",
            "<style",
            "@import url(\"http",
            "src=\"http",
            "url(http",
        ];
        for file in FILES {
            let text = std::str::from_utf8(file.bytes).unwrap_or_else(|e| panic!("{}: {e}", file.path));
            for word in FORBIDDEN {
                assert!(!text.contains(word), "{} has `{word}`", file.path);
            }
            if file.path.ends_with(".html") {
                assert!(text.split("<script").skip(1).all(|tag| tag.split('>').next().unwrap().contains("src=\"/")), "{}", file.path);
                let handlers = text.split('<').filter_map(|tag| tag.split('>').next()).filter(|tag| tag.contains(" on"));
                assert_eq!(handlers.filter(|tag| tag.split(" on").skip(1).any(|on| on.contains("=\""))).count(), 0, "{}", file.path);
            }
        }
    }
}
