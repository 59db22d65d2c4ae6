//! `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, and the steps they share with the gRPC calls. Source: spec/honeycomb-api.md section 5.

use super::admit::{NotTaken, Sender, SenderError, append, into_response, sender, sender_by};
use crate::caller;
use crate::listen::body::{self, BodyError, header_text};
use crate::listen::http::Peer;
use crate::metrics::Protocol;
use crate::route::{BodyLimit, Face, Need, Resource, Route};
use crate::shape::Content;
use crate::state::ApiState;
use crate::xray;
use crate::xray::error::Refusal;
use crate::xray::sender::Signer;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;
use axum::routing::on;
use bytes::Bytes;
use waggle_model::Tenant;
use waggle_wire::ContentEncoding;
use waggle_wire::honeycomb::is_classic_key;
use waggle_wire::otlp::{
    ContentType, Decoded, Encoding, OtlpError, OtlpHeaders, RejectedCount, Signal, decode_logs,
    decode_metrics, decode_traces, decompress_body, error_reply, export_reply, rejected_count,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "OTLP",
    about: "OpenTelemetry's protocol over HTTP. Over gRPC the same exports are at the address that `--grpc` names.",
    routes: &[
        Route::raw("POST", "/v1/traces", Face::Otlp, Need::SendEvents, |m| {
            on(m, traces)
        })
        .about("Takes spans; answers when they are durable.")
        .takes_bytes(FORMATS)
        .body(BodyLimit::Otlp)
        .answers(&[(200, REPLIES)]),
        Route::raw("POST", "/v1/logs", Face::Otlp, Need::SendEvents, |m| {
            on(m, logs)
        })
        .about("Takes log records; answers when they are durable.")
        .takes_bytes(FORMATS)
        .body(BodyLimit::Otlp)
        .answers(&[(200, REPLIES)]),
        Route::raw("POST", "/v1/metrics", Face::Otlp, Need::SendEvents, |m| {
            on(m, metrics)
        })
        .about("Takes metrics; answers when their events are durable.")
        .takes_bytes(FORMATS)
        .body(BodyLimit::Otlp)
        .answers(&[(200, REPLIES)]),
    ],
};

const FORMATS: &[&str] = &[
    "application/x-protobuf",
    "application/protobuf",
    "application/json",
];
const REPLIES: Content = Content::Bytes(FORMATS);

static DATASET: HeaderName = HeaderName::from_static("x-honeycomb-dataset");

/// `POST /v1/traces`.
pub(crate) async fn traces(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(&state, Signal::Traces, peer, request).await
}

/// `POST /v1/logs`.
pub(crate) async fn logs(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(&state, Signal::Logs, peer, request).await
}

/// `POST /v1/metrics`.
pub(crate) async fn metrics(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    export(&state, Signal::Metrics, peer, request).await
}

async fn export(
    state: &ApiState,
    signal: Signal,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let content_type =
        ContentType::from_header(header_text(request.headers(), &header::CONTENT_TYPE));
    let answered_as = content_type.as_ref().ok().copied();
    let mut whose = None;
    let taken = match content_type {
        Ok(content_type) => {
            let peer = peer.map(|Extension(peer)| peer);
            take(state, signal, content_type, peer, request, &mut whose).await
        }
        Err(error) => Err(error),
    };
    into_response(match (taken, answered_as) {
        (Ok(rejected), Some(content_type)) => export_reply(signal, content_type, &rejected),
        (Err(error), content_type) => {
            count_refused(state, whose, Protocol::OtlpHttp, &error);
            error_reply(content_type, &error)
        }
        (Ok(_), None) => error_reply(None, &OtlpError::UnsupportedContentType),
    })
}

async fn take(
    state: &ApiState,
    signal: Signal,
    content_type: ContentType,
    peer: Option<Peer>,
    request: Request,
    whose: &mut Option<Tenant>,
) -> Result<RejectedCount, OtlpError> {
    let (parts, body) = request.into_parts();
    let is_signed = caller::key_of(&parts.headers).is_none() && xray::is_signed(&parts.headers);
    // A signature is of the body, and checked after it was read; whose it claims to be is known before.
    let known = match is_signed {
        true => {
            let signer = Signer::of(state, &parts).await;
            Known::Signed(signer.map_err(|refusal| unknown_signer(&refusal))?)
        }
        false => Known::Exporter(Exporter::find(state, signal, peer, &parts.headers, whose).await?),
    };
    let bytes_max = state.config.otlp_body_bytes_max;
    let body = body::collect(body, bytes_max)
        .await
        .map_err(|error| OtlpError::Malformed {
            signal,
            cause: match error {
                BodyError::TooLarge => "request body is too large".to_owned(),
                BodyError::Interrupted => "request body is incomplete".to_owned(),
            },
        })?;
    let exporter = match known {
        Known::Exporter(exporter) => exporter,
        Known::Signed(signer) => {
            let caller = signer.check(&parts, &body);
            let caller = caller.map_err(|refusal| unknown_signer(&refusal))?;
            *whose = Some(caller.tenant);
            Exporter::by(sender_by(state, &caller).map_err(refused)?)
        }
    };
    let message = Message {
        body,
        compression: body::content_encoding(&parts.headers),
        encoding: content_type.encoding(),
    };
    exporter
        .store(state, signal, Protocol::OtlpHttp, message)
        .await
}

