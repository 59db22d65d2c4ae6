//! The X-Ray SDKs for Python and Node.js, and OpenTelemetry with X-Ray's ids, exactly as their registries ship them; and the six documents of
//! spec/xray.md section 9 with their rows.

use crate::clients::{javascript, python};
use crate::server::{Server, eventually, run_client};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

const HEADER: &str = r#"{"format":"json","version":1}"#;

/// The golden documents D1 to D6.
fn documents() -> Vec<String> {
    let case = include_str!("../../../waggle-wire/src/xray/cases/golden.case");
    let (_, body) = case.split_once("--- body\n").unwrap();
    let (body, _) = body.split_once("--- events").unwrap();
    body.lines().map(str::to_owned).collect()
}

/// All rows of an X-Ray trace id, oldest first, once there are so many.
async fn trace(server: &Server, id: &str, count: usize) -> Vec<Value> {
    let id = id[2..].replace('-', "");
    eventually("the trace is whole", async || {
        let path = format!("/api/environments/production/traces/{id}");
        let answer = server
            .request(reqwest::Method::GET, &path)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        let rows = answer["rows"].as_array()?.clone();
        (rows.len() >= count).then_some(rows)
    })
    .await
}

#[track_caller]
fn find<'r>(rows: &'r [Value], name: &str, service: &str) -> &'r Value {
    let found = rows
        .iter()
        .map(|row| &row["data"])
        .find(|data| data["name"] == name && data["service.name"] == service);
    found.unwrap_or_else(|| panic!("no {name} of {service} in {rows:#?}"))
}

#[tokio::test]
async fn the_python_sdk_with_flask_sends_traces_of_several_parts() {
    let Some(mut client) = python("xray_flask.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.env("AWS_XRAY_DAEMON_ADDRESS", &server.xray));
    assert_eq!(seen["statuses"], json!([200, 500, 200]));
    assert_eq!(seen["complaints"], json!([]));

    // Client, its call, /cart, its call, /price, its subsegment.
    let rows = trace(&server, seen["traces"][0].as_str().unwrap(), 6).await;
    assert_eq!(rows.len(), 6);
    let cart = rows
        .iter()
        .map(|row| &row["data"])
        .find(|data| data["enduser.id"] == "u-17")
        .unwrap();
    assert_eq!(cart["service.name"], "shop.flask");
    assert_eq!(cart["span.kind"], "server");
    assert_eq!(cart["tier"], "gold");
    assert_eq!(cart["items"], 3);
    assert_eq!(cart["xray.metadata.default.cart.total"], 12.5);
    assert_eq!(cart["http.response.status_code"], 200);
    assert_eq!(cart["url.path"], "/cart");
    assert_eq!(cart["telemetry.sdk.name"], "X-Ray for Python");
    assert!(cart["duration_ms"].as_f64().unwrap() > 0.0);
    let step = find(&rows, "look up", "shop.flask");
    assert_eq!(step["kind"], "table");
    assert_eq!(step["span.kind"], "internal");
    let parents: Vec<_> = rows
        .iter()
        .filter(|row| row["data"].get("trace.parent_id").is_none())
        .collect();
    assert_eq!(parents.len(), 1, "one root: {rows:#?}");

    let failed = trace(&server, seen["traces"][1].as_str().unwrap(), 4).await;
    let boom = failed
        .iter()
        .map(|row| &row["data"])
        .find(|data| data["service.name"] == "shop.flask" && data["span.kind"] == "server")
        .unwrap();
    assert_eq!(boom["xray.fault"], true);
    assert_eq!(boom["exception.type"], "ValueError");
    assert_eq!(boom["exception.message"], "planted failure");
    let exception = find(&failed, "exception", "shop.flask");
    assert_eq!(exception["meta.annotation_type"], "span_event");
    assert!(
        exception["exception.stacktrace"]
            .as_str()
            .unwrap()
            .starts_with("at ")
    );

    // Client, its call, /many, 40 steps: most of them were sent alone, before their segment.
    let rows = trace(&server, seen["traces"][2].as_str().unwrap(), 43).await;
    assert_eq!(rows.len(), 43);
    for number in 0..40 {
        find(&rows, &format!("step {number}"), "shop.flask");
    }
    let alone = rows
        .iter()
        .map(|row| &row["data"])
        .filter(|data| data["xray.type"] == "subsegment" && data.get("xray.document").is_some());
    assert!(alone.count() > 25);
    let datasets = server.get("/1/datasets").await;
    let slugs: Vec<_> = datasets
        .as_array()
        .unwrap()
        .iter()
        .map(|dataset| dataset["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["shop.client", "shop.flask"]);
}

#[tokio::test]
async fn the_node_sdk_with_express_sends_traces() {
    let Some(mut client) = javascript("xray_express.mjs") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.env("AWS_XRAY_DAEMON_ADDRESS", &server.xray));
    assert_eq!(seen["statuses"], json!([200, 500]));
    assert_eq!(seen["complaints"], json!([]));
    // /cart, its subsegment, its call, /price.
    let rows = trace(&server, seen["traces"][0].as_str().unwrap(), 4).await;
    let step = find(&rows, "find cart", "shop.express");
    assert_eq!(step["tier"], "silver");
    assert_eq!(step["xray.metadata.default.cart.total"], 7);
    let servers = rows
        .iter()
        .filter(|row| row["data"]["span.kind"] == "server")
        .count();
    assert_eq!(servers, 2);
    let failed = trace(&server, seen["traces"][1].as_str().unwrap(), 2).await;
    let boom = find(&failed, "shop.express", "shop.express");
    assert_eq!(boom["xray.fault"], true);
    assert_eq!(boom["exception.message"], "planted failure");
    assert_eq!(boom["http.response.status_code"], 500);
}

#[tokio::test]
async fn opentelemetry_with_ids_of_xray_and_the_xray_sdk_make_one_trace() {
    let Some(mut client) = python("xray_otel.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(
        client
            .env("AWS_XRAY_DAEMON_ADDRESS", &server.xray)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &server.origin)
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("x-honeycomb-team={}", crate::server::KEY),
            )
            .env("OTEL_SERVICE_NAME", "shop.caller"),
    );
    assert_eq!(seen["complaints"], json!([]));
    let rows = trace(&server, seen["trace"].as_str().unwrap(), 2).await;
    let call = find(&rows, "call", "shop.caller");
    let callee = find(&rows, "shop.callee", "shop.callee");
    assert_eq!(call["trace.span_id"], seen["parent"]);
    assert_eq!(callee["trace.parent_id"], seen["parent"]);
}

