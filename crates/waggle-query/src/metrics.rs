//! What queries tell about themselves.

use crate::cache::CacheCollector;
use crate::exec::{MemoryBudget, States};
use crate::outcome::Outcomes;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;

/// The engine's own signals.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) outcomes: Outcomes,
    pub(crate) seconds: Histogram,
    pub(crate) rows_read: Counter,
}

impl Metrics {
    /// Registers everything; `memory` and `states` are read when somebody asks.
    pub(crate) fn new(
        registry: &mut Registry,
        memory: &Arc<MemoryBudget>,
        states: &Arc<States>,
    ) -> Self {
        let metrics = Self {
            outcomes: Outcomes::new(
                registry,
                "waggle_queries",
                "Queries, raw row pages and traces",
            ),
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            rows_read: Counter::default(),
        };
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
