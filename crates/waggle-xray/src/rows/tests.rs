//! The golden documents by their rows alone: mapped by the wire, kept as cells, put together again, they draw the graph that the
//! documents draw.

use super::{OfTraces as _, RowStore};
use crate::graph::GraphBuilder;
use crate::trace::COLUMNS;
use crate::trace::tests::{GOLDEN, golden, value_of};
use serde_json::Value as Json;
use waggle_model::{EventBatch, EventLimits, TimeRange, ValueRef};
use waggle_wire::xray::{Document, DocumentFacts, Source, TraceId, map_document};

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

/// Those rows, as they are kept.
fn stored() -> RowStore {
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
    store
}

fn drawn(store: RowStore) -> Json {
    let mut graph = GraphBuilder::new(TimeRange::ALL, usize::MAX);
    graph.add_rows(store);
    assert!(graph.linked_traces().is_empty());
    serde_json::to_value(graph.finish()).unwrap()
}

#[test]
fn rows_draw_the_graph_that_documents_draw() {
    let store = stored();
    assert!(store.bytes() > 1_000);
    let of_documents = GraphBuilder::of_traces(golden().iter()).finish();
    let of_documents: Json = serde_json::to_value(of_documents).unwrap();
    assert_eq!(drawn(store), of_documents);
}

#[test]
fn documents_that_wait_are_drawn_with_the_rows() {
    let (trace_id, known_id) = ("1-6a0000f0-000000000000000000000009", golden()[2].id);
    let in_progress = |trace_id: &str| {
        format!(
            r#"{{"name":"slow","id":"d000000000000001","trace_id":"{trace_id}","start_time":1778385030,"in_progress":true,
            "links":[{{"trace_id":"1-6a000000-000000000000000000000001","id":"b100000000000001"}}]}}"#
        )
    };
    let mut store = stored();
    let known = TraceId::parse(trace_id).unwrap();
    assert!(store.has(known_id) && !store.has(known));
    store.add_document(known, in_progress(trace_id).into());
    // A part of a trace that has rows.
    let part = in_progress(&known_id.to_xray()).replace("slow", "slower");
    store.add_document(known_id, part.into());
    assert!(store.has(known));
    let graph = drawn(store);
    let node = |name: &str, node_type: &str| {
        let mut nodes = graph.as_array().unwrap().iter();
        let is_it = |node: &&Json| node["Name"] == name && node["Type"] == node_type;
        nodes.find(is_it).unwrap().clone()
    };
    // There, with an edge of its client, and not counted.
    for (name, count) in [("slow", 0), ("slower", 0), ("shop.example", 3)] {
        let statistics = |node: &Json| node["SummaryStatistics"]["TotalCount"].clone();
        let node_type = if count > 0 { "AWS::EC2::Instance" } else { "" };
        assert_eq!(statistics(&node(name, node_type)), count, "{name}");
        assert_eq!(
            statistics(&node(name, "client")["Edges"][0]),
            count,
            "{name}"
        );
    }
    // Its link leads to a trace among the rows.
    let links = node("pricing.example", "")["Edges"].clone();
    assert_eq!(links.as_array().unwrap().len(), 2);
    assert_eq!(links[0]["EdgeType"], "link");
}

#[test]
fn what_ended_since_it_waited_counts() {
    let before = drawn(stored());
    for text in GOLDEN {
        let document = Document::parse(text.as_bytes()).unwrap();
        if !document.entity().is_in_progress() {
            continue;
        }
        let mut store = stored();
        store.add_document(document.trace_id(), text.into());
        assert_eq!(drawn(store), before);
        return;
    }
    panic!("none of the golden documents is in progress");
}

#[test]
fn columns_can_be_searched_for() {
    assert!(COLUMNS.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(COLUMNS.len() <= usize::from(u8::MAX));
}
