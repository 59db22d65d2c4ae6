//! Entities as spans of OTLP/JSON with their events and links, for clients that ask for that form. Source: spec/xray.md section 7.

use super::made::{is_of_otlp, own_fields};
use super::{SegmentDocument, rows_by_id};
use crate::trace::{Attached, Attachment, Entity, Fields, Namespace, Row, Trace, link_of, text};
use hashbrown::HashSet;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use waggle_model::ValueRef;

/// Columns that a span says elsewhere, or that are another form of it.
const NOT_ATTRIBUTES: [&str; 12] = [
    "meta.signal_type",
    "name",
    "span.kind",
    "span.num_events",
    "span.num_links",
    "status_message",
    "trace.span_id",
    "trace.trace_id",
    "trace.trace_state",
    "xray.document",
    "xray.received_ns",
    "xray.source",
];

/// The spans of a trace by start, then id; inferred segments are none. Of one that would have more than `bytes_max` bytes the ends of
/// a name, message or trace state of more than 1,000 characters go first, then the longest attributes, then the last events, then the last links, each counted where OTLP counts them.
pub fn span_documents(trace: &Trace, rows: &[Row<'_>], bytes_max: usize) -> Vec<SegmentDocument> {
    let rows_by_id = rows_by_id(rows);
    let attached = Attached::of(rows);
    let sent = trace.entities.iter().filter(|entity| !entity.is_inferred);
    let documents = sent.map(|entity| {
        let row = rows_by_id.get(&entity.id).copied();
        let span = span(trace, entity, row, &attached);
        SegmentDocument {
            id: entity.id,
            text: fitted(span, bytes_max).to_string(),
        }
    });
    documents.collect()
}

fn span(
    trace: &Trace,
    entity: &Entity,
    row: Option<&Row<'_>>,
    attached: &Attached<'_, '_>,
) -> Json {
    let fields = row.map(|row| row.fields);
    let thrown = attached.rows(entity.id, Attachment::Exception).next();
    let text_of = |column: &str| fields.and_then(|fields| text(fields, column));
    let mut span = json!({
        "traceId": trace.id.to_string(),
        "spanId": entity.id.to_string(),
        "name": text_of("name").unwrap_or(&entity.name),
        "kind": kind(entity, text_of("span.kind")),
        "startTimeUnixNano": entity.start_ns.to_string(),
        "endTimeUnixNano": entity.end_ns.unwrap_or(0).to_string(),
        "attributes": attributes(fields.map_or_else(BTreeMap::new, |fields| span_fields(fields, thrown.is_some()))),
        "status": { "code": if entity.is_error || entity.is_fault { 2 } else { 0 } },
    });
    if let Some(parent) = entity.parent_id {
        span["parentSpanId"] = parent.to_string().into();
    }
    if let Some(message) = text_of("status_message") {
        span["status"]["message"] = message.into();
    }
    if let Some(state) = text_of("trace.trace_state") {
        span["traceState"] = state.into();
    }
    let own = |row: &Row<'_>| {
        let own = match fields {
            Some(fields) => own_fields(row.fields, fields),
            // What waits has no columns that tell.
            None => Vec::new(),
        };
        attributes(
            own.into_iter()
                .map(|(name, value)| (name, value_of(value)))
                .collect(),
        )
    };
    let mut events: Vec<(i64, Json)> = Vec::new();
    for attachment in [Attachment::Exception, Attachment::Event] {
        events.extend(attached.rows(entity.id, attachment).map(|row| {
            let event = json!({
                "timeUnixNano": row.timestamp_ns.to_string(),
                "name": text(row.fields, "name").unwrap_or_default(),
                "attributes": own(row),
            });
            (row.timestamp_ns, event)
        }));
    }
    events.sort_by_key(|(timestamp_ns, _)| *timestamp_ns);
    let events: Vec<Json> = events.into_iter().map(|(_, event)| event).collect();
    let links = attached.rows(entity.id, Attachment::Link);
    let links: Vec<Json> = links
        .filter_map(|row| {
            let link = link_of(row.fields)?;
            let id = link.id.map(|id| id.to_string()).unwrap_or_default();
            Some(json!({ "traceId": link.trace_id.to_string(), "spanId": id, "attributes": own(row) }))
        })
        .collect();
    for (name, list) in [("events", events), ("links", links)] {
        if !list.is_empty() {
            span[name] = list.into();
        }
    }
    span
}

/// `has_thrown`: what the first exception of a span is copied to is with that one.
fn span_fields(fields: &dyn Fields, has_thrown: bool) -> BTreeMap<String, Json> {
    let mut attributes = BTreeMap::new();
    fields.each(&mut |name, value| {
        let is_copy = has_thrown && name.starts_with("exception.");
        let is_said = NOT_ATTRIBUTES.contains(&name) || is_of_otlp(fields, name, value);
        if !is_copy && !is_said {
            attributes.insert(name.to_owned(), value_of(value));
        }
    });
    attributes
}

