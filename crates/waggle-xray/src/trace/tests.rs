//! The golden documents of spec/xray.md section 9, and how traces come together from parts in any order.

use super::{Parts, Row, StoredFields, Trace, infer, rows_to_parts};
use crate::trace::{EntityKind, NodeKind};
use waggle_model::{EventBatch, Value, ValueRef};
use waggle_wire::xray::{Document, EntityId, TraceId};

/// The six golden documents, in the order in which they arrive.
pub(crate) const GOLDEN: [&str; 6] = [
    include_str!("golden/d1.json"),
    include_str!("golden/d2.json"),
    include_str!("golden/d3.json"),
    include_str!("golden/d4.json"),
    include_str!("golden/d5.json"),
    include_str!("golden/d6.json"),
];

pub(crate) const T1: &str = "1-6a000000-000000000000000000000001";
pub(crate) const T2: &str = "1-6a00003c-000000000000000000000002";
pub(crate) const T3: &str = "1-6a000078-000000000000000000000003";

pub(crate) type StoredRow = (i64, Vec<(String, Value)>);

/// A row that has nothing but a document.
pub(crate) fn row_of(received_ns: i64, text: &str) -> StoredRow {
    let document = Document::parse(text.as_bytes()).unwrap();
    let fields = vec![
        (
            "trace.span_id".to_owned(),
            Value::String(document.entity().id().to_string()),
        ),
        (
            "trace.trace_id".to_owned(),
            Value::String(document.trace_id().to_column()),
        ),
        ("xray.document".to_owned(), Value::String(text.to_owned())),
        ("xray.received_ns".to_owned(), Value::Int(received_ns)),
    ];
    (document.entity().start_ns(), fields)
}

pub(crate) fn trace_of_rows(id: &str, rows: &[StoredRow]) -> Trace {
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
    Trace::new(TraceId::parse(id).unwrap(), rows_to_parts(&rows, &[]))
}

/// A value of a batch.
pub(crate) fn value_of<'b>(batch: &'b EventBatch, row: usize, name: &str) -> Option<ValueRef<'b>> {
    let column = batch
        .columns()
        .iter()
        .find(|column| &*column.name == name)?;
    let row = u32::try_from(row).unwrap();
    let place = |rows: &[u32]| rows.iter().position(|known| *known == row);
    if let Some(place) = place(&column.strings.rows) {
        return Some(ValueRef::String(
            column.strings.entry(column.strings.codes[place]),
        ));
    }
    if let Some(place) = place(&column.ints.rows) {
        return Some(ValueRef::Int(column.ints.values[place]));
    }
    if let Some(place) = place(&column.floats.rows) {
        return Some(ValueRef::Float(column.floats.values[place]));
    }
    place(&column.bools.rows).map(|place| ValueRef::Bool(column.bools.values[place]))
}

/// The rows of a batch as storage returns them.
pub(crate) fn rows_of_batch(batch: &EventBatch) -> Vec<StoredRow> {
    let rows = batch.timestamps_ns().iter().enumerate();
    rows.map(|(row, timestamp_ns)| {
        let fields = batch.columns().iter().filter_map(|column| {
            let value = match value_of(batch, row, &column.name)? {
                ValueRef::String(text) => Value::String(text.to_owned()),
                ValueRef::Int(value) => Value::Int(value),
                ValueRef::Float(value) => Value::Float(value),
                ValueRef::Bool(value) => Value::Bool(value),
            };
            Some((column.name.to_string(), value))
        });
        let mut fields: Vec<(String, Value)> = fields.collect();
        fields.sort_by(|one, other| one.0.cmp(&other.0));
        (*timestamp_ns, fields)
    })
    .collect()
}

/// A trace of documents, which arrive in this order.
pub(crate) fn trace(documents: &[&str]) -> Trace {
    let id = Document::parse(documents[0].as_bytes())
        .unwrap()
        .trace_id()
        .to_xray();
    let rows: Vec<StoredRow> = (0..)
        .zip(documents)
        .map(|(at, text)| row_of(at, text))
        .collect();
    trace_of_rows(&id, &rows)
}

pub(crate) fn golden() -> [Trace; 3] {
    [
        trace(&GOLDEN[..3]),
        trace(&GOLDEN[3..5]),
        trace(&GOLDEN[5..]),
    ]
}

/// Id, name, type and parent of the segments, by start.
fn segments(trace: &Trace) -> Vec<(String, String, String, Option<String>)> {
    let segments = trace.segments().map(|index| {
        let segment = &trace.entities[index];
        (
            segment.id.to_string(),
            segment.name.to_string(),
            segment.node().node_type.to_string(),
            segment.parent_id.map(|id| id.to_string()),
        )
    });
    segments.collect()
}

fn segment(
    id: &str,
    name: &str,
    node_type: &str,
    parent: Option<&str>,
) -> (String, String, String, Option<String>) {
    (
        id.to_owned(),
        name.to_owned(),
        node_type.to_owned(),
        parent.map(str::to_owned),
    )
}

