//! The door to queries: admits a bounded number of them, runs each on threads away from the async workers, and stops it when its time
//! is up, its memory is used up or nobody waits for it any more.

mod runner;
mod running;

use crate::bubble::bubble_up;
use crate::derived::DerivedColumns;
use crate::exec::{self, Cores, ExecError, Limits, MemoryBudget, Passes, Share, States, Watch};
use crate::filter::Remembered;
use crate::metrics::Metrics;
use crate::outcome::Outcome;
use crate::place::Places;
use crate::plan::{Plan, validate};
use crate::reading::{KnownReadings, Reader, Readings};
use crate::rows::read_rows;
use crate::trace::{find_traces, read_trace, read_traces, scan_rows};
use async_trait::async_trait;
use prometheus_client::registry::Registry;
use runner::Runners;
use running::{Kind, RunningQueries};
use std::num::NonZero;
use std::sync::Arc;
use tokio::sync::oneshot;
use waggle_model::{
    BubbleUp, BubbleUpRequest, Clock, DatasetId, DatasetScope, QueryEngine, QueryError,
    QueryOptions, QuerySpec, QueryStats, ResultTable, RowPage, RowRequest, RunningQuery,
    ScanRequest, ScanVisitor, Tenant, TimeRange, Trace, TracePage, TraceRequest, TraceRows,
    TraceSearch, TracesRequest,
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
    /// Cores that all queries together may use, and so threads of one query. Default: all there are.
    pub threads: usize,
    /// By how much threads of queries step back behind the rest of the process: 0 not at all, 19 as far as can be. On Linux only.
    /// Default: 5, which leaves a query a quarter of a core that ingest wants wholly.
    pub nice: i32,
    /// Queries that run at once, of one team at most three quarters of them; more wait. Default: 8.
    pub queries_max: usize,
    /// How long a query waits for its turn before it is told to come back, in milliseconds. Default: 5,000.
    pub wait_ms_max: u64,
    /// How long a query may run, in milliseconds. Default: 10,000.
    pub deadline_ms: u64,
    /// Most distinct combinations of breakdown values in one query, not counting the one without any value. Default: 1,000,000.
    pub groups_max: usize,
    /// Most bytes of groups and states one query may hold. Default: 1 GiB.
    pub memory_bytes_max: u64,
    /// Most bytes of groups and states all running queries may hold together; the one that would need more is told to come back.
    /// Default: 4 GiB.
    pub memory_bytes_shared_max: u64,
    /// Most bytes of partial states of blocks kept for later queries; 0 keeps none. Default: 256 MiB.
    pub cache_bytes: usize,
    /// Most raw rows in one page. Default: 10,000.
    pub rows_max: usize,
    /// Most columns that one BubbleUp compares; beyond, the rarest are left out. Default: 2,000.
    pub bubble_columns_max: usize,
    /// Most different texts of a column that BubbleUp tells apart. Default: 1,000,000.
    pub bubble_values_max: usize,
    /// Most bytes kept of which dictionary entries a condition on text matches. Default: 64 MiB.
    pub text_answers_bytes_max: usize,
    /// Most bytes kept of the numbers of traces, for filters on other spans; a trace takes 25 to 45. Default: 384 MiB.
    pub trace_numbers_bytes_max: usize,
    /// Rows for which another thread pays off. Default: 65,536.
    pub thread_rows_min: u64,
    /// The longest time between two points of a counter that INCREASE and RATE compare, in milliseconds, unless they look back further by
    /// themselves. Default: 900,000.
    pub metric_gap_ms: u64,
    /// A query whose groups and time buckets are expected to make at most so many cells is answered in one pass. Default: 65,536.
    pub one_pass_cells_max: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            nice: 5,
            queries_max: 8,
            wait_ms_max: 5_000,
            deadline_ms: 10_000,
            groups_max: 1_000_000,
            memory_bytes_max: 1 << 30,
            memory_bytes_shared_max: 4 << 30,
            cache_bytes: 256 << 20,
            rows_max: 10_000,
            bubble_columns_max: 2_000,
            bubble_values_max: 1_000_000,
            text_answers_bytes_max: 64 << 20,
            trace_numbers_bytes_max: 384 << 20,
            thread_rows_min: 65_536,
            metric_gap_ms: 900_000,
            one_pass_cells_max: 65_536,
        }
    }
}

