//! `/api/`: what the UI asks.

use super::{Call, EMAIL, Installation, LOOPBACK, NOW_NS, PASSWORD};
use crate::request::door;
use crate::{ApiConfig, DatasetSize, router};
use serde_json::{Value as Json, json};
use waggle_metastore::{DatasetChange, SeenColumn};
use waggle_model::{
    CalculatedField, ColumnType, DatasetScope, FilterOp, FilterValue, MetricType, QueryError,
    RawRow, TimeRange, Value,
};

const NOW: &str = "2024-11-22T10:06:40.123Z";
const SHOP: &str = "/api/environments/production/datasets/shop";

fn raw_row(installation: &Installation, dataset: waggle_model::DatasetId) {
    *installation.engine.row.lock() = Some(RawRow {
        meant: Vec::new(),
        timestamp_ns: NOW_NS + 1,
        sample_rate: 2,
        dataset,
        fields: vec![("name".into(), Value::String("GET /".into()))],
    });
}

fn row_json() -> Json {
    json!({
        "timestamp": "2024-11-22T10:06:40.123000001Z", "timestamp_ns": "1732270000123000001",
        "dataset": "shop", "sample_rate": 2, "data": {"name": "GET /"},
    })
}

#[tokio::test]
async fn signing_in_and_out() {
    let installation = Installation::with(ApiConfig {
        origin: Some("http://127.0.0.1:8080".into()),
        grpc_address: Some("127.0.0.1:4317".into()),
        xray_address: Some("127.0.0.1:2000".into()),
        ..ApiConfig::default()
    })
    .await;
    let session = async |cookie: &str| {
        let call = installation.ask("GET", "/api/session");
        call.header("cookie", cookie).send().await
    };
    let version = env!("CARGO_PKG_VERSION");
    let nobody = json!({
        "version": version, "dev": false, "user": null, "team": null, "environments": [],
        "origin": "http://127.0.0.1:8080", "grpc": "127.0.0.1:4317", "otlp_http": null,
        "xray": "127.0.0.1:2000",
    });
    session("").await.check(200, &nobody);
    session("waggle_session=made-up").await.check(200, &nobody);

    let answer = installation
        .ask("POST", "/api/session")
        .json(&json!({"email": EMAIL, "password": PASSWORD}))
        .send()
        .await;
    let somebody = json!({
        "version": version, "dev": false, "user": {"email": EMAIL, "name": "Administrator"},
        "team": {"name": "default", "slug": "default"},
        "environments": [{"name": "production", "slug": "production", "color": "blue"}, {"name": "staging", "slug": "staging", "color": "blue"}],
        "origin": "http://127.0.0.1:8080", "grpc": "127.0.0.1:4317", "otlp_http": null,
        "xray": "127.0.0.1:2000",
    });
    answer.check(200, &somebody);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    session(cookie).await.check(200, &somebody);

    let answer = installation
        .ask("DELETE", "/api/session")
        .header("cookie", cookie)
        .send()
        .await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    session(cookie).await.check(200, &nobody);
}

#[tokio::test]
async fn wrong_sign_ins_say_little() {
    let installation = Installation::new().await;
    let post = |body: Json| installation.ask("POST", "/api/session").json(&body).send();
    for (email, password) in [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD)] {
        post(json!({"email": email, "password": password}))
            .await
            .check(401, &json!({"error": "e-mail or password is wrong"}));
    }
    post(json!({"email": EMAIL}))
        .await
        .check_error(400, "email and password must be given");
    let form = installation
        .ask("POST", "/api/session")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(json!({"email": EMAIL, "password": PASSWORD}).to_string());
    form.send()
        .await
        .check_error(415, "content-type must be application/json");
}

