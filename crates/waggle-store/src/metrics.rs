//! The store's own health, declared once and moved through typed names.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// How large a block is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SizeLabel {
    pub(crate) size: &'static str,
}

/// Counters, gauges and histograms of the store. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) rows_stored: Counter,
    pub(crate) rows_refused: Counter,
    pub(crate) appends_started: Counter,
    pub(crate) appends_finished: Counter,
    pub(crate) appends_busy: Counter,
    pub(crate) appends_full: Counter,
    pub(crate) disk_full: Gauge,
    pub(crate) wal_bytes: Gauge,
    pub(crate) wal_written_bytes: Counter,
    pub(crate) wal_records: Counter,
    pub(crate) wal_fsync_seconds: Histogram,
    pub(crate) wal_replayed_records: Counter,
    pub(crate) wal_damages: Counter,
    pub(crate) generations: Gauge,
    pub(crate) memtable_rows: Gauge,
    pub(crate) memtable_bytes: Gauge,
    pub(crate) blocks: Gauge,
    pub(crate) blocks_by_size: Family<SizeLabel, Gauge>,
    pub(crate) write_amplification: Gauge<f64, AtomicU64>,
    pub(crate) block_bytes: Gauge,
    pub(crate) flush_seconds: Histogram,
    pub(crate) flush_written_bytes: Counter,
    pub(crate) compacted_blocks: Counter,
    pub(crate) compaction_read_bytes: Counter,
    pub(crate) compaction_written_bytes: Counter,
    pub(crate) compaction_failures: Counter,
    pub(crate) damaged_blocks: Counter,
    pub(crate) erased_rows: Counter,
    pub(crate) retention_rows: Counter,
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
            appends_full: Counter::default(),
            disk_full: Gauge::default(),
            wal_bytes: Gauge::default(),
            wal_written_bytes: Counter::default(),
            wal_records: Counter::default(),
            wal_fsync_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            wal_replayed_records: Counter::default(),
            wal_damages: Counter::default(),
            generations: Gauge::default(),
            memtable_rows: Gauge::default(),
            memtable_bytes: Gauge::default(),
            blocks: Gauge::default(),
            blocks_by_size: Family::default(),
            write_amplification: Gauge::default(),
            block_bytes: Gauge::default(),
            flush_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 14)),
            flush_written_bytes: Counter::default(),
            compacted_blocks: Counter::default(),
            compaction_read_bytes: Counter::default(),
            compaction_written_bytes: Counter::default(),
            compaction_failures: Counter::default(),
            damaged_blocks: Counter::default(),
            erased_rows: Counter::default(),
            retention_rows: Counter::default(),
            flush_failures: Counter::default(),
        }
    }

    pub(crate) fn measure_write_amplification(&self) {
        let flushed = self.flush_written_bytes.get();
        if flushed > 0 {
            let written = flushed + self.compaction_written_bytes.get();
            self.write_amplification
                .set(written as f64 / flushed as f64);
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
        registry.register(
            "appends_full",
            "Requests turned away because the disk is full",
            m.appends_full.clone(),
        );
        registry.register(
            "disk_full",
            "1 while events are turned away because the disk is full, else 0",
            m.disk_full.clone(),
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
            "wal_damages",
            "Places of the log that could not be read back at start",
            m.wal_damages.clone(),
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
        registry.register(
            "blocks_by_size",
            "Blocks by size: small below a sixteenth of a full one, medium below half of it, full",
            m.blocks_by_size.clone(),
        );
        registry.register(
            "write_amplification",
            "How often each byte of a block was written since the start, on average; 1 without merging",
            m.write_amplification.clone(),
        );
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
        registry.register_with_unit(
            "flush_written",
            "Size of the blocks that generations became",
            Unit::Bytes,
            m.flush_written_bytes.clone(),
        );
        registry.register(
            "compacted_blocks",
            "Blocks that were merged or written again",
            m.compacted_blocks.clone(),
        );
        registry.register_with_unit(
            "compaction_read",
            "Size of the blocks that were merged or written again",
            Unit::Bytes,
            m.compaction_read_bytes.clone(),
        );
        registry.register_with_unit(
            "compaction_written",
            "Size of the blocks that came out of merging and rewriting",
            Unit::Bytes,
            m.compaction_written_bytes.clone(),
        );
        registry.register(
            "compaction_failures",
            "Attempts to merge or rewrite blocks that failed",
            m.compaction_failures.clone(),
        );
        registry.register(
            "damaged_blocks",
            "Blocks that could not be read when they were to be merged",
            m.damaged_blocks.clone(),
        );
        registry.register(
            "erased_rows",
            "Events that were erased by a filter",
            m.erased_rows.clone(),
        );
        registry.register(
            "retention_rows",
            "Events that went because they were past the limits of retention",
            m.retention_rows.clone(),
        );
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
