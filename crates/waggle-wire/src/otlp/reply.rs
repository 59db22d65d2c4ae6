//! Answers to exports. Source: spec/honeycomb-api.md sections 5.2 and 5.3; partial success is OTLP's own way to say what was refused.

use super::{ContentType, Decoded, Encoding, OtlpError, RefusedPart, Signal};
use crate::Reply;
use crate::json::JsonText;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use waggle_model::{AppendError, Reject, RejectReason};

/// How much of a request was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectedCount {
    /// Spans, log records or data points.
    pub records: i64,
    /// Span events and links; their spans may well be stored.
    pub annotations: i64,
    /// Why the first of them was.
    pub reason: Option<RejectReason>,
}

/// Adds up what the decoder refused and what the store refused later. `decoded.batches` may have been taken out.
pub fn rejected_count(decoded: &Decoded, rejects: &[Reject]) -> RejectedCount {
    let in_decoder = decoded.refusals.iter().map(|refusal| {
        let is_record = matches!(
            refusal.place.part,
            RefusedPart::Record | RefusedPart::Point(_)
        );
        (is_record, 1, refusal.reason)
    });
    let in_store = rejects.iter().map(|reject| {
        let row = (reject.batch, reject.row);
        let is_record = decoded.annotations.binary_search(&row).is_err();
        // A row is one record, unless it is made of data points.
        let count = decoded.points.get(reject.row).copied().unwrap_or(1);
        (is_record, count, reject.reason)
    });
    let mut total = RejectedCount::default();
    for (is_record, count, reason) in in_decoder.chain(in_store) {
        total.reason.get_or_insert(reason);
        let sum = if is_record {
            &mut total.records
        } else {
            &mut total.annotations
        };
        *sum = sum.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
    }
    total
}

/// The answer to an export that was stored: an empty response, or a partial success when something was refused.
pub fn export_reply(signal: Signal, content_type: ContentType, rejected: &RejectedCount) -> Reply {
    let body = match content_type.encoding() {
        Encoding::Json => export_json(signal, rejected),
        Encoding::Protobuf => match signal {
            Signal::Traces => ExportTraceServiceResponse {
                partial_success: traces_partial_success(rejected),
            }
            .encode_to_vec(),
            Signal::Logs => ExportLogsServiceResponse {
                partial_success: logs_partial_success(rejected),
            }
            .encode_to_vec(),
            Signal::Metrics => ExportMetricsServiceResponse {
                partial_success: metrics_partial_success(rejected),
            }
            .encode_to_vec(),
        },
    };
    Reply {
        status: 200,
        content_type: Some(content_type.name()),
        body,
    }
}

/// The partial success of an answer in protobuf; `None` when everything was stored.
fn traces_partial_success(rejected: &RejectedCount) -> Option<ExportTracePartialSuccess> {
    Some(ExportTracePartialSuccess {
        error_message: rejected_text(Signal::Traces, rejected)?,
        rejected_spans: rejected.records,
    })
}

/// As [`traces_partial_success`], for log records.
fn logs_partial_success(rejected: &RejectedCount) -> Option<ExportLogsPartialSuccess> {
    Some(ExportLogsPartialSuccess {
        error_message: rejected_text(Signal::Logs, rejected)?,
        rejected_log_records: rejected.records,
    })
}

/// As [`traces_partial_success`], for data points.
fn metrics_partial_success(rejected: &RejectedCount) -> Option<ExportMetricsPartialSuccess> {
    Some(ExportMetricsPartialSuccess {
        error_message: rejected_text(Signal::Metrics, rejected)?,
        rejected_data_points: rejected.records,
    })
}

/// The answer to a request refused as a whole. `content_type` is that of the request; `None` when it is not one of ours.
pub fn error_reply(content_type: Option<ContentType>, error: &OtlpError) -> Reply {
    let message = error.to_string();
    let (content_type, body) = match content_type {
        None => ("text/plain", message.into_bytes()),
        Some(content_type) => {
            let body = match content_type.encoding() {
                Encoding::Json => status_json(&message),
                Encoding::Protobuf => RpcStatus { code: 0, message }.encode_to_vec(),
            };
            (content_type.name(), body)
        }
    };
    Reply {
        status: http_status(error),
        content_type: Some(content_type),
        body,
    }
}

