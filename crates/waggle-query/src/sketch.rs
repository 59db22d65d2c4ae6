//! Summaries of many values in little memory whose merge is associative, commutative and blind to how rows were split.

mod distinct;
mod histogram;

pub use distinct::DistinctCounter;
pub(crate) use distinct::DistinctScratch;
pub use histogram::Histogram;
pub(crate) use histogram::HistogramScratch;
