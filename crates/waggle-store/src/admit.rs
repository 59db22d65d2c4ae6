//! Which dataset a batch goes to, and which of its rows may.
//!
//! Nothing here waits for the metastore except the first sight of a dataset, of a column, or of a wider type: everything else is
//! answered from what was seen before. When events last came is remembered and written down in the background.

mod catalogue;
mod filter;

use catalogue::{Catalogue, KnownDataset};
use hashbrown::HashSet;
use std::sync::Arc;
use waggle_metastore::{Error as MetastoreError, Metastore, SeenColumn, widen};
use waggle_model::{
    AppendError, AppendOutcome, BatchColumn, Clock, ColumnType, DatasetId, EventBatch,
    PENDING_DATASET, Reject, RejectReason, Tenant,
};

/// Limits on what a tenant may make by sending events.
#[derive(Clone, Debug)]
pub(crate) struct AdmitLimits {
    pub(crate) datasets_max: usize,
    pub(crate) columns_max: usize,
}

/// Checks batches before they are written.
pub(crate) struct Admission {
    metastore: Arc<dyn Metastore>,
    clock: Clock,
    limits: AdmitLimits,
    catalogue: Catalogue,
    on_internal: OnInternal,
}

/// Called with every internal dataset that is seen for the first time, before it has rows.
pub(crate) type OnInternal = Box<dyn Fn(DatasetId) + Send + Sync>;

/// What may be written, and what was refused.
pub(crate) struct Admitted {
    pub(crate) batches: Vec<(DatasetId, EventBatch)>,
    pub(crate) outcome: AppendOutcome,
}

/// Columns that Waggle itself writes into events, whatever their sender knows of: they have room in a full dataset too.
const OWN_COLUMNS: [&str; 3] = ["meta.annotation_type", "meta.series", "meta.signal_type"];

/// How often a batch whose dataset was deleted under its feet starts over.
const ATTEMPTS: usize = 3;

impl Admission {
    pub(crate) fn new(
        metastore: Arc<dyn Metastore>,
        clock: Clock,
        limits: AdmitLimits,
        on_internal: OnInternal,
    ) -> Self {
        Self {
            on_internal,
            metastore,
            clock,
            limits,
            catalogue: Catalogue::default(),
        }
    }

    /// Finds or makes the datasets and columns, and takes out the rows that may not be written.
    ///
    /// # Errors
    /// When the metastore can't answer: nothing may be written then.
    pub(crate) async fn admit(
        &self,
        tenant: Tenant,
        batches: Vec<EventBatch>,
        may_create_datasets: bool,
    ) -> Result<Admitted, AppendError> {
        let mut admitted = Admitted {
            batches: Vec::with_capacity(batches.len()),
            outcome: AppendOutcome::default(),
        };
        for (number, batch) in batches.into_iter().enumerate() {
            if batch.is_empty() {
                admitted.outcome.datasets.push(None);
                continue;
            }
            match self
                .admit_batch(tenant, &batch, may_create_datasets)
                .await?
            {
                Err(reason) => {
                    admitted.outcome.datasets.push(None);
                    admitted.refuse(number, 0..batch.len(), reason);
                }
                Ok((dataset, rows)) => {
                    let reason = RejectReason::DatasetTooManyColumns;
                    admitted.refuse(number, rows.iter().map(|row| *row as usize), reason);
                    let batch = match rows.len() {
                        0 => batch,
                        _ => filter::without_rows(&batch, &rows),
                    };
                    let is_kept = !batch.is_empty();
                    admitted.outcome.datasets.push(is_kept.then_some(dataset));
                    if is_kept {
                        admitted.outcome.accepted_count += batch.len();
                        admitted.batches.push((dataset, batch));
                    }
                }
            }
        }
        Ok(admitted)
    }

    /// Writes down when events last came, for all datasets that got some since the last call.
    pub(crate) async fn write_touches(&self) -> Result<(), MetastoreError> {
        let written = self.catalogue.take_touches();
        if written.is_empty() {
            return Ok(());
        }
        for stale in self.metastore.touch_written(&written).await? {
            self.catalogue.forget(stale);
        }
        Ok(())
    }

    /// Drops what is remembered of a dataset.
    pub(crate) fn forget(&self, dataset: DatasetId) {
        self.catalogue.forget(dataset);
    }

    /// The dataset and the rows to drop, or why all of them must go.
    async fn admit_batch(
        &self,
        tenant: Tenant,
        batch: &EventBatch,
        may_create: bool,
    ) -> Result<Result<(DatasetId, Vec<u32>), RejectReason>, AppendError> {
        for _ in 0..ATTEMPTS {
            let known = match self.dataset(tenant, &batch.dataset, may_create).await? {
                Ok(known) => known,
                Err(reason) => return Ok(Err(reason)),
            };
            match self.columns(&known, batch).await {
                Ok(rows) => return Ok(Ok((known.id, rows))),
                Err(MetastoreError::NotFound(_)) => self.catalogue.forget(known.id),
                Err(error) => return Err(refused(&error)),
            }
        }
        Ok(Err(RejectReason::UnknownDataset))
    }

