//! Events that are durable in the log and not yet in a block, columnar from the start.
//!
//! A memtable is a list of runs. Batches are appended to the open [`RunBuilder`]; a full one is sealed into an immutable [`Run`].
//! A reader gets the sealed runs and a copy of the open one, which is small because reading seals it early. All memtables that
//! belong to one log segment are a [`generation`]: they become blocks together, and then the segment goes.

pub(crate) mod generation;
mod run;
pub(crate) mod table;

pub use run::{Run, RunBuilder};
