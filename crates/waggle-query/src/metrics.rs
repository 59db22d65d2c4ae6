//! What queries tell about themselves.

use crate::cache::CacheCollector;
use crate::exec::{MemoryBudget, States};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric,
};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;

/// The engine's own signals.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) started: Counter,
    pub(crate) finished: Family<OutcomeLabels, Counter>,
    pub(crate) seconds: Histogram,
    pub(crate) rows_read: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) outcome: Outcome,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    reason = "the names of the variants are the values of the label"
)]
pub(crate) enum Outcome {
    answered,
    invalid,
    deadline,
    too_large,
    busy,
    storage_error,
    cancelled,
}

impl Metrics {
    /// Registers everything; `memory` and `states` are read when somebody asks.
    pub(crate) fn new(
        registry: &mut Registry,
        memory: &Arc<MemoryBudget>,
        states: &Arc<States>,
    ) -> Self {
        let metrics = Self {
            started: Counter::default(),
            finished: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            rows_read: Counter::default(),
        };
        registry.register(
            "waggle_queries_started",
            "Queries, raw row pages and traces asked for",
            metrics.started.clone(),
        );
        registry.register(
            "waggle_queries_finished",
            "Queries, raw row pages and traces that ended, by outcome",
            metrics.finished.clone(),
        );
        registry.register_with_unit(
            "waggle_query",
            "Time from the start of a query to its answer",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register(
            "waggle_query_rows_read",
            "Rows that queries have looked at so far, second passes included",
            metrics.rows_read.clone(),
        );
        registry.register_collector(Box::new(MemoryCollector(Arc::clone(memory))));
        registry.register_collector(Box::new(CacheCollector(Arc::clone(states))));
        metrics
    }

    /// Counts the end of a query.
    pub(crate) fn finish(&self, outcome: Outcome) {
        self.finished
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }
}

/// What running queries hold, which the budget knows already.
#[derive(Debug)]
struct MemoryCollector(Arc<MemoryBudget>);

impl Collector for MemoryCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let bytes = ConstGauge::new(i64::try_from(self.0.bytes()).unwrap_or(i64::MAX));
        let metric = encoder.encode_descriptor(
            "waggle_query_memory",
            "Memory of groups and states of the queries that run now",
            Some(&Unit::Bytes),
            bytes.metric_type(),
        )?;
        bytes.encode(metric)
    }
}
