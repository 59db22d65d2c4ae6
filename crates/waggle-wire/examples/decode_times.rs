//! Times the decoders on one core, without a server around them: spans, and the same as Honeycomb events, of 33 attributes each.
//!
//! `cargo run --profile perf -p waggle-wire --example decode_times -- [RUNS] [PART_OF_NAME]`. Prints events per second and bytes per
//! event of the fastest run. The line of prost is its decoding alone, into structs that are thrown away: what is to be beaten.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a developer's tool"
)]

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::hint::black_box;
use std::time::Instant;
use waggle_model::EventLimits;
use waggle_wire::honeycomb::{EventOptions, Format, decode_batch};
use waggle_wire::otlp::{Encoding, OtlpHeaders, decode_traces};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What an SDK's batch processor sends at once.
const SPANS: usize = 512;
const REQUESTS: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runs = arguments.first().map_or(5, |runs| runs.parse().unwrap());
    let part = arguments.get(1).cloned().unwrap_or_default();
    let mut random = StdRng::seed_from_u64(1);
    let requests: Vec<_> = (0..REQUESTS).map(|_| request(&mut random)).collect();
    let protobuf: Vec<_> = requests.iter().map(|r| r.encode_to_vec()).collect();
    let events: Vec<_> = requests.iter().map(events).collect();
    let json: Vec<_> = events
        .iter()
        .map(|e| serde_json::to_vec(e).unwrap())
        .collect();
    let msgpack: Vec<Vec<u8>> = events.iter().map(msgpack).collect();
    let gzip: Vec<Vec<u8>> = protobuf.iter().map(|body| gzip(body)).collect();

    let limits = EventLimits::default();
    let headers = OtlpHeaders::default();
    let options = EventOptions {
        limits: &limits,
        now_ns: 1,
        expand_json_depth: 0,
    };
    let time = |name: &str, bodies: &[Vec<u8>], decode: &dyn Fn(&[u8])| {
        if !name.contains(&part) {
            return;
        }
        let seconds = (0..runs).map(|_| {
            let start = Instant::now();
            bodies.iter().for_each(|body| decode(body));
            start.elapsed().as_secs_f64()
        });
        let seconds = seconds.fold(f64::MAX, f64::min);
        let count = (SPANS * REQUESTS) as f64;
        let bytes: usize = bodies.iter().map(Vec::len).sum();
        println!(
            "{name:24} {:9.0} events/s {:6.0} bytes an event",
            count / seconds,
            bytes as f64 / count
        );
    };
    time("otlp prost alone", &protobuf, &|body| {
        drop(black_box(ExportTraceServiceRequest::decode(body).unwrap()));
    });
    time("otlp protobuf", &protobuf, &|body| {
        drop(black_box(
            decode_traces(body, Encoding::Protobuf, &headers, &limits).unwrap(),
        ));
    });
    time("honeycomb json", &json, &|body| {
        drop(black_box(
            decode_batch("d", body, Format::Json, &options).unwrap(),
        ));
    });
    time("honeycomb msgpack", &msgpack, &|body| {
        drop(black_box(
            decode_batch("d", body, Format::Msgpack, &options).unwrap(),
        ));
    });
    time("gunzip", &gzip, &|body| {
        let encoding = waggle_wire::ContentEncoding::Gzip;
        drop(black_box(
            waggle_wire::decompress(encoding, body, 1 << 30).unwrap(),
        ));
    });
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

/// The same spans as a Honeycomb batch.
fn events(request: &ExportTraceServiceRequest) -> serde_json::Value {
    let resource = &request.resource_spans[0];
    let shared = &resource.resource.as_ref().unwrap().attributes;
    let spans = &resource.scope_spans[0].spans;
    spans.iter().map(|span| event(span, shared)).collect()
}

fn event(span: &Span, shared: &[KeyValue]) -> serde_json::Value {
    let mut data = serde_json::Map::new();
    for attribute in span.attributes.iter().chain(shared) {
        let value = match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
            any_value::Value::StringValue(value) => value.as_str().into(),
            any_value::Value::IntValue(value) => (*value).into(),
            any_value::Value::DoubleValue(value) => (*value).into(),
            any_value::Value::BoolValue(value) => (*value).into(),
            _ => continue,
        };
        data.insert(attribute.key.clone(), value);
    }
    data.insert("name".to_owned(), span.name.as_str().into());
    serde_json::json!({"time": "2026-11-22T08:00:00.123456Z", "samplerate": 1, "data": data})
}

fn msgpack(value: &serde_json::Value) -> Vec<u8> {
    let mut out = Vec::new();
    put_msgpack(value, &mut out);
    out
}

fn put_msgpack(value: &serde_json::Value, out: &mut Vec<u8>) {
    match value {
        serde_json::Value::Null => rmp::encode::write_nil(out).unwrap(),
        serde_json::Value::Bool(value) => rmp::encode::write_bool(out, *value).unwrap(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(value) => drop(rmp::encode::write_sint(out, value).unwrap()),
            None => rmp::encode::write_f64(out, number.as_f64().unwrap()).unwrap(),
        },
        serde_json::Value::String(value) => rmp::encode::write_str(out, value).unwrap(),
        serde_json::Value::Array(values) => {
            rmp::encode::write_array_len(out, values.len() as u32).unwrap();
            values.iter().for_each(|value| put_msgpack(value, out));
        }
        serde_json::Value::Object(members) => {
            rmp::encode::write_map_len(out, members.len() as u32).unwrap();
            for (name, value) in members {
                rmp::encode::write_str(out, name).unwrap();
                put_msgpack(value, out);
            }
        }
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, body).unwrap();
    encoder.finish().unwrap()
}
