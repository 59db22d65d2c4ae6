//! `POST /1/events/{dataset}` and `POST /1/batch/{dataset}`. Source: spec/honeycomb-api.md section 4.

use super::admit::{NotTaken, Sender, SenderError, append, into_response, sender};
use super::depth::expand_json_depth;
use crate::listen::body::{self, BodyError, header_text};
use crate::listen::http::Peer;
use crate::metrics::Protocol;
use crate::route::{BodyLimit, Face, Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::state::ApiState;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::response::Response;
use axum::routing::on;
use bytes::Bytes;
use waggle_model::{EventBatch, EventLimits, Tenant};
use waggle_wire::honeycomb::{
    DecodedBatch, EventHeaders, EventOptions, Format, HoneycombError, batch_reply,
    dataset_name_from_path, decode_batch, decode_event, error_reply, event_reply,
};

pub(crate) const RESOURCE: Resource = Resource {
    name: "Events",
    about: "Honeycomb's own way to send events.",
    routes: &[
        Route::raw(
            "POST",
            "/1/events/{*dataset}",
            Face::Events,
            Need::SendEvents,
            |m| on(m, event),
        )
        .about("Takes one event; answers when it is durable.")
        .takes_bytes(FORMATS)
        .body(BodyLimit::Event)
        .answers(&[(200, Content::Nothing)]),
        Route::raw(
            "POST",
            "/1/batch/{*dataset}",
            Face::Events,
            Need::SendEvents,
            |m| on(m, batch),
        )
        .about("Takes many events; answers for each of them when they are durable.")
        .takes_bytes(FORMATS)
        .body(BodyLimit::Batch)
        .answers(&[(200, Content::Json(Shape::List(&Shape::Named(&ENTRY))))]),
    ],
};

const FORMATS: &[&str] = &[
    "application/json",
    "application/msgpack",
    "application/x-msgpack",
    "application/octet-stream",
];

const ENTRY: Named = Named {
    name: "BatchEntry",
    about: "What became of one event, in the order in which they were sent.",
    members: &[
        must(
            "status",
            Shape::Whole,
            "202 for an event that was taken; 400 or 429 for one that was not.",
        ),
        may("error", Shape::Text, "Why it was not taken."),
    ],
};

static SAMPLE_RATE: HeaderName = HeaderName::from_static("x-honeycomb-samplerate");
static EVENT_TIME: HeaderName = HeaderName::from_static("x-honeycomb-event-time");

/// `POST /1/events/{dataset}`.
pub(crate) async fn event(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let peer = peer.map(|Extension(peer)| peer);
    let mut whose = None;
    let refused = match take_event(&state, peer, request, &mut whose).await {
        Ok(()) => return into_response(event_reply()),
        Err(error) => error,
    };
    count_refused(&state, whose, Protocol::Events, &refused);
    into_response(error_reply(refused))
}

/// `POST /1/batch/{dataset}`.
pub(crate) async fn batch(
    State(state): State<ApiState>,
    peer: Option<Extension<Peer>>,
    request: Request,
) -> Response {
    let peer = peer.map(|Extension(peer)| peer);
    let mut whose = None;
    match take_batch(&state, peer, request, &mut whose).await {
        Ok(response) => response,
        Err(error) => {
            count_refused(&state, whose, Protocol::Batch, &error);
            into_response(error_reply(error))
        }
    }
}

async fn take_event(
    state: &ApiState,
    peer: Option<Peer>,
    request: Request,
    whose: &mut Option<Tenant>,
) -> Result<(), HoneycombError> {
    let bytes_max = state.config.event_body_bytes_max;
    let received = Received::read(state, peer, request, bytes_max, whose).await?;
    let sender = received.sender.clone();
    let _permit = state.limits.ingest.acquire().await;
    let batch = received.decode(state, bytes_max, decode_one).await?;
    let outcome = append(state, sender, Protocol::Events, vec![batch], &[])
        .await
        .map_err(HoneycombError::from)?;
    match outcome.rejects.first() {
        None => Ok(()),
        Some(reject) => Err(HoneycombError::Refused(reject.reason)),
    }
}

async fn take_batch(
    state: &ApiState,
    peer: Option<Peer>,
    request: Request,
    whose: &mut Option<Tenant>,
) -> Result<Response, HoneycombError> {
    let bytes_max = state.config.batch_body_bytes_max;
    let received = Received::read(state, peer, request, bytes_max, whose).await?;
    let sender = received.sender.clone();
    let _permit = state.limits.ingest.acquire().await;
    let DecodedBatch { batch, entries } = received.decode(state, bytes_max, decode_many).await?;
    for reason in entries.iter().filter_map(|entry| entry.as_ref().err()) {
        state.event_rejected(sender.tenant, Protocol::Batch, *reason);
    }
    let outcome = append(state, sender, Protocol::Batch, vec![batch], &[])
        .await
        .map_err(HoneycombError::from)?;
    Ok(into_response(batch_reply(&entries, &outcome.rejects)))
}

fn decode_one(input: &Input<'_>) -> Result<EventBatch, HoneycombError> {
    let headers = EventHeaders {
        time: input.time,
        sample_rate: input.sample_rate,
    };
    decode_event(
        input.dataset,
        input.body,
        input.format,
        headers,
        &input.options,
    )
}

fn decode_many(input: &Input<'_>) -> Result<DecodedBatch, HoneycombError> {
    decode_batch(input.dataset, input.body, input.format, &input.options)
}

/// What a decoder sees.
struct Input<'a> {
    dataset: &'a str,
    body: &'a [u8],
    format: Format,
    time: Option<&'a str>,
    sample_rate: Option<&'a str>,
    options: EventOptions<'a>,
}