#[test]
fn golden_traces_have_these_segments() {
    let [t1, t2, t3] = golden();
    assert_eq!(t1.duration_ns(), 260_000_000);
    assert_eq!(
        segments(&t1),
        [
            segment(
                "a100000000000001",
                "shop.example",
                "AWS::EC2::Instance",
                None
            ),
            segment(
                "b100000000000001",
                "pricing.example",
                "",
                Some("a100000000000002")
            ),
            segment(
                "cbdfa885baaaa75c",
                "DynamoDB",
                "AWS::DynamoDB::Table",
                Some("a100000000000003")
            ),
            segment(
                "52c5f059dd81a17a",
                "ledger@db1",
                "Database::SQL",
                Some("a100000000000004")
            ),
        ]
    );
    assert_eq!(t2.duration_ns(), 300_000_000);
    assert_eq!(
        segments(&t2),
        [
            segment(
                "a200000000000001",
                "shop.example",
                "AWS::EC2::Instance",
                None
            ),
            segment(
                "27858916007090e5",
                "bank.example",
                "remote",
                Some("a200000000000002")
            ),
        ]
    );
    assert_eq!(t3.duration_ns(), 6_000_000);
    assert_eq!(
        segments(&t3),
        [segment(
            "a300000000000001",
            "shop.example",
            "AWS::EC2::Instance",
            None
        )]
    );
    assert_eq!([t1.revision, t2.revision, t3.revision], [3, 2, 1]);
}

#[test]
fn any_order_of_arrival_ends_in_one_trace() {
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let expected = segments(&golden()[0]);
    for order in orders {
        let documents: Vec<&str> = order.iter().map(|at| GOLDEN[*at]).collect();
        let trace = trace(&documents);
        assert_eq!(segments(&trace), expected, "{order:?}");
        let is_call = |entity: &super::Entity| &*entity.name == "ledger@db1" && !entity.is_inferred;
        let ledger = trace.entities.iter().position(is_call).unwrap();
        let owner = trace.owner(ledger).unwrap();
        assert_eq!(trace.entities[owner].id.to_string(), "a100000000000001");
        assert_eq!(trace.segment_duration_ns(owner), 260_000_000);
    }
}

#[test]
fn a_complete_document_beats_one_in_progress_whichever_came_first() {
    for documents in [[GOLDEN[3], GOLDEN[4]], [GOLDEN[4], GOLDEN[3]]] {
        let trace = trace(&documents);
        assert!(trace.has_fault());
        assert_eq!(trace.revision, 2);
        assert_eq!(trace.response_ns(), Some(300_000_000));
    }
}

#[test]
fn an_identical_document_counts_once_and_the_later_of_two_complete_ones_counts() {
    let changed = GOLDEN[5].replace("\"throttle\":true,", "");
    let trace = trace(&[GOLDEN[5], GOLDEN[5], &changed]);
    assert_eq!(trace.revision, 2);
    assert!(!trace.has_throttle());
    assert!(trace.has_error());
}

#[test]
fn an_unfinished_trace_is_partial() {
    let partial = |documents: &[&str]| trace(documents).is_partial();
    assert!(partial(&GOLDEN[3..4]), "in progress");
    assert!(partial(&GOLDEN[..1]), "a traced call that nobody answered");
    assert!(partial(&GOLDEN[2..3]), "no segment yet");
    assert!(!partial(&GOLDEN[..2]));
    assert!(!partial(&GOLDEN[4..5]));
}

#[test]
fn a_segment_whose_caller_is_not_there_is_a_root() {
    let trace = trace(&GOLDEN[1..2]);
    assert_eq!(trace.root(), Some(0));
    assert!(trace.is_root(0));
}

#[test]
fn a_circle_of_parents_is_cut() {
    let document = |id: &str, parent: &str| {
        format!(
            r#"{{"type":"subsegment","name":"a","id":"{id}","parent_id":"{parent}","trace_id":"{T1}","start_time":1,"end_time":2,"namespace":"remote"}}"#
        )
    };
    let one = document("00000000000000aa", "00000000000000bb");
    let other = document("00000000000000bb", "00000000000000aa");
    let own = document("00000000000000cc", "00000000000000cc");
    let trace = trace(&[&one, &other, &own]);
    let without_parent = |name: &str| {
        let entities = trace.entities.iter().enumerate();
        let mut cut = entities.filter(|(_, entity)| entity.id.to_string().ends_with(name));
        cut.any(|(index, _)| trace.parent(index).is_none())
    };
    assert!(without_parent("cc"));
    assert!(without_parent("aa") || without_parent("bb"));
    assert!(trace.entities.iter().enumerate().all(|(index, entity)| {
        entity.kind == EntityKind::Segment || trace.owner(index).is_none()
    }));
}

