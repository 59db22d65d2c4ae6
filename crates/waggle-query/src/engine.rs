//! The door to queries: admits a bounded number of them, runs each on a thread of its own away from the async workers, and stops it
//! when its time is up or nobody waits for it any more.

use crate::exec::{self, ExecError, Watch};
use crate::metrics::{Metrics, Outcome};
use crate::plan::{Plan, validate};
use crate::rows::read_rows;
use crate::trace::read_trace;
use async_trait::async_trait;
use prometheus_client::registry::Registry;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use waggle_model::{
    Clock, DatasetScope, QueryEngine, QueryError, QueryOptions, QuerySpec, QueryStats, ResultTable,
    RowPage, RowRequest, Tenant, TimeRange, Trace, TraceRequest,
};
use waggle_store::{ReadError, Snapshot, Store};

/// Gives a consistent view of a tenant's events. Called on a blocking thread.
pub trait SnapshotSource: Send + Sync {
    /// Every source of `scope` that can have rows in `range`.
    ///
    /// # Errors
    /// When a block can't be opened; the query fails, because an answer without it would be wrong.
    fn snapshot(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        range: TimeRange,
    ) -> Result<Snapshot, ReadError>;
}

impl SnapshotSource for Store {
    fn snapshot(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        range: TimeRange,
    ) -> Result<Snapshot, ReadError> {
        self.snapshot(tenant, scope, range)
    }
}

/// Limits of the engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Threads one query may use. Default: one per core.
    pub threads: usize,
    /// Queries that run at once; more wait. Default: 8.
    pub queries_max: usize,
    /// How long a query waits for its turn before it is told to come back, in milliseconds. Default: 5,000.
    pub wait_ms_max: u64,
    /// How long a query may run, in milliseconds. Default: 10,000.
    pub deadline_ms: u64,
    /// Most distinct combinations of breakdown values in one query, not counting the one without any value. Default: 1,000,000.
    pub groups_max: usize,
    /// Most bytes of groups and states one query may hold. Default: 1 GiB.
    pub memory_bytes_max: u64,
    /// Most raw rows in one page. Default: 10,000.
    pub rows_max: usize,
    /// Rows for which another thread pays off. Default: 65,536.
    pub thread_rows_min: u64,
    /// A query whose groups and time buckets are expected to make at most so many cells is answered in one pass. Default: 65,536.
    pub one_pass_cells_max: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            queries_max: 8,
            wait_ms_max: 5_000,
            deadline_ms: 10_000,
            groups_max: 1_000_000,
            memory_bytes_max: 1 << 30,
            rows_max: 10_000,
            thread_rows_min: 65_536,
            one_pass_cells_max: 65_536,
        }
    }
}

/// Answers queries over what a [`SnapshotSource`] shows.
pub struct Engine {
    source: Arc<dyn SnapshotSource>,
    config: EngineConfig,
    clock: Clock,
    turns: Arc<Semaphore>,
    metrics: Metrics,
}

impl Engine {
    /// Makes an engine and registers its metrics.
    pub fn new(
        source: Arc<dyn SnapshotSource>,
        config: EngineConfig,
        clock: Clock,
        registry: &mut Registry,
    ) -> Self {
        Self {
            source,
            turns: Arc::new(Semaphore::new(config.queries_max)),
            config,
            clock,
            metrics: Metrics::new(registry),
        }
    }

