//! Times the decoders on one core, without a server around them: spans, and the same as Honeycomb events, of 33 attributes each.
//!
//! `cargo run --profile perf -p waggle-wire --example decode_times -- [RUNS] [PART_OF_NAME]`. Prints events per second on the
//! CPU and bytes per event of the fastest run. The line of prost is its decoding alone, into structs that are thrown away: what is to be beaten.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a developer's tool"
)]

mod data;

use data::{REQUESTS, SPANS, requests};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::hint::black_box;
use waggle_model::EventLimits;
use waggle_wire::honeycomb::{EventOptions, Format, decode_batch};
use waggle_wire::otlp::{Encoding, OtlpHeaders, decode_traces};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runs = arguments.first().map_or(5, |runs| runs.parse().unwrap());
    let part = arguments.get(1).cloned().unwrap_or_default();
    let requests = requests();
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
            let start = cpu_s();
            bodies.iter().for_each(|body| decode(body));
            cpu_s() - start
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

/// Time this thread was on the CPU, in seconds: other programs on the machine do not count.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let ns: f64 = stat.split_whitespace().next().unwrap().parse().unwrap();
    ns / 1e9
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
