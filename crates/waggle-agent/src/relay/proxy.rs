//! The TCP port: every request goes on to the server with the relay's key, and the answer comes back. Source: spec/xray.md section 1.5.

use super::Shared;
use super::client::CallError;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, ORIGIN};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use waggle_wire::xray::request_id;

/// Most bytes of a request.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Most connections at once; more wait.
const CONNECTIONS_MAX: usize = 256;
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a failed accept.
const PAUSE: Duration = Duration::from_millis(50);
/// Headers of an answer that go back, besides those that begin with one of [`ANSWER_PREFIXES`].
const ANSWER_HEADERS: [HeaderName; 3] = [
    CONTENT_TYPE,
    hyper::header::DATE,
    hyper::header::RETRY_AFTER,
];
/// Headers of the protocol, and what the server says in its own.
const ANSWER_PREFIXES: [&str; 2] = ["x-amz", "x-waggle-"];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Serves connections for ever.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let builder = Arc::new(builder);
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (builder, shared) = (Arc::clone(&builder), Arc::clone(&shared));
        tokio::spawn(async move {
            let service = service_fn(move |request| pass_on(Arc::clone(&shared), request));
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(error, "connection ended");
            }
            drop(permit);
        });
    }
}

async fn pass_on(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.headers().contains_key(ORIGIN) {
        let message = "a page of a browser may not call where nobody signs";
        return Ok(refusal(
            StatusCode::FORBIDDEN,
            "AccessDeniedException",
            message,
        ));
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        let message = "the body is incomplete or too large";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(refusal(status, "RequestEntityTooLargeException", message));
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let kept = [CONTENT_TYPE, CONTENT_ENCODING];
    let kept = kept.into_iter().filter_map(|name| {
        let value = parts.headers.get(&name)?.clone();
        Some((name, value))
    });
    let body = body.to_bytes();
    let answer = match shared.send(parts.method, path, kept.collect(), body).await {
        Ok(answer) => answer,
        Err(error @ CallError::TooLarge) => {
            tracing::warn!(%error, path, "an answer was not passed on");
            let message =
                format!("{error}, which is what the relay passes on: ask for less at once");
            let status = StatusCode::BAD_REQUEST;
            return Ok(refusal(status, "InvalidRequestException", &message));
        }
        Err(error) => {
            tracing::warn!(%error, path, "a call was not passed on");
            let message = "the server can't be reached, try again later";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(refusal(status, "ServiceUnavailable", message));
        }
    };
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        let of_protocol = |prefix: &&str| name.as_str().starts_with(*prefix);
        if ANSWER_HEADERS.contains(name) || ANSWER_PREFIXES.iter().any(of_protocol) {
            response.headers_mut().append(name, value.clone());
        }
    }
    Ok(response)
}

/// A refusal of the relay's own, worded as the server's are.
fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"__type": code, "Message": message, "message": message});
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(id) = hyper::header::HeaderValue::from_str(&request_id(rand::random())) {
        headers.insert(REQUEST_ID, id);
    }
    let json = hyper::header::HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    if let Ok(code) = hyper::header::HeaderValue::from_str(code) {
        headers.insert(HeaderName::from_static("x-amzn-errortype"), code);
    }
    response
}
