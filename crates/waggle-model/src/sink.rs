//! The door into storage: append a batch, return when it is durable.

use crate::{DatasetId, EventBatch, Tenant};
use async_trait::async_trait;

/// Takes events in. Implemented by the store, called by the faces.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Appends all batches of one request and returns once every accepted row is on stable storage and visible to queries.
    ///
    /// Datasets are found by name (by slug or name, case-insensitive) and made on first sight when `may_create_datasets`.
    /// Refused rows come back in [`AppendOutcome::rejects`]; their neighbours are stored.
    ///
    /// # Errors
    /// [`AppendError`] means that nothing of this call may be acknowledged; the client should send it again.
    async fn append(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
    ) -> Result<AppendOutcome, AppendError> {
        self.append_together(tenant, batches, may_create_datasets, &[])
            .await
    }

    /// As [`append`](Self::append), but stores nothing when one of the rows in `must` (by batch and row) is refused: the outcome then
    /// accepts none and says what was refused.
    ///
    /// # Errors
    /// As those of [`append`](Self::append).
    async fn append_together(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
        must: &[(usize, usize)],
    ) -> Result<AppendOutcome, AppendError>;
}

impl AppendOutcome {
    /// Whether one of these rows (by batch and row) was refused.
    pub fn refuses_any(&self, rows: &[(usize, usize)]) -> bool {
        let mut rejects = self.rejects.iter();
        rejects.any(|reject| rows.contains(&(reject.batch, reject.row)))
    }
}

/// What became of the rows of one append.
#[derive(Clone, Debug, Default)]
pub struct AppendOutcome {
    /// Rows now on stable storage.
    pub accepted_count: usize,
    /// The dataset of each batch, in the order given; `None` where all of it was refused.
    pub datasets: Vec<Option<DatasetId>>,
    /// Rows refused, ascending by batch and row.
    pub rejects: Vec<Reject>,
}

/// One refused row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Which batch of the call.
    pub batch: usize,
    /// Which row of the batch.
    pub row: usize,
    /// Why.
    pub reason: RejectReason,
}

/// Why an event was refused. The wire turns it into its protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// The event has more fields than allowed.
    TooManyColumns,
    /// The dataset would have more columns than allowed.
    DatasetTooManyColumns,
    /// The event is larger than allowed.
    TooLarge,
    /// The event has no fields.
    Empty,
    /// The event is not an object, or a field is not what it must be.
    Malformed,
    /// The dataset does not exist and the key may not create it, or its name cannot be used.
    UnknownDataset,
    /// The environment has as many datasets as it may have.
    TooManyDatasets,
}

/// Why nothing of a call was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The store can't keep up; the caller should try again after a pause.
    #[error("the server is taking in more than it can store; try again")]
    Busy,
    /// The disk has no room for more events; the caller should try again later. Queries go on.
    #[error("the server's disk is full; try again later")]
    Full,
    /// The store is stopping or has stopped after a failed write.
    #[error("the server is not taking in events: {0}")]
    Unavailable(String),
}
