//! The record of erasures: who had which events taken away, when, and how many they were. Never their values, once it is done.

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

/// An erasure that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningErasure {
    /// Its id.
    pub id: ErasureId,
    /// Whose events.
    pub tenant: Tenant,
    /// Events erased so far.
    pub row_count: u64,
    /// What has to be done, as it was given; `None` when only [`Erasures::scrub`] is left.
    pub request: Option<Vec<u8>>,
}

/// What an erasure compared with, to be found in what people kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasedValues {
    /// Texts, whatever is compared with them.
    pub texts: Vec<String>,
    /// Numbers in decimals, each with its column: unlike a text, the same number means something else in another column, and in the same
    /// column of another dataset. Whole ones have no point.
    pub numbers: Vec<(String, String)>,
}

/// Rows about erasures.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Notes that an erasure begins. `request` says what to do to whoever goes on with it after a restart.
    ///
    /// # Errors
    /// `NotFound` without the environment.
    async fn begin_erasure(&self, erasure: &NewErasure, request: &[u8]) -> Result<ErasureId>;

    /// Notes how far an erasure is; `finished_at_ns` ends it, and its request is forgotten. One that has ended stays as it is.
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

    /// The erasures that an earlier process left running, oldest first.
    async fn running_erasures(&self) -> Result<Vec<RunningErasure>>;

    /// Deletes what else may hold the events of an erasure: all results of queries over its dataset or over all datasets, the saved
    /// queries of the tenant that compare with one of `values`, in a filter's value or in a literal of an expression (a number: those that
    /// read the dataset and compare its column with it), and the erasure's own request. In boards and their views, suggestions, groups and calculated fields, which others may use, the values
    /// alone go. Answers that were asked for before
    /// the erasure has ended are not written down after this either; see [`Queries::record_run`](crate::Queries::record_run).
    async fn forget_erased(
        &self,
        erasure: ErasureId,
        tenant: Tenant,
        dataset: DatasetId,
        values: &ErasedValues,
    ) -> Result<()>;

    /// Makes sure that no file of the metastore holds what was deleted or overwritten before the call.
    ///
    /// # Errors
    /// `Busy` while somebody reads for too long: try again.
    async fn scrub(&self) -> Result<()>;
}
