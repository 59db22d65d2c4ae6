//! Events that are durable in the log and not yet in a block, columnar from the start.
//!
//! A memtable is a list of runs. Batches are appended to the open [`RunBuilder`]; a full one is sealed into an immutable [`Run`].
//! A reader gets the sealed runs and a copy of the open one, which is small because reading seals it early.

mod run;

pub use run::{Run, RunBuilder};
