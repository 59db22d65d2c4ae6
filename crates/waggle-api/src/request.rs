//! What both management faces read from a request: the body as JSON, the address by which the client reached this server.

use crate::listen::body::{self, BodyError, header_text};
use crate::problem::{Problem, ProblemKind};
use crate::state::ApiState;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, header};
use bytes::Bytes;
use serde_json::Value as Json;
use std::net::SocketAddr;
use waggle_wire::{DecompressError, media_type};

static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Reads a body of at most `bytes_max`, as sent and again after decompression.
pub(crate) async fn read_body(
    bytes_max: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            ProblemKind::TooLarge,
            format!("Body size is larger than maximum size of {bytes_max} bytes"),
        )
    };
    let bytes = body::collect(body, bytes_max)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => too_large(),
            BodyError::Interrupted => Problem::unparseable(),
        })?;
    let encoding = body::content_encoding(headers);
    body::decompress(encoding, bytes, bytes_max).map_err(|error| match error {
        DecompressError::TooLarge => too_large(),
        DecompressError::Malformed(_) => Problem::new(ProblemKind::Unparseable, error.to_string()),
    })
}

/// Reads a body as JSON.
pub(crate) fn parse_json(body: &Bytes) -> Result<Json, Problem> {
    serde_json::from_slice(body).map_err(|_| Problem::unparseable())
}

/// Refuses a body that is not declared as JSON: the one kind that another site's form can't send.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = header_text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    if media_type(content_type).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::UnsupportedMediaType,
        "content-type must be application/json",
    ))
}

/// The base URL by which the client reached this server, without a slash at the end.
pub(crate) fn origin(state: &ApiState, headers: &HeaderMap) -> String {
    let host = header_text(headers, &header::HOST).filter(|host| is_plain(host));
    match (host, &state.config.origin) {
        (Some(host), _) => {
            let scheme = if is_https(state, headers) {
                "https"
            } else {
                "http"
            };
            format!("{scheme}://{host}")
        }
        (None, Some(origin)) => origin.clone(),
        (None, None) => "http://localhost".to_owned(),
    }
}

/// `host:port` of a listener for the client that reached this server as `origin`: one that listens on every address of the machine is
/// reached by the host that the client knows.
pub(crate) fn door(address: &str, origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    // The colons of an IPv6 address are in brackets.
    let end = match host.find(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    match address.parse::<SocketAddr>() {
        Ok(listener) if listener.ip().is_unspecified() => {
            format!("{}:{}", host.split_at(end).0, listener.port())
        }
        _ => address.to_owned(),
    }
}

/// True when the client speaks TLS to whatever stands before this server.
pub(crate) fn is_https(state: &ApiState, headers: &HeaderMap) -> bool {
    match header_text(headers, &FORWARDED_PROTO) {
        Some(scheme) => scheme.eq_ignore_ascii_case("https"),
        None => state
            .config
            .origin
            .as_deref()
            .is_some_and(|origin| origin.starts_with("https://")),
    }
}

/// A host that can stand in a URL as it is.
fn is_plain(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        })
}
