//! OpenTelemetry's Python and JavaScript SDKs, libhoney for both and curl, exactly as their registries ship them.

use crate::server::{KEY, Server, handed, repository, run, run_client};
use serde_json::{Value, json};
use std::process::Command;

pub(crate) fn python(script: &str) -> Option<Command> {
    let mut command = Command::new(handed("WAGGLE_TEST_PYTHON")?);
    command.arg(repository().join("tests/clients").join(script));
    Some(command)
}

/// A client for Node.js, which is there with its packages whenever the UI is.
pub(crate) fn javascript(script: &str) -> Option<Command> {
    handed("WAGGLE_TEST_UI")?;
    let mut command = Command::new("node");
    command.arg(repository().join("tests/clients").join(script));
    Some(command)
}

#[tokio::test]
async fn the_flask_app_of_the_readme_arrives_with_spans_events_and_exceptions() {
    let Some(mut client) = python("flask_app.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(
        client
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &server.origin)
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("x-honeycomb-team={KEY}"),
            )
            .env("OTEL_SERVICE_NAME", "backend-flask"),
    );
    let mut statuses = vec![200; 20];
    statuses.extend([500; 3]);
    assert_eq!(
        seen,
        json!({"statuses": statuses, "flushed": true, "complaints": []})
    );

    // 20 x (client of the script, /api/home, its own span, client call, /api/inner) + 3 x (client, /api/boom).
    let datasets = server.get("/1/datasets").await;
    assert_eq!(datasets[0]["slug"], "backend-flask");
    let answer = server
        .query("backend-flask", json!({"calculations": [{"op": "COUNT"}, {"op": "P95", "column": "duration_ms"}], "breakdowns": ["name"]}))
        .await;
    let count = |name: &str| {
        let group = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["data"]["name"] == name);
        group.unwrap_or_else(|| panic!("no group {name} in {answer}"))["data"]["COUNT"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(count("home-activities"), 20);
    assert_eq!(count("GET /api/home"), 20);
    assert_eq!(count("GET /api/inner"), 20);
    assert_eq!(count("GET /api/boom"), 3);
    assert_eq!(count("cache miss"), 20);
    assert_eq!(count("exception"), 3);
    for row in answer["results"].as_array().unwrap() {
        let name = row["data"]["name"].as_str().unwrap();
        let is_span_event = name == "cache miss" || name == "exception";
        assert_eq!(
            row["data"].get("P95(duration_ms)").is_some(),
            !is_span_event,
            "{row}"
        );
    }

    let span = &server
        .rows(
            "backend-flask",
            json!([{"column": "name", "op": "=", "value": "home-activities"}]),
        )
        .await[0];
    let data = &span["data"];
    assert_eq!(data["service.name"], "backend-flask");
    assert_eq!(data["app.user_id"], "user-17");
    assert_eq!(data["app.result_length"], 3);
    assert_eq!(data["app.cached"], false);
    assert_eq!(
        data["app.tags"].as_str().unwrap().trim_end(),
        r#"["a","b"]"#
    );
    assert_eq!(data["library.name"], "shop.backend");
    assert_eq!(data["span.num_events"], 1);

    let event = &server
        .rows(
            "backend-flask",
            json!([{"column": "name", "op": "=", "value": "cache miss"}]),
        )
        .await[0]["data"];
    assert_eq!(event["meta.annotation_type"], "span_event");
    assert_eq!(event["parent_name"], "home-activities");
    assert_eq!(event["app.key"], "home:17");

    let failed = &server
        .rows(
            "backend-flask",
            json!([{"column": "name", "op": "=", "value": "GET /api/boom"}]),
        )
        .await[0]["data"];
    assert_eq!(failed["error"], true);
    assert_eq!(failed["exception.message"], "planted failure");
    assert_eq!(failed["exception.type"], "ValueError");

    let trace_id = data["trace.trace_id"].as_str().unwrap();
    let trace = server
        .get(&format!("/api/environments/production/traces/{trace_id}"))
        .await;
    let rows = trace["rows"].as_array().unwrap();
    assert_eq!(rows.len(), trace["total_rows"].as_u64().unwrap() as usize);
    let spans: Vec<&Value> = rows
        .iter()
        .filter(|row| row["data"].get("trace.span_id").is_some())
        .collect();
    let roots = spans
        .iter()
        .filter(|row| row["data"].get("trace.parent_id").is_none())
        .count();
    assert_eq!(
        (spans.len(), roots),
        (5, 1),
        "client, home, its span, client, inner: {trace}"
    );
    assert!(server.stop());
}

