//! Made-up requests of an SDK's batch processor.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Spans of a request.
pub(crate) const SPANS: usize = 512;
/// Requests.
pub(crate) const REQUESTS: usize = 100;

/// The same requests every time.
pub(crate) fn requests() -> Vec<ExportTraceServiceRequest> {
    let mut random = StdRng::seed_from_u64(1);
    (0..REQUESTS).map(|_| request(&mut random)).collect()
}

fn request(random: &mut StdRng) -> ExportTraceServiceRequest {
    let service = random.random_range(0..25);
    let resource = (0..8).map(|n| {
        text(
            &format!("resource.attribute.{n}"),
            format!("value-{n}-{service}"),
        )
    });
    let spans = (0..SPANS).map(|_| span(random, service)).collect();
    let scope = InstrumentationScope {
        name: "opentelemetry.instrumentation.flask".to_owned(),
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: resource.collect(),
                ..Default::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans,
                ..Default::default()
            }],
            ..Default::default()
        }],
    }
}

/// 25 attributes of its own beside the resource's 8: texts of few and of many values, numbers, a few rare ones.
fn span(random: &mut StdRng, service: u32) -> Span {
    let start = 1_700_000_000_000_000_000 + random.random_range(0..1_000_000_000_000);
    let mut attributes = vec![
        text(
            "user.id",
            format!("user-{}", random.random_range(0..1_500_000)),
        ),
        text(
            "db.statement",
            format!(
                "SELECT * FROM orders WHERE id = {}",
                random.random_range(0..2_000)
            ),
        ),
    ];
    for n in 0..12 {
        attributes.push(text(
            &format!("http.attribute.{n}"),
            format!("some value {}", random.random_range(0..1 + n * 6)),
        ));
    }
    for n in 0..6 {
        attributes.push(value(
            &format!("count.of.things.{n}"),
            any_value::Value::IntValue(random.random_range(0..10_000)),
        ));
    }
    attributes.push(value(
        "ratio",
        any_value::Value::DoubleValue(random.random()),
    ));
    attributes.push(value(
        "is_cached",
        any_value::Value::BoolValue(random.random()),
    ));
    for _ in 0..3 {
        attributes.push(text(
            &format!("rare.{}", random.random_range(0..200)),
            "yes".to_owned(),
        ));
    }
    Span {
        trace_id: random.random::<u128>().to_be_bytes().to_vec(),
        span_id: random.random::<u64>().to_be_bytes().to_vec(),
        parent_span_id: random.random::<u64>().to_be_bytes().to_vec(),
        name: format!("GET /route/{}/{}", service, random.random_range(0..16)),
        kind: random.random_range(0..6),
        start_time_unix_nano: start,
        end_time_unix_nano: start + random.random_range(0..1_000_000_000),
        attributes,
        ..Span::default()
    }
}

fn text(key: &str, text: String) -> KeyValue {
    value(key, any_value::Value::StringValue(text))
}

fn value(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}
