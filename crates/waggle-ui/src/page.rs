//! The one HTML page. It differs per answer by its nonce, which ties the style elements of this page load to this answer's
//! Content-Security-Policy.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use rand::Rng as _;

use crate::placeholder;

/// What the page's source holds where the nonce belongs.
const NONCE_MARK: &str = "__CSP_NONCE__";

/// The page of the build, or without one the page that says how to build it.
pub(crate) fn serve(index: Option<&str>) -> Response {
    let nonce = nonce();
    let html = index
        .unwrap_or(placeholder::PAGE)
        .replace(NONCE_MARK, &nonce);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    );
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "same-origin"),
        ],
        [(header::CONTENT_SECURITY_POLICY, policy)],
        html,
    )
        .into_response()
}

/// 128 random bits as hex, from the thread's cryptographic generator.
fn nonce() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
