//! The door to SQL: admits a bounded number of questions, runs each on threads of its own away from those that take events in, and
//! stops it when its time is up or nobody waits for it any more.

use crate::answer::Answer;
use crate::error::{invalid, sql_error};
use crate::export;
use crate::metrics::{Metrics, outcome_of};
use crate::session::{plan_of, session};
use crate::table::Events;
use async_trait::async_trait;
use datafusion::execution::SessionState;
use futures::StreamExt;
use prometheus_client::registry::Registry;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use waggle_metastore::Metastore;
use waggle_model::{
    Clock, ExportRequest, ExportStream, QueryError, SqlAnswer, SqlEngine, SqlError, SqlRequest,
    Tenant,
};
use waggle_query::fused::FusedWatch;
use waggle_query::{EngineConfig, Place, Places, SnapshotSource};

/// Limits of SQL and exports.
#[derive(Clone, Debug)]
pub struct SqlConfig {
    /// Threads that compute, shared by all SQL queries. Default: one per core.
    pub threads: usize,
    /// SQL queries that run at once, of one team at most three quarters of them; more wait. Default: 4.
    pub queries_max: usize,
    /// Exports that are written at once, of one team at most three quarters of them; more are told to come back. Default: 4.
    pub exports_max: usize,
    /// How long a query waits for its turn before it is told to come back, in milliseconds. Default: 5,000.
    pub wait_ms_max: u64,
    /// How long a query may run, in milliseconds. Default: 30,000.
    pub deadline_ms: u64,
    /// Most bytes that sorts, joins and groups of one query may hold; they are not spilled to the disk. Default: 1 GiB.
    pub memory_bytes_max: u64,
    /// Most rows in an answer. Default: 10,000.
    pub rows_max: usize,
    /// Most bytes of values in an answer. Default: 64 MiB.
    pub answer_bytes_max: u64,
    /// Most bytes of a SQL text. Default: 64 KiB.
    pub text_bytes_max: usize,
    /// Most operators and keywords of a SQL text, which bound the depth of its plan. Default: 1,000.
    pub operators_max: usize,
}

impl Default for SqlConfig {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            queries_max: 4,
            exports_max: 4,
            wait_ms_max: 5_000,
            deadline_ms: 30_000,
            memory_bytes_max: 1 << 30,
            rows_max: 10_000,
            answer_bytes_max: 64 << 20,
            text_bytes_max: 64 << 10,
            operators_max: 1_000,
        }
    }
}

/// Answers SQL and writes exports over what a [`SnapshotSource`] shows.
pub struct Sql {
    metastore: Arc<dyn Metastore>,
    source: Arc<dyn SnapshotSource>,
    config: SqlConfig,
    clock: Clock,
    state: SessionState,
    turns: Places,
    exports: Places,
    runtime: Threads,
    metrics: Metrics,
}

impl Sql {
    /// Starts the threads and registers the metrics.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new(
        metastore: Arc<dyn Metastore>,
        source: Arc<dyn SnapshotSource>,
        config: SqlConfig,
        clock: Clock,
        registry: &mut Registry,
    ) -> std::io::Result<Self> {
        Ok(Self {
            metastore,
            source,
            state: session(&config),
            turns: Places::new(config.queries_max, config.wait_ms_max),
            exports: Places::new(config.exports_max, 0),
            runtime: Threads::start(config.threads)?,
            metrics: Metrics::new(registry),
            config,
            clock,
        })
    }

    /// For filters on other spans, which an export looks for before its first row.
    fn engine_config(&self) -> EngineConfig {
        EngineConfig {
            threads: self.config.threads,
            deadline_ms: self.config.deadline_ms,
            memory_bytes_max: self.config.memory_bytes_max,
            ..EngineConfig::default()
        }
    }

    fn events(&self, tenant: Tenant) -> Events {
        Events {
            metastore: Arc::clone(&self.metastore),
            source: Arc::clone(&self.source),
            tenant,
        }
    }

    async fn answer(&self, tenant: Tenant, request: &SqlRequest) -> Result<SqlAnswer, SqlError> {
        if request.text.len() > self.config.text_bytes_max {
            let most = self.config.text_bytes_max;
            return Err(invalid(format!(
                "the text is longer than its limit of {most} bytes"
            )));
        }
        let turn = self.turns.take(tenant.team).await?;
        let deadline = Duration::from_millis(self.config.deadline_ms);
        let work = run(
            self.state.clone(),
            self.events(tenant),
            request.clone(),
            self.config.clone(),
            turn,
        );
        let task = Task(self.runtime.spawn(work));
        match tokio::time::timeout(deadline, task.end()).await {
            Err(_) => Err(QueryError::Deadline(self.config.deadline_ms).into()),
            Ok(answer) => answer,
        }
    }
}

