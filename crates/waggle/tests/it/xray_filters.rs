//! Filters of trace summaries through the whole server, over its log and its blocks, beside an evaluation of every trace: what the engine
//! narrows a filter to must never lose a trace that passes.

use crate::server::{Server, eventually};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use waggle_model::Value as Cell;
use waggle_xray::{Filter, NoGroups, Row, StoredFields, Trace, rows_to_parts, trace_id_of};

const START_S: i64 = 1_778_384_000;
const SECONDS: i64 = 3_600;
const TRACES: usize = 40;
const EXPRESSIONS: usize = 120;

const SERVICES: [&str; 4] = ["a", "b", "c", "long name"];

const LEAVES: [&str; 52] = [
    "fault",
    "error",
    "throttle",
    "ok",
    "partial",
    "inferred",
    "fault = false",
    "error != true",
    "responsetime > 0.2",
    "responsetime <= 0.05",
    "duration < 0.1",
    "duration >= 0.3",
    "http.status = 201",
    "http.status != 200",
    "http.status >= 400",
    "http.method = \"GET\"",
    "http.method != \"GET\"",
    "http.url CONTAINS \"cart\"",
    "http.url BEGINSWITH \"http://b\"",
    "http.url ENDSWITH \"/pay\"",
    "http.url",
    "http.useragent CONTAINS \"probe\"",
    "http.clientip = \"10.0.0.1\"",
    "user = \"ann\"",
    "user != \"ann\"",
    "user",
    "user CONTAINS \"\"",
    "annotation.tier = \"gold\"",
    "annotation.tier != \"gold\"",
    "annotation.tier CONTAINS \"o\"",
    "annotation.tier",
    "annotation.age = 2",
    "annotation.age != 2",
    "annotation.age >= 2",
    "annotation.age = \"2\"",
    "annotation.is_new = true",
    "annotation.is_new",
    "annotation[a.b] = \"x\"",
    "annotation.nothing",
    "service(\"a\")",
    "service(\"bank\")",
    "service(\"nobody\")",
    "service(id(name: \"carts\", type: \"AWS::DynamoDB::Table\"))",
    "service(id(type: \"AWS::EC2::Instance\"))",
    "edge(\"a\", \"b\")",
    "edge(\"a\", \"bank\")",
    "rootcause.fault.exception { name = \"Boom\" }",
    "rootcause.fault.service { name = \"b\" }",
    "rootcause.fault.service { last and inferred }",
    "rootcause.error.entity { name = \"a\" }",
    "rootcause.responsetime.entity { name = \"bank\" and coverage > 0.5 }",
    "rootcause.responsetime.service { name = \"c\" }",
];

/// Conditions of a node or an edge.
const INSIDE: [&str; 8] = [
    "fault",
    "error",
    "ok",
    "responsetime > 0.1",
    "!fault",
    "throttle OR fault",
    "responsetime <= 0.1 AND ok",
    "root = true",
];

fn expression(random: &mut StdRng, depth: usize) -> String {
    let service = |random: &mut StdRng| *SERVICES.choose(random).unwrap();
    match random.random_range(0..10) {
        0 | 1 if depth > 0 => {
            let (one, other) = (expression(random, depth - 1), expression(random, depth - 1));
            format!("({one} AND {other})")
        }
        2 | 3 if depth > 0 => {
            let (one, other) = (expression(random, depth - 1), expression(random, depth - 1));
            format!("({one} OR {other})")
        }
        4 if depth > 0 => format!("!({})", expression(random, depth - 1)),
        5 => {
            let inside = INSIDE.choose(random).unwrap();
            format!("service(\"{}\") {{ {inside} }}", service(random))
        }
        6 => {
            let inside = INSIDE[..7].choose(random).unwrap();
            let (from, to) = (service(random), service(random));
            format!("edge(\"{from}\", \"{to}\") {{ {inside} }}")
        }
        _ => {
            let leaf = LEAVES.choose(random).unwrap();
            match random.random_bool(0.2) {
                true => format!("!({leaf})"),
                false => (*leaf).to_owned(),
            }
        }
    }
}

