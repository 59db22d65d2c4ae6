//! What comes in: documents of segments, and what daemons say of themselves. Source: spec/xray.md section 3.7.

use super::call::{Call, Outcome, Reply, reply};
use super::error::{Code, Refusal};
use crate::ingest::admit::{NotTaken, SenderError, append, sender_by};
use crate::ingest::segment::accept;
use crate::metrics::Protocol;
use crate::route::{BodyLimit, Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use serde_json::json;
use waggle_wire::xray::{RequestError, Source, decode_segments, decode_telemetry, segments_reply};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray segments",
    about: "How X-Ray's clients and daemons send.",
    routes: &[
        Route::operation(
            "PutTraceSegments",
            "/TraceSegments",
            Need::SendEvents,
            |call| Box::pin(put_segments(call)),
        )
        .about("Takes documents of segments and subsegments; answers when they are durable.")
        .takes(Shape::Object(&[must(
            "TraceSegmentDocuments",
            Shape::List(&Shape::Text),
            "Documents, each as a text.",
        )]))
        .body(BodyLimit::Segments)
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "UnprocessedTraceSegments",
                Shape::List(&Shape::Named(&UNPROCESSED)),
                "Those that were refused.",
            )])),
        )]),
        Route::operation(
            "PutTelemetryRecords",
            "/TelemetryRecords",
            Need::SendEvents,
            |call| Box::pin(put_telemetry(call)),
        )
        .about("Takes a daemon's counters as events of the dataset waggle.xray_daemon.")
        .takes(Shape::Object(&[
            must(
                "TelemetryRecords",
                Shape::List(&Shape::Any),
                "Counters, each with a Timestamp.",
            ),
            may("EC2InstanceId", Shape::Text, "Where the daemon runs."),
            may("Hostname", Shape::Text, "The same."),
            may("ResourceARN", Shape::Text, "The same."),
        ]))
        .body(BodyLimit::Segments)
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
    ],
};

const UNPROCESSED: Named = Named {
    name: "XRayUnprocessedTraceSegment",
    about: "A document that was refused.",
    members: &[
        may("Id", Shape::Text, "Its id, where one could be read."),
        must("ErrorCode", Shape::Text, "What is wrong with it."),
        must("Message", Shape::Text, "The same in a sentence."),
    ],
};

async fn put_segments(call: Call) -> Outcome {
    let sender = sender_by(&call.state, &call.caller)?;
    let documents = decode_segments(&call.body, call.state.config.xray_documents_max)?;
    let documents = documents.into_iter().map(String::into_bytes).collect();
    let _permit = call.state.limits.ingest.acquire().await;
    let rejected = accept(&call.state, sender, documents, Source::Api).await?;
    Ok(Reply::text(segments_reply(&rejected)))
}

async fn put_telemetry(call: Call) -> Outcome {
    let sender = sender_by(&call.state, &call.caller)?;
    let (now_ns, limits) = (call.state.clock.now_ns(), &call.state.config.event_limits);
    let batch = decode_telemetry(&call.body, now_ns, limits)?;
    append(&call.state, sender, Protocol::Xray, vec![batch], &[]).await?;
    reply(&json!({}))
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Malformed => Self::new(Code::Serialization, error.to_string()),
            RequestError::Missing(_) | RequestError::TooMany(_) => Self::invalid(error.to_string()),
        }
    }
}

/// Exporters of OpenTelemetry send again after a 503, and drop what they have after a 429.
impl From<SenderError> for Refusal {
    fn from(error: SenderError) -> Self {
        match error {
            SenderError::MissingKey | SenderError::UnknownKey => Self::new(
                Code::UnrecognizedClient,
                "The security token included in the request is invalid.",
            ),
            SenderError::Forbidden => Self::new(Code::AccessDenied, "The key may not send events."),
            SenderError::RateLimited | SenderError::Unavailable => try_again(),
        }
    }
}

impl From<NotTaken> for Refusal {
    fn from(_: NotTaken) -> Self {
        try_again()
    }
}

fn try_again() -> Refusal {
    let message = "the server can't take in events now, try again later";
    Refusal::new(Code::ServiceUnavailable, message)
}
