//! How long and how much is kept, per environment and per dataset.

use crate::Result;
use async_trait::async_trait;
use waggle_model::{DatasetId, RetentionLimits, Tenant};

/// A dataset with the limits that somebody set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetRetention {
    /// Whose it is.
    pub tenant: Tenant,
    /// Which.
    pub dataset: DatasetId,
    /// Its own limits.
    pub own: RetentionLimits,
    /// Those of its environment, which stand above.
    pub environment: RetentionLimits,
}

/// Rows about retention.
#[async_trait]
pub trait Retentions: Send + Sync {
    /// The limits of an environment; none before somebody set some.
    async fn environment_retention(&self, tenant: Tenant) -> Result<RetentionLimits>;

    /// Sets the limits of an environment.
    ///
    /// # Errors
    /// `NotFound` without the environment, `Invalid` for a number that can't be stored.
    async fn set_environment_retention(
        &self,
        tenant: Tenant,
        limits: RetentionLimits,
        now_ns: i64,
    ) -> Result<()>;

    /// Sets the limits of a dataset.
    ///
    /// # Errors
    /// `NotFound` without the dataset, `Invalid` for a number that can't be stored.
    async fn set_dataset_retention(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        limits: RetentionLimits,
        now_ns: i64,
    ) -> Result<()>;

    /// Lists every dataset of the installation with its limits, by id.
    async fn retentions(&self) -> Result<Vec<DatasetRetention>>;
}
