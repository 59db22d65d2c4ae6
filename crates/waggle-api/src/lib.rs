//! The faces of Waggle: every door a client, a browser or a probe can knock at.
//!
//! What comes in: bound listeners, and the doors to the other rooms ([`waggle_model::EventSink`], [`waggle_model::QueryEngine`], the
//! metastore, access). What goes out: HTTP and gRPC answers, given after the events they acknowledge are durable.
//! What this crate never does: decode a protocol itself, know the store or the query engine, read the environment or the system clock,
//! speak SQL, keep a clear secret.
#![warn(missing_docs)]

mod ask;
mod caller;
mod config;
mod derived;
mod form;
mod health;
mod honeycomb;
mod ingest;
mod kept;
mod listen;
mod metric;
mod metrics;
mod openapi;
mod own;
mod page;
mod picture;
mod problem;
mod rate;
mod rejection;
mod request;
mod resource;
mod route;
mod running;
mod service_level;
mod service_map;
mod shape;
mod spec;
mod state;
mod table;
mod usage;
mod v2;
mod xray;

pub use config::{ApiConfig, RateLimits, XRayLimits};
pub use listen::udp::receive_buffer_bytes;
pub use metrics::ApiMetrics;
pub use state::{ApiParts, ApiState, DatasetSize, DatasetStats, Readiness};

use axum::Extension;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use listen::{fence, grpc};
use problem::Problem;
use route::Face;
use std::sync::Arc;
use tokio::net::{TcpListener, UdpSocket};
use tower::ServiceExt;
use xray::sender::Unsigned;

/// Makes the router of the main door: ingest, the Honeycomb API, `/api/`, health, and the UI for the rest.
pub fn router(state: ApiState) -> Router {
    resource::routes(|_| true)
        .fallback(no_route)
        .layer(from_fn_with_state(state.clone(), fence::http))
        .with_state(state)
}

/// Makes the router of the second door: OTLP over HTTP and health, for exporters with default settings.
pub fn otlp_http_router(state: ApiState) -> Router {
    resource::routes(|row| row.face == Face::Otlp || matches!(row.path, "/healthz" | "/readyz"))
        .fallback(async |uri: Uri| {
            Problem::not_found(format!("no route for {}", uri.path())).into_plain()
        })
        .layer(from_fn_with_state(state.clone(), fence::http))
        .with_state(state)
}

/// Makes the router of the TCP port of X-Ray's daemon protocol: all operations, unsigned, with one API key; see [`serve_xray`].
pub fn xray_daemon_router(state: ApiState, key: Option<Arc<str>>) -> Router {
    resource::routes(|row| row.face == Face::XRay)
        .fallback(xray::answer::unknown_operation)
        .layer(Extension(Unsigned(key)))
        .layer(from_fn_with_state(state.clone(), fence::http))
        .with_state(state)
}

/// Makes the router of the gRPC door: OTLP traces, logs and metrics, and `grpc.health.v1`.
pub fn grpc_router(state: ApiState) -> Router {
    grpc::routes(state.clone()).layer(from_fn_with_state(state, fence::grpc))
}

/// Serves the main door until `shutdown` is ready and open requests have finished or had their time.
pub async fn serve_http(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send,
) {
    let router = router(state.clone());
    listen::http::serve(listener, router, &state.config, shutdown).await;
}

/// Serves the second OTLP/HTTP door; see [`serve_http`].
pub async fn serve_otlp_http(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send,
) {
    let router = otlp_http_router(state.clone());
    listen::http::serve(listener, router, &state.config, shutdown).await;
}

/// Serves X-Ray's daemon protocol with one API key, or without as the caller of `--dev`: documents by UDP, all operations, unsigned, by
/// TCP; see [`serve_http`]. What the key may do is looked up as requests come.
pub async fn serve_xray<S: Future<Output = ()> + Send>(
    (udp, tcp): (UdpSocket, TcpListener),
    state: ApiState,
    key: Option<Arc<str>>,
    shutdown: impl Fn() -> S,
) {
    let router = xray_daemon_router(state.clone(), key.clone());
    tokio::join!(
        listen::udp::serve(udp, state.clone(), Unsigned(key), shutdown()),
        listen::http::serve(tcp, router, &state.config, shutdown()),
    );
}

/// Finds the documents of X-Ray that waited when an earlier process ended. To be called once, before serving. Returns how many.
///
/// # Errors
/// A text for the log: what waited could not be read.
pub async fn restore_segments(state: &ApiState) -> Result<usize, String> {
    ingest::segment::restore(state).await
}

/// Gives documents of X-Ray that waited for too long their events, for ever.
pub async fn settle_segments(state: ApiState) {
    ingest::segment::settle_overdue(state).await;
}

/// Serves the gRPC door; see [`serve_http`].
pub async fn serve_grpc(
    listener: TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send,
) {
    let router = grpc_router(state.clone());
    listen::http::serve(listener, router, &state.config, shutdown).await;
}

/// Fails the query results that an earlier process left unfinished. To be called once, before serving. Returns how many.
///
/// # Errors
/// The metastore's.
pub async fn fail_interrupted_queries(state: &ApiState) -> Result<u64, waggle_metastore::Error> {
    let now_ns = state.clock.now_ns();
    state
        .metastore
        .fail_pending_query_results(
            now_ns,
            "the server was restarted while this query ran; run it again",
            now_ns,
        )
        .await
}

/// Waits until every query result that was answered is written down. To be called at the end, when no more requests come in.
pub async fn write_results(state: &ApiState) {
    state.runs.written().await;
}

/// Writes down how much was taken in since the last call. To be called every few seconds, and at the end.
///
/// # Errors
/// The metastore's; what was counted is kept for the next call.
pub async fn write_usage(state: &ApiState) -> Result<(), waggle_metastore::Error> {
    state.usage.write(&*state.metastore).await
}

/// Paths below these prefixes belong to programs, which could do nothing with the UI's page.
const PROGRAM_PREFIXES: [&str; 4] = ["/1/", "/2/", "/v1/", "/api/"];

async fn no_route(State(state): State<ApiState>, request: Request) -> Response {
    let path = request.uri().path();
    if xray::is_of_sdk(request.method(), request.headers()) {
        let uri = request.uri().clone();
        return xray::answer::unknown_operation(State(state), uri).await;
    }
    if !PROGRAM_PREFIXES
        .iter()
        .any(|prefix| path.starts_with(prefix))
    {
        let origin = request::origin(&state, request.headers());
        let address = request.uri().clone();
        return match state.fallback.clone().oneshot(request).await {
            Ok(response) => picture::announced(&state, &origin, &address, response).await,
            Err(never) => match never {},
        };
    }
    let problem = Problem::not_found(format!("no route for {path}"));
    if path.starts_with("/1/") {
        let origin = request::origin(&state, request.headers());
        return problem.into_v1(&origin, path);
    }
    if path.starts_with("/2/") {
        return problem.into_v2();
    }
    problem.into_plain()
}

#[cfg(test)]
mod tests;
