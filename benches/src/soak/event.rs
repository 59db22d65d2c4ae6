//! The events of a soak: small, each with what the oracle counts by, and the name of the request that it came with.

use crate::send::Protocol;
use crate::spans::random::Random;
use anyhow::Context;
use bytes::Bytes;
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;

/// How many markers there are.
pub(crate) const MARKERS: usize = 16;
/// Events are up to so much older than the moment they are sent.
pub(crate) const LATE_S_MAX: i64 = 120;

const N_MAX: usize = 1_000;
const NS_PER_S: i64 = 1_000_000_000;
const ZSTD_LEVEL: i32 = 1;

/// One event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) time_ns: i64,
    pub(crate) marker: usize,
    pub(crate) n: u64,
    span_id: u64,
}

impl Event {
    /// Whole minutes since 1970.
    pub(crate) fn minute(&self) -> i64 {
        self.time_ns.div_euclid(60 * NS_PER_S)
    }
}

/// The events of one request.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) name: String,
    pub(crate) dataset: String,
    pub(crate) events: Vec<Event>,
}

/// Name of a marker.
pub(crate) fn marker_name(marker: usize) -> String {
    format!("m{marker:02}")
}

impl Batch {
    /// So many events of about now.
    pub(crate) fn new(
        name: String,
        dataset: &str,
        count: usize,
        now: Timestamp,
        random: &mut Random,
    ) -> Self {
        let now_ns = now.as_second() * NS_PER_S;
        let events = (0..count)
            .map(|_| Event {
                time_ns: now_ns - random.index((LATE_S_MAX * NS_PER_S) as usize) as i64,
                marker: random.skewed(MARKERS, 1.5),
                n: random.index(N_MAX) as u64,
                span_id: random.next() | 1,
            })
            .collect();
        Self {
            name,
            dataset: dataset.to_owned(),
            events,
        }
    }

    /// Sum of `n`.
    pub(crate) fn sum(&self) -> u64 {
        self.events.iter().map(|event| event.n).sum()
    }

    /// As a body.
    ///
    /// # Errors
    /// When it can't be encoded.
    pub(crate) fn encode(&self, protocol: Protocol) -> anyhow::Result<Bytes> {
        Ok(Bytes::from(match protocol {
            Protocol::OtlpHttp | Protocol::OtlpGrpc => self.otlp().encode_to_vec(),
            Protocol::BatchJson => serde_json::to_vec(&self.json()?)?,
            Protocol::BatchMsgpack => zstd::bulk::compress(&self.msgpack()?, ZSTD_LEVEL)?,
        }))
    }

    fn otlp(&self) -> ExportTraceServiceRequest {
        let spans = self.events.iter().map(|event| Span {
            trace_id: [event.span_id.to_be_bytes(), event.span_id.to_be_bytes()].concat(),
            span_id: event.span_id.to_be_bytes().to_vec(),
            name: "soak".to_owned(),
            start_time_unix_nano: event.time_ns as u64,
            end_time_unix_nano: event.time_ns as u64 + event.n * 1_000,
            attributes: vec![
                attribute("batch", Value::StringValue(self.name.clone())),
                attribute("marker", Value::StringValue(marker_name(event.marker))),
                attribute("n", Value::IntValue(event.n as i64)),
                attribute("filler", Value::StringValue(filler(event))),
            ],
            ..Span::default()
        });
        let scope_spans = ScopeSpans {
            spans: spans.collect(),
            ..ScopeSpans::default()
        };
        let service = attribute("service.name", Value::StringValue(self.dataset.clone()));
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: vec![service],
                    ..Resource::default()
                }),
                scope_spans: vec![scope_spans],
                ..ResourceSpans::default()
            }],
        }
    }

    fn json(&self) -> anyhow::Result<serde_json::Value> {
        let events = self.events.iter().map(|event| {
            anyhow::Ok(json!({
                "time": time_text(event)?,
                "data": {
                    "batch": self.name,
                    "marker": marker_name(event.marker),
                    "n": event.n,
                    "filler": filler(event),
                },
            }))
        });
        events.collect()
    }

    fn msgpack(&self) -> anyhow::Result<Vec<u8>> {
        let mut out = Vec::new();
        rmp::encode::write_array_len(&mut out, u32::try_from(self.events.len())?)?;
        for event in &self.events {
            rmp::encode::write_map_len(&mut out, 2)?;
            rmp::encode::write_str(&mut out, "time")?;
            rmp::encode::write_str(&mut out, &time_text(event)?)?;
            rmp::encode::write_str(&mut out, "data")?;
            rmp::encode::write_map_len(&mut out, 4)?;
            let texts = [
                ("batch", self.name.clone()),
                ("marker", marker_name(event.marker)),
                ("filler", filler(event)),
            ];
            for (key, value) in texts {
                rmp::encode::write_str(&mut out, key)?;
                rmp::encode::write_str(&mut out, &value)?;
            }
            rmp::encode::write_str(&mut out, "n")?;
            rmp::encode::write_uint(&mut out, event.n)?;
        }
        Ok(out)
    }
}

/// Something for the disk to hold.
fn filler(event: &Event) -> String {
    format!("{:016x}-{:04}", event.span_id, event.n)
}

fn time_text(event: &Event) -> anyhow::Result<String> {
    let time = Timestamp::from_nanosecond(i128::from(event.time_ns)).context("no such time")?;
    Ok(format!("{time:.9}"))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
