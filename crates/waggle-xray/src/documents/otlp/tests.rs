//! Spans as clients read them in OTLP's own form.

use crate::documents::made::tests::{otlp_span, rows_of_spans};
use crate::documents::span_documents;
use crate::documents::tests::{parsed, with_rows};
use crate::trace::tests::{GOLDEN, StoredRow, row_of};
use serde_json::{Value as Json, json};
use waggle_model::Value;

const ID: &str = "a100000000000001";

fn attribute(key: &str, text: &str) -> Json {
    json!({"key": key, "value": {"stringValue": text}})
}

fn failed() -> Vec<StoredRow> {
    let mut span = otlp_span(
        ID,
        Some("a1000000000000ff"),
        4,
        &json!({"messaging.url": "amqp://q"}),
    );
    span["status"] = json!({"code": 2, "message": "it failed"});
    span["traceState"] = "a=b".into();
    span["events"] = json!([
        {"timeUnixNano": "1700000000", "name": "exception",
         "attributes": [attribute("exception.message", "gone"), attribute("exception.stacktrace", &"at x\n".repeat(300))]},
        {"timeUnixNano": "1600000000", "name": "retry", "attributes": [attribute("try", "2")]},
    ]);
    span["links"] = json!([{"traceId": "6a00003c000000000000000000000002", "spanId": "b100000000000001",
        "attributes": [attribute("why", "batch")]}]);
    rows_of_spans(&json!({"service.name": "shop"}), &[span])
}

fn document(rows: &[StoredRow], bytes_max: usize) -> (usize, Json) {
    let documents = with_rows(rows, |trace, rows| span_documents(trace, rows, bytes_max));
    (documents[0].text.len(), parsed(&documents[0]))
}

#[test]
fn spans_come_back_with_events_and_links() {
    let (_, span) = document(&failed(), usize::MAX);
    let mut expected = json!({
        "traceId": "6a000000000000000000000000000001", "spanId": ID, "parentSpanId": "a1000000000000ff", "traceState": "a=b",
        "name": "own name", "kind": 4, "startTimeUnixNano": "1500000000", "endTimeUnixNano": "1750000000",
        "status": {"code": 2, "message": "it failed"},
        "attributes": [attribute("library.name", "lib"), attribute("messaging.url", "amqp://q"), attribute("service.name", "shop")],
        "events": [
            {"timeUnixNano": "1600000000", "name": "retry", "attributes": [attribute("try", "2")]},
            {"timeUnixNano": "1700000000", "name": "exception",
             "attributes": [attribute("exception.message", "gone"), attribute("exception.stacktrace", &"at x\n".repeat(300))]},
        ],
        "links": [{"traceId": "6a00003c000000000000000000000002", "spanId": "b100000000000001",
            "attributes": [attribute("why", "batch")]}],
    });
    assert_eq!(span, expected);
    let (bytes, cut) = document(&failed(), 1_200);
    assert!(bytes <= 1_200);
    expected["events"][1]["attributes"] = json!([attribute("exception.message", "gone")]);
    expected["events"][1]["droppedAttributesCount"] = 1.into();
    assert_eq!(cut, expected);
}

#[test]
fn what_has_no_room_is_counted() {
    let rows = failed();
    for bytes_max in (450..2_500).step_by(7) {
        let (bytes, span) = document(&rows, bytes_max);
        assert!(bytes <= bytes_max, "{bytes} > {bytes_max}");
        let count = |name: &str| span[name].as_u64().unwrap_or_default();
        let listed = |name: &str| span[name].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(listed("attributes") + count("droppedAttributesCount"), 3);
        assert_eq!(listed("events") + count("droppedEventsCount"), 2);
        assert_eq!(listed("links") + count("droppedLinksCount"), 1);
    }
}

#[test]
fn documents_of_xray_are_spans_too() {
    let rows = [row_of(0, GOLDEN[0])];
    let spans = with_rows(&rows, |trace, rows| span_documents(trace, rows, usize::MAX));
    let spans: Vec<Json> = spans.iter().map(parsed).collect();
    let kinds: Vec<(&Json, &Json)> = spans
        .iter()
        .map(|span| (&span["name"], &span["kind"]))
        .collect();
    assert_eq!(
        kinds,
        [
            (&json!("shop.example"), &json!(2)),
            (&json!("pricing.example"), &json!(3)),
            (&json!("DynamoDB"), &json!(3)),
        ]
    );
    assert_eq!(spans[0].get("events"), None);
}

#[test]
fn what_honeycombs_libraries_say_stays_an_attribute() {
    let text = |text: &str| Value::String(text.to_owned());
    let fields = [
        ("duration_ms", Value::Float(250.0)),
        ("error", text("boom")),
        ("trace.span_id", text(ID)),
        ("type", text("http_server")),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let (_, span) = document(&[(1_500_000_000, fields.to_vec())], usize::MAX);
    let expected = json!([attribute("error", "boom"), attribute("type", "http_server")]);
    assert_eq!(span["attributes"], expected);
}

#[test]
fn no_text_is_too_long() {
    // Each of these characters is six bytes of JSON.
    let text = || Value::String("\u{1}".repeat(60_000));
    let fields = [
        ("duration_ms", Value::Float(250.0)),
        ("error", Value::Bool(true)),
        ("name", text()),
        ("status_message", text()),
        ("trace.span_id", Value::String(ID.to_owned())),
        ("trace.trace_state", text()),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let (bytes, span) = document(&[(1_500_000_000, fields.to_vec())], 204_800);
    assert!(bytes <= 204_800, "{bytes}");
    assert_eq!(span["name"].as_str().unwrap().len(), 1_000);
}
