//! Spans and logs as bodies of OTLP requests, grouped by resource as a collector in front of many pods would.

use super::journey::Journey;
use super::pod::{self, Pod};
use super::shop::Shop;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use std::collections::BTreeMap;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// Path of the endpoint.
    pub(crate) path: &'static str,
    /// Spans or log records in it.
    pub(crate) item_count: usize,
    /// Protobuf.
    pub(crate) body: Vec<u8>,
}

/// Items in one request, about: the batch size of a collector.
const PARCEL_ITEMS: usize = 2_000;

/// Collects journeys until a request is full.
#[derive(Default)]
pub(crate) struct Packer {
    spans: BTreeMap<Pod, Vec<Span>>,
    span_count: usize,
    logs: BTreeMap<Pod, Vec<LogRecord>>,
    log_count: usize,
}

impl Packer {
    /// Takes a journey in; gives back the requests that are full now.
    pub(crate) fn add(&mut self, shop: &Shop, journey: Journey) -> Vec<Parcel> {
        self.span_count += journey.spans.len();
        self.log_count += journey.logs.len();
        for (pod, span) in journey.spans {
            self.spans.entry(pod).or_default().push(span);
        }
        for (pod, record) in journey.logs {
            self.logs.entry(pod).or_default().push(record);
        }
        let mut full = Vec::new();
        if self.span_count >= PARCEL_ITEMS {
            full.extend(self.pack_spans(shop));
        }
        if self.log_count >= PARCEL_ITEMS {
            full.extend(self.pack_logs(shop));
        }
        full
    }

    /// Gives out what is left.
    pub(crate) fn finish(&mut self, shop: &Shop) -> Vec<Parcel> {
        self.pack_spans(shop)
            .into_iter()
            .chain(self.pack_logs(shop))
            .collect()
    }

    fn pack_spans(&mut self, shop: &Shop) -> Option<Parcel> {
        let item_count = std::mem::take(&mut self.span_count);
        let request = ExportTraceServiceRequest {
            resource_spans: std::mem::take(&mut self.spans)
                .into_iter()
                .map(|(pod, spans)| ResourceSpans {
                    resource: Some(resource(shop, pod)),
                    scope_spans: vec![ScopeSpans {
                        scope: Some(scope(shop, pod)),
                        spans,
                        ..ScopeSpans::default()
                    }],
                    ..ResourceSpans::default()
                })
                .collect(),
        };
        (item_count > 0).then(|| Parcel {
            path: "/v1/traces",
            item_count,
            body: request.encode_to_vec(),
        })
    }

    fn pack_logs(&mut self, shop: &Shop) -> Option<Parcel> {
        let item_count = std::mem::take(&mut self.log_count);
        let request = ExportLogsServiceRequest {
            resource_logs: std::mem::take(&mut self.logs)
                .into_iter()
                .map(|(pod, log_records)| ResourceLogs {
                    resource: Some(resource(shop, pod)),
                    scope_logs: vec![ScopeLogs {
                        scope: Some(scope(shop, pod)),
                        log_records,
                        ..ScopeLogs::default()
                    }],
                    ..ResourceLogs::default()
                })
                .collect(),
        };
        (item_count > 0).then(|| Parcel {
            path: "/v1/logs",
            item_count,
            body: request.encode_to_vec(),
        })
    }
}

fn resource(shop: &Shop, pod: Pod) -> Resource {
    Resource {
        attributes: pod.resource(shop),
        ..Resource::default()
    }
}

fn scope(shop: &Shop, pod: Pod) -> InstrumentationScope {
    let (name, version) = pod::scope(shop, pod);
    InstrumentationScope {
        name,
        version: version.to_owned(),
        ..InstrumentationScope::default()
    }
}
