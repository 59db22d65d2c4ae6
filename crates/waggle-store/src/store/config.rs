//! The store's limits, each with its unit, its default and its range.

use crate::RowPredicate;
use crate::compaction::plan::Shape;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use waggle_model::{EraseRequest, KeepError, RetentionLimits};

/// Where the store lives and what it may use.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The folder of everything durable. One process at a time may have it.
    pub data_dir: PathBuf,
    /// Bytes of a log segment, and so of a memtable generation. Default 256 MiB, from 64 KiB to 4 GiB. A larger request still fits.
    pub wal_segment_bytes: u64,
    /// Requests that may wait for the log. Default 4,096, from 1 to 1,000,000.
    pub wal_queue_requests: usize,
    /// Bytes of the requests that may wait for the log. Default 128 MiB, from 1 MiB to 4 TiB. A larger request waits until it is alone.
    pub wal_queue_bytes: usize,
    /// How long a request waits for a place, in the queue or in memory, before it is answered as busy. Default 5 s, from 0 to 10 min.
    pub append_wait: Duration,
    /// Events of one dataset at which its generation becomes blocks. Default 1,000,000, from 1,000 to 16,000,000.
    pub generation_rows: u64,
    /// How long after its first event a generation becomes blocks. Default 10 min, from 1 s to 1 day.
    pub generation_age: Duration,
    /// Bytes of memory for events that are in no block yet; appends wait beyond it, and a generation becomes blocks at a quarter
    /// of it. Default 2 GiB, from 16 MiB.
    pub memory_bytes: u64,
    /// Bytes of the disk that appends leave free, so that there is room for blocks and for the metastore; they are refused as `Full`
    /// beyond it. Default 256 MiB, from 0.
    pub disk_reserve_bytes: u64,
    /// Datasets a tenant may have. Default 1,000, from 1 to 1,000,000.
    pub datasets_max: usize,
    /// Columns a dataset may have; events that would bring more are refused. Default 10,000, from 1 to 100,000.
    pub columns_max: usize,
    /// A block of more events gets a file of its own; smaller ones of one flush share files. Default 65,536, from 0.
    pub shared_block_rows: u64,
    /// Bytes at which a shared file is full. Default 64 MiB, from 1 MiB to 4 GiB.
    pub shared_file_bytes: u64,
    /// Events of a full block, about: smaller ones are merged into such. Default 1,048,576, from 1,024 to 16,777,216.
    pub block_rows: u64,
    /// Bytes of a full block, about, if it reaches them first. Default 256 MiB, from 1 MiB to 4 GiB.
    pub block_bytes: u64,
    /// Bytes a second that merging and rewriting blocks may read and write. Default 64 MiB, 0 for no limit.
    pub compaction_bytes_per_second: u64,
    /// False leaves blocks as they were written.
    pub is_compacting: bool,
    /// Block files that are written at a time. Default 2, from 1 to 64.
    pub flush_files: usize,
    /// Blocks that are kept open, each at most one open file. Default 512, from 1 to what the system allows.
    pub open_blocks: usize,
    /// Bytes of memory for columns of blocks that were read. Default 1 GiB, from 0.
    pub cache_bytes: usize,
    /// What is kept of datasets for which nobody set limits. Default: everything.
    pub retention: RetentionLimits,
    /// How often it is looked whether events are past their limits. Default 1 min, from 1 s to 1 day.
    pub retention_interval: Duration,
    /// Makes sense of the filters of an erasure. Without one nothing can be erased.
    pub predicates: PredicateHook,
    /// How often it is written down when datasets and columns last got events, and looked whether datasets are gone. Default 10 s,
    /// from 1 s to 1 h.
    pub touch_interval: Duration,
    /// Called once, with the reason, when the log can't be written. From then on nothing is acknowledged; the process should end.
    pub on_failure: FailureHook,
}

/// A function that hears of the end of the log.
#[derive(Clone)]
pub struct FailureHook(pub Arc<dyn Fn(&str) + Send + Sync>);

/// A function that turns the filters of an erasure into what chooses rows. The rows are those of its range.
#[derive(Clone)]
pub struct PredicateHook(pub PredicateOf);

type PredicateOf =
    Arc<dyn Fn(&EraseRequest) -> Result<Arc<dyn RowPredicate>, KeepError> + Send + Sync>;

impl StoreConfig {
    /// The defaults, for this folder. A failure of the log is logged and nothing more.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            wal_segment_bytes: 256 << 20,
            wal_queue_requests: 4_096,
            wal_queue_bytes: 128 << 20,
            append_wait: Duration::from_secs(5),
            generation_rows: 1_000_000,
            generation_age: Duration::from_secs(600),
            memory_bytes: 2 << 30,
            disk_reserve_bytes: 256 << 20,
            datasets_max: 1_000,
            columns_max: 10_000,
            shared_block_rows: 65_536,
            shared_file_bytes: 64 << 20,
            block_rows: 1 << 20,
            block_bytes: 256 << 20,
            compaction_bytes_per_second: 64 << 20,
            is_compacting: true,
            flush_files: 2,
            open_blocks: 512,
            cache_bytes: 1 << 30,
            retention: RetentionLimits::default(),
            retention_interval: Duration::from_secs(60),
            predicates: PredicateHook(Arc::new(|_| {
                Err(KeepError::Unavailable("it knows no filters".to_owned()))
            })),
            touch_interval: Duration::from_secs(10),
            on_failure: FailureHook(Arc::new(|_| ())),
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape {
            rows: self.block_rows.max(1),
            bytes: self.block_bytes.max(1),
        }
    }

    pub(crate) fn wal_dir(&self) -> PathBuf {
        self.data_dir.join("wal")
    }

    pub(crate) fn block_dir(&self) -> PathBuf {
        self.data_dir.join("blocks")
    }
}

impl fmt::Debug for FailureHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureHook")
    }
}

impl fmt::Debug for PredicateHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PredicateHook")
    }
}
