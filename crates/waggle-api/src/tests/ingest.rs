//! `/1/events` and `/1/batch`: every status and text of spec/honeycomb-api.md sections 4.1 and 4.2, and the bad input of issue 2.

use super::sink::Mood;
use super::{Installation, LOOPBACK, NOW_NS, STRANGER, gzip, zstd};
use crate::ApiConfig;
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::{DatasetChange, KeyKind};
use waggle_model::RejectReason;

const UNKNOWN_KEY: &str = "unknown API key - check your credentials";
const MALFORMED: &str = "Request body is malformed and cannot be read.";

#[tokio::test]
async fn nobody_writes_where_documents_wait() {
    let installation = Installation::new().await;
    for name in ["xray-pending", "XRay%20Pending"] {
        let answer = installation
            .ask_with_key("POST", &format!("/1/events/{name}"))
            .json(&json!({"n": 1}))
            .send()
            .await;
        assert_eq!(answer.status, 404, "{name}");
    }
    assert!(installation.sink.take().is_empty());
}

#[tokio::test]
async fn an_event_is_stored_before_the_empty_200() {
    let installation = Installation::new().await;
    let answer = installation
        .ask_with_key("POST", "/1/events/shop")
        .header("x-honeycomb-samplerate", "4")
        .header("x-honeycomb-event-time", "2024-11-22T10:00:00.5Z")
        .json(&json!({"name": "checkout", "n": 1, "f": 1.5, "ok": true, "none": null}))
        .send()
        .await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    assert_eq!(
        installation.sink.take(),
        ["shop: {f=1.5, n=1, name=\"checkout\", ok=true} @1732269600500000000 x4"]
    );
}

#[tokio::test]
async fn each_encoding_and_format_is_read() {
    let installation = Installation::new().await;
    let body = br#"{"n":1}"#;
    let msgpack = b"\x81\xa1n\x01";
    let expected = format!("shop: {{n=1}} @{NOW_NS} x1");
    for (content_type, encoding, body) in [
        ("application/json", "", body.to_vec()),
        ("application/json", "gzip", gzip(body)),
        ("application/json", "zstd", zstd(body)),
        ("application/json", "plaintext", body.to_vec()),
        ("application/x-www-form-urlencoded", "", body.to_vec()),
        ("application/msgpack", "", msgpack.to_vec()),
        ("application/x-msgpack", "zstd", zstd(msgpack)),
        ("application/octet-stream", "gzip", gzip(msgpack)),
    ] {
        let mut call = installation
            .ask_with_key("POST", "/1/events/shop")
            .header("content-type", content_type)
            .body(body);
        if !encoding.is_empty() {
            call = call.header("content-encoding", encoding);
        }
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{content_type} {encoding}");
        assert_eq!(
            installation.sink.take(),
            [expected.as_str()],
            "{content_type} {encoding}"
        );
    }
}

