//! The management API under `/1/`: shapes, statuses and texts of spec/honeycomb-api.md sections 2, 3, 9, 11 and 12.

use super::engine::MINUTE_NS;
use super::{Installation, NOW_NS, gzip};
use crate::{ApiConfig, fail_interrupted_queries};
use serde_json::{Value as Json, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use waggle_access::Permission;
use waggle_metastore::{KeyKind, QueryId, QueryResultId, RunBy};
use waggle_model::{ColumnType, DatasetScope, QueryError};

const NOW: &str = "2024-11-22T10:06:40.123Z";
const ORIGIN: &str = "http://waggle.test:8080";

/// Replaces what is made up by its name, having checked its shape.
fn masked(mut json: Json, fields: &[&str]) -> Json {
    for field in fields {
        let id = json[*field].as_str().unwrap();
        assert_eq!(id.len(), 11, "{field} {id}");
        json[*field] = json!(field);
    }
    json
}

#[tokio::test]
async fn auth_tells_what_the_key_may_do() {
    let installation = Installation::new().await;
    for method in ["GET", "POST"] {
        let answer = installation.ask_with_key(method, "/1/auth").send().await;
        let mut body = answer.json();
        let id = body["id"].take();
        assert!(id.as_str().unwrap().starts_with("hcxlk_"), "{id}");
        assert_eq!(
            body,
            json!({
                "id": null, "type": "configuration",
                "api_key_access": {
                    "events": true, "createDatasets": true, "columns": true, "queries": true, "boards": true,
                    "privateBoards": true, "slos": true, "triggers": true, "recipients": true, "markers": true,
                    "create_datasets": true,
                },
                "environment": {"name": "production", "slug": "production"},
                "team": {"name": "default", "slug": "default"},
            })
        );
    }
    let ingest = installation
        .key_with(
            installation.staging,
            KeyKind::Ingest,
            [Permission::CreateDatasets],
        )
        .await;
    let answer = installation
        .ask("GET", "/1/auth")
        .header("x-honeycomb-team", &ingest)
        .send()
        .await;
    let body = answer.json();
    assert_eq!(body["type"], "ingest");
    assert_eq!(body["environment"]["slug"], "staging");
    assert_eq!(
        body["api_key_access"],
        json!({"createDatasets": true, "create_datasets": true})
    );
}

#[tokio::test]
async fn datasets_are_made_once_and_changed() {
    let installation = Installation::new().await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", "/1/datasets")
            .json(&body)
            .send()
    };
    let expected = json!({
        "name": "My Dataset!", "slug": "my-dataset-", "description": "for tests", "expand_json_depth": 3,
        "settings": {"delete_protected": true}, "dataset_type": "events", "regular_columns_count": 0, "last_written_at": null, "created_at": NOW,
    });
    let body = json!({"name": "My Dataset!", "description": "for tests", "expand_json_depth": 3});
    post(body.clone()).await.check(201, &expected);
    post(body).await.check(200, &expected);
    post(json!({"name": "my dataset!"}))
        .await
        .check(200, &expected);
    let get = |path: &'static str| installation.ask_with_key("GET", path).send();
    get("/1/datasets/my-dataset-").await.check(200, &expected);
    get("/1/datasets/My%20Dataset!").await.check(200, &expected);
    get("/1/datasets").await.check(200, &json!([expected]));
    let answer = get("/1/datasets/other").await;
    answer.check_error(404, "Dataset not found");
    assert_eq!(
        answer.json()["type"],
        format!("{ORIGIN}/problems/not-found")
    );

    let answer = installation
        .ask_with_key("PUT", "/1/datasets/my-dataset-")
        .json(&json!({"description": "changed", "expand_json_depth": 0, "settings": {"delete_protected": false}}))
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["description"], "changed");
    assert_eq!(
        answer.json()["settings"],
        json!({"delete_protected": false})
    );
}