#[tokio::test]
async fn another_sites_form_can_change_nothing() {
    let installation = Installation::new().await;
    let cookie = installation.sign_in().await;
    let answer = installation
        .ask("POST", "/api/environments/production/keys")
        .header("cookie", &cookie)
        .header("content-type", "text/plain")
        .body(r#"{"name":"laptop"}"#)
        .send()
        .await;
    answer.check_error(415, "content-type must be application/json");
}

#[tokio::test]
async fn the_machine_itself_needs_no_sign_in_with_dev() {
    let installation = Installation::with(ApiConfig {
        is_dev: true,
        ..ApiConfig::default()
    })
    .await;
    let local = |method: &str, path: &str| {
        installation
            .ask(method, path)
            .from(LOOPBACK)
            .header("host", "127.0.0.1:8080")
    };
    let session = local("GET", "/api/session").send().await.json();
    assert_eq!(
        (&session["dev"], &session["user"]),
        (&json!(true), &Json::Null)
    );
    assert_eq!(session["team"]["slug"], "default");
    assert_eq!(session["environments"].as_array().unwrap().len(), 2);
    assert_eq!(session["origin"], "http://127.0.0.1:8080");
    let path = "/api/environments/staging/datasets";
    local("GET", path).send().await.check(200, &json!([]));
    installation
        .ask("GET", path)
        .send()
        .await
        .check(401, &json!({"error": "sign in first"}));
    local("GET", path)
        .header("host", "rebound.example:8080")
        .send()
        .await
        .check_error(401, "sign in first");
    local("GET", "/api/environments/nowhere/datasets")
        .send()
        .await
        .check_error(404, "environment not found");
}

#[tokio::test]
async fn a_new_key_works_at_once_and_is_shown_once() {
    let installation = Installation::new().await;
    let cookie = installation.sign_in().await;
    let create = |body: Json| {
        installation
            .ask("POST", "/api/environments/staging/keys")
            .header("cookie", &cookie)
            .json(&body)
            .send()
    };
    let answer = create(json!({"name": "laptop"})).await;
    let key = answer.json();
    assert_eq!(answer.status, 201);
    assert_eq!(
        (&key["name"], &key["kind"]),
        (&json!("laptop"), &json!("configuration"))
    );
    let auth = installation
        .ask("GET", "/1/auth")
        .header("x-honeycomb-team", key["key"].as_str().unwrap())
        .send()
        .await;
    assert_eq!(auth.json()["environment"]["slug"], "staging");
    assert_eq!(auth.json()["id"], key["id"]);
    assert_eq!(create(json!({})).await.json()["field"], "name");
    assert_eq!(create(json!({"name": " "})).await.status, 422);
    installation
        .ask_with_key("POST", "/api/environments/production/keys")
        .json(&json!({"name": "x"}))
        .send()
        .await
        .check_error(403, "only an administrator can do this");
}

#[tokio::test]
async fn doors_are_named_as_the_client_reaches_them() {
    let everywhere = "0.0.0.0:4317";
    for (address, origin, expected) in [
        (everywhere, "http://waggle.test:8080", "waggle.test:4317"),
        (everywhere, "https://waggle.test", "waggle.test:4317"),
        ("[::]:4317", "http://10.0.0.7:8080", "10.0.0.7:4317"),
        ("[::]:4317", "http://[fd00::7]:8080", "[fd00::7]:4317"),
        (
            "127.0.0.1:4317",
            "http://waggle.test:8080",
            "127.0.0.1:4317",
        ),
        ("10.0.0.8:4317", "http://10.0.0.7:8080", "10.0.0.8:4317"),
    ] {
        assert_eq!(door(address, origin), expected, "{address} {origin}");
    }
    let installation = Installation::with(ApiConfig {
        grpc_address: Some(everywhere.into()),
        xray_address: Some("127.0.0.1:2000".into()),
        ..ApiConfig::default()
    })
    .await;
    let session = installation.ask("GET", "/api/session").send().await.json();
    assert_eq!(session["grpc"], "waggle.test:4317");
    assert_eq!(session["xray"], "127.0.0.1:2000");
}

#[tokio::test]
async fn datasets_show_what_they_hold() {
    let installation = Installation::new().await;
    let cookie = installation.sign_in().await;
    let get = async |path: &str| {
        let call = installation.ask("GET", &format!("/api/environments/production/{path}"));
        call.header("cookie", &cookie).send().await
    };
    get("onboarding").await.check(
        200,
        &json!({"received": {"events": 0, "last_dataset": null, "newest": null, "service": null}}),
    );
    let shop = installation.dataset(installation.production, "Shop").await;
    installation.sizes.0.lock().insert(
        shop,
        DatasetSize {
            event_count: 12,
            stored_bytes: 3_400,
        },
    );
    let seen = SeenColumn {
        key_name: "name".into(),
        column_type: ColumnType::String,
    };
    installation
        .metastore
        .register_columns(installation.production, shop, &[seen], 10, NOW_NS)
        .await
        .unwrap();
    get("datasets").await.check(
        200,
        &json!([{"name": "Shop", "slug": "shop", "dataset_type": "events", "created_at": NOW, "last_written_at": null,
            "event_count": 12, "column_count": 1, "stored_bytes": 3_400,
            "retention": {"age_s": 5_184_000, "bytes": 0}}]),
    );
    let cart = installation.dataset(installation.production, "cart").await;
    let ten_days_ns = 10 * 86_400_000_000_000;
    for (dataset, at_ns, events) in [
        (shop, NOW_NS - ten_days_ns, 9),
        (shop, NOW_NS, 2),
        (cart, 0, 5),
    ] {
        let usage = &installation.state.usage;
        let taken = waggle_metastore::Taken {
            events,
            bytes: 100,
            ..waggle_metastore::Taken::default()
        };
        usage.count(installation.production, dataset, None, at_ns, taken);
    }
    let days = |json: &Json| (json[0]["days"].clone(), json[1]["days"].clone());
    let today = json!({"day": "2024-11-22", "events": 2, "bytes": 100, "metric_events": 0, "data_points": 0});
    let before = json!({"day": "2024-11-12", "events": 9, "bytes": 100, "metric_events": 0, "data_points": 0});
    for (asked, of_shop) in [("10", json!([today])), ("11", json!([before, today]))] {
        let answer = get(&format!("datasets?days={asked}")).await.json();
        assert_eq!(days(&answer), (json!([]), of_shop), "{asked}");
    }
    for wrong in ["0", "367", "x"] {
        assert_eq!(get(&format!("datasets?days={wrong}")).await.status, 400);
    }
    let shop = json!({"dataset": "shop", "events": 12});
    for (asked, service) in [
        ("onboarding", &Json::Null),
        ("onboarding?service=SHOP", &shop),
        ("onboarding?service=cart", &Json::Null),
    ] {
        get(asked).await.check(
            200,
            &json!({"received": {"events": 12, "last_dataset": "shop", "newest": shop, "service": service}}),
        );
    }
}

#[tokio::test]
async fn the_light_knows_the_dataset_that_a_service_becomes() {
    let installation = Installation::new().await;
    let cookie = installation.sign_in().await;
    let mut sizes = Vec::new();
    for (name, event_count) in [("Ada's shop", 3), ("日本", 2), ("nothing yet", 0)] {
        let dataset = installation.dataset(installation.production, name).await;
        let stored_bytes = 0;
        sizes.push((
            dataset,
            DatasetSize {
                event_count,
                stored_bytes,
            },
        ));
    }
    installation.sizes.0.lock().extend(sizes);
    let service = async |name: &str| {
        let path = format!("/api/environments/production/onboarding?service={name}");
        let call = installation.ask("GET", &path).header("cookie", &cookie);
        call.send().await.json()["received"]["service"].clone()
    };
    let ada = json!({"dataset": "ada-s-shop", "events": 3});
    assert_eq!(service("Ada%27s%20shop").await, ada);
    assert_eq!(service("ada-s-shop").await, ada);
    assert_eq!(service("%E6%97%A5%E6%9C%AC").await["events"], 2);
    // Other letters make the same slug and are another service.
    assert_eq!(service("%E4%B8%AD%E5%9B%BD").await, Json::Null);
    assert_eq!(service("nothing%20yet").await, Json::Null);
}

#[tokio::test]
async fn columns_are_searched() {
    let installation = Installation::new().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let seen: Vec<SeenColumn> = ["duration_ms", "http.duration", "name"]
        .map(|name| SeenColumn {
            key_name: name.into(),
            column_type: ColumnType::Float,
        })
        .into();
    installation
        .metastore
        .register_columns(installation.production, shop, &seen, 10, NOW_NS)
        .await
        .unwrap();
    let names = async |path: &str| {
        let call = installation.ask_with_key(
            "GET",
            &format!("/api/environments/production/datasets/{path}"),
        );
        let body = call.send().await.json();
        let columns = body["columns"].as_array().unwrap();
        let names: Vec<String> = columns
            .iter()
            .map(|column| column["key_name"].as_str().unwrap().to_owned())
            .collect();
        (names, body["total"].clone())
    };
    let (found, total) = names("shop/columns?prefix=DUR&limit=1").await;
    assert_eq!((found, total), (vec!["duration_ms".to_owned()], json!(2)));
    let (found, _) = names("__all__/columns").await;
    assert_eq!(found.len(), 3);
    let column = installation
        .ask_with_key("GET", &format!("{SHOP}/columns?prefix=name"))
        .send()
        .await
        .json()["columns"][0]
        .clone();
    assert_eq!(
        (&column["type"], &column["hidden"], &column["created_at"]),
        (&json!("float"), &json!(false), &json!(NOW))
    );
    installation
        .ask_with_key("GET", &format!("{SHOP}/columns?limit=x"))
        .send()
        .await
        .check_error(400, "limit must be a whole number");
}

#[tokio::test]
async fn values_are_counted() {
    let installation = Installation::new().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let path = format!("{SHOP}/columns/http%2Froute/values?prefix=GET%20&limit=5&time_range=60");
    installation
        .ask_with_key("GET", &path)
        .send()
        .await
        .check(200, &json!({"values": [{"value": "a", "count": 3}]}));
    let asked = installation.engine.last();
    assert_eq!(asked.scope, DatasetScope::One(shop));
    assert_eq!(asked.spec.breakdowns, ["http/route"]);
    assert_eq!(asked.spec.limit, Some(5));
    let filters: Vec<_> = asked
        .spec
        .filters
        .iter()
        .map(|f| (f.op, &f.value))
        .collect();
    assert_eq!(
        filters,
        [
            (FilterOp::Exists, &FilterValue::None),
            (
                FilterOp::StartsWith,
                &FilterValue::One(Value::String("GET ".into()))
            ),
        ]
    );
    assert_eq!(asked.range.end_ns - asked.range.start_ns, 60_000_000_000);
    assert!(asked.options.disable_series);
}

#[tokio::test]
async fn a_query_is_compared_with_an_earlier_time() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let sent = json!({
        "start_time": 1_732_269_600, "end_time": 1_732_269_720, "limit": 5, "compare_time_offset_seconds": 86_400,
    });
    let answer = installation
        .ask_with_key("POST", &format!("{SHOP}/query"))
        .json(&sent)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["query"]["compare_time_offset_seconds"], 86_400);
    assert_eq!(body["compare"]["start_time"], 1_732_269_600 - 86_400);
    assert_eq!(body["compare"]["total"], json!({"COUNT": 9}));
    let asked: Vec<_> = installation.engine.asked.lock().clone();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].range, asked[0].range.earlier(86_400));
    assert_eq!(
        (asked[0].spec.limit, asked[1].spec.limit),
        (Some(5), Some(1_000))
    );
    let path = format!(
        "/api/environments/production/results/{}",
        body["result_id"].as_str().unwrap()
    );
    let kept = installation.ask_with_key("GET", &path).send().await.json();
    assert_eq!(kept["compare"], body["compare"]);
}

