//! The door to what is kept and what goes: limits of age and size, and deletion of datasets, columns and single events.

use crate::{DatasetId, FilterCombination, FilterSpec, Tenant, TimeRange};
use async_trait::async_trait;

/// How long and how much is kept of a dataset. Each limit that is `None` is left to whoever stands above: the environment above a
/// dataset, the server above an environment. 0 keeps everything, whatever stands above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Events older than this go, in nanoseconds of event time.
    pub age_max_ns: Option<i64>,
    /// The oldest events go when a dataset takes more bytes on the disk.
    pub bytes_max: Option<u64>,
}

impl RetentionLimits {
    /// These limits, and those of `above` where they say nothing.
    pub fn or(self, above: Self) -> Self {
        Self {
            age_max_ns: self.age_max_ns.or(above.age_max_ns),
            bytes_max: self.bytes_max.or(above.bytes_max),
        }
    }

    /// The time from which on events are kept; `None` when age does not matter.
    pub fn kept_from_ns(self, now_ns: i64) -> Option<i64> {
        let age_ns = self.age_max_ns.filter(|age_ns| *age_ns > 0)?;
        Some(now_ns.saturating_sub(age_ns))
    }

    /// The most bytes; `None` when size does not matter.
    pub fn bytes_limit(self) -> Option<u64> {
        self.bytes_max.filter(|bytes| *bytes > 0)
    }
}

/// What limits would take away from a dataset now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionLoss {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its events in blocks.
    pub event_count: u64,
    /// The bytes of its blocks.
    pub stored_bytes: u64,
    /// The earliest time of its events in blocks; `None` without any.
    pub oldest_ns: Option<i64>,
    /// Events that would go: those of blocks that go whole. A block that is too old in part goes later.
    pub lost_event_count: u64,
    /// Bytes that would be free.
    pub lost_bytes: u64,
    /// The latest time of an event that would go; `None` when none would.
    pub lost_through_ns: Option<i64>,
}

/// Events of one dataset that shall go for good.
#[derive(Clone, Debug, PartialEq)]
pub struct EraseRequest {
    /// The dataset.
    pub dataset: DatasetId,
    /// Their times.
    pub range: TimeRange,
    /// Which of them; not empty.
    pub filters: Vec<FilterSpec>,
    /// Whether all filters must hold or any.
    pub filter_combination: FilterCombination,
    /// Who asked, for the record.
    pub asked_by: String,
}

/// Why something is still there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeepError {
    /// It does not exist, or belongs to another tenant: answer 404.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Something stands in the way: answer 409.
    #[error("{0}")]
    Conflict(String),
    /// A filter can't be used: answer 422.
    #[error("{field}: {message}")]
    Invalid {
        /// Which clause.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The server can't do it now; the text is for the log.
    #[error("the server can't delete now: {0}")]
    Unavailable(String),
}

/// What became of columns that were to be deleted, by their public ids. One that is in neither list was not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnsDeleted {
    /// Those that are gone, with their values.
    pub deleted: Vec<String>,
    /// Those that stay, because the dataset's definition uses them.
    pub in_use: Vec<String>,
}

/// Takes events away. Implemented by the store, called by the faces.
#[async_trait]
pub trait EventKeeper: Send + Sync {
    /// Deletes a dataset. Its events are gone from answers when this returns, and from the disk soon after.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it is protected.
    async fn delete_dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<(), KeepError>;

    /// Deletes columns by their public ids, with their values in all events that were acknowledged before the call. They are gone from
    /// answers when this returns, and from the disk soon after. An event that brings a column again makes it anew. Events wait meanwhile,
    /// so the faces bound how many columns.
    ///
    /// # Errors
    /// `Unavailable`. Columns that are used or that the dataset does not have are no error: the others go.
    async fn delete_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[String],
    ) -> Result<ColumnsDeleted, KeepError>;

    /// Says what limits would take away from datasets of a tenant, in the order given, without taking it.
    async fn preview_retention(
        &self,
        tenant: Tenant,
        limits: &[(DatasetId, RetentionLimits)],
    ) -> Vec<RetentionLoss>;

    /// Carries out the limits soon instead of at the next turn.
    async fn apply_retention(&self);

    /// The limits of the server, which stand above those of environments.
    fn default_retention(&self) -> RetentionLimits;

    /// Counts the events that an erasure would take away, without taking them.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Unavailable` when a block can't be read.
    async fn count_erasable(
        &self,
        tenant: Tenant,
        request: &EraseRequest,
    ) -> Result<u64, KeepError>;

    /// Starts to erase events that were acknowledged before the call, and returns the number under which the metastore keeps the record
    /// of it. When the record says that it is done, no file of the data folder holds them any more.
    ///
    /// # Errors
    /// As [`count_erasable`](Self::count_erasable).
    async fn erase(&self, tenant: Tenant, request: EraseRequest) -> Result<i64, KeepError>;
}