#[tokio::test]
async fn a_bad_event_is_refused_in_the_documented_words() {
    let installation = Installation::new().await;
    let many_fields: serde_json::Map<String, serde_json::Value> =
        (0..2_001).map(|n| (format!("f{n}"), json!(n))).collect();
    let truncated = gzip(br#"{"n":1}"#)[..12].to_vec();
    for (name, encoding, body, text) in [
        ("empty", "", vec![], "Request body should not be empty."),
        (
            "no fields",
            "",
            b"{}".to_vec(),
            "Request body should not be empty.",
        ),
        ("an array", "", b"[1]".to_vec(), MALFORMED),
        ("a number", "", b"7".to_vec(), MALFORMED),
        ("half of it", "", b"{\"n\":".to_vec(), MALFORMED),
        ("truncated gzip", "gzip", truncated, MALFORMED),
        ("not zstd", "zstd", b"{\"n\":1}".to_vec(), MALFORMED),
        (
            "a zstd bomb",
            "zstd",
            zstd(&vec![b' '; 300 << 20]),
            "Request body is too large.",
        ),
        (
            "too large",
            "",
            vec![b' '; 1_100_000],
            "Request body is too large.",
        ),
        (
            "2,001 fields",
            "",
            serde_json::to_vec(&many_fields).unwrap(),
            "Event has too many columns.",
        ),
    ] {
        let mut call = installation
            .ask_with_key("POST", "/1/events/shop")
            .header("content-type", "application/json")
            .body(body);
        if !encoding.is_empty() {
            call = call.header("content-encoding", encoding);
        }
        let answer = call.send().await;
        assert_eq!(answer.json(), json!({"error": text}), "{name}");
        assert_eq!(answer.status, 400, "{name}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert!(installation.sink.take().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn odd_but_good_events_are_kept() {
    let installation = Installation::new().await;
    let long = "x".repeat(65 << 10);
    for (name, time, expected_ns) in [
        ("in 1970", "0", 0),
        (
            "in the far future",
            "2200-01-01T00:00:00Z",
            7_258_118_400_000_000_000,
        ),
        ("not a time", "yesterday", NOW_NS),
    ] {
        let answer = installation
            .ask_with_key("POST", "/1/events/shop")
            .header("x-honeycomb-event-time", time)
            .json(&json!({"n": 1}))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(
            installation.sink.take(),
            [format!("shop: {{n=1}} @{expected_ns} x1")],
            "{name}"
        );
    }
    let answer = installation
        .ask_with_key("POST", "/1/events/shop")
        .json(&json!({"long": long}))
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        installation.sink.take(),
        [format!(
            "shop: {{long=\"{}\"}} @{NOW_NS} x1",
            "x".repeat(64 << 10)
        )]
    );
}

#[tokio::test]
async fn the_dataset_is_everything_after_the_prefix() {
    let installation = Installation::new().await;
    for (path, dataset) in [
        ("/1/events/a/b", "a/b"),
        ("/1/events/a%2Fc", "a/c"),
        ("/1/events/My%20Dataset!", "My Dataset!"),
        ("/1/events/%E6%97%A5%E6%9C%AC", "日本"),
        ("/1/events/with?query=1", "with"),
    ] {
        let answer = installation
            .ask_with_key("POST", path)
            .json(&json!({"n": 1}))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            installation.sink.take(),
            [format!("{dataset}: {{n=1}} @{NOW_NS} x1")],
            "{path}"
        );
    }
    for path in ["/1/events/__all__", "/1/batch/__all__", "/1/events/%20"] {
        installation
            .ask_with_key("POST", path)
            .json(&json!({"n": 1}))
            .send()
            .await
            .check_error(404, "dataset not found");
    }
}

#[tokio::test]
async fn keys_are_checked_before_anything_else() {
    let installation = Installation::new().await;
    for path in ["/1/events/shop", "/1/batch/shop"] {
        let body = json!([]);
        for key in [None, Some(""), Some("nobodys"), Some("é")] {
            let mut call = installation.ask("POST", path).json(&body);
            if let Some(key) = key {
                call = call.header("x-honeycomb-team", key);
            }
            call.send().await.check(401, &json!({"error": UNKNOWN_KEY}));
        }
        let silent = installation
            .key_with(
                installation.production,
                KeyKind::Configuration,
                [Permission::RunQueries],
            )
            .await;
        installation
            .ask("POST", path)
            .header("x-honeycomb-team", &silent)
            .json(&body)
            .send()
            .await
            .check_error(403, "this API key does not have permission to send events");
    }
    assert!(installation.sink.take().is_empty());
    let answer = installation
        .ask("POST", "/1/events/shop")
        .header("x-hny-team", &installation.key)
        .json(&json!({"n": 1}))
        .send()
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_key_that_may_not_create_needs_the_dataset_to_exist() {
    let installation = Installation::new().await;
    let key = installation
        .key_with(installation.production, KeyKind::Ingest, [])
        .await;
    let send = |path: &'static str, body: serde_json::Value| {
        installation
            .ask("POST", path)
            .header("x-honeycomb-team", &key)
            .json(&body)
            .send()
    };
    send("/1/events/shop", json!({"n": 1}))
        .await
        .check(404, &json!({"error": "dataset not found"}));
    send("/1/batch/shop", json!([{"data": {"n": 1}}]))
        .await
        .check(200, &json!([{"status": 404, "error": "dataset not found"}]));
    installation.dataset(installation.production, "shop").await;
    send("/1/batch/Shop", json!([{"data": {"n": 1}}]))
        .await
        .check(200, &json!([{"status": 202}]));
    let taken = installation.sink.taken.lock();
    assert_eq!(taken[0].0, installation.production);
}

#[tokio::test]
async fn a_batch_answers_for_each_entry_in_order() {
    let installation = Installation::new().await;
    let answer = installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&json!([
            {"data": {"n": 1}, "time": "2024-11-22T10:00:00Z", "samplerate": 2},
            {"data": {}},
            {"time": 1},
            7,
            {"data": [1]},
            {"data": {"n": 2}, "time": 1_732_269_600, "samplerate": 0},
        ]))
        .send()
        .await;
    let empty = json!({"status": 400, "error": "Request body should not be empty."});
    let malformed = json!({"status": 400, "error": MALFORMED});
    answer.check(
        200,
        &json!([{"status": 202}, empty, empty, malformed, malformed, {"status": 202}]),
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        installation.sink.take(),
        [
            "shop: {n=1} @1732269600000000000 x2",
            "shop: {n=2} @1732269600000000000 x1"
        ]
    );
    for (body, text) in [
        ("", "Request body should not be empty."),
        ("{}", MALFORMED),
        ("[{\"data\":", MALFORMED),
    ] {
        installation
            .ask_with_key("POST", "/1/batch/shop")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .check(400, &json!({"error": text}));
    }
    installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&json!([]))
        .send()
        .await
        .check(200, &json!([]));
}