/// Who sends, before the body was read.
enum Known {
    Exporter(Exporter),
    /// Whoever signed as X-Ray's clients do. Source: spec/xray.md section 1.4.
    Signed(Signer),
}

fn unknown_signer(refusal: &Refusal) -> OtlpError {
    match refusal.code.status() {
        status if status.is_server_error() => OtlpError::Unavailable,
        _ => OtlpError::UnknownKey,
    }
}

fn refused(error: SenderError) -> OtlpError {
    match error {
        SenderError::MissingKey => OtlpError::MissingKey,
        SenderError::UnknownKey => OtlpError::UnknownKey,
        SenderError::Forbidden => OtlpError::Forbidden,
        SenderError::RateLimited => OtlpError::RateLimited,
        SenderError::Unavailable => OtlpError::Unavailable,
    }
}

/// One request's bytes.
pub(crate) struct Message {
    pub(crate) body: Bytes,
    pub(crate) compression: ContentEncoding,
    pub(crate) encoding: Encoding,
}

/// Who exports, and where to.
pub(crate) struct Exporter {
    sender: Sender,
    is_classic: bool,
    dataset: Option<String>,
}

impl Exporter {
    /// Whose events they are.
    pub(crate) fn tenant(&self) -> Tenant {
        self.sender.tenant
    }

    /// Somebody who is known, and names no dataset.
    pub(crate) fn by(sender: Sender) -> Self {
        Self {
            sender,
            is_classic: false,
            dataset: None,
        }
    }

    /// Checks 2 and 3 of section 5.2, then the key.
    pub(crate) async fn find(
        state: &ApiState,
        signal: Signal,
        peer: Option<Peer>,
        headers: &HeaderMap,
        whose: &mut Option<Tenant>,
    ) -> Result<Self, OtlpError> {
        let dataset = header_text(headers, &DATASET)
            .filter(|dataset| !dataset.trim().is_empty())
            .map(str::to_owned);
        let is_classic = caller::key_of(headers).is_some_and(is_classic_key);
        if is_classic && dataset.is_none() && signal != Signal::Logs {
            return Err(OtlpError::MissingDataset);
        }
        let sender = sender(state, peer, headers, whose).await.map_err(refused)?;
        Ok(Self {
            sender,
            is_classic,
            dataset,
        })
    }

    /// Decodes a message and stores its events; the answer may go out when this returns.
    pub(crate) async fn store(
        self,
        state: &ApiState,
        signal: Signal,
        protocol: Protocol,
        message: Message,
    ) -> Result<RejectedCount, OtlpError> {
        let _permit = state.limits.ingest.acquire().await;
        let sender = self.sender.clone();
        let mut decoded = self.decode(state, signal, message).await?;
        for refusal in &decoded.refusals {
            state.event_rejected(sender.tenant, protocol, refusal.reason);
        }
        let batches = std::mem::take(&mut decoded.batches);
        let metrics = std::mem::take(&mut decoded.metrics);
        // All metrics of a request are in one batch.
        let points = std::slice::from_ref(&decoded.points);
        let outcome = append(state, sender, protocol, batches, points)
            .await
            .map_err(|error| match error {
                NotTaken::RateLimited => OtlpError::RateLimited,
                NotTaken::Store(error) => error.into(),
            })?;
        if let Some(Some(dataset)) = outcome.datasets.first()
            && signal == Signal::Metrics
        {
            state.known_metrics.note(state, *dataset, metrics).await;
        }
        Ok(rejected_count(&decoded, &outcome.rejects))
    }

    async fn decode(
        self,
        state: &ApiState,
        signal: Signal,
        message: Message,
    ) -> Result<Decoded, OtlpError> {
        let config = &state.config;
        let is_large = body::is_large(
            message.compression,
            message.body.len(),
            config.offload_bytes_min,
        );
        let limits = config.event_limits.clone();
        let bytes_max = config.otlp_body_bytes_max;
        let now_ns = state.clock.now_ns();
        body::run(is_large, move || {
            let body = decompress_body(signal, message.compression, &message.body, bytes_max)?;
            let headers = OtlpHeaders {
                classic_key: self.is_classic,
                dataset: self.dataset.as_deref(),
            };
            match signal {
                Signal::Traces => decode_traces(&body, message.encoding, &headers, &limits),
                Signal::Logs => decode_logs(&body, message.encoding, &headers, &limits, now_ns),
                Signal::Metrics => {
                    decode_metrics(&body, message.encoding, &headers, &limits, now_ns)
                }
            }
        })
        .await
    }
}

/// Counts requests that were refused as a whole; what the store refused is counted where it was appended.
pub(crate) fn count_refused(
    state: &ApiState,
    whose: Option<Tenant>,
    protocol: Protocol,
    error: &OtlpError,
) {
    let reason = match error {
        OtlpError::UnsupportedContentType => "unsupported_content_type",
        OtlpError::MissingKey => "missing_key",
        OtlpError::MissingDataset => "missing_dataset",
        OtlpError::UnknownKey => "unknown_key",
        OtlpError::Forbidden => "forbidden",
        OtlpError::RateLimited => "rate_limited",
        OtlpError::Malformed { .. } => "malformed",
        OtlpError::Busy | OtlpError::Unavailable => return,
    };
    state.request_rejected(whose, protocol, reason);
}
