//! The gRPC door with tonic's own clients over a real socket.

use super::Installation;
use super::otlp::{gauges, log, spans};
use super::sink::Mood;
use crate::{ApiConfig, RateLimits, serve_grpc};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use waggle_model::RejectReason;

/// Serves the door until the test ends.
async fn channel(installation: &Installation) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_grpc(
        listener,
        installation.state.clone(),
        std::future::pending(),
    ));
    Channel::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

fn with_key<T>(message: T, key: &str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-honeycomb-team", key.parse().unwrap());
    request
}

#[track_caller]
fn check(status: &Status, code: Code, message: &str) {
    assert_eq!((status.code(), status.message()), (code, message));
}

#[tokio::test]
async fn spans_logs_and_metrics_arrive_in_every_compression() {
    let installation = Installation::new().await;
    let channel = channel(&installation).await;
    for encoding in [
        None,
        Some(CompressionEncoding::Gzip),
        Some(CompressionEncoding::Zstd),
    ] {
        let mut traces = TraceServiceClient::new(channel.clone());
        let mut logs = LogsServiceClient::new(channel.clone());
        let mut metrics = MetricsServiceClient::new(channel.clone());
        if let Some(encoding) = encoding {
            traces = traces.send_compressed(encoding);
            logs = logs.send_compressed(encoding);
            metrics = metrics.send_compressed(encoding);
        }
        let answer = traces
            .export(with_key(spans(&["GET /"]), &installation.key))
            .await
            .unwrap();
        assert_eq!(answer.into_inner().partial_success, None);
        logs.export(with_key(log("hello"), &installation.key))
            .await
            .unwrap();
        let answer = metrics
            .export(with_key(gauges(&["cpu"]), &installation.key))
            .await
            .unwrap();
        assert_eq!(answer.into_inner().partial_success, None);
        let rows = installation.sink.take();
        assert!(rows[0].contains("name=\"GET /\""), "{rows:?}");
        assert!(rows[1].contains("body=\"hello\""), "{rows:?}");
        assert!(rows[2].contains("cpu=7"), "{rows:?}");
    }
    let answer = TraceServiceClient::new(channel)
        .export(with_key(
            ExportTraceServiceRequest::default(),
            &installation.key,
        ))
        .await;
    assert!(answer.is_ok(), "no spans are no error: {answer:?}");
}

#[tokio::test]
async fn refusals_have_the_codes_of_the_specification() {
    let installation = Installation::with(ApiConfig {
        otlp_body_bytes_max: 10_000,
        ..ApiConfig::default()
    })
    .await;
    let mut client = TraceServiceClient::new(channel(&installation).await);
    let status = client.export(spans(&["a"])).await.unwrap_err();
    check(
        &status,
        Code::Unauthenticated,
        "missing 'x-honeycomb-team' header",
    );
    let classic = "0123456789abcdef0123456789abcdef";
    let status = client
        .export(with_key(spans(&["a"]), classic))
        .await
        .unwrap_err();
    check(
        &status,
        Code::Unauthenticated,
        "missing 'x-honeycomb-dataset' header",
    );
    let status = client
        .export(with_key(spans(&["a"]), "nobodys"))
        .await
        .unwrap_err();
    check(
        &status,
        Code::Unauthenticated,
        "unknown API key - check your credentials",
    );

    let long = "x".repeat(20_000);
    let status = client
        .export(with_key(spans(&[&long]), &installation.key))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        status
            .message()
            .starts_with("failed to parse OTLP request body: "),
        "{status:?}"
    );
    let bomb = "x".repeat(50 << 20);
    let status = client
        .clone()
        .send_compressed(CompressionEncoding::Zstd)
        .export(with_key(spans(&[&bomb]), &installation.key))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(installation.sink.take().is_empty());

    for mood in [Mood::Busy, Mood::Full, Mood::Stopped] {
        installation.sink.set(mood);
        let status = client
            .export(with_key(spans(&["a"]), &installation.key))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        let details = String::from_utf8_lossy(status.details()).into_owned();
        assert!(details.contains("google.rpc.RetryInfo"), "{details}");
    }
    installation.sink.set(Mood::Panic);
    let status = client
        .export(with_key(spans(&["a"]), &installation.key))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("request"), "{status:?}");
    installation
        .sink
        .set(Mood::Refuse(0, RejectReason::TooLarge));
    let answer = client
        .export(with_key(spans(&["a", "b"]), &installation.key))
        .await;
    let partial = answer.unwrap().into_inner().partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
}

#[tokio::test]
async fn health_is_served() {
    let installation = Installation::new().await;
    let channel = channel(&installation).await;
    let mut health = HealthClient::new(channel);
    let answer = health
        .check(tonic_health::pb::HealthCheckRequest::default())
        .await;
    assert_eq!(
        answer.unwrap().into_inner().status(),
        ServingStatus::Serving
    );
}

#[tokio::test]
async fn a_key_beyond_its_rate_is_told_when_to_send_again() {
    let installation = Installation::with(ApiConfig {
        rate_limits: RateLimits {
            key_events_per_second: 1,
            ..RateLimits::default()
        },
        ..ApiConfig::default()
    })
    .await;
    let mut traces = TraceServiceClient::new(channel(&installation).await);
    let export = || with_key(spans(&["GET /"]), &installation.key);
    traces.export(export()).await.unwrap();
    let status = traces.export(export()).await.unwrap_err();
    check(
        &status,
        Code::ResourceExhausted,
        "Request dropped due to rate limiting.",
    );
    assert!(!status.details().is_empty(), "no time to wait");
}
