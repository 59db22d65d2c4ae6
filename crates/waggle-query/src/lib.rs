//! Questions to answers: a [`QuerySpec`](waggle_model::QuerySpec) becomes a plan, the plan reads the sources of a snapshot, and a
//! [`ResultTable`](waggle_model::ResultTable), a page of raw rows or a trace comes out.
//!
//! What comes in: queries of a tenant and a [`Snapshot`](waggle_store::Snapshot) of its events. What goes out: answers, or an error
//! that names the clause, the limit or the cause. What it never does: wire formats, permissions, writing, reading files by itself.
#![warn(missing_docs)]

mod bubble;
mod bytes;
mod cache;
mod calculation;
pub mod cast;
mod chunk;
mod derived;
mod engine;
mod exec;
mod filter;
pub mod fused;
mod made;
mod metrics;
mod number;
mod outcome;
mod place;
mod plan;
mod reading;
mod relation;
mod rows;
mod sketch;
mod temporal;
mod trace;
mod usage;

pub use bytes::{ByteReader, Damaged};
pub use calculation::{CALCULATIONS, Calculation, ColumnRule, NO_CELL, Partial, Reach, Rows};
pub use chunk::{Bits, ColumnReader, TypedBuffer, each_bit};
pub use engine::{Engine, EngineConfig, SnapshotSource};
pub use exec::{ExecError, Selector};
pub use filter::{FILTER_OPS, FilterOperator, FilterSet, Interval, Predicate};
pub use outcome::{Counted, Outcome, Outcomes};
pub use place::{Place, Places};
pub use reading::KnownReadings;
pub use sketch::{DistinctCounter, Histogram};

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod testing;

/// The server's, which decides how long it takes to free what a query has gathered in many small pieces.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
