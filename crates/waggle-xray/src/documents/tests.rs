//! Documents as they are read back: spec/xray.md sections 8.5, 9.1 and 9.5.

use super::{SegmentDocument, accepted_documents, segment_documents};
use crate::trace::tests::{GOLDEN, StoredRow, T1, row_of};
use crate::trace::{Row, StoredFields, Trace, rows_to_parts};
use serde_json::{Value as Json, json};
use waggle_model::Value;
use waggle_wire::xray::TraceId;

/// An attribute that is an annotation though no span says so.
const CONFIGURED: &str = "http.route";

pub(super) fn with_rows<T>(rows: &[StoredRow], ask: impl FnOnce(&Trace, &[Row<'_>]) -> T) -> T {
    let fields: Vec<StoredFields<'_>> = rows
        .iter()
        .map(|(_, fields)| StoredFields(fields))
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .zip(&fields)
        .map(|((timestamp_ns, _), fields)| Row {
            timestamp_ns: *timestamp_ns,
            fields,
        })
        .collect();
    let trace = Trace::new(
        TraceId::parse(T1).unwrap(),
        rows_to_parts(&rows, &[CONFIGURED.to_owned()]),
    );
    ask(&trace, &rows)
}

fn documents(texts: &[&str]) -> Vec<SegmentDocument> {
    let rows: Vec<StoredRow> = (0..)
        .zip(texts)
        .map(|(at, text)| row_of(at, text))
        .collect();
    with_rows(&rows, segment_documents)
}

pub(super) fn parsed(document: &SegmentDocument) -> Json {
    serde_json::from_str(&document.text).unwrap()
}

#[test]
fn a_segment_of_one_document_comes_back_byte_for_byte() {
    let odd = format!(
        "\u{feff} {{ \"name\" :\"s\\u0068op\",\t\"id\":\"A100000000000001\", \"trace_id\":\"{T1}\",\"start_time\":1.47E9, \"end_time\":1.4700000001e9,\"unknown\":[1.10,null] }} "
    );
    let documents = documents(&[&odd]);
    assert_eq!(documents[0].text, odd);
}

#[test]
fn golden_documents_come_back() {
    let t1 = documents(&GOLDEN[..3]);
    let ids: Vec<String> = t1.iter().map(|document| document.id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "a100000000000001",
            "b100000000000001",
            "cbdfa885baaaa75c",
            "52c5f059dd81a17a"
        ]
    );
    assert_eq!(t1[1].text, GOLDEN[1]);
    let merged = parsed(&t1[0]);
    let children: Vec<&str> = merged["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| child["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        children,
        ["a100000000000002", "a100000000000003", "a100000000000004"]
    );
    let attached = &merged["subsegments"][2];
    assert_eq!(attached.get("type"), None);
    assert_eq!(attached["parent_id"], "a100000000000001");
    assert!(
        t1[0].text.contains("\"start_time\":1778384900.0,"),
        "numbers keep their text"
    );
    assert_eq!(
        documents(&[GOLDEN[2], GOLDEN[0], GOLDEN[1]])[0].text,
        t1[0].text,
        "in any order of arrival"
    );
    let table = parsed(&t1[2]);
    assert_eq!(table["name"], "DynamoDB");
    assert_eq!(table["origin"], "AWS::DynamoDB::Table");
    assert_eq!(table["parent_id"], "a100000000000003");
    assert_eq!(table["inferred"], true);
    assert_eq!(table["aws"]["table_name"], "carts");
    assert_eq!(table["trace_id"], T1);
    let t2 = documents(&GOLDEN[3..5]);
    assert_eq!(t2[0].text, GOLDEN[4], "replaced, not merged");
    assert_eq!(parsed(&t2[1])["fault"], true);
    assert_eq!(documents(&GOLDEN[5..])[0].text, GOLDEN[5]);
}

#[test]
fn an_orphan_has_an_entry_of_its_own() {
    let documents = documents(&GOLDEN[2..3]);
    let ids: Vec<String> = documents
        .iter()
        .map(|document| document.id.to_string())
        .collect();
    assert_eq!(ids, ["52c5f059dd81a17a", "a100000000000004"]);
    assert!(documents.iter().any(|document| document.text == GOLDEN[2]));
}

#[test]
fn accepted_documents_are_all_there_in_order() {
    let rows = [
        row_of(5, GOLDEN[4]),
        row_of(3, GOLDEN[3]),
        row_of(5, GOLDEN[4]),
    ];
    let accepted = with_rows(&rows, |_, rows| accepted_documents(rows));
    let texts: Vec<(i64, &str)> = accepted
        .iter()
        .map(|document| (document.received_ns, document.text.as_str()))
        .collect();
    assert_eq!(texts, [(3, GOLDEN[3]), (5, GOLDEN[4])]);
}

fn span(id: &str, parent: Option<&str>, more: &[(&str, Value)]) -> StoredRow {
    let text = |text: &str| Value::String(text.to_owned());
    let mut fields = vec![
        (
            "trace.trace_id".to_owned(),
            text("6a000000000000000000000000000001"),
        ),
        ("trace.span_id".to_owned(), text(id)),
        ("duration_ms".to_owned(), Value::Float(250.0)),
        ("meta.signal_type".to_owned(), text("trace")),
    ];
    fields.extend(parent.map(|parent| ("trace.parent_id".to_owned(), text(parent))));
    fields.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    (1_500_000_000, fields)
}

#[test]
fn spans_become_segments_with_subsegments() {
    let text = |text: &str| Value::String(text.to_owned());
    let rows = [
        span(
            "00000000000000aa",
            None,
            &[
                ("service.name", text("shop")),
                ("name", text("GET /cart")),
                ("span.kind", text("server")),
                ("http.request.method", text("GET")),
                ("url.scheme", text("https")),
                ("server.address", text("shop.example")),
                ("url.path", text("/cart")),
                ("http.response.status_code", Value::Int(503)),
                ("cart.size", Value::Int(3)),
                (CONFIGURED, text("/cart")),
                ("aws.xray.annotations", text("[\"cart.size\"]\n")),
            ],
        ),
        span(
            "00000000000000bb",
            Some("00000000000000aa"),
            &[
                ("service.name", text("shop")),
                ("name", text("work (now!)")),
                ("span.kind", text("internal")),
            ],
        ),
        span(
            "00000000000000cc",
            Some("00000000000000bb"),
            &[
                ("service.name", text("shop")),
                ("name", text("SELECT")),
                ("span.kind", text("client")),
                ("db.system", text("postgresql")),
                ("db.name", text("carts")),
                (
                    "db.connection_string",
                    text("postgresql://u@db1:5432/carts"),
                ),
                ("status_code", Value::Int(2)),
                ("error", Value::Bool(true)),
                ("status_message", text("gone")),
            ],
        ),
        span(
            "not-hex",
            Some("00000000000000aa"),
            &[
                ("service.name", text("shop")),
                ("name", text("call")),
                ("span.kind", text("client")),
                ("peer.service", text("bank")),
            ],
        ),
    ];
    let documents = with_rows(&rows, segment_documents);
    assert_eq!(documents.len(), 3);
    let shop = documents
        .iter()
        .map(parsed)
        .find(|document| document["name"] == "shop")
        .unwrap();
    assert_eq!(shop["http"]["request"]["url"], "https://shop.example/cart");
    assert_eq!(
        (&shop["fault"], &shop["start_time"], &shop["end_time"]),
        (&json!(true), &json!(1.5), &json!(1.75))
    );
    let annotations = json!({"cart.size": 3, CONFIGURED: "/cart"});
    assert_eq!(shop["annotations"], annotations);
    assert_eq!(shop["metadata"]["default"]["name"], "GET /cart");
    let work = shop["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|child| child["name"] == "work now")
        .unwrap();
    let query = &work["subsegments"][0];
    assert_eq!(query["name"], "carts@db1");
    assert_eq!(query["namespace"], "remote");
    assert_eq!(query["sql"]["database_type"], "postgresql");
    assert_eq!(query["cause"]["exceptions"][0]["message"], "gone");
    let call = shop["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|child| child["name"] == "bank")
        .unwrap();
    assert_eq!(call["metadata"]["waggle"]["span_id"], "not-hex");
    assert_eq!(call["id"].as_str().unwrap().len(), 16);
}
