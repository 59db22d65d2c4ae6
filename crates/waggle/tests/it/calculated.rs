//! Calculated fields as a user has them: kept over HTTP, then named by queries, rows and BubbleUp like columns.

use crate::server::{Server, eventually};
use serde_json::{Value, json};

const FIELDS: &str = "/1/derived_columns/shop";

/// 600 requests to three addresses that take 1 to 600 ms.
async fn fill(server: &Server) {
    let events: Vec<Value> = (0..600)
        .map(|n| {
            let url = format!("/api/{}/{}", ["carts", "orders", "users"][n % 3], n % 50);
            json!({"data": {"url": url, "duration_ms": n + 1, "status": if n % 10 == 0 { 500 } else { 200 }}})
        })
        .collect();
    server.post("/1/batch/shop", &json!(events)).await;
}

#[tokio::test]
async fn kept_fields_are_columns_to_every_query() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--flush-interval", "1s"]);
    fill(&server).await;
    let made = server
        .post(
            FIELDS,
            &json!({"alias": "resource", "expression": "REG_VALUE($url, `^/api/([a-z]+)`)"}),
        )
        .await;
    server
        .post(
            FIELDS,
            &json!({"alias": "seconds", "expression": "$duration_ms / 1000"}),
        )
        .await;
    server
        .post(
            "/1/derived_columns/__all__",
            &json!({"alias": "failed", "expression": "$status >= 500"}),
        )
        .await;
    assert_eq!(server.get(FIELDS).await.as_array().unwrap().len(), 2);
    let found = server.get(&format!("{FIELDS}?alias=resource")).await;
    assert_eq!(found["id"], made["id"]);

    let spec = json!({
        "breakdowns": ["resource"],
        "calculations": [{"op": "P95", "column": "seconds"}, {"op": "COUNT"}, {"op": "MAX", "column": "seconds"}],
        "filters": [{"column": "failed", "op": "=", "value": false}],
        "orders": [{"column": "resource", "order": "ascending"}],
    });
    // From memory at first, and from blocks in the end.
    eventually("the same answer from blocks", async || {
        let answer = server.query("shop", spec.clone()).await;
        let results = answer["results"].as_array().unwrap();
        let rows: Vec<(&str, i64, f64)> = results
            .iter()
            .map(|row| {
                let data = &row["data"];
                let p95 = data["P95(seconds)"].as_f64().unwrap();
                assert!((0.5..0.6).contains(&p95), "{row}");
                (
                    data["resource"].as_str().unwrap(),
                    data["COUNT"].as_i64().unwrap(),
                    data["MAX(seconds)"].as_f64().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("carts", 180, 0.598),
                ("orders", 180, 0.599),
                ("users", 180, 0.6)
            ]
        );
        (answer["stats"]["blocks_read"] != 0).then_some(())
    })
    .await;

    // The way of Honeycomb's clients.
    let query = server.post("/1/queries/shop", &spec).await;
    let result = server
        .post(
            "/1/query_results/shop",
            &json!({"query_id": query["id"], "disable_series": true}),
        )
        .await;
    let path = format!("/1/query_results/shop/{}", result["id"].as_str().unwrap());
    let result = eventually("the result", async || {
        let result = server.get(&path).await;
        (result["complete"] == json!(true)).then_some(result)
    })
    .await;
    assert_eq!(result["data"]["results"].as_array().unwrap().len(), 3);
    assert_eq!(result["data"]["results"][0]["data"]["resource"], "carts");

    // A query of all datasets knows those of the environment.
    let answer = server
        .query(
            "__all__",
            json!({"breakdowns": ["failed"], "orders": [{"column": "failed"}]}),
        )
        .await;
    assert_eq!(answer["results"].as_array().unwrap().len(), 2);

    // One of its own hides a kept one.
    let answer = server
        .query(
            "shop",
            json!({"calculated_fields": [{"name": "resource", "expression": "IF($status = 500, `bad`, `good`)"}],
                "breakdowns": ["resource"], "orders": [{"column": "resource"}]}),
        )
        .await;
    assert_eq!(answer["results"][0]["data"]["resource"], "bad");
    assert_eq!(answer["results"][0]["data"]["COUNT"], 60);

    let rows = server
        .rows(
            "shop",
            json!([{"column": "resource", "op": "=", "value": "users"}]),
        )
        .await;
    assert_eq!(rows.len(), 200);
}

#[tokio::test]
async fn an_expression_is_checked_and_tried_before_it_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    fill(&server).await;
    let path = "/api/environments/production/datasets/shop/calculated-field";
    let wrong = server
        .post(path, &json!({"expression": "IF($url, FOO(1))"}))
        .await;
    assert_eq!(
        wrong,
        json!({"error": {"message": "invalid function: FOO", "position": 9, "line": 1, "column": 10}})
    );
    let tried = server
        .post(
            path,
            &json!({"expression": "CONCAT($url, $nowhere)", "limit": 3}),
        )
        .await;
    assert_eq!(tried["type"], "string");
    assert_eq!(tried["unknown_columns"], json!(["nowhere"]));
    let rows = tried["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row["value"], row["inputs"]["url"]);
    }
}