#[tokio::test]
async fn a_query_is_answered_and_kept() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let sent = json!({
        "calculations": [{"op": "COUNT"}, {"op": "HEATMAP", "column": "d"}], "breakdowns": ["name"],
        "start_time": 1_732_269_600, "end_time": 1_732_269_720,
    });
    let answer = installation
        .ask_with_key("POST", &format!("{SHOP}/query"))
        .json(&sent)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let mut query = sent;
    query["id"] = body["query_id"].clone();
    let expected = json!({
        "query_id": body["query_id"], "result_id": body["result_id"], "query": query,
        "start_time": 1_732_269_600, "end_time": 1_732_269_720, "granularity": 60,
        "calculations": ["COUNT", "HEATMAP(d)"], "breakdowns": ["name"],
        "results": [{"data": {"name": "a", "COUNT": 3}}, {"data": {"COUNT": 1}}],
        "series": [
            {"time": "2024-11-22T10:00:00Z", "data": {"name": "a", "COUNT": 2}},
            {"time": "2024-11-22T10:01:00Z", "data": {"name": "a", "COUNT": 1}},
            {"time": "2024-11-22T10:01:00Z", "data": {"COUNT": 1}},
        ],
        "total": {"COUNT": 9},
        "total_series": [
            {"time": "2024-11-22T10:00:00Z", "data": {"COUNT": 5}},
            {"time": "2024-11-22T10:01:00Z", "data": {"COUNT": 4}},
        ],
        "other": {"COUNT": 5}, "group_count": 7,
        "heatmaps": {"HEATMAP(d)": {"min_value": 0.0, "max_value": 4.0, "step_size": 2.0, "bins": 2,
            "times": ["2024-11-22T10:00:00Z"], "counts": [[1, 4]]}},
        "stats": {"rows_read": 9, "rows_matched": 9, "bytes_read": 1_000, "blocks_read": 1, "elapsed_ms": 1.5,
            "sample_rate_applied": false, "approximate": []},
    });
    assert_eq!(body, expected);

    let result_id = body["result_id"].as_str().unwrap();
    let kept = installation
        .ask_with_key(
            "GET",
            &format!("/api/environments/production/results/{result_id}"),
        )
        .send()
        .await;
    let mut expected = expected;
    expected["dataset"] = json!("shop");
    kept.check(200, &expected);
    let query_id = body["query_id"].as_str().unwrap();
    let saved = installation
        .ask_with_key("GET", &format!("/1/queries/shop/{query_id}"))
        .send()
        .await;
    assert_eq!(saved.status, 200);
}