#[tokio::test]
async fn what_the_store_refuses_takes_nobody_down() {
    let installation = Installation::new().await;
    installation
        .sink
        .set(Mood::Refuse(1, RejectReason::DatasetTooManyColumns));
    let rows = json!([{"data": {"n": 1}}, {"data": {}}, {"data": {"n": 2}}, {"data": {"n": 3}}]);
    installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&rows)
        .send()
        .await
        .check(
            200,
            &json!([
                {"status": 202},
                {"status": 400, "error": "Request body should not be empty."},
                {"status": 400, "error": "Dataset has too many columns."},
                {"status": 202},
            ]),
        );
    installation
        .sink
        .set(Mood::Refuse(0, RejectReason::DatasetTooManyColumns));
    installation
        .ask_with_key("POST", "/1/events/shop")
        .json(&json!({"n": 1}))
        .send()
        .await
        .check(400, &json!({"error": "Dataset has too many columns."}));
}

#[tokio::test]
async fn a_store_that_cannot_keep_up_is_not_success() {
    let installation = Installation::new().await;
    for (path, body) in [
        ("/1/events/shop", json!({"n": 1})),
        ("/1/batch/shop", json!([{"data": {"n": 1}}])),
    ] {
        installation.sink.set(Mood::Busy);
        let answer = installation
            .ask_with_key("POST", path)
            .json(&body)
            .send()
            .await;
        answer.check(
            429,
            &json!({"error": "Request dropped due to rate limiting."}),
        );
        assert_eq!(answer.header("retry-after"), "1");
        for mood in [Mood::Full, Mood::Stopped] {
            installation.sink.set(mood);
            let answer = installation
                .ask_with_key("POST", path)
                .json(&body)
                .send()
                .await;
            answer.check_error(503, "the server is not taking in events, try again later");
            assert_eq!(answer.header("retry-after"), "1");
            assert!(!answer.text().contains("secret"));
        }
    }
}

#[tokio::test]
async fn a_large_batch_is_decoded_on_another_thread() {
    let installation = Installation::new().await;
    let rows: Vec<_> = (0..20_000).map(|n| json!({"data": {"n": n}})).collect();
    let body = serde_json::to_vec(&rows).unwrap();
    let answer = installation
        .ask_with_key("POST", "/1/batch/shop")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(gzip(&body))
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().as_array().unwrap().len(), 20_000);
    assert_eq!(installation.sink.take().len(), 20_000);
}

#[tokio::test]
async fn nested_objects_follow_the_datasets_setting() {
    let installation = Installation::new().await;
    let send = async || {
        let answer = installation
            .ask_with_key("POST", "/1/events/shop")
            .json(&json!({"a": {"b": 1}}))
            .send()
            .await;
        assert_eq!(answer.status, 200);
        installation.sink.take()
    };
    assert_eq!(
        send().await,
        [format!("shop: {{a=\"{{\\\"b\\\":1}}\"}} @{NOW_NS} x1")]
    );
    let answer = installation
        .ask_with_key("PUT", "/1/datasets/shop")
        .json(&json!({"description": "", "expand_json_depth": 1}))
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(send().await, [format!("shop: {{a.b=1}} @{NOW_NS} x1")]);
    let shop = installation.dataset(installation.production, "shop").await;
    let other_process = DatasetChange {
        expand_json_depth: Some(0),
        ..DatasetChange::default()
    };
    installation
        .metastore
        .update_dataset(installation.production, shop, other_process)
        .await
        .unwrap();
    assert_eq!(
        send().await,
        [format!("shop: {{a.b=1}} @{NOW_NS} x1")],
        "remembered for a few seconds"
    );
}

