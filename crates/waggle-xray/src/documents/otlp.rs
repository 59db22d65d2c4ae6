//! Entities as spans of OTLP/JSON, for clients that ask for that form. Source: spec/xray.md section 7.

use super::SegmentDocument;
use crate::trace::{Entity, Namespace, Row, Trace, span_id_of};
use hashbrown::HashMap;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use waggle_model::ValueRef;
use waggle_wire::xray::EntityId;

/// Columns that a span says elsewhere, or that are another form of it.
const NOT_ATTRIBUTES: [&str; 9] = [
    "trace.trace_id",
    "trace.span_id",
    "trace.parent_id",
    "duration_ms",
    "name",
    "span.kind",
    "status_code",
    "xray.document",
    "xray.received_ns",
];

/// The spans of a trace by start, then id; inferred segments are none.
pub fn span_documents(trace: &Trace, rows: &[Row<'_>]) -> Vec<SegmentDocument> {
    // The first row of each.
    let rows_by_id = rows.iter().rev();
    let rows_by_id: HashMap<EntityId, &Row<'_>> = rows_by_id
        .filter_map(|row| Some((span_id_of(row.fields)?, row)))
        .collect();
    let sent = trace.entities.iter().filter(|entity| !entity.is_inferred);
    let documents = sent.map(|entity| SegmentDocument {
        id: entity.id,
        text: span(trace, entity, rows_by_id.get(&entity.id).copied()).to_string(),
    });
    documents.collect()
}

fn span(trace: &Trace, entity: &Entity, row: Option<&Row<'_>>) -> Json {
    let mut attributes: BTreeMap<String, Json> = BTreeMap::new();
    if let Some(row) = row {
        row.fields.each(&mut |name, value| {
            if !NOT_ATTRIBUTES.contains(&name) {
                attributes.insert(name.to_owned(), value_of(value));
            }
        });
    }
    let attributes = attributes.into_iter();
    let attributes: Vec<Json> = attributes
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect();
    let mut span = json!({
        "traceId": trace.id.to_string(),
        "spanId": entity.id.to_string(),
        "name": &*entity.name,
        "kind": kind(entity),
        "startTimeUnixNano": entity.start_ns.to_string(),
        "endTimeUnixNano": entity.end_ns.unwrap_or(0).to_string(),
        "attributes": attributes,
        "status": { "code": if entity.is_error || entity.is_fault { 2 } else { 0 } },
    });
    if let Some(parent) = entity.parent_id {
        span["parentSpanId"] = parent.to_string().into();
    }
    span
}

/// Kinds as OTLP numbers them: server, client, internal.
fn kind(entity: &Entity) -> u8 {
    match (entity.is_segment(), entity.namespace) {
        (true, _) => 2,
        (false, Namespace::Aws | Namespace::Remote) => 3,
        (false, Namespace::Local) => 1,
    }
}

fn value_of(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::String(text) => json!({ "stringValue": text }),
        ValueRef::Int(number) => json!({ "intValue": number.to_string() }),
        ValueRef::Float(number) => json!({ "doubleValue": number }),
        ValueRef::Bool(truth) => json!({ "boolValue": truth }),
    }
}