#[test]
fn calls_of_aws_lead_to_these_nodes() {
    let cases = [
        (
            r#""aws":{"table_name":"carts"}"#,
            "DynamoDB",
            "carts",
            "AWS::DynamoDB::Table",
        ),
        (
            r#""aws":{"table_names":["one"]}"#,
            "DynamoDB",
            "one",
            "AWS::DynamoDB::Table",
        ),
        (
            r#""aws":{"resource_names":["one"]}"#,
            "DynamoDB",
            "one",
            "AWS::DynamoDB::Table",
        ),
        (
            r#""aws":{"table_names":["one","two"]}"#,
            "DynamoDB",
            "DynamoDB",
            "AWS::DynamoDB",
        ),
        (
            r#""aws":{"queue_url":"https://q/1"}"#,
            "SQS",
            "https://q/1",
            "AWS::SQS::Queue",
        ),
        (
            r#""aws":{"bucket_name":"b","key":"k"}"#,
            "S3",
            "b",
            "AWS::S3::Bucket",
        ),
        (
            r#""aws":{"function_name":"f"}"#,
            "Lambda",
            "f",
            "AWS::Lambda",
        ),
        (r#""aws":{"topic_arn":"arn:t"}"#, "SNS", "SNS", "AWS::SNS"),
    ];
    for (aws, called, name, node_type) in cases {
        let document = format!(
            r#"{{"name":"s","id":"00000000000000aa","trace_id":"{T1}","start_time":1,"end_time":2,"subsegments":[{{"name":"{called}","id":"00000000000000bb","namespace":"aws","start_time":1,"end_time":2,{aws}}}]}}"#
        );
        let trace = trace(&[&document]);
        let inferred = trace
            .entities
            .iter()
            .find(|entity| entity.is_inferred)
            .unwrap();
        let node = inferred.node();
        assert_eq!((&*node.name, &*node.node_type), (name, node_type), "{aws}");
        assert_eq!(node.kind, NodeKind::Inferred);
        assert_eq!(&*inferred.name, called);
    }
}

#[test]
fn answers_have_the_first_200_characters_of_a_name() {
    let long = |letter: &str| letter.repeat(230);
    let document = format!(
        r#"{{"name":"{}","id":"00000000000000aa","trace_id":"{T1}","start_time":1,"end_time":2,"fault":true,"subsegments":[
        {{"name":"{}","id":"00000000000000bb","namespace":"remote","start_time":1,"end_time":2,"fault":true}},
        {{"name":"DynamoDB","id":"00000000000000cc","namespace":"aws","start_time":1,"end_time":2,"aws":{{"table_name":"{}"}}}}]}}"#,
        long("é"),
        long("b"),
        long("t"),
    );
    let trace = trace(&[&document]);
    let cut = |letter: &str| letter.repeat(200);
    let summary = serde_json::to_value(crate::TraceSummary::of(&trace, None)).unwrap();
    let ids = summary["ServiceIds"].as_array().unwrap().iter();
    let mut names: Vec<&str> = ids.map(|id| id["Name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, [&*cut("b"), &*cut("t"), &*cut("é")]);
    assert_eq!(summary["EntryPoint"]["Names"][0], cut("é"));
    let services = summary["FaultRootCauses"][0]["Services"]
        .as_array()
        .unwrap();
    assert_eq!(services[0]["EntityPath"][1]["Name"], cut("b"));
    assert_eq!(services[1]["Name"], cut("b"));
    let nodes = crate::GraphBuilder::of_traces([&trace].into_iter()).finish();
    let nodes = serde_json::to_value(nodes).unwrap();
    let nodes = nodes.as_array().unwrap().iter();
    assert!(nodes.clone().count() >= 3);
    for node in nodes {
        assert!(node["Name"].as_str().unwrap().chars().count() <= 200);
    }
    let is_kept = |entity: &super::Entity| entity.name.chars().count() <= 200;
    assert!(trace.entities.iter().all(is_kept));
}

#[test]
fn an_empty_trace_has_nothing() {
    let trace = Trace::new(TraceId::parse(T1).unwrap(), Parts::default());
    assert_eq!(
        (trace.root(), trace.start_ns(), trace.duration_ns()),
        (None, 0, 0)
    );
    assert!(trace.is_partial());
}

#[test]
fn ids_of_inferred_segments_are_those_of_the_table() {
    let id = infer::inferred_id(
        TraceId::parse(T2).unwrap(),
        EntityId::parse("a200000000000002").unwrap(),
    );
    assert_eq!(id.to_string(), "27858916007090e5");
}

#[test]
fn an_annotation_that_is_named_often_is_one() {
    let text = |text: &str| Value::String(text.to_owned());
    let names = format!("[{}\"tier\"]", "\"tier\",".repeat(5_000));
    let rows = [(
        1,
        vec![
            ("aws.xray.annotations".to_owned(), text(&names)),
            ("duration_ms".to_owned(), Value::Float(1.0)),
            ("tier".to_owned(), text("gold")),
            ("trace.span_id".to_owned(), text("a000000000000001")),
        ],
    )];
    let trace = trace_of_rows(T1, &rows);
    assert_eq!(trace.entities[0].annotations.len(), 1);
}