#[tokio::test]
async fn dev_needs_no_key_from_this_machine_and_only_from_it() {
    let installation = Installation::with(ApiConfig {
        is_dev: true,
        ..ApiConfig::default()
    })
    .await;
    let send = async |peer: &str, host: &str, origin: Option<&str>| {
        let mut call = installation
            .ask("POST", "/1/events/shop")
            .from(peer)
            .header("host", host)
            .json(&json!({"n": 1}));
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        call.send().await.status
    };
    assert_eq!(send(LOOPBACK, "127.0.0.1:8080", None).await, 200);
    assert_eq!(send("[::1]:9", "localhost:8080", None).await, 200);
    assert_eq!(installation.sink.taken.lock()[0].0, installation.production);
    assert_eq!(send(STRANGER, "127.0.0.1:8080", None).await, 401);
    assert_eq!(send(LOOPBACK, "evil.example", None).await, 401);
    assert_eq!(
        send(LOOPBACK, "localhost", Some("https://evil.example")).await,
        401
    );
    let answer = installation
        .ask("POST", "/1/events/shop")
        .from(LOOPBACK)
        .header("x-honeycomb-team", "wrong")
        .json(&json!({"n": 1}))
        .send()
        .await;
    assert_eq!(answer.status, 401, "a wrong key is wrong, also with --dev");
}

#[tokio::test]
async fn browsers_of_other_sites_may_send_with_a_key() {
    let installation = Installation::new().await;
    let answer = installation
        .ask("OPTIONS", "/1/batch/shop")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "x-honeycomb-team,x-honeycomb-useragent,content-type",
        )
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "x-honeycomb-team,x-honeycomb-useragent,content-type"
    );
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    // What OpenTelemetry's exporters for browsers ask, and what they may read of the answers, refusals among them.
    for path in [
        "/v1/traces",
        "/v1/traces/",
        "/v1/logs",
        "/v1/metrics",
        "/1/events/shop/eu",
    ] {
        let answer = installation
            .ask("OPTIONS", path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,x-honeycomb-team",
            )
            .send()
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains("POST")
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "content-type,x-honeycomb-team"
        );
        for (key, status) in [(installation.key.as_str(), 200), ("nobodys", 401)] {
            let answer = installation
                .ask("POST", path)
                .header("origin", "https://shop.example")
                .header("x-hny-team", key)
                .header("content-type", "application/json")
                .body(r#"{"n":1}"#)
                .send()
                .await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        }
    }
    let answer = installation
        .ask("OPTIONS", "/1/boards/x/views/y")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "PATCH")
        .send()
        .await;
    let methods = answer.header("access-control-allow-methods");
    assert!(methods.split(',').any(|method| method == "PATCH"));
    let answer = installation
        .ask("OPTIONS", "/api/session")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .send()
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn refusals_can_be_looked_up_where_they_belong() {
    let installation = Installation::new().await;
    let batch = json!([{"data": {"n": 1}}, {"data": {}}, {"data": 7}]);
    let sent = installation
        .ask_with_key("POST", "/1/batch/shop")
        .json(&batch);
    assert_eq!(sent.send().await.status, 200);
    let broken = installation
        .ask_with_key("POST", "/1/events/shop")
        .body("{");
    assert_eq!(broken.send().await.status, 400);
    let silent = installation
        .key_with(
            installation.production,
            KeyKind::Configuration,
            [Permission::RunQueries],
        )
        .await;
    for (key, path, status) in [
        (silent.as_str(), "/1/events/shop", 403),
        ("of nobody", "/1/events/shop", 401),
        ("of nobody", "/v1/traces", 401),
    ] {
        let call = installation
            .ask("POST", path)
            .header("x-honeycomb-team", key);
        assert_eq!(
            call.json(&json!({"n": 1})).send().await.status,
            status,
            "{path}"
        );
    }
    installation.sink.set(Mood::Busy);
    let busy = installation
        .ask_with_key("POST", "/1/events/shop")
        .json(&json!({"n": 1}));
    assert_eq!(busy.send().await.status, 429);
    let cookie = installation.sign_in().await;
    let list = async |environment: &str| {
        let path = format!("/api/environments/{environment}/rejections");
        let answer = installation
            .ask("GET", &path)
            .header("cookie", &cookie)
            .send()
            .await
            .json();
        let kinds = |list: &serde_json::Value| -> Vec<String> {
            let rejections = list.as_array().unwrap().iter();
            let mut kinds: Vec<String> = rejections
                .map(|found| {
                    format!(
                        "{} {} {}",
                        found["protocol"], found["reason"], found["count"]
                    )
                    .replace('"', "")
                })
                .collect();
            kinds.sort();
            kinds
        };
        (
            kinds(&answer["rejections"]),
            kinds(&answer["of_unknown_senders"]),
        )
    };
    let strangers = vec![
        "events unknown_key 1".to_owned(),
        "otlp_http unknown_key 1".to_owned(),
    ];
    let ours = [
        "batch empty 1",
        "batch malformed 1",
        "events busy 1",
        "events forbidden 1",
        "events malformed 1",
    ];
    assert_eq!(
        list("production").await,
        (ours.map(str::to_owned).to_vec(), strangers.clone())
    );
    assert_eq!(list("staging").await, (Vec::new(), strangers));
}