/// The gRPC status code of a refused request; its message is the error's display text.
pub fn grpc_code(error: &OtlpError) -> i32 {
    match error {
        OtlpError::UnsupportedContentType => 12,
        OtlpError::MissingKey | OtlpError::MissingDataset | OtlpError::UnknownKey => 16,
        OtlpError::Forbidden => 7,
        OtlpError::Malformed { .. } => 13,
        // Exporters send again after this one if the status says when.
        OtlpError::RateLimited => 8,
        // The one code of these two exporters send again after.
        OtlpError::Busy | OtlpError::Unavailable => 14,
    }
}

impl From<AppendError> for OtlpError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Busy => Self::Busy,
            // What happened inside is for the log.
            AppendError::Full | AppendError::Unavailable(_) => Self::Unavailable,
        }
    }
}

/// `google.rpc.Status` without details. The code stays 0, as clients know it from Honeycomb.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

fn http_status(error: &OtlpError) -> u16 {
    match error {
        OtlpError::UnsupportedContentType => 415,
        OtlpError::MissingKey | OtlpError::MissingDataset | OtlpError::UnknownKey => 401,
        OtlpError::Forbidden => 403,
        OtlpError::Malformed { .. } => 400,
        OtlpError::RateLimited => 429,
        OtlpError::Busy | OtlpError::Unavailable => 503,
    }
}

/// Only traces say what is wrong. Source: spec/honeycomb-api.md section 5.2.
pub(super) fn malformed_text(signal: Signal, cause: &str) -> String {
    match signal {
        Signal::Traces => format!("failed to parse OTLP request body: {cause}"),
        Signal::Logs | Signal::Metrics => "failed to parse OTLP request body".to_owned(),
    }
}

fn status_json(message: &str) -> Vec<u8> {
    let mut text = JsonText::new(usize::MAX);
    text.raw("{\"message\":");
    text.string(message);
    text.raw("}");
    text.into_bytes()
}

fn export_json(signal: Signal, rejected: &RejectedCount) -> Vec<u8> {
    let Some(message) = rejected_text(signal, rejected) else {
        return b"{}".to_vec();
    };
    let mut text = JsonText::new(usize::MAX);
    text.raw("{\"partialSuccess\":{");
    if rejected.records > 0 {
        // 64-bit integers are strings in protobuf's JSON, and a zero is left out.
        text.string(match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        });
        text.raw(":");
        text.string(&rejected.records.to_string());
        text.raw(",");
    }
    text.raw("\"errorMessage\":");
    text.string(&message);
    text.raw("}}");
    text.into_bytes()
}

/// Says how much was refused and why the first was; `None` when nothing was.
fn rejected_text(signal: Signal, rejected: &RejectedCount) -> Option<String> {
    let reason = match rejected.reason? {
        RejectReason::TooManyColumns => "too many attributes",
        RejectReason::DatasetTooManyColumns => "the dataset has too many columns",
        RejectReason::TooLarge => "too large",
        RejectReason::Empty => "no fields",
        RejectReason::Malformed => "a name is too long or a value nested too deeply",
        RejectReason::UnknownDataset => {
            "the dataset does not exist and this key may not create it, or its name can't be used"
        }
        RejectReason::TooManyDatasets => {
            "the environment has reached the maximum number of datasets allowed"
        }
    };
    Some(match signal {
        Signal::Traces => format!(
            "spans refused: {}, span events and links refused: {}, first reason: {reason}",
            rejected.records, rejected.annotations
        ),
        Signal::Logs => format!(
            "log records refused: {}, first reason: {reason}",
            rejected.records
        ),
        Signal::Metrics => format!(
            "data points refused: {}, first reason: {reason}",
            rejected.records
        ),
    })
}

#[cfg(test)]
mod tests;
