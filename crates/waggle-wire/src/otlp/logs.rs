//! Log records to rows. Source: spec/honeycomb-api.md section 6.3.

use super::attribute::{json_text, put_attributes, put_value};
use super::mapping::{
    Decoded, Inherited, Mapping, Place, RefusedPart, ResourceFields, put_inherited,
    put_unless_empty, timestamp_ns,
};
use super::protobuf::{Broken, Message};
use super::sample_rate::{Rates, is_rate};
use super::view::{LogView, ScopeView, Value, for_each_resource};
use super::{Body, Encoding, OtlpError, OtlpHeaders, Signal, check_headers, dataset, id};
use crate::row::Row;
use waggle_model::EventLimits;

/// Decodes the decompressed body of an export of log records. `now_ns` is the time of receipt, for records without a time.
///
/// # Errors
/// [`OtlpError::Malformed`]: nothing of the request can be stored.
pub fn decode_logs(
    body: &[u8],
    encoding: Encoding,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, OtlpError> {
    check_headers(Signal::Logs, headers)?;
    let body = Body::new(Signal::Logs, body, encoding)?;
    let mapped = map_logs(body.message(), headers, limits, now_ns).map_err(|broken| {
        OtlpError::Malformed {
            signal: Signal::Logs,
            cause: broken.to_string(),
        }
    })?;
    Ok(body.with_refusals(mapped))
}

fn map_logs<'a>(
    request: Message<'a>,
    headers: &OtlpHeaders<'a>,
    limits: &EventLimits,
    now_ns: i64,
) -> Result<Decoded, Broken> {
    let mut mapping = Mapping::new(limits);
    let mut ids = Ids::default();
    let mut scope = ScopeView::default();
    let mut record = LogView::default();
    let mut resource_index = 0_usize;
    for_each_resource(request, |resource| {
        mapping.begin_batch(dataset::of_logs(&resource.attributes, headers));
        let fields = ResourceFields::new(resource);
        for (scope_index, entry) in resource.scopes.iter().enumerate() {
            scope.read(*entry)?;
            let inherited = Inherited::new(None, &scope, &fields, limits);
            mapping.begin_scope(&inherited, scope.records.len());
            for (index, message) in scope.records.iter().enumerate() {
                let place = Place {
                    resource: resource_index,
                    scope: scope_index,
                    record: index,
                    part: RefusedPart::Record,
                };
                record.read(*message)?;
                ids.set(&record);
                let rates = Rates::of(&record.attributes).or(inherited.rates);
                mapping.row(place, rates.rate().unwrap_or(1), |row| {
                    write_record(row, &record, &ids);
                    put_inherited(row, &inherited);
                    record_time_ns(&record, now_ns)
                });
            }
        }
        resource_index = resource_index.saturating_add(1);
        Ok(())
    })?;
    Ok(mapping.finish())
}

/// The ids of one record as text, empty where it has none; reused from record to record.
#[derive(Default)]
struct Ids {
    trace: String,
    span: String,
}

impl Ids {
    fn set(&mut self, record: &LogView<'_>) {
        if id::is_absent(record.trace_id) {
            self.trace.clear();
        } else {
            id::set_trace_id(&mut self.trace, record.trace_id);
        }
        if id::is_absent(record.span_id) {
            self.span.clear();
        } else {
            id::set_span_id(&mut self.span, record.span_id);
        }
    }
}

fn write_record(row: &mut Row<'_>, record: &LogView<'_>, ids: &Ids) {
    put_attributes(row, record.attributes.iter().filter(|a| !is_rate(a)));
    row.put_str("meta.signal_type", "log");
    row.put_str("severity", severity_name(record.severity_number));
    row.put_int("severity_code", i64::from(record.severity_number));
    put_unless_empty(row, "severity_text", record.severity_text);
    row.put_int("flags", i64::from(record.flags));
    if !ids.trace.is_empty() {
        row.put_str("trace.trace_id", &ids.trace);
        row.put_str("meta.annotation_type", "span_event");
    }
    put_unless_empty(row, "trace.parent_id", &ids.span);
    put_unless_empty(row, "event.name", record.event_name);
    put_body(row, &record.body);
}

/// A map is kept twice: whole as JSON text, and flattened.
fn put_body(row: &mut Row<'_>, body: &Value<'_>) {
    if matches!(body, Value::Map(_)) {
        row.put_str("body", &json_text(body));
    }
    put_value(row, "body".into(), body);
}

/// The record's time, else the time it was observed, else the time of receipt.
fn record_time_ns(record: &LogView<'_>, now_ns: i64) -> i64 {
    match (record.unix_nano, record.observed_unix_nano) {
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
