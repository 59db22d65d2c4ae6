//! What people say of a dataset's columns, as they see it: which column means what in a trace, and as what type a column is read.

use crate::server::{Server, eventually};
use reqwest::Method;
use serde_json::{Value, json};

const TRACE: &str = "/api/environments/production/traces/T1";
const ALL: &str = "/api/environments/production/datasets/__all__";

/// A trace of three services: two of a dataset with names of its own, the last of one with the usual names.
async fn fill(server: &Server) {
    let own = json!([
        {"data": {"tid": "T1", "sid": "a", "svc": "front", "took_ms": 100, "what": "GET /"}},
        {"data": {"tid": "T1", "sid": 7, "pid": "a", "svc": "back", "took_ms": 40, "what": "db"}},
    ]);
    server.post("/1/batch/own", &own).await;
    let usual = json!([{"data": {
        "trace.trace_id": "T1", "trace.span_id": "z", "trace.parent_id": "7", "service.name": "disk",
        "duration_ms": 5, "cpu_ms": 3, "name": "read",
    }}]);
    server.post("/1/batch/usual", &usual).await;
}

async fn send(server: &Server, method: Method, path: &str, body: &Value) -> Value {
    let answer = server
        .request(method, path)
        .json(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn define(server: &Server, dataset: &str, parts: &[(&str, &str)]) {
    let change = parts
        .iter()
        .map(|(key, name)| ((*key).to_owned(), json!({"name": name})));
    let change = Value::Object(change.collect());
    let path = format!("/1/dataset_definitions/{dataset}");
    send(server, Method::PATCH, &path, &change).await;
}

/// The longest span of each service, as the map and Home ask for it.
async fn durations(server: &Server) -> Value {
    let spec = json!({
        "breakdowns": ["parent.service.name", "service.name"],
        "calculations": [{"op": "MAX", "column": "duration_ms"}],
    });
    let path = format!("{ALL}/query?keep=false&by_definition=true");
    let answer = server.post(&path, &spec).await;
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|row| row["data"].clone()).collect()
}

#[tokio::test]
async fn traces_and_the_map_go_by_the_definition_of_each_dataset() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    fill(&server).await;
    assert_eq!(server.get(TRACE).await["total_rows"], 1);
    define(
        &server,
        "own",
        &[
            ("trace_id", "tid"),
            ("span_id", "sid"),
            ("parent_id", "pid"),
            ("service_name", "svc"),
            ("duration_ms", "took_ms"),
            ("name", "what"),
        ],
    )
    .await;
    // From memory at first, and from blocks in the end.
    eventually("the same trace from blocks", async || {
        let trace = server.get(&format!("{TRACE}/columns")).await;
        assert_eq!(trace["total_rows"], 3);
        let meant = trace["by_definition"].as_array().unwrap();
        let services = meant.iter().find(|it| it["name"] == "service.name").unwrap();
        assert_eq!(services["values"].as_array().unwrap().len(), 3);
        let expected = json!([
            {"service.name": "front", "MAX(duration_ms)": 100},
            {"parent.service.name": "front", "service.name": "back", "MAX(duration_ms)": 40},
            {"parent.service.name": "back", "service.name": "disk", "MAX(duration_ms)": 5},
        ]);
        assert_eq!(durations(&server).await, expected);
        let spec = json!({"filters": [{"column": "any.svc", "op": "=", "value": "back"}], "breakdowns": ["root.what"]});
        let answer = server.query("own", spec).await;
        let groups = json!([{"data": {"root.what": "GET /", "COUNT": 2}}]);
        assert_eq!(answer["results"], groups);
        // As a query's traces are asked for: whose events they are by name, of which trace by definition.
        let spec = json!({
            "filters": [
                {"column": "svc", "op": "=", "value": "back"},
                {"column": "service.name", "op": "does-not-exist"},
            ],
            "breakdowns": ["trace.trace_id"],
            "calculations": [{"op": "MAX", "column": "duration_ms"}],
        });
        let of_own = "/api/environments/production/datasets/own/query?keep=false&by_definition=result";
        let traces = server.post(of_own, &spec).await;
        let expected = json!([{"data": {"trace.trace_id": "T1", "MAX(duration_ms)": 40}}]);
        assert_eq!(traces["results"], expected);
        (answer["stats"]["blocks_read"].as_u64() > Some(0)).then_some(())
    })
    .await;
    let asked = server
        .post(
            "/1/maps/dependencies/requests",
            &json!({"time_range": 7200}),
        )
        .await;
    let path = format!(
        "/1/maps/dependencies/requests/{}",
        asked["request_id"].as_str().unwrap()
    );
    let map = eventually("the map", async || {
        let map = server.get(&path).await;
        (map["status"] == "ready").then_some(map)
    })
    .await;
    let calls = map["dependencies"].as_array().unwrap().iter();
    let calls: Vec<(&str, &str)> = calls
        .map(|call| {
            let name = |node: &str| call[node]["name"].as_str().unwrap();
            (name("parent_node"), name("child_node"))
        })
        .collect();
    assert_eq!(calls, [("back", "disk"), ("front", "back")]);

    // Another column, then a calculated field, and every picture changes with it.
    define(&server, "usual", &[("duration_ms", "cpu_ms")]).await;
    assert_eq!(durations(&server).await[2]["MAX(duration_ms)"], 3);
    server
        .post(
            "/1/derived_columns/usual",
            &json!({"alias": "double_ms", "expression": "MUL($cpu_ms, 2)"}),
        )
        .await;
    define(&server, "usual", &[("duration_ms", "double_ms")]).await;
    assert_eq!(durations(&server).await[2]["MAX(duration_ms)"], 6.0);
    let rows = server.get(TRACE).await;
    let last = &rows["rows"][2];
    assert_eq!(last["by_definition"]["duration_ms"], 6.0, "{rows}");
    assert_eq!(last["data"]["duration_ms"], 5);
}

