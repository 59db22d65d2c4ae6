//! Log records to rows.

use super::attribute::{json_text, put_attributes, put_value};
use super::mapping::{ResourceFields, ScopeFields, put_inherited};
use super::{dataset, sample_rate};
use crate::otlp::mapping::{Decoded, Mapping, Place, RefusedPart, put_unless_empty, timestamp_ns};
use crate::otlp::{OtlpHeaders, id};
use crate::row::Row;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use waggle_model::EventLimits;

/// Maps an export of log records.
pub(super) fn map_logs(
    request: &ExportLogsServiceRequest,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Decoded {
    let mut mapping = Mapping::new(limits);
    let mut ids = Ids::default();
    for (resource_index, entry) in request.resource_logs.iter().enumerate() {
        mapping.begin_batch(dataset::of_logs(entry.resource.as_ref(), headers));
        let resource = ResourceFields::new(entry.resource.as_ref(), &entry.schema_url);
        for (scope_index, entry) in entry.scope_logs.iter().enumerate() {
            let scope = ScopeFields::new(entry.scope.as_ref(), &entry.schema_url);
            for (record_index, record) in entry.log_records.iter().enumerate() {
                let place = Place {
                    resource: resource_index,
                    scope: scope_index,
                    record: record_index,
                    part: RefusedPart::Record,
                };
                ids.set(record);
                let lists = [&*record.attributes, scope.attributes, resource.attributes];
                let sample_rate = sample_rate::from_attributes(&lists).unwrap_or(1);
                mapping.row(place, sample_rate, |row| {
                    write_record(row, record, &ids);
                    put_inherited(row, &scope, &resource);
                    record_time_ns(record, now_ns)
                });
            }
        }
    }
    mapping.finish()
}

/// The ids of one record as text, empty where it has none; reused from record to record.
#[derive(Default)]
struct Ids {
    trace: String,
    span: String,
}

impl Ids {
    fn set(&mut self, record: &LogRecord) {
        id::set_trace_id(&mut self.trace, &record.trace_id);
        if id::is_absent(&record.trace_id) {
            self.trace.clear();
        }
        id::set_span_id(&mut self.span, &record.span_id);
        if id::is_absent(&record.span_id) {
            self.span.clear();
        }
    }
}

fn write_record(row: &mut Row<'_>, record: &LogRecord, ids: &Ids) {
    put_attributes(
        row,
        record
            .attributes
            .iter()
            .filter(|a| !sample_rate::is_rate(a)),
    );
    row.put_str("meta.signal_type", "log");
    row.put_str("severity", severity_name(record.severity_number));
    row.put_int("severity_code", i64::from(record.severity_number));
    put_unless_empty(row, "severity_text", &record.severity_text);
    row.put_int("flags", i64::from(record.flags));
    if !ids.trace.is_empty() {
        row.put_str("trace.trace_id", &ids.trace);
        row.put_str("meta.annotation_type", "span_event");
    }
    put_unless_empty(row, "trace.parent_id", &ids.span);
    put_unless_empty(row, "event.name", &record.event_name);
    put_body(row, record.body.as_ref());
}

/// A map is kept twice: whole as JSON text, and flattened.
fn put_body(row: &mut Row<'_>, body: Option<&AnyValue>) {
    if let Some(map @ Value::KvlistValue(_)) = body.and_then(|body| body.value.as_ref()) {
        row.put_str("body", &json_text(map));
    }
    put_value(row, "body", body);
}

/// The record's time, else the time it was observed, else the time of receipt.
fn record_time_ns(record: &LogRecord, now_ns: i64) -> i64 {
    match (record.time_unix_nano, record.observed_time_unix_nano) {
        (0, 0) => now_ns,
        (0, observed) => timestamp_ns(observed),
        (time, _) => timestamp_ns(time),
    }
}

fn severity_name(number: i32) -> &'static str {
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "unspecified",
    }
}