/// The documents of a trace: segments, each below the one before or beside it, with calls of what nobody instrumented.
fn documents(random: &mut StdRng, number: usize) -> Vec<Value> {
    let base = START_S as f64 + random.random_range(0..SECONDS * 10) as f64 / 10.0;
    let trace_id = format!("1-{:08x}-{number:024x}", base as i64);
    let count = random.random_range(1..5);
    let mut made: Vec<Value> = Vec::new();
    for index in 0..count {
        let start = base + random.random_range(0..50) as f64 / 1e3;
        let end = start + random.random_range(1..400) as f64 / 1e3;
        let caller = (index > 0).then(|| random.random_range(0..index));
        let (fault, error) = (random.random_bool(0.25), random.random_bool(0.25));
        let mut segment = json!({
            "trace_id": trace_id, "id": format!("{:016x}", 1 + index), "name": SERVICES.choose(random).unwrap(),
            "start_time": start, "end_time": end, "fault": fault, "error": error,
            "throttle": error && random.random_bool(0.5),
        });
        if let Some(caller) = caller {
            segment["parent_id"] = format!("{:016x}", 100 + index).into();
            let called = made[caller]["subsegments"].as_array_mut().unwrap();
            called.push(
                json!({"id": format!("{:016x}", 100 + index), "name": "call", "namespace": "remote",
                "start_time": start, "end_time": end, "fault": fault && random.random_bool(0.7)}),
            );
        }
        let mut calls = Vec::new();
        if random.random_bool(0.3) {
            calls.push(
                json!({"id": format!("{:016x}", 200 + index), "name": "bank", "namespace": "remote",
                "start_time": start, "end_time": end, "fault": random.random_bool(0.4)}),
            );
        }
        if random.random_bool(0.2) {
            calls.push(json!({"id": format!("{:016x}", 300 + index), "name": "DynamoDB", "namespace": "aws",
                "start_time": start, "end_time": end, "aws": {"table_name": "carts"}}));
        }
        segment["subsegments"] = json!(calls);
        let mut maybe = |share: f64, place: &[&str], values: &[Value]| {
            if random.random_bool(share) {
                let mut at = &mut segment;
                for name in place {
                    at = &mut at[*name];
                }
                *at = values.choose(random).unwrap().clone();
            }
        };
        let url = ["http://a/cart", "http://b/pay", "http://b/cart/1"].map(Value::from);
        maybe(0.5, &["http", "request", "url"], &url);
        maybe(
            0.5,
            &["http", "request", "method"],
            &[json!("GET"), json!("POST")],
        );
        maybe(
            0.2,
            &["http", "request", "user_agent"],
            &[json!("probe/1"), json!("x")],
        );
        maybe(0.2, &["http", "request", "client_ip"], &[json!("10.0.0.1")]);
        let status = [200, 201, 404, 503].map(Value::from);
        maybe(0.5, &["http", "response", "status"], &status);
        maybe(0.3, &["user"], &[json!("ann"), json!("bob")]);
        maybe(0.3, &["origin"], &[json!("AWS::EC2::Instance")]);
        maybe(
            0.4,
            &["annotations", "tier"],
            &[json!("gold"), json!("go"), json!(2)],
        );
        maybe(
            0.4,
            &["annotations", "age"],
            &[json!(1), json!(2), json!(2.5), json!("2")],
        );
        maybe(
            0.2,
            &["annotations", "is_new"],
            &[json!(true), json!(false)],
        );
        maybe(0.2, &["annotations", "a.b"], &[json!("x")]);
        if fault && random.random_bool(0.5) {
            segment["cause"] = json!({"exceptions": [{"id": format!("{:016x}", 400 + index), "type": "Boom", "message": "m"}]});
        }
        made.push(segment);
    }
    made
}

