//! The files of the build: which bytes, which type, which encoding, how long they may be kept.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::{
    borrow::Cow,
    path::{Component, Path, PathBuf},
};

/// A file's name below the build folder, with forward slashes, and its bytes.
pub(crate) type Entry = (&'static str, &'static [u8]);

mod embedded {
    use super::Entry;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

/// Twins that the UI's build puts beside each text file, best first.
const ENCODINGS: &[(&str, &str)] = &[("br", ".br"), ("gzip", ".gz")];

/// Names in these folders carry a hash of their content, so that a new build has new names.
const HASHED: &str = "assets/";

#[derive(Clone)]
pub(crate) enum Assets {
    /// Files that are part of the program, sorted by name.
    Embedded(&'static [Entry]),
    /// Files of a folder, read for every answer: whoever works on the UI builds it again and again.
    Folder(PathBuf),
}

impl Assets {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(embedded::FILES)
    }

    pub(crate) fn index(&self) -> Option<String> {
        self.bytes("index.html")
            .and_then(|bytes| String::from_utf8(bytes.into_owned()).ok())
    }

    /// The answer for one file, or `None` when the build has no such file. The page itself is not served as a file: it needs a nonce.
    pub(crate) fn serve(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        if path == "index.html" || ENCODINGS.iter().any(|(_, suffix)| path.ends_with(suffix)) {
            return None;
        }
        let plain = self.bytes(path)?;
        let (encoding, body) = ENCODINGS
            .iter()
            .filter(|(name, _)| accepts_encoding(headers, name))
            .find_map(|(name, suffix)| Some((Some(*name), self.bytes(&format!("{path}{suffix}"))?)))
            .unwrap_or((None, plain));
        let kept = if path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let mut response = body.into_response();
        let to = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&content_type(path)) {
            to.insert(header::CONTENT_TYPE, value);
        }
        to.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        to.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        to.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if let Some(name) = encoding {
            to.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Some(response)
    }

    fn bytes(&self, name: &str) -> Option<Cow<'static, [u8]>> {
        match self {
            Self::Embedded(files) => {
                let at = files
                    .binary_search_by(|(known, _)| (*known).cmp(name))
                    .ok()?;
                files.get(at).map(|(_, bytes)| Cow::Borrowed(*bytes))
            }
            // The thread waits for the disk, as it may where one person looks at their own work.
            Self::Folder(folder) => {
                let name = Path::new(name);
                let is_inside = name
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)));
                let bytes = is_inside.then(|| std::fs::read(folder.join(name)));
                bytes?.ok().map(Cow::Owned)
            }
        }
    }
}

fn content_type(path: &str) -> String {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let is_text =
        mime.type_() == "text" || matches!(mime.subtype().as_str(), "javascript" | "json");
    if is_text {
        format!("{}; charset=utf-8", mime.essence_str())
    } else {
        mime.essence_str().to_owned()
    }
}

/// Reads `Accept-Encoding`: the coding is listed (or covered by `*`) and not weighted zero.
fn accepts_encoding(headers: &HeaderMap, coding: &str) -> bool {
    let mut is_accepted = false;
    for item in headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        if name.eq_ignore_ascii_case(coding) {
            // An exact mention outranks a wildcard, wherever it stands.
            return !is_refused;
        }
        if name == "*" {
            is_accepted = !is_refused;
        }
    }
    is_accepted
}
