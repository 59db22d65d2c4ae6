//! Events at rest: the write-ahead log, the memtable, immutable columnar blocks.
//!
//! What comes in: [`EventBatch`](waggle_model::EventBatch)es of a tenant. What goes out: an acknowledgement once they are on stable
//! storage, and [`Snapshot`]s of sources (blocks and memtable runs) that queries read column by column. What it never does: wire
//! formats, query semantics, HTTP.
#![warn(missing_docs)]

mod admit;
pub mod block;
mod block_files;
mod checksum;
pub mod column;
mod compaction;
pub mod disk;
mod erase;
mod error;
pub mod memtable;
mod metrics;
mod retention;
mod source;
mod store;
mod wal;

pub use erase::RowPredicate;
pub use error::{Error, Result};
pub use metrics::Metrics;
pub use source::{
    ARRIVAL_COLUMN, Definition, ExtendedSource, ExtraColumns, ReadError, Snapshot, Source, Wanted,
};
pub use store::{DatasetStats, FailureHook, PredicateHook, Store, StoreConfig, StoreStats};

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod testing;