    /// Waits for a turn, then runs `work` on a blocking thread. Dropping the future tells `work` to stop at its next chunk.
    async fn run<T: Send + 'static>(
        &self,
        stats: fn(&T) -> &QueryStats,
        work: impl FnOnce(&dyn SnapshotSource, &EngineConfig, &Watch) -> Result<T, ExecError>
        + Send
        + 'static,
    ) -> Result<T, QueryError> {
        let started_ns = self.clock.now_ns();
        let mut run = RunningQuery::new(&self.metrics);
        let answer = self.run_in_turn(&run, work).await;
        run.outcome = outcome_of(&answer);
        if let Ok(answer) = &answer {
            let elapsed_ns = self.clock.now_ns().saturating_sub(started_ns);
            self.metrics.seconds.observe(elapsed_ns as f64 / 1e9);
            self.metrics.rows_read.inc_by(stats(answer).rows_read);
        }
        answer
    }

    async fn run_in_turn<T: Send + 'static>(
        &self,
        run: &RunningQuery<'_>,
        work: impl FnOnce(&dyn SnapshotSource, &EngineConfig, &Watch) -> Result<T, ExecError>
        + Send
        + 'static,
    ) -> Result<T, QueryError> {
        let turn = self.turn().await?;
        let source = Arc::clone(&self.source);
        let config = self.config.clone();
        let watch = Watch::new(
            self.clock.clone(),
            config.deadline_ms,
            config.memory_bytes_max,
            Arc::clone(&run.is_dropped),
        );
        let work = tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the future, so that a query nobody waits for keeps its turn until it has stopped.
            let _turn = turn;
            work(&*source, &config, &watch)
        });
        match work.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(ExecError::Query(error))) => Err(error),
            Ok(Err(ExecError::Cancelled | ExecError::TooManyCells)) => Err(QueryError::Busy),
            Err(error) => {
                tracing::error!(%error, "a query panicked");
                Err(QueryError::Storage(
                    "the query stopped on an internal error".to_owned(),
                ))
            }
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, QueryError> {
        let wait = Duration::from_millis(self.config.wait_ms_max);
        match tokio::time::timeout(wait, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(QueryError::Busy),
        }
    }
}

/// Counts a query in and out, and tells its threads when its future is dropped.
struct RunningQuery<'a> {
    metrics: &'a Metrics,
    is_dropped: Arc<AtomicBool>,
    outcome: Outcome,
}

impl<'a> RunningQuery<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.started.inc();
        Self {
            metrics,
            is_dropped: Arc::new(AtomicBool::new(false)),
            outcome: Outcome::cancelled,
        }
    }
}

impl Drop for RunningQuery<'_> {
    fn drop(&mut self) {
        self.is_dropped.store(true, Ordering::Relaxed);
        self.metrics.finish(self.outcome);
    }
}

fn outcome_of<T>(answer: &Result<T, QueryError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::answered,
        Err(QueryError::Invalid { .. }) => Outcome::invalid,
        Err(QueryError::Deadline(_)) => Outcome::deadline,
        Err(QueryError::TooLarge { .. }) => Outcome::too_large,
        Err(QueryError::Busy) => Outcome::busy,
        Err(QueryError::Storage(_)) => Outcome::storage_error,
    }
}

#[async_trait]
impl QueryEngine for Engine {
    fn validate(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        validate(spec, None, QueryOptions::default().limit_max)
    }

    async fn query(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        spec: &QuerySpec,
        range: TimeRange,
        options: QueryOptions,
    ) -> Result<ResultTable, QueryError> {
        let plan = Plan::new(spec, range, &options)?;
        self.run(
            |table: &ResultTable| &table.stats,
            move |source, config, watch| {
                tracing::debug!(%plan, "query");
                exec::run(
                    &source.snapshot(tenant, &scope, range)?,
                    &plan,
                    config,
                    watch,
                )
            },
        )
        .await
    }

    async fn rows(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        request: &RowRequest,
    ) -> Result<RowPage, QueryError> {
        let request = request.clone();
        self.run(
            |page: &RowPage| &page.stats,
            move |source, config, watch| {
                let snapshot = source.snapshot(tenant, &scope, request.range)?;
                read_rows(&snapshot, &request, config, watch)
            },
        )
        .await
    }

    async fn trace(&self, tenant: Tenant, request: &TraceRequest) -> Result<Trace, QueryError> {
        let request = request.clone();
        self.run(
            |trace: &Trace| &trace.stats,
            move |source, config, watch| {
                let snapshot = source.snapshot(tenant, &DatasetScope::All, request.range)?;
                read_trace(&snapshot, &request, config, watch)
            },
        )
        .await
    }
}

#[cfg(test)]
mod tests;
