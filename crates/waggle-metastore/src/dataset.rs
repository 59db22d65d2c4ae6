//! Datasets: named sets of events of a tenant, made by hand or on first sight of their name.

use crate::{ColumnId, Result};
use async_trait::async_trait;
use std::collections::BTreeMap;
use waggle_model::{DatasetId, MetricType, Tenant};

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Its id, never used again, not even after the dataset was deleted.
    pub id: DatasetId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The displayed name, as first written.
    pub name: String,
    /// The name in addresses; unique in the environment.
    pub slug: String,
    /// Free text of its owners.
    pub description: String,
    /// To which depth nested objects are unpacked into dotted columns; 0 keeps them as JSON text.
    pub expand_json_depth: u8,
    /// True when it can't be deleted before this is taken back.
    pub is_delete_protected: bool,
    /// True when its metrics are series that calculations follow through time; otherwise they are events like all others.
    pub is_metrics: bool,
    /// When it was made.
    pub created_at_ns: i64,
    /// When events last arrived, exact to a few seconds; `None` before the first.
    pub last_written_at_ns: Option<i64>,
}

/// A dataset with what it holds. Events not yet in blocks are not counted; the store knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The dataset.
    pub dataset: Dataset,
    /// Events in its blocks.
    pub event_count: u64,
    /// Bytes of its blocks.
    pub stored_bytes: u64,
    /// Its columns.
    pub column_count: u64,
}

/// What [`Datasets::ensure_dataset`] found or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnsuredDataset {
    /// The dataset.
    pub dataset: Dataset,
    /// True when this call made it.
    pub is_new: bool,
}

/// New values for a dataset; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct DatasetChange {
    /// Free text of its owners.
    pub description: Option<String>,
    /// To which depth nested objects are unpacked.
    pub expand_json_depth: Option<u8>,
    /// Whether it can't be deleted.
    pub is_delete_protected: Option<bool>,
    /// Whether its metrics are series.
    pub is_metrics: Option<bool>,
}

/// Events have arrived: which dataset, which of its columns, when.
#[derive(Clone, Debug)]
pub struct Written {
    /// The dataset.
    pub dataset: DatasetId,
    /// The columns that had values.
    pub columns: Vec<ColumnId>,
    /// When the last of the events arrived.
    pub at_ns: i64,
}

/// Rows about datasets.
///
/// A name addresses a dataset when it equals its name but for upper and lower case, or else equals its slug, or else has the same slug
/// and both names are ASCII. So `My Dataset!`, `my dataset!`, `my-dataset-` and `My Dataset?` are one dataset.
#[async_trait]
pub trait Datasets: Send + Sync {
    /// Finds the dataset this name or slug addresses, or makes it. Any number of callers may ask at once: all get the same row.
    ///
    /// # Errors
    /// `Invalid` for a name that can't be used (see [`crate::is_usable_name`]), `LimitReached` when it would be new and the environment
    /// has `datasets_max` already, `NotFound` when there is no such tenant.
    async fn ensure_dataset(
        &self,
        tenant: Tenant,
        name: &str,
        datasets_max: usize,
        now_ns: i64,
    ) -> Result<EnsuredDataset>;

    /// Finds the dataset this name or slug addresses.
    async fn find_dataset(&self, tenant: Tenant, name_or_slug: &str) -> Result<Option<Dataset>>;

    /// Finds a dataset by id.
    async fn dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<Option<Dataset>>;

    /// Lists the datasets of a tenant, by slug, internal ones too.
    async fn datasets(&self, tenant: Tenant) -> Result<Vec<Dataset>>;

    /// Lists the datasets that are internal ([`waggle_model::PENDING_DATASET`]), of all tenants.
    async fn internal_datasets(&self) -> Result<Vec<Dataset>>;

    /// Lists the datasets of a tenant with what their blocks hold, by slug, without internal ones.
    async fn dataset_summaries(&self, tenant: Tenant) -> Result<Vec<DatasetSummary>>;

    /// Changes a dataset and returns it as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    async fn update_dataset(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        change: DatasetChange,
    ) -> Result<Dataset>;

    /// Deletes a dataset with its columns and blocks. The files of the blocks are then no longer referenced.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it is protected.
    async fn delete_dataset(&self, tenant: Tenant, dataset: DatasetId) -> Result<()>;

    /// Remembers what kinds of metrics a dataset has, beside those it is known to have: the kind that a metric came with first stays.
    /// Those beyond `metrics_max` are not remembered.
    ///
    /// Returns those of the given that are remembered, with their kinds. Nothing is written where all are.
    async fn note_metrics(
        &self,
        dataset: DatasetId,
        metrics: &BTreeMap<String, MetricType>,
        metrics_max: usize,
    ) -> Result<BTreeMap<String, MetricType>>;

    /// The metrics of a dataset that were noted, by name; none when there is no such dataset.
    async fn metrics(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
    ) -> Result<BTreeMap<String, MetricType>>;

    /// Moves the last-written times forward, for any number of datasets at once.
    ///
    /// Returns the datasets that are gone or lack one of the named columns: whoever remembers their columns must read them again.
    async fn touch_written(&self, written: &[Written]) -> Result<Vec<DatasetId>>;
}
