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