#[tokio::test]
async fn an_answer_is_found_at_once_and_is_written_down_soon() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let answer = installation
        .ask_with_key("POST", &format!("{SHOP}/query"))
        .json(&json!({"calculations": [{"op": "COUNT"}]}))
        .send()
        .await;
    let body = answer.json();
    let path = format!(
        "/api/environments/production/results/{}",
        body["result_id"].as_str().unwrap()
    );
    let get = || installation.ask_with_key("GET", &path).send();
    let at_once = get().await;
    assert_eq!(at_once.status, 200);
    crate::write_results(&installation.state).await;
    let written = get().await;
    assert_eq!(written.json(), at_once.json());
    assert_eq!(written.json()["results"], body["results"]);
    let id = waggle_metastore::QueryResultId(body["result_id"].as_str().unwrap().to_owned());
    let stored = installation
        .metastore
        .query_result(installation.production, &id)
        .await
        .unwrap();
    assert!(stored.unwrap().outcome.is_some());
}

#[tokio::test]
async fn running_queries_are_listed() {
    let installation = Installation::new().await;
    installation
        .ask_with_key("GET", "/api/environments/production/queries/running")
        .send()
        .await
        .check(
            200,
            &json!({"queries": [{"id": "7", "kind": "query", "rows_read": 65_536, "elapsed_ms": 1.5}]}),
        );
}

