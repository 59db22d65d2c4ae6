//! What arrives at the daemon's UDP port: a header line, then one document or OTLP in base64. Source: spec/xray.md sections 1.1, 1.2, 1.4.

use super::tree::{Json, Object};
use super::{RejectCode, Rejected, split_documents};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Most bytes of a datagram; UDP over IPv4 carries fewer.
pub const DATAGRAM_BYTES_MAX: usize = 65_536;

/// Most containers open at once in a header.
const HEADER_DEPTH_MAX: usize = 4;

/// Exporters pad; a hand-made client need not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a datagram carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// Documents, mostly one.
    Documents(Vec<&'a [u8]>),
    /// An OTLP request of spans in protobuf.
    Traces(Vec<u8>),
    /// Spans that were not sampled: there is nothing to keep.
    Unsampled,
    /// An OTLP request of metrics in protobuf.
    Metrics(Vec<u8>),
}

/// Why a datagram is dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// There is no newline, or nothing after it.
    #[error("no document after the header")]
    NoPayload,
    /// The header is not JSON, or not of this format and version.
    #[error("the header is not {{\"format\":\"json\",\"version\":1}}")]
    BadHeader,
    /// The payload is neither JSON nor one of the OTLP forms.
    #[error("{0}")]
    BadPayload(Rejected),
}

/// Reads one datagram; `None` for one without a byte, which is not even counted.
///
/// # Errors
/// [`DatagramError`]: the datagram is to be dropped and counted.
pub fn read_datagram(bytes: &[u8]) -> Option<Result<Datagram<'_>, DatagramError>> {
    (!bytes.is_empty()).then(|| read(bytes))
}

fn read(bytes: &[u8]) -> Result<Datagram<'_>, DatagramError> {
    let newline = bytes.iter().position(|&byte| byte == b'\n');
    let (header, payload) = newline
        .and_then(|newline| bytes.split_at_checked(newline))
        .ok_or(DatagramError::NoPayload)?;
    let payload = payload.strip_prefix(b"\n").unwrap_or(payload);
    if payload.is_empty() {
        return Err(DatagramError::NoPayload);
    }
    if !is_header(header) {
        return Err(DatagramError::BadHeader);
    }
    if let Some(text) = payload.strip_prefix(b"T1S") {
        return from_base64(text).map(Datagram::Traces);
    }
    if payload.starts_with(b"T1U") {
        return Ok(Datagram::Unsampled);
    }
    if let Some(text) = payload.strip_prefix(b"M1") {
        return from_base64(text).map(Datagram::Metrics);
    }
    split_documents(payload)
        .map(Datagram::Documents)
        .map_err(DatagramError::BadPayload)
}

fn is_header(bytes: &[u8]) -> bool {
    let header = std::str::from_utf8(bytes).ok();
    let header = header.and_then(|text| Json::parse(text, HEADER_DEPTH_MAX).ok());
    let object = header.as_ref().and_then(Json::as_object);
    object.is_some_and(|header: &Object| {
        let format = header.str("format");
        format.is_some_and(|format| format.eq_ignore_ascii_case("json"))
            && header.get("version").and_then(Json::as_i64) == Some(1)
    })
}

fn from_base64(text: &[u8]) -> Result<Vec<u8>, DatagramError> {
    BASE64.decode(text.trim_ascii()).map_err(|_| {
        DatagramError::BadPayload(Rejected {
            code: RejectCode::ParseError,
            id: None,
        })
    })
}

#[cfg(test)]
mod tests;
