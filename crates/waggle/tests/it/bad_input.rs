//! What strangers send: each case is answered as the contract says, and its neighbours are kept.

use crate::server::{KEY, Server};
use serde_json::{Value, json};

struct Case {
    name: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    answer: &'static str,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn cases() -> Vec<Case> {
    let json_type = ("content-type", "application/json");
    let protobuf = ("content-type", "application/x-protobuf");
    let key = ("x-honeycomb-team", KEY);
    let unknown = ("x-honeycomb-team", "nobodysKey000000000000");
    let truncated = {
        let mut bytes = gzip(br#"[{"data":{"a":1}}]"#);
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    let bomb = zstd::bulk::compress(&vec![b' '; 200 << 20], 3).unwrap();
    let case =
        |name, path, headers: Vec<(&'static str, &'static str)>, body: Vec<u8>, status, answer| {
            Case {
                name,
                path,
                headers,
                body,
                status,
                answer,
            }
        };
    vec![
        case(
            "unknown key",
            "/1/events/bad",
            vec![unknown, json_type],
            b"{\"a\":1}".to_vec(),
            401,
            "unknown API key",
        ),
        case(
            "missing key",
            "/v1/traces",
            vec![protobuf],
            vec![],
            401,
            "missing 'x-honeycomb-team' header",
        ),
        case(
            "wrong content type",
            "/v1/traces",
            vec![key, ("content-type", "text/plain")],
            b"x".to_vec(),
            415,
            "unsupported content-type",
        ),
        case(
            "invalid protobuf",
            "/v1/traces",
            vec![key, protobuf],
            b"\xff\xff\xff".to_vec(),
            400,
            "failed to parse OTLP request body",
        ),
        case(
            "truncated gzip",
            "/1/batch/bad",
            vec![key, json_type, ("content-encoding", "gzip")],
            truncated.clone(),
            400,
            "malformed",
        ),
        case(
            "truncated gzip, OTLP",
            "/v1/logs",
            vec![key, protobuf, ("content-encoding", "gzip")],
            truncated,
            400,
            "failed to parse OTLP request body",
        ),
        case(
            "zstd bomb",
            "/1/batch/bad",
            vec![key, json_type, ("content-encoding", "zstd")],
            bomb.clone(),
            400,
            "too large",
        ),
        case(
            "zstd bomb, OTLP",
            "/v1/traces",
            vec![key, protobuf, ("content-encoding", "zstd")],
            bomb,
            400,
            "failed to parse OTLP request body",
        ),
        case(
            "an array is not an event",
            "/1/events/bad",
            vec![key, json_type],
            b"[1]".to_vec(),
            400,
            "malformed",
        ),
        case(
            "an object is not a batch",
            "/1/batch/bad",
            vec![key, json_type],
            b"{\"a\":1}".to_vec(),
            400,
            "malformed",
        ),
        case(
            "half of a batch",
            "/1/batch/bad",
            vec![key, json_type],
            b"[{\"data\":{\"a\":1}},".to_vec(),
            400,
            "malformed",
        ),
        case(
            "nothing",
            "/1/events/bad",
            vec![key, json_type],
            vec![],
            400,
            "should not be empty",
        ),
    ]
}

#[tokio::test]
async fn bad_requests_are_answered_and_harm_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for case in cases() {
        let mut request = server
            .http
            .post(format!("{}{}", server.origin, case.path))
            .body(case.body);
        for (name, value) in case.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        assert_eq!(status, case.status, "{}: {text}", case.name);
        assert!(
            text.to_lowercase().contains(&case.answer.to_lowercase()),
            "{}: {text}",
            case.name
        );
    }
    assert_eq!(
        server.get("/1/datasets").await,
        json!([]),
        "nothing of it was kept"
    );
    server.post("/1/events/good", &json!({"a": 1})).await;
    assert_eq!(server.count("good", json!([])).await, 1);
}

#[tokio::test]
async fn bad_events_do_not_take_their_neighbours_down() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let wide: serde_json::Map<String, Value> = (0..2_001)
        .map(|number| (format!("field_{number}"), json!(number)))
        .collect();
    let long = "x".repeat(65 << 10);
    let answer = server
        .post(
            "/1/batch/mixed",
            &json!([
                {"data": {"n": 1}},
                {"data": wide},
                {"data": {"n": 2, "long": long}},
                {"data": [1, 2]},
                {"data": {"n": 3}, "time": "1970-01-01T00:00:10Z"},
                {"data": {"n": 4}, "time": "2150-06-01T00:00:00Z"},
                {"data": {"n": 5}, "time": "not a time", "samplerate": -3},
                7,
                {"data": {"n": 6}},
            ]),
        )
        .await;
    let statuses: Vec<u64> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["status"].as_u64().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [202, 400, 202, 400, 202, 202, 202, 400, 202],
        "{answer}"
    );
    assert_eq!(answer[1]["error"], "Event has too many columns.");

    let body = json!({"limit": 100, "start_time": 0, "end_time": 6_000_000_000_u64});
    let page = server
        .post("/api/environments/production/datasets/mixed/rows", &body)
        .await;
    let mut kept: Vec<(i64, String)> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["data"]["n"].as_i64().unwrap(),
                row["timestamp"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    kept.sort();
    assert_eq!(
        kept.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6]
    );
    assert!(kept[2].1.starts_with("1970-01-01T00:00:10"), "{kept:?}");
    assert!(kept[3].1.starts_with("2150-06-01T00:00:00"), "{kept:?}");
    let long = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["data"]["n"] == 2)
        .unwrap()["data"]["long"]
        .as_str()
        .unwrap()
        .len();
    assert_eq!(long, 64 << 10, "long strings are cut, the event is kept");
}

#[tokio::test]
async fn dataset_names_may_hold_slashes_and_any_alphabet() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for (path, name, slug) in [
        ("/1/events/a/b", "a/b", "a-b"),
        ("/1/events/c%2Fd", "c/d", "c-d"),
        (
            "/1/events/%D0%9C%D0%B0%D0%B3%D0%B0%D0%B7%D0%B8%D0%BD",
            "Магазин",
            "-------",
        ),
        ("/1/events/My%20Dataset!", "My Dataset!", "my-dataset-"),
    ] {
        server.post(path, &json!({"path": path})).await;
        let datasets = server.get("/1/datasets").await;
        let dataset = datasets
            .as_array()
            .unwrap()
            .iter()
            .find(|dataset| dataset["name"] == name);
        assert_eq!(
            dataset.unwrap_or_else(|| panic!("{name} in {datasets}"))["slug"],
            slug
        );
        assert_eq!(
            server
                .count(slug, json!([{"column": "path", "op": "=", "value": path}]))
                .await,
            1
        );
    }
}