#[tokio::test]
async fn wrong_datasets_are_named_field_by_field() {
    let installation = Installation::with(ApiConfig {
        environment_datasets_max: 1,
        ..ApiConfig::default()
    })
    .await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", "/1/datasets")
            .json(&body)
            .send()
    };
    let answer = post(json!({"name": " "})).await;
    answer.check(
        422,
        &json!({
            "status": 422, "type": format!("{ORIGIN}/problems/validation-failed"),
            "title": "The provided input is invalid.", "error": "The provided input is invalid.",
            "detail": "The provided input is invalid.", "instance": "/1/datasets",
            "type_detail": [{"field": "name", "code": "missing", "description": "cannot be blank"}],
        }),
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let answer = post(json!({"name": "x", "expand_json_depth": 11, "description": 7})).await;
    let fields: Vec<_> = answer.json()["type_detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| (detail["field"].clone(), detail["code"].clone()))
        .collect();
    assert_eq!(
        fields,
        [
            (json!("description"), json!("incorrect_type")),
            (json!("expand_json_depth"), json!("invalid")),
        ]
    );
    for name in ["__all__", "xray-pending", "XRay Pending"] {
        post(json!({"name": name}))
            .await
            .check_error(409, "we could not create a dataset with that name");
    }
    assert_eq!(post(json!({"name": "x"})).await.status, 201);
    post(json!({"name": "y"})).await.check_error(
        409,
        "environment has reached the maximum number of datasets allowed",
    );
    let put = installation
        .ask_with_key("PUT", "/1/datasets/x")
        .json(&json!({}));
    assert_eq!(
        put.send().await.json()["type_detail"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_problems() {
    let installation = Installation::new().await;
    let post = |body: Vec<u8>, encoding: &'static str| {
        let call = installation.ask_with_key("POST", "/1/datasets").body(body);
        match encoding {
            "" => call.send(),
            encoding => call.header("content-encoding", encoding).send(),
        }
    };
    for body in ["", "{", "[1]", "7"] {
        let answer = post(body.into(), "").await;
        answer.check_error(400, "could not parse request body");
        assert_eq!(
            answer.json()["title"],
            "The request body could not be parsed."
        );
    }
    post(b"not gzip".to_vec(), "gzip")
        .await
        .check_error(400, "invalid gzip data");
    let answer = post(vec![b' '; 100_001], "").await;
    answer.check_error(413, "Body size is larger than maximum size of 100000 bytes");
    assert_eq!(answer.json()["title"], "Request body is too large.");
    let answer = post(gzip(&vec![b' '; 1 << 20]), "gzip").await;
    assert_eq!(answer.status, 413);
    let good = post(gzip(br#"{"name":"x"}"#), "gzip").await;
    assert_eq!(good.status, 201);
}

#[tokio::test]
async fn columns_of_histograms_and_of_the_whole_environment_are_made() {
    let installation = Installation::new().await;
    let send = async |method: &str, path: &str, body: Json| {
        let call = installation.ask_with_key(method, path);
        call.json(&body).send().await
    };
    let new = json!({"key_name": "sizes", "type": "histogram"});
    let nowhere = send("POST", "/1/columns/__all__", new.clone()).await;
    nowhere.check_error(404, "dataset not found");
    for name in ["shop", "other"] {
        installation.dataset(installation.production, name).await;
    }
    let made = send("POST", "/1/columns/__all__", new.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["type"], &made["key_name"]),
        (&json!("histogram"), &json!("sizes"))
    );
    let path = format!("/1/columns/shop/{}", made["id"].as_str().unwrap());
    installation
        .ask_with_key("GET", &path)
        .send()
        .await
        .check(200, &made);
    for path in ["other", "__all__"] {
        let path = format!("/1/columns/{path}?key_name=sizes");
        let found = installation.ask_with_key("GET", &path).send().await.json();
        assert_eq!(found["type"], "histogram", "{path}");
    }
    let again = send("POST", "/1/columns/__all__", new).await;
    again.check_error(409, "column already exists");
    let changed = send("PUT", &path, json!({"description": "of carts"})).await;
    assert_eq!(changed.json()["type"], "histogram");
    let changed = send("PUT", &path, json!({"type": "float"})).await;
    assert_eq!(changed.json()["type"], "float");
    let changed = send("PUT", &path, json!({"type": "histogram"})).await;
    assert_eq!(changed.json()["type"], "histogram");
}

#[tokio::test]
async fn columns_are_listed_made_and_changed() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", "/1/columns/shop")
            .json(&body)
            .send()
    };
    let answer =
        post(json!({"key_name": "duration_ms", "type": "float", "description": "how long"})).await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let mut expected = json!({
        "id": id, "key_name": "duration_ms", "type": "float", "description": "how long", "hidden": false,
        "last_written": null, "created_at": NOW, "updated_at": NOW,
    });
    assert_eq!(answer.json(), expected);
    post(json!({"key_name": "duration_ms"}))
        .await
        .check_error(409, "column already exists");
    post(json!({}))
        .await
        .check(400, &json!({"error": "Key name cannot be blank"}));
    assert_eq!(
        post(json!({"key_name": "h", "type": "list"})).await.status,
        422
    );
    assert_eq!(post(json!({"key_name": "x".repeat(256)})).await.status, 422);

    let get = async |path: String| installation.ask_with_key("GET", &path).send().await;
    get("/1/columns/shop".into())
        .await
        .check(200, &json!([expected]));
    get("/1/columns/__all__".into())
        .await
        .check(200, &json!([expected]));
    get("/1/columns/shop?key_name=duration_ms".into())
        .await
        .check(200, &expected);
    get("/1/columns/__all__?key_name=duration_ms".into())
        .await
        .check(200, &expected);
    get("/1/columns/shop?key_name=nothing".into())
        .await
        .check_error(404, "Column not found");
    get(format!("/1/columns/shop/{id}"))
        .await
        .check(200, &expected);
    get("/1/columns/shop/%00%ff".into())
        .await
        .check_error(400, "the path is not UTF-8");
    get("/1/columns/shop/nobodys".into())
        .await
        .check_error(404, "Column not found");
    get("/1/columns/nowhere".into())
        .await
        .check_error(404, "Dataset not found");

    let put = |path: String, body: Json| installation.ask_with_key("PUT", &path).json(&body).send();
    expected["hidden"] = json!(true);
    expected["type"] = json!("integer");
    put(
        format!("/1/columns/shop/{id}"),
        json!({"hidden": true, "type": "integer", "key_name": "ignored"}),
    )
    .await
    .check(200, &expected);
    put("/1/columns/shop/nobodys".into(), json!({}))
        .await
        .check_error(404, "Column not found");
    let column = installation
        .metastore
        .search_columns(installation.production, &DatasetScope::All, "duration", 9)
        .await;
    assert_eq!(column.unwrap().columns[0].column_type, ColumnType::Integer);
}

#[tokio::test]
async fn a_query_is_kept_as_it_was_sent() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let sent = json!({"breakdowns": ["name"], "time_range": 600, "own_field": 1});
    let answer = installation
        .ask_with_key("POST", "/1/queries/shop")
        .json(&sent)
        .send()
        .await;
    assert_eq!(answer.status, 200);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let mut expected = sent.clone();
    expected["calculations"] = json!([{"op": "COUNT"}]);
    expected["id"] = json!("id");
    assert_eq!(masked(answer.json(), &["id"]), expected);
    let get = async |path: String| installation.ask_with_key("GET", &path).send().await;
    assert_eq!(
        masked(get(format!("/1/queries/shop/{id}")).await.json(), &["id"]),
        expected
    );
    get("/1/queries/shop/nobodys".into())
        .await
        .check_error(404, "Query not found");
    get(format!("/1/queries/__all__/{id}"))
        .await
        .check_error(404, "Query not found");
    get(format!("/1/queries/nowhere/{id}"))
        .await
        .check_error(404, "Dataset not found");
}

#[tokio::test]
async fn a_wrong_query_is_refused_by_clause() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", "/1/queries/shop")
            .json(&body)
            .send()
    };
    let answer = post(json!({"filters": [{"column": "a", "op": "like", "value": 1}]})).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.json()["type_detail"],
        json!([{"field": "filters[0].op", "code": "invalid", "description": "unknown operator \"like\""}])
    );
    let answer =
        post(json!({"calculations": [{"op": "COUNT"}, {"op": "MEDIAN", "column": "a"}]})).await;
    assert_eq!(
        answer.json()["type_detail"],
        json!([{"field": "calculations[1].op", "code": "invalid", "description": "unknown calculation MEDIAN"}])
    );
    post(json!({"start_time": 1, "end_time": 2, "time_range": 1}))
        .await
        .check_error(422, "The provided input is invalid.");
}

