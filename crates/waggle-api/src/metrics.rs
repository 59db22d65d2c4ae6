//! The faces' own health as numbers: what was asked, how it ended, how long it took, which events came in and which did not.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;
use waggle_model::RejectReason;

/// Counters of the faces. Made once, before the registry is frozen; cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiMetrics {
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    events_accepted: Family<ProtocolLabels, Counter>,
    events_rejected: Family<RejectLabels, Counter>,
    xray_documents: Family<XrayLabels, Counter>,
    xray_waiting: Gauge,
    xray_receive_buffer: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProtocolLabels {
    protocol: Protocol,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectLabels {
    protocol: Protocol,
    reason: &'static str,
}

/// The way events came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Protocol {
    /// `POST /1/events`.
    Events,
    /// `POST /1/batch`.
    Batch,
    /// `POST /v1/traces`, `/v1/logs`, `/v1/metrics`.
    OtlpHttp,
    /// The Export calls.
    OtlpGrpc,
    /// `POST /1/kinesis_events`.
    Kinesis,
    /// Documents of X-Ray, by UDP and by PutTraceSegments.
    Xray,
}

impl Protocol {
    /// As the API calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Batch => "batch",
            Self::OtlpHttp => "otlp_http",
            Self::OtlpGrpc => "otlp_grpc",
            Self::Kinesis => "kinesis",
            Self::Xray => "xray",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct XrayLabels {
    outcome: XrayOutcome,
}

/// What became of a document of X-Ray, or of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum XrayOutcome {
    /// A datagram that came in.
    Received,
    /// A document that is durable.
    Accepted,
    /// A document that is durable and complete, as another one of its entity was before: it counts now.
    Replaced,
    /// A document of the same bytes as one before.
    Repeated,
    /// A datagram or document that was refused.
    Rejected,
    /// A datagram that was dropped for a newer one.
    Spillover,
    /// A datagram that the system dropped because its own buffer was full.
    Overflow,
    /// Spans of OpenTelemetry that were sent to be dropped.
    Unsampled,
    /// A document that waited, and whose events went to another dataset because its own refused them.
    Misplaced,
    /// A document that waited, and goes on waiting because every dataset refuses its events.
    Stuck,
}

impl ApiMetrics {
    /// Makes the counters and registers them as `waggle_http_*` and `waggle_events_*`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.001, 2.0, 16))
            }),
            events_accepted: Family::default(),
            events_rejected: Family::default(),
            xray_documents: Family::default(),
            xray_waiting: Gauge::default(),
            xray_receive_buffer: Gauge::default(),
        };
        registry.register(
            "waggle_http_requests",
            "Requests answered, by route, method and status, gRPC calls included",
            metrics.requests.clone(),
        );
        registry.register(
            "waggle_http_request_seconds",
            "Time from the head of a request to the head of its answer, in seconds",
            metrics.request_seconds.clone(),
        );
        registry.register(
            "waggle_events_accepted",
            "Events stored durably before they were acknowledged, by protocol",
            metrics.events_accepted.clone(),
        );
        registry.register(
            "waggle_events_rejected",
            "Events refused, by protocol and reason",
            metrics.events_rejected.clone(),
        );
        registry.register(
            "waggle_xray_documents",
            "Datagrams and documents of X-Ray, by what became of them",
            metrics.xray_documents.clone(),
        );
        registry.register(
            "waggle_xray_waiting_documents",
            "Documents of X-Ray whose events can't be written yet",
            metrics.xray_waiting.clone(),
        );
        registry.register(
            "waggle_xray_receive_buffer_bytes",
            "Bytes that the system holds of datagrams of X-Ray until they are read, which it may have made fewer than xray-receive-buffer asks for",
            metrics.xray_receive_buffer.clone(),
        );
        metrics
    }

    pub(crate) fn xray_documents(&self, outcome: XrayOutcome, count: usize) {
        self.xray_documents
            .get_or_create(&XrayLabels { outcome })
            .inc_by(count as u64);
    }

    #[cfg(test)]
    pub(crate) fn xray_documents_of(&self, outcome: XrayOutcome) -> u64 {
        self.xray_documents
            .get_or_create(&XrayLabels { outcome })
            .get()
    }

    pub(crate) fn xray_waiting(&self, count: usize) {
        self.xray_waiting
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn xray_receive_buffer(&self, bytes: usize) {
        self.xray_receive_buffer
            .set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn answered(
        &self,
        method: &'static str,
        route: &str,
        status: u16,
        elapsed: Duration,
    ) {
        self.requests
            .get_or_create(&RequestLabels {
                method,
                route: route.to_owned(),
                status,
            })
            .inc();
        self.request_seconds
            .get_or_create(&RouteLabels {
                route: route.to_owned(),
            })
            .observe(elapsed.as_secs_f64());
    }

    pub(crate) fn events_accepted(&self, protocol: Protocol, count: usize) {
        self.events_accepted
            .get_or_create(&ProtocolLabels { protocol })
            .inc_by(count as u64);
    }

    /// Counts an event, or a whole request that was refused, as one.
    pub(crate) fn rejected(&self, protocol: Protocol, reason: &'static str) {
        self.events_rejected
            .get_or_create(&RejectLabels { protocol, reason })
            .inc();
    }
}

/// The one word for a reason.
pub(crate) fn reason_name(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::TooManyColumns => "too_many_columns",
        RejectReason::DatasetTooManyColumns => "dataset_too_many_columns",
        RejectReason::TooLarge => "too_large",
        RejectReason::Empty => "empty",
        RejectReason::Malformed => "malformed",
        RejectReason::UnknownDataset => "unknown_dataset",
        RejectReason::TooManyDatasets => "too_many_datasets",
    }
}
