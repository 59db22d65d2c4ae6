//! Saved queries and what came of running them: the permalinks.

use crate::{KeyId, Result, UserId};
use async_trait::async_trait;
use bytes::Bytes;
use waggle_model::{DatasetScope, Tenant};

/// Public id of a query: 11 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryId(pub String);

/// Public id of a query result: 11 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryResultId(pub String);

/// A saved query. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Public id.
    pub id: QueryId,
    /// Whose it is.
    pub tenant: Tenant,
    /// What it reads. The dataset may be gone.
    pub scope: DatasetScope,
    /// The specification as JSON, in the words of the API.
    pub spec_json: String,
    /// When it was saved.
    pub created_at_ns: i64,
}

/// A run of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryResult {
    /// Public id.
    pub id: QueryResultId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The query that ran.
    pub query: QueryId,
    /// How it was asked to run, as JSON in the words of the API.
    pub options_json: String,
    /// Who asked.
    pub run_by: RunBy,
    /// When it was asked.
    pub created_at_ns: i64,
    /// What came of it; `None` while it is pending.
    pub outcome: Option<QueryOutcome>,
}

/// Who ran a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunBy {
    /// A program with this key.
    Key(KeyId),
    /// A person who is signed in.
    User(UserId),
    /// Somebody at the machine itself, who needs neither (`--dev`).
    Nobody,
}

/// The end of a run and what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryOutcome {
    /// What it found, or why not.
    pub answer: QueryAnswer,
    /// When it ended.
    pub completed_at_ns: i64,
    /// How long it took.
    pub elapsed_ns: u64,
    /// Rows it looked at.
    pub rows_read: u64,
}

/// The answer of a run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryAnswer {
    /// The result, in the form that whoever finished the run chose to keep it in.
    Complete(Bytes),
    /// The reason why there is none, to be shown to the caller.
    Failed(String),
    /// There was one, which is no longer kept.
    Forgotten,
}

/// Rows about queries and their results. What belongs to another tenant is not found.
#[async_trait]
pub trait Queries: Send + Sync {
    /// Saves a query.
    ///
    /// # Errors
    /// `NotFound` without the tenant.
    async fn create_query(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        spec_json: &str,
        now_ns: i64,
    ) -> Result<Query>;

    /// Finds a query.
    async fn query(&self, tenant: Tenant, query: &QueryId) -> Result<Option<Query>>;

    /// Records that a query starts to run. The only write that a power cut may take back after it has returned, because every query
    /// waits for it.
    ///
    /// # Errors
    /// `NotFound` without the query.
    async fn create_query_result(
        &self,
        tenant: Tenant,
        query: &QueryId,
        options_json: &str,
        run_by: &RunBy,
        now_ns: i64,
    ) -> Result<QueryResult>;

    /// Records how a run ended.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it has ended before.
    async fn finish_query_result(
        &self,
        tenant: Tenant,
        result: &QueryResultId,
        outcome: &QueryOutcome,
    ) -> Result<()>;

    /// Saves a query and a run of it that has ended, in one transaction. Both have been given their ids, and the run is the query's.
    ///
    /// # Errors
    /// `NotFound` without the tenant; `Conflict` when one of the ids exists, and when events of the query's datasets have been erased, or
    /// are being erased, since the run was asked for: the answer may hold them; `Invalid` when the run has not ended.
    async fn record_run(&self, query: &Query, result: &QueryResult) -> Result<()>;

    /// Finds a result.
    async fn query_result(
        &self,
        tenant: Tenant,
        result: &QueryResultId,
    ) -> Result<Option<QueryResult>>;

    /// Fails the runs that were asked before `asked_before_ns` and are still pending, of every tenant: their program was stopped, and
    /// nobody will finish them. Returns how many.
    async fn fail_pending_query_results(
        &self,
        asked_before_ns: i64,
        reason: &str,
        now_ns: i64,
    ) -> Result<u64>;
}
