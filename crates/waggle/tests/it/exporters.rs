//! Every signal over every protocol with the exporters of OpenTelemetry for Python and JavaScript, and traces with the beelines for both,
//! exactly as their registries ship them.

use crate::clients::{javascript, python};
use crate::server::{KEY, Server, run_client};
use serde_json::json;

/// What the exporters of one language sent over one protocol, in every signal.
async fn check_exporters(server: &Server, language: &str, protocol: &str) {
    let service = format!("{language}-{protocol}");
    let signal = |name: &str| json!([{"column": "meta.signal_type", "op": "=", "value": name}]);
    for (name, column, text) in [
        ("trace", "name", "work"),
        ("log", "body", "stock is low for item-3"),
    ] {
        assert_eq!(server.count(&service, signal(name)).await, 5, "{service}");
        let filters = json!([{"column": column, "op": "=", "value": text}, {"column": "number", "op": "=", "value": 3}]);
        let row = &server.rows(&service, filters).await[0]["data"];
        assert_eq!(row["service.name"], service, "{row}");
        assert_eq!(row["library.name"], format!("{language}.tests"), "{row}");
    }
    let dataset = format!("{language}-metrics-{protocol}");
    let rows = server.rows(&dataset, json!([])).await;
    assert_eq!(rows.len(), 2, "one event per route: {rows:?}");
    let find = |route: &str| {
        let row = rows.iter().find(|row| row["data"]["route"] == route);
        &row.unwrap_or_else(|| panic!("no {route} in {rows:?}"))["data"]
    };
    assert_eq!(find("/home")["requests"].as_f64(), Some(7.0));
    let cart = find("/cart");
    for (column, value) in [
        ("requests", 40.0),
        ("open", 20.0),
        ("temperature", 21.5),
        ("latency.count", 40.0),
        ("latency.sum", 780.0),
        ("latency.min", 0.0),
        ("latency.max", 39.0),
        ("payload.count", 40.0),
        ("payload.sum", 1275.0),
    ] {
        // JavaScript has one kind of number and sends all of them as floats.
        let sent = cart[column].as_f64();
        assert_eq!(sent, Some(value), "{column} of {dataset}: {cart}");
    }
    assert_eq!(cart["service.name"], service);
    assert_eq!(cart["library.version"], "1.0.0");
    assert_eq!(cart["meta.signal_type"], "metrics");
    // The values are 0 to 39, in buckets of (..10], (10..20], (20..40]; and the powers of two from 1 to 128.
    for (column, lowest, highest) in [
        ("latency.p50", 18.5, 20.0),
        ("latency.p95", 36.0, 38.5),
        ("payload.p50", 7.9, 8.1),
        ("payload.p99", 63.9, 128.0),
    ] {
        let value = cart[column].as_f64().unwrap_or(f64::NAN);
        assert!(
            (lowest..=highest).contains(&value),
            "{column} of {dataset} is {value}: {cart}"
        );
    }
    let answer = server
        .query(
            &dataset,
            json!({"calculations": [{"op": "MAX", "column": "requests"}], "breakdowns": ["route"]}),
        )
        .await;
    let most = |route: &str| {
        let rows = answer["results"].as_array().unwrap().iter();
        let row = rows
            .map(|row| &row["data"])
            .find(|row| row["route"] == route);
        row.and_then(|row| row["MAX(requests)"].as_f64())
    };
    assert_eq!((most("/cart"), most("/home")), (Some(40.0), Some(7.0)));
}

#[tokio::test]
async fn every_exporter_for_python_sends_every_signal() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for protocol in ["proto", "json", "grpc"] {
        let Some(mut client) = python("otlp_exporters.py") else {
            return;
        };
        let endpoint = match protocol {
            "grpc" => &server.grpc,
            _ => &server.otlp_http,
        };
        let seen = run_client(client.args([protocol, endpoint, KEY]));
        let five = vec!["SUCCESS"; 5];
        assert_eq!(
            seen,
            json!({"traces": five, "logs": five, "metrics": ["SUCCESS"]}),
            "{protocol}"
        );
        check_exporters(&server, "python", protocol).await;
    }
}

#[tokio::test]
async fn every_exporter_for_javascript_sends_every_signal() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for protocol in ["proto", "json", "grpc"] {
        let Some(mut client) = javascript("otlp_exporters.mjs") else {
            return;
        };
        let endpoint = match protocol {
            "grpc" => format!("http://{}", server.grpc.trim_start_matches("http://")),
            _ => server.origin.clone(),
        };
        let seen = run_client(client.args([protocol, &endpoint, KEY]));
        let five = vec![json!([0, null]); 5];
        assert_eq!(
            seen,
            json!({"traces": five, "logs": five, "metrics": [[0, null]]}),
            "{protocol}"
        );
        check_exporters(&server, "node", protocol).await;
    }
}

/// A trace of the beelines: checkout, and in it charge and ship.
async fn check_beeline(server: &Server, dataset: &str) {
    let find = async |name: &str| {
        let filters = json!([{"column": "name", "op": "=", "value": name}]);
        let rows = server.rows(dataset, filters).await;
        assert_eq!(rows.len(), 1, "{name}: {rows:?}");
        rows[0]["data"].clone()
    };
    let (checkout, charge, ship) = (
        find("checkout").await,
        find("charge").await,
        find("ship").await,
    );
    assert!(checkout.get("trace.parent_id").is_none(), "{checkout}");
    for child in [&charge, &ship] {
        assert_eq!(child["trace.trace_id"], checkout["trace.trace_id"]);
        assert_eq!(child["trace.parent_id"], checkout["trace.span_id"]);
    }
    assert!(checkout["duration_ms"].as_f64().is_some(), "{checkout}");
    assert!(charge["meta.beeline_version"].is_string(), "{charge}");
    let trace_id = checkout["trace.trace_id"].as_str().unwrap();
    let trace = server
        .get(&format!("/api/environments/production/traces/{trace_id}"))
        .await;
    assert_eq!(trace["total_rows"], 3, "{trace}");
}

#[tokio::test]
async fn the_beelines_send_traces() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    if let Some(mut client) = python("beeline_trace.py") {
        let seen = run_client(client.args([&server.origin, KEY]));
        let taken = json!([202, null]);
        assert_eq!(seen, json!({"responses": [taken, taken, taken]}));
        check_beeline(&server, "beeline-shop").await;
    }
    if let Some(mut client) = javascript("beeline_trace.mjs") {
        let seen = run_client(client.args([&server.origin, KEY]));
        let taken = json!([202, null]);
        assert_eq!(seen, json!({"responses": [taken, taken, taken]}));
        check_beeline(&server, "node-beeline-shop").await;
    }
}
