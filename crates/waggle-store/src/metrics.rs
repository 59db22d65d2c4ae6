//! The store's own health, declared once and moved through typed names.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counters, gauges and histograms of the store. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) rows_stored: Counter,
    pub(crate) rows_refused: Counter,
    pub(crate) appends_started: Counter,
    pub(crate) appends_finished: Counter,
    pub(crate) appends_busy: Counter,
    pub(crate) wal_bytes: Gauge,
    pub(crate) wal_written_bytes: Counter,
    pub(crate) wal_records: Counter,
    pub(crate) wal_fsync_seconds: Histogram,
    pub(crate) wal_replayed_records: Counter,
    pub(crate) generations: Gauge,
    pub(crate) memtable_rows: Gauge,
    pub(crate) memtable_bytes: Gauge,
    pub(crate) blocks: Gauge,
    pub(crate) block_bytes: Gauge,
    pub(crate) flush_seconds: Histogram,
    pub(crate) flush_failures: Counter,
}

impl Metrics {
    /// Makes the signals; they count from now on, whether or not somebody reads them.
    pub fn new() -> Self {
        Self {
            rows_stored: Counter::default(),
            rows_refused: Counter::default(),
            appends_started: Counter::default(),
            appends_finished: Counter::default(),
            appends_busy: Counter::default(),
            wal_bytes: Gauge::default(),
            wal_written_bytes: Counter::default(),
            wal_records: Counter::default(),
            wal_fsync_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            wal_replayed_records: Counter::default(),
            generations: Gauge::default(),
            memtable_rows: Gauge::default(),
            memtable_bytes: Gauge::default(),
            blocks: Gauge::default(),
            block_bytes: Gauge::default(),
            flush_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 14)),
            flush_failures: Counter::default(),
        }
    }

    /// Publishes the signals. Names get the suffix of their unit, and counters `_total`.
    pub fn register(&self, registry: &mut Registry) {
        let m = self;
        let registry = registry.sub_registry_with_prefix("waggle");
        registry.register(
            "rows_stored",
            "Rows made durable and acknowledged",
            m.rows_stored.clone(),
        );
        registry.register(
            "rows_refused",
            "Rows refused by a limit of the store",
            m.rows_refused.clone(),
        );
        registry.register(
            "appends_started",
            "Requests that asked to store events",
            m.appends_started.clone(),
        );
        registry.register(
            "appends_finished",
            "Requests that asked to store events and have an answer",
            m.appends_finished.clone(),
        );
        registry.register(
            "appends_busy",
            "Requests turned away because the store could not keep up",
            m.appends_busy.clone(),
        );
        registry.register_with_unit(
            "wal",
            "Size of the log files that blocks do not cover yet",
            Unit::Bytes,
            m.wal_bytes.clone(),
        );
        registry.register_with_unit(
            "wal_written",
            "Bytes written to the log",
            Unit::Bytes,
            m.wal_written_bytes.clone(),
        );
        registry.register(
            "wal_records",
            "Records written to the log; one a request",
            m.wal_records.clone(),
        );
        registry.register_with_unit(
            "wal_fsync",
            "Time to bring one group of records to stable storage",
            Unit::Seconds,
            m.wal_fsync_seconds.clone(),
        );
        registry.register(
            "wal_replayed_records",
            "Records read back from the log at start",
            m.wal_replayed_records.clone(),
        );
        registry.register(
            "generations",
            "Memtable generations, the open one included",
            m.generations.clone(),
        );
        registry.register(
            "memtable_rows",
            "Events that are in no block yet",
            m.memtable_rows.clone(),
        );
        registry.register_with_unit(
            "memtable",
            "Memory of the events that are in no block yet",
            Unit::Bytes,
            m.memtable_bytes.clone(),
        );
        registry.register("blocks", "Blocks that queries see", m.blocks.clone());
        registry.register_with_unit(
            "block",
            "Size of the blocks that queries see",
            Unit::Bytes,
            m.block_bytes.clone(),
        );
        registry.register_with_unit(
            "flush",
            "Time to turn one generation into blocks",
            Unit::Seconds,
            m.flush_seconds.clone(),
        );
        registry.register(
            "flush_failures",
            "Attempts to turn a generation into blocks that failed and were repeated",
            m.flush_failures.clone(),
        );
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
