//! Spans to rows: for each span its events, its links, then the span itself. Source: spec/honeycomb-api.md sections 6.1 and 6.2.
//!
//! The first writer of a column wins, so the order of the calls is the rule for names that collide: the record's own attributes, the
//! fields of the mapping, scope, resource, and last what is copied from an exception.

use super::attribute::put_attributes;
use super::mapping::{
    Decoded, Inherited, Mapping, Place, RefusedPart, ResourceFields, milliseconds_between,
    put_inherited, put_unless_empty, timestamp_ns,
};
use super::protobuf::{Broken, Message};
use super::view::{Attribute, EventView, LinkView, ScopeView, SpanView, Value, for_each_resource};
use super::{
    Body, Encoding, OtlpError, OtlpHeaders, Signal, check_headers, dataset, id, sample_rate,
};
use crate::row::Row;
use waggle_model::EventLimits;

/// Decodes the decompressed body of an export of spans.
///
/// # Errors
/// [`OtlpError::MissingDataset`] and [`OtlpError::Malformed`]: nothing of the request can be stored.
pub fn decode_traces(
    body: &[u8],
    encoding: Encoding,
    headers: &OtlpHeaders<'_>,
    limits: &EventLimits,
) -> Result<Decoded, OtlpError> {
    check_headers(Signal::Traces, headers)?;
    let body = Body::new(Signal::Traces, body, encoding)?;
    let mapped =
        map_traces(body.message(), headers, limits).map_err(|broken| OtlpError::Malformed {
            signal: Signal::Traces,
            cause: broken.to_string(),
        })?;
    Ok(body.with_refusals(mapped))
}

fn map_traces<'a>(
    request: Message<'a>,
    headers: &OtlpHeaders<'a>,
    limits: &EventLimits,
) -> Result<Decoded, Broken> {
    let mut mapping = Mapping::new(limits);
    let mut scope = ScopeView::default();
    let mut record = Record::default();
    let mut resource_index = 0_usize;
    for_each_resource(request, |resource| {
        mapping.begin_batch(dataset::of_spans(&resource.attributes, headers));
        let fields = ResourceFields::new(resource);
        for (scope_index, entry) in resource.scopes.iter().enumerate() {
            scope.read(*entry)?;
            let inherited = Inherited::new(Some(SIGNAL_TYPE), &scope, &fields, limits);
            mapping.begin_scope(&inherited, scope.records.len());
            for (index, span) in scope.records.iter().enumerate() {
                let place = Place {
                    resource: resource_index,
                    scope: scope_index,
                    record: index,
                    part: RefusedPart::Record,
                };
                record.read(*span)?;
                record.map(&mut mapping, place, &inherited)?;
            }
        }
        resource_index = resource_index.saturating_add(1);
        Ok(())
    })?;
    Ok(mapping.finish())
}

/// The last column of a span's own, which all spans have.
const SIGNAL_TYPE: (&str, &str) = ("meta.signal_type", "trace");

/// The ids of one span as text; reused from span to span.
#[derive(Default)]
struct Ids {
    trace: String,
    span: String,
    parent: String,
}

/// One span with its ids, and room for its parts; reused from span to span.
#[derive(Default)]
struct Record<'a> {
    span: SpanView<'a>,
    ids: Ids,
    event: EventView<'a>,
    link: LinkView<'a>,
    link_ids: Ids,
    /// The attributes of the span's first exception.
    exception: Option<Vec<Attribute<'a>>>,
}

/// What the rows of a span share.
#[derive(Clone, Copy)]
struct SpanFacts<'f, 'a> {
    span: &'f SpanView<'a>,
    ids: &'f Ids,
    inherited: &'f Inherited,
    is_error: bool,
}

impl<'a> Record<'a> {
    fn read(&mut self, span: Message<'a>) -> Result<(), Broken> {
        self.span.read(span)?;
        let (span, ids) = (&self.span, &mut self.ids);
        id::set_trace_id(&mut ids.trace, span.trace_id);
        id::set_span_id(&mut ids.span, span.span_id);
        if id::is_absent(span.parent_span_id) {
            ids.parent.clear();
        } else {
            id::set_span_id(&mut ids.parent, span.parent_span_id);
        }
        self.exception = None;
        Ok(())
    }

