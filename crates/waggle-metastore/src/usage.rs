//! How much was taken in: events and their bytes, by dataset and day.

use crate::Result;
use async_trait::async_trait;
use std::ops::RangeInclusive;
use waggle_model::{DatasetId, Tenant};

/// What a dataset took in on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose dataset.
    pub tenant: Tenant,
    /// The dataset, which may be gone.
    pub dataset: DatasetId,
    /// The day of arrival, UTC, counted from 1970.
    pub day: i64,
    /// Events, each as one whatever its sample rate.
    pub event_count: u64,
    /// Bytes of their names and values, before compression.
    pub event_bytes: u64,
}

/// Rows about usage.
#[async_trait]
pub trait Usages: Send + Sync {
    /// Adds to what is known. What belongs to a tenant that is gone is dropped.
    async fn add_usage(&self, usage: &[Usage]) -> Result<()>;

    /// Lists what a tenant took in on these days, by day and dataset.
    async fn usage(&self, tenant: Tenant, days: RangeInclusive<i64>) -> Result<Vec<Usage>>;
}