/// Answers queries over what a [`SnapshotSource`] shows.
pub struct Engine {
    source: Arc<dyn SnapshotSource>,
    passes: Arc<dyn Passes>,
    config: EngineConfig,
    clock: Clock,
    places: Places,
    runners: Arc<Runners>,
    cores: Arc<Cores>,
    memory: Arc<MemoryBudget>,
    states: Arc<States>,
    remembered: Arc<Remembered>,
    running: RunningQueries,
    metrics: Metrics,
    readings: Option<KnownReadings>,
}

impl Engine {
    /// Makes an engine and registers its metrics. The states of its grouped queries are brought together by `passes`.
    pub fn new(
        source: Arc<dyn SnapshotSource>,
        passes: Arc<dyn Passes>,
        config: EngineConfig,
        clock: Clock,
        registry: &mut Registry,
    ) -> Self {
        let memory = MemoryBudget::new(config.memory_bytes_shared_max);
        let states = Arc::new(States::new(config.cache_bytes));
        Self {
            source,
            passes,
            places: Places::new(config.queries_max, config.wait_ms_max),
            runners: Runners::new(config.nice),
            cores: Cores::new(config.threads),
            running: RunningQueries::default(),
            metrics: Metrics::new(registry, &memory, &states),
            states,
            memory,
            remembered: Arc::new(Remembered::new(
                config.text_answers_bytes_max,
                config.trace_numbers_bytes_max,
            )),
            config,
            clock,
            readings: None,
        }
    }

    /// The engine with what people have chosen for datasets and their columns; without it every column is read as it was stored, and is
    /// what its name says.
    #[must_use]
    pub fn reading(mut self, readings: KnownReadings) -> Self {
        self.readings = Some(readings);
        self
    }

    /// Waits for a place among the running queries, then runs `work` on a thread of the engine. Dropping the future tells `work` to stop
    /// at its next chunk.
    async fn run<T: Send + 'static>(
        &self,
        tenant: Tenant,
        kind: Kind,
        work: impl FnOnce(&Reader<'_>, &EngineConfig, &Arc<Watch>) -> Result<T, ExecError>
        + Send
        + 'static,
    ) -> Result<T, QueryError> {
        let started_ns = self.clock.now_ns();
        let mut counted = self.metrics.outcomes.start();
        let answer = self.run_in_place(tenant, kind, work).await;
        counted.outcome = match &answer {
            Ok(_) => Outcome::answered,
            Err(error) => Outcome::from(error),
        };
        if answer.is_ok() {
            let elapsed_ns = self.clock.now_ns().saturating_sub(started_ns);
            self.metrics.seconds.observe(elapsed_ns as f64 / 1e9);
        }
        answer
    }

    async fn run_in_place<T: Send + 'static>(
        &self,
        tenant: Tenant,
        kind: Kind,
        work: impl FnOnce(&Reader<'_>, &EngineConfig, &Arc<Watch>) -> Result<T, ExecError>
        + Send
        + 'static,
    ) -> Result<T, QueryError> {
        let place = self.places.take(tenant.team).await?;
        let readings = match &self.readings {
            Some(known) => known.of(tenant).await?,
            None => Arc::new(Readings::default()),
        };
        let limits = Arc::new(Limits::new(
            self.clock.clone(),
            self.config.deadline_ms,
            self.metrics.rows_read.clone(),
        ));
        let _running = self.running.begin(tenant, kind, &limits);
        let _cancel = CancelOnDrop(Arc::clone(&limits));
        let source = Arc::clone(&self.source);
        let config = self.config.clone();
        let share = self.share(&limits);
        let memory = Arc::clone(&self.memory);
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            // Held by the thread and not by the future, so that a query nobody waits for keeps its place until it has stopped.
            let _place = place;
            let watch = Watch::new(Arc::clone(&limits), config.memory_bytes_max, memory);
            let watch = Arc::new(watch);
            let reader = Reader {
                source: &*source,
                readings: &readings,
                watch: &watch,
            };
            let worked = share.run(|| work(&reader, &config, &watch));
            let worked = worked.unwrap_or_else(|| Err(stopped(&limits)));
            drop((watch, source));
            // Fails only when nobody waits any more.
            _ = answer.send(worked);
        });
        if let Err(error) = self.runners.run(job) {
            tracing::error!(%error, "no thread for a query");
            return Err(QueryError::Busy);
        }
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(ExecError::Query(error))) => Err(error),
            Ok(Err(ExecError::Cancelled | ExecError::TooManyCells)) => Err(QueryError::Busy),
            // The thread has logged its panic.
            Err(_) => Err(QueryError::Storage(
                "the query stopped on an internal error".to_owned(),
            )),
        }
    }

    fn share(&self, limits: &Arc<Limits>) -> Share {
        let limits = Arc::clone(limits);
        Share::new(
            Arc::clone(&self.cores),
            self.config.nice,
            Arc::new(move || limits.check().is_err()),
        )
    }
}