/// A trace as its documents say, without a server.
fn trace_of(documents: &[Value]) -> Trace {
    let text = |document: &Value, member: &str| document[member].as_str().unwrap().to_owned();
    let id = text(&documents[0], "trace_id")[2..].replace('-', "");
    let rows: Vec<(i64, Vec<(String, Cell)>)> = (0..)
        .zip(documents)
        .map(|(at, document)| {
            let fields = [
                ("trace.span_id", Cell::String(text(document, "id"))),
                ("trace.trace_id", Cell::String(id.clone())),
                ("xray.document", Cell::String(document.to_string())),
                ("xray.received_ns", Cell::Int(at)),
            ];
            let fields = fields.map(|(name, value)| (name.to_owned(), value));
            let start_ns = (document["start_time"].as_f64().unwrap() * 1e9) as i64;
            (start_ns, fields.into())
        })
        .collect();
    let fields: Vec<StoredFields<'_>> = rows.iter().map(|(_, row)| StoredFields(row)).collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .zip(&fields)
        .map(|((timestamp_ns, _), fields)| Row {
            timestamp_ns: *timestamp_ns,
            fields,
        })
        .collect();
    Trace::new(trace_id_of(&id).unwrap(), rows_to_parts(&rows, &[]))
}

async fn call(server: &Server, path: &str, body: &Value) -> Value {
    let call = server.http.post(format!("http://{}{path}", server.xray));
    let answer = call.json(body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{body}: {text}");
    serde_json::from_str(&text).unwrap()
}

async fn put(server: &Server, traces: &[Vec<Value>]) {
    let texts: Vec<String> = traces.iter().flatten().map(Value::to_string).collect();
    for part in texts.chunks(50) {
        let answer = call(
            server,
            "/TraceSegments",
            &json!({ "TraceSegmentDocuments": part }),
        )
        .await;
        assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
    }
}

/// The ids of the traces that pass, over all pages.
async fn found(server: &Server, filter: &str) -> BTreeSet<String> {
    let mut body = json!({"StartTime": START_S - 10, "EndTime": START_S + SECONDS + 10, "TimeRangeType": "Event"});
    body["FilterExpression"] = filter.into();
    let mut ids = BTreeSet::new();
    loop {
        let page = call(server, "/TraceSummaries", &body).await;
        for summary in page["TraceSummaries"].as_array().unwrap() {
            let id = summary["Id"].as_str().unwrap().to_owned();
            assert!(ids.insert(id), "{filter}: a trace came twice");
        }
        match page["NextToken"].as_str() {
            Some(token) => body["NextToken"] = token.into(),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn no_filter_loses_a_trace_to_what_the_engine_is_asked() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let all: Vec<Vec<Value>> = (0..TRACES)
        .map(|number| documents(&mut random, number))
        .collect();
    let traces: Vec<Trace> = all.iter().map(|documents| trace_of(documents)).collect();
    let data = tempfile::tempdir().unwrap();
    // Half of the traces are in blocks, the other half in the log.
    let server = Server::start(data.path(), &[]);
    put(&server, &all[..TRACES / 2]).await;
    assert!(server.stop());
    let server = Server::start(data.path(), &[]);
    put(&server, &all[TRACES / 2..]).await;
    eventually("every trace is found", async || {
        (found(&server, "duration >= 0").await.len() == TRACES).then_some(())
    })
    .await;
    let (mut with_some, mut narrowed) = (0, 0);
    for round in 0..EXPRESSIONS {
        // Each keyword by itself first.
        let text = match LEAVES.get(round) {
            Some(leaf) => (*leaf).to_owned(),
            None => expression(&mut random, 3),
        };
        let filter =
            Filter::parse(&text, &NoGroups).unwrap_or_else(|error| panic!("{text}: {error}"));
        let passing: BTreeSet<String> = traces
            .iter()
            .filter(|trace| filter.matches(trace))
            .map(|trace| trace.id.to_xray())
            .collect();
        assert_eq!(found(&server, &text).await, passing, "{text}");
        with_some += usize::from(!passing.is_empty() && passing.len() < TRACES);
        narrowed += usize::from(filter.narrow(&|_| Vec::new()).is_some());
    }
    println!("{with_some} of {EXPRESSIONS} expressions divide the traces, {narrowed} are narrowed");
    assert!(with_some > EXPRESSIONS / 3 && narrowed > EXPRESSIONS / 5);
}