fn attributes(attributes: BTreeMap<String, Json>) -> Json {
    let attributes = attributes.into_iter();
    attributes
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

/// Kinds as OTLP numbers them; where a span does not say its own, calls are clients and segments servers.
fn kind(entity: &Entity, said: Option<&str>) -> u8 {
    match said {
        Some("internal") => 1,
        Some("server") => 2,
        Some("client") => 3,
        Some("producer") => 4,
        Some("consumer") => 5,
        _ => match (entity.is_segment(), entity.namespace) {
            (true, _) => 2,
            (false, Namespace::Aws | Namespace::Remote) => 3,
            (false, Namespace::Local) => 1,
        },
    }
}

fn value_of(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::String(text) => json!({ "stringValue": text }),
        ValueRef::Int(number) => json!({ "intValue": number.to_string() }),
        // As JSON's form of OTLP has what no number of JSON is.
        ValueRef::Float(number) if !number.is_finite() => {
            let name = match (number.is_nan(), number > 0.0) {
                (true, _) => "NaN",
                (false, true) => "Infinity",
                (false, false) => "-Infinity",
            };
            json!({ "doubleValue": name })
        }
        ValueRef::Float(number) => json!({ "doubleValue": number }),
        ValueRef::Bool(truth) => json!({ "boolValue": truth }),
    }
}

/// Most characters of its name, the message of its status and its trace state that a span keeps which is too long.
const TEXT_CHARS_MAX: usize = 1_000;
/// Bytes kept free for the counts of events and links that went.
const NOTE_BYTES: usize = 100;
/// Bytes of `,"droppedAttributesCount":` and of a number.
const COUNT_BYTES: usize = 40;

/// A span with so much left out that it has no more than so many bytes.
fn fitted(mut span: Json, bytes_max: usize) -> Json {
    if span.to_string().len() <= bytes_max {
        return span;
    }
    for place in ["/name", "/status/message", "/traceState"] {
        if let Some(Json::String(text)) = span.pointer_mut(place)
            && let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX)
        {
            text.truncate(end);
        }
    }
    let bytes = span.to_string().len();
    let excess = bytes.saturating_sub(bytes_max.saturating_sub(NOTE_BYTES));
    let mut excess = without_longest(&mut span, excess);
    for (list, count) in [
        ("events", "droppedEventsCount"),
        ("links", "droppedLinksCount"),
    ] {
        let mut dropped = 0;
        while excess > 0
            && let Some(values) = span.get_mut(list).and_then(Json::as_array_mut)
            && let Some(last) = values.pop()
        {
            excess = excess.saturating_sub(last.to_string().len() + 1);
            dropped += 1;
        }
        if dropped > 0 {
            span[count] = dropped.into();
        }
    }
    span
}

/// An attribute: whose it is, by number, and which.
struct Attribute {
    bytes: usize,
    holder: usize,
    number: usize,
}

/// Takes the longest attributes away, of the span, its events and its links, until there is no excess; returns what is left of it.
fn without_longest(span: &mut Json, mut excess: usize) -> usize {
    let mut holders = vec![String::new()];
    for list in ["events", "links"] {
        let count = span[list].as_array().map_or(0, Vec::len);
        holders.extend((0..count).map(|number| format!("/{list}/{number}")));
    }
    let mut attributes: Vec<Attribute> = Vec::new();
    for (holder, place) in holders.iter().enumerate() {
        let all = span.pointer(&format!("{place}/attributes"));
        let all = all.and_then(Json::as_array).into_iter().flatten();
        attributes.extend(all.enumerate().map(|(number, attribute)| Attribute {
            bytes: attribute.to_string().len() + 1,
            holder,
            number,
        }));
    }
    // The sort is stable: of those equally long, the first goes first.
    attributes.sort_by_key(|attribute| std::cmp::Reverse(attribute.bytes));
    let mut gone: Vec<HashSet<usize>> = vec![HashSet::new(); holders.len()];
    for attribute in attributes {
        if excess == 0 {
            break;
        }
        let gone = &mut gone[attribute.holder];
        if gone.is_empty() {
            excess += COUNT_BYTES;
        }
        gone.insert(attribute.number);
        excess = excess.saturating_sub(attribute.bytes);
    }
    for (place, gone) in holders.iter().zip(gone) {
        let Some(holder) = span.pointer_mut(place).filter(|_| !gone.is_empty()) else {
            continue;
        };
        if let Some(attributes) = holder.get_mut("attributes").and_then(Json::as_array_mut) {
            let mut number = 0..;
            attributes.retain(|_| !number.next().is_some_and(|number| gone.contains(&number)));
        }
        holder["droppedAttributesCount"] = gone.len().into();
    }
    excess
}

#[cfg(test)]
mod tests;
