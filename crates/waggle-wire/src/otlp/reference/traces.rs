//! Spans to rows.

use super::attribute::put_attributes;
use super::mapping::{ResourceFields, ScopeFields, put_inherited};
use super::{dataset, sample_rate};
use crate::otlp::mapping::{
    Decoded, Mapping, Place, RefusedPart, milliseconds_between, put_unless_empty, timestamp_ns,
};
use crate::otlp::{OtlpHeaders, id};
use crate::row::Row;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use waggle_model::EventLimits;

/// Maps an export of spans.
pub(super) fn map_traces(
    request: &ExportTraceServiceRequest,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
) -> Decoded {
    let mut mapping = Mapping::new(limits);
    let mut ids = Ids::default();
    for (resource_index, entry) in request.resource_spans.iter().enumerate() {
        mapping.begin_batch(dataset::of_spans(entry.resource.as_ref(), headers));
        let resource = ResourceFields::new(entry.resource.as_ref(), &entry.schema_url);
        for (scope_index, entry) in entry.scope_spans.iter().enumerate() {
            let scope = ScopeFields::new(entry.scope.as_ref(), &entry.schema_url);
            for (record, span) in entry.spans.iter().enumerate() {
                let place = Place {
                    resource: resource_index,
                    scope: scope_index,
                    record,
                    part: RefusedPart::Record,
                };
                ids.set(span);
                let facts = SpanFacts {
                    span,
                    ids: &ids,
                    scope: &scope,
                    resource: &resource,
                    is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
                    sample_rate: span_sample_rate(span, &scope, &resource),
                };
                map_span(&mut mapping, place, &facts);
            }
        }
    }
    mapping.finish()
}

/// The ids of one span as text; reused from span to span.
#[derive(Default)]
struct Ids {
    trace: String,
    span: String,
    parent: String,
}

impl Ids {
    fn set(&mut self, span: &Span) {
        id::set_trace_id(&mut self.trace, &span.trace_id);
        id::set_span_id(&mut self.span, &span.span_id);
        id::set_span_id(&mut self.parent, &span.parent_span_id);
        if id::is_absent(&span.parent_span_id) {
            self.parent.clear();
        }
    }
}

/// A span and what its rows share.
struct SpanFacts<'a> {
    span: &'a Span,
    ids: &'a Ids,
    scope: &'a ScopeFields<'a>,
    resource: &'a ResourceFields<'a>,
    is_error: bool,
    sample_rate: u32,
}

fn span_sample_rate(span: &Span, scope: &ScopeFields<'_>, resource: &ResourceFields<'_>) -> u32 {
    let lists = [&*span.attributes, scope.attributes, resource.attributes];
    sample_rate::from_attributes(&lists)
        .or_else(|| sample_rate::from_trace_state(&span.trace_state, &span.span_id))
        .unwrap_or(1)
}

fn map_span(mapping: &mut Mapping<'_>, place: Place, facts: &SpanFacts<'_>) {
    for (index, event) in facts.span.events.iter().enumerate() {
        let place = Place {
            part: RefusedPart::SpanEvent(index),
            ..place
        };
        mapping.row(place, facts.sample_rate, |row| {
            write_event(row, event, facts)
        });
    }
    let mut link_ids = Ids::default();
    for (index, link) in facts.span.links.iter().enumerate() {
        let place = Place {
            part: RefusedPart::Link(index),
            ..place
        };
        id::set_trace_id(&mut link_ids.trace, &link.trace_id);
        id::set_span_id(&mut link_ids.span, &link.span_id);
        mapping.row(place, facts.sample_rate, |row| {
            write_link(row, link, &link_ids, facts)
        });
    }
    mapping.row(place, facts.sample_rate, |row| write_span(row, facts));
}