/// Saves a query over `shop` and returns its id.
async fn saved(installation: &Installation, spec: &Json) -> String {
    installation.dataset(installation.production, "shop").await;
    let answer = installation
        .ask_with_key("POST", "/1/queries/shop")
        .json(spec)
        .send()
        .await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_result_is_computed_in_the_background_and_kept() {
    let installation = Installation::new().await;
    let spec = json!({
        "breakdowns": ["name"],
        "calculations": [{"op": "COUNT"}, {"op": "P99", "column": "d"}, {"op": "HEATMAP", "column": "d"}],
        "start_time": 1_732_269_600, "end_time": 1_732_270_200,
    });
    let query_id = saved(&installation, &spec).await;
    let gate = installation.engine.gate.acquire().await.unwrap();
    let created = installation
        .ask_with_key("POST", "/1/query_results/shop")
        .json(&json!({"query_id": query_id}))
        .send()
        .await;
    assert_eq!(created.status, 201);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let mut query = spec.clone();
    query["id"] = json!(query_id);
    let token = crate::picture::token(
        &installation.state,
        installation.production,
        &QueryResultId(id.clone()),
    );
    let links = json!({
        "query_url": format!("{ORIGIN}/default/environments/production/datasets/shop/result/{id}"),
        "graph_image_url": crate::picture::link(&installation.state, ORIGIN, &token),
    });
    assert_eq!(
        created.json(),
        json!({"query": query, "id": id, "complete": false, "links": links})
    );
    let location = format!("{ORIGIN}/1/query_results/shop/{id}");
    assert_eq!(created.header("location"), location);

    let path = location.strip_prefix(ORIGIN).unwrap();
    let waiting = tokio::spawn(installation.ask_with_key("GET", path).send());
    while installation.engine.asked.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(gate);
    let answer = waiting.await.unwrap();
    let heatmap = answer.json()["data"]["heatmaps"]["HEATMAP(d)"].clone();
    assert_eq!(heatmap["counts"], json!([[1, 4]]));
    let data = json!({
        "series": [
            {"time": "2024-11-22T10:00:00Z", "data": {"name": "a", "COUNT": 2, "P99(d)": 2}},
            {"time": "2024-11-22T10:01:00Z", "data": {"name": "a", "COUNT": 1, "P99(d)": 1}},
            {"time": "2024-11-22T10:01:00Z", "data": {"COUNT": 1, "P99(d)": 1}},
        ],
        "results": [
            {"data": {"name": "a", "COUNT": 3, "P99(d)": 3}},
            {"data": {"COUNT": 1, "P99(d)": 1}},
        ],
        "total_by_aggregate": {"data": {"COUNT": 9, "P99(d)": 9}},
        "total_by_aggregate_series": [
            {"time": "2024-11-22T10:00:00Z", "data": {"COUNT": 5, "P99(d)": 5}},
            {"time": "2024-11-22T10:01:00Z", "data": {"COUNT": 4, "P99(d)": 4}},
        ],
        "other_by_aggregate": {"data": {"COUNT": 5, "P99(d)": 5}},
        "heatmaps": {"HEATMAP(d)": heatmap},
    });
    answer.check(
        200,
        &json!({"query": query, "id": id, "complete": true, "links": links, "data": data}),
    );
    assert_eq!(answer.header("cache-control"), "private, max-age=86400");
    assert_eq!(
        answer.header("last-modified"),
        "Fri, 22 Nov 2024 10:06:40 GMT"
    );
    let without = installation
        .ask_with_key("GET", &format!("{path}?include_series=false"))
        .send()
        .await;
    assert_eq!(without.json()["data"]["series"], json!([]));
    assert_eq!(without.json()["data"].get("heatmaps"), None);
    let asked = installation.engine.last();
    assert_eq!(asked.tenant, installation.production);
    assert_eq!(asked.range.end_ns - asked.range.start_ns, 10 * MINUTE_NS);
    assert_eq!(
        (asked.options.limit_default, asked.options.limit_max),
        (1_000, 1_000)
    );
    let permalink = installation
        .ask_with_key("GET", &format!("/api/environments/production/results/{id}"))
        .send()
        .await;
    assert_eq!(permalink.json()["dataset"], "shop");
    assert_eq!(
        permalink.json()["heatmaps"]["HEATMAP(d)"]["counts"],
        json!([[1, 4]])
    );
}

#[tokio::test]
async fn options_of_a_result_are_obeyed() {
    let installation = Installation::new().await;
    let query_id = saved(&installation, &json!({"limit": 5})).await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", "/1/query_results/shop")
            .json(&body)
            .send()
    };
    let created = post(json!({
        "query_id": query_id, "disable_series": true, "disable_total_by_aggregate": true,
        "disable_other_by_aggregate": true, "limit": 10_000,
    }))
    .await;
    assert_eq!(created.status, 201);
    assert_eq!(created.json()["query"]["limit"], 10_000);
    let location = created.header("location").to_owned();
    let answer = installation
        .ask_with_key("GET", location.strip_prefix(ORIGIN).unwrap())
        .send()
        .await;
    assert_eq!(answer.json()["complete"], true);
    assert_eq!(answer.json()["query"]["limit"], 10_000);
    let data = answer.json()["data"].as_object().unwrap().clone();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["series", "results"]);
    let asked = installation.engine.last();
    assert_eq!(asked.spec.limit, Some(10_000));
    assert!(asked.options.disable_series);
    assert_eq!(asked.options.limit_max, 10_000);

    let created = post(json!({"query_id": query_id, "limit": 50})).await;
    assert_eq!(
        created.json()["query"]["limit"],
        5,
        "only counts without series"
    );
    assert_eq!(
        post(json!({"query_id": query_id, "limit": 10_001}))
            .await
            .status,
        422
    );
    assert_eq!(
        post(json!({"query_id": query_id, "disable_series": 1}))
            .await
            .status,
        422
    );
    assert_eq!(
        post(json!({})).await.json()["type_detail"][0]["field"],
        "query_id"
    );
    post(json!({"query_id": "nobodys"}))
        .await
        .check_error(404, "Query not found");
    let week = saved(&installation, &json!({"time_range": 604_801})).await;
    post(json!({"query_id": week})).await.check_error(
        400,
        "the time range of a query result can be at most 7 days",
    );
    let get = installation.ask_with_key("GET", "/1/query_results/shop/nobodys");
    get.send().await.check_error(404, "Query result not found");
}

