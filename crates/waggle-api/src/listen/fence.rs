//! The fence around every request: an id, a limit on how many run at once, a time limit, a catch for panics, and the counters.
//!
//! A bug in one request must cost that request only, and its client must get an answer it can read and quote.

use crate::resource::is_operation;
use crate::state::ApiState;
use crate::xray::error as xray;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tonic::{Code, Status};
use tracing::Instrument;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How a door words a failure that no route has worded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// HTTP status and `{"error"}`.
    Http,
    /// HTTP status and the name of an error, for AWS's SDKs.
    XRay,
    /// gRPC status.
    Grpc,
}

/// Runs one request of an HTTP door.
pub(crate) async fn http(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    fence(&state, Door::Http, request, next).await
}

/// Runs one call of the gRPC door.
pub(crate) async fn grpc(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    fence(&state, Door::Grpc, request, next).await
}

async fn fence(state: &ApiState, door: Door, request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::random::<u64>());
    let started_ns = state.clock.now_ns();
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let door = match door {
        Door::Http if is_operation(route) => Door::XRay,
        door => door,
    };
    // At this level the id stands beside every line that is logged on the way, whatever the log is set to.
    let span = tracing::error_span!("request", id, method, route);
    let mut response = guarded(state, door, &id, request, next)
        .instrument(span)
        .await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    let elapsed_ns = state.clock.now_ns().saturating_sub(started_ns);
    let elapsed = Duration::from_nanos(u64::try_from(elapsed_ns).unwrap_or(0));
    state
        .metrics
        .answered(method, route, response.status().as_u16(), elapsed);
    response
}

async fn guarded(state: &ApiState, door: Door, id: &str, request: Request, next: Next) -> Response {
    let Ok(_permit) = state.limits.requests.try_acquire() else {
        return refuse(
            door,
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is answering as many requests as it can; try again",
            id,
        );
    };
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(state.config.request_timeout, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let cause = panic_text(panic.as_ref());
            tracing::error!(request_id = id, cause, "request panicked");
            refuse(
                door,
                StatusCode::INTERNAL_SERVER_ERROR,
                "the server could not complete the request",
                id,
            )
        }
        Err(_) => refuse(
            door,
            StatusCode::GATEWAY_TIMEOUT,
            "the request took longer than allowed",
            id,
        ),
    }
}

fn refuse(door: Door, status: StatusCode, message: &str, id: &str) -> Response {
    let mut response = match door {
        Door::Http => (
            status,
            [(header::CONTENT_TYPE, "application/json")],
            serde_json::json!({ "error": message, "request_id": id }).to_string(),
        )
            .into_response(),
        Door::XRay => {
            let code = match status {
                StatusCode::SERVICE_UNAVAILABLE => xray::Code::ServiceUnavailable,
                StatusCode::GATEWAY_TIMEOUT => xray::Code::RequestTimeout,
                _ => xray::Code::InternalFailure,
            };
            xray::Refusal::new(code, message).into_response(&xray::request_id())
        }
        Door::Grpc => {
            let code = match status {
                StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
                StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
                _ => Code::Internal,
            };
            Status::new(code, format!("{message} (request {id})")).into_http::<axum::body::Body>()
        }
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Methods as label values: a client can invent any number of others.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
}
