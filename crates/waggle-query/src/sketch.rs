//! Summaries of many values in little memory whose merge is associative, commutative and blind to how rows were split.

mod buckets;
mod distinct;
mod histogram;

pub(crate) use buckets::{MergedBuckets, Span, each_bin, value_range};
pub use distinct::DistinctCounter;
pub(crate) use distinct::DistinctScratch;
pub use histogram::Histogram;
pub(crate) use histogram::HistogramScratch;