#[tokio::test]
async fn the_golden_documents_become_their_rows() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for document in documents() {
        let datagram = format!("{HEADER}\n{document}");
        socket
            .send_to(datagram.as_bytes(), &server.xray)
            .await
            .unwrap();
    }
    // D4 waits for D5: nine rows, one of them an exception.
    eventually("the documents are events", async || {
        let spec = json!({"start_time": 1_778_384_000, "end_time": 1_778_386_000});
        let answer = server.query("__all__", spec).await;
        (answer["total"]["COUNT"] == 9).then_some(())
    })
    .await;
    check_golden(&server).await;
    // The same again, by the API and in another order, changes nothing.
    let mut again = documents();
    again.reverse();
    put(&server, &again).await;
    check_golden(&server).await;
}

#[tokio::test]
async fn what_waits_survives_a_crash() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let documents = documents();
    // The subsegment sent alone, and the segment in progress.
    put(&server, &[documents[2].clone(), documents[3].clone()]).await;
    let datasets = server.get("/1/datasets").await;
    assert_eq!(datasets, json!([]), "what waits is nobody's dataset");
    server.kill();
    let server = Server::start(data.path(), &[]);
    put(&server, &documents).await;
    check_golden(&server).await;
    server.kill();
    let server = Server::start(data.path(), &[]);
    put(&server, &documents).await;
    check_golden(&server).await;
}

async fn put(server: &Server, documents: &[String]) {
    let answer = server
        .http
        .post(format!("http://{}/TraceSegments", server.xray))
        .json(&json!({ "TraceSegmentDocuments": documents }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
}

async fn check_golden(server: &Server) {
    let window = json!({"start_time": 1_778_384_000, "end_time": 1_778_386_000});
    let ask = async |more: Value| {
        let mut spec = window.clone();
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        server.query("__all__", spec).await["results"].clone()
    };
    let counts = ask(json!({
        "calculations": [{"op": "COUNT"}],
        "breakdowns": ["service.name"],
        "filters": [{"column": "meta.annotation_type", "op": "does-not-exist"}],
        "orders": [{"op": "COUNT", "order": "descending"}],
    }))
    .await;
    assert_eq!(
        counts,
        json!([
            {"data": {"service.name": "shop.example", "COUNT": 7}},
            {"data": {"service.name": "pricing.example", "COUNT": 1}},
        ])
    );
    let sum = ask(json!({
        "calculations": [{"op": "SUM", "column": "duration_ms"}, {"op": "COUNT"}],
        "filters": [{"column": "span.kind", "op": "=", "value": "server"}],
    }))
    .await;
    assert_eq!(
        sum,
        json!([{"data": {"SUM(duration_ms)": 626.0, "COUNT": 4}}])
    );
    let total = ask(json!({"calculations": [{"op": "COUNT"}]})).await;
    assert_eq!(total, json!([{"data": {"COUNT": 9}}]));
}