async fn run(
    state: SessionState,
    events: Events,
    request: SqlRequest,
    config: SqlConfig,
    turn: Place,
) -> Result<SqlAnswer, SqlError> {
    let rows_max = request
        .rows_max
        .map_or(config.rows_max, |rows| rows.min(config.rows_max));
    let memory = config.memory_bytes_max;
    let mut stream = plan_of(state, events, &request.text, rows_max + 1, &config)
        .await
        .map_err(|error| sql_error(&error, memory))?;
    let mut answer = Answer::new(&stream.schema(), rows_max, config.answer_bytes_max);
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| sql_error(&error, memory))?;
        answer.add(&batch)?;
    }
    drop(turn);
    Ok(answer.finish())
}

#[async_trait]
impl SqlEngine for Sql {
    async fn sql(&self, tenant: Tenant, request: &SqlRequest) -> Result<SqlAnswer, SqlError> {
        let started_ns = self.clock.now_ns();
        let mut counted = self.metrics.outcomes.start();
        let mut answer = self.answer(tenant, request).await;
        counted.outcome = outcome_of(&answer);
        if let Ok(answer) = &mut answer {
            let elapsed_ns = self.clock.now_ns().saturating_sub(started_ns);
            answer.elapsed_ns = u64::try_from(elapsed_ns).unwrap_or_default();
        }
        answer
    }

    async fn export(
        &self,
        tenant: Tenant,
        request: &ExportRequest,
    ) -> Result<Box<dyn ExportStream>, QueryError> {
        let place = self.exports.take(tenant.team).await?;
        let columns = self
            .events(tenant)
            .columns(request.dataset)
            .await
            .map_err(|error| QueryError::Storage(error.to_string()))?;
        self.metrics.exports.inc();
        let source = export::ExportSource {
            events: Arc::clone(&self.source),
            tenant,
            columns,
            watch: FusedWatch::new(self.clock.clone(), &self.engine_config()),
            config: self.engine_config(),
        };
        export::start(source, request, place).await
    }
}

/// The threads that compute. Letting go of them waits for nothing.
struct Threads(Option<Runtime>);

/// Every scan of a plan has a thread per partition, which mostly waits; one that must wait for another's end would wait for ever.
const SCAN_THREADS_MAX: usize = 4_096;

/// Room for planning a text with as many operators as it may have. Only what is used is ever taken.
const STACK_BYTES: usize = 64 << 20;

impl Threads {
    fn start(threads: usize) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(SCAN_THREADS_MAX)
            .thread_name("waggle-sql")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SqlError>> + Send + 'static,
    ) -> Option<JoinHandle<Result<T, SqlError>>> {
        self.0.as_ref().map(|runtime| runtime.spawn(work))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Work on other threads that ends when nobody waits for it.
struct Task<T>(Option<JoinHandle<Result<T, SqlError>>>);

impl<T> Task<T> {
    async fn end(mut self) -> Result<T, SqlError> {
        let Some(work) = &mut self.0 else {
            return Err(QueryError::Busy.into());
        };
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a SQL query panicked");
            Err(QueryError::Storage("the query stopped on an internal error".to_owned()).into())
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(work) = &self.0 {
            work.abort();
        }
    }
}
