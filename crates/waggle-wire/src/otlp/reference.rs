//! For tests only: the mapping written once more, over whole requests as prost decodes them. Slow, and easy to compare with the tables of
//! docs/wire/otlp.md; what the product's reader makes of any bytes must be the same.

mod attribute;
mod dataset;
mod logs;
mod mapping;
mod metrics;
mod sample_rate;
mod traces;

use super::{Decoded, OtlpHeaders};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use waggle_model::EventLimits;

/// Decodes an export of spans.
pub(crate) fn decode_traces(
    body: &[u8],
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
) -> Result<Decoded, prost::DecodeError> {
    let request = ExportTraceServiceRequest::decode(body)?;
    Ok(traces::map_traces(&request, headers, limits))
}

/// Decodes an export of log records.
pub(crate) fn decode_logs(
    body: &[u8],
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, prost::DecodeError> {
    let request = ExportLogsServiceRequest::decode(body)?;
    Ok(logs::map_logs(&request, headers, limits, now_ns))
}

/// Decodes an export of metrics.
pub(crate) fn decode_metrics(
    body: &[u8],
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, prost::DecodeError> {
    let request = metrics::Request::decode(body)?;
    Ok(metrics::map_metrics(&request, headers, limits, now_ns))
}

mod tests;

pub(crate) use tests::check;