#[tokio::test]
async fn another_type_reads_old_and_new_events_alike() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    let fill = async |values: &[Value]| {
        let events = values
            .iter()
            .map(|status| json!({"data": {"status": status}}));
        server.post("/1/batch/web", &events.collect()).await;
    };
    fill(&[json!("200"), json!("404"), json!("fast")]).await;
    let column = server.get("/1/columns/web?key_name=status").await;
    assert_eq!(column["type"], "string");
    let path = format!("/1/columns/web/{}", column["id"].as_str().unwrap());
    let change = async |to: &str| {
        let changed = send(&server, Method::PUT, &path, &json!({"type": to})).await;
        assert_eq!(changed["type"], to);
    };
    let spec = json!({
        "calculations": [{"op": "SUM", "column": "status"}, {"op": "COUNT"}],
        "filters": [{"column": "status", "op": ">=", "value": 200}],
    });
    change("integer").await;
    fill(&[json!("500"), json!(201)]).await;
    let rows = async || {
        let rows = server
            .post("/api/environments/production/datasets/web/rows", &json!({}))
            .await;
        let rows = rows["rows"].as_array().unwrap().iter();
        let mut texts: Vec<String> = rows.map(|row| row["data"]["status"].to_string()).collect();
        texts.sort();
        texts
    };
    eventually("the same numbers from blocks", async || {
        let answer = server.query("web", spec.clone()).await;
        let expected = json!([{"data": {"SUM(status)": 1305, "COUNT": 4}}]);
        assert_eq!(answer["results"], expected);
        assert_eq!(rows().await, ["200", "201", "404", "500", "null"]);
        (answer["stats"]["blocks_read"].as_u64() > Some(0)).then_some(())
    })
    .await;
    // What could not be read as a number was never gone.
    change("string").await;
    let stored = ["\"200\"", "\"404\"", "\"500\"", "\"fast\"", "201"];
    assert_eq!(rows().await, stored);
}
