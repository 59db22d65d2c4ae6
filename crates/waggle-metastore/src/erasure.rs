//! The record of erasures: who had which events taken away, when, and how many they were. Never their values.

use crate::Result;
use async_trait::async_trait;
use waggle_model::{DatasetId, Tenant, TimeRange};

/// Id of an erasure, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErasureId(pub i64);

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureState {
    /// Blocks are being rewritten.
    Running,
    /// No file holds the events any more.
    Done,
    /// It stopped; some of the events may be there, and it must be asked for again.
    Failed,
}

/// An erasure that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewErasure {
    /// Whose events.
    pub tenant: Tenant,
    /// The dataset of the events.
    pub dataset: DatasetId,
    /// Who asked.
    pub asked_by: String,
    /// Columns and operators of the filters, without their values.
    pub filter_text: String,
    /// The times of the events.
    pub range: TimeRange,
    /// When it began.
    pub created_at_ns: i64,
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// What was asked.
    pub asked: NewErasure,
    /// How far it is.
    pub state: ErasureState,
    /// Events erased so far.
    pub row_count: u64,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it ended.
    pub finished_at_ns: Option<i64>,
}

/// Rows about erasures.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Notes that an erasure begins.
    ///
    /// # Errors
    /// `NotFound` without the environment.
    async fn begin_erasure(&self, erasure: &NewErasure) -> Result<ErasureId>;

    /// Notes how far an erasure is; `finished_at_ns` ends it. One that has ended stays as it is.
    async fn note_erasure(
        &self,
        erasure: ErasureId,
        row_count: u64,
        failure: Option<&str>,
        finished_at_ns: Option<i64>,
    ) -> Result<()>;

    /// Finds an erasure.
    async fn erasure(&self, tenant: Tenant, erasure: ErasureId) -> Result<Option<Erasure>>;

    /// Lists the erasures of a tenant, the newest first.
    async fn erasures(&self, tenant: Tenant, limit: usize) -> Result<Vec<Erasure>>;

    /// Ends the erasures that an earlier process left running, as failed; returns how many there were.
    async fn fail_running_erasures(&self, failure: &str, now_ns: i64) -> Result<u64>;

    /// Deletes what answers may have kept of a dataset's events: all results of queries over it or over all datasets, and the saved
    /// queries of the tenant whose text has one of `texts` in it.
    async fn forget_answers(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        texts: &[String],
    ) -> Result<()>;

    /// Makes sure that no file of the metastore holds what was deleted or overwritten before the call.
    ///
    /// # Errors
    /// `Busy` while somebody reads for too long: try again.
    async fn scrub(&self) -> Result<()>;
}