#[tokio::test]
async fn an_unfinished_result_is_not_complete() {
    let installation = Installation::with(ApiConfig {
        results_running_max: 1,
        result_wait: Duration::from_millis(20),
        ..ApiConfig::default()
    })
    .await;
    let query_id = saved(&installation, &json!({})).await;
    let _gate = installation.engine.gate.acquire().await.unwrap();
    let post = || {
        installation
            .ask_with_key("POST", "/1/query_results/shop")
            .json(&json!({"query_id": query_id}))
            .send()
    };
    let created = post().await;
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let answer = installation
        .ask_with_key("GET", &format!("/1/query_results/shop/{id}"))
        .send()
        .await;
    assert_eq!(
        (answer.status, &answer.json()["complete"]),
        (200, &json!(false))
    );
    assert_eq!(answer.header("cache-control"), "");
    let refused = post().await;
    refused.check_error(429, "too many queries are running; try again");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn one_team_leaves_a_quarter_of_the_running_queries_to_others() {
    let installation = Installation::with(ApiConfig {
        results_running_max: 4,
        ..ApiConfig::default()
    })
    .await;
    let theirs = installation.other_team().await;
    let _gate = installation.engine.gate.acquire().await.unwrap();
    let post = async |key: &str| {
        let ask = |path, body: &Json| {
            let call = installation.ask("POST", path);
            call.header("x-honeycomb-team", key).json(body).send()
        };
        let saved = ask("/1/queries/__all__", &json!({})).await.json();
        let body = json!({"query_id": saved["id"]});
        ask("/1/query_results/__all__", &body).await.status
    };
    for status in [201, 201, 201, 429] {
        assert_eq!(post(&installation.key).await, status);
    }
    for status in [201, 429] {
        assert_eq!(post(&theirs).await, status);
    }
}

#[tokio::test]
async fn a_failed_result_says_why() {
    let installation = Installation::new().await;
    let query_id = saved(&installation, &json!({})).await;
    let run = async || {
        let created = installation
            .ask_with_key("POST", "/1/query_results/shop")
            .json(&json!({"query_id": query_id}))
            .send()
            .await;
        let location = created.header("location").to_owned();
        installation
            .ask_with_key("GET", location.strip_prefix(ORIGIN).unwrap())
            .send()
            .await
    };
    *installation.engine.error.lock() = Some(QueryError::Deadline(30_000));
    run().await.check_error(
        400,
        "the query took longer than 30000 ms; ask for a shorter range or fewer groups",
    );
    installation.engine.panics.store(true, Ordering::Relaxed);
    run()
        .await
        .check_error(400, "the server could not complete the request");
}

#[tokio::test]
async fn a_restart_fails_what_it_interrupted() {
    let installation = Installation::new().await;
    let query_id = saved(&installation, &json!({})).await;
    let pending = installation
        .metastore
        .create_query_result(
            installation.production,
            &QueryId(query_id),
            "{}",
            &RunBy::Nobody,
            NOW_NS - 1,
        )
        .await
        .unwrap();
    assert_eq!(
        fail_interrupted_queries(&installation.state).await.unwrap(),
        1
    );
    installation
        .ask_with_key("GET", &format!("/1/query_results/shop/{}", pending.id.0))
        .send()
        .await
        .check_error(
            400,
            "the server was restarted while this query ran; run it again",
        );
}
