//! `POST /1/kinesis_events/{dataset}`, where Amazon Data Firehose delivers. Source: spec/honeycomb-api.md section 4.8.

use super::admit::{NotTaken, SenderError, append, into_response, sender_of};
use super::depth::expand_json_depth;
use crate::caller;
use crate::listen::body::{self, BodyError, header_text};
use crate::listen::http::Peer;
use crate::metrics::Protocol;
use crate::route::{BodyLimit, Face, Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::state::ApiState;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderName;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::on;
use bytes::Bytes;
use waggle_model::Tenant;
use waggle_wire::honeycomb::{EventOptions, dataset_name_from_path};
use waggle_wire::kinesis::{
    DecodedRecords, KinesisError, KinesisOutcome, decode_records, kinesis_reply,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Amazon Data Firehose",
    about: "The door for delivery streams: logs of CloudWatch, metric streams, JSON records. The key may come as X-Amz-Firehose-Access-Key.",
    routes: &[Route::raw(
        "POST",
        "/1/kinesis_events/{*dataset}",
        Face::Firehose,
        Need::SendEvents,
        |m| on(m, deliver),
    )
    .about("Takes the records of one delivery; answers when their events are durable.")
    .takes(Shape::Named(&DELIVERY))
    .body(BodyLimit::Batch)
    .answers(&[(200, Content::Json(Shape::Named(&RECEIPT)))])],
};

const DELIVERY: Named = Named {
    name: "FirehoseDelivery",
    about: "Records as Firehose delivers them.",
    members: &[
        may(
            "requestId",
            Shape::Text,
            "The id of the request, as in its header.",
        ),
        may(
            "timestamp",
            Shape::Whole,
            "When it was made, in milliseconds since 1970.",
        ),
        must(
            "records",
            Shape::List(&Shape::Object(&[must(
                "data",
                Shape::Text,
                "Base64 of a subscription record of CloudWatch Logs, of requests of a metric stream, or of JSON objects.",
            )])),
            "The records.",
        ),
    ],
};

/// What Firehose is told.
pub(crate) const RECEIPT: Named = Named {
    name: "FirehoseReceipt",
    about: "What became of a delivery.",
    members: &[
        must("requestId", Shape::Text, "The id of the request."),
        must(
            "timestamp",
            Shape::Whole,
            "When it was answered, in milliseconds since 1970.",
        ),
        may("errorMessage", Shape::Text, "What was not stored, and why."),
    ],
};

static ACCESS_KEY: HeaderName = HeaderName::from_static("x-amz-firehose-access-key");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-firehose-request-id");

/// `POST /1/kinesis_events/{dataset}`.
async fn deliver(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let now_ns = state.clock.now_ns();
    let peer = peer.map(|Extension(peer)| peer);
    let mut whose = None;
    let taken = take(&state, peer, &parts, body, &mut whose).await;
    if let Err(error) = taken {
        count_refused(&state, whose, error);
    }
    let request_id = header_text(&parts.headers, &REQUEST_ID).unwrap_or_default();
    into_response(kinesis_reply(request_id, now_ns, taken))
}

async fn take(
    state: &ApiState,
    peer: Option<Peer>,
    parts: &Parts,
    body: axum::body::Body,
    whose: &mut Option<Tenant>,
) -> Result<KinesisOutcome, KinesisError> {
    let now_ns = state.clock.now_ns();
    let key = header_text(&parts.headers, &ACCESS_KEY).map(str::trim);
    let key = key
        .filter(|key| !key.is_empty())
        .or_else(|| caller::key_of(&parts.headers));
    let sender = sender_of(state, key, peer, &parts.headers, whose)
        .await
        .map_err(|error| match error {
            SenderError::MissingKey | SenderError::UnknownKey => KinesisError::UnknownKey,
            SenderError::Forbidden => KinesisError::Forbidden,
            SenderError::RateLimited => KinesisError::RateLimited,
            SenderError::Unavailable => KinesisError::Unavailable,
        })?;
    let request_id = header_text(&parts.headers, &REQUEST_ID);
    if request_id.is_none_or(|id| id.trim().is_empty()) {
        return Err(KinesisError::MissingRequestId);
    }
    let dataset = dataset_name_from_path(parts.uri.path()).ok_or(KinesisError::UnknownDataset)?;
    let body = body::collect(body, state.config.batch_body_bytes_max)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => KinesisError::TooLarge,
            BodyError::Interrupted => KinesisError::Malformed,
        })?;
    let _permit = state.limits.ingest.acquire().await;
    let decoded = decode(state, sender.tenant, dataset, parts, body, now_ns).await?;
    let protocol = Protocol::Kinesis;
    for reason in &decoded.refused {
        state.event_rejected(sender.tenant, protocol, *reason);
    }
    let outcome = append(state, sender, protocol, decoded.batches, &decoded.points)
        .await
        .map_err(|error| match error {
            NotTaken::RateLimited => KinesisError::RateLimited,
            NotTaken::Store(error) => error.into(),
        })?;
    // All of a delivery goes to one dataset.
    if let Some(dataset) = outcome.datasets.iter().flatten().next() {
        state
            .known_metrics
            .note(state, *dataset, decoded.metrics)
            .await;
    }
    let refused = decoded.refused.len().saturating_add(outcome.rejects.len());
    let in_store = outcome.rejects.iter().map(|reject| reject.reason);
    Ok(KinesisOutcome {
        accepted: outcome.accepted_count,
        refused,
        reason: decoded.refused.iter().copied().chain(in_store).next(),
    })
}

async fn decode(
    state: &ApiState,
    tenant: Tenant,
    dataset: String,
    parts: &Parts,
    body: Bytes,
    now_ns: i64,
) -> Result<DecodedRecords, KinesisError> {
    let depth = expand_json_depth(state, tenant, &dataset)
        .await
        .map_err(|error| {
            tracing::error!(%error, "dataset not read");
            KinesisError::Unavailable
        })?;
    let bytes_max = state.config.batch_body_bytes_max;
    let delivery_bytes_max = state.config.delivery_bytes_max;
    let limits = state.config.event_limits.clone();
    let encoding = body::content_encoding(&parts.headers);
    let is_large = body::is_large(encoding, body.len(), state.config.offload_bytes_min);
    body::run(is_large, move || {
        let body = body::decompress(encoding, body, bytes_max)?;
        let options = EventOptions {
            limits: &limits,
            now_ns,
            expand_json_depth: depth,
        };
        decode_records(&dataset, &body, bytes_max, delivery_bytes_max, &options)
    })
    .await
}

/// What the store refused is counted where it was appended.
fn count_refused(state: &ApiState, whose: Option<Tenant>, error: KinesisError) {
    let reason = match error {
        KinesisError::UnknownKey => "unknown_key",
        KinesisError::Forbidden => "forbidden",
        KinesisError::RateLimited => "rate_limited",
        KinesisError::MissingRequestId => "missing_request_id",
        KinesisError::UnknownDataset => "unknown_dataset",
        KinesisError::Malformed => "malformed",
        KinesisError::TooLarge => "too_large",
        KinesisError::Unavailable => return,
    };
    state.request_rejected(whose, Protocol::Kinesis, reason);
}
