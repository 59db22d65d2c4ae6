//! Events at rest: the write-ahead log, the memtable, immutable columnar blocks.
//!
//! What comes in: [`EventBatch`](waggle_model::EventBatch)es of a tenant. What goes out: an acknowledgement once they are on stable
//! storage, and [`Snapshot`]s of sources (blocks and memtable runs) that queries read column by column. What it never does: wire
//! formats, query semantics, HTTP.
#![warn(missing_docs)]

pub mod block;
pub mod column;
pub mod memtable;
mod source;

pub use source::{ReadError, Snapshot, Source};
