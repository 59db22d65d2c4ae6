//! `/healthz`, `/readyz` and `/metrics`: for whoever watches the process, not for its users. None of them needs a key.

use crate::route::{Face, Need, Resource, Route};
use crate::shape::Content;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;

pub(crate) const RESOURCE: Resource = Resource {
    name: "Health",
    about: "For whoever watches the process, not for its users: no key is asked for.",
    routes: &[
        Route::raw("GET", "/healthz", Face::Health, Need::Nothing, |m| {
            on(m, healthz)
        })
        .about("Answers when the process lives.")
        .answers(&[(200, PLAIN)]),
        Route::raw("GET", "/readyz", Face::Health, Need::Nothing, |m| {
            on(m, readyz)
        })
        .about("Answers when the server can take in and answer; 503 says why it can't.")
        .answers(&[(200, PLAIN), (503, PLAIN)]),
        Route::raw("GET", "/metrics", Face::Health, Need::Nothing, |m| {
            on(m, metrics)
        })
        .about("Returns every counter of the process in the OpenMetrics text format.")
        .answers(&[(200, Content::Bytes(&["application/openmetrics-text"]))]),
    ],
};

const PLAIN: Content = Content::Bytes(&["text/plain"]);

/// `GET /healthz`: the process lives.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the server can take in and answer, or says why not.
pub(crate) async fn readyz(State(state): State<ApiState>) -> Response {
    match (state.readiness)() {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// `GET /metrics`: every counter of the process in the OpenMetrics text format.
pub(crate) async fn metrics(State(state): State<ApiState>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &state.registry) {
        Ok(()) => (
            [(
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
