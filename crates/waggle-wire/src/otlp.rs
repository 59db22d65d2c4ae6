//! OpenTelemetry's protocol: traces, logs and metrics, as protobuf (over HTTP and gRPC alike) and as JSON, through one reader and one
//! mapping. Source: spec/honeycomb-api.md sections 5 to 7.

mod attribute;
mod dataset;
mod id;
mod json;
mod logs;
mod mapping;
mod metrics;
mod protobuf;
#[cfg(test)]
pub(crate) mod reference;
mod reply;
mod sample_rate;
mod traces;
mod view;

pub use logs::decode_logs;
pub use mapping::{Decoded, Place, Refusal, RefusedPart};
pub(crate) use metrics::decode_delimited_metrics;
pub use metrics::decode_metrics;
pub use reply::{RejectedCount, error_reply, export_reply, grpc_code, rejected_count};
pub use traces::decode_traces;

// The case runner turns its OTLP/JSON into protobuf and reads replies back.
#[cfg(test)]
pub(crate) use {json::decode as decode_json, reply::RpcStatus};

use crate::{ContentEncoding, DecompressError, decompress, media_type};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use std::borrow::Cow;

/// What kind of records a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans with their events and links.
    Traces,
    /// Log records.
    Logs,
    /// Data points of metrics.
    Metrics,
}

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Protobuf.
    Protobuf,
    /// OTLP/JSON.
    Json,
}

/// The content types OTLP over HTTP knows. The answer has the one of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `application/protobuf`
    Protobuf,
    /// `application/x-protobuf`
    XProtobuf,
    /// `application/json`
    Json,
}

/// What the headers, or the gRPC metadata, say about where events go.
#[derive(Clone, Copy, Debug, Default)]
pub struct OtlpHeaders<'a> {
    /// The key is classic ([`is_classic_key`](crate::honeycomb::is_classic_key)).
    pub classic_key: bool,
    /// `X-Honeycomb-Dataset`.
    pub dataset: Option<&'a str>,
}

/// Why a whole request was refused. [`error_reply`] is the answer over HTTP, [`grpc_code`] and the display text the one over gRPC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtlpError {
    /// The content type is none of the three.
    #[error(
        "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json"
    )]
    UnsupportedContentType,
    /// The request has no key.
    #[error("missing 'x-honeycomb-team' header")]
    MissingKey,
    /// The key is classic and the request names no dataset.
    #[error("missing 'x-honeycomb-dataset' header")]
    MissingDataset,
    /// Nobody knows the key.
    #[error("unknown API key - check your credentials")]
    UnknownKey,
    /// The key may not send events.
    #[error("this API key does not have permission to send events")]
    Forbidden,
    /// The body can't be read; the message is all that leaves the process.
    #[error("{}", reply::malformed_text(*.signal, .cause))]
    Malformed {
        /// The signal decides how much is said.
        signal: Signal,
        /// What is wrong, and where.
        cause: String,
    },
    /// The key has sent more events than it may for now; the client should send again after a pause.
    #[error("Request dropped due to rate limiting.")]
    RateLimited,
    /// The store can't keep up; the client should send again after a pause.
    #[error("the server is taking in more than it can store, try again later")]
    Busy,
    /// The store is stopping; the client should send again.
    #[error("the server is not taking in events, try again later")]
    Unavailable,
}

impl ContentType {
    /// Reads a `Content-Type` header; parameters are ignored.
    ///
    /// # Errors
    /// [`OtlpError::UnsupportedContentType`] for any other type and for none.
    pub fn from_header(header: Option<&str>) -> Result<Self, OtlpError> {
        let media_type = media_type(header.unwrap_or_default());
        [Self::Protobuf, Self::XProtobuf, Self::Json]
            .into_iter()
            .find(|known| media_type.eq_ignore_ascii_case(known.name()))
            .ok_or(OtlpError::UnsupportedContentType)
    }

    /// How bodies of this type are encoded.
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Protobuf | Self::XProtobuf => Encoding::Protobuf,
            Self::Json => Encoding::Json,
        }
    }

    /// The name as it stands in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "application/protobuf",
            Self::XProtobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Undoes the content encoding of an OTLP/HTTP body, with a cap on the result in bytes.
///
/// A body in an encoding nobody knows is refused on traces and taken as it is on logs and metrics. Source: spec/honeycomb-api.md section 5.1.
///
/// # Errors
/// [`OtlpError::Malformed`] for a body that is broken, truncated, or longer than the cap.
pub fn decompress_body(
    signal: Signal,
    encoding: ContentEncoding,
    body: &[u8],
    bytes_max: usize,
) -> Result<Cow<'_, [u8]>, OtlpError> {
    let malformed = |cause: String| OtlpError::Malformed { signal, cause };
    if encoding == ContentEncoding::Unknown && signal == Signal::Traces {
        return Err(malformed("unsupported content-encoding".to_owned()));
    }
    decompress(encoding, body, bytes_max)
        .map_err(|error: DecompressError| malformed(error.to_string()))
}

/// Checks what must hold before a body is worth decoding.
fn check_headers(signal: Signal, headers: &OtlpHeaders<'_>) -> Result<(), OtlpError> {
    let needs_dataset = headers.classic_key && signal != Signal::Logs;
    if needs_dataset && dataset::from_header(headers).is_none() {
        return Err(OtlpError::MissingDataset);
    }
    Ok(())
}

/// A body as protobuf. JSON is written as protobuf first, so that there is one reader and one mapping.
struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    depth: u32,
    /// Records that are not in `bytes`, because they could not be read.
    refusals: Vec<Refusal>,
}

impl<'a> Body<'a> {
    fn new(signal: Signal, body: &'a [u8], encoding: Encoding) -> Result<Self, OtlpError> {
        let converted = match encoding {
            Encoding::Protobuf => {
                return Ok(Self {
                    bytes: Cow::Borrowed(body),
                    depth: protobuf::DEPTH_MAX,
                    refusals: Vec::new(),
                });
            }
            Encoding::Json => match signal {
                Signal::Traces => json::decode::<ExportTraceServiceRequest>(body)
                    .map(|(request, refusals)| (request.encode_to_vec(), refusals)),
                Signal::Logs => json::decode::<ExportLogsServiceRequest>(body)
                    .map(|(request, refusals)| (request.encode_to_vec(), refusals)),
                Signal::Metrics => json::decode::<ExportMetricsServiceRequest>(body)
                    .map(|(request, refusals)| (request.encode_to_vec(), refusals)),
            },
        };
        let (bytes, refusals) = converted.map_err(|malformed| OtlpError::Malformed {
            signal,
            cause: malformed.to_string(),
        })?;
        Ok(Self {
            bytes: Cow::Owned(bytes),
            depth: JSON_DEPTH_MAX,
            refusals,
        })
    }

    fn message(&self) -> protobuf::Message<'_> {
        protobuf::Message::new(&self.bytes, self.depth)
    }

    /// Puts the records that could not be read before the others that were refused.
    fn with_refusals(&self, mut decoded: Decoded) -> Decoded {
        let refusals = self.refusals.iter().copied();
        decoded.refusals.splice(..0, refusals);
        decoded
    }
}

/// How deep messages made of JSON may go: its reader has counted the levels already, and a message has at most two for one of them.
const JSON_DEPTH_MAX: u32 = 500;
