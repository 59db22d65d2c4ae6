//! How much was taken in: events, metrics' data points and bytes, by dataset, day and key.

use crate::{KeyId, Result};
use async_trait::async_trait;
use std::ops::{AddAssign, RangeInclusive};
use waggle_model::{DatasetId, Tenant};

/// What a dataset took in on a day from one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose dataset.
    pub tenant: Tenant,
    /// The dataset, which may be gone.
    pub dataset: DatasetId,
    /// The day of arrival, UTC, counted from 1970.
    pub day: i64,
    /// The key that sent it, which may be gone; `None` for what came without one.
    pub key: Option<KeyId>,
    /// How much.
    pub taken: Taken,
}

/// How much was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events, each as one whatever its sample rate.
    pub events: u64,
    /// Bytes of their names and values, before compression.
    pub bytes: u64,
    /// Those of the events that hold metrics.
    pub metric_events: u64,
    /// The data points that they were made of.
    pub data_points: u64,
}

impl AddAssign for Taken {
    fn add_assign(&mut self, more: Self) {
        self.events = self.events.saturating_add(more.events);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.metric_events = self.metric_events.saturating_add(more.metric_events);
        self.data_points = self.data_points.saturating_add(more.data_points);
    }
}

/// Rows about usage.
#[async_trait]
pub trait Usages: Send + Sync {
    /// Adds to what is known. What belongs to a tenant that is gone is dropped.
    async fn add_usage(&self, usage: &[Usage]) -> Result<()>;

    /// Lists what a tenant took in on these days, by day, dataset and key.
    async fn usage(&self, tenant: Tenant, days: RangeInclusive<i64>) -> Result<Vec<Usage>>;
}