    async fn dataset(
        &self,
        tenant: Tenant,
        name: &str,
        may_create: bool,
    ) -> Result<Result<Arc<KnownDataset>, RejectReason>, AppendError> {
        if let Some(known) = self.catalogue.find(tenant, name) {
            return Ok(Ok(known));
        }
        let found = if may_create {
            let ensured = self
                .metastore
                .ensure_dataset(tenant, name, self.limits.datasets_max, self.clock.now_ns())
                .await;
            ensured.map(|ensured| Some(ensured.dataset))
        } else {
            self.metastore.find_dataset(tenant, name).await
        };
        let dataset = match found {
            Ok(Some(dataset)) => dataset,
            Ok(None) | Err(MetastoreError::Invalid { .. } | MetastoreError::NotFound(_)) => {
                return Ok(Err(RejectReason::UnknownDataset));
            }
            Err(MetastoreError::LimitReached { .. }) => {
                return Ok(Err(RejectReason::TooManyDatasets));
            }
            Err(error) => return Err(refused(&error)),
        };
        if dataset.slug == PENDING_DATASET {
            (self.on_internal)(dataset.id);
        }
        let columns = self
            .metastore
            .columns(tenant, dataset.id)
            .await
            .map_err(|error| refused(&error))?;
        Ok(Ok(self.catalogue.learn(tenant, name, dataset.id, &columns)))
    }

    /// The rows with columns that the dataset can't have, ascending.
    async fn columns(
        &self,
        known: &KnownDataset,
        batch: &EventBatch,
    ) -> Result<Vec<u32>, MetastoreError> {
        let now_ns = self.clock.now_ns();
        let unseen = |known: &KnownDataset| {
            known.unseen(
                batch.columns().iter().filter_map(type_of),
                self.limits.columns_max,
                now_ns,
            )
        };
        let mut unseen_columns = unseen(known);
        if !unseen_columns.new.is_empty() {
            // One registration at a time per dataset: the first event of a new service comes from all its processes at once.
            let _turn = known.registration.lock().await;
            unseen_columns = unseen(known);
            let columns_max = self.limits.columns_max;
            let with_own = columns_max.saturating_add(OWN_COLUMNS.len());
            let (own, sent): (Vec<_>, Vec<_>) = unseen_columns.new.into_iter().partition(is_own);
            for (columns, columns_max) in [(sent, columns_max), (own, with_own)] {
                if columns.is_empty() {
                    continue;
                }
                let registered = self
                    .metastore
                    .register_columns(known.tenant, known.id, &columns, columns_max, now_ns)
                    .await?;
                known.learn(registered.iter().flatten());
                let refused = columns.into_iter().zip(registered);
                unseen_columns.refused.extend(
                    refused
                        .filter(|(_, column)| column.is_none())
                        .map(|(seen, _)| seen.key_name),
                );
            }
        }
        Ok(rows_with(batch, &unseen_columns.refused))
    }
}

impl Admitted {
    fn refuse(
        &mut self,
        batch: usize,
        rows: impl IntoIterator<Item = usize>,
        reason: RejectReason,
    ) {
        let rejects = rows.into_iter().map(|row| Reject { batch, row, reason });
        self.outcome.rejects.extend(rejects);
    }
}

fn is_own(column: &SeenColumn) -> bool {
    OWN_COLUMNS.contains(&column.key_name.as_str())
}

/// The name of a column and the type that shows all its values; `None` without values.
fn type_of(column: &BatchColumn) -> Option<(&str, ColumnType)> {
    let counts = [
        (column.strings.rows.len(), ColumnType::String),
        (column.ints.rows.len(), ColumnType::Integer),
        (column.floats.rows.len(), ColumnType::Float),
        (column.bools.rows.len(), ColumnType::Boolean),
    ];
    let types = counts.into_iter().filter(|(count, _)| *count > 0);
    let column_type = types.map(|(_, column_type)| column_type).reduce(widen)?;
    Some((&column.name, column_type))
}

fn rows_with(batch: &EventBatch, names: &[String]) -> Vec<u32> {
    if names.is_empty() {
        return Vec::new();
    }
    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
    let columns = batch
        .columns()
        .iter()
        .filter(|column| names.contains(&*column.name));
    let mut rows: Vec<u32> = columns
        .flat_map(|column| {
            let BatchColumn {
                strings,
                ints,
                floats,
                bools,
                ..
            } = column;
            [&strings.rows, &ints.rows, &floats.rows, &bools.rows]
                .into_iter()
                .flatten()
                .copied()
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

fn refused(error: &MetastoreError) -> AppendError {
    match error {
        MetastoreError::Busy => AppendError::Busy,
        error => {
            tracing::error!(%error, "a dataset or column could not be looked up");
            AppendError::Unavailable("the metastore does not answer".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