/// All that queries of an environment see in a range, and some datasets more.
fn snapshot_with(
    source: &Reader<'_>,
    tenant: Tenant,
    also: &[DatasetId],
    range: TimeRange,
) -> Result<Snapshot, ReadError> {
    let mut snapshot = source.snapshot(tenant, &DatasetScope::All, range)?;
    for dataset in also {
        let more = source.snapshot(tenant, &DatasetScope::One(*dataset), range)?;
        snapshot.sources.extend(more.sources);
    }
    Ok(snapshot)
}

/// Why a query that got no turn has to stop.
fn stopped(limits: &Limits) -> ExecError {
    limits.check().err().unwrap_or(ExecError::Cancelled)
}

/// Tells the threads of a query when its future is dropped.
struct CancelOnDrop(Arc<Limits>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
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
        let mut plan = Plan::new(spec, range, &options)?;
        plan.remember(&self.remembered);
        let states = Arc::clone(&self.states);
        let passes = Arc::clone(&self.passes);
        self.run(tenant, Kind::Query, move |source, config, watch| {
            tracing::debug!(%plan, "query");
            let read = plan.derived.reach(range, config);
            let snapshot = source.snapshot(tenant, &scope, read)?;
            exec::run(&snapshot, &plan, &states, &*passes, config, watch)
        })
        .await
    }

    async fn rows(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        request: &RowRequest,
    ) -> Result<RowPage, QueryError> {
        let request = request.clone();
        let derived = DerivedColumns::new(&request.calculated_fields)?;
        self.run(tenant, Kind::Rows, move |source, config, watch| {
            let read = derived.reach(request.range, config);
            let mut snapshot = source.snapshot(tenant, &scope, read)?;
            if request.by_definition {
                snapshot = snapshot.by_definition(None);
            }
            read_rows(&snapshot, &request, config, watch)
        })
        .await
    }

    async fn bubble_up(
        &self,
        tenant: Tenant,
        scope: DatasetScope,
        request: &BubbleUpRequest,
    ) -> Result<BubbleUp, QueryError> {
        let request = request.clone();
        let derived = DerivedColumns::new(&request.calculated_fields)?;
        self.run(tenant, Kind::BubbleUp, move |source, config, watch| {
            let read = derived.reach(request.range, config);
            let snapshot = source.snapshot(tenant, &scope, read)?;
            bubble_up(&snapshot, &request, config, watch)
        })
        .await
    }

    async fn trace(&self, tenant: Tenant, request: &TraceRequest) -> Result<Trace, QueryError> {
        let request = request.clone();
        self.run(tenant, Kind::Trace, move |source, config, watch| {
            let snapshot = source.snapshot(tenant, &DatasetScope::All, request.range)?;
            read_trace(&snapshot, &request, config, watch)
        })
        .await
    }

    async fn find_traces(
        &self,
        tenant: Tenant,
        search: &TraceSearch,
    ) -> Result<TracePage, QueryError> {
        let search = search.clone();
        let remembered = Arc::clone(&self.remembered);
        self.run(tenant, Kind::Traces, move |source, _, watch| {
            find_traces(
                &|range| snapshot_with(source, tenant, &search.also, range),
                &search,
                &remembered,
                watch,
            )
        })
        .await
    }

    async fn traces(
        &self,
        tenant: Tenant,
        request: &TracesRequest,
    ) -> Result<Vec<TraceRows>, QueryError> {
        let request = request.clone();
        self.run(tenant, Kind::Traces, move |source, config, watch| {
            let snapshot = snapshot_with(source, tenant, &request.also, TimeRange::ALL)?;
            read_traces(&snapshot, &request, config, watch)
        })
        .await
    }

    async fn scan(
        &self,
        tenant: Tenant,
        request: &ScanRequest,
        mut visit: Box<ScanVisitor<'static>>,
    ) -> Result<QueryStats, QueryError> {
        let request = request.clone();
        self.run(tenant, Kind::Traces, move |source, _, watch| {
            let snapshot = source.snapshot(tenant, &request.scope, request.range)?;
            scan_rows(&snapshot, &request, &mut *visit, watch)
        })
        .await
    }

    fn forget_definitions(&self, tenant: Tenant) {
        if let Some(readings) = &self.readings {
            readings.forget(tenant);
        }
    }

    fn running(&self, tenant: Tenant) -> Vec<RunningQuery> {
        self.running.of(tenant)
    }
}

#[cfg(test)]
mod tests;