fn write_span(row: &mut Row<'_>, facts: &SpanFacts<'_>) -> i64 {
    let span = facts.span;
    put_attributes(
        row,
        span.attributes.iter().filter(|a| !sample_rate::is_rate(a)),
    );
    row.put_str("trace.trace_id", &facts.ids.trace);
    row.put_str("trace.span_id", &facts.ids.span);
    put_unless_empty(row, "trace.parent_id", &facts.ids.parent);
    row.put_str("name", &span.name);
    let kind = kind_name(span.kind);
    row.put_str("type", kind);
    row.put_str("span.kind", kind);
    put_duration(row, span);
    let status = span.status.as_ref();
    row.put_int(
        "status_code",
        status.map_or(0, |status| i64::from(status.code)),
    );
    put_unless_empty(
        row,
        "status_message",
        status.map_or("", |status| &status.message),
    );
    put_error(row, facts);
    row.put_int("span.num_events", count(span.events.len()));
    row.put_int("span.num_links", count(span.links.len()));
    put_unless_empty(row, "trace.trace_state", &span.trace_state);
    row.put_str("meta.signal_type", "trace");
    put_inherited(row, facts.scope, facts.resource);
    put_exception(row, span);
    timestamp_ns(span.start_time_unix_nano)
}

fn put_duration(row: &mut Row<'_>, span: &Span) {
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    let has_both = start != 0 && end != 0;
    match milliseconds_between(start, end) {
        Some(duration_ms) if has_both => row.put_float("duration_ms", duration_ms),
        None if has_both => {
            row.put_float("duration_ms", 0.0);
            row.put_bool("meta.invalid_duration", true);
        }
        _ => row.put_float("duration_ms", 0.0),
    }
}

fn put_error(row: &mut Row<'_>, facts: &SpanFacts<'_>) {
    if facts.is_error {
        row.put_bool("error", true);
    }
}

/// Copies the first exception onto its span, so that spans can be grouped by what went wrong.
fn put_exception(row: &mut Row<'_>, span: &Span) {
    let Some(exception) = span.events.iter().find(|event| event.name == "exception") else {
        return;
    };
    for attribute in &exception.attributes {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        match (&*attribute.key, value) {
            (
                name @ ("exception.message" | "exception.type" | "exception.stacktrace"),
                Some(Value::StringValue(value)),
            ) => row.put_str(name, value),
            (name @ "exception.escaped", Some(Value::BoolValue(value))) => {
                row.put_bool(name, *value);
            }
            _ => {}
        }
    }
}

fn write_event(row: &mut Row<'_>, event: &Event, facts: &SpanFacts<'_>) -> i64 {
    put_attributes(row, &event.attributes);
    put_annotation(row, "span_event", facts);
    row.put_str("name", &event.name);
    let start = facts.span.start_time_unix_nano;
    match milliseconds_between(start, event.time_unix_nano) {
        Some(since_start_ms) => row.put_float("meta.time_since_span_start_ms", since_start_ms),
        None => {
            row.put_float("meta.time_since_span_start_ms", 0.0);
            row.put_bool("meta.invalid_time_since_span_start", true);
        }
    }
    put_inherited(row, facts.scope, facts.resource);
    timestamp_ns(event.time_unix_nano)
}

fn write_link(row: &mut Row<'_>, link: &Link, link_ids: &Ids, facts: &SpanFacts<'_>) -> i64 {
    put_attributes(row, &link.attributes);
    put_annotation(row, "link", facts);
    row.put_str("trace.link.trace_id", &link_ids.trace);
    row.put_str("trace.link.span_id", &link_ids.span);
    put_inherited(row, facts.scope, facts.resource);
    timestamp_ns(facts.span.start_time_unix_nano)
}

/// Writes what span events and links have in common.
fn put_annotation(row: &mut Row<'_>, annotation_type: &str, facts: &SpanFacts<'_>) {
    row.put_str("trace.trace_id", &facts.ids.trace);
    row.put_str("trace.parent_id", &facts.ids.span);
    row.put_str("parent_name", &facts.span.name);
    row.put_str("meta.annotation_type", annotation_type);
    row.put_str("meta.signal_type", "trace");
    put_error(row, facts);
}

fn kind_name(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
