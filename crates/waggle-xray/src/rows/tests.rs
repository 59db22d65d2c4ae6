//! The golden documents by their rows alone: mapped by the wire, kept as cells, put together again, they draw the graph that the
//! documents draw.

use super::RowStore;
use crate::graph::GraphBuilder;
use crate::trace::tests::{GOLDEN, golden, value_of};
use crate::trace::{COLUMNS, Trace};
use serde_json::Value as Json;
use waggle_model::{EventBatch, EventLimits, TimeRange, ValueRef};
use waggle_wire::xray::{Document, DocumentFacts, Source, map_document};

/// The rows of complete golden documents.
fn batch() -> EventBatch {
    let mut batch = EventBatch::new("shop.example");
    for (received_ns, text) in (1..).zip(GOLDEN) {
        let document = Document::parse(text.as_bytes()).unwrap();
        if document.entity().is_in_progress() {
            continue;
        }
        let facts = DocumentFacts {
            service: Some("shop.example"),
            received_ns,
            source: Source::Api,
        };
        map_document(&document, facts, &EventLimits::default(), &mut batch).unwrap();
    }
    batch.end_shared();
    batch
}

#[test]
fn rows_draw_the_graph_that_documents_draw() {
    let batch = batch();
    let mut store = RowStore::default();
    for row in 0..batch.len() {
        let values: Vec<Option<ValueRef<'_>>> = COLUMNS
            .iter()
            .map(|column| value_of(&batch, row, column))
            .collect();
        let Some(ValueRef::String(trace_id)) = value_of(&batch, row, "trace.trace_id") else {
            panic!("row {row} is in no trace");
        };
        store.add(trace_id, batch.timestamps_ns()[row], &values);
    }
    assert_eq!(store.trace_count(), 3);
    assert!(store.bytes() > 1_000);
    let mut of_rows = GraphBuilder::new(TimeRange::ALL);
    store.each_trace(|trace: &Trace| of_rows.add(trace));
    let of_rows: Json = serde_json::to_value(of_rows.finish()).unwrap();
    let of_documents = GraphBuilder::of_traces(golden().iter()).finish();
    let of_documents: Json = serde_json::to_value(of_documents).unwrap();
    assert_eq!(of_rows, of_documents);
}

#[test]
fn columns_can_be_searched_for() {
    assert!(COLUMNS.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(COLUMNS.len() <= usize::from(u8::MAX));
}