    fn map(
        &mut self,
        mapping: &mut Mapping<'_>,
        place: Place,
        inherited: &Inherited,
    ) -> Result<(), Broken> {
        let facts = SpanFacts {
            span: &self.span,
            ids: &self.ids,
            inherited,
            is_error: self.span.status_code == 2,
        };
        let sample_rate = facts.sample_rate();
        for (index, event) in facts.span.events.iter().enumerate() {
            self.event.read(*event)?;
            let part = RefusedPart::SpanEvent(index);
            mapping.row(Place { part, ..place }, sample_rate, |row| {
                write_event(row, &self.event, facts)
            });
            if self.event.name == "exception" && self.exception.is_none() {
                self.exception = Some(std::mem::take(&mut self.event.attributes));
            }
        }
        for (index, link) in facts.span.links.iter().enumerate() {
            self.link.read(*link)?;
            let part = RefusedPart::Link(index);
            id::set_trace_id(&mut self.link_ids.trace, self.link.trace_id);
            id::set_span_id(&mut self.link_ids.span, self.link.span_id);
            mapping.row(Place { part, ..place }, sample_rate, |row| {
                write_link(row, &self.link, &self.link_ids, facts)
            });
        }
        let exception = self.exception.as_deref().unwrap_or_default();
        mapping.row(place, sample_rate, |row| write_span(row, facts, exception));
        Ok(())
    }
}

impl SpanFacts<'_, '_> {
    fn sample_rate(self) -> u32 {
        let span = self.span;
        sample_rate::Rates::of(&span.attributes)
            .or(self.inherited.rates)
            .rate()
            .or_else(|| sample_rate::from_trace_state(span.trace_state, span.span_id))
            .unwrap_or(1)
    }
}

fn write_span(row: &mut Row<'_>, facts: SpanFacts<'_, '_>, exception: &[Attribute<'_>]) -> i64 {
    let span = facts.span;
    put_attributes(
        row,
        span.attributes.iter().filter(|a| !sample_rate::is_rate(a)),
    );
    row.put_str("trace.trace_id", &facts.ids.trace);
    row.put_str("trace.span_id", &facts.ids.span);
    put_unless_empty(row, "trace.parent_id", &facts.ids.parent);
    row.put_str("name", span.name);
    let kind = kind_name(span.kind);
    row.put_str("type", kind);
    row.put_str("span.kind", kind);
    put_duration(row, span);
    row.put_int("status_code", i64::from(span.status_code));
    put_unless_empty(row, "status_message", span.status_message);
    put_error(row, facts);
    row.put_int("span.num_events", count(span.events.len()));
    row.put_int("span.num_links", count(span.links.len()));
    put_unless_empty(row, "trace.trace_state", span.trace_state);
    // What follows in the tables, the type of the signal, comes with what is inherited.
    put_inherited(row, facts.inherited);
    put_exception(row, exception);
    timestamp_ns(span.start_unix_nano)
}

fn put_duration(row: &mut Row<'_>, span: &SpanView<'_>) {
    let (start, end) = (span.start_unix_nano, span.end_unix_nano);
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

fn put_error(row: &mut Row<'_>, facts: SpanFacts<'_, '_>) {
    if facts.is_error {
        row.put_bool("error", true);
    }
}

/// Copies the first exception onto its span, so that spans can be grouped by what went wrong.
fn put_exception(row: &mut Row<'_>, exception: &[Attribute<'_>]) {
    for attribute in exception {
        match (attribute.key.as_str(), &attribute.value) {
            (
                name @ ("exception.message" | "exception.type" | "exception.stacktrace"),
                Value::String(value),
            ) => row.put_str(name, *value),
            (name @ "exception.escaped", Value::Bool(value)) => row.put_bool(name, *value),
            _ => {}
        }
    }
}

fn write_event(row: &mut Row<'_>, event: &EventView<'_>, facts: SpanFacts<'_, '_>) -> i64 {
    put_attributes(row, &event.attributes);
    put_annotation(row, "span_event", facts);
    row.put_str("name", event.name);
    match milliseconds_between(facts.span.start_unix_nano, event.unix_nano) {
        Some(since_start_ms) => row.put_float("meta.time_since_span_start_ms", since_start_ms),
        None => {
            row.put_float("meta.time_since_span_start_ms", 0.0);
            row.put_bool("meta.invalid_time_since_span_start", true);
        }
    }
    put_inherited(row, facts.inherited);
    timestamp_ns(event.unix_nano)
}

fn write_link(
    row: &mut Row<'_>,
    link: &LinkView<'_>,
    link_ids: &Ids,
    facts: SpanFacts<'_, '_>,
) -> i64 {
    put_attributes(row, &link.attributes);
    put_annotation(row, "link", facts);
    row.put_str("trace.link.trace_id", &link_ids.trace);
    row.put_str("trace.link.span_id", &link_ids.span);
    put_inherited(row, facts.inherited);
    timestamp_ns(facts.span.start_unix_nano)
}

/// Writes what span events and links have in common.
fn put_annotation(row: &mut Row<'_>, annotation_type: &str, facts: SpanFacts<'_, '_>) {
    row.put_str("trace.trace_id", &facts.ids.trace);
    row.put_str("trace.parent_id", &facts.ids.span);
    row.put_str("parent_name", facts.span.name);
    row.put_str("meta.annotation_type", annotation_type);
    row.put_str(SIGNAL_TYPE.0, SIGNAL_TYPE.1);
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
