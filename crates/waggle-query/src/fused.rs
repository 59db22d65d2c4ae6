//! The core of a grouped query for those who drive it themselves: a distributed plan, a cache of partial states.
//!
//! A [`FusedQuery`] is a plan. Its [`FusedPass`]es follow one another: on each, [`gather`](FusedQuery::gather) makes a
//! [`PartialState`] of some sources, [`merge`](FusedQuery::merge) adds up those of all sources, in any order and grouping, and
//! [`next`](FusedQuery::next) turns the sum into the answer or into one more pass over the same sources. A state can be kept or sent
//! as bytes.
//!
//! ```text
//! let query = FusedQuery::new(&spec, range, &options)?;
//! let mut pass = query.first_pass(&sources, &config)?;
//! let table = loop {
//!     let state = match query.gather(&pass, &sources, &config, &watch) {
//!         Err(ExecError::TooManyCells) => { pass = query.wide_pass(&config); continue }
//!         state => state?,
//!     };
//!     match query.next(pass, state, &watch)? {
//!         FusedStep::Again(next) => pass = next,
//!         FusedStep::Done(table) => break table,
//!     }
//! };
//! ```

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Gathered, Limits, MemoryBudget, Pass, States, Step, Watch};
use crate::filter::FilterSet;
use crate::plan::Plan;
use crate::relation;
use prometheus_client::metrics::counter::Counter;
use std::sync::Arc;
use waggle_model::{Clock, QueryError, QueryOptions, QuerySpec, ResultTable, TimeRange};
use waggle_store::{Snapshot, Source};

/// A query that makes sense, ready to run over any sources.
pub struct FusedQuery {
    plan: Plan,
}

/// One way through all sources.
pub struct FusedPass(Pass);

/// When a query has to stop: its deadline, its memory, its caller. One for all passes and threads of a query.
pub struct FusedWatch {
    watch: Watch,
    limits: Arc<Limits>,
}

/// What some sources have given on a pass.
pub struct PartialState(Gathered);

/// What follows a pass.
pub enum FusedStep {
    /// Another pass, over the same sources.
    Again(FusedPass),
    /// The answer.
    Done(Box<ResultTable>),
}

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
    relation::relate(filters, snapshot, range, config, &watch.watch)
}

impl FusedWatch {
    /// Starts the clock of a query.
    pub fn new(clock: Clock, config: &EngineConfig) -> Self {
        let limits = Arc::new(Limits::new(clock, config.deadline_ms, Counter::default()));
        let shared = MemoryBudget::new(config.memory_bytes_max);
        Self {
            watch: Watch::new(Arc::clone(&limits), config.memory_bytes_max, shared),
            limits,
        }
    }

    /// Stops the query at its next chunk.
    pub fn cancel(&self) {
        self.limits.cancel();
    }
}

impl FusedQuery {
    /// Resolves a query over a fixed range.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] names the clause.
    pub fn new(
        spec: &QuerySpec,
        range: TimeRange,
        options: &QueryOptions,
    ) -> Result<Self, QueryError> {
        Plan::new(spec, range, options).map(|plan| Self { plan })
    }

    /// The pass to begin with. It is chosen by the sizes of the sources' dictionaries, so give it all sources, or typical ones.
    ///
    /// # Errors
    /// When a source can't be read.
    pub fn first_pass(
        &self,
        sources: &[Source],
        config: &EngineConfig,
    ) -> Result<FusedPass, ExecError> {
        Pass::first(&self.plan, sources, config).map(FusedPass)
    }

    /// The pass to begin again with when any state of the first one became [`ExecError::TooManyCells`].
    pub fn wide_pass(&self, config: &EngineConfig) -> FusedPass {
        FusedPass(Pass::of_groups(&self.plan, config))
    }

    /// Reads sources of the query's dataset and range.
    ///
    /// # Errors
    /// [`ExecError::TooManyCells`] asks for [`wide_pass`](Self::wide_pass); the others end the query.
    pub fn gather(
        &self,
        pass: &FusedPass,
        sources: &[Source],
        config: &EngineConfig,
        watch: &FusedWatch,
    ) -> Result<PartialState, ExecError> {
        let gathered = pass
            .0
            .gather(&self.plan, sources, &States::new(0), config, &watch.watch)?;
        Ok(PartialState(gathered))
    }

    /// Adds the state of other sources on the same pass.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn merge(
        &self,
        pass: &FusedPass,
        into: &mut PartialState,
        from: PartialState,
        watch: &FusedWatch,
    ) -> Result<(), ExecError> {
        pass.0.merge(&mut into.0, from.0, &watch.watch)
    }

    /// Goes on with the state of all sources.
    ///
    /// # Errors
    /// When the query's limits are reached.
    pub fn next(
        &self,
        pass: FusedPass,
        state: PartialState,
        watch: &FusedWatch,
    ) -> Result<FusedStep, ExecError> {
        Ok(match pass.0.next(&self.plan, state.0, &watch.watch)? {
            Step::Again(pass) => FusedStep::Again(FusedPass(pass)),
            Step::Done(table) => FusedStep::Done(table),
        })
    }

    /// The state as bytes. They can be read on the same pass of the same query only, by a program that writes the same version.
    pub fn encode(&self, state: &PartialState) -> Vec<u8> {
        state.0.encode()
    }

    /// Reads what [`encode`](Self::encode) wrote; the bytes may come from anywhere.
    ///
    /// # Errors
    /// [`QueryError::Storage`] when they are of another version, pass or query, or damaged: gather the state again.
    pub fn decode(
        &self,
        pass: &FusedPass,
        bytes: &[u8],
        watch: &FusedWatch,
    ) -> Result<PartialState, ExecError> {
        pass.0
            .decode(&self.plan, bytes, &watch.watch)
            .map(PartialState)
    }
}
