//! `/v1/traces`, `/v1/logs` and `/v1/metrics`: the checks of spec/honeycomb-api.md section 5.2 in their order, and the answers of 5.3.

use super::sink::Mood;
use super::{Answer, Call, Installation, gzip, zstd};
use crate::{ApiConfig, otlp_http_router};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::AsInt;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;
use waggle_access::Permission;
use waggle_metastore::KeyKind;
use waggle_model::RejectReason;

const PROTOBUF: &str = "application/protobuf";

/// `google.rpc.Status`, as a client reads it.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource {
        attributes: vec![KeyValue {
            key: "service.name".into(),
            value: Some(AnyValue {
                value: Some(any_value::Value::StringValue(service.into())),
            }),
            ..KeyValue::default()
        }],
        ..Resource::default()
    })
}

/// One span per name, all of service `shop`.
pub(super) fn spans(names: &[&str]) -> ExportTraceServiceRequest {
    let span = |name: &&str| Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: (*name).into(),
        start_time_unix_nano: 1_732_269_600_000_000_000,
        end_time_unix_nano: 1_732_269_600_002_000_000,
        ..Span::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource("shop"),
            scope_spans: vec![ScopeSpans {
                spans: names.iter().map(span).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

pub(super) fn log(text: &str) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource("shop"),
            scope_logs: vec![ScopeLogs {
                log_records: vec![LogRecord {
                    time_unix_nano: 1_732_269_600_000_000_000,
                    body: Some(AnyValue {
                        value: Some(any_value::Value::StringValue(text.into())),
                    }),
                    ..LogRecord::default()
                }],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

/// Gauges of one second, which are one event.
pub(super) fn gauges(names: &[&str]) -> ExportMetricsServiceRequest {
    let gauge = |name: &&str| Metric {
        name: (*name).into(),
        data: Some(metric::Data::Gauge(Gauge {
            data_points: vec![NumberDataPoint {
                time_unix_nano: 1_732_269_600_500_000_000,
                value: Some(AsInt(7)),
                ..NumberDataPoint::default()
            }],
        })),
        ..Metric::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource("shop"),
            scope_metrics: vec![ScopeMetrics {
                metrics: names.iter().map(gauge).collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

async fn export(
    installation: &Installation,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Answer {
    installation
        .ask_with_key("POST", path)
        .header("content-type", content_type)
        .body(body)
        .send()
        .await
}

/// A refusal as protobuf, as the request was.
#[track_caller]
fn check_status(answer: &Answer, status: u16, message: &str) {
    assert_eq!(answer.header("content-type"), PROTOBUF);
    let body = Status::decode(answer.body.as_slice()).unwrap();
    assert_eq!(
        (answer.status, body.code, body.message.as_str()),
        (status, 0, message)
    );
}

#[tokio::test]
async fn an_export_is_answered_in_its_own_encoding() {
    let installation = Installation::new().await;
    let body = spans(&["GET /"]).encode_to_vec();
    for path in ["/v1/traces", "/v1/traces/"] {
        for content_type in [
            PROTOBUF,
            "application/x-protobuf",
            "application/x-protobuf; charset=utf-8",
        ] {
            let answer = export(&installation, path, content_type, body.clone()).await;
            assert_eq!((answer.status, answer.body.len()), (200, 0));
            assert!(content_type.starts_with(answer.header("content-type")));
            let rows = installation.sink.take();
            assert_eq!(rows.len(), 1);
            assert!(rows[0].starts_with("shop: {"), "{rows:?}");
            assert!(rows[0].contains("name=\"GET /\""), "{rows:?}");
            assert!(rows[0].ends_with("@1732269600000000000 x1"), "{rows:?}");
        }
    }
    let json = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "GET /", "traceId": "01"}]}]}]});
    let answer = export(
        &installation,
        "/v1/traces",
        "application/json",
        json.to_string().into(),
    )
    .await;
    answer.check(200, &json!({}));
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(installation.sink.take()[0].starts_with("unknown_service: {"));
    for (path, encoded) in [("/v1/logs", "gzip"), ("/v1/logs/", "zstd")] {
        let body = log("hello").encode_to_vec();
        let body = if encoded == "gzip" {
            gzip(&body)
        } else {
            zstd(&body)
        };
        let answer = installation
            .ask_with_key("POST", path)
            .header("content-type", PROTOBUF)
            .header("content-encoding", encoded)
            .body(body)
            .send()
            .await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        assert!(installation.sink.take()[0].contains("body=\"hello\""));
    }
    for (path, content_type) in [
        ("/v1/metrics", PROTOBUF),
        ("/v1/metrics/", "application/x-protobuf;v=1"),
    ] {
        let body = gauges(&["cpu", "memory"]).encode_to_vec();
        let answer = export(&installation, path, content_type, body).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        let rows = installation.sink.take();
        assert_eq!(
            rows.len(),
            1,
            "points of one second are one event: {rows:?}"
        );
        assert!(rows[0].starts_with("unknown_metrics: {"), "{rows:?}");
        assert!(rows[0].contains("cpu=7"), "{rows:?}");
        assert!(rows[0].contains("memory=7"), "{rows:?}");
        assert!(rows[0].ends_with("@1732269600000000000 x1"), "{rows:?}");
    }
    let json = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "cpu", "gauge": {"dataPoints": [{"asDouble": 0.5}]}}]}]}]});
    let answer = installation
        .ask_with_key("POST", "/v1/metrics")
        .header("content-type", "application/json; charset=utf-8")
        .header("x-honeycomb-dataset", "Metrics")
        .body(json.to_string())
        .send()
        .await;
    answer.check(200, &json!({}));
    assert!(installation.sink.take()[0].starts_with("Metrics: {"));
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        let answer = export(&installation, path, PROTOBUF, vec![]).await;
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, 0),
            "nothing in {path} is no error"
        );
    }
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let installation = Installation::new().await;
    let unsupported = "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json";
    let answer = installation
        .ask("POST", "/v1/traces")
        .header("content-type", "text/plain")
        .body("x")
        .send()
        .await;
    assert_eq!((answer.status, answer.text().as_str()), (415, unsupported));
    assert_eq!(answer.header("content-type"), "text/plain");

    let without_key = |content_type: &str| {
        installation
            .ask("POST", "/v1/traces")
            .header("content-type", content_type)
            .body("not protobuf")
    };
    check_status(
        &without_key(PROTOBUF).send().await,
        401,
        "missing 'x-honeycomb-team' header",
    );
    without_key("application/json").send().await.check(
        401,
        &json!({"message": "missing 'x-honeycomb-team' header"}),
    );

    let classic = "0123456789abcdef0123456789abcdef";
    for (path, message) in [
        ("/v1/traces", "missing 'x-honeycomb-dataset' header"),
        ("/v1/metrics", "missing 'x-honeycomb-dataset' header"),
        ("/v1/logs", "unknown API key - check your credentials"),
    ] {
        let answer = installation
            .ask("POST", path)
            .header("content-type", PROTOBUF)
            .header("x-honeycomb-team", classic)
            .body("not protobuf")
            .send()
            .await;
        check_status(&answer, 401, message);
    }
    check_status(
        &without_key(PROTOBUF)
            .header("x-honeycomb-team", classic)
            .header("x-honeycomb-dataset", "shop")
            .send()
            .await,
        401,
        "unknown API key - check your credentials",
    );
    let silent = installation
        .key_with(
            installation.production,
            KeyKind::Configuration,
            [Permission::RunQueries],
        )
        .await;
    check_status(
        &without_key(PROTOBUF)
            .header("x-honeycomb-team", &silent)
            .send()
            .await,
        403,
        "this API key does not have permission to send events",
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_so() {
    let installation = Installation::with(ApiConfig {
        otlp_body_bytes_max: 100_000,
        ..ApiConfig::default()
    })
    .await;
    let good = spans(&["GET /"]).encode_to_vec();
    let truncated = gzip(&good)[..15].to_vec();
    for (name, encoding, body) in [
        ("not protobuf", "", b"not protobuf".to_vec()),
        ("truncated gzip", "gzip", truncated),
        ("a zstd bomb", "zstd", zstd(&vec![0; 200 << 20])),
        ("an unknown encoding", "br", good.clone()),
        ("too large", "", vec![0; 100_001]),
    ] {
        let mut call = installation
            .ask_with_key("POST", "/v1/traces")
            .header("content-type", PROTOBUF)
            .body(body);
        if !encoding.is_empty() {
            call = call.header("content-encoding", encoding);
        }
        let answer = call.send().await;
        let status = Status::decode(answer.body.as_slice()).unwrap();
        assert_eq!(answer.status, 400, "{name}");
        assert!(
            status
                .message
                .starts_with("failed to parse OTLP request body: "),
            "{name}: {}",
            status.message
        );
    }
    for path in ["/v1/logs", "/v1/metrics"] {
        let answer = export(&installation, path, PROTOBUF, b"not protobuf".to_vec()).await;
        check_status(&answer, 400, "failed to parse OTLP request body");
    }
    export(
        &installation,
        "/v1/traces",
        "application/json",
        b"[]".to_vec(),
    )
    .await
    .json()["message"]
        .as_str()
        .filter(|message| message.starts_with("failed to parse OTLP request body: "))
        .unwrap();
    assert!(installation.sink.take().is_empty());
}

#[tokio::test]
async fn refused_spans_are_a_partial_success() {
    let installation = Installation::new().await;
    let poor = installation
        .key_with(installation.production, KeyKind::Ingest, [])
        .await;
    let answer = installation
        .ask("POST", "/v1/logs")
        .header("x-honeycomb-team", &poor)
        .header("content-type", PROTOBUF)
        .body(log("hello").encode_to_vec())
        .send()
        .await;
    let response = ExportLogsServiceResponse::decode(answer.body.as_slice()).unwrap();
    let partial = response.partial_success.unwrap();
    assert_eq!((answer.status, partial.rejected_log_records), (200, 1));
    assert!(partial.error_message.contains("dataset does not exist"));

    installation
        .sink
        .set(Mood::Refuse(1, RejectReason::DatasetTooManyColumns));
    let body = spans(&["a", "b", "c"]).encode_to_vec();
    let answer = export(&installation, "/v1/traces", PROTOBUF, body).await;
    assert_eq!(answer.status, 200);
    let response = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap();
    assert_eq!(response.partial_success.unwrap().rejected_spans, 1);
    installation.sink.take();
    installation
        .sink
        .set(Mood::Refuse(0, RejectReason::DatasetTooManyColumns));
    let body = gauges(&["a", "b", "c"]).encode_to_vec();
    let answer = export(&installation, "/v1/metrics", PROTOBUF, body).await;
    let response = ExportMetricsServiceResponse::decode(answer.body.as_slice()).unwrap();
    let rejected = response.partial_success.unwrap().rejected_data_points;
    assert_eq!(rejected, 3, "an event of three points");
}

#[tokio::test]
async fn a_store_that_cannot_keep_up_asks_to_try_again() {
    let installation = Installation::new().await;
    for mood in [Mood::Busy, Mood::Full, Mood::Stopped] {
        installation.sink.set(mood);
        let body = spans(&["GET /"]).encode_to_vec();
        let answer = export(&installation, "/v1/traces", PROTOBUF, body).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.text().contains("secret"));
    }
}

#[tokio::test]
async fn the_second_door_has_otlp_and_nothing_else() {
    let installation = Installation::new().await;
    let ask = |method: &str, path: &str| {
        Call::new(otlp_http_router(installation.state.clone()), method, path)
            .header("x-honeycomb-team", &installation.key)
    };
    let answer = ask("POST", "/v1/traces")
        .header("content-type", PROTOBUF)
        .body(spans(&["GET /"]).encode_to_vec())
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(ask("GET", "/healthz").send().await.status, 200);
    for path in ["/", "/1/auth", "/api/session", "/metrics"] {
        assert_eq!(ask("GET", path).send().await.status, 404, "{path}");
    }
}
