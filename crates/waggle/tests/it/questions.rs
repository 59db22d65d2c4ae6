//! What Honeycomb's query specification can ask, asked of the real engine over HTTP: by Honeycomb's clients' way and by the UI's.

use crate::server::{Server, eventually};
use serde_json::{Value, json};

/// Sends events of now to the dataset `shop`.
async fn send(server: &Server, events: impl IntoIterator<Item = Value>) {
    let events: Vec<Value> = events
        .into_iter()
        .map(|data| json!({"data": data}))
        .collect();
    server.post("/1/batch/shop", &json!(events)).await;
}

/// Runs a query as Honeycomb's clients do and waits for its data.
async fn result_of(server: &Server, spec: &Value, options: Value) -> Value {
    let query = server.post("/1/queries/shop", spec).await;
    let mut body = options;
    body["query_id"] = query["id"].clone();
    let result = server.post("/1/query_results/shop", &body).await;
    let path = format!("/1/query_results/shop/{}", result["id"].as_str().unwrap());
    let result = eventually("the result", async || {
        let result = server.get(&path).await;
        (result["complete"] == json!(true)).then_some(result)
    })
    .await;
    result["data"].clone()
}

/// Whoever polls never waits for their own poll interval: the answer to a GET comes with the result, and says that there is none yet only
/// when it has waited for a second.
#[tokio::test]
async fn a_get_waits_for_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    for batch in 0..20 {
        let events = (0..2_000).map(|index| {
            let number = batch * 2_000 + index;
            json!({"data": {"trace.trace_id": format!("t{}", number / 4), "trace.span_id": format!("s{number}"), "n": number}})
        });
        server.post("/1/batch/shop", &events.collect()).await;
    }
    let spec = json!({
        "calculations": [{"op": "P99", "column": "n"}, {"op": "COUNT_DISTINCT", "column": "trace.span_id"}],
        "breakdowns": ["trace.trace_id"], "filters": [{"column": "any.n", "op": ">=", "value": 0}], "time_range": 3_600,
    });
    let query = server.post("/1/queries/shop", &spec).await;
    let result = server
        .post("/1/query_results/shop", &json!({"query_id": query["id"]}))
        .await;
    assert_eq!(result["complete"], json!(false));
    let path = format!("/1/query_results/shop/{}", result["id"].as_str().unwrap());
    loop {
        let asked = std::time::Instant::now();
        let answer = server.get(&path).await;
        if answer["complete"] == json!(true) {
            assert_eq!(answer["data"]["results"].as_array().unwrap().len(), 1_000);
            break;
        }
        let waited = asked.elapsed();
        assert!(waited >= std::time::Duration::from_secs(1), "{waited:?}");
    }
}

/// The rows of a result.
fn rows(data: &Value) -> Vec<&Value> {
    let rows = data["results"].as_array().unwrap().iter();
    rows.map(|row| &row["data"]).collect()
}

