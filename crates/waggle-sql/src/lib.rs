//! Waggle's events inside DataFusion: SQL, the passes of the engine's queries as execution plans, and export to files that other
//! programs read.
//!
//! What comes in: SQL texts, query specs and windows of a tenant's events. What goes out: tables, answers and files. What it never
//! does: scan on its own; rows come from the sources of `waggle-store` and, where it is possible, through the operators of `waggle-query`.
#![warn(missing_docs)]

mod answer;
mod column;
mod decode;
mod engine;
mod error;
mod export;
mod fused;
mod import;
mod metrics;
mod node;
mod pushdown;
mod scan;
mod session;
mod table;
mod time;
mod value;

pub use engine::{Sql, SqlConfig};
pub use fused::PlannedPasses;
pub use import::{ImportError, ImportedEvent, ParquetEvents};

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod fused_tests;
#[cfg(test)]
mod rows_tests;
#[cfg(test)]
mod sql_tests;
#[cfg(test)]
mod testing;