#[tokio::test]
async fn libhoney_reports_202_for_every_event_and_all_are_there() {
    let Some(mut client) = python("libhoney_events.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.args([&server.origin, KEY]));
    for response in seen["responses"].as_array().unwrap() {
        assert_eq!(response[0], 202, "{seen}");
    }
    let answer = server
        .query(
            "libhoney-shop",
            json!({"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "number"}, {"op": "MAX", "column": "duration_ms"}],
                   "breakdowns": ["name"], "orders": [{"column": "name", "order": "ascending"}]}),
        )
        .await;
    assert_eq!(
        answer["results"],
        json!([
            {"data": {"name": "cart", "COUNT": 125, "SUM(number)": 15_500, "MAX(duration_ms)": 372.0}},
            {"data": {"name": "checkout", "COUNT": 125, "SUM(number)": 15_625, "MAX(duration_ms)": 373.5}},
        ])
    );
    assert_eq!(
        server
            .count(
                "Libhoney%20Shop",
                json!([{"column": "vip", "op": "=", "value": true}])
            )
            .await,
        25
    );
    let row = &server
        .rows(
            "libhoney-shop",
            json!([{"column": "number", "op": "=", "value": 7}]),
        )
        .await[0]["data"];
    assert_eq!(
        serde_json::from_str::<Value>(row["nested"].as_str().unwrap()).unwrap(),
        json!({"region": "eu", "tags": [1, 2]})
    );
    assert!(row.get("nothing").is_none());
}

#[tokio::test]
async fn libhoney_for_javascript_reports_202_for_every_event_and_all_are_there() {
    let Some(mut client) = javascript("libhoney_events.mjs") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.args([&server.origin, KEY]));
    assert_eq!(seen, json!({"responses": vec![json!([202, null]); 250]}));
    let answer = server
        .query(
            "libhoney-js-shop",
            json!({"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "cart.items"}, {"op": "MAX", "column": "duration_ms"}],
                   "breakdowns": ["name"], "orders": [{"column": "name", "order": "ascending"}]}),
        )
        .await;
    let items = |parity| {
        (0..250)
            .filter(|n| n % 2 == parity)
            .map(|n| n % 7)
            .sum::<i64>()
    };
    // JavaScript has one kind of number and writes 372.0 as 372, so this column is of both kinds.
    assert_eq!(
        answer["results"],
        json!([
            {"data": {"name": "cart", "COUNT": 125, "SUM(cart.items)": items(0), "MAX(duration_ms)": 372}},
            {"data": {"name": "checkout", "COUNT": 125, "SUM(cart.items)": items(1), "MAX(duration_ms)": 373.5}},
        ])
    );
    assert_eq!(
        server
            .count(
                "libhoney-js-shop",
                json!([{"column": "vip", "op": "=", "value": true}])
            )
            .await,
        25
    );
    let row = &server
        .rows(
            "libhoney-js-shop",
            json!([{"column": "number", "op": "=", "value": 7}]),
        )
        .await[0]["data"];
    assert_eq!(row["duration_ms"], 10.5);
    assert_eq!(
        serde_json::from_str::<Value>(row["nested"].as_str().unwrap()).unwrap(),
        json!({"region": "eu", "tags": [1, 2]})
    );
    assert!(row.get("nothing").is_none());
}

#[tokio::test]
async fn the_javascript_exporter_sends_spans_as_json_plain_and_compressed() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for compression in ["none", "gzip"] {
        let Some(mut client) = javascript("otlp_http_json.mjs") else {
            return;
        };
        let seen = run_client(client.args([&server.origin, KEY, compression]));
        assert_eq!(
            seen["results"],
            json!([[0, null]]),
            "one batch, exported: {seen}"
        );
        let dataset = format!("javascript-{compression}");
        let rows = server.rows(&dataset, json!([])).await;
        assert_eq!(rows.len(), 60, "20 x (root, child, its event)");
        let sent = seen["sent"].as_array().unwrap();
        assert_eq!(sent.len(), 40);
        for span in sent {
            let row = rows
                .iter()
                .find(|row| row["data"]["trace.span_id"] == span["span_id"])
                .unwrap_or_else(|| panic!("{span} is missing"));
            let data = &row["data"];
            assert_eq!(data["trace.trace_id"], span["trace_id"]);
            assert_eq!(
                data.get("trace.parent_id").unwrap_or(&Value::Null),
                &span["parent_id"]
            );
            assert_eq!(data["name"], span["name"]);
            assert_eq!(row["timestamp_ns"], span["start_ns"], "{row}");
            let duration_ns: f64 = span["duration_ns"].as_str().unwrap().parse().unwrap();
            assert_eq!(data["duration_ms"], duration_ns / 1e6, "{row}");
            assert_eq!(data["service.name"], dataset);
            assert_eq!(data["deployment.environment"], "test");
            assert_eq!(data["library.name"], "checkout.tests");
            assert_eq!(data["library.version"], "4.5.6");
            assert_eq!(data["telemetry.sdk.language"], "nodejs");
        }
        let root = &server
            .rows(
                &dataset,
                json!([{"column": "cart.items", "op": "=", "value": 7}]),
            )
            .await[0]["data"];
        assert_eq!(root["span.kind"], "server");
        assert_eq!(root["cart.total"], 7.25);
        assert_eq!(root["user.vip"], false);
        assert_eq!(root["user.id"], "user-7 \"ü\"");
        assert_eq!(
            serde_json::from_str::<Value>(root["cart.skus"].as_str().unwrap()).unwrap(),
            json!(["a", "b"])
        );
        let trace_id = root["trace.trace_id"].as_str().unwrap();
        let trace = server
            .get(&format!("/api/environments/production/traces/{trace_id}"))
            .await;
        assert_eq!(trace["total_rows"], 3, "root, child and its event: {trace}");
        let find = |name: &str| {
            let rows = trace["rows"].as_array().unwrap();
            &rows.iter().find(|row| row["data"]["name"] == name).unwrap()["data"]
        };
        let child = find("charge");
        assert_eq!(child["error"], true);
        assert_eq!(child["status_message"], "card declined");
        let event = find("declined");
        assert_eq!(event["meta.annotation_type"], "span_event");
        assert_eq!(event["trace.parent_id"], child["trace.span_id"]);
        assert_eq!(event["card.kind"], "visa");
    }
}

