//! OpenTelemetry's protocol: traces and logs, as protobuf, as JSON, and as the decoded requests of gRPC, all through one mapping.
//! Source: spec/honeycomb-api.md sections 5 and 6.

mod attribute;
mod dataset;
mod id;
mod json;
mod logs;
mod mapping;
mod reply;
mod sample_rate;
mod traces;

pub use logs::{decode_logs, map_logs};
pub use mapping::{Decoded, Place, Refusal, RefusedPart};
pub use reply::{
    RejectedCount, error_reply, export_reply, grpc_code, logs_partial_success, rejected_count,
    traces_partial_success,
};
pub use traces::{decode_traces, map_traces};

// The case runner turns its OTLP/JSON into protobuf and reads replies back.
#[cfg(test)]
pub(crate) use {json::decode as decode_json, reply::RpcStatus};

use crate::{ContentEncoding, DecompressError, decompress, media_type};
use std::borrow::Cow;

/// What kind of records a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans with their events and links.
    Traces,
    /// Log records.
    Logs,
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
/// A body in an encoding nobody knows is refused on traces and taken as it is on logs. Source: spec/honeycomb-api.md section 5.1.
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
    let needs_dataset = headers.classic_key && signal == Signal::Traces;
    if needs_dataset && dataset::from_header(headers).is_none() {
        return Err(OtlpError::MissingDataset);
    }
    Ok(())
}

/// Decodes a body in either encoding.
fn decode<M>(signal: Signal, body: &[u8], encoding: Encoding) -> Result<M, OtlpError>
where
    M: prost::Message + Default + json::JsonMessage,
{
    let decoded = match encoding {
        Encoding::Protobuf => M::decode(body).map_err(|error| error.to_string()),
        Encoding::Json => json::decode(body).map_err(|error| error.to_string()),
    };
    decoded.map_err(|cause| OtlpError::Malformed { signal, cause })
}
