//! The query history: who ran what when, how long it took and how much it read. Every [`QueryResult`](crate::QueryResult) is a line of it,
//! and stays one when its answer is no longer kept.

use crate::{Query, QueryId, QueryResultId, Result, RunBy, UserId};
use async_trait::async_trait;
use waggle_model::{DatasetScope, Tenant, TimeRange};

/// A run of a query, without its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Public id of its result.
    pub id: QueryResultId,
    /// The query that ran.
    pub query: Query,
    /// Who asked.
    pub run_by: RunBy,
    /// When it was asked.
    pub asked_at_ns: i64,
    /// What became of it.
    pub state: RunState,
    /// How long it took; `None` while it runs.
    pub elapsed_ns: Option<u64>,
    /// Rows it looked at; `None` while it runs.
    pub rows_read: Option<u64>,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It has not ended.
    Running,
    /// Its answer can be read.
    Kept,
    /// It had an answer, which is no longer kept.
    Forgotten,
    /// There is no answer, for this reason.
    Failed(String),
}

/// Which runs are looked for; all conditions must hold. The default is every run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// By one of these.
    pub run_by: Option<Vec<RunBy>>,
    /// By none of these.
    pub not_run_by: Vec<UserId>,
    /// Of one of these queries.
    pub queries: Option<Vec<QueryId>>,
    /// The query names one of these columns in a calculation, breakdown, filter, order or having.
    pub columns: Option<Vec<String>>,
    /// The query reads just this.
    pub scope: Option<DatasetScope>,
    /// Asked in this time.
    pub asked: Option<TimeRange>,
}

/// Where a page of runs ends: the next one begins behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPlace {
    /// When the last run of the page was asked.
    pub asked_at_ns: i64,
    /// Its id.
    pub id: QueryResultId,
}

/// Rows about runs of queries. What belongs to another tenant is not found.
#[async_trait]
pub trait QueryHistory: Send + Sync {
    /// Lists the newest runs that match, at most `runs_max`, the newest first; with `behind`, those that are older than it.
    async fn past_runs(
        &self,
        tenant: Tenant,
        filter: &RunFilter,
        behind: Option<&RunPlace>,
        runs_max: usize,
    ) -> Result<Vec<PastRun>>;

    /// Deletes the answers of runs that were asked before this time, of every tenant; the runs stay in the history. Returns how many.
    async fn forget_answers(&self, asked_before_ns: i64) -> Result<u64>;

    /// Deletes ended runs that were asked before this time, and of each environment all but the newest `runs_max`, with their answers.
    /// Returns how many.
    async fn trim_history(&self, asked_before_ns: i64, runs_max: usize) -> Result<u64>;

    /// Deletes of each environment the saved queries beyond the newest `queries_max` that nothing needs: no run is in the history, and no
    /// annotation, board or trigger names them. Returns how many.
    async fn trim_queries(&self, queries_max: usize) -> Result<u64>;
}