#[tokio::test]
async fn a_query_that_cannot_run_says_where_and_why() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let post = |dataset: &str, body: Json| {
        let path = format!("/api/environments/production/datasets/{dataset}/query");
        installation.ask_with_key("POST", &path).json(&body).send()
    };
    post(
        "shop",
        json!({"filters": [{"column": "a", "op": "like", "value": 1}]}),
    )
    .await
    .check(
        422,
        &json!({"error": "filters[0].op: unknown operator \"like\"", "field": "filters[0].op"}),
    );
    post("shop", json!({"query": {}})).await.check(
        422,
        &json!({"error": "query: is not known here", "field": "query"}),
    );
    let kept = json!({"id": "kept1", "of_another_version": 1});
    assert_eq!(post("shop", kept).await.status, 200);
    post("nowhere", json!({}))
        .await
        .check_error(404, "Dataset not found");
    assert_eq!(post("__all__", json!({})).await.status, 200);
    for (error, status) in [
        (QueryError::Deadline(1), 504),
        (
            QueryError::TooLarge {
                what: "groups",
                limit: 5,
            },
            400,
        ),
        (QueryError::Busy, 429),
        (QueryError::Storage("/secret/path".into()), 500),
    ] {
        *installation.engine.error.lock() = Some(error);
        let answer = post("shop", json!({})).await;
        assert_eq!(answer.status, status);
        assert!(!answer.text().contains("secret"));
        assert!(answer.json()["error"].is_string());
    }
}

