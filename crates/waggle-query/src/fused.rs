//! The core of the engine for those around it: the passes of a grouped query for whoever runs them as nodes of a plan, and filters on other
//! spans for whoever selects rows himself.

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Limits, MemoryBudget, Watch};
use crate::filter::FilterSet;
use crate::relation;
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use waggle_model::{Clock, TimeRange};
use waggle_store::Snapshot;

pub use crate::exec::{FusedPass, PartialState, Passes};

/// When work outside of an engine has to stop: its deadline, its memory.
pub struct FusedWatch(Watch);

/// True when a filter may look at other spans of a row's trace, so that [`relate`] must be asked before rows are selected.
pub fn may_relate(filters: &FilterSet) -> bool {
    relation::may_relate(filters)
}

/// Filters that know what the other spans in the snapshot say, for whoever selects rows of its sources himself.
///
/// # Errors
/// [`QueryError::Invalid`] when such a filter is one of several of which any may hold; [`ExecError`] when the query has to stop.
pub fn relate(
    filters: &FilterSet,
    snapshot: &Snapshot,
    range: TimeRange,
    config: &EngineConfig,
    watch: &FusedWatch,
) -> Result<FilterSet, ExecError> {
    relation::relate(filters, snapshot, range, config, &watch.0)
}

impl FusedWatch {
    /// Starts the clock.
    pub fn new(clock: Clock, config: &EngineConfig) -> Self {
        let limits = Limits::new(clock, config.deadline_ms, Counter::default());
        let shared = MemoryBudget::new(config.memory_bytes_max);
        Self(Watch::new(
            Arc::new(limits),
            config.memory_bytes_max,
            shared,
        ))
    }
}
