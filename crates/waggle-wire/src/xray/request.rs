//! The two operations that bring something in: PutTraceSegments and PutTelemetryRecords. Source: spec/xray.md section 3.7.

use super::Rejected;
use super::rows::Fields;
use super::tree::{Json, Object};
use super::{nanoseconds_from_decimal, split_documents};
use crate::json::JsonText;
use crate::row::Row;
use crate::token::Token;
use waggle_model::{EventBatch, EventLimits};

/// The dataset of what daemons say of themselves.
const DATASET_DAEMONS: &str = "waggle.xray_daemon";

/// Most containers open at once in a request; documents are texts in it.
const DEPTH_MAX: usize = 8;

/// Why a request can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is no JSON, or a member is of another type.
    #[error("the request body is not what the operation takes")]
    Malformed,
    /// A member that must be there is not.
    #[error("{0} is required")]
    Missing(&'static str),
    /// More documents than a request may have.
    #[error("TraceSegmentDocuments has more than {0} elements")]
    TooMany(usize),
}

/// Reads a request of PutTraceSegments: its documents as they were sent, an array of documents as one each.
///
/// # Errors
/// [`RequestError`]: nothing of the request is stored. An array that can't be split is handed on as one document, which will be refused.
pub fn decode_segments(body: &[u8], documents_max: usize) -> Result<Vec<String>, RequestError> {
    const MEMBER: &str = "TraceSegmentDocuments";
    let request = parse(body)?;
    let listed = match request.get(MEMBER) {
        None | Some(Json::Null) => return Err(RequestError::Missing(MEMBER)),
        Some(Json::Array(listed)) => listed,
        Some(_) => return Err(RequestError::Malformed),
    };
    let mut documents = Vec::new();
    for document in listed {
        let text = document.as_str().ok_or(RequestError::Malformed)?;
        match split_documents(text.as_bytes()) {
            Ok(parts) => {
                let parts = parts.into_iter().map(String::from_utf8_lossy);
                documents.extend(parts.map(String::from));
            }
            Err(_) => documents.push(text.to_owned()),
        }
        if documents.len() > documents_max {
            return Err(RequestError::TooMany(documents_max));
        }
    }
    Ok(documents)
}

/// The answer to PutTraceSegments. Those with an id come first: AWS's daemon stops reading at one without.
pub fn segments_reply<'r>(rejected: impl IntoIterator<Item = &'r Rejected>) -> String {
    let mut rejected: Vec<_> = rejected.into_iter().collect();
    rejected.sort_by_key(|rejected| rejected.id.is_none());
    let mut text = JsonText::new(usize::MAX);
    text.raw("{\"UnprocessedTraceSegments\":[");
    for (index, rejected) in rejected.into_iter().enumerate() {
        text.raw(if index > 0 { ",{" } else { "{" });
        if let Some(id) = &rejected.id {
            text.raw("\"Id\":");
            text.string(id);
            text.raw(",");
        }
        text.raw("\"ErrorCode\":");
        text.string(rejected.code.name());
        text.raw(",\"Message\":");
        text.string(&rejected.to_string());
        text.raw("}");
    }
    text.raw("]}");
    text.as_str().to_owned()
}

/// The id under which client and server speak of one request: a random number as a UUID of version 4.
pub fn request_id(random: u128) -> String {
    let mut hex = format!("{random:032x}");
    // Version and variant.
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "a");
    for place in [20, 16, 12, 8] {
        hex.insert(place, '-');
    }
    hex
}

/// Reads a request of PutTelemetryRecords as one event per record.
///
/// # Errors
/// [`RequestError`]: nothing of the request is stored.
pub fn decode_telemetry(
    body: &[u8],
    now_ns: i64,
    limits: &EventLimits,
) -> Result<EventBatch, RequestError> {
    const MEMBER: &str = "TelemetryRecords";
    let request = parse(body)?;
    let records = match request.get(MEMBER) {
        None | Some(Json::Null) => return Err(RequestError::Missing(MEMBER)),
        Some(Json::Array(records)) => records,
        Some(_) => return Err(RequestError::Malformed),
    };
    let mut batch = EventBatch::new(DATASET_DAEMONS);
    for record in records {
        let record = record.as_object().ok_or(RequestError::Malformed)?;
        let mut row = Row::begin(&mut batch, limits);
        put_telemetry(&mut row, &request, record);
        let time_ns = match record.get("Timestamp") {
            Some(Json::Number(seconds)) => nanoseconds_from_decimal(seconds),
            Some(Json::String(text)) => crate::honeycomb::time_from_token(&Token::Text(text)),
            _ => None,
        };
        // A record over a limit is left out: daemons can do nothing about it, and send the next in a minute.
        _ = row.end(time_ns.unwrap_or(now_ns), 1);
    }
    Ok(batch)
}

fn put_telemetry(row: &mut Row<'_>, request: &Object, record: &Object) {
    let mut fields = Fields::new(row);
    fields.put_text("host.name", request.str("Hostname"));
    fields.put_text("host.id", request.str("EC2InstanceId"));
    fields.put_text("aws.xray.resource_arn", request.str("ResourceARN"));
    let errors = record.object("BackendConnectionErrors");
    for (object, columns) in [(Some(record), COUNTS), (errors, ERRORS)] {
        for (column, member) in columns {
            if let Some(count) = object.and_then(|object| object.integer(member)) {
                fields.put_int(column, count);
            }
        }
    }
    fields.end();
}

const COUNTS: &[(&str, &str)] = &[
    ("segments.received", "SegmentsReceivedCount"),
    ("segments.sent", "SegmentsSentCount"),
    ("segments.spillover", "SegmentsSpilloverCount"),
    ("segments.rejected", "SegmentsRejectedCount"),
    // Of Waggle's own relay.
    ("segments.unsampled", "SegmentsUnsampledCount"),
];

const ERRORS: &[(&str, &str)] = &[
    ("errors.timeout", "TimeoutCount"),
    ("errors.connection_refused", "ConnectionRefusedCount"),
    ("errors.http_4xx", "HTTPCode4XXCount"),
    ("errors.http_5xx", "HTTPCode5XXCount"),
    ("errors.unknown_host", "UnknownHostCount"),
    ("errors.other", "OtherCount"),
];

fn parse(body: &[u8]) -> Result<Object, RequestError> {
    let text = std::str::from_utf8(body).map_err(|_| RequestError::Malformed)?;
    match Json::parse(text, DEPTH_MAX) {
        Ok(Json::Object(request)) => Ok(request),
        _ => Err(RequestError::Malformed),
    }
}

#[cfg(test)]
mod tests;