/// A request whose sender is known and whose body is here, as sent.
struct Received {
    sender: Sender,
    dataset: String,
    headers: axum::http::HeaderMap,
    body: Bytes,
    now_ns: i64,
}

impl Received {
    /// Key, then dataset, then body: a stranger's body is never read.
    async fn read(
        state: &ApiState,
        peer: Option<Peer>,
        request: Request,
        bytes_max: usize,
        whose: &mut Option<Tenant>,
    ) -> Result<Self, HoneycombError> {
        let now_ns = state.clock.now_ns();
        let (parts, body) = request.into_parts();
        let sender = sender(state, peer, &parts.headers, whose)
            .await
            .map_err(sender_error)?;
        let dataset =
            dataset_name_from_path(parts.uri.path()).ok_or(HoneycombError::UnknownDataset)?;
        let body = body::collect(body, bytes_max)
            .await
            .map_err(|error| match error {
                BodyError::TooLarge => HoneycombError::TooLarge,
                BodyError::Interrupted => HoneycombError::Malformed,
            })?;
        Ok(Self {
            sender,
            dataset,
            headers: parts.headers,
            body,
            now_ns,
        })
    }

    async fn decode<T: Send + 'static>(
        self,
        state: &ApiState,
        bytes_max: usize,
        decode: fn(&Input<'_>) -> Result<T, HoneycombError>,
    ) -> Result<T, HoneycombError> {
        let depth = expand_json_depth(state, self.sender.tenant, &self.dataset)
            .await
            .map_err(|error| {
                tracing::error!(%error, "dataset not read");
                HoneycombError::Unavailable
            })?;
        let encoding = body::content_encoding(&self.headers);
        let is_large = body::is_large(encoding, self.body.len(), state.config.offload_bytes_min);
        let limits: EventLimits = state.config.event_limits.clone();
        body::run(is_large, move || {
            let body = body::decompress(encoding, self.body, bytes_max)?;
            decode(&Input {
                dataset: &self.dataset,
                body: &body,
                format: Format::from_content_type(header_text(
                    &self.headers,
                    &header::CONTENT_TYPE,
                )),
                time: header_text(&self.headers, &EVENT_TIME),
                sample_rate: header_text(&self.headers, &SAMPLE_RATE),
                options: EventOptions {
                    limits: &limits,
                    now_ns: self.now_ns,
                    expand_json_depth: depth,
                },
            })
        })
        .await
    }
}

impl From<NotTaken> for HoneycombError {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::RateLimited => Self::RateLimited,
            NotTaken::Store(error) => error.into(),
        }
    }
}

fn sender_error(error: SenderError) -> HoneycombError {
    match error {
        SenderError::MissingKey | SenderError::UnknownKey => HoneycombError::UnknownKey,
        SenderError::Forbidden => HoneycombError::Forbidden,
        SenderError::RateLimited => HoneycombError::RateLimited,
        SenderError::Unavailable => HoneycombError::Unavailable,
    }
}

/// What the store refused is counted where it was appended.
fn count_refused(
    state: &ApiState,
    whose: Option<Tenant>,
    protocol: Protocol,
    error: &HoneycombError,
) {
    let reason = match error {
        HoneycombError::Empty => "empty",
        HoneycombError::Malformed => "malformed",
        HoneycombError::TooLarge => "too_large",
        HoneycombError::UnknownKey => "unknown_key",
        HoneycombError::Forbidden => "forbidden",
        HoneycombError::RateLimited => "rate_limited",
        HoneycombError::UnknownDataset => "unknown_dataset",
        HoneycombError::Refused(_) | HoneycombError::Busy | HoneycombError::Unavailable => return,
    };
    state.request_rejected(whose, protocol, reason);
}