#[tokio::test]
async fn rows_come_with_every_field() {
    let installation = Installation::new().await;
    let shop = installation.dataset(installation.production, "shop").await;
    raw_row(&installation, shop);
    let post = |body: Json| {
        installation
            .ask_with_key("POST", &format!("{SHOP}/rows"))
            .json(&body)
            .send()
    };
    let answer = post(json!({
        "filters": [{"column": "name", "op": "exists"}], "start_time": 1, "end_time": 2,
        "start_time_ns": "1732269600000000001", "end_time_ns": "1732269600000000002", "limit": 7, "before": "cursor", "granularity": 0.5,
    }))
    .await;
    let body = answer.json();
    assert_eq!(
        (&body["rows"], &body["next"]),
        (&json!([row_json()]), &json!("further"))
    );
    assert_eq!(body["stats"]["rows_read"], 0);
    let asked = installation
        .engine
        .rows_asked
        .lock()
        .last()
        .cloned()
        .unwrap();
    assert_eq!(
        asked.range,
        TimeRange {
            start_ns: 1_732_269_600_000_000_001,
            end_ns: 1_732_269_600_000_000_002
        }
    );
    assert_eq!((asked.limit, asked.before.as_deref()), (7, Some("cursor")));
    assert_eq!(asked.granularity_ns, Some(500_000_000));
    assert_eq!(asked.filters.len(), 1);

    assert_eq!(post(json!({"before": null})).await.status, 200);
    let asked = installation
        .engine
        .rows_asked
        .lock()
        .last()
        .cloned()
        .unwrap();
    assert_eq!((asked.limit, asked.granularity_ns), (100, None));
    assert_eq!(asked.range.end_ns - asked.range.start_ns, 7_200_000_000_000);
    for (body, field) in [
        (json!({"limit": 1_001}), "limit"),
        (json!({"start_time_ns": 5}), "start_time_ns"),
        (
            json!({"start_time_ns": "2", "end_time_ns": "1"}),
            "start_time_ns",
        ),
        (json!({"before": 5}), "before"),
        (json!({"granularity": -1}), "granularity"),
        (json!({"granularity": "60"}), "granularity"),
        (json!({"filters": {}}), "filters"),
    ] {
        let answer = post(body).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (422, &json!(field))
        );
    }
}