#[tokio::test]
async fn grpc_exporters_send_traces_and_logs_plain_and_compressed() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for compression in ["none", "gzip"] {
        let Some(mut client) = python("otlp_grpc.py") else {
            return;
        };
        let seen = run_client(client.args([&server.grpc, KEY, compression]));
        assert_eq!(seen["results"], json!(vec!["SUCCESS"; 20]));
        let dataset = format!("grpc-{compression}");
        let spans = json!([{"column": "meta.signal_type", "op": "=", "value": "trace"}]);
        let logs = json!([{"column": "meta.signal_type", "op": "=", "value": "log"}]);
        assert_eq!(server.count(&dataset, spans).await, 20);
        assert_eq!(server.count(&dataset, logs).await, 10);
        let child = &server
            .rows(
                &dataset,
                json!([{"column": "name", "op": "=", "value": "child"}]),
            )
            .await[0]["data"];
        assert_eq!(child["library.name"], "grpc.tests");
        assert_eq!(child["library.version"], "1.2.3");
        let trace_id = child["trace.trace_id"].as_str().unwrap();
        let trace = server
            .get(&format!("/api/environments/production/traces/{trace_id}"))
            .await;
        assert_eq!(trace["total_rows"], 3, "root, child and its log: {trace}");
    }
}

#[tokio::test]
async fn http_logs_arrive_compressed() {
    let Some(mut client) = python("otlp_http_logs.py") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let seen = run_client(client.args([&server.otlp_http, KEY]));
    assert_eq!(seen, json!({"flushed": true, "complaints": []}));
    let answer = server
        .query("http-logs", json!({"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "amount"}], "breakdowns": ["severity"]}))
        .await;
    assert_eq!(
        answer["results"],
        json!([{"data": {"severity": "info", "COUNT": 40, "SUM(amount)": 975.0}}])
    );
}

#[tokio::test]
async fn curl_sends_events_and_batches_and_asks_through_the_public_query_api() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let curl = |path: &str, body: &str| {
        let output = run(Command::new("curl")
            .args([
                "-sS",
                "-w",
                "\n%{http_code}",
                "-H",
                &format!("X-Honeycomb-Team: {KEY}"),
                "-H",
                "Content-Type: application/json",
            ])
            .args(["-d", body, &format!("{}{path}", server.origin)]));
        let text = String::from_utf8(output.stdout).unwrap();
        let (answer, status) = text.rsplit_once('\n').unwrap();
        (status.to_owned(), answer.to_owned())
    };
    assert_eq!(
        curl(
            "/1/events/shop",
            r#"{"name": "checkout", "duration_ms": 12.5}"#
        ),
        ("200".to_owned(), String::new())
    );
    let (status, answer) = curl(
        "/1/batch/shop",
        r#"[{"data": {"name": "cart", "duration_ms": 2}, "samplerate": 4}, {"data": {}}]"#,
    );
    assert_eq!(status, "200");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        answer,
        json!([{"status": 202}, {"status": 400, "error": "Request body should not be empty."}])
    );

    let query = server
        .post("/1/queries/shop", &json!({"calculations": [{"op": "COUNT"}, {"op": "AVG", "column": "duration_ms"}], "breakdowns": ["name"]}))
        .await;
    let result = server
        .post("/1/query_results/shop", &json!({"query_id": query["id"]}))
        .await;
    let result = server
        .get(&format!(
            "/1/query_results/shop/{}",
            result["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(result["complete"], true, "{result}");
    assert_eq!(
        result["data"]["results"],
        json!([
            {"data": {"name": "cart", "COUNT": 4, "AVG(duration_ms)": 2.0}},
            {"data": {"name": "checkout", "COUNT": 1, "AVG(duration_ms)": 12.5}},
        ])
    );
}
