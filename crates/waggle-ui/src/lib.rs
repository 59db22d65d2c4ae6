//! The built web UI as bytes, and the handler that serves it.
//!
//! **Comes in:** the files of `ui/dist`, chosen and embedded at build time (`build.rs`) or read from a folder by whoever works on the UI,
//! and GET requests that no other route took.
//! **Goes out:** assets with their precompressed twins, and the one HTML page with a fresh nonce for every answer.
//! **Never:** runs npm, reads the environment at run time or a file that is not in the folder it was given, knows another crate of the
//! workspace, or answers an API path with HTML.

mod assets;
mod page;
mod placeholder;

use std::path::PathBuf;

use axum::{
    Router,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use assets::Assets;

/// First path segments that belong to the APIs. A client that mistypes one of their paths must get JSON, not a page.
const API_PREFIXES: &[&str] = &["1", "2", "v1", "api", "healthz", "readyz", "metrics"];

/// Serves the UI; mounted by the binary as the fallback of its router.
///
/// `/assets/*` is content-hashed by the UI's build and may be kept for a year; the other files of the build are revalidated.
/// Every other GET that accepts HTML gets the page, whose own router reads the path. The rest is a JSON 404.
pub fn router() -> Router {
    router_over(Assets::embedded())
}

/// Serves the UI that is in a folder, as it is when a request comes; else as [`router`]. For work on the UI.
pub fn router_of_folder(folder: PathBuf) -> Router {
    router_over(Assets::Folder(folder))
}

/// Says whether a real UI is embedded, as opposed to the page that tells how to build it.
#[must_use]
pub fn is_built() -> bool {
    Assets::embedded().index().is_some()
}

fn router_over(assets: Assets) -> Router {
    Router::new().fallback(async move |method: Method, uri: Uri, headers: HeaderMap| {
        answer(&assets, &method, &uri, &headers)
    })
}

fn answer(assets: &Assets, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if API_PREFIXES.contains(&first) || !(method == Method::GET || method == Method::HEAD) {
        return not_found();
    }
    if let Some(found) = assets.serve(path, headers) {
        return found;
    }
    // A missing asset stays missing: answering with the page would give a script tag HTML.
    if first == "assets" || !accepts_html(headers) {
        return not_found();
    }
    page::serve(assets.index().as_deref())
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| {
        let value = value.to_str().unwrap_or_default();
        value.contains("text/html") || value.contains("*/*")
    })
}

fn not_found() -> Response {
    (
        StatusCode::NOT_FOUND,
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        r#"{"error":"not found"}"#,
    )
        .into_response()
}

#[cfg(test)]
mod tests;
