//! Cross-origin rules: libhoney-js and the OpenTelemetry web SDK send from any page, with a key in a header and never with cookies.
//!
//! Only the ingest paths and `/1/*` have these headers; `/api/*` has none, so no other site's page can read a signed-in answer.

use crate::rate::{POLICIES, RATE_LIMIT};
use axum::http::{Method, header};
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Any origin, without credentials; the request headers of spec/honeycomb-api.md section 1.1 and whatever else a client names.
pub(crate) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(
            [header::RETRY_AFTER, header::LOCATION, RATE_LIMIT.clone()]
                .into_iter()
                .chain(POLICIES.iter().cloned())
                .collect::<Vec<_>>(),
        )
        .max_age(Duration::from_secs(3_600))
}