#[tokio::test]
async fn a_trace_is_found_by_its_id() {
    let installation = Installation::new().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let get = async |path: &str| {
        let path = format!("/api/environments/production/traces/{path}");
        installation.ask_with_key("GET", &path).send().await
    };
    get("abc").await.check_error(404, "no trace has this id");
    raw_row(&installation, shop);
    let answer = get("abc?start=1&end=2&limit=5").await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&body["trace_id"], &body["total_rows"], &body["rows"]),
        (&json!("abc"), &json!(1), &json!([row_json()]))
    );
    let asked = installation
        .engine
        .traces_asked
        .lock()
        .last()
        .cloned()
        .unwrap();
    assert_eq!(
        (asked.range.start_ns, asked.range.end_ns, asked.limit),
        (1_000_000_000, 2_000_000_000, 5)
    );
    assert_eq!(get("abc").await.status, 200);
    let asked = installation
        .engine
        .traces_asked
        .lock()
        .last()
        .cloned()
        .unwrap();
    assert_eq!((asked.range, asked.limit), (TimeRange::ALL, 32_000));
    get("abc?limit=32001")
        .await
        .check_error(400, "limit must be between 1 and 32000");
    get("abc?start=now")
        .await
        .check_error(400, "start must be seconds since 1970");
    assert_eq!(get("abc?start=0.5&end=").await.status, 200);
    let asked = installation
        .engine
        .traces_asked
        .lock()
        .last()
        .cloned()
        .unwrap();
    assert_eq!(asked.range.start_ns, 500_000_000);
}

#[tokio::test]
async fn a_session_is_refused_where_its_team_has_no_such_environment() {
    let installation = Installation::new().await;
    let cookie = installation.sign_in().await;
    let call = Call::new(
        router(installation.state.clone()),
        "GET",
        "/api/environments/nowhere/datasets",
    );
    call.header("cookie", &cookie)
        .send()
        .await
        .check(404, &json!({"error": "environment not found"}));
}

#[tokio::test]
async fn a_bubble_up_compares_a_box_with_the_rest_of_its_query() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    let post = |body: Json| {
        installation
            .ask_with_key("POST", &format!("{SHOP}/bubble-up"))
            .json(&body)
            .send()
    };
    let answer = post(json!({
        "filters": [{"column": "name", "op": "exists"}], "start_time": 100, "end_time": 200,
        "selection": {"end_time_ns": "150000000001", "filters": [{"column": "duration_ms", "op": ">", "value": 5}]},
        "columns": ["name"], "values_max": 7, "granularity": 20,
    }))
    .await;
    let body = answer.json();
    assert_eq!(
        (&body["selection_count"], &body["baseline_count"]),
        (&json!(3), &json!(12))
    );
    assert_eq!(
        body["fields"],
        json!([
            {"column": "name", "kind": "dimension", "score": 0.5, "selection_count": 3, "baseline_count": 5,
             "values": [
                {"value": "a", "selection_count": 2, "baseline_count": 1},
                {"value": 500, "selection_count": 1, "baseline_count": 1},
                {"value": null, "selection_count": 0, "baseline_count": 7},
             ],
             "other": {"value_count": 2, "selection_count": 0, "baseline_count": 3}},
            {"column": "duration_ms", "kind": "measure", "score": 0.25, "selection_count": 3, "baseline_count": 5,
             "bins": [{"low": 1.0, "high": 1.5, "selection_count": 3, "baseline_count": 5}]},
            {"column": "trace.span_id", "kind": "unique", "score": 0.0, "selection_count": 3, "baseline_count": 5},
            {"column": "user", "kind": "too_many_values", "score": 0.0, "selection_count": 3, "baseline_count": 5},
        ])
    );
    assert_eq!(body["columns_left_out"], 1);
    let asked = installation.engine.bubbles_asked.lock().pop().unwrap();
    let range = |start_ns, end_ns| TimeRange { start_ns, end_ns };
    assert_eq!(asked.range, range(100_000_000_000, 200_000_000_000));
    assert_eq!(
        asked.selection.range,
        Some(range(100_000_000_000, 150_000_000_001))
    );
    assert_eq!((asked.filters.len(), asked.selection.filters.len()), (1, 1));
    assert_eq!(asked.columns, Some(vec!["name".to_owned()]));
    assert_eq!(asked.values_max, 7);
    assert_eq!(asked.granularity_ns, Some(20_000_000_000));

    let others = post(json!({"selection": {}, "columns": ["name", "root.name"]})).await;
    assert_eq!(
        (others.status, &others.json()["field"]),
        (422, &json!("columns[1]")),
        "{}",
        others.text()
    );
    let seen = [SeenColumn {
        key_name: "root.name".into(),
        column_type: ColumnType::String,
    }];
    let shop = installation.dataset(installation.production, "shop").await;
    let registered =
        installation
            .metastore
            .register_columns(installation.production, shop, &seen, 10, NOW_NS);
    registered.await.unwrap();
    let own = post(json!({"selection": {}, "columns": ["name", "root.name"]})).await;
    assert_eq!(own.status, 200, "{}", own.text());
    installation.engine.bubbles_asked.lock().clear();

    assert_eq!(post(json!({"selection": {}})).await.status, 200);
    let asked = installation.engine.bubbles_asked.lock().pop().unwrap();
    assert_eq!((asked.selection.range, asked.columns), (None, None));
    assert_eq!((asked.values_max, asked.granularity_ns), (40, None));
    for (body, field) in [
        (json!({}), "selection"),
        (
            json!({"selection": {"filters": [{"column": "a", "op": "almost"}]}}),
            "selection.filters[0].op",
        ),
        (
            json!({"selection": {"filter_combination": "OR"}}),
            "selection.filter_combination",
        ),
        (json!({"selection": {}, "columns": "all"}), "columns"),
        (json!({"selection": {}, "values_max": 0}), "values_max"),
        (json!({"selection": {}, "granularity": -5}), "granularity"),
    ] {
        let answer = post(body).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (422, &json!(field))
        );
    }
}

