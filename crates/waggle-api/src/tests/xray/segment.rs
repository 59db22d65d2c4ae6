//! Documents and telemetry on their way in, by PutTraceSegments and by UDP.

mod look_up;
mod waiting;

use super::super::sink::Mood;
use super::super::{Installation, NOW_NS};
use crate::metrics::XrayOutcome;
use crate::{ApiConfig, RateLimits, XRayLimits, serve_xray, settle_segments};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use waggle_access::Permission;
use waggle_model::Clock;

const TRACE: &str = "1-6740a0f0-000000000000000000000001";

fn segment(id: &str, more: &str) -> String {
    format!(r#"{{"name":"shop","id":"{id}","trace_id":"{TRACE}","start_time":1732269999.5{more}}}"#)
}

fn subsegment(id: &str, parent: &str) -> String {
    let more = format!(r#","end_time":1732270000,"type":"subsegment","parent_id":"{parent}""#);
    segment(id, &more)
}

const ENDED: &str = r#","end_time":1732270000"#;
const SEGMENT: &str = "a100000000000001";
const SUBSEGMENT: &str = "a100000000000002";

/// A clock that goes on by a microsecond whenever it is looked at.
fn ticking() -> Clock {
    let now_ns = AtomicI64::new(NOW_NS);
    Clock::new(move || now_ns.fetch_add(1_000, Ordering::Relaxed))
}

/// Datasets and span ids of what was appended.
fn taken(installation: &Installation) -> Vec<String> {
    let rows = installation.sink.take();
    let short = |row: &String| {
        let (dataset, rest) = row.split_once(": ").unwrap();
        let of = |name: &str| {
            let found = rest.split_once(&format!("{name}=\""));
            found.map_or("", |(_, rest)| rest.split('"').next().unwrap())
        };
        let is_settled = rest.contains("xray.settled=true");
        let has_text = rest.contains("xray.document=");
        let note = match (is_settled, has_text) {
            (true, false) => " settled",
            (true, true) => " kept",
            _ => "",
        };
        format!("{dataset} {}{note}", of("trace.span_id"))
    };
    rows.iter().map(short).collect()
}

/// Documents wait for no time at all: each turn of the server ends the wait of all.
fn without_patience() -> ApiConfig {
    ApiConfig {
        xray_pending_age: Duration::ZERO,
        ..ApiConfig::default()
    }
}

/// What the server writes of its own accord until it has written so many rows.
async fn settled(installation: &Installation, count: usize) -> Vec<String> {
    let settling = tokio::spawn(settle_segments(installation.state.clone()));
    let mut rows = Vec::new();
    while rows.len() < count {
        tokio::task::yield_now().await;
        rows.extend(taken(installation));
    }
    settling.abort();
    rows
}

#[tokio::test]
async fn documents_become_events_or_wait() {
    let installation = Installation::new().await;
    let put = async |documents: &[String]| {
        let body = json!({ "TraceSegmentDocuments": documents });
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["UnprocessedTraceSegments"].clone()
    };
    let part = subsegment(SUBSEGMENT, SEGMENT);
    assert_eq!(put(std::slice::from_ref(&part)).await, json!([]));
    assert_eq!(taken(&installation), [format!("xray-pending {SUBSEGMENT}")]);
    assert_eq!(put(std::slice::from_ref(&part)).await, json!([]));
    assert!(taken(&installation).is_empty(), "it is known");

    let whole = segment(SEGMENT, ENDED);
    let broken = segment("x", ENDED);
    let refused = put(&[broken, whole.clone()]).await;
    assert_eq!(
        refused,
        json!([{"Id": "x", "ErrorCode": "InvalidId", "Message": "Invalid segment. ErrorCode: InvalidId"}])
    );
    assert_eq!(
        taken(&installation),
        [
            format!("shop {SEGMENT}"),
            format!("shop {SUBSEGMENT}"),
            format!("xray-pending {SUBSEGMENT} settled"),
        ]
    );
    assert_eq!(put(&[whole, part]).await, json!([]));
    assert!(taken(&installation).is_empty());
}

#[tokio::test]
async fn a_graph_has_what_waits_in_its_own_environment() {
    let links = |count: usize| {
        let link = |number: usize| {
            format!(r#"{{"trace_id":"1-6740a0f0-{number:024}","id":"b{number:015}"}}"#)
        };
        let links: Vec<String> = (1..=count).map(link).collect();
        segment(
            SEGMENT,
            &format!(r#","in_progress":true,"links":[{}]"#, links.join(",")),
        )
    };
    // So many links, the limits of links and of traces they lead to, and whether the answer says that some are missing.
    for (link_count, links_max, traces_max, is_warned) in
        [(2, 2, 2, false), (2, 1, 2, true), (2, 2, 1, true)]
    {
        let config = ApiConfig {
            xray_limits: XRayLimits {
                graph_links_max: links_max,
                graph_linked_traces_max: traces_max,
                ..XRayLimits::default()
            },
            ..ApiConfig::default()
        };
        let installation = Installation::with(config).await;
        let body = json!({ "TraceSegmentDocuments": [links(link_count)] });
        installation.xray_done("/TraceSegments", &body).await;
        let range = json!({"StartTime": 1_732_269_999, "EndTime": 1_732_270_001});
        let answer = installation.xray("/ServiceGraph", &range).await;
        let graph = answer.json();
        let names = graph["Services"].as_array().unwrap().iter();
        let names: Vec<&str> = names.map(|node| node["Type"].as_str().unwrap()).collect();
        assert_eq!(names, ["", "client"], "{graph}");
        assert_eq!(!answer.header("x-waggle-warning").is_empty(), is_warned);
        let other = installation
            .aws_key_with(installation.staging, [Permission::RunQueries])
            .await;
        let call = installation.ask("POST", "/ServiceGraph").json(&range);
        let answer = call.signed_by(&other).send().await;
        assert_eq!(answer.json()["Services"], json!([]));
    }
}

#[tokio::test]
async fn a_second_complete_document_has_a_count_of_its_own() {
    let installation = Installation::new().await;
    let started = segment(SEGMENT, r#","in_progress":true"#);
    let (first, second) = (
        segment(SEGMENT, ENDED),
        segment(SEGMENT, r#","end_time":1732270001"#),
    );
    for document in [&started, &first, &first, &second, &started] {
        let body = json!({"TraceSegmentDocuments": [document]});
        let answer = installation.xray("/TraceSegments", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let metrics = &installation.state.metrics;
    let counts = [
        XrayOutcome::Accepted,
        XrayOutcome::Replaced,
        XrayOutcome::Repeated,
    ];
    let counts = counts.map(|outcome| metrics.xray_documents_of(outcome));
    assert_eq!(counts, [3, 1, 2]);
}

#[tokio::test]
async fn what_is_not_stored_is_asked_for_again() {
    let installation = Installation::new().await;
    let body = json!({"TraceSegmentDocuments": [segment(SEGMENT, ENDED)]});
    for mood in [Mood::Busy, Mood::Full, Mood::Stopped] {
        installation.sink.set(mood);
        let answer = installation.xray("/TraceSegments", &body).await;
        answer.check_xray_error(503, "ServiceUnavailable", "try again");
    }
    installation.sink.set(Mood::Take);
    let answer = installation.xray("/TraceSegments", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(taken(&installation), [format!("shop {SEGMENT}")]);
    let refuse = Mood::Refuse(0, waggle_model::RejectReason::DatasetTooManyColumns);
    installation.sink.set(refuse);
    let other = json!({"TraceSegmentDocuments": [segment("a100000000000009", ENDED)]});
    let answer = installation.xray("/TraceSegments", &other).await;
    let unprocessed = &answer.json()["UnprocessedTraceSegments"][0];
    assert_eq!(unprocessed["ErrorCode"], "InvalidSegment");
    assert_eq!(unprocessed["Id"], "a100000000000009");
}

/// What X-Ray's filters look for may be in a row that the store refuses, while it takes the others of the document.
#[tokio::test]
async fn a_subsegment_whose_row_is_refused_is_noted() {
    let installation = Installation::new().await;
    let inside = format!(
        r#","subsegments":[{{"name":"call","id":"{SUBSEGMENT}","start_time":1732269999.6,"end_time":1732269999.7}}]"#
    );
    let document = segment(SEGMENT, &format!("{ENDED}{inside}"));
    let body = json!({ "TraceSegmentDocuments": [document] });
    let refuse = Mood::Refuse(1, waggle_model::RejectReason::DatasetTooManyColumns);
    installation.sink.set(refuse);
    let answer = installation.xray_done("/TraceSegments", &body).await;
    assert_eq!(answer["UnprocessedTraceSegments"], json!([]));
    let rows = installation.sink.take();
    let notes = rows.iter().filter(|row| row.contains("xray.left_out=1"));
    let notes: Vec<&String> = notes.collect();
    assert_eq!(notes.len(), 1, "{rows:?}");
    assert!(notes[0].starts_with("xray-pending: "), "{notes:?}");
    let answer = installation.xray_done("/TraceSegments", &body).await;
    assert_eq!(answer["UnprocessedTraceSegments"], json!([]));
    assert!(installation.sink.take().is_empty(), "it is known");
    // Where nothing of it is stored, nothing is noted.
    installation.sink.set(Mood::RefuseDatasets(&["shop"]));
    let other = format!("{body}").replace(SEGMENT, "a100000000000009");
    let other = serde_json::from_str(&other).unwrap();
    let answer = installation.xray_done("/TraceSegments", &other).await;
    assert_eq!(
        answer["UnprocessedTraceSegments"][0]["Id"],
        "a100000000000009"
    );
    assert_eq!(installation.sink.take(), Vec::<String>::new());
}

#[tokio::test]
async fn requests_have_limits() {
    let installation = Installation::with(ApiConfig {
        xray_documents_max: 2,
        xray_trace_bytes_max: 200,
        ..ApiConfig::default()
    })
    .await;
    for (body, status, name, text) in [
        (
            json!({}),
            400,
            "InvalidRequestException",
            "TraceSegmentDocuments",
        ),
        (
            json!({"TraceSegmentDocuments": ["1", "2", "3"]}),
            400,
            "InvalidRequestException",
            "more than 2",
        ),
        (
            json!({"TraceSegmentDocuments": [1]}),
            400,
            "SerializationException",
            "",
        ),
    ] {
        let answer = installation.xray("/TraceSegments", &body).await;
        answer.check_xray_error(status, name, text);
    }
    let documents = [segment(SEGMENT, ENDED), segment(SUBSEGMENT, ENDED)];
    let body = json!({ "TraceSegmentDocuments": documents });
    let answer = installation.xray("/TraceSegments", &body).await;
    let unprocessed = &answer.json()["UnprocessedTraceSegments"][0];
    assert_eq!(unprocessed["ErrorCode"], "InvalidSegment");
    assert_eq!(unprocessed["Id"], SUBSEGMENT);
    let rows = installation.sink.take();
    assert!(
        rows.iter()
            .any(|row| row.contains("xray.limit_exceeded=true")),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_daemon_tells_of_itself() {
    let installation = Installation::new().await;
    let body =
        json!({"Hostname": "h", "TelemetryRecords": [{"Timestamp": 1.5, "SegmentsSentCount": 7}]});
    let answer = installation.xray("/TelemetryRecords", &body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert_eq!(
        installation.sink.take(),
        [r#"waggle.xray_daemon: {host.name="h", segments.sent=7} @1500000000 x1"#]
    );
    let answer = installation.xray("/TelemetryRecords", &json!({})).await;
    answer.check_xray_error(400, "InvalidRequestException", "TelemetryRecords");
}

#[tokio::test]
async fn a_call_counts_once_for_its_key_however_often_it_is_put_together_anew() {
    let installation = Installation::with(ApiConfig {
        rate_limits: RateLimits {
            key_events_per_second: 2,
            ..RateLimits::default()
        },
        ..ApiConfig::default()
    })
    .await;
    let put = async |document: String| {
        let body = json!({ "TraceSegmentDocuments": [document] });
        installation.xray("/TraceSegments", &body).await
    };
    let answer = put(subsegment(SUBSEGMENT, SEGMENT)).await;
    assert_eq!(answer.status, 200);
    installation.sink.set(Mood::RefuseDatasets(&["shop"]));
    let answer = put(segment(SEGMENT, ENDED)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let metrics = &installation.state.metrics;
    assert_eq!(metrics.xray_documents_of(XrayOutcome::Misplaced), 1);
}

fn adot_spans() -> Vec<u8> {
    let text = |text: &str| AnyValue {
        value: Some(any_value::Value::StringValue(text.to_owned())),
    };
    let span = Span {
        trace_id: vec![7; 16],
        span_id: vec![1, 2, 3, 4, 5, 6, 7, 8],
        name: "GET".to_owned(),
        start_time_unix_nano: 1_732_270_000_000_000_000,
        end_time_unix_nano: 1_732_270_000_100_000_000,
        ..Span::default()
    };
    let service = KeyValue {
        key: "service.name".to_owned(),
        value: Some(text("adot")),
        ..KeyValue::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![service],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

#[tokio::test]
async fn the_daemons_port_takes_datagrams_and_calls_without_a_signature() {
    let installation = Installation::new().await;
    let key: Arc<str> = installation.key.as_str().into();
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (udp_address, tcp_address) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
    let (stop, stopping) = watch::channel(false);
    let stopped = move || {
        let mut stopping = stopping.clone();
        async move {
            stopping.wait_for(|stop| *stop).await.unwrap();
        }
    };
    let state = installation.state.clone();
    let served =
        tokio::spawn(async move { serve_xray((udp, tcp), state, Some(key), stopped).await });
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let header = r#"{"format":"json","version":1}"#;
    let document = segment(SEGMENT, ENDED);
    for datagram in [
        "nonsense".to_owned(),
        format!("{header}\nT1UCgA="),
        format!("{header}\n{{}}"),
        format!("{header}\n{document}"),
    ] {
        client
            .send_to(datagram.as_bytes(), udp_address)
            .await
            .unwrap();
    }
    let mut rows = Vec::new();
    while rows.is_empty() {
        tokio::task::yield_now().await;
        rows = taken(&installation);
    }
    assert_eq!(rows, [format!("shop {SEGMENT}")]);
    // As the UDP exporter of ADOT sends a span named "GET" of a service named "adot".
    let spans = STANDARD.encode(adot_spans());
    let datagram = format!("{header}\nT1S{spans}");
    client
        .send_to(datagram.as_bytes(), udp_address)
        .await
        .unwrap();
    let mut rows = Vec::new();
    while rows.is_empty() {
        tokio::task::yield_now().await;
        rows = taken(&installation);
    }
    assert_eq!(rows, ["adot 0102030405060708"]);
    // Counted a moment after they are stored.
    let metrics = &installation.state.metrics;
    while metrics.xray_documents_of(XrayOutcome::Accepted) < 2 {
        tokio::task::yield_now().await;
    }
    for (outcome, count) in [
        (XrayOutcome::Received, 5),
        (XrayOutcome::Rejected, 2),
        (XrayOutcome::Unsampled, 1),
        (XrayOutcome::Accepted, 2),
        (XrayOutcome::Spillover, 0),
    ] {
        let counted = metrics.xray_documents_of(outcome);
        assert_eq!(counted, count, "{outcome:?}");
    }
    let answer = reqwest::Client::new()
        .post(format!("http://{tcp_address}/EncryptionConfig"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    stop.send_replace(true);
    served.await.unwrap();
}