/// Ten traces: a page that asks for carts, of which every other one asks a database, and in one of these the database fails.
fn traces() -> Vec<Value> {
    let mut spans = Vec::new();
    for trace in 0..10 {
        let mut span = |id: &str, parent: Option<&str>, service: &str, error: bool| {
            let mut span = json!({"trace.trace_id": format!("t{trace}"), "trace.span_id": id,
                "service.name": service, "name": format!("{service} {}", trace % 2)});
            if let Some(parent) = parent {
                span["trace.parent_id"] = json!(parent);
            }
            if error {
                span["error"] = json!(true);
            }
            spans.push(span);
        };
        span("a", None, "page", false);
        span("b", Some("a"), "carts", false);
        if trace % 2 == 0 {
            span("c", Some("b"), "database", trace == 4);
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_of_other_spans_stand_wherever_columns_do() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    send(&server, traces()).await;
    let calls = json!({"breakdowns": ["parent.service.name", "service.name"],
        "filters": [{"column": "parent.service.name", "op": "exists"}],
        "orders": [{"column": "parent.service.name"}]});
    let found = result_of(&server, &calls, json!({"disable_series": true})).await;
    assert_eq!(
        rows(&found),
        [
            &json!({"COUNT": 5, "parent.service.name": "carts", "service.name": "database"}),
            &json!({"COUNT": 10, "parent.service.name": "page", "service.name": "carts"}),
        ]
    );
    let of_roots = json!({"breakdowns": ["root.name"],
        "calculations": [{"op": "COUNT_DISTINCT", "column": "child.name"}, {"op": "MAX", "column": "child.service.name"}],
        "filters": [{"column": "service.name", "op": "=", "value": "carts"}],
        "orders": [{"op": "COUNT_DISTINCT", "column": "child.name", "order": "descending"}],
        "havings": [{"calculate_op": "COUNT_DISTINCT", "column": "child.name", "op": ">=", "value": 1}]});
    // From memory at first, and from blocks in the end.
    eventually("the same answer from blocks", async || {
        let answer = server.query("shop", of_roots.clone()).await;
        assert_eq!(
            rows(&answer),
            [
                &json!({"root.name": "page 0", "COUNT_DISTINCT(child.name)": 1, "MAX(child.service.name)": "database"})
            ]
        );
        (answer["stats"]["blocks_read"] != 0).then_some(())
    })
    .await;
    let computed = json!({
        "calculated_fields": [{"name": "path", "expression": "CONCAT($root.service.name, \" to \", $service.name)"}],
        "breakdowns": ["path"], "orders": [{"column": "path"}],
        "filters": [{"column": "child.error", "op": "=", "value": true}]});
    let found = result_of(&server, &computed, json!({})).await;
    assert_eq!(
        rows(&found),
        [&json!({"COUNT": 1, "path": "page to carts"})]
    );
    let answer = server
        .request(reqwest::Method::POST, "/1/queries/shop")
        .json(&json!({"breakdowns": ["any.name"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 422);
    let refused: Value = answer.json().await.unwrap();
    assert!(
        refused.to_string().contains("only works in filters"),
        "{refused}"
    );
}

/// 400 requests of two services within the last minutes, of which every tenth of `web` fails.
fn requests() -> Vec<Value> {
    let event = |n: usize| {
        let service = ["web", "api"][n % 2];
        json!({"service": service, "duration_ms": 100 + n, "status": if n.is_multiple_of(20) { 500 } else { 200 }, "user": format!("user-{n}")})
    };
    (0..400).map(event).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn named_calculations_have_filters_and_make_formulas() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    send(&server, requests()).await;
    let spec = json!({
        "calculations": [
            {"op": "COUNT", "name": "all"},
            {"op": "COUNT", "name": "failed", "filters": [{"column": "status", "op": ">=", "value": 500}]},
            {"op": "MAX", "column": "duration_ms", "name": "slowest"},
            {"op": "P50", "column": "duration_ms"},
        ],
        "formulas": [{"name": "failed_share", "expression": "DIV($failed, $all)"}],
        "breakdowns": ["service"],
        "orders": [{"column": "failed_share", "order": "descending"}],
        "havings": [{"calculate_op": "slowest", "op": ">", "value": 0}]});
    let found = result_of(&server, &spec, json!({})).await;
    let rows = rows(&found);
    let shown = |row: &Value| {
        (
            row["service"].clone(),
            row["failed_share"].clone(),
            row["slowest"].clone(),
        )
    };
    assert_eq!(shown(rows[0]), (json!("web"), json!(0.1), json!(498)));
    assert_eq!(shown(rows[1]), (json!("api"), json!(0.0), json!(499)));
    assert!(
        rows[0].get("all").is_none(),
        "a formula uses it: {}",
        rows[0]
    );
    assert!(rows[0]["P50(duration_ms)"].is_number());
    assert_eq!(
        found["total_by_aggregate"]["data"]["failed_share"],
        json!(0.05)
    );
    assert!(!found["series"].as_array().unwrap().is_empty());
    assert!(
        !found["total_by_aggregate_series"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rates_and_spans_in_flight_are_those_of_their_buckets() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    // One span a minute, of which every one takes half a minute and each measures twice as much as the one before.
    let start_s = jiff::Timestamp::now().as_second() / 3_600 * 3_600 - 3_600;
    let events = (0..4).map(|n: i64| {
        let time = jiff::Timestamp::from_second(start_s + n * 60).unwrap();
        json!({"time": time.to_string(), "data": {"duration_ms": 30_000, "bytes": 60 << n}})
    });
    let events: Vec<Value> = events.collect();
    server.post("/1/batch/shop", &json!(events)).await;
    let spec = json!({"start_time": start_s, "end_time": start_s + 240, "granularity": 60,
        "calculations": [{"op": "CONCURRENCY"}, {"op": "RATE_SUM", "column": "bytes"},
            {"op": "RATE_MAX", "column": "bytes"}, {"op": "RATE_AVG", "column": "bytes"}]});
    let found = result_of(&server, &spec, json!({})).await;
    let series = found["series"].as_array().unwrap().iter();
    let points: Vec<Value> = series
        .map(|point| {
            json!([
                point["data"]["CONCURRENCY"],
                point["data"]["RATE_SUM(bytes)"]
            ])
        })
        .collect();
    // The first bucket has nothing before it.
    assert_eq!(
        json!(points),
        json!([[0.5, null], [0.5, 1.0], [0.5, 2.0], [0.5, 4.0]])
    );
    let row = &found["results"][0]["data"];
    assert_eq!(row["CONCURRENCY"], json!(0.5));
    for op in ["RATE_SUM", "RATE_MAX", "RATE_AVG"] {
        let rate = row[format!("{op}(bytes)")].as_f64().unwrap();
        assert!((rate - 420.0 / 180.0).abs() < 1e-9, "{op}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_time_is_compared_by_the_ui_and_stored_by_clients() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let ago = |minutes: i64| jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    let at = |minutes: i64| json!({"time": ago(minutes).to_string(), "data": {"name": "GET"}});
    let events = json!([at(1), at(2), at(31), at(32), at(33)]);
    server.post("/1/batch/shop", &events).await;
    let spec =
        json!({"time_range": 600, "compare_time_offset_seconds": 1_800, "breakdowns": ["name"]});
    let answer = server.query("shop", spec.clone()).await;
    assert_eq!(answer["total"]["COUNT"], 2);
    assert_eq!(answer["compare"]["total"]["COUNT"], 3);
    let found = result_of(&server, &spec, json!({})).await;
    assert_eq!(rows(&found), [&json!({"COUNT": 2, "name": "GET"})]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_result_leaves_out_is_left_out() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    send(&server, requests()).await;
    server
        .post("/1/batch/other", &json!([{"data": {"service": "web"}}]))
        .await;
    let spec = json!({"breakdowns": ["user"], "limit": 5});
    let all = result_of(&server, &spec, json!({})).await;
    assert_eq!(all["total_by_aggregate"]["data"]["COUNT"], 400);
    assert_eq!(all["other_by_aggregate"]["data"]["COUNT"], 395);
    assert_eq!(rows(&all).len(), 5);
    let options = json!({"disable_series": true, "disable_total_by_aggregate": true,
        "disable_other_by_aggregate": true});
    let little = result_of(&server, &spec, options).await;
    assert_eq!(rows(&little).len(), 5);
    assert_eq!(little["series"], json!([]));
    for member in [
        "total_by_aggregate",
        "total_by_aggregate_series",
        "other_by_aggregate",
    ] {
        assert!(little[member].is_null(), "{member}: {little}");
    }
    // All datasets of the environment.
    let everywhere = server
        .query("__all__", json!({"breakdowns": ["service"]}))
        .await;
    let rows = rows(&everywhere);
    assert_eq!(rows[0], &json!({"service": "web", "COUNT": 201}));
    assert_eq!(rows[1], &json!({"service": "api", "COUNT": 200}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_groups_come_without_their_series_and_no_more() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for part in 0..6 {
        let users = (0..2_000).map(|n| json!({"user": format!("user-{part}-{n}")}));
        send(&server, users).await;
    }
    let spec = json!({"breakdowns": ["user"], "orders": [{"column": "user"}]});
    let found = result_of(
        &server,
        &spec,
        json!({"disable_series": true, "limit": 10_000}),
    )
    .await;
    let rows = rows(&found);
    assert_eq!(rows.len(), 10_000);
    assert_eq!(rows[0], &json!({"COUNT": 1, "user": "user-0-0"}));
    assert_eq!(found["total_by_aggregate"]["data"]["COUNT"], 12_000);
    assert_eq!(found["other_by_aggregate"]["data"]["COUNT"], 2_000);
    let query = server.post("/1/queries/shop", &spec).await;
    let body = json!({"query_id": query["id"], "disable_series": true, "limit": 10_001});
    let answer = server
        .request(reqwest::Method::POST, "/1/query_results/shop")
        .json(&body);
    assert_eq!(answer.send().await.unwrap().status(), 422);
}

/// Asks for the map of the last ten minutes and waits for it.
async fn map_of(server: &Server) -> Value {
    let request = server
        .post("/1/maps/dependencies/requests", &json!({"time_range": 600}))
        .await;
    let path = format!(
        "/1/maps/dependencies/requests/{}",
        request["request_id"].as_str().unwrap()
    );
    eventually("the map", async || {
        let map = server.get(&path).await;
        (map["status"] == "ready").then_some(map)
    })
    .await
}

/// Calls through services that are declared to be gateways are calls of what is behind them, over one gateway or two, by the real engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maps_show_calls_through_gateways() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let span = |trace: String, id: usize, service: &str| {
        let mut span = json!({"trace.trace_id": trace, "trace.span_id": format!("s{id}"), "service.name": service});
        if id > 0 {
            span["trace.parent_id"] = json!(format!("s{}", id - 1));
        }
        span
    };
    let paths = [
        (&["page", "edge", "carts", "database"][..], 4),
        (&["page", "edge", "mesh", "search"][..], 3),
        (&["job", "mesh", "search"][..], 2),
        (&["edge", "carts"][..], 1),
    ];
    let spans = paths
        .iter()
        .enumerate()
        .flat_map(|(number, (services, count))| {
            (0..*count).flat_map(move |trace| {
                let services = services.iter().enumerate();
                services.map(move |(id, service)| span(format!("{number}/{trace}"), id, service))
            })
        });
    send(&server, spans).await;
    let declared = server
        .request(
            reqwest::Method::PUT,
            "/api/environments/production/service-map",
        )
        .json(&json!({"gateways": ["edge", "mesh"]}));
    assert_eq!(declared.send().await.unwrap().status(), 200);
    let map = map_of(&server).await;
    let calls = map["dependencies"].as_array().unwrap().iter();
    let mut calls: Vec<String> = calls
        .map(|call| {
            let name = |node: &str| call[node]["name"].as_str().unwrap().to_owned();
            format!(
                "{} {} {}",
                name("parent_node"),
                name("child_node"),
                call["call_count"]
            )
        })
        .collect();
    calls.sort();
    let expected = [
        "carts database 4",
        "job search 2",
        "page carts 4",
        "page search 3",
    ];
    assert_eq!(calls, expected, "{map}");
}

/// Who calls whom, and how a promise is kept, by the real engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maps_and_promises_are_computed_from_events() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    send(&server, traces()).await;
    let map = map_of(&server).await;
    let service = |name: &str| json!({"name": name, "type": "service"});
    assert_eq!(
        map["dependencies"],
        json!([
            {"parent_node": service("page"), "child_node": service("carts"), "call_count": 10},
            {"parent_node": service("carts"), "child_node": service("database"), "call_count": 5},
        ])
    );
    let indicator = json!({"alias": "is_good", "expression": "NOT(EXISTS($error))"});
    server.post("/1/derived_columns/shop", &indicator).await;
    let slo = json!({"name": "Shop works", "sli": {"alias": "is_good"}, "time_period_days": 30,
        "target_per_million": 900_000});
    let slo = server.post("/1/slos/shop", &slo).await;
    let path = format!("/1/slos/shop/{}?detailed=true", slo["id"].as_str().unwrap());
    let slo = server.get(&path).await;
    // One of 25 spans fails; 2.5 may.
    assert_eq!(slo["compliance"], json!(96.0));
    let left = slo["budget_remaining"].as_f64().unwrap();
    assert!((left - 60.0).abs() < 1e-6, "{slo}");
}