#[tokio::test]
async fn rows_of_a_chart_of_metrics_follow_the_metrics_that_they_name() {
    let installation = Installation::new().await;
    let shop = installation.dataset(installation.production, "shop").await;
    let metrics = [("requests", "sum(cumulative,monotonic)"), ("cpu", "gauge")];
    let metrics =
        metrics.map(|(name, kind)| (name.to_owned(), MetricType::from_name(kind).unwrap()));
    let metrics = metrics.into();
    let noted = installation.metastore.note_metrics(shop, &metrics, 10);
    noted.await.unwrap();
    let requests = json!([{"column": "requests", "op": ">=", "value": 5}]);
    let ask = async |door: &str, body: Json| {
        let answer = installation
            .ask_with_key("POST", &format!("{SHOP}/{door}"))
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        match door {
            "rows" => {
                let asked = installation.engine.rows_asked.lock().pop();
                asked.unwrap().calculated_fields
            }
            _ => {
                let asked = installation.engine.bubbles_asked.lock().pop();
                asked.unwrap().calculated_fields
            }
        }
    };
    let rows = json!({"filters": requests});
    let bubble = json!({"selection": {"filters": requests}});
    // Elsewhere metrics are events.
    assert_eq!(ask("rows", rows.clone()).await, []);
    assert_eq!(ask("bubble-up", bubble.clone()).await, []);
    let change = DatasetChange {
        is_metrics: Some(true),
        ..DatasetChange::default()
    };
    let tenant = installation.production;
    let changed = installation.metastore.update_dataset(tenant, shop, change);
    changed.await.unwrap();
    let followed = [CalculatedField {
        name: "requests".to_owned(),
        expression: "INCREASE($\"requests\")".to_owned(),
    }];
    assert_eq!(ask("rows", rows).await, followed);
    assert_eq!(ask("bubble-up", bubble).await, followed);
    assert_eq!(ask("rows", json!({})).await, []);
    let own = json!([{"name": "requests", "expression": "RAW_METRIC($requests)"}]);
    let fields = ask(
        "rows",
        json!({"filters": requests, "calculated_fields": own}),
    )
    .await;
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].expression, "RAW_METRIC($requests)");
}
